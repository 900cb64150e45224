# De tre første spørsmålene i R: Rscript arrow.R [mappen med Parquet-filene]. | The first three questions in R.
library(arrow)
library(dplyr)

arguments <- commandArgs(trailingOnly = TRUE)
parquet <- if (length(arguments) > 0) arguments[1] else "data/marts/current/parquet"
read <- function(name) read_parquet(file.path(parquet, paste0(name, ".parquet")))

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

# 3. Utviklingen
read("mart_adoption_by_region_actor_month") |>
  filter(measure_code == "pll_organisation_in_use_share", actor_type_code == "legekontor", region_level == "helsefellesskap") |>
  select(region_name, month, adoption_share, status) |>
  arrange(region_name, month) |>
  print()
