"""Disks that fail a publish: full at any step, and read-only. The last release stands and the message says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import releases as warehouse
from tests.release_world import inputs, left_behind, write_build

DISK = 8 * 1024 * 1024


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
    subprocess.run(
        ["umount", "-l", str(disk)], check=True
    )  # a caught failure may still hold a file open


def test_a_full_disk_at_any_step_leaves_the_last_release_and_says_how_much_is_missing(
    tmp_path: Path, small_disk: Path
) -> None:
    longer = "insert into marts.mart_key_figures (region_name, published_text) select md5(i::varchar), md5((i + 1)::varchar) from range(5000) as n (i)"
    build = write_build(tmp_path / "build.duckdb", longer)
    marts, filler = small_disk / "marts", small_disk / "filler"
    first = warehouse.publish(build, marts, inputs())
    free = shutil.disk_usage(small_disk).free
    takes = DISK - free
    said = rf"^The disk is full: a release takes at least \d+\.\d MB and \d+\.\d MB are free\. The last release, {first.id}, is still current\."
    full_in: set[str] = set()
    for room in (0, 8_192, 262_144, *range(takes // 2, takes - 131_072, 131_072)):
        filler.write_bytes(bytes(free - room))
        with pytest.raises(PllError, match=said) as caught:
            warehouse.publish(build, marts, inputs())
        assert "make room" in caught.value.do
        assert warehouse.current(marts) == first
        assert left_behind(small_disk) == []
        full_in |= {
            Path(frame.filename).stem
            for frame in traceback.extract_tb(caught.value.__cause__.__traceback__)
        }
        filler.unlink()
    warehouse.verify(first)
    assert full_in >= {"duckdb", "delimited", "workbook"}, (
        "the disk must have been full in all these steps"
    )
    assert warehouse.publish(build, marts, inputs()) == warehouse.current(marts)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A build file and a marts folder with one release, on which nothing more can be written."""
    build = write_build(tmp_path / "build.duckdb")
    marts = tmp_path / "marts"
    warehouse.publish(build, marts, inputs())
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


def test_a_read_only_marts_folder_is_named_and_the_last_release_stands(
    read_only: tuple[Path, Path],
) -> None:
    build, marts = read_only
    first = warehouse.require_current(marts)
    with pytest.raises(
        PllError, match=r"cannot be written to.*What to do: give write access"
    ) as caught:
        warehouse.publish(build, marts, inputs())
    assert str(marts) in str(caught.value)
    assert warehouse.current(marts) == first
    warehouse.verify(first)
    assert warehouse.query(first, "select count(*) from mart_key_figures").item() == 3


def test_a_read_only_folder_that_holds_no_release_yet_is_named(
    read_only: tuple[Path, Path],
) -> None:
    build, marts = read_only
    with pytest.raises(PllError, match="cannot be written to") as caught:
        warehouse.publish(build, marts / "elsewhere", inputs())
    assert str(marts / "elsewhere") in str(caught.value)
