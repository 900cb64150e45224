"""The pages of areas as a whole: one per area, safe, and complete where nothing is published."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pll_pipeline.published.page.areas import area_texts
from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.pages import area_page, list_page, write
from pll_pipeline.published.page.formats import LANGUAGES
from pll_pipeline.published.page.texts import FOLDER, texts
from tests.release_world import inputs
from tests.unit.published.page import world as page_world
from tests.unit.published.page.areas import world


def test_each_area_has_a_page_in_each_language_beside_a_list_and_a_search(tmp_path: Path) -> None:
    write(tmp_path, world.data().page)
    stems = {"rhf-1", "helsefellesskap-hfs-a", "fylke-18", "kommune-1804", "kommune-1818"}
    for language in LANGUAGES:
        names = {path.name for path in (tmp_path / language).iterdir()}
        assert names == {f"{stem}.html" for stem in stems} | {"index.html", "search.js"}
    assert (tmp_path / "area.css").stat().st_size > 1000


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_area_without_figures_says_that_none_is_published(language: str) -> None:
    data = world.data()
    page = area_page(world.KOMMUNE, data, AreaTexts(language, data.page))
    own = texts(language, area_texts.FOLDER)
    assert own["area_head_none"].format(area="Bodø") in page
    assert own["area_rollout_none"].format(area="Bodø") in page
    assert own["area_readiness_none"].format(area="Bodø") in page
    assert not re.search(r">0 ?%<|>0<", page), "not published is never zero"


def test_what_publishers_write_is_text_and_never_markup() -> None:
    evil = "</script><script>alert(1)</script>\"'&"
    data = world.data(
        area=[world.area(world.KOMMUNE, region_label=evil, region_name_parallel=evil)],
        area_other_figure=[
            page_world.row(
                "area_other_figure",
                region_key=world.KOMMUNE,
                service_code="pll",
                measure_code="share",
                actor_type_code="alle",
                owner=evil,
                statement_address='https://www.example.no/?a="><b>',
            )
        ],
    )
    for page in (
        area_page(world.KOMMUNE, data, world.english(data)),
        list_page(data, world.english(data)),
    ):
        assert page.count("<script") == 1
        assert not re.search(r"<b>|<script>", page)
        assert "alert(1)" in page


def test_simulated_figures_have_a_banner_on_every_page() -> None:
    for is_simulated in (True, False):
        areas = {"area": [world.area(world.KOMMUNE)]}
        page_data = page_world.data(release_inputs={"is_simulated": is_simulated}, **areas)
        data = world.AreaData(page_data)
        for page in (
            area_page(world.KOMMUNE, data, world.english(data)),
            list_page(data, world.english(data)),
        ):
            assert ("Simulated figures</strong>" in page) is is_simulated
            assert ("<title>SIMUL" in page) is is_simulated
    assert inputs().is_simulated is False


def test_the_list_has_every_area_with_its_former_names_and_kommuner_by_fylke() -> None:
    former = page_world.row("area_name", region_key=world.OTHER, former_name="Gammelby")
    data = world.data(area_name=[former])
    page = list_page(data, world.english(data))
    assert len(re.findall(r'<li><a href="[a-z0-9-]+\.html">', page)) == 5
    assert "Municipalities in Nordland" in page
    assert "(also: Gammelby)" in page


def test_the_texts_of_areas_are_none_of_the_page_of_the_country() -> None:
    shared = set(texts("nb", FOLDER)) & set(texts("nb", area_texts.FOLDER))
    assert shared == set()


def test_every_text_of_areas_is_used() -> None:
    package = Path(area_texts.__file__).parent
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (*package.parent.rglob("*.py"), *package.parent.rglob("*.j2"))
    )
    prefixes = tuple(re.findall(r'f"(\w+_)\{', code))
    unused = [
        key
        for key in texts("nb", area_texts.FOLDER)
        if f'"{key}"' not in code and f"'{key}'" not in code and not key.startswith(prefixes)
    ]
    assert unused == []
