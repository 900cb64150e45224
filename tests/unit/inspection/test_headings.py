"""Periods and actor types in headings: which columns go together."""

from __future__ import annotations

import re

import pytest

from pll_pipeline.config import Config
from pll_pipeline.inspection.headings import HeadingGroup, heading_groups
from pll_pipeline.vocabulary.codes import load_codes

CODES = load_codes(Config.from_environment().seeds)


def _groups(*names: str) -> list[HeadingGroup]:
    return heading_groups(names, CODES)


@pytest.mark.parametrize(
    ("names", "pattern", "words"),
    [
        (("2024", "2025"), "^(?P<period>.+)$", ""),
        (("Folketall 2024", "Folketall 2025"), "^Folketall (?P<period>.+)$", "Folketall"),
        (("1. kvartal 2026", "2. kvartal 2026"), "^(?P<period>.+)$", ""),
        (("mars 2026 (antall)", "april 2026 (antall)"), r"^(?P<period>.+) \(antall\)$", "antall"),
        (
            ("1. kvartal 2026 / Legekontor", "1. kvartal 2026 / Sykehus"),
            "^(?P<period>.+) / (?P<actor_type>.+)$",
            "",
        ),
        (("Antall / 2024", "Antall / 2025"), "^Antall / (?P<period>.+)$", "Antall"),
    ],
)
def test_headings_that_differ_in_the_period_are_a_group(
    names: tuple[str, ...], pattern: str, words: str
) -> None:
    (group,) = _groups(*names)
    assert (group.pattern, group.columns, group.words) == (pattern, names, words)
    assert all(re.search(group.pattern, name) for name in names)


def test_headings_of_several_figures_are_several_groups() -> None:
    groups = _groups("Antall 2024", "Andel 2024", "Antall 2025", "Andel 2025", "Merknad")
    assert [(group.words, len(group.columns)) for group in groups] == [("Antall", 2), ("Andel", 2)]


def test_a_heading_without_a_period_is_in_no_group() -> None:
    assert _groups("Antall", "Legekontor", "Andel i prosent") == []
