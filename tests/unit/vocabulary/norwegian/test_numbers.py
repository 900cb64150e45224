"""Every form of number seen on publishers' pages, by example; what is always true, by property."""

from __future__ import annotations

import re
import string
from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.vocabulary.norwegian.numbers import (
    NORWEGIAN,
    NORWEGIAN_DOTTED,
    POINT,
    Figure,
    NumberConvention,
    read_number,
)
from pll_pipeline.vocabulary.norwegian.text import UnreadableText

few = settings(max_examples=200, deadline=None)
CONVENTIONS = (NORWEGIAN, NORWEGIAN_DOTTED, POINT)
SPACES = (" ", "\u00a0", "\u202f", "\u2009", "\u2007")


@pytest.mark.parametrize(
    ("text", "convention", "value", "unit"),
    [
        ("93,6 prosent", NORWEGIAN, 0.936, "share"),
        ("94,8 % prosent", NORWEGIAN, 0.948, "share"),
        ("94,8%", NORWEGIAN, 0.948, "share"),
        ("91.3 prosent", POINT, 0.913, "share"),
        ("140 %", NORWEGIAN, 1.4, "share"),
        ("−3,2 %", NORWEGIAN, -0.032, "share"),
        ("-79", NORWEGIAN, -79, "count"),
        ("0", NORWEGIAN, 0, "count"),
        ("0,5", NORWEGIAN, 0.5, "count"),
        ("96 750", NORWEGIAN, 96_750, "count"),
        ("96\u00a0750", NORWEGIAN, 96_750, "count"),
        ("96\u2009750", NORWEGIAN, 96_750, "count"),
        ("96\u202f750", POINT, 96_750, "count"),
        ("1 045", NORWEGIAN_DOTTED, 1_045, "count"),
        ("44.422", NORWEGIAN_DOTTED, 44_422, "count"),
        ("57.434", NORWEGIAN_DOTTED, 57_434, "count"),
        ("230.000", NORWEGIAN_DOTTED, 230_000, "count"),
        ("1.234.567,5", NORWEGIAN_DOTTED, 1_234_567.5, "count"),
        ("300000", NORWEGIAN, 300_000, "count"),
        ("1,045", NumberConvention(".", ","), 1_045, "count"),
        ("2,6 millioner", NORWEGIAN, 2_600_000, "count"),
        ("2,6 millionar", NORWEGIAN, 2_600_000, "count"),
        ("1 mill.", NORWEGIAN, 1_000_000, "count"),
        ("5 tusen", NORWEGIAN, 5_000, "count"),
        ("1,25 mrd kr", NORWEGIAN, 1_250_000_000, "nok"),
        ("1,25 milliarder kroner", NORWEGIAN, 1_250_000_000, "nok"),
        ("276 MNOK", NORWEGIAN, 276_000_000, "nok"),
        ("MNOK 276", NORWEGIAN, 276_000_000, "nok"),
        ("kr 1 250", NORWEGIAN, 1_250, "nok"),
        ("51 000 per uke", NORWEGIAN, 51_000, "count_per_week"),
        ("51 000 per veke", NORWEGIAN, 51_000, "count_per_week"),
        ("7 1 5 4", NORWEGIAN, 7_154, "count"),
        ("7\u20091\u20095\u20094", NORWEGIAN, 7_154, "count"),
        ("5 8, 5   M I L L I O N E R", NORWEGIAN, 58_500_000, "count"),
        ("1 4 5   0 0 0", NORWEGIAN, 145_000, "count"),
        ("9 4, 8 %", NORWEGIAN, 0.948, "share"),
        ("5 ‰", NORWEGIAN, 0.005, "share"),
        ("5 promille", NORWEGIAN, 0.005, "share"),
        ("5\nmillioner", NORWEGIAN, 5_000_000, "count"),
        ("94,8\t%", NORWEGIAN, 0.948, "share"),
        ("1,2E+05", NORWEGIAN, 120_000, "count"),
        ("1.2e5", POINT, 120_000, "count"),
        ("5e-05", POINT, 0.00005, "count"),
        ("-2,5E-1", NORWEGIAN, -0.25, "count"),
        ("1,2 · 10⁶", NORWEGIAN, 1_200_000, "count"),
        ("1,2 x 10^6", NORWEGIAN, 1_200_000, "count"),
        ("5 × 10⁻² %", NORWEGIAN, 0.0005, "share"),
    ],
)
def test_a_number_is_read_with_its_unit(
    text: str, convention: NumberConvention, value: float, unit: str
) -> None:
    assert read_number(text, convention) == Figure(value, unit, "exact", value, value, text)


