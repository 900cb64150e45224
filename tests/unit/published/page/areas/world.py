"""Areas of a small country, and the rows about them. Not here: fixtures and assertions."""

from __future__ import annotations

from datetime import date
from typing import Any

from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.data import AreaData
from pll_pipeline.published.page.rows import Row
from tests.unit.published.page import world

RHF, COMMUNITY, COUNTY = "rhf:1", "helsefellesskap:HFS-A", "fylke:18"
KOMMUNE, OTHER = "kommune:1804", "kommune:1818"
MONTH = date(2026, 10, 1)
_NAMES = {
    RHF: "Helse Nord",
    COMMUNITY: "Helsefellesskapet A",
    COUNTY: "Nordland",
    KOMMUNE: "Bodø",
    OTHER: "Herøy (Nordland)",
}


def area(key: str, **values: Any) -> Row:
    """An area of the country; a kommune is in all the others."""
    level = key.partition(":")[0]
    inside = {}
    if level == "kommune":
        inside = {"fylke_key": COUNTY, "helsefellesskap_key": COMMUNITY, "rhf_key": RHF}
    elif level == "helsefellesskap":
        inside = {"rhf_key": RHF}
    label = _NAMES[key]
    filled = {"region_key": key, "region_level": level, "region_label": label, **inside, **values}
    return world.row("area", **filled)


def data(**rows: list[Row]) -> AreaData:
    """The areas of the country with these rows about them."""
    areas = {"area": [area(key) for key in _NAMES]}
    return AreaData(world.data(**(areas | rows)))


def english(of: AreaData) -> AreaTexts:
    """The English texts of the pages of areas."""
    return AreaTexts("en", of.page)


def figure(key: str = KOMMUNE, **values: Any) -> Row:
    """The newest share of GP offices in an area."""
    filled = {
        "region_key": key,
        "service_code": "pll",
        "measure_code": "share",
        "actor_type_code": "fastlege",
        "month": MONTH,
        "status": "observed",
        "qualifier": "exact",
        "basis": "derived",
        "region_count": 2,
        "months_since": 0,
    }
    return world.row("area_figure", **(filled | values))


def month(key: str, day: date, share: float | None = None, **values: Any) -> Row:
    """A month of the curve of an area."""
    filled = {"region_key": key, "service_code": "pll", "month": day, "adoption_share": share}
    filled |= {"status": "observed", "qualifier": "exact"}
    return world.row("area_curve", **(filled | values))


def plain(text: str) -> str:
    """A text with spaces where it has spaces that break no line."""
    return text.replace("\u00a0", " ")
