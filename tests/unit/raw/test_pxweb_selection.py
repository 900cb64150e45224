"""What is asked of a table: expressions mean periods and codes, never positions."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.raw.pxweb.description import Variable
from pll_pipeline.raw.pxweb.selection import expand, newest_period, parts, select

REGION = Variable("Region", ["0", "03", "0301", "1103", "4601"])
TIME = Variable("Tid", ["2022", "2023", "2024", "2025", "2026"], is_time=True)


@pytest.mark.parametrize(
    ("expressions", "codes"),
    [
        (["*"], TIME.codes),
        (["2024", "2022"], ["2022", "2024"]),
        (["20?4"], ["2024"]),
        (["*5", "2025"], ["2025"]),
        (["TOP(2)"], ["2025", "2026"]),
        (["top(2,1)"], ["2024", "2025"]),
        (["BOTTOM(2)"], ["2022", "2023"]),
        (["TOP(99)"], TIME.codes),
        (["FROM(2024)"], ["2024", "2025", "2026"]),
        (["TO(2023)", "2026"], ["2022", "2023", "2026"]),
        (["RANGE(2023,2025)"], ["2023", "2024", "2025"]),
        (["RANGE(2025, 2023)"], ["2023", "2024", "2025"]),
    ],
)
def test_expressions_mean_what_the_bank_means_by_them(
    expressions: list[str], codes: list[str]
) -> None:
    assert expand(TIME, expressions, where="x") == codes


@pytest.mark.parametrize(
    "codes",
    [
        ["2025", "2024", "2023"],
        ["2024", "2025", "2023"],
        ["2025M03", "2025M02", "2024M12"],
        ["2025K1", "2024K4", "2024K3"],
        ["2025U10", "2025U9", "2024U52"],
        ["2024-2025", "2023-2024"],
        ["2025_2026", "2024_2025"],
        ["202503", "202502", "202412"],
        ["20250301", "20241231"],
        ["1.3.2025", "31.12.2024"],
    ],
)
def test_the_newest_period_is_read_from_the_codes_and_not_from_their_position(
    codes: list[str],
) -> None:
    newest, oldest = max(codes, key=_age), min(codes, key=_age)
    for order in (codes, codes[::-1]):
        variable = Variable("Tid", order, is_time=True)
        assert expand(variable, ["TOP(1)"], where="x") == [newest]
        assert expand(variable, ["BOTTOM(1)"], where="x") == [oldest]
        assert newest_period(variable) == [newest]
        assert set(expand(variable, [f"FROM({oldest})"], where="x")) == set(codes)
        assert expand(variable, [f"FROM({newest})"], where="x") == [newest]
        assert expand(variable, [f"TO({oldest})"], where="x") == [oldest]


def _age(code: str) -> tuple[int, ...]:
    """The numbers of a code, the year first."""
    numbers = [int(number) for number in re.findall("[0-9]+", code)]
    return tuple(numbers[::-1] if code.count(".") == 2 else numbers)


def test_the_newest_period_is_read_from_the_labels_where_codes_name_none() -> None:
    labels = {"a": "januar 2025", "b": "desember 2024", "c": "februar 2025"}
    variable = Variable("Tid", ["a", "b", "c"], is_time=True, labels=labels)
    assert expand(variable, ["TOP(2)"], where="x") == ["a", "c"]
    assert expand(variable, ["FROM(a)"], where="x") == ["a", "c"]


@pytest.mark.parametrize("codes", [["b", "a"], ["2025", "nyeste"], ["3/2025", "4/2024"]])
def test_periods_that_cannot_be_read_have_no_newest(codes: list[str]) -> None:
    variable = Variable("Tid", codes, is_time=True)
    with pytest.raises(PllError, match=r"TOP\(1\) depends on the order of the periods of 'Tid'"):
        expand(variable, ["TOP(1)"], where="x")
    assert expand(variable, ["*"], where="x") == codes
    assert newest_period(variable) == codes[-1:]


@pytest.mark.parametrize(
    "expression", ["TOP(2)", "bottom(1)", "FROM(03)", "TO(03)", "RANGE(03,0301)"]
)
def test_periods_of_a_variable_that_is_not_declared_as_time_are_refused(expression: str) -> None:
    with pytest.raises(
        PllError, match=r"does not declare the variable 'Region' as time.*name the codes"
    ) as refusal:
        expand(REGION, [expression], where="x")
    assert expression in str(refusal.value)


def test_years_of_a_variable_that_is_not_declared_as_time_are_not_taken_for_periods() -> None:
    with pytest.raises(PllError, match="does not declare the variable 'Aar' as time"):
        select([Variable("Aar", ["2025", "2024"])], {"Aar": ["TOP(1)"]}, where="x")


PERIODS = st.lists(st.integers(1950, 2050), min_size=1, max_size=30, unique=True)


@given(PERIODS, st.integers(1, 40), st.integers(0, 40))
def test_top_takes_the_newest_periods_in_whatever_order_they_are_listed(
    years: list[int], number: int, skipped: int
) -> None:
    variable = Variable("Tid", [str(year) for year in years], is_time=True)
    newest_first = sorted(years, reverse=True)[skipped : skipped + number]
    if newest_first:
        found = expand(variable, [f"TOP({number},{skipped})"], where="x")
        assert found == [str(year) for year in years if year in newest_first]
    else:
        with pytest.raises(PllError, match="Nothing is asked"):
            expand(variable, [f"TOP({number},{skipped})"], where="x")


def test_a_code_that_looks_like_an_expression_is_itself() -> None:
    assert expand(Variable("x", ["TOP(1)", "a", "*"]), ["*"], where="x") == ["*"]
    assert expand(Variable("x", ["a", "TOP(1)"]), ["TOP(1)"], where="x") == ["TOP(1)"]


@pytest.mark.parametrize("expression", ["2027", "FROM(2027)", "TO(2027)", "RANGE(2024,2027)"])
def test_a_code_that_is_not_there_is_named_with_the_nearest(expression: str) -> None:
    message = (
        r"'Tid' has nothing that is '2027'; the nearest are .*202\d"
        r".*Where: here.*fetch\.values"
    )
    with pytest.raises(PllError, match=message):
        expand(TIME, [expression], where="here")


@pytest.mark.parametrize(
    "expression",
    ["19*", "RANGE(2024)", "FROM(2024,2025)", "TOP(0)", "TOP(x)", "top 2", "", "FROM()", "[2]*"],
)
def test_an_expression_that_matches_nothing_is_refused(expression: str) -> None:
    with pytest.raises(PllError, match="'Tid' has nothing that is"):
        expand(TIME, [expression], where="here")


def test_a_variable_of_which_nothing_is_asked_is_refused() -> None:
    with pytest.raises(PllError, match="Nothing is asked of the variable 'Tid'"):
        expand(TIME, [], where="here")


def test_a_variable_the_table_does_not_have_is_named_with_those_it_has() -> None:
    with pytest.raises(PllError, match="no variable 'Regon'; it has Region, Tid"):
        select([REGION, TIME], {"Regon": ["*"]}, where="here")


def test_a_variable_that_is_not_named_is_left_out_if_it_can_be_and_else_taken_whole() -> None:
    variables = [replace(REGION, can_be_eliminated=True), Variable("Contents", ["a", "b"]), TIME]
    assert select(variables, {"Tid": ["TOP(1)"]}, where="x") == {
        "Contents": ["a", "b"],
        "Tid": ["2026"],
    }


CODES = st.lists(
    st.text("0123456789F-", min_size=1, max_size=4), min_size=1, max_size=20, unique=True
)


def _expressions(codes: list[str], *, is_time: bool) -> st.SearchStrategy[str]:
    """Expressions that each match at least one of the codes."""
    code, number = st.sampled_from(codes), st.integers(1, 30)
    patterns = [
        code,
        st.just("*"),
        code.map(lambda c: f"{c[0]}*"),
        code.map(lambda c: "?" * len(c)),
    ]
    periods = [
        number.map("TOP({})".format),
        number.map("BOTTOM({})".format),
        code.map("FROM({})".format),
        code.map("TO({})".format),
        st.tuples(code, code).map(lambda ends: "RANGE({},{})".format(*ends)),
    ]
    return st.one_of([*patterns, *periods] if is_time else patterns)


@st.composite
def _asked_of_a_variable(draw: st.DrawFn) -> tuple[Variable, list[str]]:
    is_time = draw(st.booleans())
    codes = [str(year) for year in draw(PERIODS)] if is_time else draw(CODES)
    expressions = st.lists(_expressions(codes, is_time=is_time), min_size=1, max_size=4)
    return Variable("x", codes, is_time), draw(expressions)


@given(_asked_of_a_variable())
def test_expressions_match_some_of_the_codes_each_once_in_their_order(
    asked: tuple[Variable, list[str]],
) -> None:
    variable, expressions = asked
    found = expand(variable, expressions, where="x")
    assert found
    assert found == [code for code in variable.codes if code in found]
    each_alone = [expand(variable, [expression], where="x") for expression in expressions]
    assert set(found) == {code for codes in each_alone for code in codes}


@given(
    st.dictionaries(st.text("abcd", min_size=1, max_size=2), CODES, min_size=1, max_size=4),
    st.integers(1, 200),
)
def test_parts_have_every_cell_once_and_none_is_too_large(
    selection: dict[str, list[str]], most: int
) -> None:
    found = list(parts(selection, most))
    assert all(math.prod(map(len, part.values())) <= most for part in found)
    cells = [cell for part in found for cell in itertools.product(*part.values())]
    assert sorted(cells) == sorted(itertools.product(*selection.values()))
