"""`make bench`: how fast a night is, as ratios of commands run in turn on this machine.

Bounds, in CPU time: a whole night at most 1.6 times a bare `dbt build` of the same project without
unit tests; an unchanged night at most 1.3 times loading the definitions; `pll --help` no slower by
the clock than `import polars` plus 0.3 s. Exits 1 when one is exceeded. Not here: seconds as a
promise; they make the ratios readable.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from pll_pipeline.assets.marts import DBT, dbt_environment
from pll_pipeline.config import Config
from tests.bench.measure import (
    ROOT,
    Bound,
    Run,
    check,
    make_writable,
    measure,
    median,
    print_machine,
    print_runs,
)

ROUNDS = 3
PLL = (sys.executable, "-m", "pll_pipeline.cli")
LOAD = (sys.executable, "-c", "import dagster; from pll_pipeline.definitions import defs; defs()")


def main() -> int:
    """Run everything in turn, print the table, and return 1 when a bound is exceeded."""
    print_machine()
    with tempfile.TemporaryDirectory() as name:
        runs = _rounds(Path(name))
        make_writable(Path(name))
    print_runs(runs)
    start = runs["import polars"].seconds + 0.3
    return check(
        [
            Bound(
                "whole night / bare dbt build",
                runs["whole night"].cpu_seconds / runs["bare dbt build"].cpu_seconds,
                1.6,
            ),
            Bound(
                "unchanged night / load definitions",
                runs["unchanged night"].cpu_seconds / runs["load definitions"].cpu_seconds,
                1.3,
            ),
            Bound("pll --help / (import polars + 0.3 s)", runs["pll --help"].seconds / start, 1.0),
        ]
    )


def _rounds(folder: Path) -> dict[str, Run]:
    """The median run of each command on a copy of the bundled snapshots."""
    data = folder / "data"
    for name in ("raw", "corrections"):
        shutil.copytree(ROOT / "data" / name, data / name)
    config = Config(data=data, dbt_project=ROOT / "dbt_project")
    environment = {**dbt_environment(config), "PLL_DATA": str(data)}
    dbt = _dbt_build(config, folder / "dbt")
    # the first run of each fills caches and writes the validated tables
    measure([*PLL, "run"], environment)
    measure(dbt, environment)
    nights, builds, unchanged, loads, helps, imports = [], [], [], [], [], []
    for _ in range(ROUNDS):
        nights.append(measure([*PLL, "run"], environment, lambda: _forget_results(data)))
        builds.append(measure(dbt, environment, lambda: config.build_file.unlink(missing_ok=True)))
        unchanged.append(measure([*PLL, "run"], environment))
        loads.append(measure(LOAD, environment))
    for _ in range(3 * ROUNDS):
        helps.append(measure([*PLL, "--help"], environment))
        imports.append(measure([sys.executable, "-c", "import polars"], environment))
    return {
        "whole night": median(nights),
        "bare dbt build": median(builds),
        "unchanged night": median(unchanged),
        "load definitions": median(loads),
        "pll --help": median(helps),
        "import polars": median(imports),
    }


def _dbt_build(config: Config, target: Path) -> list[str]:
    project = str(config.dbt_project)
    folders = ["--project-dir", project, "--profiles-dir", project, "--target-path", str(target)]
    return [
        str(DBT),
        "--quiet",
        "build",
        "--exclude-resource-type",
        "unit_test",
        *folders,
    ]


def _forget_results(data: Path) -> None:
    for folder in (data / "validated", data / "marts"):
        make_writable(folder)
        shutil.rmtree(folder)


if __name__ == "__main__":
    raise SystemExit(main())
