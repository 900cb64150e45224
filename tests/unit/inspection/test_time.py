"""The time of an inspection grows no faster than the publication, also where little is a name."""

from __future__ import annotations

import time
from datetime import date

import pytest

from pll_pipeline.inspection.publication import inspect
from tests.unit.validated.small_table import CODES

MANY = 600
CONTENTS = {
    "headings": ",".join(f"overskrift {n}" for n in range(MANY)) + "\n" + "a," * (MANY - 1) + "b\n",
    "texts": "navn,tall\n" + "".join(f"et sted som ikke er {n},{n}\n" for n in range(MANY)),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_texts_that_are_no_names_take_little_time(content: str) -> None:
    began = time.process_time()
    assert inspect(content.encode(), "tall.csv", CODES, date(2026, 11, 1)).tables
    assert time.process_time() - began < 4
