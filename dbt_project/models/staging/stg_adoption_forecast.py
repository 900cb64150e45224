"""Growth curves of every series of shares, fitted by the package; private, as a model in Python can have no contract.

Not here: how they are fitted (`pll_pipeline/forecasting.py`), labels (`mart_adoption_forecast`).
"""

import polars as pl

from pll_pipeline.star.forecasting import forecast

KNOWN = "region_level <> 'gruppe' and (adoption_share is not null or share_lower is not null or share_upper is not null)"
COLUMNS = "measure_code, region_key, region_level, actor_type_code, month, adoption_share, eligible_count, qualifier"


class Stream:
    """DuckDB wants pyarrow for a Polars frame, and nothing for what only streams Arrow."""

    def __init__(self, frame):
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        return self._frame.__arrow_c_stream__(requested_schema)


def model(dbt, session):
    dbt.config(materialized="table")
    adoption = dbt.ref("mart_adoption_by_region_actor_month")
    return Stream(forecast(pl.DataFrame(adoption.filter(KNOWN).project(COLUMNS))))