def test_a_figure_keeps_the_text_as_it_was_printed() -> None:
    assert read_number(" over\u00a033 millioner", NORWEGIAN).text == " over\u00a033 millioner"


@pytest.mark.parametrize(
    ("words_list", "qualifier"),
    [
        (
            "over, godt over, i overkant av, litt over, mer enn, meir enn, vel, minst, drøyt, Over,"
            " flere enn, >",
            "at_least",
        ),
        (
            "nær, nærmere, i underkant av, inntil, under, færre enn, mindre enn, opptil, maks,"
            " nesten, snart, <",
            "at_most",
        ),
        (
            "om lag, omtrent, cirka, ca., ca, rundt, omkring, ein stad rundt, Et sted rundt",
            "approx",
        ),
    ],
)
def test_the_words_before_a_number_say_which_bound_it_is(words_list: str, qualifier: str) -> None:
    bounds = {"at_least": (33e6, None), "at_most": (None, 33e6), "approx": (None, None)}[qualifier]
    for words in words_list.split(", "):
        assert read_number(f"{words} 33 millioner", NORWEGIAN) == Figure(
            33e6, "count", qualifier, *bounds, ""
        )


def test_an_abbreviation_may_touch_its_number() -> None:
    figure = read_number("ca.100.000", NORWEGIAN_DOTTED)
    assert (figure.qualifier, figure.value) == ("approx", 100_000)


@pytest.mark.parametrize("text", ["overvekt 5", "nærhet 5", "velger 5", "caps 5"])
def test_a_word_that_only_begins_like_a_qualifier_is_none(text: str) -> None:
    with pytest.raises(UnreadableText):
        read_number(text, NORWEGIAN)


@pytest.mark.parametrize(
    ("text", "words"),
    [("<5", "<"), ("Færre  enn 5", "færre enn"), ("1-4", "range"), ("5", ""), ("> 5", ">")],
)
def test_a_figure_keeps_the_words_of_its_qualifier(text: str, words: str) -> None:
    assert read_number(text, NORWEGIAN).words == words


def test_a_figure_keeps_the_unit_and_the_scale_that_are_printed() -> None:
    assert read_number("2,6 mill. kr", NORWEGIAN).printed_scale == 6
    assert read_number("2,6 mill. kr", NORWEGIAN).printed_unit == "nok"
    assert read_number("12", NORWEGIAN).printed_unit is None


def test_a_letter_spaced_number_may_follow_a_qualifier() -> None:
    assert read_number("over 7 1 5 4", NORWEGIAN).lower == 7_154
    assert read_number("O V E R   5 8, 5   M I L L I O N E R", NORWEGIAN).lower == 58_500_000


@pytest.mark.parametrize(
    ("text", "lower", "upper", "unit"),
    [
        ("85-90 prosent", 0.85, 0.90, "share"),
        ("85–90 %", 0.85, 0.90, "share"),
        ("85 % – 90 %", 0.85, 0.90, "share"),
        ("85 til 90 prosent", 0.85, 0.90, "share"),
        ("mellom 85 og 90 prosent", 0.85, 0.90, "share"),
        ("2–3 millioner", 2e6, 3e6, "count"),
        ("500 tusen–1 million", 5e5, 1e6, "count"),
        ("900 000–1 200 000 kr", 9e5, 12e5, "nok"),
        ("500–1 000", 500, 1_000, "count"),
    ],
)
def test_a_range_has_both_bounds_and_no_value(
    text: str, lower: float, upper: float, unit: str
) -> None:
    assert read_number(text, NORWEGIAN) == Figure(None, unit, "approx", lower, upper, text)


