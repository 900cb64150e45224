"""`report/index.html` and `report/en.html`: the page in two languages, each one file that needs nothing beside it.

Drawn from the release itself, in the order of the questions. No script runs in it and nothing is fetched; its one script element
is a description of the data for search engines. Not here: what is asked (`figures.py`), said (`texts.py`) or drawn (`charts.py`).
"""

from __future__ import annotations

import json
from functools import cache
from math import sqrt
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import FILE_NAME as DATABASE
from pll_pipeline.published.page import care, nation, regions
from pll_pipeline.published.page.colours import THEMES
from pll_pipeline.published.page.figures import Figures, read
from pll_pipeline.published.page.formats import LANGUAGES
from pll_pipeline.published.page.teller import Teller
from pll_pipeline.published.page.tiles import GAP, HEXAGON, SQUARE
from pll_pipeline.published.release_info import (
    DESCRIPTION,
    DESCRIPTION_EN,
    SIMULATED,
    SIMULATED_EN,
    ReleaseInfo,
    iso,
)

FOLDER = "report"
FILES = {"nb": "index.html", "en": "en.html"}
_QUESTIONS = (
    nation.now,
    nation.plan,
    nation.curves,
    regions.spread,
    regions.ranking,
    regions.maps,
    regions.published,
    regions.forecast,
    care.changes,
    care.fresh,
    care.about,
)
_FULL = 5  # steps of a hexagon that is filled


def write(draft: Draft) -> None:
    """Write the page in each language."""
    info = draft.info
    figures = read(draft.connection, draft.tables, info, draft.previous)
    report = draft.folder / FOLDER
    report.mkdir()
    for language in LANGUAGES:
        (report / FILES[language]).write_text(page(language, figures, info), encoding="utf-8")


def page(language: str, figures: Figures, imprint: ReleaseInfo) -> str:
    """The whole page in one language."""
    teller = Teller(language, figures, imprint)
    sections = [question(teller) for question in _QUESTIONS]
    newest = figures["series"]["month"].max()
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            t=teller,
            headline=nation.headline(teller),
            sections=sections,
            is_simulated=imprint.inputs.is_simulated,
            imprint=imprint,
            newest=teller.write.month(newest) if newest else teller.say("no_month"),
            files=FILES,
            other=next(other for other in LANGUAGES if other != language),
            description=Markup(_description(teller, imprint)),
        )
    )


def _description(t: Teller, imprint: ReleaseInfo) -> str:
    """The release as a schema.org Dataset, safe inside a script element."""
    nb = t.language == "nb"
    words = DESCRIPTION if nb else DESCRIPTION_EN
    if imprint.inputs.is_simulated:
        words = f"{SIMULATED if nb else SIMULATED_EN} {words}"
    parts = [
        ("application/vnd.duckdb", DATABASE),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pll.xlsx"),
        ("application/json", "datapackage.json"),
    ]
    told = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": t.say("title"),
        "description": words,
        "inLanguage": t.language,
        "version": imprint.release_id,
        "dateModified": iso(imprint.built_at),
        "isAccessibleForFree": True,
        "license": list(imprint.licences),
        "creditText": list(imprint.attributions),
        "creator": [
            {"@type": "Organization", "name": name}
            for name in dict.fromkeys(source["publisher"] for source in imprint.inputs.sources)
        ],
        "isBasedOn": [source["landing_page"] for source in imprint.inputs.sources],
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": f"../{name}"}
            for kind, name in parts
        ],
    }
    return (
        json.dumps(told, ensure_ascii=False)
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pll_pipeline.published.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"kind": _kind, "svg": Markup, "hexagon": _hexagon}
    environment.globals |= {"themes": THEMES, "square": SQUARE, "gap": GAP}
    return environment


def _kind(part: Any) -> str:
    """What a part of a section is: the template draws each kind in its own way."""
    return "cards" if isinstance(part, tuple) else type(part).__name__.lower()


def _hexagon(x: float, y: float, step: int = _FULL) -> str:
    """The corners of a hexagon around a point; one of fewer steps fills so much of its area."""
    side = HEXAGON / sqrt(3) * sqrt(step / _FULL) * 0.95
    half = side * sqrt(3) / 2
    corners = (
        (0, -side),
        (half, -side / 2),
        (half, side / 2),
        (0, side),
        (-half, side / 2),
        (-half, -side / 2),
    )
    return " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
