"""Releases as folders: named, made current, rolled back, pruned.

Failing disks and killed processes: tests/night.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import duckdb, release_folder, releases
from pll_pipeline.published import outputs as registry
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.outputs import DATABASE, OUTPUTS, Inputs
from pll_pipeline.published.releases import (
    Release,
    current,
    publish,
    require_current,
    rollback,
    verify,
)
from tests.release_world import BUILT_AT, inputs, left_behind, outputs, write_build

ID = "2026-11-23T030004Z"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_build(tmp_path_factory.mktemp("build") / "build.duckdb")


@pytest.fixture(scope="module")
def written(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of few outputs, as `write_release` leaves it."""
    folder = tmp_path_factory.mktemp("written")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "OUTPUTS", outputs("workbook"))
        registry.write_release(folder, build, ID, BUILT_AT, inputs(), None)
    return folder


@pytest.fixture(autouse=True)
def compared_with(written: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """Releases are copies of one that was written before; the files themselves do not matter here.

    The list has, for each that was written, the release that it was to be compared with.
    """
    previous: list[Path | None] = []

    def copy(folder: Path, *facts: Any) -> None:
        shutil.copytree(written, folder, dirs_exist_ok=True)
        _, release_id, built_at, _, compared = facts
        previous.append(compared)
        manifest = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        manifest |= {"release_id": release_id, "built_at": built_at.isoformat()}
        (folder / "release.json").write_text(json.dumps(manifest), encoding="utf-8")

    monkeypatch.setattr(releases, "write_release", copy)
    return previous


@pytest.fixture
def really_written(compared_with: list[Path | None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases of few outputs are written after all."""
    assert compared_with == []
    monkeypatch.setattr(releases, "write_release", registry.write_release)
    monkeypatch.setattr(registry, "OUTPUTS", outputs())


@pytest.fixture
def copied_database(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database of a release is a copy of one that was written before."""

    def copy(folder: Path, *_: Any) -> None:
        shutil.copyfile(written / "pll.duckdb", folder / "pll.duckdb")

    monkeypatch.setattr(duckdb, "write", copy)


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    return tmp_path / "marts ø"


def _publish(
    build: Path, marts: Path, times: int = 1, now: datetime = BUILT_AT, **options: Any
) -> list[Release]:
    return [publish(build, marts, inputs(), now=now, **options) for _ in range(times)]


def _ids(marts: Path) -> list[str]:
    return [release.id for release in releases.releases(marts)]


# publishing


@pytest.mark.usefixtures("really_written")
def test_a_release_is_named_after_its_time_and_is_current(build: Path, marts: Path) -> None:
    assert current(marts) is None
    (release,) = _publish(build, marts)
    assert release.id == ID
    assert current(marts) == require_current(marts) == release
    assert release.folder == marts / "releases" / release.id
    assert release.manifest["release_id"] == release.id
    assert release.manifest["built_at"] == "2026-11-23T03:00:04Z"
    assert os.readlink(marts / "current") == f"releases/{release.id}"
    verify(release)


def test_releases_of_one_second_have_different_names_in_order(build: Path, marts: Path) -> None:
    published = [release.id for release in _publish(build, marts, 11)]
    assert published == [ID, *(f"{ID}-{number}" for number in range(2, 12))]
    assert _ids(marts) == published


def test_names_never_go_back_when_the_clock_does(build: Path, marts: Path) -> None:
    _publish(build, marts)
    (late,) = _publish(build, marts, now=BUILT_AT - timedelta(days=400))
    assert late.id == f"{ID}-2"
    assert late.manifest["built_at"].startswith("2025-10-19T03:00:04")


def test_a_release_is_read_only_through_and_through(build: Path, marts: Path) -> None:
    (release,) = _publish(build, marts)
    paths = [release.folder, *release.folder.rglob("*")]
    files = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}
    assert (files, folders) == ({0o444}, {0o555})


def test_the_last_fourteen_releases_are_kept(build: Path, marts: Path) -> None:
    published = _publish(build, marts, 16)
    assert _ids(marts) == [release.id for release in published[2:]]
    assert left_behind(marts) == []


def test_a_release_is_compared_with_the_current_one(
    build: Path, marts: Path, compared_with: list[Path | None]
) -> None:
    first, _ = _publish(build, marts, 2)
    assert compared_with == [None, first.folder]


Failing = Callable[..., None]


def _failing_output(name: str) -> Callable[[pytest.MonkeyPatch, Failing], None]:
    """Makes the output of that name fail, after the database was written."""

    def patch(monkeypatch: pytest.MonkeyPatch, fail: Failing) -> None:
        output = next(output for output in OUTPUTS if output.name == name)
        monkeypatch.setattr(registry, "OUTPUTS", (DATABASE, replace(output, write=fail)))

    return patch


def _failing_step(module: Any, step: str) -> Callable[[pytest.MonkeyPatch, Failing], None]:
    return lambda monkeypatch, fail: monkeypatch.setattr(module, step, fail)


WRITING = {
    "making the database": _failing_step(duckdb, "write"),
    "checking that no suppressed cell can be computed": _failing_step(registry.disclosure, "check"),
} | {f"making {output.title}": _failing_output(output.name) for output in OUTPUTS if output.write}
MOVING = {
    "making it read-only": _failing_step(release_folder, "seal"),
    "giving it its name": _failing_step(os, "rename"),
    "making it current": _failing_step(os, "replace"),
}
FAULTS: dict[str, Callable[[], Exception]] = {
    "a disk": lambda: OSError(5, "Input/output error"),
    "a defect": lambda: KeyError("x"),
}


@pytest.mark.usefixtures("really_written", "copied_database")
@pytest.mark.parametrize("step", WRITING)
def test_a_failure_while_writing_leaves_the_last_release_and_names_the_output(
    step: str, build: Path, marts: Path, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _first(marts, written)
    error = FAULTS["a disk"]()
    message = f"could not be published, while {step}: .*. The last release, {ID}, is still current"
    with monkeypatch.context() as patch:
        WRITING[step](patch, _raising(error))
        with pytest.raises(PllError, match=message) as caught:
            publish(build, marts, inputs(), now=BUILT_AT)
    assert caught.value.__cause__ is error
    assert current(marts) == first
    assert (_ids(marts), left_behind(marts)) == ([ID], [])
    verify(first)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", MOVING)
def test_a_failure_while_moving_leaves_the_last_release_and_the_next_publish_is_clean(
    step: str, fault: str, build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = _publish(build, marts)
    error = FAULTS[fault]()
    message = f"The last release, {ID}, is still current"
    with monkeypatch.context() as patch:
        MOVING[step](patch, _raising(error))
        with pytest.raises(PllError, match=message) as caught:
            _publish(build, marts)
    assert caught.value.__cause__ is error
    assert current(marts) == first
    assert (_ids(marts), left_behind(marts)) == ([ID], [])
    verify(first)
    (second,) = _publish(build, marts)
    assert (_ids(marts), left_behind(marts)) == ([first.id, second.id], [])


def _first(marts: Path, written: Path) -> Release:
    """A release that was published before."""
    folder = marts / "releases" / ID
    shutil.copytree(written, folder)
    (marts / "current").symlink_to(f"releases/{ID}")
    return Release(ID, folder)


def _raising(error: Exception) -> Failing:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.usefixtures("really_written")
def test_an_interrupt_is_passed_on_after_clearing_up(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: Draft) -> None:
        raise KeyboardInterrupt

    interrupted = replace(OUTPUTS[-1], write=interrupt)
    monkeypatch.setattr(registry, "OUTPUTS", (DATABASE, interrupted))
    with pytest.raises(KeyboardInterrupt):
        _publish(build, marts)
    assert left_behind(marts) == []


@pytest.mark.usefixtures("really_written")
def test_a_build_that_cannot_be_published_gives_its_own_reason(tmp_path: Path, marts: Path) -> None:
    build = write_build(tmp_path / "build.duckdb", "create table marts.mart_sum (total hugeint)")
    with pytest.raises(PllError, match="Column total of mart_sum has the type HUGEINT"):
        _publish(build, marts)
    assert (_ids(marts), left_behind(marts)) == ([], [])


# rolling back


def test_rolling_back_makes_the_release_before_current(build: Path, marts: Path) -> None:
    first, second, third = _publish(build, marts, 3)
    assert rollback(marts) == second
    assert rollback(marts) == first
    assert current(marts) == first
    assert rollback(marts, third.id) == third == current(marts)


def test_there_is_nothing_before_the_first_release(build: Path, marts: Path) -> None:
    with pytest.raises(PllError, match="Nothing has been published yet"):
        rollback(marts)
    (first,) = _publish(build, marts)
    with pytest.raises(PllError, match=f"no release before the current one.*{first.id}"):
        rollback(marts)
    with pytest.raises(PllError, match="no release 2020"):
        rollback(marts, "2020-01-01T000000Z")


@pytest.mark.parametrize("name", ["..", "../../elsewhere", "", "."])
def test_a_release_is_asked_for_by_name_never_by_path(build: Path, marts: Path, name: str) -> None:
    _publish(build, marts, 2)
    with pytest.raises(PllError, match="There is no release"):
        rollback(marts, name)


def test_a_release_rolled_back_to_is_not_pruned_while_it_is_current(
    build: Path, marts: Path
) -> None:
    first, *_ = _publish(build, marts, 3)
    rollback(marts, first.id)
    releases._prune(marts, 1)
    assert current(marts) == first
    assert first.id in _ids(marts)


def test_a_publish_after_a_rollback_is_current_and_compared_with_what_was(
    build: Path, marts: Path, compared_with: list[Path | None]
) -> None:
    first, _ = _publish(build, marts, 2)
    rollback(marts)
    (third,) = _publish(build, marts)
    assert current(marts) == third
    assert compared_with[-1] == first.folder


def test_a_damaged_release_is_not_rolled_back_to(build: Path, marts: Path) -> None:
    first, second = _publish(build, marts, 2)
    file = first.folder / "pll.xlsx"
    file.chmod(0o644)
    file.write_text("changed")
    with pytest.raises(PllError, match=r"is damaged: pll.xlsx is missing or changed"):
        rollback(marts)
    assert current(marts) == second


def test_a_link_that_leads_nowhere_is_no_release_and_the_next_publish_repairs_it(
    build: Path, marts: Path
) -> None:
    (first,) = _publish(build, marts)
    release_folder.remove(first.folder)
    assert current(marts) is None
    (second,) = _publish(build, marts)
    assert current(marts) == second


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
    monkeypatch.setattr(os, "symlink", _raising(request.param))


@pytest.mark.usefixtures("no_links")
def test_without_links_the_files_of_current_are_replaced(
    build: Path, marts: Path, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(releases, "write_release", _with_one_more_file(written))
        (first,) = _publish(build, marts)
    folder = marts / "current"
    assert folder.is_dir()
    assert not folder.is_symlink()
    assert current(marts) == first
    (second,) = _publish(build, marts)
    assert current(marts) == second
    verify(Release("current", folder))
    here = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert here == {file["path"] for file in second.manifest["files"]} | {"release.json"}
    assert rollback(marts) == first == current(marts)
    assert (folder / "more" / "file.txt").is_file()
    verify(Release("current", folder))
    assert left_behind(marts) == []


def _with_one_more_file(written: Path) -> Callable[..., None]:
    """Writes a release that has a file the others do not have."""

    def write(folder: Path, _: Path, release_id: str, *__: Inputs) -> None:
        shutil.copytree(written, folder, dirs_exist_ok=True)
        (folder / "more").mkdir()
        (folder / "more" / "file.txt").write_text("more")
        manifest = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        more = {"path": "more/file.txt", "sha256": releases.hash_of(folder / "more" / "file.txt")}
        manifest |= {"release_id": release_id, "files": [*manifest["files"], more]}
        (folder / "release.json").write_text(json.dumps(manifest), encoding="utf-8")

    return write


@pytest.mark.usefixtures("no_links")
def test_without_links_release_json_comes_last(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = []
    replace_file = os.replace

    def noted(old: Path, new: Path) -> None:
        replaced.append(Path(new).name)
        replace_file(old, new)

    monkeypatch.setattr(os, "replace", noted)
    _publish(build, marts)
    assert replaced[-1] == "release.json"
    assert replaced.count("release.json") == 1


@pytest.mark.usefixtures("no_links")
def test_without_links_a_replacement_that_was_interrupted_is_repaired_by_the_next_publish(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = _publish(build, marts)
    replace_file = os.replace

    def cut(old: Path, new: Path) -> None:
        if Path(new).name == "pll.xlsx":
            raise OSError(28, "No space left on device")
        replace_file(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", cut)
        with pytest.raises(PllError, match="The disk is full"):
            _publish(build, marts)
    (second,) = _publish(build, marts)
    assert _ids(marts) == [first.id, second.id]
    assert current(marts) == second
    verify(Release("current", marts / "current"))
    assert left_behind(marts) == []


def test_a_link_that_is_there_is_never_written_through(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = _publish(build, marts)
    monkeypatch.setattr(os, "symlink", _raising(OSError(1, "Operation not permitted")))
    with pytest.raises(PllError, match="cannot be written to"):
        _publish(build, marts)
    verify(first)
    assert _ids(marts) == [first.id]
