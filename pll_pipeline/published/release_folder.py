"""One release as a folder on disk: hashed, made read-only and durable, copied, removed.

Not here: which release is current, how many are kept (`releases.py`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

REMOVING = ".removing-"
MANIFESTS = "manifests"
_SUM = ".sha256"
_STAGED = ".replacing"
_STORED_AT_ONCE = 16
_READ_ONLY_FILE, _READ_ONLY_FOLDER, _OWN_FOLDER = 0o444, 0o555, 0o700


def hash_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sum(release: Path, manifest: Path) -> None:
    """Record the hash of a manifest for the folder that the release is going to have.

    The file is one that `sha256sum -c` reads, beside the folder of all releases. Raises `OSError`
    when the disk cannot store it.
    """
    path = _sum_of(release)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    name = f"{release.parent.name}/{release.name}/{manifest.name}"
    path.write_text(f"{hash_of(manifest)}  {name}\n", encoding="ascii")
    with suppress(PermissionError):
        path.chmod(_READ_ONLY_FILE)
    sync(path)
    sync(path.parent)


def _sum_of(release: Path) -> Path:
    return release.parent.parent / MANIFESTS / f"{release.name}{_SUM}"


def recorded_sum(release: Path) -> str | None:
    """The hash that is recorded for the manifest of a release, whatever is in the record.

    "" where the record is lost; None for releases older than such records.
    """
    record = _sum_of(release)
    try:
        text = record.read_bytes()
    except FileNotFoundError:
        recorded = (other.name.removesuffix(_SUM) for other in record.parent.glob(f"*{_SUM}"))
        is_older = all(name > release.name for name in recorded)
        return None if is_older else ""
    return text.decode("ascii", "replace").partition(" ")[0]


def drop_lone_sums(folder: Path) -> None:
    """Remove the records of releases that are not in `folder`, which killed publishes leave."""
    for path in (folder.parent / MANIFESTS).glob(f"*{_SUM}"):
        if not (folder / path.name.removesuffix(_SUM)).exists():
            path.unlink()


def seal(folder: Path) -> None:
    """Make a folder and all in it read-only, and wait until the disk has stored it.

    Files are stored several at a time: one after the other, each would wait for the journal of the
    file system. A folder comes after what is in it. Raises `OSError` when the disk cannot store it.
    """
    files: list[Path] = []
    folders: list[Path] = []
    for parent, _, names in os.walk(folder, topdown=False):
        files += (Path(parent, name) for name in names)
        folders.append(Path(parent))
    for path in files:
        with suppress(PermissionError):  # file systems without modes
            path.chmod(_READ_ONLY_FILE)
    with ThreadPoolExecutor(_STORED_AT_ONCE) as pool:
        list(pool.map(sync, files))
    for path in folders:
        with suppress(PermissionError):
            path.chmod(_READ_ONLY_FOLDER)
        sync(path)


def sync(path: Path) -> None:
    """Wait until the disk has stored a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # some network file systems have no fsync of folders
        if not (error.errno == errno.EINVAL and path.is_dir()):
            raise
    finally:
        os.close(handle)


def replace_files(folder: Path, release: Path, names: Iterable[str]) -> None:
    """Replace the files of `folder` by copies of those of `release`, in the order of `names`.

    All are staged first, so that files of two releases are mixed for as short a time as possible.
    While `is_half_replaced`, the folder is not whole.
    """
    names = list(names)
    staged = folder / _STAGED
    shutil.rmtree(staged, ignore_errors=True)
    for name in names:
        (staged / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(release / name, staged / name)
        with suppress(PermissionError):
            (staged / name).chmod(_READ_ONLY_FILE)
        sync(staged / name)
    for name in names:
        os.replace(staged / name, folder / name)
    shutil.rmtree(staged)
    for path in list(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in names:
            path.unlink()
    sync(folder)


def is_half_replaced(folder: Path) -> bool:
    """Whether `replace_files` was interrupted in this folder."""
    return (folder / _STAGED).is_dir()


def drop_staged(folder: Path) -> None:
    """Remove what an interrupted `replace_files` staged."""
    shutil.rmtree(folder / _STAGED)


def remove(folder: Path) -> None:
    """Remove a release folder and the record of its manifest.

    It is renamed first, so that no reader takes a part for the whole.
    """
    record = _sum_of(folder)
    if not folder.name.startswith("."):
        renamed = folder.with_name(f"{REMOVING}{folder.name}")
        os.rename(folder, renamed)
        folder = renamed
    for parent, _, _ in os.walk(folder):
        with suppress(PermissionError):
            os.chmod(parent, _OWN_FOLDER)
    shutil.rmtree(folder)
    record.unlink(missing_ok=True)


def size(folder: Path) -> int:
    """The bytes of all files in a folder; 0 where there is no folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
