"""Names as publishers print them, found by example; what is always true, by property."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.vocabulary.norwegian.names import (
    AmbiguousName,
    Name,
    NameIndex,
    UnknownName,
    fold,
)

few = settings(max_examples=200, deadline=None)
SPACES = (" ", "\u00a0", "\u202f", "\u2009")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Bodø kommune", "bodø"),
        ("NORDLAND FYLKESKOMMUNE", "nordland"),
        ("Helse  Sør\u2011Øst\u00a0RHF", "helse sør-øst rhf"),
        ("Guovdageaidnu – Kautokeino", "guovdageaidnu-kautokeino"),
        ("St. Olav’s hospital", "st. olav's hospital"),
        ("Ka\u030afjord", "kåfjord"),
        ("Kommune", "kommune"),
    ],
)
def test_a_name_is_folded_over_what_print_varies(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("one", "other"),
    [("Våler", "Valer"), ("Bø", "Bo"), ("Kárášjohka", "Karasjohka"), ("Unjárga", "Unjarga")],
)
def test_letters_that_differ_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@few
@given(st.text(max_size=20))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@few
@given(
    st.text("AaÅåØøÆæČčŠšŊŋÁá -'", max_size=20),
    st.sampled_from(SPACES),
    st.sampled_from("-‐‑–—"),
    st.sampled_from("'’´"),
)
def test_print_variants_of_a_name_fold_alike(
    name: str, space: str, dash: str, apostrophe: str
) -> None:
    variant = name.replace(" ", space).replace("-", dash).replace("'", apostrophe)
    assert fold(unicodedata.normalize("NFD", variant.upper())) == fold(name)


REFORM = date(2020, 1, 1)
NAMES = (
    Name("Bergen", "kommune:1201", "kommune", None, REFORM),
    Name("Bergen", "kommune:4601", "kommune", REFORM),
    Name("Oslo", "kommune:0301", "kommune"),
    Name("Oslo", "fylke:03", "fylke"),
    Name("Våler", "kommune:3018", "kommune", REFORM),
    Name("Våler", "kommune:3419", "kommune", REFORM),
    Name("Hordaland", "fylke:12", "fylke", None, REFORM),
    Name("Karasjok", "kommune:5610", "kommune"),
    Name("Kárášjohka", "kommune:5610", "kommune"),
    Name("Heim", "kommune:5055", "kommune"),
)
REGIONS = NameIndex(NAMES)


def test_a_name_is_found_by_any_of_its_labels() -> None:
    assert REGIONS.match("KARASJOK kommune") == REGIONS.match("Kárášjohka") == "kommune:5610"


def test_a_name_means_what_it_meant_on_the_day() -> None:
    assert REGIONS.match("Bergen", on=date(2019, 12, 31)) == "kommune:1201"
    assert REGIONS.match("Bergen", on=REFORM) == "kommune:4601"
    with pytest.raises(AmbiguousName):
        REGIONS.match("Bergen")


def test_the_first_level_that_has_the_name_decides() -> None:
    assert REGIONS.match("Oslo", levels=["fylke", "kommune"]) == "fylke:03"
    assert REGIONS.match("Oslo", levels=("kommune", "fylke")) == "kommune:0301"
    assert REGIONS.match("Heim", levels=["fylke", "kommune"]) == "kommune:5055"


def test_a_name_of_two_things_raises_with_both() -> None:
    with pytest.raises(AmbiguousName) as failure:
        REGIONS.match("Våler", levels=["kommune", "fylke"], on=date(2023, 1, 1))
    assert [name.key for name in failure.value.candidates] == ["kommune:3018", "kommune:3419"]
    assert '"Våler"' in failure.value.what
    assert "kommune:3018" in failure.value.what
    with pytest.raises(AmbiguousName, match="fylke, fylke:03"):
        REGIONS.match("Oslo")


def test_an_unknown_name_raises_with_the_nearest_ones_and_their_level() -> None:
    with pytest.raises(UnknownName) as failure:
        REGIONS.match("Karasjokk", levels=["kommune"])
    assert [name.label for name in failure.value.candidates] == ["Karasjok"]
    assert '"Karasjokk"' in failure.value.what
    assert "Karasjok (kommune, kommune:5610)" in failure.value.what


LABELS = NameIndex(
    (
        Name("Troms", "fylke:19", "fylke", None, REFORM),
        Name("Troms", "fylke:55", "fylke", date(2024, 1, 1)),
        Name("Romsa", "fylke:55", "fylke", date(2024, 1, 1)),
        Name("Oslo", "fylke:03", "fylke"),
        Name("03", "fylke:03", "fylke"),
        Name("Oslove", "fylke:03", "fylke"),
        Name("Nordland", "fylke:18", "fylke"),
        Name("0301", "kommune:0301", "kommune"),
        Name("Oslo", "kommune:0301", "kommune"),
        Name("3001", "kommune:3001", "kommune"),
    )
)


@pytest.mark.parametrize(
    ("label", "day", "key"),
    [
        ("Oslo - Oslove", date(2026, 3, 1), "fylke:03"),
        ("Oslo/Oslove", date(2026, 3, 1), "fylke:03"),
        ("Troms - Romsa", date(2025, 1, 1), "fylke:55"),
        ("Troms - Romsa (-2019)", date(2018, 12, 31), "fylke:19"),
        ("Troms (2024-)", date(2025, 1, 1), "fylke:55"),
        ("03 Oslo", date(2025, 1, 1), "fylke:03"),
        ("03 - Oslo", date(2025, 1, 1), "fylke:03"),
    ],
)
def test_a_label_of_a_statistics_bank_is_the_region_it_names(
    label: str, day: date, key: str
) -> None:
    assert LABELS.match(label, levels=["fylke"], on=day) == key
    decomposed = unicodedata.normalize("NFD", label)
    assert LABELS.match(decomposed, levels=["fylke"], on=day) == key


@pytest.mark.parametrize(
    ("label", "day"),
    [
        ("Troms - Nordland", date(2025, 1, 1)),
        ("Oslo - Sentrum", date(2025, 1, 1)),
        ("Troms - Romsa (-2019)", date(2025, 1, 1)),
        ("Troms - Romsa (-2017)", date(2017, 1, 1)),
        ("Troms (2020-)", date(2025, 1, 1)),
        ("Nordland (-2019)", date(2018, 1, 1)),
        ("03 Nordland", date(2025, 1, 1)),
        ("Oslo (-)", date(2025, 1, 1)),
        (" - ", date(2025, 1, 1)),
    ],
)
def test_a_label_whose_parts_are_of_different_regions_or_years_is_not_a_region(
    label: str, day: date
) -> None:
    with pytest.raises(UnknownName):
        LABELS.match(label, levels=["fylke"], on=day)


def test_the_first_candidate_for_a_code_is_the_one_with_its_leading_zero() -> None:
    with pytest.raises(UnknownName, match="lost its leading zero") as failure:
        LABELS.match("301", levels=["kommune"])
    assert failure.value.candidates[0].label == "0301"


def test_at_most_five_candidates_are_named() -> None:
    index = NameIndex(Name(f"Sandnes {letter}", letter, "bydel") for letter in "abcdefgh")
    with pytest.raises(UnknownName) as failure:
        index.match("Sandnes")
    assert len(failure.value.candidates) == 5


def test_a_known_name_at_another_level_or_time_is_the_candidate() -> None:
    with pytest.raises(
        UnknownName, match=r"on 2024-01-01.*Hordaland \(fylke, fylke:12, before 2020-01-01\)"
    ):
        REGIONS.match("Hordaland", on=date(2024, 1, 1))
    with pytest.raises(UnknownName, match=r"among kommune.*Hordaland \(fylke"):
        REGIONS.match("Hordaland", levels=["kommune"])


def test_a_name_like_no_other_has_no_candidates() -> None:
    with pytest.raises(UnknownName, match="none comes near"):
        REGIONS.match("")


def test_the_same_name_given_twice_is_one() -> None:
    assert NameIndex([*NAMES, *NAMES]).match("Heim") == "kommune:5055"


@pytest.mark.parametrize(
    ("nynorsk", "bokmal"),
    [
        ("sjukehus", "sykehus"),
        ("Universitetssjukehus", "universitetssykehus"),
        ("fastlegar", "fastleger"),
        ("fastlegane", "fastlegene"),
        ("pasientane", "pasientene"),
        ("sjukeheim", "sykehjem"),
        ("sjukeheimar", "sykehjem"),
        ("sjukepleiarar", "sykepleiere"),
        ("heimetenester", "hjemmetjenester"),
        ("Kommunale helse- og omsorgstenester", "kommunale helse- og omsorgstjenester"),
        ("avtalespesialistar", "avtalespesialister"),
        ("innbyggjarar", "innbyggere"),
        ("kommunane", "kommunene"),
        ("Heile landet", "hele landet"),
        ("Noreg", "Norge"),
    ],
)
def test_both_written_forms_of_norwegian_name_the_same(nynorsk: str, bokmal: str) -> None:
    assert NameIndex([Name(bokmal, "it", "")]).match(nynorsk) == "it"
    assert NameIndex([Name(nynorsk, "it", "")]).match(bokmal) == "it"


def test_place_names_are_not_taken_for_nynorsk_words() -> None:
    index = NameIndex([Name("Trondhjem", "a", ""), Name("Hjem", "b", "")])
    for label in ("Trondheim", "Heim"):
        with pytest.raises(UnknownName):
            index.match(label)


@few
@given(st.sampled_from(NAMES), st.sampled_from([date(2019, 6, 1), REFORM, date(2024, 6, 1)]))
def test_a_match_is_always_in_use_on_the_day(name: Name, day: date) -> None:
    failure: UnknownName | AmbiguousName | None = None
    try:
        key = REGIONS.match(name.label, levels=[name.level], on=day)
    except (UnknownName, AmbiguousName) as error:
        failure = error
    if failure:
        assert name.label in str(failure)
    else:
        in_use = {other.key for other in NAMES if other.is_used_on(day)}
        assert key in in_use
