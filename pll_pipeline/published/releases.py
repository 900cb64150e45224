"""Releases: published by rename, made current by one link, rolled back, pruned.

    data/marts/releases/<release_id>/   complete, read-only, never changed
    data/marts/current                  a link to one of them

A reader therefore always opens one whole release, whatever is being written beside it. Where links
cannot be made, `current` is a folder whose files are replaced one by one, `release.json` last. One
writer at a time: the caller has the lock (`lock.py`).
Not here: the files of a release (`outputs.py`), questions to one (`query.py`), the build file (dbt).
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
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pll_pipeline.config import RELEASES_KEPT
from pll_pipeline.errors import PllError
from pll_pipeline.published import release_folder
from pll_pipeline.published.descriptor import MANIFEST, hash_of
from pll_pipeline.published.duckdb import FILE_NAME
from pll_pipeline.published.outputs import Inputs, write_release

RELEASES = "releases"
CURRENT = "current"
_TIME = "%Y-%m-%dT%H%M%SZ"
_RELEASE_ID = re.compile(r"(\d{4}-\d\d-\d\dT\d{6}Z)(?:-(\d+))?")
_WRITING = ".writing-"
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


def publish(
    build_file: Path,
    marts_dir: Path,
    inputs: Inputs,
    *,
    keep: int = RELEASES_KEPT,
    now: datetime | None = None,
) -> Release:
    """Write a release beside the last one, make it current, and prune to the newest `keep`.

    `now` is when it is built, by default the time of the clock. Raises `PllError` when any step
    fails; then the last release is still current and nothing of the failed one remains.
    """
    marts_dir = marts_dir.absolute()
    built_at = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    with _disk_errors_explained(marts_dir):
        (marts_dir / RELEASES).mkdir(parents=True, exist_ok=True)
        _sweep(marts_dir)
        previous = current(marts_dir)
        release_id = _next_id(marts_dir, built_at)
        release = Release(release_id, marts_dir / RELEASES / release_id)
        with _undone_on_failure(marts_dir, release, previous):
            _write(release, build_file, built_at, inputs, previous)
            _make_current(marts_dir, release)
        _prune(marts_dir, keep)
    return release


def current(marts_dir: Path) -> Release | None:
    """The release that the link `current` leads to, in its own folder.

    None before the first release, or when the link leads nowhere.
    """
    marts_dir = marts_dir.absolute()
    link = marts_dir / CURRENT
    if link.is_symlink():
        release_id = Path(os.readlink(link)).name
    elif (link / MANIFEST).is_file():
        release_id = Release(CURRENT, link).manifest["release_id"]
    else:
        return None
    return next((release for release in releases(marts_dir) if release.id == release_id), None)


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
    return sorted(whole, key=lambda release: _order(release.id))


def rollback(marts_dir: Path, release_id: str | None = None) -> Release:
    """Make an earlier release current: the named one, or the newest before the current one.

    The next publish makes its own release current again. Raises `PllError` when there is no such
    release, or when its files are not as they were published; then nothing changes.
    """
    marts_dir = marts_dir.absolute()
    stored, now = releases(marts_dir), require_current(marts_dir)
    if release_id is None:
        wanted = "before the current one"
        fitting = [release for release in stored if _order(release.id) < _order(now.id)]
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
    chosen = fitting[-1]
    verify(chosen)
    with _disk_errors_explained(marts_dir):
        _make_current(marts_dir, chosen)
    return chosen


def verify(release: Release) -> None:
    """Compare every file of a release with its hash in `release.json`.

    Raises `PllError` for the first that differs.
    """
    for file in release.manifest["files"]:
        path = release.folder / file["path"]
        if not path.is_file() or hash_of(path) != file["sha256"]:
            raise _damaged(release, f"{file['path']} is missing or changed")


def _order(release_id: str) -> tuple[str, int]:
    """The time in an id, and its number among those of the same time."""
    match = _RELEASE_ID.fullmatch(release_id)
    if match is None:
        raise ValueError(f"{release_id} is not the id of a release")
    time, number = match.groups()
    return time, int(number or 1)


def _next_id(marts_dir: Path, built_at: datetime) -> str:
    """The time as an id; where one with this or a later time exists, the newest plus a counter."""
    time = built_at.strftime(_TIME)
    newest = max((_order(release.id) for release in releases(marts_dir)), default=("", 0))
    return time if newest < (time, 1) else f"{newest[0]}-{newest[1] + 1}"


def _write(
    release: Release, build_file: Path, built_at: datetime, inputs: Inputs, previous: Release | None
) -> None:
    """Write the release into a hidden folder, wait for the disk, and give it its name."""
    writing = _hidden(release)
    writing.mkdir()
    write_release(
        writing, build_file, release.id, built_at, inputs, previous.folder if previous else None
    )
    release_folder.seal(writing)
    os.rename(writing, release.folder)
    release_folder.sync(release.folder.parent)


def _hidden(release: Release) -> Path:
    return release.folder.with_name(f"{_WRITING}{release.id}")


def _make_current(marts_dir: Path, release: Release) -> None:
    link = marts_dir / CURRENT
    may_be_linked = link.is_symlink() or not link.exists()
    if not (may_be_linked and _link(marts_dir, release)):
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
    os.replace(new, link)
    release_folder.sync(marts_dir)
    return True


def _replace_current(marts_dir: Path, release: Release) -> None:
    """Replace the files of the folder `current`, `release.json` last."""
    names = [*(file["path"] for file in release.manifest["files"]), MANIFEST]
    release_folder.replace_files(marts_dir / CURRENT, release.folder, names)


def _sweep(marts_dir: Path) -> None:
    """Clear what a killed publish left: folders half written or removed, `current` half replaced."""
    for left in (marts_dir / RELEASES).glob(".*"):
        if left.name.startswith((_WRITING, release_folder.REMOVING)):
            release_folder.remove(left)
    (marts_dir / _NEW_LINK).unlink(missing_ok=True)
    folder = marts_dir / CURRENT
    if release_folder.is_half_replaced(folder):
        release = current(marts_dir)
        if release:
            _replace_current(marts_dir, release)
        else:
            release_folder.drop_staged(folder)


def _prune(marts_dir: Path, keep: int) -> None:
    """Remove all but the newest `keep` releases and the current one.

    A release that cannot be removed now is removed by a later publish.
    """
    now = current(marts_dir)
    for release in releases(marts_dir)[: -max(keep, 1)]:
        if release != now:
            with suppress(OSError):
                release_folder.remove(release.folder)


@contextmanager
def _undone_on_failure(
    marts_dir: Path, release: Release, previous: Release | None
) -> Iterator[None]:
    """Undo a failed publish as far as possible, and name the release that is current."""
    try:
        yield
    except BaseException as error:
        needed = max(
            release_folder.size(_hidden(release)),
            release_folder.size(previous.folder) if previous else 0,
        )
        with suppress(OSError):
            if release.folder.exists() and current(marts_dir) != release:
                release_folder.remove(release.folder)
            _sweep(marts_dir)
        if isinstance(error, PllError) or not isinstance(error, Exception):
            raise
        outcome = (
            f"The last release, {previous.id}, is still current"
            if previous
            else "Nothing was published"
        )
        raise _explained(error, marts_dir, outcome, needed) from error


@contextmanager
def _disk_errors_explained(marts_dir: Path) -> Iterator[None]:
    """Turn a failure of the file system into a paragraph for a person."""
    try:
        yield
    except OSError as error:
        raise _explained(error, marts_dir, "No release was changed", 0) from error


def _explained(error: Exception, marts_dir: Path, outcome: str, needed: int) -> PllError:
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
