"""How the page writes, colours and places what it is given, without a release."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter as Braces

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.published.page import charts, tiles
from pll_pipeline.published.page.colours import PAIRS, STEPS, THEMES, contrast, step_of
from pll_pipeline.published.page.figures import SCHEMAS, Figures
from pll_pipeline.published.page.formats import LANGUAGES, MINUS, NBSP, Formatter
from pll_pipeline.published.page.page import page
from pll_pipeline.published.page.texts import TEXTS
from pll_pipeline.published.page.view import csv_of
from pll_pipeline.published.release_info import ReleaseInfo
from tests.release_world import BUILT_AT, inputs

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
def test_a_share_is_written_as_its_language_does_and_never_as_all_or_none_when_it_is_not(
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
            "day",
            date(2026, 5, 17),
            date(2026, 5, 17),
            f"17.{NBSP}mai{NBSP}2026",
            f"17{NBSP}May{NBSP}2026",
        ),
        (None, None, None, "udatert", "undated"),
    ],
)
def test_a_period_is_written_as_a_reader_writes_it(
    grain: str | None, start: date | None, end: date | None, nb: str, en: str
) -> None:
    assert (NB.period(grain, start, end), EN.period(grain, start, end)) == (nb, en)


def test_a_figure_keeps_its_hedge_and_a_range_both_its_ends() -> None:
    assert NB.range(200, None, None, "at_least", "count") == f"minst{NBSP}200"
    assert NB.range(None, 0.1, 0.4, "exact", "share") == f"10{NBSP}%{NBSP}–{NBSP}40{NBSP}%"
    assert EN.range(None, 5, None, "exact", "count") == f"at least{NBSP}5"


def test_both_languages_say_the_same_things_with_the_same_braces() -> None:
    def braces(text: str) -> set[str]:
        return {name for _, name, _, _ in Braces().parse(text) if name}

    nb, en = TEXTS["nb"], TEXTS["en"]
    assert nb.keys() == en.keys()
    assert {key for key in nb if braces(nb[key]) != braces(en[key])} == set()


def test_every_text_is_said_somewhere() -> None:
    folder = Path(charts.__file__).parent
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.suffix in (".py", ".j2") and path.name != "texts.py"
    )
    made = (
        "status_",
        "phase_",
        "kind_",
        "fresh_",
        "cadence_",
        "refusal_",
        "level_",
        "term_",
        "basis_",
        "derived",
        "aggregated",
    )  # put together from what a release says
    assert [
        key
        for key in TEXTS["nb"]
        if f'"{key}"' not in code and f"'{key}'" not in code and not key.startswith(made)
    ] == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("above", "ground", "least"), PAIRS, ids=lambda value: str(value))
def test_what_stands_on_what_can_be_seen(theme: str, above: str, ground: str, least: float) -> None:
    assert contrast(THEMES[theme][above], THEMES[theme][ground]) >= least


def test_contrast_is_counted_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def _series(name: str) -> charts.Line:
    return charts.Line(
        name,
        [
            (date(2025, month, 1), share)
            for month, share in ((1, 0.1), (2, None), (3, 0.3), (4, 0.9))
        ],
    )


def test_a_drawing_has_only_colours_of_the_style_sheet_words_and_no_script() -> None:
    months = charts.span([date(2025, 1, 1), date(2025, 4, 1)])
    about = ("<b>Tittel</b> & mer", "Fra 10 til 90 %.")
    drawn = [
        charts.curves(_series("a"), [_series("b")], months, NB, about),
        charts.band(
            [(date(2025, 1, 1), 0.1, 0.2, 0.3), (date(2025, 4, 1), 0.2, 0.5, 0.7)],
            _series("a"),
            months,
            NB,
            about,
        ),
        charts.targets(_series("a"), [(date(2025, 4, 1), 0.5, "50 % · 2025")], months, NB, about),
        charts.forecast(_series("a"), [(date(2025, 4, 1), 0.2, 0.5, 0.7)], months, NB, about),
        charts.points([_series("a")], months, NB, about),
    ]
    for svg in drawn:
        colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
        assert all(
            colour in ("none", "transparent", "currentColor")
            or re.fullmatch(r"var\(--[a-z-]+\)", colour)
            for colour in colours
        ), colours
        assert not re.search(r"<script|javascript:|\bon\w+=|href=", svg)
        assert "&lt;b&gt;Tittel&lt;/b&gt; &amp; mer" in svg
        assert 'role="img"' in svg and "<desc" in svg
        assert {role for role in re.findall(r"var\(--([a-z-]+)\)", svg)} <= THEMES["light"].keys()


@given(shares)
def test_a_step_grows_with_the_share(share: float) -> None:
    assert 1 <= step_of(share) <= STEPS
    assert step_of(share) <= step_of(min(share + 0.2, 1))


@given(st.lists(st.sampled_from(["published", "suppressed", "missing"]), min_size=1))
def test_a_strip_tells_every_month_once(states: list[str]) -> None:
    runs = tiles.runs_of(states)
    assert [look for _, length, look in runs for _ in range(length)] == states
    assert all(one[2] != other[2] for one, other in zip(runs, runs[1:], strict=False))


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40)
)
def test_a_name_fits_its_tile(name: str) -> None:
    lines = tiles.in_lines(name)
    assert 1 <= len(lines) <= 2
    assert all(len(line) <= 11 for line in lines)


def test_a_figures_data_can_be_taken_from_the_page_itself() -> None:
    address = csv_of(
        pl.DataFrame(
            {"region": ["Møre, og Romsdal"], "share": [1 / 3], "month": [date(2026, 1, 1)]}
        )
    )
    assert address.startswith("data:text/csv;charset=utf-8,region,share,month%0A")
    assert "0.3333" in address and '"' not in address


def _nothing(**frames: pl.DataFrame) -> Figures:
    empty = {name: pl.DataFrame(schema=schema) for name, schema in SCHEMAS.items()}
    return Figures(empty | frames, None, True, None, None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_release_with_nothing_in_it_still_has_a_page_that_says_so(language: str) -> None:
    text = page(language, _nothing(), ReleaseInfo("2026-11-23T030004Z", BUILT_AT, inputs()))
    assert text.count("<section ") == 11
    assert TEXTS[language]["maps_none"] in text
    assert TEXTS[language]["curves_none"] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_publishers_write_is_text_and_never_markup(language: str) -> None:
    evil = "</script><script>alert(1)</script>\"'&"
    services = pl.DataFrame(
        [
            {
                "service_code": "pll",
                "service_name": evil,
                "service_name_en": evil,
                "service_description": evil,
                "service_description_en": evil,
            }
        ],
        schema=SCHEMAS["services"],
    )
    newest = pl.DataFrame(
        [
            {
                "service_code": "pll",
                "measure_code": evil,
                "is_adoption": False,
                "region_key": "kommune:1",
                "region_name": evil,
                "actor_type_code": evil,
                "period_start": None,
                "period_end": None,
                "period_grain": None,
                "value": 3.0,
                "lower": None,
                "upper": None,
                "qualifier": "exact",
                "unit": "count",
                "owner": evil,
                "statement_address": 'https://www.example.no/?a="><b>',
                "source_name": "figures",
            }
        ],
        schema=SCHEMAS["newest"],
    )
    quarantine = pl.DataFrame(
        [{"source_name": evil, "rule": evil, "reason": evil, "rows": 1}],
        schema=SCHEMAS["quarantine"],
    )
    known = inputs()
    hostile = {
        **known.sources[0],
        "title": evil,
        "title_en": evil,
        "publisher": evil,
        "licence": evil,
        "attribution": evil,
    }
    text = page(
        language,
        _nothing(services=services, newest=newest, quarantine=quarantine),
        ReleaseInfo("2026-11-23T030004Z", BUILT_AT, inputs(sources=[hostile])),
    )
    assert text.count("<script") == 1, "the description for search engines, and nothing else"
    assert "alert(1)" in text
    assert not re.search(r"<b>|<script>", text)
    assert evil not in text


def test_the_same_release_gives_the_same_page() -> None:
    imprint = ReleaseInfo(
        "2026-11-23T030004Z", datetime(2026, 11, 23, 3, 0, 4, tzinfo=UTC), inputs()
    )
    assert page("nb", _nothing(), imprint) == page("nb", _nothing(), imprint)
