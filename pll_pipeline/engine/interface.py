"""What an engine must do for one build.

Not here: any engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

BUILD_FILE = "build.duckdb"


@dataclass(frozen=True)
class Build:
    """One build: its folder on this machine, the dbt project and the manifest of it."""

    folder: Path
    dbt_project: Path
    manifest: Mapping[str, Any]

    @property
    def file(self) -> Path:
        """The database with every table, once the engine is done."""
        return self.folder / BUILD_FILE


@dataclass(frozen=True)
class DbtRun:
    """One `dbt build`: which models, and variables of its environment beside the engine's."""

    selection: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class Engine(Protocol):
    """Computes the tables of a build.

    `target` is the output of dbt's profile that connects to it.
    """

    target: str

    def environment(self) -> Mapping[str, str]:
        """Variables that the profile and the macros read."""
        ...

    def prepared(self) -> AbstractContextManager[None]:
        """A place to work in for one build, removed afterwards."""
        ...

    def builds(self, build: Build) -> Iterator[DbtRun]:
        """The runs of dbt, in order; the next is asked for when the last one ended well."""
        ...

    def fetch(self, build: Build) -> str:
        """Put every table into the build file; the name and version of what computed them."""
        ...
