"""Forms of files that publishers use, each a folder in `tests/cases` with what is right.

A folder has the bytes, a `source.yaml` and a `case.json` with the rows that are right, whether a
refusal is right too, what it must say, and rows that are never right.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.sources.register import read_source
from pll_pipeline.validated.judging import judge_contents
from pll_pipeline.vocabulary.codes import load_codes

CASES = Path(__file__).resolve().parents[2] / "cases"
READ = sorted(
    folder.parent
    for folder in CASES.glob("*/case.json")
    if json.loads(folder.read_text(encoding="utf-8"))["how"] == "read"
)
CODES = load_codes(Config.from_environment().seeds)


def judged(folder: Path, case: dict[str, Any]) -> tuple[str | None, list[dict[str, Any]]]:
    """The reason of a refusal, or None, and the observations."""
    path = folder / "source.yaml"
    name = yaml.safe_load(path.read_text(encoding="utf-8"))["name"]
    contents = {case["file"]: (folder / case["file"]).read_bytes()}
    taken_at = datetime.fromisoformat(case["at"])
    try:
        source = read_source(path, name)
        judged_contents = judge_contents(source, contents, [], CODES, taken_at, folder.name)
    except PllError as refusal:
        return refusal.paragraph(), []
    judgement = judged_contents.judgement
    return judgement.reason, judgement.mapped.observations.to_dicts()


def fits(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether the row has what is wanted; dates are compared as text."""
    for name, right in wanted.items():
        value = row.get(name)
        if isinstance(right, float) and isinstance(value, float):
            if value != pytest.approx(right, rel=1e-9, abs=1e-9):
                return False
        elif (value.isoformat() if isinstance(value, date) else value) != right:
            return False
    return True


@pytest.mark.parametrize("folder", READ, ids=lambda folder: folder.name)
def test_a_published_form_is_read_as_it_is_shown_or_refused(folder: Path) -> None:
    case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    expected = case["expect"]
    reason, rows = judged(folder, case)
    if reason is not None:
        assert expected["refusal_is_right"], reason
        assert re.search(expected.get("refusal_says", ""), reason), reason
        return
    assert [row for row in rows for bad in expected.get("never", ()) if fits(row, bad)] == []
    assert len(rows) == len(expected["rows"]) > 0
    for wanted in expected["rows"]:
        rows.remove(next(row for row in rows if fits(row, wanted)))
