"""The services of `pll serve`: started, watched and ended together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.server import services

# Two services, one of which starts a process of its own and does not end when it is asked to.
STUBBORN = (
    "import signal,subprocess,sys,time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "open(sys.argv[1], 'w').close(); time.sleep(60)"
)
SERVE = """
import sys
from pathlib import Path
from pll_pipeline.config import Config
from pll_pipeline.server import services
services._SECONDS_TO_END = 0.5
commands = [[sys.executable, "-c", {stubborn!r}, {started!r}], {other!r}]
services.commands = lambda port, allow_changes: commands
services.require_free = lambda port: None
config = Config(data=Path({data!r}), dbt_project=Path({data!r}))
raise SystemExit(services.serve(config, 1, allow_changes=False))
"""


def _parent(folder: Path, other: str) -> subprocess.Popen[bytes]:
    """A process that runs the two services, once both have started."""
    started = folder / "started"
    code = SERVE.format(
        stubborn=STUBBORN,
        started=str(started),
        other=[sys.executable, "-c", other],
        data=str(folder),
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    _wait_for(started.is_file)
    return parent


def _wait_for(is_so: object) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, timeout=10)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_both_services_and_all_they_started(
    number: signal.Signals, tmp_path: Path
) -> None:
    parent = _parent(tmp_path, "import time; time.sleep(60)")
    _wait_for(lambda: len(psutil.Process(parent.pid).children(recursive=True)) == 3)
    children = psutil.Process(parent.pid).children(recursive=True)
    parent.send_signal(number)
    assert parent.wait(20) == 0
    assert _alive(children) == []


def test_where_one_service_ends_by_itself_the_other_is_ended_too(tmp_path: Path) -> None:
    parent = _parent(tmp_path, "import time; time.sleep(1)")
    children = psutil.Process(parent.pid).children(recursive=True)
    assert parent.wait(20) == 1, "systemd starts both again"
    assert _alive(children) == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such signal")
def test_services_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = _parent(tmp_path, "import time; time.sleep(60)")
    children = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait(10)
    obedient = children[1:]
    assert _alive(obedient) == []
    for child in children[:1]:
        os.killpg(child.pid, signal.SIGKILL)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PllError, match=f"Port {port} cannot be used.*--port"):
            services.require_free(port)
    services.require_free(port)


def test_the_page_is_read_only_unless_changes_are_allowed() -> None:
    (page, daemon), (changing, _) = (
        services.commands(3000, allow_changes=is_allowed) for is_allowed in (False, True)
    )
    assert "--allow-changes" not in page
    assert changing == [*page, "--allow-changes"]
    assert daemon[1] == "run"
