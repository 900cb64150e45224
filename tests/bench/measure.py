"""Time and memory of whole commands, and a table of bounds.

Bounds are ratios inside one run, so that a slow machine gives the same answer as a fast one.
Not here: what is measured.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


# Compiled modules are kept from one run to the next, as on any desk.
_LIKE_A_DESK = {"DAGSTER_DISABLE_TELEMETRY": "1", "PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True)
class Run:
    """One finished command, with the processes it started.

    `seconds` is wall time, `cpu_seconds` user and system time, `peak_mib` the peak memory of the
    largest process in MiB.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass(frozen=True)
class Bound:
    """A ratio that must not exceed its bound."""

    name: str
    ratio: float
    most: float


def measure(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Run:
    """Run a command to its end and measure it. Exits with its output when it fails."""
    if before:
        before()
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **_LIKE_A_DESK, **(environment or {})},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} failed:\n{output[-3000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def median(runs: Sequence[Run]) -> Run:
    """The median time of several runs and their largest peak."""
    return Run(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.cpu_seconds for run in runs),
        max(run.peak_mib for run in runs),
    )


def print_machine() -> None:
    """Print what the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(
        f"{platform.platform()}, {os.cpu_count()} processors, {memory:.0f} GiB, "
        f"Python {platform.python_version()}"
    )


def print_runs(runs: Mapping[str, Run]) -> None:
    """Print seconds and memory of each run."""
    print(f"{'':34}{'seconds':>9}{'CPU':>9}{'peak MiB':>10}")
    for name, run in runs.items():
        print(f"{name:34}{run.seconds:9.2f}{run.cpu_seconds:9.2f}{run.peak_mib:10.0f}")


def check(bounds: Sequence[Bound]) -> int:
    """Print each bound and return 1 when one is exceeded, else 0."""
    print(f"{'':38}{'ratio':>7}{'bound':>7}")
    for bound in bounds:
        verdict = "ok" if bound.ratio <= bound.most else "EXCEEDED"
        print(f"{bound.name:38}{bound.ratio:7.2f}{bound.most:7.2f}  {verdict}")
    return int(any(bound.ratio > bound.most for bound in bounds))


def make_writable(folder: Path) -> None:
    """Give back write access to the folders of releases, so that a temporary folder can go."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
