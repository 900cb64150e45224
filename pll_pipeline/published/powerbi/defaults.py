"""What the report shows when it is opened: the measure, the actor type and the level of regions.

Not here: how a slicer says so (`report.py`).
"""

from __future__ import annotations

from typing import NamedTuple

from pll_pipeline.published.draft import Draft
from pll_pipeline.vocabulary.code_labels import labels_of

# A series of the country, which the first page shows; of these the one with figures of most
# regions, then with most shares, then the newest.
_SERIES = """
    select measure_code, actor_type_code, measure_name, actor_type_name
    from release.marts.mart_adoption_latest
    group by 1, 2, 3, 4
    order by
        max(region_level = 'land') desc, count(distinct region_key) desc,
        count(adoption_share) desc, max(month) desc, measure_code, actor_type_code
    limit 1
"""
# Its level with most regions beside the country, which is a level only where there is no other.
_LEVEL = """
    select region_level
    from release.marts.mart_adoption_latest
    where measure_code = ? and actor_type_code = ?
    group by region_level
    order by region_level = 'land', region_level = 'kommune', count(*) desc, region_level
    limit 1
"""


class Defaults(NamedTuple):
    """Names as the model has them; empty in a release without adoption figures."""

    measure: str = ""
    actor_type: str = ""
    level: str = ""


def defaults(draft: Draft) -> Defaults:
    """The measure, actor type and level that the slicers have chosen at first."""
    series = draft.connection.execute(_SERIES).fetchone()
    if series is None:
        return Defaults()
    measure_code, actor_type_code, measure, actor_type = series
    level = draft.connection.execute(_LEVEL, [measure_code, actor_type_code]).fetchone()
    if level is None:
        raise LookupError(f"a series without a region: {measure_code}, {actor_type_code}")
    return Defaults(measure, actor_type, labels_of("region_level")[level[0]].nb)
