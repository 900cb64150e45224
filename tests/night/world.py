"""A world for the nights: a data folder with a space and an ø in its path, and `pll` working on it.

Not here: which worlds there are (`conftest.py`).
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pll_pipeline import cli, console

ROOT = Path(__file__).resolve().parents[2]
WIDE = 4000
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class World:
    """A data folder, and `pll` working on it."""

    data: Path

    command = (sys.executable, "-m", "pll_pipeline.cli")

    def environment(self) -> dict[str, str]:
        """Variables for a run in this world; wide enough that no line is folded."""
        return {**os.environ, "PLL_DATA": str(self.data), "COLUMNS": str(WIDE), "NO_COLOR": "1"}

    def pll(self, *words: str) -> Done:
        """Run the command as a user does, in a process of its own."""
        return subprocess.run(
            [*self.command, *words],
            env=self.environment(),
            cwd=self.data,
            capture_output=True,
            text=True,
            check=False,
        )

    def quick(self, *words: str) -> Done:
        """Run the command in this process, which has imported everything already."""
        out, err = io.StringIO(), io.StringIO()
        code: object = 0
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self.environment().items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["pll", *words])
            for stream in (console.OUT, console.ERR):
                patch.setattr(stream, "width", WIDE)
            try:
                cli.main()
            except SystemExit as end:
                code = end.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(["pll", *words], code, out.getvalue(), err.getvalue())

    @property
    def current(self) -> Path:
        """The current release, as users open it."""
        return self.data / "marts" / "current"

    def releases(self) -> list[str]:
        """Names of the releases, oldest first."""
        return sorted(path.name for path in (self.data / "marts" / "releases").glob("[0-9]*"))

    def ask(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Rows from the current release, opened as an analyst opens it."""
        with duckdb.connect(str(self.current / "pll.duckdb"), read_only=True) as connection:
            return connection.execute(sql, parameters).fetchall()

    def csv_files(self) -> dict[str, bytes]:
        """The content of each CSV of the current release."""
        return {path.name: path.read_bytes() for path in (self.current / "csv").iterdir()}

    def snapshot_files(self, source: str) -> list[Path]:
        """The files of a source's newest snapshot."""
        newest = sorted((self.data / "raw" / source).glob("[0-9]*Z"))[-1]
        return [path for path in sorted(newest.iterdir()) if path.name != "snapshot.json"]

    def archive_changed(self, source: str, change: Callable[[bytes], bytes]) -> None:
        """Archive the newest snapshot of a source, changed, as files received by hand."""
        inbox = self.data.parent / "innboks"
        inbox.mkdir(exist_ok=True)
        files = []
        for path in self.snapshot_files(source):
            (inbox / path.name).write_bytes(change(path.read_bytes()))
            files.append(str(inbox / path.name))
        done = self.quick("archive", source, *files, "--from", "utgiveren")
        assert "Kept as snapshot" in done.stdout, done.stdout + done.stderr


def data_folder(folder: Path) -> Path:
    """Where the data of a world in `folder` are."""
    return folder / "min mappe ø" / "data"


def make_world(folder: Path) -> World:
    """A fresh world with the bundled snapshots and nothing derived."""
    data = data_folder(folder)
    for name in ("raw", "corrections"):
        shutil.copytree(ROOT / "data" / name, data / name)
    return World(data)


Ignore = Callable[[str, list[str]], set[str]]


def copy_world(world: World, folder: Path, ignore: Ignore | None = None) -> World:
    """A copy of a world, in another folder."""
    data = data_folder(folder)
    shutil.copytree(world.data, data, symlinks=True, ignore=ignore)
    return World(data)


def make_deletable(world: World) -> None:
    """Let the test run delete a world's releases, which are read-only."""
    for path in [world.data, *world.data.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)


def note_of(done: Done) -> list[int | str]:
    """A finished command as plain data."""
    return [done.returncode, done.stdout, done.stderr]


def done_of(note: list[int | str]) -> Done:
    """A finished command from plain data."""
    code, out, err = note
    return subprocess.CompletedProcess(["pll"], int(code), str(out), str(err))
