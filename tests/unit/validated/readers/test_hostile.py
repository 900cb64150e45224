"""A hostile file is refused with its reason, in little time."""

from __future__ import annotations

import time

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers import read_table
from tests.hostile import CASES, Case

_MOST_SECONDS = 3.0  # of the processor


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_file_is_refused_in_little_time(case: Case) -> None:
    content = case.content(case.size)
    began = time.process_time()
    with pytest.raises(PllError, match=case.refusal):
        read_table(content, case.how, where="source/time/file")
    assert time.process_time() - began < _MOST_SECONDS
