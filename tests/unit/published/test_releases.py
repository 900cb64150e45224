"""Releases as folders: made current, rolled back, pruned."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import publish as publishing
from pll_pipeline.published import release_folder, releases
from pll_pipeline.published.release_info import Inputs
from pll_pipeline.published.releases import (
    Release,
    current,
    rollback,
    verify,
)
from tests.release_world import (
    ids,
    left_behind,
    publish_times,
)

ID = "2026-11-23T030004Z"
pytestmark = pytest.mark.usefixtures("compared_with")


def test_rolling_back_makes_the_release_before_current(build: Path, marts: Path) -> None:
    first, second, third = publish_times(build, marts, 3)
    assert rollback(marts) == second
    assert rollback(marts) == first
    assert current(marts) == first
    assert rollback(marts, third.id) == third == current(marts)


def test_there_is_nothing_before_the_first_release(build: Path, marts: Path) -> None:
    with pytest.raises(PllError, match="Nothing has been published yet"):
        rollback(marts)
    (first,) = publish_times(build, marts)
    with pytest.raises(PllError, match=f"no release before the current one.*{first.id}"):
        rollback(marts)
    with pytest.raises(PllError, match="no release 2020"):
        rollback(marts, "2020-01-01T000000Z")


@pytest.mark.parametrize("name", ["..", "../../elsewhere", "", "."])
def test_a_release_is_asked_for_by_name_never_by_path(build: Path, marts: Path, name: str) -> None:
    publish_times(build, marts, 2)
    with pytest.raises(PllError, match="There is no release"):
        rollback(marts, name)


def test_a_release_rolled_back_to_is_not_pruned_while_it_is_current(
    build: Path, marts: Path
) -> None:
    first, *_ = publish_times(build, marts, 3)
    rollback(marts, first.id)
    releases.prune(marts, 1)
    assert current(marts) == first
    assert first.id in ids(marts)


def test_a_publish_after_a_rollback_is_current_and_compared_with_what_was(
    build: Path, marts: Path, compared_with: list[Path | None]
) -> None:
    first, _ = publish_times(build, marts, 2)
    rollback(marts)
    (third,) = publish_times(build, marts)
    assert current(marts) == third
    assert compared_with[-1] == first.folder


def test_a_damaged_release_is_not_rolled_back_to(build: Path, marts: Path) -> None:
    first, second = publish_times(build, marts, 2)
    file = first.folder / "pll.xlsx"
    file.chmod(0o644)
    file.write_text("changed")
    with pytest.raises(PllError, match=r"is damaged: pll.xlsx is missing or changed"):
        rollback(marts)
    assert current(marts) == second


def test_a_link_that_leads_nowhere_is_no_release_and_the_next_publish_repairs_it(
    build: Path, marts: Path
) -> None:
    (first,) = publish_times(build, marts)
    release_folder.remove(first.folder)
    assert current(marts) is None
    (second,) = publish_times(build, marts)
    assert current(marts) == second


# where links cannot be made


def _raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


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
        patch.setattr(publishing, "write_release", _with_one_more_file(written))
        (first,) = publish_times(build, marts)
    folder = marts / "current"
    assert folder.is_dir()
    assert not folder.is_symlink()
    assert current(marts) == first
    (second,) = publish_times(build, marts)
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
        more = {
            "path": "more/file.txt",
            "sha256": release_folder.hash_of(folder / "more" / "file.txt"),
        }
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
    publish_times(build, marts)
    assert replaced[-1] == "release.json"
    assert replaced.count("release.json") == 1


@pytest.mark.usefixtures("no_links")
def test_without_links_a_replacement_that_was_interrupted_is_repaired_by_the_next_publish(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = publish_times(build, marts)
    replace_file = os.replace

    def cut(old: Path, new: Path) -> None:
        if Path(new).name == "pll.xlsx":
            raise OSError(28, "No space left on device")
        replace_file(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", cut)
        with pytest.raises(PllError, match="The disk is full"):
            publish_times(build, marts)
    (second,) = publish_times(build, marts)
    assert ids(marts) == [first.id, second.id]
    assert current(marts) == second
    verify(Release("current", marts / "current"))
    assert left_behind(marts) == []


def test_a_link_that_is_there_is_never_written_through(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = publish_times(build, marts)
    monkeypatch.setattr(os, "symlink", _raising(OSError(1, "Operation not permitted")))
    with pytest.raises(PllError, match="cannot be written to"):
        publish_times(build, marts)
    verify(first)
    assert ids(marts) == [first.id]
