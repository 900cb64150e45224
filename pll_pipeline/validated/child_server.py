"""A reading in a process of its own: the server that forks once per reading.

It imports what readings need and runs nothing of it, so that a fork is quick and clean. It ends
when the night's process does, however that ends. Not here: the night's side (`child.py`), what a
reading is (`reading.py`).
"""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from pll_pipeline.errors import PllError, paragraph_of
from pll_pipeline.raw.archive import SnapshotDamaged
from pll_pipeline.validated.child import (
    Outcome,
    Task,
    how_it_died,
    receive,
    send,
)
from pll_pipeline.validated.limits import become_limited
from pll_pipeline.validated.reading import read_snapshot
from pll_pipeline.validated.verdicts import Reading, TablesDamaged

_LONGEST_ANSWER = 64 * 2**20
_LONGEST_TEXT = 500
_PIECE = 2**16
_BYTES_OF_MAXRSS = 1 if sys.platform == "darwin" else 1024
# Where less of the limit is left than a thread needs for its stack, libraries fail in words of
# their own, as a thread that cannot be started.
_STACK = 16 * 2**20
_NO_MEMORY = ("cannot allocate memory", "out of memory", "memory allocation")


def serve(tasks: IO[bytes], answers: IO[bytes]) -> None:
    """Answer tasks until the other side closes."""
    while message := receive(tasks):
        task = Task.model_validate_json(message)
        outcome = _in_fork(task, tasks)
        send(answers, outcome.model_dump_json().encode())


def _in_fork(task: Task, tasks: IO[bytes]) -> Outcome:
    """The outcome of a task that a fork of this process does."""
    reader, writer = os.pipe()
    own = os.getpid()
    process = os.fork()
    if process == 0:
        os.close(reader)
        _be_the_child(task, writer, own)
    os.close(writer)
    try:
        answer, is_late = _collected(reader, task.limits.seconds, tasks)
    finally:
        os.close(reader)
        # what has answered is done; what has not is late, too long, or dead already
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        _, status, usage = os.wait4(process, 0)
    outcome = _how_it_ended(answer, status, task.limits.seconds if is_late else None)
    used = {
        "seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * _BYTES_OF_MAXRSS,
    }
    return outcome.model_copy(update=used)


def _how_it_ended(answer: bytes, status: int, late_after: float | None) -> Outcome:
    """The outcome of a reading that sent this answer and ended so, or was ended for being late."""
    if late_after is not None:
        return Outcome(kind="died", text=f"it was not done in {late_after:g} seconds")
    with suppress(ValueError):
        return Outcome.model_validate_json(answer)
    code = os.waitstatus_to_exitcode(status)
    is_killed = code == -signal.SIGKILL and not answer
    return Outcome(kind="died", text=how_it_died(code), is_killed=is_killed)


def _collected(reader: int, seconds: float, tasks: IO[bytes]) -> tuple[bytes, bool]:
    """What the child sends until it closes, and whether it was late."""
    answer = bytearray()
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and len(answer) <= _LONGEST_ANSWER:
        ready, _, _ = select.select([reader, tasks.fileno()], [], [], left)
        if tasks.fileno() in ready:
            # no task comes before this one is answered: the night has ended
            raise SystemExit(0)
        if reader in ready:
            piece = os.read(reader, _PIECE)
            if not piece:
                return bytes(answer), False
            answer += piece
    return bytes(answer), left <= 0


def _be_the_child(task: Task, writer: int, parent: int) -> None:
    """Do the task in a fork and end it."""
    try:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 2)
        become_limited(parent, task.limits.seconds, task.limits.memory_bytes)
        outcome = answered(task)
        with os.fdopen(writer, "wb") as answers:
            answers.write(outcome.model_dump_json().encode())
    finally:
        os._exit(0)


def _most_address_space() -> int:
    """The most bytes of address space that this process has had; 0 where no system says so."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    peak = next((line for line in status.splitlines() if line.startswith("VmPeak:")), "VmPeak: 0")
    return int(peak.split()[1]) * 1024


def answered(task: Task) -> Outcome:
    """The outcome of a task, done in this process. Every error is one of the publication, but for
    those of this machine's disk and of tables that another process changed.
    """
    reading = Reading.model_validate_json(task.reading)
    try:
        return Outcome(kind="verdict", text=read_snapshot(reading).model_dump_json())
    # a panic of Polars is no `Exception`
    except BaseException as error:
        if _is_short_of_memory(error):
            most = _in_words(task.limits.memory_bytes)
            return Outcome(kind="died", text=f"it needed more memory than {most}")
        return _outcome_of(error, reading)


def _outcome_of(error: BaseException, reading: Reading) -> Outcome:
    """What an error is that has nothing to do with memory."""
    if isinstance(error, SnapshotDamaged):
        return Outcome(kind="damaged", text=error.paragraph())
    if isinstance(error, TablesDamaged):
        return Outcome(kind="failed", text=paragraph_of(error))
    # one without a number is a library's word for bad bytes, as `gzip.BadGzipFile`
    if isinstance(error, OSError) and error.errno is not None:
        return Outcome(kind="failed", text=paragraph_of(error))
    if isinstance(error, PllError):
        return Outcome(kind="refused", text=error.paragraph())
    return Outcome(kind="refused", text=_not_foreseen(error, reading))


def _is_short_of_memory(error: BaseException) -> bool:
    """Whether an error, or what led to it, comes from the limit of memory."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit - _most_address_space() < _STACK:
        return True
    return any(_names_memory(each) for each in _chain(error))


def _names_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno == errno.ENOMEM
    # what is ours speaks of the publication, with words of the publisher in it
    return not isinstance(error, PllError) and any(
        words in str(error).lower() for words in _NO_MEMORY
    )


def _in_words(size: int) -> str:
    return f"{size / 2**30:g} GB" if size >= 2**30 else f"{size / 2**20:g} MB"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what caused it, what caused that, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _not_foreseen(error: BaseException, reading: Reading) -> str:
    name = reading.source.name
    text = " ".join(str(error).split())[:_LONGEST_TEXT]
    return PllError(
        f"Not foreseen: {type(error).__name__}: {text}",
        where=f"{name}/{reading.snapshot.name}",
        do=f"run `pll --debug check {name}`, and report what it shows",
    ).paragraph()


if __name__ == "__main__":
    # what prints does not reach the answers
    own_output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, own_output)
