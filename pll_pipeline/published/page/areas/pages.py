"""`report/nb/` and `report/en/`: a page per area in each language, and the list of all areas.

Not here: rows (`data.py`), what each section shows (`sections/`), texts (`languages/`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.data import LEVELS, AreaData
from pll_pipeline.published.page.areas.search import FILE as SEARCH_FILE
from pll_pipeline.published.page.areas.search import script
from pll_pipeline.published.page.areas.sections import (
    course,
    figures,
    members,
    neighbours,
    readiness,
    rollout,
    sources,
)
from pll_pipeline.published.page.colours import THEMES
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.files import LIST_FILE
from pll_pipeline.published.page.formats import LANGUAGES
from pll_pipeline.published.page.rows import Row, grouped

STYLE_FILE = "area.css"
COUNTRY_FILES = {"nb": "index.html", "en": "en.html"}
# Names of areas with their addresses and former names.
Linked = list[tuple[str, str, str]]
_SECTIONS = (
    figures.section,
    course.section,
    neighbours.section,
    rollout.section,
    readiness.section,
    members.section,
    sources.section,
)


def write(folder: Path, data: PageData) -> None:
    """Write the pages of all areas, and the list of them, below the folder of the page."""
    areas = AreaData(data)
    style = _environment().get_template("area.css.j2").render()
    (folder / STYLE_FILE).write_text(style, encoding="utf-8")
    for language in LANGUAGES:
        texts = AreaTexts(language, data)
        own = folder / language
        own.mkdir()
        (own / SEARCH_FILE).write_text(script(areas, texts), encoding="utf-8")
        (own / LIST_FILE).write_text(list_page(areas, texts), encoding="utf-8")
        for key, stem in areas.stems.items():
            page = area_page(key, areas, texts)
            (own / f"{stem}.html").write_text(page, encoding="utf-8")


def area_page(key: str, data: AreaData, texts: AreaTexts) -> str:
    """The whole page of an area in one language."""
    sections = [section(key, data, texts) for section in _SECTIONS]
    return _page(
        "area.html.j2",
        data,
        texts,
        file=f"{data.stems[key]}.html",
        feed_file=f"{data.stems[key]}.xml",
        title=data.label(key),
        area=data.areas[key],
        wholes=[
            (row["region_label"], f"{data.stems[row['region_key']]}.html")
            for row in data.wholes(key)
        ],
        headline=figures.headline(key, data, texts),
        sections=[section for section in sections if section],
    )


def list_page(data: AreaData, texts: AreaTexts) -> str:
    """The list of all areas in one language, with the search."""
    return _page(
        "area_list.html.j2",
        data,
        texts,
        file=LIST_FILE,
        title=texts.get("areas_title"),
        levels=listed(data, texts),
    )


def listed(data: AreaData, texts: AreaTexts, folder: str = "") -> list[tuple[str, Linked]]:
    """The areas under titles, each with its address and its former names; kommuner by fylke."""
    titles: list[tuple[str, Linked]] = []
    for level in LEVELS[:-1]:
        rows = [row for row in data.areas.values() if row["region_level"] == level]
        titles.append((texts.get(f"areas_{level}"), _linked(rows, data, folder)))
    kommuner = [row for row in data.areas.values() if row["region_level"] == LEVELS[-1]]
    by_fylke = {key: rows for (key,), rows in grouped(kommuner, "fylke_key").items()}
    for fylke in (key for key in data.areas if key in by_fylke):
        title = texts.get("areas_in_fylke", fylke=data.label(fylke))
        titles.append((title, _linked(by_fylke[fylke], data, folder)))
    rest = [row for key, rows in by_fylke.items() if key not in data.areas for row in rows]
    if rest:
        titles.append((texts.get("areas_kommune"), _linked(rest, data, folder)))
    return titles


def _linked(rows: list[Row], data: AreaData, folder: str) -> Linked:
    return [
        (
            data.label(row["region_key"]),
            f"{folder}{data.stems[row['region_key']]}.html",
            ", ".join(data.other_names.get(row["region_key"], ())),
        )
        for row in rows
    ]


def _page(template: str, data: AreaData, texts: AreaTexts, **content: object) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            texts=texts,
            list_address=LIST_FILE,
            search_file=SEARCH_FILE,
            style_file=STYLE_FILE,
            is_simulated=data.page.is_simulated,
            release=data.page.release,
            country=COUNTRY_FILES[texts.language],
            other=next(other for other in LANGUAGES if other != texts.language),
            **content,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("pll_pipeline.published.page.areas"),
                PackageLoader("pll_pipeline.published.page"),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"svg": Markup}
    environment.globals |= {"themes": THEMES}
    return environment
