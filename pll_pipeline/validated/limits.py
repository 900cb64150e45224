"""Limits of a reading: of memory and time, in the process that reads.

A night reads in a process of its own (`child.py`), a command in a fork of its own
(`inspection/apart.py`); both become limited here. What reads in a process that goes on afterwards
is limited for a while. Not here: what is read.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pll_pipeline.errors import PllError

MOST_SECONDS = 600.0  # by the clock
MOST_BYTES = 6 * 2**30
# After the time is over, how long code that does not return to Python may go on.
_GRACE_SECONDS = 60.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
# Processors that a reading may keep busy at the same time: the limit of CPU time follows from it.
_PROCESSORS = 4
_DO = (
    "look at the publication, which may be far larger than it was or made to do harm; a night"
    " refuses it for the same reason"
)


class TooMuch(PllError):
    """A reading used more time or memory than it may."""


@contextmanager
def limited(
    where: str, seconds: float = MOST_SECONDS, memory_bytes: int = MOST_BYTES
) -> Iterator[None]:
    """Let the block use no more seconds, and no more bytes of memory beyond those in use.

    Raises `TooMuch`, naming `where`. Code that does not return to Python ends the process with
    exit code 1, at the latest a minute after the time is over. Time is limited in the main thread.
    """
    memory = resource.getrlimit(resource.RLIMIT_AS)
    try:
        _limit_memory(memory, memory_bytes)
        with _limited_time(where, seconds):
            yield
    except MemoryError as error:
        most = f"{memory_bytes / 2**30:g} GB"
        raise too_much(f"The reading needed more memory than {most}", where) from error
    finally:
        resource.setrlimit(resource.RLIMIT_AS, memory)


def become_limited(parent: int, seconds: float, memory_bytes: int) -> None:
    """Give this process its limits for good, beyond the memory that it has in use.

    It ends with its parent, of that id, and first when the machine is short of memory.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    _lower(resource.RLIMIT_AS, address_space() + memory_bytes)
    _lower(resource.RLIMIT_CPU, int(seconds * _PROCESSORS) + 1)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (least, least))


def too_much(what: str, where: str) -> TooMuch:
    """A reading that ended as the sentence `what` says."""
    return TooMuch(what, where=where, do=_DO)


def _limit_memory(before: tuple[int, int], memory_bytes: int) -> None:
    soft, hard = before
    most = address_space() + memory_bytes
    bounds = [bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([most, *bounds]), hard))


def address_space() -> int:
    """The bytes of address space that this process has in use; 0 where no system says so."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


@contextmanager
def _limited_time(where: str, seconds: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise too_much(f"The reading was not done in {seconds:g} seconds", where)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    # a file of a test may be no file of the system
    with suppress(OSError, ValueError, AttributeError):
        faulthandler.dump_traceback_later(
            seconds + _GRACE_SECONDS, exit=True, file=sys.__stderr__ or sys.stderr
        )
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
