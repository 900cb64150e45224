"""A source whose bytes come with the checkout or by `pll archive`.

No publisher is asked. Not here: adding bytes (`archive.keep`), verifying them (`validated/`).
"""

from __future__ import annotations

from pathlib import Path

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot, newest_snapshot
from pll_pipeline.sources.model import Bundled, Source


def fetch(
    source: Source,
    settings: Bundled,  # noqa: ARG001 - every kind of fetching has the same arguments
    raw: Path,
) -> tuple[Snapshot, bool]:
    """The newest snapshot, and False: it is never new. Raises `PllError` when there is none."""
    snapshot = newest_snapshot(raw, source.name)
    if snapshot is None:
        raise PllError(
            f"{source.name} has no snapshot",
            where=str(raw / source.name),
            do=f"run `pll archive {source.name} FILE` with the files its source file names",
        )
    return snapshot, False
