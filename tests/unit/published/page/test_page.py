"""The page as a whole: safe, the same every time, and complete where there is nothing to show."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from pll_pipeline.published.page.formats import LANGUAGES
from pll_pipeline.published.page.page import html
from pll_pipeline.published.page.texts import texts
from tests.release_world import inputs
from tests.unit.published.page import world


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_release_without_figures_has_a_page_that_says_so(language: str) -> None:
    page = html(language, world.data())
    assert page.count("<section ") == 8
    assert texts(language)["forecast_none"] in page
    assert texts(language)["missing_intro"] in page
    assert "<figure" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_publishers_write_is_text_and_never_markup(language: str) -> None:
    evil = "</script><script>alert(1)</script>\"'&"
    names = {f"service_{name}": evil for name in ("name", "name_en")}
    names |= {f"service_description{suffix}": evil for suffix in ("", "_en")}
    hostile = {name: evil for name in ("title", "title_en", "publisher", "licence", "attribution")}
    data = world.data(
        release_inputs={"sources": [inputs().sources[0] | hostile]},
        service=[world.row("service", service_code="pll", **names)],
        measure=[
            world.row("measure", measure_code="share", measure_name=evil, measure_name_en=evil)
        ],
        newest_figure=[
            world.row(
                "newest_figure",
                service_code="pll",
                measure_code="share",
                actor_type_code="alle",
                region_name=evil,
                owner=evil,
                value=3.0,
                unit="count",
                statement_address='https://www.example.no/?a="><b>',
            )
        ],
        quarantine=[world.row("quarantine", source_name=evil, rule=evil, reason=evil)],
    )
    page = html(language, data)
    assert page.count("<script") == 3, "the description for search engines, the search, the figures"
    assert "alert(1)" in page
    assert page.count("<script>") == 2
    assert "<b>" not in page
    assert evil not in page


def test_a_figure_names_the_file_of_its_table_also_where_it_is_compressed() -> None:
    data = world.data(year=[world.row("year", service_code="pll", year=2026, figure_count=3)])
    assert ": csv/mart_key_figures.csv." in html("en", data)
    packed = replace(data, csv_files={"mart_key_figures": "csv/mart_key_figures.csv.gz"})
    assert ": csv/mart_key_figures.csv.gz." in html("en", packed)


def test_search_engines_get_whole_addresses_and_a_publisher_where_the_operator_states_them() -> (
    None
):
    data = world.data()
    unstated = _dataset(html("en", data))
    assert "publisher" not in unstated
    assert "url" not in unstated
    assert unstated["distribution"][0]["contentUrl"] == "../pll.duckdb"
    settings = replace(
        data.release.inputs, publisher="Etaten </script>", base_url="https://example.no/pll/"
    )
    stated = _dataset(html("en", replace(data, release=replace(data.release, inputs=settings))))
    assert stated["publisher"]["name"] == "Etaten </script>"
    assert stated["url"] == "https://example.no/pll/report/"
    assert stated["distribution"][0]["contentUrl"] == "https://example.no/pll/pll.duckdb"
    assert stated["identifier"] == unstated["identifier"] == "pll"


def _dataset(page: str) -> dict[str, Any]:
    script = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert script
    dataset: dict[str, Any] = json.loads(script[1])
    return dataset


def test_figures_are_numbered_over_the_whole_page() -> None:
    adoption = world.row("adoption_by_actor_type", service_code="pll", adoption_share=0.5)
    data = world.data(
        actor_type=[world.row("actor_type", actor_type_code=code) for code in ("a", "b")],
        adoption_by_actor_type=[
            adoption | {"actor_type_code": "a"},
            adoption | {"actor_type_code": "b"},
        ],
        year=[world.row("year", service_code="pll", year=2026, figure_count=3)],
    )
    page = html("en", data)
    assert re.findall(r'<p class="number">(Figure \d+) <a', page) == ["Figure 1", "Figure 2"]


def test_simulated_figures_are_marked_as_such() -> None:
    simulated = html("en", world.data(release_inputs={"is_simulated": True}))
    assert "<strong>Simulated figures</strong>" in simulated
    assert "<strong>" not in html("en", world.data())


def test_the_same_data_gives_the_same_page() -> None:
    assert html("nb", world.data()) == html("nb", world.data())
