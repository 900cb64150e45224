"""The example in Python reads one release as a whole, also while another is made current."""

from __future__ import annotations

import runpy
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pll_pipeline.config import CHECKOUT
from pll_pipeline.published import outputs as registry
from pll_pipeline.published.releases import Release, make_current
from tests.release_world import outputs, publish_times

EXAMPLE = str(CHECKOUT / "data" / "marts" / "examples" / "med_polars.py")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, build: Path) -> tuple[Path, list[Release]]:
    """A marts folder with two releases of Parquet files, the first of them current."""
    marts = tmp_path_factory.mktemp("one release") / "marts"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "OUTPUTS", outputs("parquet"))
        made = publish_times(build, marts, 2)
    make_current(marts, made[0])
    return marts, made


@pytest.fixture
def flipped(published: tuple[Path, list[Release]], monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where the files are that are read, while the link moves between them at each."""
    marts, made = published
    make_current(marts, made[0])
    read: list[Path] = []
    turns: Iterator[Release] = iter([*made[::-1], *made[::-1]])
    scan = pl.scan_parquet

    def noted(path: Path, **options: Any) -> pl.LazyFrame:
        make_current(marts, next(turns))
        read.append(Path(path))
        return scan(path, **options)

    monkeypatch.setattr(pl, "scan_parquet", noted)
    return read


def test_the_example_reads_one_release_while_the_link_moves(
    published: tuple[Path, list[Release]], flipped: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    marts, (first, _) = published
    monkeypatch.setattr(sys, "argv", [EXAMPLE, str(marts / "current" / "parquet")])
    runpy.run_path(EXAMPLE)
    assert len(flipped) == 3
    assert {path.resolve().parent.parent.name for path in flipped} == {first.id}


def test_the_example_stops_where_files_of_two_releases_are_mixed(
    published: tuple[Path, list[Release]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (first, second) = published
    shutil.copytree(first.folder, tmp_path / "current")
    mixed = tmp_path / "current" / "parquet" / "mart_target_status.parquet"
    mixed.parent.chmod(0o755)
    mixed.unlink()
    shutil.copyfile(second.folder / "parquet" / mixed.name, mixed)
    monkeypatch.setattr(sys, "argv", [EXAMPLE, str(tmp_path / "current" / "parquet")])
    with pytest.raises(SystemExit, match=f"er ikke fra utgaven {first.id}"):
        runpy.run_path(EXAMPLE)
