"""`pll check`: one source read and judged as a night would, in seconds, with nothing built."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.night.conftest import ROOT

CASES = ROOT / "tests" / "cases"
ACCEPTED = CASES / "csv-title-lines-declared"
REFUSED = CASES / "csv-cut-off"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty data folder: a check must leave it empty."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def _check(data: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pll_pipeline.cli", "check", *map(str, words)]
    environment = {**os.environ, "PLL_DATA": str(data), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def _measures(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pll_pipeline.cli", "measures", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _case(folder: Path) -> tuple[Path, Path, str]:
    case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    return folder / "source.yaml", folder / case["file"], case["at"]


def test_an_accepted_publication_is_shown_as_rows_and_leaves_no_file(data: Path) -> None:
    source, file, at = _case(ACCEPTED)
    done = _check(data, source, file, "--at", at, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["is_accepted"] is True
    assert answer["reason"] is None
    assert {"measure_code", "region_key", "period_start", "value", "status"} <= set(
        answer["observations"][0]
    )
    assert {"where", "what", "count"} <= set(answer["not_read"][0])
    assert list(data.iterdir()) == []


def test_a_refused_publication_exits_1_with_the_reason_on_standard_error(data: Path) -> None:
    source, file, at = _case(REFUSED)
    done = _check(data, source, file, "--at", at, "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["is_accepted"] is False
    assert "cut off" in done.stderr
    assert "What to do" in done.stderr


def test_a_source_file_with_a_key_twice_exits_2_and_names_the_line(
    data: Path, tmp_path: Path
) -> None:
    source, file, _ = _case(ACCEPTED)
    text = source.read_text(encoding="utf-8")
    twice = tmp_path / "twice.yaml"
    twice.write_text(text + "\nlicence: another\n", encoding="utf-8")
    done = _check(data, twice, file)
    assert (done.returncode, done.stdout) == (2, "")
    assert "licence" in done.stderr
    assert f"line {len(text.splitlines()) + 2}" in done.stderr


@pytest.mark.parametrize("words", [("no_such_source",), ("apotek",)])
def test_a_source_that_is_not_there_or_has_no_snapshot_exits_2(
    data: Path, words: tuple[str, ...]
) -> None:
    done = _check(data, *words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_packaged_source_is_checked_on_its_newest_snapshot() -> None:
    done = _check(ROOT / "data", "apotek", "--format", "json")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["observations"]) == 9


def test_measures_are_found_by_words_and_all_are_listed_without() -> None:
    found = _measures("andel", "e-resepter").stdout
    assert found.splitlines()[0].startswith("eresept_")
    everything = _measures().stdout
    assert "sfm_organisation_in_use_count  count" in everything
    assert len(everything) > 5 * len(found)


def test_a_publisher_that_cannot_be_asked_is_a_refusal_in_json_too(data: Path) -> None:
    done = _check(data, "apotek", "--ask", "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["is_accepted"] is False
    assert json.loads(done.stdout)["reason"].split(".")[0] in " ".join(done.stderr.split())


def test_files_and_a_question_to_the_publisher_are_not_checked_together(data: Path) -> None:
    source, file, _ = _case(ACCEPTED)
    done = _check(data, source, file, "--ask")
    assert (done.returncode, done.stdout) == (2, "")
    assert "not both" in done.stderr
