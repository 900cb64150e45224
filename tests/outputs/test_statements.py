"""Every statement of the demo's marts against the bounds of what its publishers show.

The second opinion on adoption (`tests/oracle.py`) counts every cell again from the figures of the
release; ranks, percentiles, changes, targets and lags are compared with the bounds of the cells.
Not here: small worlds in which every assignment is tried (`tests/night/test_proof.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pytest

from tests.night.small_world import CODES
from tests.night.test_oracle import COMPARED, is_same, rounded
from tests.night.world import World
from tests.oracle import Oracle, Statement

EDGE = 2e-6  # shares are rounded to six decimals
CELL = "measure_code, region_key, actor_type_code, month"
FIGURE = (
    "measure_code, region_key, actor_type_code, period_start, period_end, period_grain, value, "
    "lower_bound, upper_bound, qualifier, status, source_name, cast(snapshot_at as varchar)"
)
Key = tuple[Any, ...]


@dataclass
class Tally:
    """How many statements of each kind were checked, and those that the bounds do not prove."""

    checked: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[Any, ...]] = field(default_factory=list)

    def check(self, kind: str, is_proved: bool, *about: Any) -> None:
        """Count a statement, and keep it where it is not proved."""
        self.checked[kind] += 1
        if not is_proved:
            self.failed.append((kind, *about))


@pytest.fixture(scope="module")
def ranges(demo: World) -> dict[Key, dict[str, tuple[float, float]]]:
    """What each region may have as a whole, by measure, actor type, month and level."""
    rows = demo.ask(
        f"select {CELL}, region_level, share_lower, share_upper, coalesce(reported_share, 1) "
        "from marts.mart_adoption_by_region_actor_month "
        "where is_representative and coalesce(adoption_share, share_lower, share_upper) is not null"
    )
    groups: dict[Key, dict[str, tuple[float, float]]] = defaultdict(dict)
    for measure, region, actor, month, level, low, high, reported in rows:
        if level == "gruppe" or not CODES.is_valid(region, month):
            continue
        is_known = low is not None or high is not None
        least = (low or 0.0) * reported if is_known else 0.0
        most = 1 - (1 - (1.0 if high is None else high)) * reported if is_known else 1.0
        groups[measure, actor, month, level][region] = (round(least, 6), round(most, 6))
    return dict(groups)


def _regions(level: str, month: date) -> list[str]:
    return [
        key
        for key, about in CODES.region.items()
        if about["region_level"] == level and CODES.is_valid(key, month)
    ]


def test_every_cell_of_the_demo_agrees_with_the_second_opinion(demo: World) -> None:
    statements = [Statement(*row) for row in demo.ask(f"select {FIGURE} from star.fct_observation")]
    oracle = Oracle(CODES, [figure for figure in statements if figure.end])
    answer = demo.ask(f"select {CELL}, {COMPARED} from star.fct_adoption_month")
    warehouse = {row[:4]: row[4:] for row in answer}
    opinion = {key: rounded(row) for key, row in oracle.rows.items()}
    assert warehouse.keys() == opinion.keys()
    different = [key for key in opinion if not is_same(warehouse[key], opinion[key])]
    assert not different, f"{len(different)} of {len(opinion)}, as {different[:3]}"
    assert len(opinion) > 10_000


def test_every_rank_is_one_that_the_bounds_of_all_regions_allow(
    demo: World, ranges: dict[Key, dict[str, tuple[float, float]]]
) -> None:
    tally = Tally()
    rows = demo.ask(
        f"select {CELL}, region_level, rank_best, rank_worst, rank_in_level "
        "from marts.mart_adoption_by_region_actor_month where rank_best is not null"
    )
    for measure, region, actor, month, level, best, worst, exactly in rows:
        group = ranges[measure, actor, month, level]
        low, high = group[region]
        others = [group[key] for key in group if key != region]
        absent = len(_regions(level, month)) - len(group)
        least = 1 + sum(other[0] > high for other in others)
        most = 1 + sum(other[1] > low for other in others) + (absent if low < 1 else 0)
        tally.check("rank", best <= least and most <= worst, measure, region, actor, month)
        if exactly is not None:
            tally.check("one rank", least == most == exactly, measure, region, actor, month)
    assert not tally.failed, tally.failed[:3]
    assert tally.checked["rank"] > 1000


def test_every_percentile_encloses_those_of_the_least_and_the_greatest_shares(
    demo: World, ranges: dict[Key, dict[str, tuple[float, float]]]
) -> None:
    tally = Tally()
    columns = ", ".join(f"percentile_{p}_lower, percentile_{p}_upper" for p in (10, 50, 90))
    rows = demo.ask(
        f"select measure_code, actor_type_code, month, region_level, {columns} "
        "from marts.mart_spread_by_measure_month where percentile_50_lower is not null"
    )
    for *key, a, b, c, d, e, f in rows:
        group = ranges.get(tuple(key), {})
        shares = [group.get(region, (0.0, 1.0)) for region in _regions(key[3], key[2])]
        for percent, low, high in ((10, a, b), (50, c, d), (90, e, f)):
            least, most = (
                np.percentile([share[side] for share in shares], percent) for side in (0, 1)
            )
            tally.check("percentile", low <= least + EDGE and most <= high + EDGE, *key, percent)
    assert not tally.failed, tally.failed[:3]
    assert tally.checked["percentile"] > 300


def test_every_bound_share_and_change_fits_the_figures_beside_it(demo: World) -> None:
    conditions = {
        "bound": "coalesce(adoption_count_lower <= adoption_count_upper, true) "
        "and coalesce(share_lower <= share_upper, true)",
        "cap": "coalesce(adoption_count_upper <= eligible_count, true)",
        "value": "coalesce(adoption_count >= adoption_count_lower, true) "
        "and coalesce(adoption_count <= adoption_count_upper, true)",
        "share": "coalesce(adoption_share between share_lower - 2e-6 and share_upper + 2e-6, true)",
        "withheld": "status <> 'suppressed' or is_value_implied or adoption_count is null",
    }
    for table in (
        "mart_adoption_by_region_actor_month",
        "mart_adoption_by_current_region_actor_month",
    ):
        for kind, condition in conditions.items():
            wrong = demo.ask(f"select count(*) from marts.{table} where not ({condition})")
            assert wrong == [(0,)], (table, kind)
    for column, months in (("change_1m", 1), ("change_12m", 12)):
        wrong = demo.ask(
            f"""select count(*) from marts.mart_adoption_by_region_actor_month as this
            left join marts.mart_adoption_by_region_actor_month as before
                on this.measure_code = before.measure_code and this.region_key = before.region_key
                and this.actor_type_code = before.actor_type_code
                and before.month = this.month - interval {months} month
            where this.{column} is not null and not coalesce(
                this.{column} between this.share_lower - before.share_upper - 2e-6
                and this.share_upper - before.share_lower + 2e-6, false
            )"""
        )
        assert wrong == [(0,)], column


def test_every_target_and_lag_is_stated_only_where_its_figures_prove_it(demo: World) -> None:
    reached = demo.ask(
        "select count(*) from marts.mart_target_status where target_status = 'reached' "
        "and (newest_value is null or newest_value < target_value)"
    )
    assert reached == [(0,)]
    late = demo.ask(
        "select count(*) from marts.mart_rollout_by_area_month "
        "where is_behind_plan and lag_months is null"
    )
    assert late == [(0,)]
