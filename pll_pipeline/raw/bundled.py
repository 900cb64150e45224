"""A source whose bytes come with the checkout or by `pll archive`: nobody is asked, what is held is verified.

Not here: adding bytes (`archive.keep`).
"""

from __future__ import annotations

from pathlib import Path

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot, newest_snapshot, verify
from pll_pipeline.sources.model import Source


def fetch(source: Source, raw: Path) -> tuple[Snapshot, bool]:
    """The newest snapshot held, its bytes verified; never new. Raises `PllError` when none is held or it is damaged."""
    snapshot = newest_snapshot(raw, source.name)
    if snapshot is None:
        raise PllError(
            f"{source.name} has no snapshot",
            where=str(raw / source.name),
            do=f"run `pll archive {source.name} FILE` with the files its source file names",
        )
    verify(snapshot)
    return snapshot, False
