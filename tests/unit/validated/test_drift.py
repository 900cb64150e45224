"""What changed in a publication is reported, and what cannot be believed stops it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.sources.register import register
from pll_pipeline.validated.drift import compare, withdrawn_keys
from pll_pipeline.validated.frames import OBSERVATION, OBSERVATION_KEY

SOURCE = register()["ssb_population"]


def _figures(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {
        "source_name": "x",
        "measure_code": "population",
        "region_key": "land:NO",
        "region_as_published": "Norge",
        "actor_type_code": "alle",
        "period_start": date(2025, 1, 1),
        "period_end": date(2025, 1, 1),
        "period_grain": "day",
        "value": 100.0,
        "qualifier": "exact",
        "status": "observed",
    }
    return pl.DataFrame([usual | row for row in rows], schema_overrides={}).select(
        *(
            pl.col(c).cast(t)
            if c in usual or any(c in r for r in rows)
            else pl.lit(None, t).alias(c)
            for c, t in OBSERVATION.items()
        )
    )


YEAR = {"period_start": date(2026, 1, 1), "period_end": date(2026, 1, 1)}


def test_the_same_figures_report_nothing() -> None:
    drift = compare(SOURCE, _figures({}), _figures({}), (), {}, {})
    assert (drift.changes, drift.stops) == ((), ())


def test_a_new_year_and_a_revised_figure_are_reported_and_stop_nothing() -> None:
    drift = compare(SOURCE, _figures({}), _figures({"value": 101.0}, YEAR), (), {}, {})
    assert drift.changes == (
        "1 nye tall, 1 endrede tall",
        "nyeste periode slutter 2026-01-01, før 2025-01-01",
        "sum av population for de samme regionene og periodene: 101, før 100",
    )
    assert drift.stops == ()


def test_new_and_lost_members_are_named() -> None:
    drift = compare(
        SOURCE,
        _figures({}, {"region_key": "kommune:0301"}),
        _figures({}, {"region_key": "kommune:4601"}),
        [_figures({"region_key": "kommune:0301"}).select(OBSERVATION_KEY)],
        {},
        {},
    )
    assert drift.changes == (
        "1 nye tall, 1 tall borte",
        "nye regioner: kommune:4601",
        "regioner borte: kommune:0301",
    )
    assert drift.stops == (), "the row in quarantine is not withdrawn"


def test_a_history_that_shrinks_stops_the_snapshot_and_names_the_first_figure_that_is_gone() -> (
    None
):
    before = _figures({}, YEAR)
    (stop,) = compare(SOURCE, before, _figures(YEAR), (), {}, {}).stops
    assert (
        stop == "1 of 2 figures published before are gone, more than may_withdraw (0.0%) allows; "
        "the first is population for 'Norge', 2025-01-01 to 2025-01-01"
    )


@pytest.mark.parametrize("allowed", [{"may_withdraw": 0.5}, {"restates_history": False}])
def test_a_source_may_say_that_figures_go(allowed: dict[str, Any]) -> None:
    assert (
        compare(
            SOURCE.model_copy(update=allowed), _figures({}, YEAR), _figures(YEAR), (), {}, {}
        ).stops
        == ()
    )


def test_an_undated_figure_that_stays_is_not_taken_for_gone() -> None:
    undated = {"period_start": None, "period_end": None, "period_grain": None}
    assert compare(SOURCE, _figures({}, undated), _figures({}, undated), (), {}, {}).stops == ()


def test_a_definition_that_changed_stops_the_snapshot() -> None:
    (stop,) = compare(
        SOURCE,
        _figures({}),
        _figures({}),
        (),
        {"f.csv definisjon": ["daglig bruk"]},
        {"f.csv definisjon": ["minst én gang"]},
    ).stops
    assert stop == "the definition in f.csv definisjon changed: daglig bruk, minst én gang"


def test_a_definition_that_is_named_for_the_first_time_stops_nothing() -> None:
    assert (
        compare(
            SOURCE, _figures({}), _figures({}), (), {}, {"f.csv definisjon": ["daglig bruk"]}
        ).stops
        == ()
    )


# --- withdrawals and quarantine

_REGIONS = ("kommune:0301", "kommune:4601", "kommune:5001")
_YEARS = tuple(date(year, 1, 1) for year in range(2013, 2017))
_HISTORY = _figures(
    *(
        {"region_key": region, "period_start": year, "period_end": year}
        for region in _REGIONS
        for year in _YEARS
    )
)
_KEYS = _HISTORY.select(OBSERVATION_KEY)
_numbers = st.sets(st.integers(0, _HISTORY.height - 1))
_columns = st.lists(st.sampled_from(OBSERVATION_KEY), min_size=1, unique=True)


@given(gone=_numbers, refused=_numbers, columns=_columns)
def test_quarantine_accounts_for_figures_that_are_gone_and_for_no_other(
    gone: set[int], refused: set[int], columns: list[str]
) -> None:
    keys = _KEYS[sorted(refused)].select(columns)
    left = withdrawn_keys(_HISTORY[sorted(gone)], [keys])
    was = Counter(_KEYS[sorted(gone)].select(columns).iter_rows())
    about = Counter(keys.iter_rows())
    assert Counter(left.select(columns).iter_rows()) == was - about


@given(gone=_numbers, rubbish=st.integers(0, 100))
def test_rubbish_in_quarantine_hides_nothing(gone: set[int], rubbish: int) -> None:
    missing = _HISTORY[sorted(gone)]
    other = _KEYS.with_columns(measure_code=pl.lit("another")).sample(
        rubbish, with_replacement=True
    )
    keys = [other, other.select("measure_code"), pl.DataFrame({"x": [1] * rubbish}).select([])]
    assert withdrawn_keys(missing, keys).height == missing.height


def test_a_figure_in_quarantine_accounts_for_one_that_is_gone_and_not_for_two() -> None:
    of_oslo = _KEYS.filter(pl.col("region_key") == "kommune:0301").head(1)
    assert withdrawn_keys(_HISTORY, [of_oslo.select("region_key"), of_oslo]).height == 10
    assert withdrawn_keys(_HISTORY, [of_oslo.select("region_key")] * 3).height == 9
