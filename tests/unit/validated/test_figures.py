"""What a cell states of itself is compared with what the source file states of its column."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.sources.model import Value
from pll_pipeline.validated.figures import Cell, CellFigure, FigureReader, unit_stated_by
from pll_pipeline.validated.texts import Refused


def figure(
    text: str, unit: str = "count", measure_unit: str = "count", beside: str = "", **marks: Any
) -> CellFigure:
    """The figure of a cell; `marks` are keys of the value column, `stated` is the unit there."""
    stated = marks.pop("stated", "")
    value = Value(column="Antall", measure="m", **marks)
    cell = Cell(text, False, beside, stated, unit, measure_unit)
    return FigureReader(value, "Antall", "norwegian").read(cell, "exact", "", "observed")


def refusal(text: str, **settings: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        figure(text, **settings)
    return refused.value


# --- units


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("12,5", "thousand", 12_500),
        ("1 200", "thousand", 1_200_000),
        ("2,6", "million", 2_600_000),
        ("12", "count", 12),
        ("2,6 millioner", "million", 2_600_000),
        ("2,6 millioner", "count", 2_600_000),
        ("3 tusen", "thousand", 3_000),
    ],
)
def test_a_number_is_multiplied_with_the_unit_of_its_column_once(
    text: str, unit: str, value: float
) -> None:
    assert figure(text, unit).value == value


@pytest.mark.parametrize(
    ("text", "unit", "measure_unit", "bounds"),
    [
        ("57", "percent", "share", (0.565, 0.575)),
        ("57 %", "percent", "share", (0.565, 0.575)),
        ("57 %", "count", "share", (0.565, 0.575)),
        ("0 %", "percent", "share", (0.0, 0.005)),
        ("100", "percent", "share", (0.995, 1.0)),
        ("57,0", "percent", "share", (0.57, 0.57)),
        ("0,57", "count", "share", (0.57, 0.57)),
        ("57", "per_mille", "share", (0.057, 0.057)),
        ("-3", "percent", "relative_change", (-0.035, -0.025)),
        ("57", "count", "count", (57.0, 57.0)),
    ],
)
def test_a_whole_per_cent_is_exact_to_half_a_point(
    text: str, unit: str, measure_unit: str, bounds: tuple[float, float]
) -> None:
    read = figure(text, unit, measure_unit)
    assert (read.lower, read.upper, read.qualifier) == (*bounds, "exact")


def test_a_source_file_may_state_how_a_whole_per_cent_is_rounded() -> None:
    value = Value(column="Andel", measure="m")
    cell = Cell("57", False, "", "", "percent", "share")
    read = FigureReader(value, "Andel", "norwegian").read(cell, "exact", "10", "observed")
    assert (read.lower, read.upper) == (0.52, 0.62)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("94,8", "percent", 0.948), ("5", "per_mille", 0.005), ("94,8 %", "percent", 0.948)],
)
def test_parts_of_a_hundred_and_of_a_thousand_become_shares(
    text: str, unit: str, value: float
) -> None:
    assert figure(text, unit, "share").value == value


@pytest.mark.parametrize(
    ("text", "unit", "measure_unit"),
    [
        ("12 %", "count", "count"),
        ("12 ‰", "percent", "share"),
        ("2 millioner", "thousand", "count"),
        ("12 kr", "count", "count"),
        ("12", "percent", "count"),
    ],
)
def test_a_unit_in_a_cell_that_is_not_the_columns_is_refused(
    text: str, unit: str, measure_unit: str
) -> None:
    assert refusal(text, unit=unit, measure_unit=measure_unit).rule == "unit_is_the_columns"


@pytest.mark.parametrize(
    ("stated", "unit"),
    [
        ("1 000 personer", "thousand"),
        ("tusen", "thousand"),
        ("million kroner", "million"),
        ("prosent", "percent"),
        ("per 1 000 innbyggere", None),
        ("personer", None),
    ],
)
def test_the_unit_of_a_dataset_is_the_one_of_the_source_file(stated: str, unit: str | None) -> None:
    assert unit_stated_by(stated) == unit
    if unit in ("thousand", "million"):
        assert figure("12", unit, stated=stated).value in (12_000, 12_000_000)
        assert f"unit: {unit}" in refusal("12", stated=stated).reason
    if unit is None:
        assert figure("12", stated=stated).value == 12


# --- marks and footnotes

FOOTNOTES = {
    "*": {"status": "provisional"},
    "¹": {"note": "Uten Oslo"},
    "2)": {"qualifier": "approx", "note": "Anslag"},
}


@pytest.mark.parametrize(
    ("text", "status", "qualifier", "note"),
    [
        ("12*", "provisional", "exact", ""),
        ("12 *", "provisional", "exact", ""),
        ("12¹", "observed", "exact", "Uten Oslo"),
        ("12 2)", "observed", "approx", "Anslag"),
        ("12*¹", "provisional", "exact", "Uten Oslo"),
        ("12", "observed", "exact", ""),
    ],
)
def test_a_footnote_says_what_it_means_and_changes_no_number(
    text: str, status: str, qualifier: str, note: str
) -> None:
    read = figure(text, footnotes=FOOTNOTES)
    assert (read.value, read.status, read.qualifier) == (12, status, qualifier)
    assert set(filter(None, read.note.split("; "))) == set(filter(None, [note]))


def test_a_footnote_that_is_not_declared_is_refused_with_the_line_to_add() -> None:
    refused = refusal("12*")
    assert refused.rule == "number_is_readable"
    assert "footnotes" in refused.reason


def test_a_bracket_that_may_be_digits_of_the_number_is_refused() -> None:
    assert refusal("122)", footnotes=FOOTNOTES).rule == "number_is_readable"
    assert figure("12 a)", footnotes={"a)": {"note": "x"}}).value == 12
    assert figure("12a)", footnotes={"a)": {"note": "x"}}).value == 12


def test_a_footnote_mark_alone_is_no_figure() -> None:
    assert refusal("*", footnotes=FOOTNOTES).rule == "mark_is_declared"


@pytest.mark.parametrize(
    ("text", "beside", "expected"),
    [
        (":", "", (None, 1, 4, "suppressed")),
        ("", ":", (None, 1, 4, "suppressed")),
        ("0", ":", (None, 1, 4, "suppressed")),
        ("-", "", (0, 0, 0, "observed")),
        ("..", "", (None, None, None, "missing")),
        ("", "", (None, None, None, "missing")),
    ],
)
def test_the_three_kinds_of_marks_are_read_in_the_cell_and_beside_it(
    text: str, beside: str, expected: tuple[float | None, float | None, float | None, str]
) -> None:
    marks = {"suppressed": {":": [1, 4]}, "zero": ["-"], "missing": [".."]}
    read = figure(text, beside=beside, **marks)
    assert (read.value, read.lower, read.upper, read.status) == expected


def test_a_mark_beside_a_number_that_contradicts_it_is_refused() -> None:
    assert refusal("12", beside=":", suppressed={":": [1, 4]}).rule == "mark_fits_number"
    assert refusal("12", beside="?").rule == "mark_is_declared"


@pytest.mark.parametrize("text", ["<5", "under 5", "færre enn 5", "≤ 4", "1–4"])
def test_a_small_bound_is_refused_until_it_is_declared(text: str) -> None:
    refused = refusal(text)
    assert refused.rule == "bound_is_declared"
    assert "suppressed:" in refused.reason
    declared = figure(text, suppressed={text: [1, 4]})
    assert (declared.value, declared.status, declared.upper) == (None, "suppressed", 4)


@given(
    st.integers(0, 10**7),
    st.sampled_from(["count", "thousand", "million"]),
    st.sampled_from(["", "*", "¹", "2)"]),
)
def test_marks_and_units_never_make_another_number(number: int, unit: str, mark: str) -> None:
    factor = {"count": 1, "thousand": 10**3, "million": 10**6}[unit]
    text = f"{number} {mark}" if mark == "2)" else f"{number}{mark}"
    assert figure(text, unit, footnotes=FOOTNOTES).value == number * factor


def test_an_empty_cell_may_be_declared_as_suppressed_and_never_as_zero() -> None:
    blank = figure("", suppressed={"": [1, 4]})
    assert (blank.value, blank.lower, blank.upper, blank.status) == (None, 1, 4, "suppressed")
    assert figure("12", suppressed={"": [1, 4]}).value == 12
    assert figure(" ", missing=[""]).status == "missing"
    assert figure("12", missing=[""]).value == 12
    with pytest.raises(ValueError, match="never zero"):
        figure("", zero=[""])
