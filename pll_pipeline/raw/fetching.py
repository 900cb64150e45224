"""Fetchers: address → bytes, one module per way of publishing, chosen by the `fetch.kind` of a source file.

The only place that speaks to the outside. Not here: keeping bytes (`archive.py`), interpreting them (`readers/`).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from pll_pipeline.raw.archive import Snapshot
from pll_pipeline.sources.model import Source

_MODULES = {
    "bundled": "pll_pipeline.raw.bundled",
    "http": "pll_pipeline.raw.http.client",
    "powerbi": "pll_pipeline.raw.powerbi",
    "pxweb": "pll_pipeline.raw.pxweb",
}


def fetch(source: Source, raw: Path) -> tuple[Snapshot, bool]:
    """The newest snapshot of the source after asking its publisher, and whether it is new.

    Raises `PllError` when the publisher did not answer after several tries or a person must act.
    """
    # a kind is a module of that name; what it needs is imported when a source of that kind is asked
    return import_module(_MODULES[source.fetch.kind]).fetch(source, raw)
