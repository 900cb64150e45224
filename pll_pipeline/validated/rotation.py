"""Which snapshots a night hashes: new and changed files, and a thirtieth of the others in turn.

Every archived byte is hashed when it is read. After that, a file whose size and times on the disk
are those of its last hashing is hashed again only in its turn, so that thirty nights cover all. An
edit changes the times; what decays on a disk does not, and is found in its turn, by
`pll archive --verify` or by `pll doctor`. Not here: hashing (`archive.py`, `verdicts.py`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from pll_pipeline.disposable import read_json
from pll_pipeline.validated.writing import write_json

NIGHTS = 30
# A file that was written just now may be written again without a change of its times.
SETTLED_SECONDS = 2.0
Signature = dict[str, tuple[int, int, int]]


class _Hashed(BaseModel):
    """When the files of a snapshot were hashed last, with their sizes and times then."""

    night: int
    files: Signature


class _Record(BaseModel):
    """The hashings of one source, by name of the snapshot; nights are counted from 1."""

    night: int = 0
    snapshots: dict[str, _Hashed] = {}


class Rotation:
    """The hashings of one night and one source, recorded in a file.

    `names` are the snapshots there are. A record that cannot be read is none: all are hashed.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._path = path
        record = _Record()
        with suppress(ValidationError):
            record = _Record.model_validate(read_json(self._path))
        self._seen = {name: record.snapshots[name] for name in names if name in record.snapshots}
        self._night = record.night + 1
        self._turn = set(sorted(names, key=self._last_night)[: math.ceil(len(names) / NIGHTS)])
        self._hashed: set[str] = set()

    def is_due(self, name: str, folders: Iterable[Path]) -> bool:
        """Whether the files of a snapshot are hashed tonight."""
        seen = self._seen.get(name)
        return seen is None or name in self._turn or seen.files != _signature(folders)

    def is_hashed(self, name: str) -> bool:
        """Whether they were hashed tonight already."""
        return name in self._hashed

    def hashed(self, name: str, folders: Iterable[Path]) -> None:
        """Record that they were hashed now, and are what was written."""
        self._hashed.add(name)
        files = _signature(folders)
        latest = max((changed for _, _, changed in files.values()), default=0)
        self._seen.pop(name, None)
        if latest < time.time_ns() - SETTLED_SECONDS * 1e9:
            self._seen[name] = _Hashed(night=self._night, files=files)

    def require_all(self) -> None:
        """From now on every snapshot is due."""
        self._seen.clear()

    def write(self) -> None:
        """Keep the record for the next night."""
        write_json(_Record(night=self._night, snapshots=self._seen).model_dump(), self._path)

    def _last_night(self, name: str) -> tuple[int, str]:
        seen = self._seen.get(name)
        return (seen.night if seen else 0, name)


def _signature(folders: Iterable[Path]) -> Signature:
    """Size and times of each file, as the disk has them."""
    signature = {}
    for folder in folders:
        for path in sorted(folder.glob("*")):
            state = path.stat(follow_symlinks=False)
            signature[str(path)] = (state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    return signature
