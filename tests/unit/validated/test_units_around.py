"""The scale that a title or note beside a table states, against the unit of the source file."""

from __future__ import annotations

import polars as pl
import pytest

from pll_pipeline.validated.readers.table import PublishedTable
from pll_pipeline.validated.units_around import scale_stated_around


def _stated(text: str) -> str | None:
    found = scale_stated_around(PublishedTable(pl.DataFrame(), texts_around=("Tabell 1", text)))
    return found[0] if found else None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Tall i tusen", "thousand"),
        ("Tall i 1 000", "thousand"),
        ("Tall i 1\u00a0000", "thousand"),
        ("Alle tall er oppgitt i hele tusen.", "thousand"),
        ("Antall e-resepter per fylke (i 1000)", "thousand"),
        ("Resepter (1 000)", "thousand"),
        ("Figures in thousands", "thousand"),
        ("Kilde: Statistisk sentralbyrå. Tallene er i millioner.", "million"),
        ("Beløp i mill. kr", "million"),
        ("Tall i 1 000 000", "million"),
    ],
)
def test_a_text_states_the_scale_of_the_figures(text: str, unit: str) -> None:
    assert _stated(text) == unit


@pytest.mark.parametrize(
    "text",
    [
        "Antall per 1 000 innbyggere",
        "Tall fra 1 000 legekontor",
        "Over en million innbyggere",
        "Tabell 1000. Antall resepter",
        "Utvalg på 1 000 personer (2025)",
        "",
    ],
)
def test_a_number_in_a_title_that_is_no_scale_states_none(text: str) -> None:
    assert _stated(text) is None
