# De tre første spørsmålene i R uten pakker: Rscript csv.R [utgavens mappe].
# The first three questions in R without packages: Rscript csv.R [folder of the release].

arguments <- commandArgs(trailingOnly = TRUE)
# Lenken `current` følges én gang, så alle filene er fra én utgave.
# The link `current` is followed once: all files are of one release.
release <- if (length(arguments) > 0) arguments[1] else "data/marts/current"
release <- normalizePath(release, mustWork = TRUE)

# Store filer er pakket (.csv.gz). Koder er tekst: "0301" er ikke 301. Sant og usant står som true og false.
# Large files are compressed (.csv.gz). Codes are text: "0301" is not 301. Truths are true and false.
read <- function(name) {
  files <- file.path(release, "csv", paste0(name, c(".csv", ".csv.gz")))
  text <- read.csv(files[file.exists(files)][1], colClasses = "character", na.strings = "", encoding = "UTF-8", check.names = FALSE)
  numbers <- grep("(_share|_count|_value|^distance)$", names(text))
  text[numbers] <- lapply(text[numbers], as.numeric)
  dates <- grep("^month$|_(end|start)$", names(text))
  text[dates] <- lapply(text[dates], as.Date)
  text
}

cat("1. Hvor er vi?\n")
latest <- read("mart_adoption_latest")
latest <- subset(latest, region_key == "land:NO" & !is.na(adoption_share), c(service_name, actor_type_name, month, adoption_share, qualifier))
print(latest[order(latest$service_name, -latest$adoption_share), ], row.names = FALSE)

cat("2. Mot planen\n")
targets <- read("mart_target_status")
targets <- subset(targets, target_kind == "target", c(measure_name, actor_type_name, due_end, target_value, newest_value, distance, is_pace_sufficient))
print(targets[order(targets$due_end), ], row.names = FALSE)

cat("3. Utviklingen\n")
# Publisert er antall pasienter per kommune; andelen per helsefellesskap er bare i demoen.
# Published are patients per kommune; the share per helsefellesskap is in the demo only.
adoption <- read("mart_adoption_by_region_actor_month")
adoption <- subset(
  adoption,
  (measure_code == "pll_created_patient_count" & region_level == "kommune") |
    (measure_code == "pll_organisation_in_use_share" & actor_type_code == "legekontor" & region_level == "helsefellesskap"),
  c(region_name, measure_name, month, adoption_count, adoption_share, status)
)
print(adoption[order(adoption$measure_name, adoption$region_name, adoption$month), ], row.names = FALSE)
