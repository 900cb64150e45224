"""How the page writes shares, changes, periods and figures."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.published.page.formats import MINUS, NBSP, Formatter

NB, EN = Formatter("nb"), Formatter("en")
shares = st.floats(0, 1, allow_nan=False)


@pytest.mark.parametrize(
    ("share", "nb", "en"),
    [
        (0.6, f"60{NBSP}%", "60%"),
        (0.604, f"60,4{NBSP}%", "60.4%"),
        (0.0, f"0{NBSP}%", "0%"),
        (1.0, f"100{NBSP}%", "100%"),
        (0.9999, f">{NBSP}99,9{NBSP}%", f">{NBSP}99.9%"),
        (0.0001, f"<{NBSP}0,1{NBSP}%", f"<{NBSP}0.1%"),
    ],
)
def test_a_share_is_written_as_in_its_language_and_never_as_all_or_none_when_it_is_not(
    share: float, nb: str, en: str
) -> None:
    assert (NB.share(share), EN.share(share)) == (nb, en)


@given(shares)
def test_no_written_share_breaks_at_the_end_of_a_line(share: float) -> None:
    assert " " not in NB.share(share) + EN.share(share)


@given(shares)
def test_only_all_is_written_as_100_and_only_none_as_0(share: float) -> None:
    assert (NB.share(share) == f"100{NBSP}%") == (round(share * 100, 9) == 100)
    assert (NB.share(share) == f"0{NBSP}%") == (round(share * 100, 9) == 0)


@pytest.mark.parametrize(
    ("change", "nb", "en"),
    [
        (0.034, f"+3,4{NBSP}prosentpoeng", f"+3.4{NBSP}percentage points"),
        (-0.01, f"{MINUS}1,0{NBSP}prosentpoeng", f"{MINUS}1.0{NBSP}percentage point"),
        (0.0, f"0,0{NBSP}prosentpoeng", f"0.0{NBSP}percentage points"),
    ],
)
def test_a_change_has_its_sign_and_its_unit(change: float, nb: str, en: str) -> None:
    assert (NB.points(change), EN.points(change)) == (nb, en)


@pytest.mark.parametrize(
    ("grain", "start", "end", "nb", "en"),
    [
        ("month", date(2026, 3, 1), date(2026, 3, 31), f"mars{NBSP}2026", f"March{NBSP}2026"),
        ("year", date(2026, 1, 1), date(2026, 12, 31), "2026", "2026"),
        (
            "quarter",
            date(2026, 4, 1),
            date(2026, 6, 30),
            f"2.{NBSP}kvartal{NBSP}2026",
            f"Q2{NBSP}2026",
        ),
        (
            "tertial",
            date(2026, 5, 1),
            date(2026, 8, 31),
            f"2.{NBSP}tertial{NBSP}2026",
            f"third{NBSP}2{NBSP}of{NBSP}2026",
        ),
        (
            "day",
            date(2026, 5, 17),
            date(2026, 5, 17),
            f"17.{NBSP}mai{NBSP}2026",
            f"17{NBSP}May{NBSP}2026",
        ),
        (
            "half_year",
            date(2026, 7, 1),
            date(2026, 12, 31),
            f"2.{NBSP}halvår{NBSP}2026",
            f"H2{NBSP}2026",
        ),
        (
            "season",
            date(2024, 12, 1),
            date(2025, 2, 28),
            f"vinteren{NBSP}2024/2025",
            f"winter{NBSP}2024/2025",
        ),
        (
            "season",
            date(2026, 3, 1),
            date(2026, 5, 31),
            f"våren{NBSP}2026",
            f"spring{NBSP}2026",
        ),
        (
            "span",
            date(2026, 3, 1),
            date(2026, 3, 15),
            f"1.{NBSP}mars{NBSP}2026 – 15.{NBSP}mars{NBSP}2026",
            f"1{NBSP}March{NBSP}2026 – 15{NBSP}March{NBSP}2026",
        ),
        (
            None,
            date(2026, 1, 1),
            date(2026, 3, 31),
            f"1.{NBSP}januar{NBSP}2026 – 31.{NBSP}mars{NBSP}2026",
            f"1{NBSP}January{NBSP}2026 – 31{NBSP}March{NBSP}2026",
        ),
        (None, None, None, "udatert", "undated"),
    ],
)
def test_a_period_is_written_as_a_reader_writes_it(
    grain: str | None, start: date | None, end: date | None, nb: str, en: str
) -> None:
    assert (NB.period(grain, start, end), EN.period(grain, start, end)) == (nb, en)


def test_a_figure_keeps_its_qualifier_and_a_range_both_its_ends() -> None:
    assert NB.range(200, None, None, "at_least", "count") == f"minst{NBSP}200"
    assert NB.range(None, 0.1, 0.4, "exact", "share") == f"10{NBSP}%{NBSP}–{NBSP}40{NBSP}%"
    assert EN.range(None, 5, None, "exact", "count") == f"at least{NBSP}5"
    assert EN.range(None, None, 5, "exact", "count") == f"at most{NBSP}5"
    assert EN.range(None, None, None, "exact", "count") == ""


@pytest.mark.parametrize(
    ("parts", "nb"),
    [([], ""), (["a"], "a"), (["a", "b"], "a og b"), (["a", "b", "c"], "a, b og c")],
)
def test_a_list_ends_with_a_word(parts: list[str], nb: str) -> None:
    assert NB.listed(parts) == nb


def test_a_moment_is_written_as_clocks_in_norway_show_it() -> None:
    summer = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    winter = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
    assert NB.time(summer) == f"2.{NBSP}juli{NBSP}2026 kl.{NBSP}01.30"
    assert EN.time(winter) == f"25{NBSP}November{NBSP}2026, 02:30"


@pytest.mark.parametrize(
    ("end", "today", "nb", "en"),
    [
        (date(2026, 10, 31), date(2026, 11, 25), "under én måned", "less than a month"),
        (date(2026, 10, 31), date(2026, 11, 30), f"1{NBSP}måned", f"1{NBSP}month"),
        (date(2023, 12, 31), date(2026, 11, 25), f"2{NBSP}år og 10{NBSP}måneder", "2_years"),
        (date(2025, 11, 25), date(2026, 11, 25), f"1{NBSP}år", f"1{NBSP}year"),
        (date(2027, 1, 1), date(2026, 11, 25), "under én måned", "less than a month"),
    ],
)
def test_an_age_is_in_whole_months(end: date, today: date, nb: str, en: str) -> None:
    assert NB.age(end, today) == nb
    assert EN.age(end, today).startswith(en.replace("_", NBSP))
