"""Figures in sentences are proposed with words that find them again, and read as they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.inspection.prose_form import prose_form, units_of_figures
from pll_pipeline.validated.readers.prose import read

PAGE = """<!doctype html><title>Tall</title><body><h1>Nøkkeltall for 2025</h1>
<p>I 2025 ble det sendt over 33 millioner e-resepter i Norge. Tjenesten er gratis.</p>
<p>Om lag 98 % av legekontorene er med, og 2&nbsp;300 av 2 400 sykehjem.</p>
<p>Per 31. desember 2025 var 1&nbsp;234<sup>1</sup> kommuner i gang.</p>
<p>Antall brukere: 12,4 mill.</p><p>Ring 23 32 70 00.</p>"""


def proposed(page: str) -> dict[str, str]:
    """The name of each proposed figure, and what the reader finds by it."""
    settings = prose_form(page.encode(), "utf-8", "side.html")
    if settings is None:
        return {}
    table = read(page.encode(), settings, where="side.html")
    return dict(table.frame.select("name", "value").iter_rows())


def test_every_figure_is_proposed_with_its_qualifier_and_no_period_or_telephone_number() -> None:
    assert list(proposed(PAGE).values()) == [
        "over 33 millioner",
        "Om lag 98 %",
        "2\u00a0300",
        "2 400",
        "1\u00a0234",
        "12,4 mill",
    ]


def test_figures_are_named_by_the_words_beside_them() -> None:
    names = list(proposed(PAGE))
    assert names[:2] == ["e-resepter i Norge", "av legekontorene er"]
    assert names[-1] == "Antall brukere"


def test_the_settings_read_the_next_publication_with_another_qualifier() -> None:
    settings = prose_form(PAGE.encode(), "utf-8", "side.html")
    assert settings is not None
    later = PAGE.replace("over 33 millioner", "nesten 35,2 millioner").replace("2 400", "2 398")
    values = read(later.encode(), settings, where="side.html").frame["value"].to_list()
    assert values[0] == "nesten 35,2 millioner"
    assert "2 398" in values


def test_units_are_those_the_figures_are_written_in() -> None:
    settings = prose_form(PAGE.encode(), "utf-8", "side.html")
    assert settings is not None
    units = units_of_figures(read(PAGE.encode(), settings, where="side.html"))
    assert units["av legekontorene er"] == "percent"
    assert set(units.values()) == {"percent", "count"}


@pytest.mark.parametrize(
    "sentence",
    ["Tjenesten er gratis.", "Oppdatert 1. mars 2026.", "Ring 23 32 70 00.", "Ca. 10⁶ er mange."],
)
def test_a_sentence_without_a_figure_proposes_none(sentence: str) -> None:
    assert proposed(f"<p>{sentence}</p>") == {}


_WORDS = st.sampled_from(
    ["legekontor", "av", "sykehjem", "over", "i", "2025", "12,5", "1 200", "%"]
)
_SENTENCES = st.lists(st.lists(_WORDS, min_size=1, max_size=8).map(" ".join), max_size=5)


@given(_SENTENCES)
def test_whatever_is_proposed_can_be_read_from_the_same_page(sentences: list[str]) -> None:
    page = "".join(f"<p>{sentence}.</p>" for sentence in sentences)
    for value in proposed(page).values():
        assert any(value in sentence for sentence in sentences)
