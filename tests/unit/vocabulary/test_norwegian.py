"""Every text form seen on the publishers' pages, read by example; what must always hold, by property."""

from __future__ import annotations

import re
import string
import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.vocabulary.norwegian.names import (
    AmbiguousName,
    Name,
    NameIndex,
    UnknownName,
    fold,
)
from pll_pipeline.vocabulary.norwegian.numbers import (
    NORWEGIAN,
    NORWEGIAN_DOTTED,
    POINT,
    Figure,
    NumberConvention,
    read_hedge,
    read_number,
    write_number,
)
from pll_pipeline.vocabulary.norwegian.periods import MONTHS, Period, read_period, write_period
from pll_pipeline.vocabulary.norwegian.text import UnreadableText

few = settings(max_examples=200, deadline=None)
CONVENTIONS = (NORWEGIAN, NORWEGIAN_DOTTED, POINT)
SPACES = (" ", "\u00a0", "\u202f", "\u2009")


# --- numbers by example ---


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
    ],
)
def test_a_number_is_read_with_its_unit(
    text: str, convention: NumberConvention, value: float, unit: str
) -> None:
    assert read_number(text, convention) == Figure(value, unit, "exact", value, value, text)


def test_a_figure_keeps_the_text_as_it_was_printed() -> None:
    assert read_number(" over\u00a033 millioner", NORWEGIAN).text == " over\u00a033 millioner"


@pytest.mark.parametrize(
    ("hedges", "qualifier"),
    [
        (
            "over, godt over, i overkant av, litt over, mer enn, meir enn, vel, minst, drøyt, Over, flere enn, >",
            "at_least",
        ),
        (
            "nær, nærmere, i underkant av, inntil, under, færre enn, mindre enn, opptil, maks, nesten, snart, <",
            "at_most",
        ),
        (
            "om lag, omtrent, cirka, ca., ca, rundt, omkring, ein stad rundt, Et sted rundt",
            "approx",
        ),
    ],
)
def test_a_hedge_says_which_bound_holds(hedges: str, qualifier: str) -> None:
    bounds = {"at_least": (33e6, None), "at_most": (None, 33e6), "approx": (None, None)}[qualifier]
    for hedge in hedges.split(", "):
        assert read_hedge(f"{hedge} 33 millioner") == (qualifier, "33 millioner")
        assert read_number(f"{hedge} 33 millioner", NORWEGIAN) == Figure(
            33e6, "count", qualifier, *bounds, ""
        )


def test_an_abbreviation_may_stand_close_to_its_number() -> None:
    assert read_hedge("ca.100.000") == ("approx", "100.000")


@pytest.mark.parametrize("text", ["overvekt 5", "33 millioner", "nærhet 5", "velger", "caps 5"])
def test_a_word_that_only_begins_like_a_hedge_is_none(text: str) -> None:
    assert read_hedge(text) == ("exact", text)


def test_a_letter_spaced_number_may_follow_a_hedge() -> None:
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
        ("1e5", POINT),
        ("44.", NORWEGIAN_DOTTED),
        (".", NORWEGIAN),
        ("", NORWEGIAN),
        ("over", NORWEGIAN),
        ("om lag over 5", NORWEGIAN),
        ("ikke over 5", NORWEGIAN),
        ("halvparten", NORWEGIAN),
        ("7 apotek", NORWEGIAN),
        ("5 prosentpoeng", NORWEGIAN),
        ("5 promille", NORWEGIAN),
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
    assert f'"{text}"' in str(failure.value)
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


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (96_750, "count", None, "96\u00a0750"),
        (1_045, "count", None, "1\u00a0045"),
        (0.948, "share", None, "94,8\u00a0%"),
        (0.94, "share", 1, "94,0\u00a0%"),
        (0.125, "share", 0, "13\u00a0%"),
        (-3.25, "count", None, "−3,25"),
        (-0.4, "count", 0, "0"),
        (1_250_000_000.0, "nok", None, "1\u00a0250\u00a0000\u00a0000\u00a0kr"),
        (51_000, "count_per_week", None, "51\u00a0000\u00a0per\u00a0uke"),
    ],
)
def test_a_number_is_written_as_norwegian_print_has_it(
    value: float, unit: str, decimals: int | None, text: str
) -> None:
    assert write_number(value, unit, decimals) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        write_number(value)


