"""De tre første spørsmålene i Python med polars: python med_polars.py [mappen med Parquet-filene].

The first three questions in Python with polars: python med_polars.py [folder of Parquet files].
"""

import json
import sys
from pathlib import Path

import polars as pl

# Lenken `current` følges én gang, så alle filene er fra én utgave også om en ny publiseres imens.
# The link `current` is followed once: all files are of one release, also if one is published now.
parquet = Path(sys.argv[1] if len(sys.argv) > 1 else "data/marts/current/parquet").resolve()
release_id = json.loads((parquet.parent / "release.json").read_text("utf-8"))["release_id"]


def read(name: str) -> pl.LazyFrame:
    """En tabell; stopper om den er fra en annen utgave. | A table; stops if of another release."""
    file = parquet / f"{name}.parquet"
    if pl.read_parquet_metadata(file)["release_id"] != release_id:
        sys.exit(f"{file} er ikke fra utgaven {release_id}; kjør på nytt. | Run again.")
    return pl.scan_parquet(file)


print(f"Utgave {release_id}")
print("1. Hvor er vi?")
latest = read("mart_adoption_latest")
print(
    latest.filter(pl.col("region_key") == "land:NO", pl.col("adoption_share").is_not_null())
    .select("service_name", "actor_type_name", "month", "adoption_share", "qualifier")
    .sort("service_name", "adoption_share", descending=[False, True])
    .collect()
)

print("2. Mot planen")
targets = read("mart_target_status")
print(
    targets.filter(pl.col("target_kind") == "target")
    .select(
        "measure_name",
        "actor_type_name",
        "due_end",
        "target_value",
        "newest_value",
        "distance",
        "is_pace_sufficient",
    )
    .sort("due_end")
    .collect()
)

print("3. Utviklingen")
adoption = read("mart_adoption_by_region_actor_month")
print(
    adoption.filter(
        # publisert er antall pasienter per kommune; andelen per helsefellesskap er bare i demoen
        # published are patients per kommune; the share per helsefellesskap is in the demo only
        (pl.col("measure_code") == "pll_created_patient_count")
        & (pl.col("region_level") == "kommune")
        | (pl.col("measure_code") == "pll_organisation_in_use_share")
        & (pl.col("actor_type_code") == "legekontor")
        & (pl.col("region_level") == "helsefellesskap")
    )
    .select("region_name", "measure_name", "month", "adoption_count", "adoption_share", "status")
    .sort("measure_name", "region_name", "month")
    .collect()
)
