"""A release while it is being written: all that the module of an output gets.

Not here: which outputs there are and in what order they are written (`outputs.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from duckdb import DuckDBPyConnection

from pll_pipeline.published.duckdb import Table
from pll_pipeline.published.release_folder import hash_of
from pll_pipeline.published.release_info import ReleaseInfo


@dataclass(frozen=True)
class Draft:
    """The release in `folder`, with its `pll.duckdb` attached to the connection as `release`.

    The build file is attached as `build`: it alone has the private tables of the page. `tables`
    are the public tables. `previous` is the folder of the release to compare with, None for the
    first.
    """

    folder: Path
    connection: DuckDBPyConnection
    tables: tuple[Table, ...]
    info: ReleaseInfo
    previous: Path | None
    _hashes: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def table(self, name: str) -> Table:
        """A public table. Raises `LookupError` when the release does not have it."""
        for table in self.tables:
            if table.name == name:
                return table
        raise LookupError(f"the release has no table {name}")

    def sha256(self, path: str) -> str:
        """The hash of a file of the release that is completely written; each is read only once."""
        if path not in self._hashes:
            self._hashes[path] = hash_of(self.folder / path)
        return self._hashes[path]
