"""`pll check` answers soon: what a small publication does not need is not imported."""

from __future__ import annotations

import json
import subprocess
import sys

from pll_pipeline.config import CHECKOUT

CASE = CHECKOUT / "tests" / "cases" / "csv-thousands-declared"
NOT_NEEDED = {"pandera", "dagster", "requests", "openpyxl", "duckdb", "hypothesis"}
CHECK = """
import json, sys
from pathlib import Path
from pll_pipeline.config import Config
from pll_pipeline.inspection import checking

config = Config.from_environment()
source = checking.source_of(sys.argv[1], config)
contents = checking.contents_of(source, [Path(sys.argv[2])], config, None)
result = checking.check(source, contents, config)
print(json.dumps([result.is_accepted, sorted(sys.modules)]))
"""


def test_an_accepted_small_file_needs_none_of_the_slow_packages() -> None:
    files = [str(CASE / "source.yaml"), str(CASE / "tall.csv")]
    command = [sys.executable, "-c", CHECK, *files]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    is_accepted, imported = json.loads(done.stdout)
    assert is_accepted
    assert "polars" in imported
    assert set(imported).isdisjoint(NOT_NEEDED)
