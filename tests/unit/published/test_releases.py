"""Releases as folders: named, made current, rolled back, pruned, asked. Failing disks and killed processes: tests/night."""

from __future__ import annotations

import os
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import outputs as publishing
from pll_pipeline.published import releases as warehouse
from tests.release_world import BUILT_AT, inputs, left_behind, write_build


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_build(
        tmp_path_factory.mktemp("build") / "build.duckdb", "drop table star.fct_observation"
    )


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    return tmp_path / "marts ø"


def _publish(
    build: Path, marts: Path, times: int = 1, now: datetime = BUILT_AT, **options: Any
) -> list[warehouse.Release]:
    return [warehouse.publish(build, marts, inputs(), now=now, **options) for _ in range(times)]


def _ids(marts: Path) -> list[str]:
    return [release.id for release in warehouse.releases(marts)]


# publishing


def test_a_release_is_named_after_its_time_and_is_current(build: Path, marts: Path) -> None:
    assert warehouse.current(marts) is None
    (release,) = _publish(build, marts)
    assert release.id == "2026-11-23T030004Z"
    assert warehouse.current(marts) == warehouse.require_current(marts) == release
    assert release.folder == marts / "releases" / release.id
    assert release.manifest["release_id"] == release.id
    assert os.readlink(marts / "current") == f"releases/{release.id}"
    warehouse.verify(release)


def test_releases_of_one_second_have_different_names_in_order(build: Path, marts: Path) -> None:
    published = [release.id for release in _publish(build, marts, 11)]
    assert published == ["2026-11-23T030004Z", *(f"2026-11-23T030004Z-{n}" for n in range(2, 12))]
    assert _ids(marts) == published


def test_names_never_go_back_when_the_clock_does(build: Path, marts: Path) -> None:
    _publish(build, marts)
    (late,) = _publish(build, marts, now=BUILT_AT - timedelta(days=400))
    assert late.id == "2026-11-23T030004Z-2"
    assert late.manifest["built_at"] == "2025-10-19T03:00:04Z"


def test_a_release_is_read_only_through_and_through(build: Path, marts: Path) -> None:
    (release,) = _publish(build, marts)
    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in release.folder.rglob("*") if path.is_file()
    }
    folders = {
        stat.S_IMODE(path.stat().st_mode)
        for path in (release.folder, *release.folder.rglob("*"))
        if path.is_dir()
    }
    assert (modes, folders) == ({0o444}, {0o555})


def test_the_last_fourteen_releases_are_kept(build: Path, marts: Path) -> None:
    published = _publish(build, marts, 16)
    assert _ids(marts) == [release.id for release in published[2:]]
    assert left_behind(marts) == []


def test_the_second_release_is_compared_with_the_current_one(build: Path, marts: Path) -> None:
    first, second = _publish(build, marts, 2)
    assert f"Forrige utgave: `{first.id}`" in (second.folder / "difference.md").read_text(
        encoding="utf-8"
    )


STEPS = [
    (publishing.duckdb, "write"),
    (publishing.parquet, "write"),
    (publishing.workbook, "write"),
    (publishing.report, "write"),
    (publishing.catalogue, "write"),
    (publishing.difference, "write"),
    (publishing.descriptor, "write_manifest"),
    (warehouse, "_seal"),
    (os, "rename"),
    (os, "replace"),
]


@pytest.mark.parametrize(
    ("module", "step"), STEPS, ids=lambda value: getattr(value, "__name__", value)
)
@pytest.mark.parametrize(
    "error", [OSError(5, "Input/output error"), KeyError("x")], ids=["disk", "defect"]
)
def test_a_failure_at_any_step_leaves_the_last_release_and_nothing_else(
    build: Path,
    marts: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    step: str,
    error: Exception,
) -> None:
    (first,) = _publish(build, marts)

    def fail(*_: object, **__: object) -> None:
        raise error

    with (
        monkeypatch.context() as patch,
        pytest.raises(PllError, match=f"The last release, {first.id}, is still current") as caught,
    ):
        patch.setattr(module, step, fail)
        _publish(build, marts)
    assert caught.value.__cause__ is error
    assert warehouse.current(marts) == first
    assert _ids(marts) == [first.id]
    warehouse.verify(first)
    (again,) = _publish(build, marts)
    assert (_ids(marts), left_behind(marts)) == ([first.id, again.id], [])


