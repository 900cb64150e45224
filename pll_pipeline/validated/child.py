"""A reading in a process of its own, with limits of memory and time: the side of the night.

Bytes of a publisher can hang or kill whatever reads them, so the night's own process does not. A
small server (`child_server.py`) is started with the first reading of a process and forks once per
reading, so that each begins without what another left. Not here: what a reading is (`reading.py`).
"""

from __future__ import annotations

import atexit
import os
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict

from pll_pipeline.validated.limits import MOST_BYTES, MOST_SECONDS

LENGTH = struct.Struct(">Q")
_MOST_THREADS = "8"


class Limits(BaseModel):
    """What one reading may use: seconds by the clock, and bytes of memory."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    seconds: float = MOST_SECONDS
    memory_bytes: int = MOST_BYTES


LIMITS = Limits()


class Outcome(BaseModel):
    """How a reading ended.

    `text` is the verdict as JSON, the paragraph of a refusal or of bytes that were damaged, what
    failed on this machine, or how the process died. `is_killed` marks a death by SIGKILL that was
    not ours, as that by a machine short of memory. `seconds` of processors and `peak_bytes` of
    memory are those of the process; it begins with what the server has in memory.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    kind: Literal["verdict", "refused", "damaged", "failed", "died"]
    text: str
    is_killed: bool = False
    seconds: float = 0.0
    peak_bytes: int = 0


class Task(BaseModel):
    """What the server is asked to do: a reading as JSON, and its limits."""

    reading: str
    limits: Limits


def read_apart(reading: str, limits: Limits = LIMITS) -> Outcome:
    """Read and judge one snapshot in a process of its own, which has the limits.

    A process that the machine killed is tried once more: it may have been short of memory.
    """
    task = Task(reading=reading, limits=limits)
    outcome = _SERVER.ask(task)
    return _SERVER.ask(task) if outcome.is_killed else outcome


def receive(stream: IO[bytes]) -> bytes | None:
    """The next message; None where the other side has closed."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    message = stream.read(length)
    return message if len(message) == length else None


def send(stream: IO[bytes], message: bytes) -> None:
    """Send a message."""
    stream.write(LENGTH.pack(len(message)) + message)
    stream.flush()


class _Server:
    """The server of this process; started when it is needed first, and again after it died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._one_at_a_time = threading.Lock()

    def ask(self, task: Task) -> Outcome:
        """How the server says that the reading ended, or how the server itself did."""
        with self._one_at_a_time:
            process = self._running()
            answer = None
            if process.stdin and process.stdout:
                with suppress(BrokenPipeError):
                    send(process.stdin, task.model_dump_json().encode())
                    answer = receive(process.stdout)
            if answer is not None:
                return Outcome.model_validate_json(answer)
            code = process.wait()
            self._process = None
            return Outcome(kind="died", text=how_it_died(code), is_killed=code == -9)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pll_pipeline.validated.child_server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"POLARS_MAX_THREADS": _MOST_THREADS, **os.environ},
            )
            self._owner = os.getpid()
        return self._process

    def close(self) -> None:
        """End the server, and with it what it is doing."""
        process = self._process
        if process is None or self._owner != os.getpid():
            return
        for stream in (process.stdin, process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        process.wait()
        self._process = None


def how_it_died(code: int) -> str:
    """How a process ended, by its exit code: less than zero is a signal."""
    if code >= 0:
        return f"it ended by itself with exit code {code}"
    names = {6: "SIGABRT, as when memory runs out", 9: "SIGKILL", 11: "SIGSEGV", 24: "SIGXCPU"}
    return f"it was ended by signal {-code} ({names.get(-code, 'not named here')})"


_SERVER = _Server()
atexit.register(_SERVER.close)
