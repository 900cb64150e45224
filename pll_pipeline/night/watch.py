"""A second process beside a night: it hears when the night is killed, and why it was ended.

The night has a longest time, kept by a timer that needs nothing of Python: it ends the process with
exit code 1, also where a pattern or a library hangs. The second process waits until the night's end
of a pipe is closed, however that happens, and reports what the night did not record itself. Not
here: the records (`record.py`), the report (`report.py`).
"""

from __future__ import annotations

import faulthandler
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.night.record import NightRecord, end_of_killed, interruption, overrun, read

TRACE = "longest_night.txt"
_SECONDS_TO_END = 10.0


@contextmanager
def watched(config: Config, record: NightRecord) -> Iterator[None]:
    """Inside, the night of `record` ends after its longest time, and its death is heard.

    A machine that cannot start the second process still runs the night; `pll status` and the next
    night find out.
    """
    watcher = None
    with suppress(OSError):
        watcher = _start(config, record)
    try:
        with _ended_in_time(config, record.longest_seconds):
            yield
    finally:
        if watcher is not None:
            _end(watcher)


@contextmanager
def _ended_in_time(config: Config, seconds: float) -> Iterator[None]:
    """Inside, this process ends after so many seconds, and writes what it was doing."""
    path = config.logs / TRACE
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with (path if path.exists() else Path(os.devnull)).open("w", encoding="utf-8") as trace:
        faulthandler.dump_traceback_later(seconds, exit=True, file=trace)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _start(config: Config, record: NightRecord) -> subprocess.Popen[bytes]:
    """Start the second process, outside the night's group of processes."""
    settings = {
        "PLL_DATA": str(config.data),
        "PLL_ALERT_WEBHOOK": config.alert_webhook or "",
    }
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", __name__, str(record.process), record.began.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=CHECKOUT,
        env=os.environ | settings,
        start_new_session=True,
    )


def _end(watcher: subprocess.Popen[bytes]) -> None:
    if watcher.stdin is not None:
        watcher.stdin.close()
    try:
        watcher.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        watcher.kill()
        watcher.wait()


def main(process: int, began: datetime) -> None:
    """Wait until the night has ended, and report it where it did not record its end."""
    sys.stdin.buffer.read()
    config = replace(Config.from_environment(), ping_url=None)
    record = read(config)
    if record is None or (record.process, record.began, record.ended) != (process, began, None):
        return
    seconds = (datetime.now(UTC) - record.began).total_seconds()
    paragraph = overrun(record) if seconds >= record.longest_seconds else interruption(record)
    if end_of_killed(config, process, began, paragraph):
        from pll_pipeline.night.report import NIGHT, report

        sys.stderr.write(paragraph + "\n")
        report(config, {NIGHT: paragraph}, repaired=())


if __name__ == "__main__":
    main(int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