def test_an_interrupt_is_passed_on_after_clearing_up(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(publishing.parquet, "write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        _publish(build, marts)
    assert left_behind(marts) == []


def test_a_build_that_cannot_be_published_is_told_in_its_own_words(
    tmp_path: Path, marts: Path
) -> None:
    build = write_build(tmp_path / "build.duckdb", "create table marts.mart_sum (total hugeint)")
    with pytest.raises(PllError, match="Column total of mart_sum has the type HUGEINT"):
        _publish(build, marts)
    assert (_ids(marts), left_behind(marts)) == ([], [])


# rolling back


def test_rolling_back_makes_the_release_before_current(build: Path, marts: Path) -> None:
    first, second, third = _publish(build, marts, 3)
    assert warehouse.rollback(marts) == second
    assert warehouse.rollback(marts) == first
    assert warehouse.current(marts) == first
    assert warehouse.rollback(marts, third.id) == third == warehouse.current(marts)


def test_there_is_nothing_before_the_first_release(build: Path, marts: Path) -> None:
    with pytest.raises(PllError, match="Nothing has been published yet"):
        warehouse.rollback(marts)
    (first,) = _publish(build, marts)
    with pytest.raises(PllError, match=f"no release before the current one.*{first.id}"):
        warehouse.rollback(marts)
    with pytest.raises(PllError, match="no release 2020"):
        warehouse.rollback(marts, "2020-01-01T000000Z")


@pytest.mark.parametrize("name", ["..", "../../elsewhere", "", "."])
def test_a_release_is_named_never_pathed(build: Path, marts: Path, name: str) -> None:
    _publish(build, marts, 2)
    with pytest.raises(PllError, match="There is no release"):
        warehouse.rollback(marts, name)


def test_a_release_rolled_back_to_is_not_pruned_while_it_is_current(
    build: Path, marts: Path
) -> None:
    first, *_ = _publish(build, marts, 3)
    warehouse.rollback(marts, first.id)
    warehouse._prune(marts, 1)
    assert warehouse.current(marts) == first
    assert first.id in _ids(marts)


def test_a_publish_after_a_rollback_is_current_and_compared_with_what_was(
    build: Path, marts: Path
) -> None:
    first, _ = _publish(build, marts, 2)
    warehouse.rollback(marts)
    (third,) = _publish(build, marts)
    assert warehouse.current(marts) == third
    assert f"Forrige utgave: `{first.id}`" in (third.folder / "difference.md").read_text(
        encoding="utf-8"
    )


def test_a_damaged_release_is_not_rolled_back_to(build: Path, marts: Path) -> None:
    first, second = _publish(build, marts, 2)
    file = first.folder / "csv" / "dim_region.csv"
    file.chmod(0o644)
    file.write_text("changed")
    with pytest.raises(PllError, match=r"is damaged: csv/dim_region.csv is missing or changed"):
        warehouse.rollback(marts)
    assert warehouse.current(marts) == second


def test_a_link_that_leads_nowhere_is_no_release_and_the_next_publish_mends_it(
    build: Path, marts: Path
) -> None:
    (first,) = _publish(build, marts)
    warehouse._remove(first.folder)
    assert warehouse.current(marts) is None
    (second,) = _publish(build, marts)
    assert warehouse.current(marts) == second


# where links cannot be made


@pytest.fixture(
    params=[
        OSError("links cannot be made here"),
        OSError(1, "Operation not permitted"),
        NotImplementedError(),
    ],
    ids=str,
)
def no_links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise request.param

    monkeypatch.setattr(os, "symlink", refuse)


@pytest.mark.usefixtures("no_links")
def test_without_links_the_files_of_current_are_replaced(
    tmp_path: Path, build: Path, marts: Path
) -> None:
    more = write_build(tmp_path / "more.duckdb", "create table marts.mart_more as select 1 as x")
    (first,) = _publish(more, marts)
    folder = marts / "current"
    assert folder.is_dir()
    assert not folder.is_symlink()
    assert warehouse.current(marts) == first
    (second,) = _publish(build, marts)
    assert warehouse.current(marts) == second
    warehouse.verify(warehouse.Release("current", folder))
    here = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert here == {file["path"] for file in second.manifest["files"]} | {"release.json"}
    assert warehouse.rollback(marts) == first == warehouse.current(marts)
    warehouse.verify(warehouse.Release("current", folder))
    assert left_behind(marts) == []


@pytest.mark.usefixtures("no_links")
def test_without_links_release_json_comes_last(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = []
    replace = os.replace
    monkeypatch.setattr(
        os, "replace", lambda old, new: (replaced.append(Path(new).name), replace(old, new))
    )
    _publish(build, marts)
    assert replaced[-1] == "release.json"
    assert replaced.count("release.json") == 1


@pytest.mark.usefixtures("no_links")
def test_without_links_a_replacing_that_was_cut_is_mended(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = _publish(build, marts)
    replace = os.replace

    def cut(old: Path, new: Path) -> None:
        if Path(new).name == "pll.xlsx":
            raise OSError(28, "No space left on device")
        replace(old, new)

    with monkeypatch.context() as patch, pytest.raises(PllError, match="The disk is full"):
        patch.setattr(os, "replace", cut)
        _publish(build, marts)
    warehouse.sweep(marts)
    assert warehouse.current(marts) == first
    warehouse.verify(warehouse.Release("current", marts / "current"))
    assert left_behind(marts) == []


def test_a_link_that_is_there_is_never_written_through(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = _publish(build, marts)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(PllError, match="cannot be written to"):
        _publish(build, marts)
    warehouse.verify(first)
    assert _ids(marts) == [first.id]


# asking


@pytest.fixture(scope="module")
def release(build: Path, tmp_path_factory: pytest.TempPathFactory) -> warehouse.Release:
    return warehouse.publish(
        build, tmp_path_factory.mktemp("asked") / "marts", inputs(), now=BUILT_AT
    )


def test_a_query_finds_tables_with_and_without_their_schema(release: warehouse.Release) -> None:
    sql = "select region_name, snapshot_at from {} where service_code = 'pll'"
    answer = warehouse.query(release, sql.format("mart_key_figures"))
    assert answer.equals(warehouse.query(release, sql.format("marts.mart_key_figures")))
    assert answer.schema == {"region_name": pl.String, "snapshot_at": pl.Datetime("us", "UTC")}
    assert answer["region_name"].to_list() == ["Bergen"]
    assert warehouse.query(release, "select release_id from meta.release").item() == release.id


def test_sums_and_intervals_come_as_what_a_frame_can_hold(release: warehouse.Release) -> None:
    answer = warehouse.query(
        release,
        'select sum(7::bigint) as total, interval 1 day as "a ""gap""", [interval 1 hour] as gaps from dim_region',
    )
    assert answer.rows() == [(28, "1 day", "['01:00:00']")]
    assert answer.schema["total"] == pl.Int64


@pytest.mark.parametrize(
    "sql",
    [
        "delete from marts.mart_key_figures",
        "create table marts.mine as select 1 as x",
        "copy marts.mart_key_figures to 'out.csv'",
        "attach 'other.duckdb' as other",
        "select * from read_text('/etc/hostname')",
        "install httpfs",
        "set enable_external_access = true",
        "selec 1",
        "from nowhere",
        "select cast(region_name as integer) from dim_region",
    ],
)
def test_a_statement_that_fails_or_would_reach_out_is_told_in_one_paragraph(
    release: warehouse.Release, sql: str
) -> None:
    with pytest.raises(PllError, match=r"^The query failed: ") as caught:
        warehouse.query(release, sql)
    assert "\n" not in str(caught.value)
    warehouse.verify(release)


def test_a_statement_without_an_answer_is_told(release: warehouse.Release) -> None:
    with pytest.raises(PllError, match="gives no answer"):
        warehouse.query(release, "-- nothing")
    with pytest.raises(PllError, match="same name: x, x"):
        warehouse.query(release, "select 1 as x, 2 as x")
