"""Measures found by words: the rarer the word, the more it decides."""

from __future__ import annotations

import pytest

from pll_pipeline.config import Config
from pll_pipeline.inspection.measures import best_measures, find_measures
from pll_pipeline.vocabulary.codes import load_codes

MEASURES = list(load_codes(Config.from_environment().seeds).measures.values())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Folketall", "population"),
        ("multidosebrukere", "multidose_user_count"),
        ("fastlegelister uten lege", "fastlege_list_without_doctor_count"),
        ("antall oppslag per uke", "kjernejournal_lookups_per_week"),
        ("andel legekontor kjernejournal", "kjernejournal_gp_office_share"),
        ("sfm_organisation_in_use_count", "sfm_organisation_in_use_count"),
        ("GP offices kjernejournal share", "kjernejournal_gp_office_share"),
    ],
)
def test_words_find_the_measure_that_has_them(words: str, code: str) -> None:
    found = find_measures(words, MEASURES)
    assert code in [one.measure.code for one in found[:2]]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_words_that_no_measure_has_find_none() -> None:
    assert find_measures("xyzzy", MEASURES) == []
    assert find_measures("", MEASURES) == []


def test_a_title_decides_between_measures_and_proposes_none_by_itself() -> None:
    eligible = best_measures("Kan ta i bruk", "Statistikk for kjernejournal", MEASURES)
    assert eligible[0].code == "kjernejournal_organisation_eligible_count"
    assert best_measures("xyzzy", "kjernejournal", MEASURES) == []


def test_at_most_as_many_are_found_as_asked_for() -> None:
    assert len(find_measures("antall", MEASURES, at_most=3)) == 3
