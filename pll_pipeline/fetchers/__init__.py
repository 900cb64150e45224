"""Fetchers: address → bytes, one module per way of publishing, chosen by the `fetch.kind` of a source file.

The only place that speaks to the outside. Not here: keeping bytes (`archive.py`), interpreting them (`readers/`).
"""

from __future__ import annotations

from pathlib import Path

from pll_pipeline.archive import Snapshot
from pll_pipeline.fetchers import bundled
from pll_pipeline.sources.model import Source


def fetch(source: Source, raw: Path) -> tuple[Snapshot, bool]:
    """The newest snapshot of the source after asking its publisher, and whether it is new.

    Raises `PllError` when there is nothing to be had and nothing held.
    """
    return bundled.fetch(source, raw)
