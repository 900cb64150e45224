"""Releases: made current by one link, rolled back, pruned.

    data/marts/releases/<release_id>/          complete, read-only, never changed
    data/marts/manifests/<release_id>.sha256   the hash of its `release.json`
    data/marts/current                         a link to one of them

A reader therefore always opens one whole release, whatever is being written beside it. Where links
cannot be made, `current` is a folder whose files are replaced one by one, `release.json` last. One
writer at a time: the caller has the lock (`lock.py`).
Not here: how a release is written (`publish.py`), statements on one (`query.py`).
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from pll_pipeline.disposable import LOG, put_away
from pll_pipeline.errors import PllError
from pll_pipeline.published import release_folder, rolled_back, withheld
from pll_pipeline.published.descriptor import MANIFEST
from pll_pipeline.published.duckdb import FILE_NAME
from pll_pipeline.published.rolled_back import Rollback

RELEASES = "releases"
CURRENT = "current"
_RELEASE_ID = re.compile(r"(\d{4}-\d\d-\d\dT\d{6}Z)(?:-(\d+))?")
WRITING = ".writing-"
_NEW_LINK = ".current-new"
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_WRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
_NO_LINK_POSSIBLE = (*_DISK_FULL, errno.EROFS, errno.EACCES)


@dataclass(frozen=True)
class Release:
    """One whole release in its own read-only folder."""

    id: str
    folder: Path

    @property
    def database(self) -> Path:
        """The release's DuckDB file."""
        return self.folder / FILE_NAME

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The content of `release.json`. Raises `PllError` when it cannot be read."""
        try:
            content: dict[str, Any] = json.loads(
                (self.folder / MANIFEST).read_text(encoding="utf-8")
            )
        except (OSError, ValueError) as error:
            raise _damaged(self, f"{MANIFEST} cannot be read: {error}") from error
        return content


def current(marts_dir: Path) -> Release | None:
    """The release that the link `current` leads to, in its own folder.

    None before the first release, or when the link leads nowhere.
    """
    marts_dir = marts_dir.absolute()
    link = marts_dir / CURRENT
    if link.is_symlink():
        release_id: str | None = Path(os.readlink(link)).name
    elif (link / MANIFEST).is_file():
        release_id = _id_of_copy(Release(CURRENT, link))
    else:
        return None
    return next((release for release in releases(marts_dir) if release.id == release_id), None)


def _id_of_copy(copy: Release) -> str | None:
    try:
        return str(copy.manifest["release_id"])
    except (PllError, KeyError, TypeError):
        return None


def require_current(marts_dir: Path) -> Release:
    """The release that the link `current` leads to. Raises `PllError` when there is none."""
    release = current(marts_dir)
    if release is None:
        raise PllError("Nothing has been published yet", where=str(marts_dir), do="run `pll run`")
    return release


def releases(marts_dir: Path) -> list[Release]:
    """Every whole release, oldest first."""
    folders = (marts_dir.absolute() / RELEASES).glob("[0-9]*")
    whole = [
        Release(folder.name, folder) for folder in folders if _RELEASE_ID.fullmatch(folder.name)
    ]
    return sorted(whole, key=lambda release: order(release.id))


def rollback(marts_dir: Path, release_id: str | None = None) -> Release:
    """Make an earlier release current: the named one, or the newest before with other figures.

    Without a name, releases from the same inputs or with the same figures as one that was rolled
    back from are passed over. The rollback is recorded (`rolled_back.py`) and lasts until the
    inputs change or a release is asked for. Raises `PllError` when there is no such release, or
    when its files are not as they were published, or show what a publisher withholds now; then
    nothing changes.
    """
    marts_dir = marts_dir.absolute()
    now = require_current(marts_dir)
    chosen = _chosen(marts_dir, now, release_id)
    verify(chosen)
    _require_nothing_withheld(marts_dir, chosen)
    with disk_errors_explained(marts_dir):
        _record_rollback(marts_dir, now, chosen)
        make_current(marts_dir, chosen)
    return chosen


def _chosen(marts_dir: Path, now: Release, release_id: str | None) -> Release:
    stored = releases(marts_dir)
    if release_id is None:
        wanted = "before the current one with other figures"
        earlier = [release for release in stored if order(release.id) < order(now.id)]
        rejected = [now, *_rejected_releases(marts_dir)]
        fitting = [
            release for release in earlier if not any(is_same(release, wrong) for wrong in rejected)
        ]
    else:
        wanted = release_id
        fitting = [release for release in stored if release.id == release_id]
    if not fitting:
        names = ", ".join(release.id for release in stored)
        raise PllError(
            f"There is no release {wanted}",
            where=str(marts_dir),
            do=f"name one of those that are kept: {names}",
        )
    return fitting[-1]


def _require_nothing_withheld(marts_dir: Path, chosen: Release) -> None:
    """Raise for a release that shows what a publisher withholds by the newest readable release."""
    shown = None
    for newer in reversed(releases(marts_dir)):
        with suppress(duckdb.Error):
            shown = withheld.shown_by(newer.database, chosen.database)
            break
    if shown:
        raise PllError(
            f"Release {chosen.id} shows a figure that its publisher withholds now: {shown}",
            where=str(chosen.folder),
            do="choose a newer release",
        )


def remove_showing_withheld(marts_dir: Path, newest: Release) -> list[str]:
    """Remove the releases that show what a publisher withholds by the newest one; their ids.

    One that cannot be compared or removed now is removed by a later publish.
    """
    removed = []
    for release in releases(marts_dir):
        with suppress(OSError, duckdb.Error):
            if release != newest and withheld.shown_by(newest.database, release.database):
                release_folder.remove(release.folder)
                removed.append(release.id)
    return removed


def _record_rollback(marts_dir: Path, now: Release, chosen: Release) -> None:
    """Write the record before the link is moved: an interrupted rollback is completed from it."""
    before = rolled_back.read(marts_dir)
    newer = [release for release in releases(marts_dir) if order(release.id) > order(chosen.id)]
    rejected = before.rejected if before else {}
    rejected |= {release.id: fingerprint(release) for release in newer}
    of_chosen = fingerprint(chosen)
    rejected = {id_: rejected[id_] for id_ in rejected if rejected[id_] not in ("", of_chosen)}
    if rejected:
        rolled_back.write(marts_dir, left=now.id, current=chosen.id, rejected=rejected)
    else:
        rolled_back.path_of(marts_dir).unlink(missing_ok=True)


def _rejected_releases(marts_dir: Path) -> list[Release]:
    """The releases still kept that were rolled back from."""
    record = rolled_back.read(marts_dir)
    return [release for release in releases(marts_dir) if record and release.id in record.rejected]


def active_rollback(marts_dir: Path) -> Rollback | None:
    """The rollback that made the current release current; None where none did.

    Where the record is damaged, a release newer than the current one counts as rolled back from.
    """
    now, record = current(marts_dir), rolled_back.read(marts_dir)
    if now is None:
        return None
    if record:
        return record if record.is_active and record.current == now.id else None
    newer = [release for release in releases(marts_dir) if order(release.id) > order(now.id)]
    if newer and rolled_back.fault_of(marts_dir):
        rejected = {release.id: fingerprint(release) for release in newer}
        return Rollback("at an unknown time", newer[-1].id, now.id, rejected)
    return None


def fingerprint(release: Release) -> str:
    """The fingerprint of what a release was made from; empty where its manifest cannot be read."""
    try:
        return str(release.manifest["fingerprint"])
    except (PllError, KeyError, TypeError):
        return ""


def is_same(release: Release, other: Release) -> bool:
    """Whether two releases come from the same inputs, or have the same figures."""
    of_release = fingerprint(release)
    if not (of_release and fingerprint(other)):
        return False
    figures = _figures(release)
    return of_release == fingerprint(other) or bool(figures and figures == _figures(other))


def _figures(release: Release) -> dict[str, str]:
    """The hash of each CSV file: these contain figures alone, and not the id of the release."""
    files = release.manifest["files"]
    return {file["path"]: file["sha256"] for file in files if file["path"].startswith("csv/")}


def verify(release: Release) -> None:
    """Compare `release.json` with its recorded hash, and every other file with its hash there.

    Raises `PllError` for the first that differs.
    """
    recorded = release_folder.recorded_sum(_own_folder(release))
    if recorded is not None and not _has_hash(release.folder / MANIFEST, recorded):
        raise _damaged(release, f"{MANIFEST} is not the one that was published")
    try:
        expected = {str(file["path"]): str(file["sha256"]) for file in release.manifest["files"]}
    except (KeyError, TypeError) as error:
        raise _damaged(release, f"{MANIFEST} does not list its files") from error
    for name, sha256 in expected.items():
        if not _has_hash(release.folder / name, sha256):
            raise _damaged(release, f"{name} is missing or changed")


def _own_folder(release: Release) -> Path:
    """The folder of a release among all; that of the copy which `current` may be goes by its id."""
    parent = release.folder.parent
    if parent.name == RELEASES:
        return release.folder
    return parent / RELEASES / str(release.manifest.get("release_id"))


def _has_hash(path: Path, sha256: str) -> bool:
    try:
        return path.is_file() and release_folder.hash_of(path) == sha256
    except OSError:
        return False


def damage_of(release: Release) -> str | None:
    """What is wrong with the files of a release, as a paragraph; None where they are whole."""
    try:
        verify(release)
    except PllError as error:
        return error.paragraph()
    return None


def newest_whole(marts_dir: Path) -> Release | None:
    """The newest release whose files are all as they were published."""
    newest_first = reversed(releases(marts_dir))
    return next((release for release in newest_first if damage_of(release) is None), None)


def order(release_id: str) -> tuple[str, int]:
    """The time in an id, and its number among those of the same time."""
    match = _RELEASE_ID.fullmatch(release_id)
    if match is None:
        raise ValueError(f"{release_id} is not the id of a release")
    time, number = match.groups()
    return time, int(number or 1)


def make_current(marts_dir: Path, release: Release) -> None:
    """Let the link `current` lead to the release. Raises `OSError` when it cannot be written."""
    if not _link(marts_dir, release):
        LOG.warning(
            "links cannot be made in %s: the files of `current` are replaced one after the other, "
            "and a reader may see files of two releases for a moment",
            marts_dir,
        )
        _replace_current(marts_dir, release)


def _link(marts_dir: Path, release: Release) -> bool:
    """Replace the link `current` in one step; False where links cannot be made."""
    link, new = marts_dir / CURRENT, marts_dir / _NEW_LINK
    new.unlink(missing_ok=True)
    try:
        os.symlink(Path(RELEASES, release.id), new, target_is_directory=True)
    except (OSError, NotImplementedError) as error:
        if link.is_symlink() or getattr(error, "errno", None) in _NO_LINK_POSSIBLE:
            raise
        return False
    if not link.is_symlink():
        _clear_way(link)
    os.replace(new, link)
    release_folder.sync(marts_dir)
    return True


def _clear_way(link: Path) -> None:
    """Make way for the link where `current` is a copy of a release, or something else."""
    if (link / MANIFEST).is_file():
        release_folder.remove(link)
    elif link.exists():
        put_away(link, "is no link to a release")


def _replace_current(marts_dir: Path, release: Release) -> None:
    """Replace the files of the folder `current`, `release.json` last."""
    names = [*(file["path"] for file in release.manifest["files"]), MANIFEST]
    folder = marts_dir / CURRENT
    if folder.exists() and not folder.is_dir():
        put_away(folder, "is no folder")
    release_folder.replace_files(folder, release.folder, names)


def sweep(marts_dir: Path) -> None:
    """Clear what a killed publish left.

    That is folders half written or half removed, and the folder `current` half replaced.
    """
    for left in [*(marts_dir / RELEASES).glob(".*"), *marts_dir.glob(".*")]:
        if left.name.startswith((WRITING, release_folder.REMOVING)):
            release_folder.remove(left)
    release_folder.drop_lone_sums(marts_dir / RELEASES)
    (marts_dir / _NEW_LINK).unlink(missing_ok=True)
    folder = marts_dir / CURRENT
    if release_folder.is_half_replaced(folder):
        release = current(marts_dir)
        if release:
            _replace_current(marts_dir, release)
        else:
            release_folder.drop_staged(folder)


def prune(marts_dir: Path, keep: int) -> None:
    """Remove all but the newest `keep` releases and the current one.

    A release that cannot be removed now is removed by a later publish.
    """
    now = current(marts_dir)
    for release in releases(marts_dir)[: -max(keep, 1)]:
        if release != now:
            with suppress(OSError):
                release_folder.remove(release.folder)


@contextmanager
def disk_errors_explained(marts_dir: Path) -> Iterator[None]:
    """Turn a failure of the file system into a paragraph for a person."""
    try:
        yield
    except OSError as error:
        raise explained(error, marts_dir, "No release was changed", 0) from error


def explained(error: Exception, marts_dir: Path, outcome: str, needed: int) -> PllError:
    """The error in plain words, with what is current now; `needed` is in bytes, 0 when unknown."""
    if _is_one_of(error, _DISK_FULL):
        free = _megabytes(shutil.disk_usage(marts_dir).free)
        takes = f"a release takes at least {_megabytes(needed)} and" if needed else "only"
        what = f"The disk is full: {takes} {free} are free"
        do = "make room, then run again"
    elif _is_one_of(error, _NOT_WRITABLE):
        what = f"The folder of releases cannot be written to ({error})"
        do = "give write access to it, then run again"
    else:
        during = "".join(f", {note}" for note in getattr(error, "__notes__", ()))
        what = f"The release could not be published{during}: {error}"
        do = "repair what the message names, then run again; --debug shows where it arose"
    return PllError(f"{what}. {outcome}", where=str(marts_dir), do=do)


def _is_one_of(error: Exception, numbers: tuple[int, ...]) -> bool:
    """Whether the system gave one of these reasons.

    DuckDB and the workbook's writer pass the system's reason on as text only.
    """
    reasons = [os.strerror(number) for number in numbers]
    return getattr(error, "errno", None) in numbers or any(text in str(error) for text in reasons)


def _damaged(release: Release, what: str) -> PllError:
    return PllError(
        f"Release {release.id} is damaged: {what}",
        where=str(release.folder),
        do="choose another release, or run `pll rebuild`",
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
