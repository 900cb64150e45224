"""Commands that read work for a user who may write nothing, also while a night works.

Not here: commands that write, and what the commands print.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pll_pipeline.lock import one_writer
from tests.night.world import Done, World, copy_world, make_deletable

DROP_FROM_BOUNDS = 24  # PR_CAPBSET_DROP of prctl(2)
READ_AND_WRITE_ANYTHING = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
SOURCE = "apotek"
LOCK = "night.lock"


@pytest.fixture(scope="module")
def read_only(released: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A copy of the released world in which no mode allows to write."""
    world = copy_world(released, tmp_path_factory.mktemp("read-only"))
    for path in [*world.data.rglob("*"), world.data]:
        if not path.is_symlink() and path.name != LOCK:
            path.chmod(0o555 if path.is_dir() else 0o444)
    yield world
    make_deletable(world)


def _as_an_ordinary_user() -> None:
    """Let modes count for root too, in the program that is started next."""
    libc = ctypes.CDLL(None)
    for capability in READ_AND_WRITE_ANYTHING:
        libc.prctl(DROP_FROM_BOUNDS, capability, 0, 0, 0)


def _pll(world: World, *words: str) -> Done:
    return subprocess.run(
        [*world.command, *words],
        env=world.environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_as_an_ordinary_user if os.geteuid() == 0 else None,
    )


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}


COMMANDS = (
    ("status",),
    ("sources",),
    ("sources", SOURCE),
    ("measures",),
    ("tables",),
    ("query", "select count(*) as figures from marts.mart_key_figures"),
    ("check", SOURCE),
    ("doctor",),
)


def test_a_user_without_write_access_cannot_write(read_only: World) -> None:
    done = _pll(read_only, "run", "--offline")
    assert done.returncode == 1, done.stdout + done.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_user_without_write_access_reads(read_only: World, words: tuple[str, ...]) -> None:
    before = _state(read_only.data)
    done = _pll(read_only, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
    assert "Permission" not in done.stderr
    assert _state(read_only.data) == before


def test_a_user_without_write_access_inspects_a_file_and_explains_a_figure(
    read_only: World,
) -> None:
    (file,) = read_only.snapshot_files(SOURCE)
    inspected = _pll(read_only, "inspect", str(file))
    year = read_only.ask(
        "select max(period_start) from marts.mart_key_figures where measure_code = 'pharmacy_count'"
    )
    row = ("measure_code=pharmacy_count", f"period_start={year[0][0]}")
    explained = _pll(read_only, "explain", "mart_key_figures", *row)
    for done in (inspected, explained):
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.strip()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_commands_that_read_do_not_wait_for_a_night(
    read_only: World, words: tuple[str, ...]
) -> None:
    with one_writer(read_only.data / LOCK, "a night"):
        done = read_only.quick(*words)
    assert done.returncode == 0, done.stdout + done.stderr
