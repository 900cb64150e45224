"""Forms of files that publishers use, each a folder in `tests/cases` with what is right.

A folder has the bytes, mostly a `source.yaml`, and a `case.json` with what is right. `how`:
- `read`: the rows that are right, whether a refusal is right too, what it must say, and rows that
  are never right;
- `inspect`: what `pll inspect` must say of the bytes, and what never;
- `config`: what the refusal of the source file must say, and what never;
- `bank`: what a bank with this `metadata.json` is asked for, or that it is asked for nothing.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from pll_pipeline import console
from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.inspection import checking
from pll_pipeline.inspection.publication import inspect
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import BadSourceFile, read_source
from pll_pipeline.validated.judging import judge_contents
from pll_pipeline.vocabulary.codes import load_codes
from tests.loopback import ReceivedRequest, Reply, publisher

CASES = Path(__file__).resolve().parents[2] / "cases"
CONFIG = Config.from_environment()
CODES = load_codes(CONFIG.seeds)


def cases(how: str) -> list[Path]:
    """The folders of the cases of one kind."""
    folders = sorted(file.parent for file in CASES.glob("*/case.json"))
    return [folder for folder in folders if case_of(folder)["how"] == how]


def case_of(folder: Path) -> dict[str, Any]:
    """What the folder's `case.json` says."""
    case: dict[str, Any] = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    return case


def name_of(folder: Path) -> str:
    """The name of a case, for the names of tests."""
    return folder.name


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


@pytest.mark.parametrize("folder", cases("read"), ids=name_of)
def test_a_published_form_is_read_as_it_is_shown_or_refused(folder: Path) -> None:
    case = case_of(folder)
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


def says(pattern: str | None, text: str) -> bool:
    """Whether the text, on one line, has the pattern; no pattern is in no text."""
    return bool(pattern and re.search(pattern, " ".join(text.split())))


@pytest.mark.parametrize("folder", cases("inspect"), ids=name_of)
def test_inspect_says_what_a_person_must_know(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of(folder)
    expected = case["expect"]
    for stream in (console.OUT, console.ERR):
        monkeypatch.setattr(stream, "width", 200)
    today = datetime.fromisoformat(case["at"]).date()
    content = (folder / case["file"]).read_bytes()
    try:
        console.show_inspection(case["file"], inspect(content, case["file"], CODES, today))
    except PllError as refusal:
        console.show_failure(refusal.paragraph())
    text_shown = "".join(capsys.readouterr())
    is_wrong = says(expected.get("never_says"), text_shown) and not says(
        expected.get("or_says"), text_shown
    )
    assert not is_wrong, text_shown
    assert says(expected.get("says", "."), text_shown), text_shown


@pytest.mark.parametrize("folder", cases("config"), ids=name_of)
def test_a_source_file_that_means_something_else_than_it_says_is_refused(folder: Path) -> None:
    expected = case_of(folder)["expect"]
    with pytest.raises(BadSourceFile) as refusal:
        read_source(folder / "source.yaml", name="")
    text_shown = refusal.value.paragraph()
    assert says(expected["refusal_says"], text_shown), text_shown
    assert not says(expected.get("never_says"), text_shown), text_shown


@pytest.mark.parametrize("folder", cases("bank"), ids=name_of)
def test_a_bank_is_asked_for_what_the_source_file_means(folder: Path) -> None:
    expected = case_of(folder)["expect"]
    bank = Bank(json.loads((folder / "metadata.json").read_bytes()), expected.get("limits"))
    with publisher() as loopback:
        loopback.handler = bank.reply
        source = bank_source(loopback.url, expected["values"])
        result = checking.check_answer(source, CONFIG, None)
    if not bank.asked:
        assert expected["refusal_is_right"], result.reason
        assert says(expected.get("refusal_says", "."), result.reason or ""), result.reason
        return
    asked = {name: bank.asked[0].get(name) for name in expected["asks"]}
    assert asked == expected["asks"]


@dataclass
class Bank:
    """A statistics bank with one table, and what it was asked for; without limits no `/config`."""

    table: dict[str, Any]
    limits: dict[str, Any] | None
    asked: list[dict[str, list[str]]] = field(default_factory=list)

    def reply(self, request: ReceivedRequest) -> Reply:
        """Its description, its limits, or the cells that are asked for."""
        if request.method == "POST":
            selection = json.loads(request.body)["selection"]
            self.asked.append({part["variableCode"]: part["valueCodes"] for part in selection})
            return self._json(self._cells(self.asked[-1]))
        if "/metadata" in request.path:
            return self._json(self.table)
        return self._json(self.limits) if self.limits else Reply(status=404)

    def _cells(self, chosen: dict[str, list[str]]) -> dict[str, Any]:
        size = [len(codes) for codes in chosen.values()]
        dimension = {name: {"category": {"index": codes}} for name, codes in chosen.items()}
        cells = {"id": list(chosen), "size": size, "dimension": dimension}
        return self.table | cells | {"value": list(range(math.prod(size)))}

    def _json(self, document: object) -> Reply:
        headers = {"Content-Type": "application/json"}
        return Reply(json.dumps(document).encode(), headers=headers)


def bank_source(url: str, values: dict[str, list[str]]) -> Source:
    """A source that asks the bank's table for the values."""
    settings = yaml.safe_load((CASES / "bank-source.yaml").read_text(encoding="utf-8"))
    settings["fetch"] |= {"address": url, "values": values}
    return Source.model_validate(settings)
