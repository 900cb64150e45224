"""Where codes, star, marts and page are computed: DuckDB on this machine, or an own Spark.

A release is the same files, to the last bit, whichever engine computed them: the engine gives the
tables of the build file, and what comes before and after does not know of it. `interface.py` says
what an engine must do. Not here: SQL and what Spark does differently (`dbt_project/macros/`), how
dbt is started (`assets/marts.py`), connections (`dbt_project/profiles.yml`).
"""

from __future__ import annotations

from pll_pipeline.config import DUCKDB, Config
from pll_pipeline.engine.embedded import DuckDb
from pll_pipeline.engine.interface import Engine
from pll_pipeline.engine.spark import Spark


def engine_of(config: Config) -> Engine:
    """The engine that the settings name.

    Raises `PllError` where it cannot be used: a setting is missing or wrong, or a package.
    """
    return DuckDb() if config.engine == DUCKDB else Spark.from_environment(config)
