"""The release that readers see: compared with its manifest, and `current` repaired.

A night begins with `repair`. Not here: making a release current (`releases.py`), publishing
anew where the files of a release differ (`assets/`).
"""

from __future__ import annotations

import os
from pathlib import Path

from pll_pipeline.disposable import LOG
from pll_pipeline.errors import PllError
from pll_pipeline.published import release_folder, rolled_back
from pll_pipeline.published.descriptor import MANIFEST
from pll_pipeline.published.releases import (
    CURRENT,
    RELEASES,
    Release,
    active_rollback,
    current,
    damage_of,
    make_current,
    newest_whole,
    releases,
    sweep,
)


def link_fault(marts_dir: Path) -> str | None:
    """Why `current` leads readers to no release of this folder, as the end of a sentence.

    None where it leads to one, or where there is neither a release nor anything in its place.
    """
    marts_dir = marts_dir.absolute()
    link = marts_dir / CURRENT
    if link.is_symlink():
        return _target_fault(marts_dir, link)
    if not link.exists():
        return "is missing" if releases(marts_dir) else None
    if not link.is_dir():
        return "is a file"
    if release_folder.is_half_replaced(link):
        return "is half replaced"
    if not (link / MANIFEST).is_file():
        return "is a folder without a release" if any(link.iterdir()) else "is an empty folder"
    return None if _copied(marts_dir) else "is a folder of no release that is kept"


def file_fault(marts_dir: Path) -> str | None:
    """What differs between the files that readers see and `release.json`, as a paragraph."""
    marts_dir = marts_dir.absolute()
    release, link = current(marts_dir), marts_dir / CURRENT
    if release is None or link.is_symlink():
        return damage_of(release) if release else None
    return damage_of(release) or damage_of(Release(release.id, link))


def readable(marts_dir: Path) -> Release | None:
    """The current release where its manifest can be read, else the newest where it can."""
    now = current(marts_dir) if link_fault(marts_dir) is None else None
    candidates = [*releases(marts_dir), *([now] if now else [])]
    return next((release for release in reversed(candidates) if _has_manifest(release)), None)


def published_snapshots(marts_dir: Path, source_name: str) -> list[str]:
    """The names of the snapshots of a source that the current release comes from."""
    release = readable(marts_dir)
    used = release.manifest["snapshots"] if release else ()
    return [
        rolled_back.snapshot_name(snapshot["snapshot_at"])
        for snapshot in used
        if snapshot["source_name"] == source_name
    ]


def repair(marts_dir: Path) -> None:
    """Let `current` lead to a release again, complete a rollback, and say what was repaired.

    What was in the place of `current` is put away, never deleted. The caller has the lock. Raises
    `OSError` when it cannot be written, and `PllError` when it cannot be renamed.
    """
    marts_dir = marts_dir.absolute()
    if not marts_dir.is_dir():
        return
    sweep(marts_dir)
    if rolled_back.fault_of(marts_dir):
        rolled_back.renew(marts_dir, active_rollback(marts_dir))
    _complete_rollback(marts_dir)
    fault = link_fault(marts_dir)
    if fault is None:
        return
    release = _fitting(marts_dir)
    LOG.warning("%s %s", marts_dir / CURRENT, fault)
    if release:
        make_current(marts_dir, release)
        LOG.warning("release %s is current again", release.id)


def drop_damaged(marts_dir: Path) -> None:
    """Remove releases other than the current one whose files are not as they were published."""
    now = current(marts_dir)
    for release in releases(marts_dir):
        damage = damage_of(release) if release != now else None
        if damage:
            release_folder.remove(release.folder)
            LOG.warning("release %s is removed. %s", release.id, damage)


def _target_fault(marts_dir: Path, link: Path) -> str | None:
    target = Path(os.readlink(link))
    names = [release.id for release in releases(marts_dir)]
    if target.name in names and link.resolve() == (marts_dir / RELEASES / target.name).resolve():
        return None
    if not link.exists():
        return f"leads to {target}, which is not there"
    return f"leads to {target}, which is no release of this folder"


def _copied(marts_dir: Path) -> bool:
    """Whether the folder `current` is a copy of a release that is kept."""
    copy = Release(CURRENT, marts_dir / CURRENT)
    return _has_manifest(copy) and current(marts_dir) is not None


def _has_manifest(release: Release) -> bool:
    try:
        return isinstance(release.manifest["snapshots"], list)
    except (PllError, KeyError, TypeError):
        return False


def _complete_rollback(marts_dir: Path) -> None:
    """Move the link where a rollback was recorded, and killed before it moved it."""
    record, now = rolled_back.read(marts_dir), current(marts_dir)
    if record is None or now is None or not record.is_active or record.left != now.id:
        return
    chosen = next((r for r in releases(marts_dir) if r.id == record.current), None)
    if chosen and chosen != now and damage_of(chosen) is None:
        make_current(marts_dir, chosen)
        LOG.warning("the rollback to release %s, which was interrupted, is completed", chosen.id)


def _fitting(marts_dir: Path) -> Release | None:
    """The release that `current` should lead to: that of the last rollback, else the newest."""
    record = rolled_back.read(marts_dir)
    wanted = record.current if record and record.is_active else None
    rolled_back_to = next((r for r in releases(marts_dir) if r.id == wanted), None)
    if rolled_back_to and damage_of(rolled_back_to) is None:
        return rolled_back_to
    return newest_whole(marts_dir)
