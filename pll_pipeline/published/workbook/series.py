"""What a series is called on a sheet: its measure, and whom the figures are of.

A share that is worked out from a count has no name of its own, and the count's name would be false.
Not here: names that the marts have.
"""

from __future__ import annotations

from typing import NamedTuple

from pll_pipeline.published.page.page_texts import lowered
from pll_pipeline.published.sql import statement

_ALL_ACTORS = "alle"
# The columns of `Series`, from a mart whose rows `figures` has.
COLUMNS = statement(
    "figures.measure_name, measure.unit, denominator.measure_name as denominator_name, "
    "figures.actor_type_code, figures.actor_type_name"
)
# The tables that they are from, after `figures`.
JOINS = statement(
    "left join release.star.dim_measure as measure on figures.measure_code = measure.measure_code "
    "left join release.star.dim_measure as denominator "
    "on measure.denominator_code = denominator.measure_code"
)


class Series(NamedTuple):
    """A measure and an actor type, as the columns of `COLUMNS`."""

    measure: str
    unit: str | None
    denominator: str | None
    actor_type_code: str
    actor_type: str

    def name(self, *, is_share: bool) -> str:
        """The name of its shares or of its counts."""
        name = self.measure
        if is_share and self.unit != "share":
            name = f"Andel: {lowered(name)}"
            name += f", av {lowered(self.denominator)}" if self.denominator else ""
        is_of_all = self.actor_type_code == _ALL_ACTORS
        return name if is_of_all else f"{name} ({lowered(self.actor_type)})"
