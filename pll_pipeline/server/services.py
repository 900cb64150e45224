"""The two services of `pll serve`, started together and ended together.

Each is in a process group of its own, with whatever it starts. Where one ends by itself the other
is ended too, so that systemd starts both again. Not here: the page (`page.py`), the night.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.errors import PllError
from pll_pipeline.server.guard import HOST

_SECONDS_TO_END = 15.0
_SECONDS_BETWEEN_LOOKS = 0.5
_PR_SET_PDEATHSIG = 1
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def serve(config: Config, port: int, *, allow_changes: bool) -> int:
    """Run the page and the daemon until a signal ends them; returns the exit code.

    0 after a signal, 1 where a service ended by itself. Raises `PllError` when the port is taken.
    """
    require_free(port)
    os.environ["PLL_DATA"] = str(config.data)
    with _signals_noted() as noted, _running(commands(port, allow_changes=allow_changes)) as all_:
        while not noted and all(service.poll() is None for service in all_):
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    return 0 if noted else 1


def commands(port: int, *, allow_changes: bool) -> list[list[str]]:
    """The commands of the page and of the daemon."""
    page = [sys.executable, "-m", "pll_pipeline.server.page", str(port)]
    daemon = [str(Path(sys.executable).with_name("dagster-daemon")), "run"]
    return [
        [*page, *(["--allow-changes"] if allow_changes else [])],
        [*daemon, "-w", str(CHECKOUT / "workspace.yaml"), "--log-level", "warning"],
    ]


def require_free(port: int) -> None:
    """Raise `PllError` when another program listens on a port of this machine."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            raise PllError(
                f"Port {port} cannot be used: {error.strerror}",
                where=f"{HOST}:{port}",
                do="choose another, as `pll serve --port 3001`, or end the other program",
            ) from error


@contextmanager
def _signals_noted() -> Iterator[list[int]]:
    """Inside, a signal to end is noted and does nothing else."""
    noted: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        noted.append(number)

    before = {number: signal.signal(number, note) for number in ENDING}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _running(wanted: list[list[str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Inside, the services run; afterwards neither they nor what they started does."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in wanted:
            started.append(_start(command))
        yield started
    finally:
        _end(started)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs yet
    )


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent is gone, also by SIGKILL."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(services: list[subprocess.Popen[bytes]]) -> None:
    """End the services in their own time, then all that is left of their groups."""
    for service in services:
        if service.poll() is None:
            service.terminate()
    deadline = time.monotonic() + _SECONDS_TO_END
    for service in services:
        with suppress(subprocess.TimeoutExpired):
            service.wait(max(0.0, deadline - time.monotonic()))
    for service in services:
        with suppress(ProcessLookupError):
            os.killpg(service.pid, signal.SIGKILL)
        service.wait()
