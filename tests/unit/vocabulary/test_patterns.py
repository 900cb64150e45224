"""Patterns of source files run on one engine, whose time grows with the text only."""

from __future__ import annotations

import time

import pytest

from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.patterns import UnknownPattern


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"a(?=b)", "look-around"),
        (r"(?<!a)b", "look-around"),
        (r"(a)\1", "backreferences"),
        (r"(a", "unclosed group"),
        (r"a\Z", "unrecognized escape"),
        (r"(a{1000}){1000}", "too large"),
        ("a" * 1001, "1001 characters"),
    ],
)
def test_a_pattern_that_cannot_be_run_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(UnknownPattern, match=reason):
        patterns.require_known(pattern)


def test_what_patterns_find() -> None:
    assert patterns.is_found("^Sum", "Sum i alt")
    assert not patterns.is_found("^sum", "Sum i alt")
    assert patterns.first_found("x", ["a", "bx", "x"]) == 1
    assert patterns.first_found("y", ["a"]) is None
    assert patterns.first_found("y", []) is None
    assert patterns.group_names(r"(?P<year>\d+)(-)(?P<month>\d+)?") == ("year", "month")
    assert patterns.groups_in(r"(?P<year>\d{4})(?P<sign>x)?", "i 2025") == {
        "year": "2025",
        "sign": "",
    }
    assert patterns.groups_in("a", "cab") == {}
    assert patterns.groups_in("a", "x") is None
    assert patterns.taken_from(r"(\d+)-", "12-3") == "12"
    assert patterns.taken_from(r"\d+", "a12") == "12"
    assert patterns.taken_from(r"a(x)?", "a") == ""
    assert patterns.taken_from(r"x", "a") is None


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*a){12}$", r"(\s*\w*)*;"])
def test_no_pattern_hangs_on_repeated_text(pattern: str) -> None:
    began = time.process_time()
    assert not patterns.is_found(pattern, "a" * 20_000 + "!")
    assert time.process_time() - began < 2