@pytest.mark.parametrize(
    ("text", "convention"),
    [
        ("1.234", NORWEGIAN),
        ("91.3 prosent", NORWEGIAN),
        ("91.3 prosent", NORWEGIAN_DOTTED),
        ("93,6 prosent", POINT),
        ("1,234", POINT),
        ("1.234 567", NORWEGIAN_DOTTED),
        ("1 23", NORWEGIAN),
        ("12 3456", NORWEGIAN),
        ("1234 567", NORWEGIAN),
        ("0 123", NORWEGIAN),
        ("0301", NORWEGIAN),
        ("7 1", NORWEGIAN),
        ("7   1   5", NORWEGIAN),
        ("- 5", NORWEGIAN),
        ("–5", NORWEGIAN),
        ("1,", NORWEGIAN),
        (",5", NORWEGIAN),
        ("1,2e5", POINT),
        ("1e", POINT),
        ("1e+", POINT),
        ("1e400", POINT),
        ("10⁶", NORWEGIAN),
        ("412¹", NORWEGIAN),
        ("12 1)", NORWEGIAN),
        ("5\n123", NORWEGIAN),
        ("5\r\n123", NORWEGIAN),
        ("5\t123", NORWEGIAN),
        ("5\u2028123", NORWEGIAN),
        ("5\u2003123", NORWEGIAN),
        ("5\u200a123", NORWEGIAN),
        ("1\n234\n567", NORWEGIAN),
        ("12 (3)", NORWEGIAN),
        ("12/15", NORWEGIAN),
        ("12 av 15", NORWEGIAN),
        ("12; 15", NORWEGIAN),
        ("1 2 3", NORWEGIAN),
        ("5\n–10", NORWEGIAN),
        ("12 stk", NORWEGIAN),
        ("44.", NORWEGIAN_DOTTED),
        (".", NORWEGIAN),
        ("", NORWEGIAN),
        ("over", NORWEGIAN),
        ("om lag over 5", NORWEGIAN),
        ("ikke over 5", NORWEGIAN),
        ("halvparten", NORWEGIAN),
        ("7 apotek", NORWEGIAN),
        ("5 prosentpoeng", NORWEGIAN),
        ("5 tusen prosent", NORWEGIAN),
        ("5 m", NORWEGIAN),
        ("33 millioner og 12", NORWEGIAN),
        ("fra 85 til 90 prosent", NORWEGIAN),
        ("om lag 85–90 prosent", NORWEGIAN),
        ("90–85 prosent", NORWEGIAN),
        ("85 %–90", NORWEGIAN),
        ("85 %–90 kr", NORWEGIAN),
        ("−5–10", NORWEGIAN),
        ("5–−10", NORWEGIAN),
        ("10–12 000", NORWEGIAN),
        ("900 000–1,2 millioner", NORWEGIAN),
        ("١٢", NORWEGIAN),
        ("1\u200b234", NORWEGIAN),
        ("9" * 400, NORWEGIAN),
        ("1–" + "9" * 400, NORWEGIAN),
    ],
)
def test_a_number_that_cannot_be_read_raises_with_its_text(
    text: str, convention: NumberConvention
) -> None:
    with pytest.raises(UnreadableText) as failure:
        read_number(text, convention)
    assert f'"{text}"' in failure.value.what
    assert failure.value.text == text
    assert str(convention) in failure.value.what
    assert isinstance(failure.value, PllError)


def test_the_convention_alone_decides_what_a_point_means() -> None:
    assert read_number("1.234", NORWEGIAN_DOTTED).value == 1234
    assert read_number("1.234", POINT).value == 1.234
    with pytest.raises(UnreadableText, match="decimal comma, thousands space"):
        read_number("1.234", NORWEGIAN)


@pytest.mark.parametrize(
    ("decimal", "thousands"), [(",", ","), (".", " ."), (";", ""), (",", "'"), ("", " ")]
)
def test_no_convention_gives_a_mark_two_meanings(decimal: str, thousands: str) -> None:
    with pytest.raises(ValueError, match="no convention"):
        NumberConvention(decimal, thousands)


