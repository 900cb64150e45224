"""No release shows a figure that its publisher withholds by a newer one."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import outputs as writing
from pll_pipeline.published.releases import Release, remove_showing_withheld, rollback
from pll_pipeline.published.withheld import shown_by
from tests.release_world import create_tables, ids, insert, outputs, publish_times, write_build

CELL = {
    "source_name": "figures",
    "measure_code": "offices",
    "region_key": "kommune:1804",
    "actor_type_code": "alle",
    "period_end": "2026-01-31",
}
OPEN = CELL | {"status": "observed", "value": 3, "is_withheld": False}
MASKED = CELL | {"status": "suppressed", "value": None, "is_withheld": True}


@pytest.fixture(autouse=True)
def _only_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "OUTPUTS", outputs())


def _build(path: Path, *rows: dict[str, object]) -> Path:
    write_build(path)
    with duckdb.connect(path) as connection:
        insert(connection, "star", "fct_observation_revision", *rows)
    return path


@pytest.fixture
def shown_then_withheld(tmp_path: Path, marts: Path) -> tuple[Release, Release]:
    """A release that shows a figure, and one by which its publisher withholds it."""
    (shown,) = publish_times(_build(tmp_path / "open.duckdb", OPEN), marts)
    shutil.copytree(shown.folder, tmp_path / shown.id)
    (withheld,) = publish_times(_build(tmp_path / "masked.duckdb", MASKED), marts)
    return shown, withheld


def test_a_release_that_shows_a_withheld_figure_is_removed_by_the_next(
    shown_then_withheld: tuple[Release, Release], marts: Path
) -> None:
    assert ids(marts) == [shown_then_withheld[1].id]


def test_no_rollback_leads_to_a_release_that_shows_a_withheld_figure(
    shown_then_withheld: tuple[Release, Release], marts: Path, tmp_path: Path
) -> None:
    shown, withheld = shown_then_withheld
    shutil.copytree(tmp_path / shown.id, shown.folder)
    with pytest.raises(PllError, match=r"withholds now: offices, kommune:1804, alle, 2026-01-31"):
        rollback(marts, shown.id)
    assert remove_showing_withheld(marts, withheld) == [shown.id]
    assert ids(marts) == [withheld.id]


def test_a_release_that_withholds_the_figure_itself_is_kept(tmp_path: Path, marts: Path) -> None:
    kept = publish_times(_build(tmp_path / "masked.duckdb", MASKED), marts, 2)
    assert ids(marts) == [release.id for release in kept]
    assert rollback(marts, kept[0].id) == kept[0]


@pytest.mark.parametrize(
    "other",
    [
        {"region_key": "kommune:5401"},
        {"period_end": None},
        {"period_end": "2026-02-28"},
        {"source_name": "another source"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_cell_is_not_withheld(tmp_path: Path, other: dict[str, object]) -> None:
    newest = _build(tmp_path / "newest.duckdb", MASKED)
    earlier = _build(tmp_path / "earlier.duckdb", OPEN | other)
    assert shown_by(newest, earlier) is None


def test_a_release_of_a_version_that_marked_nothing_withholds_nothing(tmp_path: Path) -> None:
    old = tmp_path / "old.duckdb"
    with duckdb.connect(old) as connection:
        create_tables(connection)
        connection.execute("alter table star.fct_observation_revision drop column is_withheld")
    assert shown_by(old, _build(tmp_path / "open.duckdb", OPEN)) is None
