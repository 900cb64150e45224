"""One writer at a time: a file lock held while a night, an archive or a rollback works.

The lock goes with the process that holds it, however that ends. Not here: what is done under it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pll_pipeline.errors import PllError


@contextmanager
def one_writer(lock_file: Path, doing: str) -> Iterator[None]:
    """Hold the lock while the block runs. Raises `PllError` at once, naming who holds it, when somebody does."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = lock_file.open("a+", encoding="utf-8")
    except OSError as error:
        raise PllError(
            f"The lock cannot be opened: {error.strerror}",
            where=str(lock_file),
            do="give write access to the data folder",
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise PllError(
                f"Another run is under way: {holder}",
                where=str(lock_file),
                do="wait until it has ended, then run again",
            ) from None
        handle.seek(0)
        handle.truncate()
        handle.write(
            f"{doing}, process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        )
        handle.flush()
        yield
