# De tre første spørsmålene i R med arrow: Rscript arrow.R [mappen med Parquet-filene]. Uten arrow: csv.R.
# The first three questions in R with arrow; csv.R needs no package.
library(arrow)
library(dplyr)

arguments <- commandArgs(trailingOnly = TRUE)
# Lenken `current` følges én gang, så alle filene er fra én utgave.
# The link `current` is followed once: all files are of one release.
parquet <- if (length(arguments) > 0) arguments[1] else "data/marts/current/parquet"
parquet <- normalizePath(parquet, mustWork = TRUE)
release_id <- NULL
read <- function(name) {
  table <- read_parquet(file.path(parquet, paste0(name, ".parquet")), as_data_frame = FALSE)
  if (is.null(release_id)) release_id <<- table$metadata$release_id
  if (!identical(table$metadata$release_id, release_id)) {
    stop(name, " er fra en annen utgave; kjør på nytt. | is of another release; run again.")
  }
  as.data.frame(table)
}

# 1. Hvor er vi?
read("mart_adoption_latest") |>
  filter(region_key == "land:NO", !is.na(adoption_share)) |>
  select(service_name, actor_type_name, month, adoption_share, qualifier) |>
  arrange(service_name, desc(adoption_share)) |>
  print()

# 2. Mot planen
read("mart_target_status") |>
  filter(target_kind == "target") |>
  select(measure_name, actor_type_name, due_end, target_value, newest_value, distance, is_pace_sufficient) |>
  arrange(due_end) |>
  print()

# 3. Utviklingen: publisert er antall pasienter per kommune; andelen per helsefellesskap er bare i demoen.
# Published are patients per kommune; the share per helsefellesskap is in the demo only.
read("mart_adoption_by_region_actor_month") |>
  filter(
    (measure_code == "pll_created_patient_count" & region_level == "kommune") |
      (measure_code == "pll_organisation_in_use_share" & actor_type_code == "legekontor" & region_level == "helsefellesskap")
  ) |>
  select(region_name, measure_name, month, adoption_count, adoption_share, status) |>
  arrange(measure_name, region_name, month) |>
  print()
