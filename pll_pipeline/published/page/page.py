"""`report/index.html` and `report/en.html`: the page in two languages, each one file by itself.

Nothing is fetched. The scripts that run are allowed by their hash: the search for an area and that
of the figures. Another script element is a description of the data for search engines. Pictures of
the figures are files beside the page.
Not here: rows (`data.py`), sections (`sections/`), texts (`languages/`), pages of areas (`areas/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import FILE_NAME as DATABASE
from pll_pipeline.published.page import areas, feed, pictures
from pll_pipeline.published.page.areas import search
from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.data import AreaData
from pll_pipeline.published.page.colours import STEPS, THEMES
from pll_pipeline.published.page.data import PageData, read
from pll_pipeline.published.page.files import FEEDS, FILES, FOLDER, LISTS
from pll_pipeline.published.page.formats import LANGUAGES
from pll_pipeline.published.page.parts import Figure, Section
from pll_pipeline.published.page.scripts import figure_script, json_in_script
from pll_pipeline.published.page.sections import SECTIONS
from pll_pipeline.published.page.sections.current_shares import headline, newest_period
from pll_pipeline.published.page.tile_layout import SQUARE, corners
from pll_pipeline.published.release_info import iso

# Files of the release that search engines are shown, with their media types.
_DOWNLOADS = {
    DATABASE: "application/vnd.duckdb",
    "pll.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "datapackage.json": "application/json",
}


def write(draft: Draft) -> None:
    """Write the page in each language."""
    data = read(draft)
    folder = draft.folder / FOLDER
    folder.mkdir()
    for language in LANGUAGES:
        texts = AreaTexts(language, data)
        sections = _sections(data, texts)
        text = _html(data, texts, sections)
        (folder / FILES[language]).write_text(text, encoding="utf-8")
        _write_pictures(folder, sections, texts, is_simulated=data.is_simulated)
    areas.write(folder, data)
    feed.write(draft, folder, AreaData(data), FILES)


def html(language: str, data: PageData) -> str:
    """The whole page in one language."""
    texts = AreaTexts(language, data)
    return _html(data, texts, _sections(data, texts))


def _html(data: PageData, texts: AreaTexts, sections: Sequence[Section]) -> str:
    of_areas = AreaData(data)
    folder = f"{texts.language}/"
    search_script = search.script(of_areas, texts, folder)
    scripts = (search_script, figure_script())
    hashes = " ".join(map(search.source_of, scripts))
    template = _environment().get_template("page.html.j2")
    return template.render(
        texts=texts,
        headline=headline(data, texts),
        sections=sections,
        is_simulated=data.is_simulated,
        release=data.release,
        newest=newest_period(data, texts),
        files=FILES,
        areas=areas.listed(of_areas, texts, folder),
        list_address=LISTS[texts.language],
        feed_file=FEEDS[texts.language],
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - made for script elements
        script_sources=Markup(hashes),  # noqa: S704 - letters and digits
        other=next(other for other in LANGUAGES if other != texts.language),
        description=Markup(_description(texts, data)),  # noqa: S704 - escaped for a script element
    )


def _sections(data: PageData, texts: AreaTexts) -> list[Section]:
    return _numbered((section(data, texts) for section in SECTIONS), data.csv_files)


def _write_pictures(
    folder: Path, sections: Sequence[Section], texts: AreaTexts, *, is_simulated: bool
) -> None:
    """The charts and maps of the page as files."""
    template = _environment().get_template("parts.html.j2")
    parts: Any = template.make_module({"texts": texts})
    for section in sections:
        notes = (texts.get("banner_print"),) if is_simulated else ()
        for figure in section.parts:
            if not isinstance(figure, Figure) or not (figure.panels or figure.maps):
                continue
            drawings = [(panel.title, panel.svg) for panel in figure.panels]
            drawings += [(drawn.title, str(parts.map_drawing(drawn))) for drawn in figure.maps]
            pictures.write(folder, figure, drawings, (*notes, *section.intro), texts.language)


def _numbered(sections: Iterable[Section | None], csv_files: Mapping[str, str]) -> list[Section]:
    """The sections with their figures counted from 1, each with the file of its table."""
    number = count(1)
    return [
        replace(
            section,
            parts=tuple(
                _with_file(replace(part, number=next(number)), csv_files)
                if isinstance(part, Figure)
                else part
                for part in section.parts
            ),
        )
        for section in sections
        if section is not None
    ]


def _with_file(figure: Figure, csv_files: Mapping[str, str]) -> Figure:
    table = figure.release_table
    return replace(figure, release_file=csv_files.get(table, f"csv/{table}.csv"))


def _description(texts: AreaTexts, data: PageData) -> str:
    """The release as a schema.org Dataset, safe inside a script element."""
    release = data.release
    publishers = dict.fromkeys(source["publisher"] for source in data.sources.values())
    dataset = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": texts.get("title"),
        "identifier": "pll-simulated" if release.inputs.is_simulated else "pll",
        "description": getattr(release.description, texts.language),
        "inLanguage": texts.language,
        "version": release.release_id,
        "dateModified": iso(release.built_at),
        "isAccessibleForFree": True,
        "license": list(release.licences),
        "creditText": list(release.attributions),
        "creator": [{"@type": "Organization", "name": name} for name in publishers],
        "isBasedOn": [source["landing_page"] for source in data.sources.values()],
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": media_type,
                "contentUrl": f"{release.inputs.base_url or '../'}{file}",
            }
            for file, media_type in _DOWNLOADS.items()
        ],
    }
    if release.inputs.publisher:
        dataset["publisher"] = {"@type": "Organization", "name": release.inputs.publisher}
    if release.inputs.base_url:
        dataset["url"] = f"{release.inputs.base_url}{FOLDER}/"
    return json_in_script(dataset)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pll_pipeline.published.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"svg": Markup}
    environment.globals |= {
        "themes": THEMES,
        "steps": STEPS,
        "square": SQUARE,
        "hexagon": corners,
        "picture_file": pictures.file_name,
    }
    return environment
