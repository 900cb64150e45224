"""The text of an element as a reader sees it: hidden, struck and raised text, breaks, styles."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from pll_pipeline.validated.readers.page_style import PageStyle
from pll_pipeline.validated.readers.page_text import SeenText, seen_text


def _seen(inner: str, head: str = "") -> SeenText:
    page = LexborHTMLParser(f"<head>{head}</head><table><tr><td id=c>{inner}</td></tr></table>")
    cell = page.css_first("#c")
    assert cell is not None
    return seen_text(cell, PageStyle(page, "page"))


def _style(rules: str) -> str:
    return f"<style>{rules}</style>"


# --- hidden -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attributes",
    [
        "style='display:none'",
        "style='DISPLAY : NONE ;'",
        "style='color:red;display:none !important'",
        "style='visibility:hidden'",
        "style='opacity:0'",
        "style='font-size:0'",
        "style='position:absolute;left:-9999px'",
        "style='position:absolute;clip:rect(0,0,0,0)'",
        "style='width:1px;height:1px;overflow:hidden'",
        "style='text-indent:-9999px'",
        "hidden",
        "hidden='until-found'",
        "class='sr-only'",
        "class='x visually-hidden'",
        "class='screen-reader-text'",
        "class='sortkey'",
        "role='tooltip'",
    ],
)
def test_hidden_text_is_not_there_and_is_kept_beside(attributes: str) -> None:
    seen = _seen(f"<span {attributes}>9</span>87")
    assert (seen.text, seen.hidden, seen.fault) == ("87", ("9",), "")


@pytest.mark.parametrize(
    "tag", ["script", "style", "template", "noscript", "datalist", "iframe", "title"]
)
def test_text_that_browsers_do_not_show_is_not_there(tag: str) -> None:
    assert _seen(f"87<{tag}>9</{tag}>").text == "87"


@pytest.mark.parametrize(
    "attributes",
    [
        "aria-hidden='true'",
        "style='display:inline'",
        "style='visibility:visible'",
        "style='opacity:0.5'",
        "style='position:absolute;left:-5px'",
        "hidden style='display:inline'",
        "style='overflow:hidden;height:20px'",
        "class='not-sr-only'",
    ],
)
def test_text_that_is_shown_is_there(attributes: str) -> None:
    assert _seen(f"<span {attributes}>9</span> 87").text == "9 87"


def test_an_element_in_an_invisible_one_may_be_visible() -> None:
    inner = "<b style='visibility:hidden'>1<i style='visibility:visible'>2</i>3</b>"
    assert _seen(inner).text == "2"
    assert _seen("<b style='font-size:0'>1<i style='font-size:12px'>2</i></b>").text == "2"
    assert _seen("<b style='display:none'>1<i style='display:block'>2</i></b>").text == ""


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (".k { display: none }", "87"),
        ("td .k, .annet { color: red; display:none; }", "87"),
        ("/* .k {} */ .k{visibility:hidden}", "87"),
        (".k { display: none } td > span.k { display: inline }", "9 87"),
        ("td > span.k { display: inline } .k { display: none }", "9 87"),
        (".k { display: none !important } td > span.k { display: inline }", "87"),
        ("@media print { .k { display: none } }", "9 87"),
        ("@media screen { .k { display: none } }", "87"),
        ("@media (max-width: 600px) { .k { display: none } }", "9 87"),
        ("@media (min-width: 600px) { .k { display: none } }", "87"),
        ("@media screen and (min-width: 40em) { .k { display: none } }", "87"),
        ("@font-face { src: x } .k { display: none }", "87"),
        ("@import 'x.css'; .k { display: none }", "87"),
        (".k:hover { display: none }", "9 87"),
        ("span:not(.annet) { display: none }", "87"),
        ("..: { display: none } .k { display: none }", "87"),
        ("td[id=c] span { display: none", "87"),
        ("@layer x { .k { display: none } }", "87"),
    ],
)
def test_the_rules_of_the_page_hide_by_the_order_of_the_cascade(rules: str, text: str) -> None:
    assert _seen("<span class=k>9</span> 87", _style(rules)).text == text


def test_a_style_for_print_hides_nothing_on_the_screen() -> None:
    style = "<style media=print>.k { display: none }</style>"
    assert _seen("<span class=k>9</span> 87", style).text == "9 87"


def test_a_class_that_another_style_sheet_may_hide_is_a_fault() -> None:
    sheet = "<link rel=stylesheet href=x.css>"
    inner = "<span class=d-none>9</span> 87"
    assert "'9' in an element of the class 'd-none'" in _seen(inner, sheet).fault
    assert _seen(inner).fault == ""
    assert _seen(inner, sheet + _style(".d-none { display: none }")).text == "87"
    assert _seen(inner, sheet + _style(".d-none { display: none }")).fault == ""


# --- struck -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "struck",
    [
        "<s>1</s>",
        "<del>1</del>",
        "<strike>1</strike>",
        "<span style='text-decoration: line-through red'>1</span>",
        "<span style='text-decoration-line:line-through'>1</span>",
        "<s><b>1</b></s>",
    ],
)
def test_struck_text_is_not_there_and_is_kept_beside(struck: str) -> None:
    seen = _seen(f"{struck} 234")
    assert (seen.text, seen.struck, seen.fault) == ("234", ("1",), "")


def test_struck_text_by_a_rule_of_the_page_is_not_there() -> None:
    rule = _style(".gammel { text-decoration: line-through }")
    assert _seen("<span class=gammel>1</span> 234", rule).text == "234"


def test_digits_on_both_sides_of_struck_text_are_a_fault() -> None:
    assert _seen("<s>4</s>56") == SeenText("56", struck=("4",))
    assert "'1||3'" in _seen("1<s>2</s>3").fault


# --- raised and marked ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mark",
    [
        "<sup>1</sup>",
        "<sup>1)</sup>",
        "<sup>[12]</sup>",
        "<sup>*</sup>",
        "<sup>a</sup>",
        "<sup>1, 2</sup>",
        "<sup><a href='#fn'>se note</a></sup>",
        "<sup><a href='/noter'>1</a></sup>",
        "<span style='vertical-align: super; font-size: 70%'>1</span>",
        "<span style='position:relative; top:-0.4em'>1</span>",
        "<a href='#fn1'>1</a>",
        "<a href='#fn1'>[1]</a>",
        "<a href='#fn1'>*</a>",
        "<span class='footnote'>1</span>",
        "<span class='note-ref'>1</span>",
        "<a role='doc-noteref' href='side.html#1'>1</a>",
    ],
)
def test_a_footnote_mark_is_no_part_of_the_number(mark: str) -> None:
    seen = _seen(f"12{mark}")
    assert (seen.text, seen.fault, len(seen.marks)) == ("12", "", 1)


def test_a_raised_element_stays_raised_whatever_a_style_sheet_does() -> None:
    normalize = "sup { vertical-align: baseline; position: relative; top: -0.5em }"
    assert _seen("12<sup>1</sup>", _style(normalize)).text == "12"


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("10<sup>6</sup>", "10⁶"),
        ("3,2 × 10<sup>6</sup>", "3,2 × 10⁶"),
        ("10<sup>-3</sup>", "10⁻³"),
        ("12<sup>50</sup>", "12⁵⁰"),
        ("4 km<sup>2</sup>", "4 km²"),
        ("87<sup>%</sup>", "87%"),
        ("12<sup>foreløpig</sup>", "12foreløpig"),
        ("<sup>1</sup>", "¹"),
        ("110<sup>6</sup>", "110"),
        ("12<sub>1</sub>", "12₁"),
        ("<sub>9</sub>-<s>9</s>10", "₉-10"),
        ("CO<sub>2</sub>", "CO2"),
    ],
)
def test_what_is_raised_or_lowered_and_no_footnote_mark_is_kept(inner: str, text: str) -> None:
    assert _seen(inner).text == text


@pytest.mark.parametrize(
    "inner",
    [
        "12<small>1</small>",
        "12<sub>1</sub>3",
        "12<a href='/noter'>1</a>",
        "12<span class='x'>1</span>",
        "<span class='a'>12</span><span class='b'>34</span>",
        "1<sup>2</sup>3",
        "12<abbr title='x'>1</abbr>",
        "3 <small>-12</small>",
        "<math><msup><mn>10</mn><mn>6</mn></msup></math>",
        "12 <math><mn>1</mn></math>",
        "<img src='x' alt='5'>",
        "<svg><text>5</text></svg>",
        "<input value='5'>",
        "<table><tr><td>5</table>",
    ],
)
def test_what_cannot_be_known_is_a_fault(inner: str) -> None:
    assert _seen(inner).fault


@pytest.mark.parametrize(
    "inner",
    [
        "1<b>23</b>4",
        "<span>12</span><span>34</span>",
        "1<wbr>23<em>4</em>",
        "1&#8203;234",
        "12&shy;34",
        "<a href='/x'>1234</a>",
        "<span class='x'>1234</span>",
        "<input type=hidden value=5>1234",
        "<a href='#oslo'>1234</a>",
    ],
)
def test_elements_that_change_nothing_a_reader_sees_change_nothing(inner: str) -> None:
    seen = _seen(inner)
    assert (seen.text, seen.fault) == ("1234", "")


def test_text_that_a_style_adds_is_a_fault() -> None:
    inner = "<span class=k>12</span>"
    assert "' 000'" in _seen(inner, _style(".k::after { content: ' 000' }")).fault
    assert (
        _seen(inner, _style(".k::after { content: '' } .k::before { content: none }")).fault == ""
    )
    assert _seen(inner, _style(".k::after { content: '\\\\2192' }")).fault == ""
    only_on_phones = "@media (max-width: 600px) { .k::before { content: attr(data-label) } }"
    assert _seen(inner, _style(only_on_phones)).fault == ""


# --- breaks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inner",
    [
        "12<br>34",
        "<p>12</p><p>34</p>",
        "<ul><li>12</li><li>34</li></ul>",
        "<div>12</div>34",
        "12<hr>34",
        "<span style='display:block'>12</span><span style='display:block'>34</span>",
        "12 <br> \n 34",
        "12<table><tr><td></table>34",
    ],
)
def test_digits_on_lines_of_their_own_stay_on_them(inner: str) -> None:
    assert _seen(inner).text == "12\n34"


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("Møre og<br>Romsdal", "Møre og Romsdal"),
        ("mars<br>2026", "mars 2026"),
        ("12<br>%", "12 %"),
        ("<p>12</p>", "12"),
        ("1 234", "1 234"),
        ("1\n234", "1 234"),
        ("1&nbsp;234&#8239;567&thinsp;890", "1\u00a0234\u202f567\u2009890"),
        ("<my-number>12</my-number>34", "1234"),
    ],
)
def test_other_breaks_and_spaces_become_one_space(inner: str, text: str) -> None:
    assert _seen(inner).text == text