# --- numbers by property ---

values = st.one_of(st.integers(-(10**12), 10**12), st.floats(-1e12, 1e12, allow_subnormal=False))
units = st.sampled_from(["count", "share", "nok", "count_per_week"])


@few
@given(values, units)
def test_a_written_number_is_read_back(value: float, unit: str) -> None:
    figure = read_number(write_number(value, unit), NORWEGIAN)
    assert (figure.value, figure.unit, figure.qualifier) == (value, unit, "exact")


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
    try:
        figure = read_number(text, NORWEGIAN_DOTTED)
    except UnreadableText as failure:
        assert text in str(failure)
    else:
        assert figure.text == text
        assert figure.value is not None or figure.lower < figure.upper


# --- periods ---


@pytest.mark.parametrize(
    ("text", "start", "end", "grain"),
    [
        ("2023", "2023-01-01", "2023-12-31", "year"),
        ("i løpet av 2027", "2027-01-01", "2027-12-31", "year"),
        ("2023-12", "2023-12-01", "2023-12-31", "month"),
        ("2024-02", "2024-02-01", "2024-02-29", "month"),
        ("2023M12", "2023-12-01", "2023-12-31", "month"),
        ("2023-12-11", "2023-12-11", "2023-12-11", "day"),
        ("26.01.2026", "2026-01-26", "2026-01-26", "day"),
        ("5.2.2013", "2013-02-05", "2013-02-05", "day"),
        ("30. mai 2022", "2022-05-30", "2022-05-30", "day"),
        ("30.\u00a0mai\u00a02022", "2022-05-30", "2022-05-30", "day"),
        ("Per 31.12.2023", "2023-12-31", "2023-12-31", "day"),
        ("Per desember 2023", "2023-12-01", "2023-12-31", "month"),
        ("pr. desember 2023", "2023-12-01", "2023-12-31", "month"),
        ("desember 2023", "2023-12-01", "2023-12-31", "month"),
        ("des. 2023", "2023-12-01", "2023-12-31", "month"),
        ("sept. 2021", "2021-09-01", "2021-09-30", "month"),
        ("Ved utgangen av 2023", "2023-12-01", "2023-12-31", "month"),
        ("ved utgangen av året 2023", "2023-12-01", "2023-12-31", "month"),
        ("ved utgangen av 1. tertial 2025", "2025-04-01", "2025-04-30", "month"),
        ("ultimo 2023", "2023-12-01", "2023-12-31", "month"),
        ("ultimo mai 2025", "2025-05-01", "2025-05-31", "month"),
        ("primo 2024", "2024-01-01", "2024-01-31", "month"),
        ("ved inngangen til 2024", "2024-01-01", "2024-01-31", "month"),
        ("medio 2026", "2026-06-01", "2026-06-30", "month"),
        ("medio april 2026", "2026-04-01", "2026-04-30", "month"),
        ("årsskiftet 2023/24", "2023-12-01", "2023-12-31", "month"),
        ("våren 2010", "2010-03-01", "2010-05-31", "season"),
        ("sommeren 2012", "2012-06-01", "2012-08-31", "season"),
        ("sommaren 2012", "2012-06-01", "2012-08-31", "season"),
        ("høsten 2019", "2019-09-01", "2019-11-30", "season"),
        ("hausten 2021", "2021-09-01", "2021-11-30", "season"),
        ("vinteren 2024/2025", "2024-12-01", "2025-02-28", "season"),
        ("vinteren 2023–24", "2023-12-01", "2024-02-29", "season"),
        ("Q1 2020", "2020-01-01", "2020-03-31", "quarter"),
        ("2020K4", "2020-10-01", "2020-12-31", "quarter"),
        ("1. kvartal 2020", "2020-01-01", "2020-03-31", "quarter"),
        ("Fjerde kvartal 2020", "2020-10-01", "2020-12-31", "quarter"),
        ("1. tertial 2025", "2025-01-01", "2025-04-30", "tertial"),
        ("3. tertial 2025", "2025-09-01", "2025-12-31", "tertial"),
        ("2. halvår 2024", "2024-07-01", "2024-12-31", "half_year"),
        ("2024–2025", "2024-01-01", "2025-12-31", "span"),
        ("2023-2029", "2023-01-01", "2029-12-31", "span"),
    ],
)
def test_a_period_is_read_with_its_grain(text: str, start: str, end: str, grain: str) -> None:
    assert read_period(text) == Period(
        date.fromisoformat(start), date.fromisoformat(end), grain, text
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-13",
        "2023-00",
        "2023-12-32",
        "2023-12-00",
        "2023-02-29",
        "32.01.2026",
        "26.13.2026",
        "26.01.26",
        "31. april 2022",
        "01/02/2023",
        "2024-25",
        "2024/2025",
        "2025–2024",
        "2024–2024",
        "2024–12",
        "våren",
        "vinteren 2024",
        "vinteren 2024/2026",
        "årsskiftet 2023",
        "4. tertial 2025",
        "3. halvår 2025",
        "5. kvartal 2020",
        "Q5 2020",
        "innen 2027",
        "0301",
        "9999",
        "fjor",
        "desember",
        "smarch 2023",
        "medio 1. kvartal 2025",
        "ultimo 31.12.2023",
        "primo ultimo 2023",
        "96 750",
    ],
)
def test_a_period_that_cannot_be_read_raises_with_its_text(text: str) -> None:
    with pytest.raises(UnreadableText) as failure:
        read_period(text)
    assert f'"{text}"' in str(failure.value)
    assert failure.value.text == text


