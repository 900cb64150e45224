"""The record of rollbacks, `data/marts/rollback.json`: why `current` is not the newest release.

A rollback lasts until what a release is made from changes, or until a release is asked for
(`pll run --again`). The record names the releases that were rolled back from, with the fingerprint
of their inputs, so that the next night does not publish the same figures again. Not here: which
release is current, choosing the one to go back to (`releases.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pll_pipeline.disposable import put_away, read_json, write_whole

FILE = "rollback.json"


@dataclass(frozen=True)
class Rollback:
    """The last rollback.

    `left` and `current` are the ids of the release it led away from and to. `rejected` are the
    fingerprints of all releases that were rolled back from, by release id. `is_active` until
    another release is published.
    """

    at: str
    left: str
    current: str
    rejected: dict[str, str]
    is_active: bool = True


@dataclass(frozen=True)
class SnapshotUsed:
    """A snapshot in the manifest of a release."""

    source_name: str
    snapshot_name: str

    @property
    def exclude_command(self) -> str:
        """The command that takes the snapshot out of use."""
        return (
            f'pll archive {self.source_name} --set-aside {self.snapshot_name} --because "why it is '
            'wrong"'
        )


def path_of(marts_dir: Path) -> Path:
    """Where the record is: beside `current`."""
    return marts_dir / FILE


def fault_of(marts_dir: Path) -> str | None:
    """What is wrong with the record; None where it can be read, or there is none."""
    path = path_of(marts_dir)
    is_there = path.exists() or path.is_symlink()
    return "cannot be read" if is_there and read(marts_dir) is None else None


def read(marts_dir: Path) -> Rollback | None:
    """The last rollback; None where there was none, or its record is damaged."""
    content = read_json(path_of(marts_dir))
    try:
        rollback = Rollback(**content)
    except TypeError:
        return None
    texts = (rollback.at, rollback.left, rollback.current, *_texts_of(rollback.rejected))
    are_texts = all(isinstance(text, str) for text in texts)
    return rollback if are_texts and isinstance(rollback.is_active, bool) else None


def _texts_of(rejected: Any) -> Iterable[Any]:
    return [*rejected, *rejected.values()] if isinstance(rejected, dict) else [rejected, None]


def write(marts_dir: Path, *, left: str, current: str, rejected: dict[str, str]) -> Rollback:
    """Record a rollback from the release `left` to `current`, on disk before this returns."""
    rollback = Rollback(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", left, current, rejected)
    _write(marts_dir, rollback)
    return rollback


def end(marts_dir: Path, stored: Iterable[str], fingerprint: str) -> None:
    """Record that a release with this fingerprint was published after a rollback.

    The releases that were rolled back from are still remembered, as long as they are among
    `stored`, so that a later rollback does not lead to one of them.
    """
    rollback = read(marts_dir)
    if rollback is None:
        return
    names = set(stored)
    rejected = {
        release_id: rejected
        for release_id, rejected in rollback.rejected.items()
        if release_id in names and rejected != fingerprint
    }
    if rejected:
        ended = Rollback(rollback.at, rollback.left, rollback.current, rejected, is_active=False)
        if ended != rollback:
            _write(marts_dir, ended)
    else:
        path_of(marts_dir).unlink(missing_ok=True)


def renew(marts_dir: Path, rollback: Rollback | None) -> None:
    """Put a damaged record away, and write what can be known without it."""
    put_away(path_of(marts_dir), "cannot be read")
    if rollback:
        _write(marts_dir, rollback)


def snapshots_not_in(left: dict[str, Any], good: dict[str, Any]) -> list[SnapshotUsed]:
    """The snapshots that a release used and another did not, from the manifests of both."""
    known = [_identity(used) for used in good["snapshots"]]
    return [
        SnapshotUsed(used["source_name"], snapshot_name(used["snapshot_at"]))
        for used in left["snapshots"]
        if _identity(used) not in known
    ]


def snapshot_name(snapshot_at: str) -> str:
    """The folder of a snapshot, which is named after the time it was taken."""
    return f"{datetime.fromisoformat(snapshot_at).astimezone(UTC):%Y-%m-%dT%H%M%SZ}"


def _identity(used: dict[str, Any]) -> tuple[str, str, str]:
    return used["source_name"], snapshot_name(used["snapshot_at"]), used["sha256"]


def _write(marts_dir: Path, rollback: Rollback) -> None:
    content = json.dumps(asdict(rollback), ensure_ascii=False, indent=2)
    write_whole(path_of(marts_dir), content + "\n")
