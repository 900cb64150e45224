"""Releases: published by rename, made current by one link, rolled back, pruned, and asked read-only.

    data/marts/releases/<release_id>/   complete, read-only, never changed
    data/marts/current                  a link to one of them

A reader therefore always meets one whole release, whatever is being written beside it. Where links cannot be made,
`current` is a folder whose files are replaced one by one, `release.json` last. One writer at a time: the caller holds
the lock (`lock.py`). Not here: what a release holds (`publishing/`), the build file's making (dbt).
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
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl

from pll_pipeline.config import RELEASES_KEPT
from pll_pipeline.errors import PllError
from pll_pipeline.published.descriptor import MANIFEST, hash_of
from pll_pipeline.published.duckdb import FILE_NAME, literal, quoted
from pll_pipeline.published.outputs import Inputs, write_release

RELEASES = "releases"
CURRENT = "current"
_TIME = "%Y-%m-%dT%H%M%SZ"
_RELEASE_ID = re.compile(r"(\d{4}-\d\d-\d\dT\d{6}Z)(?:-(\d+))?")
_WRITING, _REMOVING = ".writing-", ".removing-"
_NEW_LINK = ".current-new"
_STAGED = ".replacing"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_WRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)


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
        """What `release.json` says. Raises `PllError` when it cannot be read."""
        try:
            return json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(self, f"{MANIFEST} cannot be read: {error}") from error


def publish(
    build_file: Path,
    marts_dir: Path,
    inputs: Inputs,
    *,
    keep: int = RELEASES_KEPT,
    now: datetime | None = None,
) -> Release:
    """Write a release beside the last one, make it current, and prune to the newest `keep`.

    `now` is when it is built, the clock's time by default. Raises `PllError` when any step fails; then the last release
    is still current and nothing of the failed one stays.
    """
    marts_dir = marts_dir.absolute()
    built_at = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    with _told(marts_dir):
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
    """The release that readers get now, in its own folder; None before the first, or when the link leads nowhere."""
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
    """The release that readers get now. Raises `PllError` when there is none."""
    release = current(marts_dir)
    if release is None:
        raise PllError("Nothing has been published yet", where=str(marts_dir), do="run `pll run`")
    return release


def releases(marts_dir: Path) -> list[Release]:
    """Every whole release, oldest first."""
    found = (
        (_RELEASE_ID.fullmatch(folder.name), folder)
        for folder in (marts_dir.absolute() / RELEASES).glob("[0-9]*")
    )
    return [
        Release(folder.name, folder)
        for _, folder in sorted((_order(folder.name), folder) for match, folder in found if match)
    ]


def rollback(marts_dir: Path, release_id: str | None = None) -> Release:
    """Make an earlier release current: the named one, or the newest before the current one.

    The next publish makes its own release current again. Raises `PllError` when there is no such release or its files
    are not what they were when published; then nothing changes.
    """
    marts_dir = marts_dir.absolute()
    held, now = releases(marts_dir), require_current(marts_dir)
    if release_id is None:
        asked = "before the current one"
        fitting = [release for release in held if _order(release.id) < _order(now.id)]
    else:
        asked = release_id
        fitting = [release for release in held if release.id == release_id]
    if not fitting:
        names = ", ".join(release.id for release in held)
        raise PllError(
            f"There is no release {asked}",
            where=str(marts_dir),
            do=f"name one of those held: {names}",
        )
    chosen = fitting[-1]
    verify(chosen)
    with _told(marts_dir):
        _make_current(marts_dir, chosen)
    return chosen


def verify(release: Release) -> None:
    """Hold every file of a release against its hash in `release.json`. Raises `PllError` for the first that differs."""
    for file in release.manifest["files"]:
        path = release.folder / file["path"]
        if not path.is_file() or hash_of(path) != file["sha256"]:
            raise _damaged(release, f"{file['path']} is missing or changed")


def sweep(marts_dir: Path) -> None:
    """Clear what a killed publish left: folders half written or half removed, and a `current` half replaced.

    `publish` does it by itself. Raises `PllError` when the folder cannot be written to.
    """
    with _told(marts_dir):
        _sweep(marts_dir.absolute())


def query(release: Release, sql: str) -> pl.DataFrame:
    """The answer of one statement on the release; tables may be named with or without their schema.

    The connection is read-only and reaches no other file and no network. Times are in UTC, sums of integers are
    64-bit, intervals come as text. Raises `PllError` with DuckDB's own words when the statement fails, and when it gives
    no columns or two of the same name.
    """
    where = f"release {release.id}"
    with TemporaryDirectory(prefix="pll-query-") as spill, _connect(spill) as connection:
        try:
            connection.execute("set timezone = 'UTC'")
            connection.execute(f"attach {literal(release.database)} as pll (read_only)")
            connection.execute("set search_path = 'pll.marts,pll.star,pll.meta'")
            connection.execute("set enable_external_access = false")
            connection.execute("set lock_configuration = true")
            answer = connection.sql(sql)
            if answer is None:
                raise PllError(
                    "The statement gives no answer",
                    where=where,
                    do="write one SELECT, DESCRIBE or SHOW",
                )
            if len(set(answer.columns)) < len(answer.columns):
                raise PllError(
                    f"Two columns of the answer have the same name: {', '.join(answer.columns)}",
                    where=where,
                    do="name them with AS",
                )
            # The frame knows no intervals, and would turn DuckDB's 128-bit sums into decimals.
            casts = [
                f"cast({quoted(name)} as {'bigint' if kind == 'HUGEINT' else 'varchar'}) as {quoted(name)}"
                for name, kind in zip(answer.columns, map(str, answer.types), strict=True)
                if kind == "HUGEINT" or "INTERVAL" in kind
            ]
            if casts:
                answer = answer.project(f"* replace ({', '.join(casts)})")
            return pl.DataFrame(answer)
        except (duckdb.Error, pl.exceptions.PolarsError) as error:
            # DuckDB draws an arrow below the statement, which has no place in a paragraph.
            reason = " ".join(str(error).split("\n\nLINE ")[0].split())
            raise PllError(
                f"The query failed: {reason}", where=where, do="correct the statement"
            ) from error


def _connect(spill: str) -> duckdb.DuckDBPyConnection:
    """An in-memory connection that loads no extension; what it reads is attached."""
    return duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": spill,
        },
    )


def _order(release_id: str) -> tuple[str, int]:
    time, number = _RELEASE_ID.fullmatch(release_id).groups()
    return time, int(number or 1)


def _next_id(marts_dir: Path, built_at: datetime) -> str:
    """The time as an id; with a number behind it where an id is as late already, also when the clock was set back."""
    time = built_at.strftime(_TIME)
    newest = max((_order(release.id) for release in releases(marts_dir)), default=("", 0))
    return time if newest < (time, 1) else f"{newest[0]}-{newest[1] + 1}"


def _write(
    release: Release, build_file: Path, built_at: datetime, inputs: Inputs, previous: Release | None
) -> None:
    """Write the release into a folder beside its place, on the disk for good, and rename it there."""
    writing = release.folder.with_name(f"{_WRITING}{release.id}")
    writing.mkdir()
    write_release(
        writing, build_file, release.id, built_at, inputs, previous.folder if previous else None
    )
    _seal(writing)
    os.rename(writing, release.folder)
    _sync(release.folder.parent)


def _seal(folder: Path) -> None:
    """Make a folder and all in it read-only, and have the disk hold it before anything points to it."""
    for parent, _, files in os.walk(folder, topdown=False):
        for path in (*(Path(parent, name) for name in files), Path(parent)):
            with suppress(PermissionError):  # file systems without modes
                path.chmod(0o555 if path.is_dir() else 0o444)
            _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if not (
            error.errno == errno.EINVAL and path.is_dir()
        ):  # some network file systems know no fsync of folders
            raise
    finally:
        os.close(handle)


def _make_current(marts_dir: Path, release: Release) -> None:
    link = marts_dir / CURRENT
    if link.is_symlink() or not link.exists():
        new = marts_dir / _NEW_LINK
        new.unlink(missing_ok=True)
        try:
            os.symlink(Path(RELEASES, release.id), new, target_is_directory=True)
        except (OSError, NotImplementedError) as error:
            if link.is_symlink() or getattr(error, "errno", None) in (
                *_FULL,
                errno.EROFS,
                errno.EACCES,
            ):
                raise
        else:
            os.replace(new, link)
            _sync(marts_dir)
            return
    _replace_files(link, release)


def _replace_files(folder: Path, release: Release) -> None:
    """Put copies of a release's files into the folder `current`, `release.json` last.

    All are staged first, so that the time in which files of two releases stand side by side is short; while anything is
    staged, the folder is not whole.
    """
    staged = folder / _STAGED
    shutil.rmtree(staged, ignore_errors=True)
    names = [file["path"] for file in release.manifest["files"]] + [MANIFEST]
    for name in names:
        (staged / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(release.folder / name, staged / name)
        with suppress(PermissionError):
            (staged / name).chmod(0o444)
        _sync(staged / name)
    for name in names:
        os.replace(staged / name, folder / name)
    shutil.rmtree(staged)
    for path in [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).as_posix() not in names
    ]:
        path.unlink()
    _sync(folder)


def _sweep(marts_dir: Path) -> None:
    for left in (marts_dir / RELEASES).glob(".*"):
        if left.name.startswith((_WRITING, _REMOVING)):
            _remove(left)
    (marts_dir / _NEW_LINK).unlink(missing_ok=True)
    staged = marts_dir / CURRENT / _STAGED
    if staged.is_dir():
        held = current(marts_dir)
        if held:
            _replace_files(marts_dir / CURRENT, held)
        else:
            shutil.rmtree(staged)


def _prune(marts_dir: Path, keep: int) -> None:
    """Remove all but the newest `keep` releases and the current one. What cannot be removed now goes next time."""
    held = current(marts_dir)
    for release in releases(marts_dir)[: -max(keep, 1)]:
        if release != held:
            with suppress(OSError):
                _remove(release.folder)


def _remove(folder: Path) -> None:
    """Remove a release folder; it loses its name first, so that nobody takes a half for a whole."""
    if not folder.name.startswith("."):
        nameless = folder.with_name(f"{_REMOVING}{folder.name}")
        os.rename(folder, nameless)
        folder = nameless
    for parent, _, _ in os.walk(folder):
        with suppress(PermissionError):
            os.chmod(parent, 0o755)
    shutil.rmtree(folder)


@contextmanager
def _undone_on_failure(
    marts_dir: Path, release: Release, previous: Release | None
) -> Iterator[None]:
    """Take a failed publish back as far as possible, and say what stands."""
    try:
        yield
    except BaseException as error:
        needed = max(
            _size(release.folder.with_name(f"{_WRITING}{release.id}")),
            _size(previous.folder) if previous else 0,
        )
        with suppress(OSError):
            if release.folder.exists() and current(marts_dir) != release:
                _remove(release.folder)
            _sweep(marts_dir)
        if isinstance(error, PllError) or not isinstance(error, Exception):
            raise
        stands = (
            f"The last release, {previous.id}, is still current"
            if previous
            else "Nothing was published"
        )
        raise _explained(error, marts_dir, stands, needed) from error


@contextmanager
def _told(marts_dir: Path) -> Iterator[None]:
    """Tell a failure of the file system as a paragraph for a person."""
    try:
        yield
    except OSError as error:
        raise _explained(error, marts_dir, "No release was changed", 0) from error


def _explained(error: Exception, marts_dir: Path, stands: str, needed: int) -> PllError:
    def is_one_of(numbers: tuple[int, ...]) -> bool:
        # DuckDB and the workbook's writer pass the system's reason on as text only.
        return getattr(error, "errno", None) in numbers or any(
            os.strerror(n) in str(error) for n in numbers
        )

    where = str(marts_dir)
    if is_one_of(_FULL):
        takes = f"a release takes at least {_megabytes(needed)} and" if needed else "only"
        what, do = (
            f"The disk is full: {takes} {_megabytes(shutil.disk_usage(marts_dir).free)} are free",
            "make room, then run again",
        )
    elif is_one_of(_NOT_WRITABLE):
        what, do = (
            f"The folder of releases cannot be written to ({error})",
            "give write access to it, then run again",
        )
    else:
        during = "".join(f", {note}" for note in getattr(error, "__notes__", ()))
        what, do = (
            f"The release could not be published{during}: {error}",
            "mend what the message says, then run again; --debug shows where it arose",
        )
    return PllError(f"{what}. {stands}", where=where, do=do)


def _damaged(release: Release, what: str) -> PllError:
    return PllError(
        f"Release {release.id} is damaged: {what}",
        where=str(release.folder),
        do="choose another release, or run `pll rebuild`",
    )


def _size(folder: Path) -> int:
    return (
        sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if folder.is_dir()
        else 0
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
