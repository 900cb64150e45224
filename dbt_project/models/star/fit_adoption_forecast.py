"""Growth curves of every series of shares, fitted by the package.

dbt has no contract for a model in Python. So this one is private, and `fct_adoption_forecast`,
which has a contract, copies it and drops it. Not here: the method (`pll_pipeline/star/`).
"""

from pll_pipeline.published.frames import frame_of
from pll_pipeline.star.forecasting import forecast
from pll_pipeline.star.panel import Limits

COLUMNS = """
    adoption.measure_code, adoption.region_key, region.region_level, adoption.actor_type_code,
    adoption.month, adoption.adoption_share, adoption.share_upper, adoption.eligible_count,
    adoption.is_representative, adoption.qualifier
"""
# A group of regions has no parent and overlaps with others.
IS_SERIES = "region.region_level <> 'gruppe'"
HAS_FIGURE = """
    adoption.adoption_share is not null
    or adoption.share_lower is not null
    or adoption.share_upper is not null
    or (
        measure.unit = 'share'
        and (adoption.status = 'suppressed' or not adoption.is_representative)
    )
"""


class Stream:
    """A frame as a stream of Arrow data: for a Polars frame itself DuckDB asks for pyarrow."""

    def __init__(self, frame):
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        """The stream, as Arrow's C interface names it."""
        return self._frame.__arrow_c_stream__(requested_schema)


def model(dbt, _session):
    """One row per series and month ahead, or one row with the code of a refusal."""
    dbt.config(materialized="table")
    adoption = dbt.ref("fct_adoption_month").set_alias("adoption")
    region = dbt.ref("dim_region").set_alias("region")
    measure = dbt.ref("dim_measure").set_alias("measure")
    refusals = dbt.ref("dim_forecast_refusal").project("refusal_code, threshold, within_months")
    known = (
        adoption.join(region, "adoption.region_key = region.region_key")
        .join(measure, "adoption.measure_code = measure.measure_code")
        .filter(IS_SERIES)
        .filter(HAS_FIGURE)
        .project(COLUMNS)
    )
    limits = Limits.from_refusals(frame_of(refusals))
    return Stream(forecast(frame_of(known), limits))
