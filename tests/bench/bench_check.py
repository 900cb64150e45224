"""How soon `pll check` answers for a small file.

Bound, as a ratio inside one run: `pll check`, less the reading itself, takes at most 1.5 times as
long as `import polars, pandera`. The reading is the source file, the codes and the publication,
read and judged in a process that has imported everything. Each is the least of several runs.

Exits 1 when the bound is exceeded. Not here: how fast large files are read (`bench_readers.py`).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bench.measure import ROOT, Bound, Run, check, measure, print_machine, print_runs

ROUNDS = 15
MOST = 1.5
CASE = ROOT / "tests" / "cases" / "csv-thousands-declared"
FILES = [str(CASE / "source.yaml"), str(CASE / "tall.csv")]
PLL = str(Path(sys.executable).with_name("pll"))
_READING = """
import sys, time
from pathlib import Path
from pll_pipeline.config import Config
from pll_pipeline.inspection import checking
from pll_pipeline.validated.readers import delimited

clocks = time.perf_counter, time.process_time
config = Config.from_environment()
started = [clock() for clock in clocks]
source = checking.source_of(sys.argv[1], config)
contents = checking.contents_of(source, [Path(sys.argv[2])], config, None)
checking.check(source, contents, config).as_json()
print(*(clock() - start for clock, start in zip(clocks, started)))
"""


def main() -> int:
    """Measure, print the seconds and the ratios, and return 1 when the bound is exceeded."""
    print_machine()
    importing, checking, reading = [], [], []
    for _ in range(ROUNDS):
        importing.append(measure([sys.executable, "-c", "import polars, pandera"]))
        checking.append(measure([PLL, "check", *FILES, "--format", "json"]))
        reading.append(_reading())
    runs = {
        "import polars, pandera": least(importing),
        "pll check": least(checking),
        "the reading": least(reading),
    }
    print_runs(runs)
    base, whole, part = runs.values()
    seconds = (whole.seconds - part.seconds) / base.seconds
    cpu_seconds = (whole.cpu_seconds - part.cpu_seconds) / base.cpu_seconds
    return check(
        [
            Bound("pll check less reading / imports", seconds, MOST),
            Bound("the same in CPU seconds", cpu_seconds, MOST),
        ]
    )


def _reading() -> Run:
    """Source file, codes and publication, read and judged after everything is imported."""
    command = [sys.executable, "-c", _READING, *FILES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, cpu_seconds = map(float, done.stdout.split())
    return Run(seconds, cpu_seconds, 0)


def least(runs: list[Run]) -> Run:
    """The least time of several runs: what else the machine does only adds to it."""
    return Run(
        min(run.seconds for run in runs),
        min(run.cpu_seconds for run in runs),
        max(run.peak_mib for run in runs),
    )


if __name__ == "__main__":
    raise SystemExit(main())
