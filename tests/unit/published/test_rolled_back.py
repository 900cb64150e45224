"""Rollbacks that last: which release is chosen, what is recorded, when it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import rolled_back
from pll_pipeline.published.current_release import repair
from pll_pipeline.published.publish import publish
from pll_pipeline.published.releases import (
    Release,
    active_rollback,
    current,
    is_same,
    make_current,
    rollback,
)
from tests.release_world import BUILT_AT, ids, inputs

pytestmark = pytest.mark.usefixtures("compared_with")
RECORD = "rollback.json"


def _publish(build: Path, marts: Path, letter: str, **facts: Any) -> Release:
    return publish(build, marts, inputs(fingerprint=letter * 64, **facts), now=BUILT_AT)


def _used(name: str, day: int) -> dict[str, str]:
    return {
        "source_name": name,
        "snapshot_at": f"2026-11-{day:02d}T02:00:00Z",
        "sha256": f"{day:064x}",
    }


def test_a_rollback_passes_over_releases_of_the_same_inputs(build: Path, marts: Path) -> None:
    good = _publish(build, marts, "a")
    _publish(build, marts, "b")
    _publish(build, marts, "b")
    assert rollback(marts) == good


def test_a_rollback_passes_over_releases_with_the_same_figures(tmp_path: Path) -> None:
    def release(name: str, figures: str) -> Release:
        folder = tmp_path / name
        folder.mkdir()
        files = [{"path": "csv/figures.csv", "sha256": figures}, {"path": "x", "sha256": name}]
        (folder / "release.json").write_text(json.dumps({"fingerprint": name, "files": files}))
        return Release(name, folder)

    first, second, third = release("a", "1"), release("b", "2"), release("c", "2")
    assert is_same(second, third)
    assert not is_same(first, third)


def test_a_rollback_after_a_rollback_does_not_lead_to_what_was_rolled_back_from(
    build: Path, marts: Path
) -> None:
    good = _publish(build, marts, "a")
    _publish(build, marts, "b")
    rollback(marts)
    _publish(build, marts, "c")
    assert active_rollback(marts) is None
    assert rollback(marts) == good


def test_a_rollback_lasts_until_a_release_is_published(build: Path, marts: Path) -> None:
    good, wrong = _publish(build, marts, "a"), _publish(build, marts, "b")
    assert active_rollback(marts) is None
    rollback(marts)
    record = active_rollback(marts)
    assert record
    assert (record.current, record.left) == (good.id, wrong.id)
    assert record.rejected == {wrong.id: "b" * 64}
    _publish(build, marts, "c")
    assert active_rollback(marts) is None


def test_publishing_what_was_rolled_back_from_all_the_same_forgets_it(
    build: Path, marts: Path
) -> None:
    _publish(build, marts, "a")
    _publish(build, marts, "b")
    rollback(marts)
    _publish(build, marts, "b")
    assert not (marts / RECORD).exists()


def test_going_forward_to_the_newest_release_ends_the_rollback(build: Path, marts: Path) -> None:
    _publish(build, marts, "a")
    newest = _publish(build, marts, "b")
    rollback(marts)
    assert rollback(marts, newest.id) == newest
    assert active_rollback(marts) is None


def test_a_rollback_that_is_refused_leaves_no_record(build: Path, marts: Path) -> None:
    _publish(build, marts, "a")
    with pytest.raises(PllError, match="no release before the current one with other figures"):
        rollback(marts)
    assert not (marts / RECORD).exists()


def test_a_rollback_killed_before_it_moved_the_link_is_completed(
    build: Path, marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, wrong = _publish(build, marts, "a"), _publish(build, marts, "b")

    def kill(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "symlink", kill)
        with pytest.raises(KeyboardInterrupt):
            rollback(marts)
    assert current(marts) == wrong
    repair(marts)
    assert current(marts) == good
    assert active_rollback(marts)


def test_a_publish_killed_before_it_ended_the_rollback_has_ended_it(
    build: Path, marts: Path
) -> None:
    _publish(build, marts, "a")
    _publish(build, marts, "b")
    rollback(marts)
    record = (marts / RECORD).read_bytes()
    newest = _publish(build, marts, "c")
    (marts / RECORD).write_bytes(record)
    repair(marts)
    assert current(marts) == newest
    assert active_rollback(marts) is None


@pytest.mark.parametrize(
    "damage",
    [b"", b"\x00\xff noise", b"[]", b"{}", b'{"at": 1', b'{"at":1,"left":2,"current":3}', b"null"],
)
def test_a_damaged_record_is_renewed_and_the_rollback_lasts(
    build: Path, marts: Path, damage: bytes
) -> None:
    good, wrong = _publish(build, marts, "a"), _publish(build, marts, "b")
    rollback(marts)
    (marts / RECORD).write_bytes(damage)
    assert rolled_back.fault_of(marts) == "cannot be read"
    repair(marts)
    assert rolled_back.fault_of(marts) is None
    record = active_rollback(marts)
    assert record
    assert record.rejected == {wrong.id: "b" * 64}
    assert current(marts) == good
    assert [path.read_bytes() for path in marts.glob("rollback.json.damaged-*")] == [damage]


def test_a_folder_in_place_of_the_record_is_renewed(build: Path, marts: Path) -> None:
    _publish(build, marts, "a")
    (marts / RECORD).mkdir()
    assert rolled_back.fault_of(marts) == "cannot be read"
    repair(marts)
    assert rolled_back.fault_of(marts) is None
    assert active_rollback(marts) is None


def test_a_release_that_was_never_made_current_is_no_rollback(build: Path, marts: Path) -> None:
    good = _publish(build, marts, "a")
    _publish(build, marts, "b")
    make_current(marts, good)
    assert active_rollback(marts) is None


def test_the_snapshots_that_the_wrong_release_used_alone_are_named(
    build: Path, marts: Path
) -> None:
    both, old, new = _used("population", 1), _used("figures", 2), _used("figures", 3)
    good = _publish(build, marts, "a", snapshots=[both, old])
    wrong = _publish(build, marts, "b", snapshots=[both, new])
    (used,) = rolled_back.snapshots_not_in(wrong.manifest, good.manifest)
    assert used.exclude_command == (
        'pll archive figures --set-aside 2026-11-03T020000Z --because "why it is wrong"'
    )
    assert rolled_back.snapshots_not_in(good.manifest, good.manifest) == []
    assert ids(marts) == [good.id, wrong.id]
