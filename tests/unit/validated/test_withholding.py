"""Which rows of earlier snapshots show what their publisher withholds now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.validated.gathering import gather
from pll_pipeline.validated.verdicts import judge_source
from pll_pipeline.validated.withholding import marked, withheld_cells
from tests.unit.validated.apotek import FIVE_ROWS, SOURCE, archive

DAYS = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 6)]


def _rows(*statuses: str, source: str = "a", region: str = "kommune:0301") -> pl.DataFrame:
    """What the snapshots of a source say of one cell, a day apart."""
    return pl.DataFrame(
        {
            "status": statuses,
            "snapshot_at": DAYS[: len(statuses)],
            "source_name": source,
            "region_key": region,
            "measure_code": "m",
            "actor_type_code": "alle",
            "period_start": None,
            "period_end": None,
            "period_grain": None,
        }
    )


def _is_withheld(config: Config, rows: pl.DataFrame) -> list[bool]:
    return marked(rows, withheld_cells(config, [], rows))["is_withheld"].to_list()


@pytest.mark.parametrize(
    ("statuses", "withheld"),
    [
        (["observed", "suppressed"], [True, False]),
        (["observed", "provisional", "suppressed"], [True, True, False]),
        (["suppressed", "observed", "suppressed"], [False, True, False]),
        (["observed", "suppressed", "observed"], [False, False, False]),
        (["observed", "missing"], [False, False]),
        (["suppressed"], [False]),
    ],
    ids=str,
)
def test_a_figure_is_withheld_where_the_last_snapshot_suppresses_it(
    config: Config, statuses: list[str], withheld: list[bool]
) -> None:
    assert _is_withheld(config, _rows(*statuses)) == withheld


def test_another_region_or_source_is_not_withheld_with_it(config: Config) -> None:
    rows = pl.concat(
        [
            _rows("observed", "suppressed"),
            _rows("observed", "observed", region="kommune:4601"),
            _rows("observed", "observed", source="b"),
        ]
    )
    assert _is_withheld(config, rows) == [True, *[False] * 5]


def test_an_earlier_day_withholds_what_is_suppressed_today(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    judge_source(config, SOURCE)
    earlier = replace(config, data=config.data / "as-of", originals=config.data, known_until=None)
    earlier = replace(earlier, known_until=datetime(2026, 11, 1, 12, tzinfo=UTC))
    state, _ = judge_source(earlier, SOURCE)
    assert not gather(earlier, [state])["observation"]["is_withheld"].any()
    archive(config, FIVE_ROWS.replace("1003", "1004"), 2)
    with pytest.raises(PllError, match="2026-11-02T000000Z of apotek was never judged"):
        gather(earlier, [state])
    judge_source(config, SOURCE)
    assert not gather(earlier, [state])["observation"]["is_withheld"].any()
