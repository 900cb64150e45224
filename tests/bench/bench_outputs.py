"""What each output of a release costs, beside a whole demo night.

Bound, in CPU time: all outputs together at most 30 % of the night.
`python -m tests.bench.bench_outputs` prints what each took and exits with 1 when it is exceeded.
Not here: the night itself (`bench_night.py`, `bench_demo.py`).
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from pll_pipeline.published import duckdb
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.outputs import OUTPUTS
from pll_pipeline.published.release_info import Inputs, ReleaseInfo
from pll_pipeline.published.releases import Release, require_current
from tests.bench.measure import Bound, check, make_writable, measure, print_machine

MOST = 0.3


def main() -> int:
    """Run a demo night, write each output of its release once more, and print what each took."""
    print_machine()
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        command = [sys.executable, "-m", "pll_pipeline.cli", "demo"]
        night = measure(command, {"PLL_DATA": name}).cpu_seconds
        costs = _costs(data / "demo", data / "again")
        make_writable(data)
    for output, seconds in costs.items():
        print(f"{output:24}{seconds:7.2f} s{seconds / night:8.1%}")
    return check([Bound("all outputs / demo night", sum(costs.values()) / night, MOST)])


def _costs(data: Path, again: Path) -> dict[str, float]:
    """The CPU seconds that each output takes, by its name; the database is a copy."""
    release = require_current(data / "marts")
    again.mkdir()
    (again / duckdb.FILE_NAME).symlink_to(release.database)
    costs = {}
    with duckdb.opened(again) as (connection, tables):
        duckdb.attach(connection, data / "build" / "build.duckdb", "build")
        draft = Draft(again, connection, tables, _info(data, release), None)
        for output in OUTPUTS:
            if output.write:
                started = time.process_time()
                output.write(draft)
                costs[output.name] = time.process_time() - started
    return costs


def _info(data: Path, release: Release) -> ReleaseInfo:
    """The facts of a release, from the file of what it was gathered from."""
    facts = json.loads((data / "validated" / "inputs.json").read_text(encoding="utf-8"))
    inputs = Inputs(**facts, dbt_manifest=data / "build" / "dbt-run" / "manifest.json")
    return ReleaseInfo(release.id, datetime.fromisoformat(release.manifest["built_at"]), inputs)


if __name__ == "__main__":
    raise SystemExit(main())