def test_a_convention_without_thousands_marks_reads_plain_digits_only() -> None:
    plain = NumberConvention(",", "")
    assert read_number("300000,5", plain).value == 300_000.5
    with pytest.raises(UnreadableText, match="thousands unmarked"):
        read_number("300 000", plain)


values = st.one_of(st.integers(-(10**12), 10**12), st.floats(-1e12, 1e12, allow_subnormal=False))


def _printed(value: float) -> str:
    """A number as Norwegian print has it: no-break spaces, decimal comma, a real minus."""
    return format_decimal(
        Decimal(str(value)), format="#,##0.#", locale="nb_NO", decimal_quantization=False
    )


@few
@given(values, st.sampled_from(["", "\u00a0%", "\u00a0kr", "\u00a0per\u00a0uke"]))
def test_a_printed_number_is_read_back(value: float, unit: str) -> None:
    figure = read_number(_printed(value) + unit, NORWEGIAN)
    expected = float(Decimal(str(value)).scaleb(-2 if "%" in unit else 0))
    assert (figure.value, figure.qualifier) == (expected, "exact")


@few
@given(st.integers(0, 10**6))
def test_a_share_printed_with_decimals_is_the_nearest_double(thousandths: int) -> None:
    printed = f"{thousandths // 1000},{thousandths % 1000:03}"
    assert read_number(f"{printed} %", NORWEGIAN).value == float(f"{thousandths}e-5")


@few
@given(
    st.integers(0, 10**10),
    st.sampled_from(["", " millioner", " %", " per uke"]),
    st.sampled_from(SPACES),
)
def test_every_kind_of_space_reads_alike(value: int, unit: str, space: str) -> None:
    text = f"i overkant av {value:,}{unit}".replace(",", " ")
    assert read_number(text.replace(" ", space), NORWEGIAN) == read_number(text, NORWEGIAN)


@few
@given(st.text("0123456789 .,", max_size=12))
def test_a_number_that_is_read_uses_every_printed_digit_and_only_declared_marks(text: str) -> None:
    for convention in CONVENTIONS:
        try:
            value = read_number(text, convention).value
        except UnreadableText:
            continue
        whole, _, decimals = text.partition(convention.decimal)
        assert not set(whole) - set(string.digits) - set(convention.thousands) - {" "}
        assert value == float(f"{re.sub('[^0-9]', '', whole)}.{re.sub('[^0-9]', '', decimals)}")


@few
@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from([" %", "", " millioner", " kr"]))
def test_a_point_before_three_digits_is_never_read_without_a_declared_meaning(
    first: int, last: int, unit: str
) -> None:
    text = f"{first}.{last:03}{unit}"
    with pytest.raises(UnreadableText):
        read_number(text, NORWEGIAN)
    dotted, point = read_number(text, NORWEGIAN_DOTTED).value, read_number(text, POINT).value
    assert dotted == pytest.approx(1000 * point)


@few
@given(st.integers(1, 999), st.integers(1, 999))
def test_a_range_whose_thousands_may_belong_to_both_ends_is_never_read(low: int, high: int) -> None:
    assume(low <= high)
    with pytest.raises(UnreadableText):
        read_number(f"{low}–{high} 000", NORWEGIAN)


pieces = [
    "over ",
    "ca. ",
    "85",
    "1 000",
    ",5",
    ".",
    "-",
    "–",
    "−",
    " ",
    "\u00a0",
    " %",
    " mill.",
    "kr",
    " og ",
    "mellom ",
    "x",
]


@few
@given(st.lists(st.sampled_from(pieces), max_size=7))
def test_any_text_is_a_figure_or_raises_with_the_text(parts: list[str]) -> None:
    text = "".join(parts)
    failure: UnreadableText | None = None
    try:
        figure = read_number(text, NORWEGIAN_DOTTED)
    except UnreadableText as error:
        failure = error
    if failure:
        assert text in str(failure)
    else:
        assert figure.text == text
        assert figure.value is not None or figure.lower < figure.upper
