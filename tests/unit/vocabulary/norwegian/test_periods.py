"""Every form of period seen on publishers' pages, by example; what is always true, by property."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from babel.dates import get_month_names
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.vocabulary.norwegian.periods import (
    MONTHS,
    IntervalEnd,
    Period,
    day_in_oslo,
    read_period,
)
from pll_pipeline.vocabulary.norwegian.text import UnreadableText

few = settings(max_examples=200, deadline=None)
SPACES = (" ", "\u00a0", "\u202f", "\u2009")


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2025, 12, 31, 22, 30, tzinfo=UTC), date(2025, 12, 31)),
        (datetime(2026, 6, 30, 22, 30, tzinfo=UTC), date(2026, 7, 1)),
    ],
)
def test_a_day_begins_when_it_begins_in_oslo(moment: datetime, day: date) -> None:
    assert day_in_oslo(moment) == day


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
        ("2016-03-01/2018-03-01", "2016-03-01", "2018-03-01", "span"),
        ("2024-01-01/2025-12-31", "2024-01-01", "2025-12-31", "span"),
        ("2024-02-01/2025-01-31", "2024-02-01", "2025-01-31", "span"),
        ("2024-02/2024-04", "2024-02-01", "2024-04-30", "span"),
        ("2024-01-01/2024-12-31", "2024-01-01", "2024-12-31", "year"),
        ("2024-07-01/2024-12-31", "2024-07-01", "2024-12-31", "half_year"),
        ("2024-05-01/2024-08-31", "2024-05-01", "2024-08-31", "tertial"),
        ("2024-01/2024-03", "2024-01-01", "2024-03-31", "quarter"),
        ("2024-02-01/2024-02-29", "2024-02-01", "2024-02-29", "month"),
        ("2024-02-03/2024-02-03", "2024-02-03", "2024-02-03", "day"),
        ("2024–2024", "2024-01-01", "2024-12-31", "year"),
        ("2016-03-01T00:00:00/2018-03-01T00:00:00", "2016-03-01", "2018-03-01", "span"),
        ("20240331", "2024-03-31", "2024-03-31", "day"),
        ("03/2026", "2026-03-01", "2026-03-31", "month"),
        ("12.2025", "2025-12-01", "2025-12-31", "month"),
        ("2026 mars", "2026-03-01", "2026-03-31", "month"),
        ("jan. 2026 – mars 2026", "2026-01-01", "2026-03-31", "quarter"),
        ("januar–april 2026", "2026-01-01", "2026-04-30", "tertial"),
        ("januar 2026 til og med juni 2026", "2026-01-01", "2026-06-30", "half_year"),
        ("fra 1. januar til 31. desember 2025", "2025-01-01", "2025-12-31", "year"),
        ("1.–31. mars 2026", "2026-03-01", "2026-03-31", "month"),
        ("1.1.–31.3.2026", "2026-01-01", "2026-03-31", "quarter"),
        ("01.02.2026-30.04.2026", "2026-02-01", "2026-04-30", "span"),
        ("2026-01-01 - 2026-06-30", "2026-01-01", "2026-06-30", "half_year"),
        ("2026M01–2026M03", "2026-01-01", "2026-03-31", "quarter"),
        ("1.–2. kvartal 2026", "2026-01-01", "2026-06-30", "half_year"),
        ("desember 2025–februar 2026", "2025-12-01", "2026-02-28", "span"),
        ("uke 12 2026", "2026-03-16", "2026-03-22", "span"),
        ("Veke 1/2026", "2025-12-29", "2026-01-04", "span"),
        ("2026-W12", "2026-03-16", "2026-03-22", "span"),
        ("2026U12", "2026-03-16", "2026-03-22", "span"),
        ("uke 53, 2026", "2026-12-28", "2027-01-03", "span"),
        ("H1 2026", "2026-01-01", "2026-06-30", "half_year"),
        ("2026, 2. halvår", "2026-07-01", "2026-12-31", "half_year"),
        ("første halvår 2026", "2026-01-01", "2026-06-30", "half_year"),
        ("1 halvår 2026", "2026-01-01", "2026-06-30", "half_year"),
        ("Vinteren 2024-2025", "2024-12-01", "2025-02-28", "season"),
        ("2024-03-01T00:00:00", "2024-03-01", "2024-03-01", "day"),
        ("2024-03-01 00:00:00", "2024-03-01", "2024-03-01", "day"),
        ("2024-03-01T00:00:00.000Z", "2024-03-01", "2024-03-01", "day"),
        ("2024-03-01T00:00:00+01:00", "2024-03-01", "2024-03-01", "day"),
        ("01.03.2024 00:00", "2024-03-01", "2024-03-01", "day"),
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
        "2018-03-01/2016-03-01",
        "2016-03/2018-03-01",
        "2016-03-01/P2Y",
        "2016-03-01/",
        "2025-01-01/2026-01-01",
        "2025-04-01/2025-05-01",
        "2024-03-01T00:30:00",
        "2024-02-29T23:00:00Z",
        "2024-03 00:00",
        "2016/2018",
        "3/2026",
        "13/2026",
        "2026/03",
        "202603",
        "20261301",
        "mars 26",
        "uke 12",
        "uke 53 2025",
        "første halvår",
        "hittil i 2026",
        "skoleåret 2024/2025",
        "desember–februar 2026",
        "januar 2025–2026",
        "1. jan. 2025 – 1. jan. 2026",
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


@pytest.mark.parametrize(
    ("text", "interval_end", "end", "grain"),
    [
        ("2025-01-01/2026-01-01", "excluded", "2025-12-31", "year"),
        ("2025-01-01/2026-01-01", "included", "2026-01-01", "span"),
        ("2025-01/2026-01", "excluded", "2025-12-31", "year"),
        ("2016-03-01/2018-03-01", "excluded", "2018-02-28", "span"),
        ("2025-01-01/2025-12-31", "included", "2025-12-31", "year"),
    ],
)
def test_an_interval_ends_where_the_source_file_states(
    text: str, interval_end: IntervalEnd, end: str, grain: str
) -> None:
    period = read_period(text, interval_end)
    assert (str(period.end), period.grain) == (end, grain)


def test_an_interval_with_two_readings_offers_the_line_that_chooses() -> None:
    with pytest.raises(UnreadableText, match=r"exactly a year.*interval_end: excluded"):
        read_period("2025-01-01/2026-01-01")


def test_an_interval_without_days_is_refused() -> None:
    with pytest.raises(UnreadableText, match="ends before it starts"):
        read_period("2025-01-01/2025-01-01", "excluded")


def test_the_months_are_those_of_both_written_forms() -> None:
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
def test_a_period_starts_no_later_than_it_ends(text: str) -> None:
    period = read_period(text)
    assert period.start <= period.end
    assert str(period.start.year) in text or period.grain == "season"


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
    assert all(later.start - earlier.end == timedelta(days=1) for earlier, later in pairwise(parts))
