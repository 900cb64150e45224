"""Asking a source's publisher: one function for each way of publishing (`fetch.kind`).

This folder is the only one that makes connections. Not here: keeping bytes (`archive.py`),
interpreting them (`validated/`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pll_pipeline.raw import bundled, files, powerbi, pxweb
from pll_pipeline.raw.archive import Snapshot
from pll_pipeline.raw.found_on import with_found_address
from pll_pipeline.sources.model import Bundled, Http, PowerBiReport, PxWeb, Source

# The settings of each function are of the type that it is listed under.
Fetcher = Callable[[Source, Any, Path], tuple[Snapshot, bool]]
FETCHERS: Mapping[type, Fetcher] = {
    Bundled: bundled.fetch,
    Http: files.fetch,
    PxWeb: pxweb.fetch,
    PowerBiReport: powerbi.fetch,
}


def fetch(source: Source, raw: Path) -> tuple[Snapshot, bool]:
    """The newest snapshot of the source after asking its publisher, and whether it is new.

    An address that the source file does not know is looked up on the page it names. Raises
    `PllError` when the publisher did not answer after several tries, or a person must act.
    """
    settings = source.fetch
    if isinstance(settings, Http | PowerBiReport):
        settings = with_found_address(settings, source.name)
    return FETCHERS[type(settings)](source, settings, raw)
