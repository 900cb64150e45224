"""Conditional formats: what they show in place of a cell's number is what is read, or a fault."""

from __future__ import annotations

import pytest

from pll_pipeline.validated.readers.workbook import conditions
from tests.unit.validated.readers.workbook.books import (
    HEADER,
    by_hand,
    not_read,
    refusal,
    rows,
    table,
)

DATA = (
    HEADER + '<row r="2"><c><v>3</v></c><c><v>7</v></c></row>'
    '<row r="3"><c t="inlineStr"><is><t>..</t></is></c><c><v>5</v></c></row>'
)
UNDER_FIVE = '<dxf><numFmt numFmtId="170" formatCode="&quot;&lt;5&quot;"/></dxf>'
STRIKE = "<dxf><font><strike/></font></dxf>"
RED = '<dxf><font><color rgb="FFFF0000"/></font></dxf>'
MAY_SHOW = "has a conditional format under which it may show something else"


def content(*rules: str, differences: str = UNDER_FIVE, area: str = "A2:B3") -> bytes:
    listed = f'<conditionalFormatting sqref="{area}">{"".join(rules)}</conditionalFormatting>'
    return by_hand(DATA, after=listed, styles=f"<dxfs>{differences}</dxfs>")


def rule(operator: str, *limits: str, kind: str = "cellIs", priority: int = 1) -> str:
    formulas = "".join(f"<formula>{limit}</formula>" for limit in limits)
    return (
        f'<cfRule type="{kind}" operator="{operator}" dxfId="0" priority="{priority}">'
        f"{formulas}</cfRule>"
    )


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (rule("lessThan", "5"), ["<5", "7", "..", "5"]),
        (rule("lessThanOrEqual", "5"), ["<5", "7", "..", "<5"]),
        (rule("greaterThan", "6"), ["3", "<5", "..", "5"]),
        (rule("between", "4", "6"), ["3", "7", "..", "<5"]),
        (rule("notBetween", "4", "6"), ["<5", "<5", "..", "5"]),
        (rule("equal", "7"), ["3", "<5", "..", "5"]),
        (rule("notEqual", "7"), ["<5", "7", "..", "<5"]),
    ],
)
def test_a_rule_about_the_number_alone_is_decided(written: str, shown: list[str]) -> None:
    read = table(content(written), "A")
    assert [*read.frame.row(0)[:2], *read.frame.row(1)[:2]] == shown
    assert read.faults == {}


def test_a_number_does_not_equal_a_text() -> None:
    read = table(content(rule("equal", '"x"'), area="A2:B2"), "A")
    assert (read.frame.row(0)[:2], read.faults) == (("3", "7"), {})


def test_a_number_that_shows_a_text_is_no_number_cell() -> None:
    read = table(content(rule("lessThan", "5")), "A")
    assert read.number_cells["B"].to_list() == [True, True]
    assert "A" not in read.number_cells


@pytest.mark.parametrize(
    "written",
    [
        rule("", "A2&lt;5", kind="expression"),
        rule("lessThan", "$D$1"),
        rule("lessThan"),
        rule("equal"),
        rule("notEqual", '"x"'),
        rule("", kind="top10"),
    ],
)
def test_a_rule_about_anything_else_makes_its_cells_unknown(written: str) -> None:
    faults = table(content(written, area="A2"), "A").faults
    assert faults == {(0, "A"): MAY_SHOW}


def test_a_rule_that_changes_colours_only_changes_nothing() -> None:
    read = table(content(rule("", "A2&lt;5", kind="expression"), differences=RED), "A")
    assert read.faults == {}


def test_a_rule_may_strike_out() -> None:
    struck = content(rule("lessThan", "5"), differences=STRIKE)
    assert rows(struck, "A") == [("", "7"), ("..", "5")]
    assert not_read(struck, "A") == [("sheet 'Tall'", "texts struck out", 1, "3")]


def test_the_rule_that_comes_first_decides() -> None:
    second = '<dxf><numFmt numFmtId="171" formatCode="&quot;few&quot;"/></dxf>'
    few = rule("lessThan", "4", priority=2).replace('dxfId="0"', 'dxfId="1"')
    both = content(few, rule("lessThan", "5"), differences=UNDER_FIVE + second)
    assert rows(both, "A")[0][0] == "<5"


@pytest.mark.parametrize("part", ['<iconSet showValue="0"/>', '<dataBar showValue="0"/>'])
def test_a_figure_behind_an_icon_or_a_bar_alone_is_not_shown(part: str) -> None:
    written = f'<cfRule type="iconSet" priority="1">{part}</cfRule>'
    faults = table(content(written, area="A2:A3"), "A").faults
    assert faults == {(0, "A"): "shows an icon or a bar in place of its number"}
    beside = f'<cfRule type="iconSet" priority="1">{part.replace("0", "1")}</cfRule>'
    assert table(content(beside), "A").faults == {}


def test_more_rules_than_any_publication_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "MOST_CONDITIONS", 1)
    assert "more than 1 conditional formats" in refusal(
        content(rule("lessThan", "5"), rule("lessThan", "4")), "A"
    )


def test_a_rule_about_no_area_of_the_sheet_is_refused() -> None:
    assert "'#REF!' is no area of a sheet" in refusal(
        content(rule("lessThan", "5"), area="#REF!"), "A"
    )


def test_rules_of_newer_programs_have_their_areas_and_formats_within() -> None:
    newer = (
        '<extLst><ext><x14:conditionalFormattings xmlns:x14="x" xmlns:xm="m">'
        '<x14:conditionalFormatting><x14:cfRule type="cellIs" operator="lessThan" priority="1">'
        '<xm:f>5</xm:f><x14:dxf><numFmt numFmtId="1" formatCode="&quot;&lt;5&quot;"/></x14:dxf>'
        "</x14:cfRule><xm:sqref>A2 B3</xm:sqref></x14:conditionalFormatting>"
        "</x14:conditionalFormattings></ext></extLst>"
    )
    assert rows(by_hand(DATA, after=newer), "A") == [("<5", "7"), ("..", "5")]
