"""What each face of a release costs, and all of them together beside a whole demo night.

Bound: all faces at most 40 % of the night. `python -m tests.bench.bench_faces`. Exits 1 when it is passed. Not here: the tables themselves and their
CSV and Parquet files (they are the release), the night against dbt alone (`bench.py`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pll_pipeline.published import dbt_docs, descriptor, duckdb, powerbi, workbook
from pll_pipeline.published import page as report
from pll_pipeline.published.open_data import catalogue, dictionary, jsonstat
from pll_pipeline.published.outputs import Inputs
from pll_pipeline.published.release_info import ReleaseInfo

ROOT = Path(__file__).resolve().parents[2]
BOUND = 0.4


def main() -> int:
    """Run a demo night, make each of its faces once more beside it, and print what each took."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "pll_pipeline.cli", "demo"],
            cwd=ROOT,
            env={**os.environ, "PLL_DATA": name},
            capture_output=True,
            text=True,
            check=False,
        )
        night = time.perf_counter() - started
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        costs = _faces(
            (data / "demo" / "marts" / "current").resolve(),
            data / "demo" / "build" / "dbt-run" / "manifest.json",
            data / "again",
        )
        for path in [data, *data.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
    for face, seconds in costs.items():
        print(f"{face:24}{seconds:7.2f} s{seconds / night:8.1%}")
    ratio = sum(costs.values()) / night
    print(
        f"{'all faces / demo night':24}{sum(costs.values()):7.2f} s{ratio:8.1%}  of {night:.1f} s, bound {BOUND:.0%}  {'holds' if ratio <= BOUND else 'TOO MUCH'}"
    )
    return int(ratio > BOUND)


def _faces(release: Path, manifest: Path, again: Path) -> dict[str, float]:
    told = json.loads((release / descriptor.MANIFEST).read_text(encoding="utf-8"))
    package = json.loads((release / descriptor.DATA_PACKAGE).read_text(encoding="utf-8"))
    sources = [
        {"source_name": f"source_{n}", "landing_page": source["path"], **source}
        for n, source in enumerate(package["sources"])
    ]
    inputs = Inputs(
        told["fingerprint"],
        told["is_simulated"],
        told["snapshots"],
        told["stale_sources"],
        sources,
        told["code_version"],
        dbt_manifest=manifest,
    )
    imprint = ReleaseInfo(told["release_id"], datetime.fromisoformat(told["built_at"]), inputs)
    again.mkdir()
    for name in (duckdb.FILE_NAME, "parquet", "csv"):
        (again / name).symlink_to(release / name)
    with duckdb.opened(again) as (connection, tables):
        faces: dict[str, Callable[[], object]] = {
            "workbook": lambda: workbook.write(again, connection, tables, imprint),
            "report": lambda: report.write(again, connection, tables, imprint, None),
            "data dictionary": lambda: dictionary.write(again, connection, tables, imprint),
            "dbt documentation": lambda: dbt_docs.write(again, tables, imprint),
            "JSON-stat": lambda: jsonstat.write(again, connection, tables, imprint),
            "Power BI": lambda: powerbi.write(again, connection, tables),
            "catalogue": lambda: catalogue.write(again, connection, tables, imprint),
            "data package": lambda: descriptor.write_data_package(again, tables, imprint),
        }
        return {name: _seconds(face) for name, face in faces.items()}


def _seconds(face: Callable[[], object]) -> float:
    started = time.perf_counter()
    face()
    return time.perf_counter() - started


if __name__ == "__main__":
    raise SystemExit(main())
