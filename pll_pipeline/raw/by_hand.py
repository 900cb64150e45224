"""What an operator does to the archive by hand: keep received files, verify every byte.

Not here: excluding a snapshot from use (`archive.exclude`), the command line (`cli.py`).
"""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Sequence
from pathlib import Path

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot, keep, require_whole, snapshots, verify
from pll_pipeline.raw.embedded import without_tokens
from pll_pipeline.raw.http.body import is_web_page
from pll_pipeline.sources.addresses import without_keys
from pll_pipeline.sources.model import Source


def keep_files(
    raw: Path, source: Source, files: Sequence[Path], *, received_from: str, note: str
) -> tuple[Snapshot, bool]:
    """Keep files received by hand as a snapshot; returns it and whether it is new.

    Raises `PllError` unless the files are those that the source file names, and what
    `archive.keep` raises.
    """
    expected = sorted({table.file for table in source.tables})
    given = sorted(file.name for file in files)
    if given != expected:
        raise PllError(
            f"{source.name} is published as {', '.join(expected)}, not {', '.join(given)}",
            do="give every file of the publication, under its own name",
        )
    origin = {
        "method": "archived by hand",
        "archived_by": getpass.getuser(),
        "received_from": without_keys(received_from),
        "note": without_keys(note),
    }
    return keep(raw, source.name, {file.name: _as_kept(file) for file in files}, origin)


def _as_kept(file: Path) -> bytes:
    """The bytes of a file; those of a saved page without the access tokens in its source."""
    content = file.read_bytes()
    return without_tokens(content, str(file))[0] if is_web_page(content) else content


def verify_sources(raw: Path, source_names: Iterable[str]) -> int:
    """Compare every snapshot in use with its ledger and every file with its hash.

    Returns the number of snapshots. Raises `PllError` for what is lost, added, edited or changed.
    """
    names = list(source_names)
    require_whole(raw, names)
    archived = [snapshot for name in names for snapshot in snapshots(raw, name)]
    for snapshot in archived:
        verify(snapshot)
    return len(archived)
