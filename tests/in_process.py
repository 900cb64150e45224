"""Readings in the test's own process, so that a test can count what they do.

Not here: readings in a process of their own (`tests/unit/validated/test_child.py`).
"""

from __future__ import annotations

import pytest

from pll_pipeline.validated import child
from pll_pipeline.validated.child import LIMITS, Limits, Outcome, Task
from pll_pipeline.validated.child_server import answered


def read_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read snapshots in this process until the test has ended."""

    def read(reading: str, limits: Limits = LIMITS) -> Outcome:
        return answered(Task(reading=reading, limits=limits))

    monkeypatch.setattr(child, "read_apart", read)
