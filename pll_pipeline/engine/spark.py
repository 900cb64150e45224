"""Spark, through its thrift server: an organisation's own, which no part of this package starts.

Both sides read and write one shared folder, `PLL_ENGINE_FOLDER`. The build lands what DuckDB would
read, lets dbt build and test, runs the models in Python here between two runs of dbt, and fetches
every table. Not here: what Spark does differently (`dbt_project/macros/spark.sql`), the connection
(`dbt_project/profiles.yml`, from the environment).
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from pll_pipeline.config import Config
from pll_pipeline.engine.interface import Build, DbtRun
from pll_pipeline.engine.tables import (
    fetch_tables,
    land_sources,
    python_models,
    run_python_models,
)
from pll_pipeline.errors import PllError

# The only name that is this machine wherever it is resolved.
_LOOPBACK_NAME = "localhost"
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,30}")
_DEFAULT_PREFIX = "pll_"


@dataclass(frozen=True)
class Spark:
    """A thrift server, and the folder that this build has to itself in the shared one."""

    host: str
    prefix: str
    folder: Path
    password: str = field(default="", repr=False)

    target = "spark"

    @classmethod
    def from_environment(cls, config: Config) -> Spark:
        """The engine of the settings: `PLL_SPARK_HOST` and others, and `PLL_ENGINE_FOLDER`.

        Raises `PllError` for a setting that is missing or wrong, and where dbt-spark is missing.
        """
        _require_adapter()
        host = os.environ.get("PLL_SPARK_HOST")
        if not host:
            raise _missing("PLL_SPARK_HOST", "the machine whose thrift server builds")
        shared = config.engine_folder
        if not shared:
            raise _missing("PLL_ENGINE_FOLDER", "a folder that Spark and this machine both use")
        _require_folder(shared)
        prefix = os.environ.get("PLL_SPARK_PREFIX") or _DEFAULT_PREFIX
        if not _PREFIX.fullmatch(prefix):
            raise PllError(
                f"{prefix!r} cannot begin the names of schemas",
                where="PLL_SPARK_PREFIX",
                do="use small letters, digits and underscore",
            )
        name = hashlib.sha256(str(config.data).encode()).hexdigest()[:16]
        password = os.environ.get("PLL_SPARK_PASSWORD", "")
        return cls(host, prefix, shared / f"build-{name}", password)

    @property
    def has_tls(self) -> bool:
        """Whether the connection leaves this machine, and so is encrypted."""
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host != _LOOPBACK_NAME

    @property
    def _landed(self) -> Path:
        return self.folder / "landed"

    @property
    def _fitted(self) -> Path:
        return self.folder / "fitted"

    @property
    def _tables(self) -> Path:
        return self.folder / "tables"

    def environment(self) -> Mapping[str, str]:
        """Folders as addresses of files, whatever file system the cluster reads otherwise."""
        return {
            "PLL_SCHEMA_PREFIX": self.prefix,
            "PLL_SPARK_TLS": str(self.has_tls),
            # dbt writes no variable of this name to its log
            "DBT_ENV_SECRET_SPARK_PASSWORD": self.password,
            "PLL_LANDED_DIR": f"file:{self._landed}",
            "PLL_TABLES_DIR": f"file:{self._tables}",
            "PLL_FITTED_DIR": "",
        }

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """The folder of the build, empty; what a build that died has left is removed first."""
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            for folder in (self.folder, self._landed, self._fitted, self._tables):
                folder.mkdir()
        except OSError as error:
            raise PllError(
                f"The folder of the engine cannot be used: {error.strerror}",
                where=str(self.folder),
                do="let this user create folders in it, and remove those of the engine's user",
            ) from error
        try:
            yield
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def builds(self, build: Build) -> Iterator[DbtRun]:
        """Everything that no model in Python comes before, and then the rest."""
        land_sources(build, self._landed)
        names = [node["name"] for node in python_models(build)]
        after = tuple(f"{name}+" for name in names)
        yield DbtRun(_option("--exclude", after))
        if names:
            run_python_models(build, self._tables, self._fitted)
            rest = (*_option("--select", after), *_option("--exclude", tuple(names)))
            yield DbtRun(rest, {"PLL_FITTED_DIR": f"file:{self._fitted}"})

    def fetch(self, build: Build) -> str:
        """Every table, checked against the contract; `spark` and its version."""
        return f"spark {fetch_tables(build, self._tables)}"


def _option(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    return (name, *values) if values else ()


def _require_adapter() -> None:
    if find_spec("dbt.adapters.spark") is None or find_spec("pyhive") is None:
        raise PllError(
            "The engine spark needs the package dbt-spark, which is not installed",
            where="PLL_ENGINE",
            do="install it: `pip install 'pll-pipeline[spark]'`, or `uv sync --extra spark`",
        )


def _missing(variable: str, meaning: str) -> PllError:
    return PllError(
        f"The engine spark needs {variable}: {meaning}",
        where=variable,
        do="set it in the environment",
    )


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise PllError(
            "The folder of the engine is not there",
            where=str(folder),
            do="create it, or set `PLL_ENGINE_FOLDER` to the one that Spark sees under this name",
        )
