"""Snapshots of one small source, for the tests of verdicts and of gathering.

Not here: what the tests expect of them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pll_pipeline.config import Config
from pll_pipeline.raw.archive import keep
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import register

SOURCE = register()["apotek"]
FILE = "denominators_national.csv"
HEADER = "metric,date,value,source\n"
ROWS = tuple(f"apotek,202{year}-01-01,{1000 + year},apotek.no\n" for year in range(1, 6))
FIVE_ROWS = HEADER + "".join(ROWS)
SIX_ROWS = FIVE_ROWS + "apotek,2026-01-01,1006,apotek.no\n"
CUT_OFF = FIVE_ROWS[:-12]


def archive(config: Config, text: str, day: int, source: Source = SOURCE) -> None:
    """Archive a snapshot of the source, taken on a day of November 2026."""
    taken_at = datetime(2026, 11, day, tzinfo=UTC)
    keep(config.raw, source.name, {FILE: text.encode()}, {}, taken_at)
