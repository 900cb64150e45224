"""A hostile file is refused with its reason, or read, in little time and memory.

The table of files is in `tests/hostile/`; `make attack` tries each in its larger size. Time and
memory are those of the child process that a night reads each snapshot in.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pll_pipeline.validated.child import Limits
from tests.hostile import CASES
from tests.hostile.case import MEGABYTES, SECONDS, Case
from tests.hostile.reading import Tried, harmless, tried

IS_LARGER = os.environ.get("HOSTILE_SIZES") == "larger"
LONGEST_REASON = 13_000  # three sentences of a paragraph
MOST_WAIT = Limits(seconds=300.0)


@pytest.fixture(scope="module")
def least(tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """What the reading of a harmless file uses."""
    return harmless(tmp_path_factory.mktemp("harmless"))


def _name(case: Case) -> str:
    return f"{case.how.kind}: {case.name}"


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_a_hostile_file_is_refused_or_read_in_little_time_and_memory(
    case: Case, least: Tried, tmp_path: Path
) -> None:
    size = case.larger_size if IS_LARGER else case.size
    outcome = tried(case, size, tmp_path, MOST_WAIT)
    assert outcome.how_it_ended in ("accepted", "refused"), outcome.reason
    words = case.words or "^$"
    if IS_LARGER and case.how.kind == "workbook":
        words += "|times as many"  # the larger of the files of one text are so
    assert re.search(words, outcome.reason), outcome.reason[:1000]
    assert "Not foreseen" not in outcome.reason
    assert len(outcome.reason) <= LONGEST_REASON
    assert outcome.seconds - least.seconds <= (case.seconds if IS_LARGER else SECONDS)
    assert outcome.megabytes - least.megabytes <= (case.megabytes if IS_LARGER else MEGABYTES)


def test_each_form_of_publication_has_its_hostile_files_and_each_a_name_of_its_own() -> None:
    names = [_name(case) for case in CASES]
    assert len(set(names)) == len(names)
    counts = {form: sum(case.how.kind == form for case in CASES) for form in FORMS}
    assert all(counts[form] >= 2 * least for form, least in FORMS.items() if form != "prose")


# How many classes of hostile files of each form a first review tried; twice as many are tried here.
FORMS = {"delimited": 24, "html": 11, "jsonstat": 14, "workbook": 22, "powerbi": 11, "prose": 0}
