"""Disks that fail a publish: full at any step, and read-only.

The last release remains current and the message says what to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import duckdb
from pll_pipeline.published import outputs as registry
from pll_pipeline.published.publish import publish
from pll_pipeline.published.query import query
from pll_pipeline.published.releases import current, require_current, verify
from tests.release_world import inputs, left_behind, outputs, write_build

DISK = 16 * 1024 * 1024
# One output of each way to write: DuckDB's own file and its copies, the workbook's writer, Python.
STEPS = ("duckdb", "parquet", "csv", "workbook", "manifest")
MORE_FIGURES = (
    "insert into marts.mart_key_figures (region_name, published_text) "
    "select md5(i::varchar), md5((i + 1)::varchar) from range(5000) as n (i)"
)


@pytest.fixture(autouse=True)
def _few_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "OUTPUTS", outputs(*STEPS))


def _mount(*arguments: str) -> None:
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("this machine has no command mount")
    if done.returncode:
        pytest.skip(f"mounting is refused here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk))
    yield disk
    # lazily, because a caught failure may still have a file open
    subprocess.run(["umount", "-l", str(disk)], check=True)


def _filled_before(step: Callable[..., Any], disk: Path) -> Callable[..., Any]:
    """A step that begins on a disk with nothing free."""

    @wraps(step)
    def run(*arguments: Any, **options: Any) -> Any:
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free))
        return step(*arguments, **options)

    return run


def _fill_before(step: str, disk: Path, patch: pytest.MonkeyPatch) -> None:
    """Have the disk full from the moment the writing of an output begins."""
    if step == "duckdb":
        patch.setattr(duckdb, "write", _filled_before(duckdb.write, disk))
    else:
        changed = tuple(
            replace(output, write=_filled_before(output.write, disk))
            if output.name == step and output.write
            else output
            for output in registry.OUTPUTS
        )
        patch.setattr(registry, "OUTPUTS", changed)


@pytest.mark.parametrize("step", STEPS)
def test_a_disk_that_is_full_in_a_step_leaves_the_last_release_and_says_how_much_is_missing(
    step: str, tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = write_build(tmp_path / "build.duckdb", MORE_FIGURES)
    marts = small_disk / "marts"
    first = publish(build, marts, inputs())
    message = (
        r"^The disk is full: a release takes at least \d+\.\d MB and \d+\.\d MB are free\. "
        rf"The last release, {first.id}, is still current\."
    )
    with monkeypatch.context() as patch:
        _fill_before(step, small_disk, patch)
        with pytest.raises(PllError, match=message) as caught:
            publish(build, marts, inputs())
    assert "make room" in caught.value.do
    title = next(output.title for output in registry.OUTPUTS if output.name == step)
    assert f"while making {title}" in getattr(caught.value.__cause__, "__notes__", [])
    assert current(marts) == first
    assert left_behind(small_disk) == []
    verify(first)
    (small_disk / "filler").unlink()
    assert publish(build, marts, inputs()) == current(marts)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A build file and a marts folder with one release, in which nothing more can be written."""
    build = write_build(tmp_path / "build.duckdb")
    marts = tmp_path / "marts"
    publish(build, marts, inputs())
    if os.geteuid() == 0:  # root writes whatever the modes say
        _mount("--bind", str(marts), str(marts))
        _mount("-o", "remount,ro,bind", str(marts))
        yield build, marts
        subprocess.run(["umount", str(marts)], check=True)
    else:
        for folder in (marts, marts / "releases"):
            folder.chmod(0o555)
        yield build, marts
        for folder in (marts, marts / "releases"):
            folder.chmod(0o755)


def test_a_read_only_marts_folder_is_named_and_the_last_release_remains(
    read_only: tuple[Path, Path],
) -> None:
    build, marts = read_only
    first = require_current(marts)
    message = r"cannot be written to.*What to do: give write access"
    with pytest.raises(PllError, match=message) as caught:
        publish(build, marts, inputs())
    assert str(marts) in str(caught.value)
    assert current(marts) == first
    verify(first)
    assert query(first, "select count(*) from mart_key_figures").item() == 3


def test_a_read_only_folder_without_a_release_is_named(
    read_only: tuple[Path, Path],
) -> None:
    build, marts = read_only
    with pytest.raises(PllError, match="cannot be written to") as caught:
        publish(build, marts / "elsewhere", inputs())
    assert str(marts / "elsewhere") in str(caught.value)
