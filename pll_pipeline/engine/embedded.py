"""DuckDB, in the process of dbt: what is used where nothing else is asked for.

Not here: its settings (`dbt_project/profiles.yml`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version

from pll_pipeline.engine.interface import Build, DbtRun


class DuckDb:
    """One run of dbt that writes the build file itself."""

    target = "build"

    def environment(self) -> Mapping[str, str]:
        """Nothing: the file it writes is named for every engine."""
        return {}

    def prepared(self) -> AbstractContextManager[None]:
        """The folder of the build is enough."""
        return nullcontext()

    def builds(self, build: Build) -> Iterator[DbtRun]:  # noqa: ARG002 - the same for each build
        """Everything at once; DuckDB runs models in Python too."""
        yield DbtRun()

    def fetch(self, build: Build) -> str:  # noqa: ARG002 - the tables are in the file already
        """The name and version of DuckDB."""
        return f"duckdb {version('duckdb')}"
