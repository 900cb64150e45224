"""Disks that fail a publish: full at any step, and read-only.

The last release remains current and the message says what to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import outputs as registry
from pll_pipeline.published.publish import publish
from pll_pipeline.published.query import query
from pll_pipeline.published.releases import current, require_current, verify
from tests.release_world import inputs, left_behind, outputs, write_build

DISK = 16 * 1024 * 1024
MORE_FIGURES = (
    "insert into marts.mart_key_figures (region_name, published_text) "
    "select md5(i::varchar), md5((i + 1)::varchar) from range(5000) as n (i)"
)


@pytest.fixture(autouse=True)
def _few_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """One output of each way to write: DuckDB's copies, the workbook's writer, Python."""
    monkeypatch.setattr(registry, "OUTPUTS", outputs("parquet", "csv", "workbook"))


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


def test_a_full_disk_at_any_step_leaves_the_last_release_and_says_how_much_is_missing(
    tmp_path: Path, small_disk: Path
) -> None:
    build = write_build(tmp_path / "build.duckdb", MORE_FIGURES)
    marts, filler = small_disk / "marts", small_disk / "filler"
    first = publish(build, marts, inputs())
    free = shutil.disk_usage(small_disk).free
    takes = DISK - free
    message = (
        r"^The disk is full: a release takes at least \d+\.\d MB and \d+\.\d MB are free\. "
        rf"The last release, {first.id}, is still current\."
    )
    full_in: set[str] = set()
    for room in (0, 8_192, 262_144, *range(takes // 2, takes - 131_072, 131_072)):
        filler.write_bytes(bytes(free - room))
        with pytest.raises(PllError, match=message) as caught:
            publish(build, marts, inputs())
        assert "make room" in caught.value.do
        assert current(marts) == first
        assert left_behind(small_disk) == []
        frames = traceback.extract_tb((caught.value.__cause__ or caught.value).__traceback__)
        full_in |= {Path(frame.filename).stem for frame in frames}
        filler.unlink()
    verify(first)
    assert full_in >= {"duckdb", "csv", "workbook"}, "the disk was full in all these steps"
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
