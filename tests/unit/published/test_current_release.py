"""`current` in every damaged form: found by reading alone, and repaired."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pll_pipeline.published.current_release import (
    drop_damaged,
    file_fault,
    link_fault,
    readable,
    repair,
)
from pll_pipeline.published.releases import (
    Release,
    current,
    make_current,
    newest_whole,
    releases,
    rollback,
    verify,
)
from tests.release_world import ids, left_behind, publish_times

pytestmark = pytest.mark.usefixtures("compared_with")


def _nothing(link: Path) -> None:
    link.unlink()


def _file(link: Path) -> None:
    link.unlink()
    link.write_text("a file")


def _empty_folder(link: Path) -> None:
    link.unlink()
    link.mkdir()


def _foreign_folder(link: Path) -> None:
    link.unlink()
    link.mkdir()
    (link / "notes.txt").write_text("mine")


def _dangling(link: Path) -> None:
    link.unlink()
    link.symlink_to("releases/2020-01-01T000000Z")


def _loop(link: Path) -> None:
    link.unlink()
    link.symlink_to("current")


def _elsewhere(link: Path) -> None:
    target = link.resolve()
    other = link.parent.parent / "elsewhere" / target.name
    shutil.copytree(target, other)
    link.unlink()
    link.symlink_to(other)


def _all_releases(link: Path) -> None:
    link.unlink()
    link.symlink_to("releases")


def _copy_of_nothing_kept(link: Path) -> None:
    link.unlink()
    link.mkdir()
    (link / "release.json").write_text('{"release_id": "2020-01-01T000000Z"}')


def _copy_without_facts(link: Path) -> None:
    link.unlink()
    link.mkdir()
    (link / "release.json").write_text("{")


DAMAGES = {
    _nothing: "is missing",
    _file: "is a file",
    _empty_folder: "is an empty folder",
    _foreign_folder: "is a folder without a release",
    _dangling: "which is not there",
    _loop: "which is not there",
    _elsewhere: "which is no release of this folder",
    _all_releases: "which is no release of this folder",
    _copy_without_facts: "is a folder of no release that is kept",
    _copy_of_nothing_kept: "is a folder of no release that is kept",
}
Damage = Callable[[Path], None]
each_damage = pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)


@each_damage
def test_what_is_no_link_to_a_release_is_found_and_repaired(
    build: Path, marts: Path, damage: Damage
) -> None:
    _, newest = publish_times(build, marts, 2)
    assert link_fault(marts) is None
    damage(marts / "current")
    assert DAMAGES[damage] in (link_fault(marts) or "")
    repair(marts)
    assert link_fault(marts) is None
    assert (marts / "current").is_symlink()
    assert current(marts) == newest
    assert left_behind(marts) == []


@each_damage
def test_a_repaired_link_leads_to_the_release_that_was_rolled_back_to(
    build: Path, marts: Path, damage: Damage
) -> None:
    first, _ = publish_times(build, marts, 2)
    rollback(marts)
    damage(marts / "current")
    repair(marts)
    assert current(marts) == first


@each_damage
def test_a_publish_makes_a_link_whatever_is_in_its_place(
    build: Path, marts: Path, damage: Damage
) -> None:
    publish_times(build, marts)
    damage(marts / "current")
    (newest,) = publish_times(build, marts)
    assert (marts / "current").is_symlink()
    assert current(marts) == newest


def test_what_was_in_the_place_of_the_link_is_put_away(build: Path, marts: Path) -> None:
    publish_times(build, marts)
    _foreign_folder(marts / "current")
    repair(marts)
    (kept,) = marts.glob("current.damaged-*")
    assert [path.name for path in kept.iterdir()] == ["notes.txt"]


def test_before_the_first_release_there_is_nothing_to_repair(marts: Path) -> None:
    repair(marts)
    assert link_fault(marts) is None
    assert file_fault(marts) is None
    assert readable(marts) is None


@pytest.mark.parametrize("name", ["pll.xlsx", "release.json", "pll.duckdb"])
@pytest.mark.parametrize("content", [None, b"", b"noise"])
def test_a_changed_file_of_the_current_release_is_found(
    build: Path, marts: Path, name: str, content: bytes | None
) -> None:
    first, newest = publish_times(build, marts, 2)
    assert file_fault(marts) is None
    _change(newest, name, content)
    assert name in (file_fault(marts) or "")
    assert readable(marts) == (first if name == "release.json" else newest)
    assert link_fault(marts) is None


def _change(release: Release, name: str, content: bytes | None) -> None:
    release.folder.chmod(0o755)
    (release.folder / name).unlink()
    if content is not None:
        (release.folder / name).write_bytes(content)


def _edit_manifest(release: Release) -> None:
    """Change a fact, and no file that is listed."""
    edited = release.manifest | {"stale_sources": []}
    assert edited != release.manifest
    _change(release, "release.json", json.dumps(edited).encode())


def test_an_edit_of_the_manifest_that_keeps_its_list_of_files_is_found(
    build: Path, marts: Path
) -> None:
    first, newest = publish_times(build, marts, 2)
    _edit_manifest(newest)
    assert "release.json is not the one that was published" in (file_fault(marts) or "")
    assert newest_whole(marts) == first


@pytest.mark.parametrize("content", [b"", b"noise", b"\xff\xfe"])
def test_a_damaged_record_of_the_manifest_is_found(
    build: Path, marts: Path, content: bytes
) -> None:
    (newest,) = publish_times(build, marts)
    record = marts / "manifests" / f"{newest.id}.sha256"
    record.unlink()
    record.write_bytes(content)
    assert file_fault(marts)


def test_the_record_of_a_manifest_is_one_that_sha256sum_reads_and_goes_with_its_release(
    build: Path, marts: Path
) -> None:
    folder = marts / "manifests"
    (newest,) = publish_times(build, marts, 1)
    (record,) = folder.glob("*.sha256")
    subprocess.run(["sha256sum", "--check", "--strict", record], cwd=marts, check=True)
    assert newest.id in record.read_text()
    (folder / "2020-01-01T000000Z.sha256").write_text("of a publish that was killed")
    (later,) = publish_times(build, marts, 1, keep=1)
    assert [path.name for path in folder.glob("*.sha256")] == [f"{later.id}.sha256"]


def test_a_lost_record_of_the_manifest_is_found(build: Path, marts: Path) -> None:
    first, newest = publish_times(build, marts, 2)
    (marts / "manifests" / f"{newest.id}.sha256").unlink()
    assert file_fault(marts)
    assert newest_whole(marts) == first


def test_a_release_older_than_such_records_is_whole(build: Path, marts: Path) -> None:
    (newest,) = publish_times(build, marts)
    (marts / "manifests" / f"{newest.id}.sha256").unlink()
    assert file_fault(marts) is None


def test_a_release_is_compared_with_the_newest_that_is_whole(
    build: Path, marts: Path, compared_with: list[Path | None]
) -> None:
    first, second = publish_times(build, marts, 2)
    _change(second, "pll.duckdb", b"noise")
    publish_times(build, marts)
    assert compared_with[-1] == first.folder


def test_damaged_releases_are_removed_but_never_the_current_one(build: Path, marts: Path) -> None:
    first, second, third = publish_times(build, marts, 3)
    _change(first, "pll.xlsx", None)
    _change(third, "release.json", b"{}")
    drop_damaged(marts)
    assert ids(marts) == [second.id, third.id]


# where links could not be made


def test_a_copy_becomes_a_link_where_links_can_be_made(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = publish_times(build, marts)
    (marts / "current").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(os, "symlink", _no_links)
        make_current(marts, first)
    assert not (marts / "current").is_symlink()
    assert link_fault(marts) is None
    assert file_fault(marts) is None
    (second,) = publish_times(build, marts)
    assert (marts / "current").is_symlink()
    assert current(marts) == second
    assert left_behind(marts) == []


def test_a_changed_file_of_a_copy_is_found(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "symlink", _no_links)
    (only,) = publish_times(build, marts)
    assert "the files of `current` are replaced one after the other" in caplog.text
    (marts / "current" / "pll.xlsx").unlink()
    assert "pll.xlsx is missing" in (file_fault(marts) or "")
    verify(only)
    assert releases(marts) == [only]


def _no_links(*_: object, **__: object) -> None:
    raise NotImplementedError
