"""Texts that look the same are equal; texts that look different are not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.vocabulary.norwegian.text import comparable, plain_letters


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Ma\u030aned", "Måned"),
        ("Lege\u00adkontor", "Legekontor"),
        ("Antall\u00a0i\u202fbruk", "Antall i bruk"),
        (" Antall \n i bruk ", "Antall i bruk"),
        ("\ufeffRegion", "Region"),
        ("e\u2011resept", "e-resept"),
        ("\ufb01nnes", "finnes"),
        ("\uff21ntall", "Antall"),
        ("Sa\u030amisk\u200b", "Såmisk"),
    ],
)
def test_names_that_look_the_same_are_equal(text: str, same: str) -> None:
    assert comparable(text) == same


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Antall²", "Antall2"),
        ("½", "1⁄2"),
        ("å", "a"),
        ("Antall", "antall"),
        ("2025–26", "2025-26"),
    ],
)
def test_names_that_look_different_stay_so(text: str, other: str) -> None:
    assert comparable(text) != comparable(other)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_every_composition_of_a_name_is_compared_alike(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert comparable(unicodedata.normalize(form, text)) == comparable(text)
    assert comparable(comparable(text)) == comparable(text)
    assert plain_letters(plain_letters(text)) == plain_letters(text)
