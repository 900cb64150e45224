"""Publishing: named, made current, compared; and what a failure leaves.

Failing disks and killed processes: tests/night.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import duckdb, release_folder
from pll_pipeline.published import outputs as registry
from pll_pipeline.published import publish as publishing
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.outputs import DATABASE, OUTPUTS
from pll_pipeline.published.publish import publish
from pll_pipeline.published.releases import (
    Release,
    current,
    require_current,
    verify,
)
from tests.release_world import (
    BUILT_AT,
    ids,
    inputs,
    left_behind,
    outputs,
    publish_times,
    write_build,
)

ID = "2026-11-23T030004Z"
pytestmark = pytest.mark.usefixtures("compared_with")


@pytest.fixture
def really_written(compared_with: list[Path | None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases of few outputs are written after all."""
    assert compared_with == []
    monkeypatch.setattr(publishing, "write_release", registry.write_release)
    monkeypatch.setattr(registry, "OUTPUTS", outputs())


@pytest.fixture
def copied_database(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database of a release is a copy of one that was written before."""

    def copy(folder: Path, *_: Any) -> None:
        shutil.copyfile(written / "pll.duckdb", folder / "pll.duckdb")

    monkeypatch.setattr(duckdb, "write", copy)


@pytest.mark.usefixtures("really_written")
def test_a_release_is_named_after_its_time_and_is_current(build: Path, marts: Path) -> None:
    assert current(marts) is None
    (release,) = publish_times(build, marts)
    assert release.id == ID
    assert current(marts) == require_current(marts) == release
    assert release.folder == marts / "releases" / release.id
    assert release.manifest["release_id"] == release.id
    assert release.manifest["built_at"] == "2026-11-23T03:00:04Z"
    assert os.readlink(marts / "current") == f"releases/{release.id}"
    verify(release)


def test_releases_of_one_second_have_different_names_in_order(build: Path, marts: Path) -> None:
    published = [release.id for release in publish_times(build, marts, 11)]
    assert published == [ID, *(f"{ID}-{number}" for number in range(2, 12))]
    assert ids(marts) == published


def test_names_never_go_back_when_the_clock_does(build: Path, marts: Path) -> None:
    publish_times(build, marts)
    (late,) = publish_times(build, marts, now=BUILT_AT - timedelta(days=400))
    assert late.id == f"{ID}-2"
    assert late.manifest["built_at"].startswith("2025-10-19T03:00:04")


def test_a_release_is_read_only_through_and_through(build: Path, marts: Path) -> None:
    (release,) = publish_times(build, marts)
    paths = [release.folder, *release.folder.rglob("*")]
    files = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}
    assert (files, folders) == ({0o444}, {0o555})


def test_the_last_fourteen_releases_are_kept(build: Path, marts: Path) -> None:
    published = publish_times(build, marts, 16)
    assert ids(marts) == [release.id for release in published[2:]]
    assert left_behind(marts) == []


def test_a_release_is_compared_with_the_current_one(
    build: Path, marts: Path, compared_with: list[Path | None]
) -> None:
    first, _ = publish_times(build, marts, 2)
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
    assert (ids(marts), left_behind(marts)) == ([ID], [])
    verify(first)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", MOVING)
def test_a_failure_while_moving_leaves_the_last_release_and_the_next_publish_is_clean(
    step: str, fault: str, build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = publish_times(build, marts)
    error = FAULTS[fault]()
    message = f"The last release, {ID}, is still current"
    with monkeypatch.context() as patch:
        MOVING[step](patch, _raising(error))
        with pytest.raises(PllError, match=message) as caught:
            publish_times(build, marts)
    assert caught.value.__cause__ is error
    assert current(marts) == first
    assert (ids(marts), left_behind(marts)) == ([ID], [])
    verify(first)
    (second,) = publish_times(build, marts)
    assert (ids(marts), left_behind(marts)) == ([first.id, second.id], [])


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
        publish_times(build, marts)
    assert left_behind(marts) == []


@pytest.mark.usefixtures("really_written")
def test_a_build_that_cannot_be_published_gives_its_own_reason(tmp_path: Path, marts: Path) -> None:
    build = write_build(tmp_path / "build.duckdb", "create table marts.mart_sum (total hugeint)")
    with pytest.raises(PllError, match="Column total of mart_sum has the type HUGEINT"):
        publish_times(build, marts)
    assert (ids(marts), left_behind(marts)) == ([], [])
