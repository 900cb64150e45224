"""De tre første spørsmålene i Python med polars: python med_polars.py [mappen med Parquet-filene].

The first three questions in Python with polars: python med_polars.py [folder of Parquet files].
"""

import sys
from pathlib import Path

import polars as pl

parquet = Path(sys.argv[1] if len(sys.argv) > 1 else "data/marts/current/parquet")

print("1. Hvor er vi?")
latest = pl.scan_parquet(parquet / "mart_adoption_latest.parquet")
print(
    latest.filter(pl.col("region_key") == "land:NO", pl.col("adoption_share").is_not_null())
    .select("service_name", "actor_type_name", "month", "adoption_share", "qualifier")
    .sort("service_name", "adoption_share", descending=[False, True])
    .collect()
)

print("2. Mot planen")
targets = pl.scan_parquet(parquet / "mart_target_status.parquet")
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
adoption = pl.scan_parquet(parquet / "mart_adoption_by_region_actor_month.parquet")
print(
    adoption.filter(
        pl.col("measure_code") == "pll_organisation_in_use_share",
        pl.col("actor_type_code") == "legekontor",
        pl.col("region_level") == "helsefellesskap",
    )
    .select("region_name", "month", "adoption_share", "status")
    .sort("region_name", "month")
    .collect()
)