def test_the_months_are_those_of_both_written_forms() -> None:
    from babel.dates import get_month_names

    for locale in ("nb_NO", "nn_NO"):
        assert tuple(get_month_names("wide", locale=locale).values()) == MONTHS
        for number, short in get_month_names("abbreviated", locale=locale).items():
            assert read_period(f"{short} 2026") == read_period(f"2026-{number:02}")


years = st.integers(1900, 2098)
period_texts = st.one_of(
    st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(str),
    st.builds("{}-{:02}".format, years, st.integers(1, 12)),
    years.map(str),
    st.builds("{}. kvartal {}".format, st.integers(1, 4), years),
    st.builds("{}. tertial {}".format, st.integers(1, 3), years),
    st.builds("{}. halvår {}".format, st.integers(1, 2), years),
    st.builds("{} {}".format, st.sampled_from(["våren", "sommeren", "høsten"]), years),
    years.map(lambda year: f"vinteren {year}/{year + 1}"),
    st.builds(lambda year, more: f"{year}–{min(year + more, 2099)}", years, st.integers(1, 20)),
)


@few
@given(period_texts)
def test_a_written_period_is_read_back(text: str) -> None:
    period = read_period(text)
    assert read_period(write_period(period)) == period
    assert period.start <= period.end


@few
@given(period_texts, st.sampled_from(SPACES))
def test_a_period_reads_alike_in_any_case_and_with_any_space(text: str, space: str) -> None:
    assert read_period(text.upper().replace(" ", space)) == read_period(text)


@few
@given(years, st.sampled_from(["kvartal", "tertial", "halvår"]))
def test_the_parts_of_a_year_follow_each_other_and_fill_it(year: int, part: str) -> None:
    count = {"kvartal": 4, "tertial": 3, "halvår": 2}[part]
    parts = [read_period(f"{number}. {part} {year}") for number in range(1, count + 1)]
    whole = read_period(str(year))
    assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
    assert all(
        later.start - earlier.end == timedelta(days=1)
        for earlier, later in zip(parts, parts[1:], strict=False)
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2022-05-30", "30. mai 2022"),
        ("2023-12", "desember 2023"),
        ("T1 2025", "1. tertial 2025"),
        ("hausten 2021", "høsten 2021"),
        ("vinteren 2024/25", "vinteren 2024/2025"),
        ("2024-2025", "2024–2025"),
    ],
)
def test_a_period_is_written_in_norwegian_words(text: str, written: str) -> None:
    assert write_period(read_period(text)) == written


# --- names ---


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


def test_a_name_stands_for_what_it_meant_on_the_day() -> None:
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
def test_a_match_always_holds_on_the_day(name: Name, day: date) -> None:
    try:
        key = REGIONS.match(name.label, levels=[name.level], on=day)
    except (UnknownName, AmbiguousName) as failure:
        assert name.label in str(failure)
    else:
        assert any(
            other.key == key and other.level == name.level and other.holds_on(day)
            for other in NAMES
        )
