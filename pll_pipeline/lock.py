"""One writer at a time: a file lock, kept while a night, an archive or a rollback works.

The operating system releases it when the process ends, in whatever way. Not here: what is done
under it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from pll_pipeline.errors import PllError

# A writer may be about to end that takes no longer than a record of a few lines.
PATIENCE_SECONDS = 0.5
_PAUSE_SECONDS = 0.02


@contextmanager
def one_writer(lock_file: Path, doing: str) -> Iterator[None]:
    """Lock out every other writer while the block runs.

    Raises `PllError`, after `PATIENCE_SECONDS`, where another process has the lock; the message
    names that process and what it is `doing`.
    """
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        handle = lock_file.open("a+", encoding="utf-8")
    except OSError as error:
        raise PllError(
            f"The lock cannot be opened: {error.strerror}",
            where=str(lock_file),
            do="give write access to the data folder",
        ) from error
    with handle:
        try:
            _lock(handle)
        except BlockingIOError:
            handle.seek(0)
            owner = handle.read().strip() or "another process"
            raise PllError(
                f"Another run is under way: {owner}",
                where=str(lock_file),
                do="wait until it has ended, then run again",
            ) from None
        handle.seek(0)
        handle.truncate()
        now = datetime.now(UTC)
        handle.write(f"{doing}, process {os.getpid()}, since {now:%Y-%m-%d %H:%M:%S} UTC")
        handle.flush()
        yield


def _lock(handle: IO[str]) -> None:
    """Take the lock. Raises `BlockingIOError` where another process keeps it."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up_at:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return
