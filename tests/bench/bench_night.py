"""`make bench`: how fast, as ratios of commands run in turn on this machine, with peak memory.

Bounds: a whole night at most 2.0 times a bare `dbt build` of the same project; an unchanged night at most 0.35 of a
whole one; `pll --help` no slower than `import polars` plus 0.3 s. Exits 1 when one is passed. Not here: seconds as a
promise; they are printed only to make the ratios readable.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pll_pipeline.assets.marts import DBT, dbt_environment
from pll_pipeline.config import Config

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3


@dataclass(frozen=True)
class Run:
    """One finished command: wall seconds and the peak memory of its largest process, in MiB."""

    seconds: float
    peak_mib: float


def main() -> int:
    """Run everything in turn, print the table, and say whether every bound held."""
    print(
        f"{platform.platform()}, {os.cpu_count()} processors, {_memory_gib():.0f} GiB, Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        for name in ("raw", "corrections"):
            shutil.copytree(ROOT / "data" / name, data / name)
        config = Config(data=data, dbt_project=ROOT / "dbt_project")
        environment = {
            **os.environ,
            **dbt_environment(config),
            "PLL_DATA": str(data),
            "DAGSTER_DISABLE_TELEMETRY": "1",
        }
        pll = [sys.executable, "-m", "pll_pipeline.cli"]
        dbt = [
            str(DBT),
            "--quiet",
            "build",
            "--project-dir",
            str(config.dbt_project),
            "--profiles-dir",
            str(config.dbt_project),
            "--target-path",
            str(Path(folder) / "dbt"),
        ]
        _timed(
            [*pll, "run"], environment
        )  # fills caches, lays the validated tables and dbt's manifest
        _timed(dbt, environment)
        nights, builds, unchanged, helps, imports = [], [], [], [], []
        for _ in range(ROUNDS):
            nights.append(_timed([*pll, "run"], environment, before=lambda: _forget_results(data)))
            builds.append(
                _timed(dbt, environment, before=lambda: config.build_file.unlink(missing_ok=True))
            )
            unchanged.append(_timed([*pll, "run"], environment))
        for _ in range(3 * ROUNDS):
            helps.append(_timed([*pll, "--help"], environment))
            imports.append(_timed([sys.executable, "-c", "import polars"], environment))
    night, build, same, help_, polars = (
        _median(runs) for runs in (nights, builds, unchanged, helps, imports)
    )
    print(f"{'':34}{'seconds':>9}{'peak MiB':>10}")
    for name, run in (
        ("whole night", night),
        ("bare dbt build", build),
        ("unchanged night", same),
        ("pll --help", help_),
        ("import polars", polars),
    ):
        print(f"{name:34}{run.seconds:9.2f}{run.peak_mib:10.0f}")
    bounds = [
        ("whole night / bare dbt build", night.seconds / build.seconds, 2.0),
        ("unchanged night / whole night", same.seconds / night.seconds, 0.35),
        ("pll --help / (import polars + 0.3 s)", help_.seconds / (polars.seconds + 0.3), 1.0),
    ]
    print(f"{'':38}{'ratio':>7}{'bound':>7}")
    for name, ratio, bound in bounds:
        print(f"{name:38}{ratio:7.2f}{bound:7.2f}  {'holds' if ratio <= bound else 'TOO SLOW'}")
    return int(any(ratio > bound for _, ratio, bound in bounds))


def _forget_results(data: Path) -> None:
    for folder in (data / "validated", data / "marts"):
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(folder)


def _timed(
    command: list[str], environment: dict[str, str], before: Callable[[], None] | None = None
) -> Run:
    if before:
        before()
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    return Run(seconds, usage.ru_maxrss / 1024)


def _median(runs: list[Run]) -> Run:
    return Run(statistics.median(r.seconds for r in runs), max(r.peak_mib for r in runs))


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


if __name__ == "__main__":
    raise SystemExit(main())
