"""One visual of the report as PBIR has it, from its description in `report.yaml`.

Not here: which visuals there are (`report.yaml`).
"""

from __future__ import annotations

from typing import Any

from pll_pipeline.published.powerbi.defaults import Defaults
from pll_pipeline.published.powerbi.fields import Fields, literal
from pll_pipeline.published.powerbi.model import tag

_ANY_POINT = {"data": [{"dataViewWildcard": {"matchingOption": 1}}]}
_AXES = ("categoryAxis", "valueAxis")


def identity(page: str, visual: str) -> str:
    """The name of a visual in the files, the same in every release."""
    return tag("visual", page, visual).replace("-", "")[:20]


def visual(
    fields: Fields, page: str, described: dict[str, Any], order: int, defaults: Defaults
) -> dict[str, Any]:
    """The container of a visual: where it is, what it shows, what it is limited to."""
    left, top, width, height = described["box"]
    container: dict[str, Any] = {
        "name": identity(page, described["name"]),
        "position": {
            "x": left,
            "y": top,
            "z": order,
            "height": height,
            "width": width,
            "tabOrder": order,
        },
        "visual": _content(fields, described, defaults),
    }
    if "only" in described:
        container["filterConfig"] = fields.limited(f"{page}/{described['name']}", described["only"])
    return container


def _content(fields: Fields, described: dict[str, Any], defaults: Defaults) -> dict[str, Any]:
    title = _value(described["title"])
    objects: dict[str, Any] = {
        "title": _properties(show=_value(True), text=title),
        "general": _properties(altText=title),
    }
    content: dict[str, Any] = {"visualType": described["type"]}
    if "fields" in described:
        content["query"] = _query(fields, described)
    if described["type"] == "slicer":
        content |= _slicer(fields, described, defaults)
    if described["type"] == "actionButton":
        objects["title"] = _properties(show=_value(False))
        objects["visualLink"] = _properties(show=_value(True), type=_value("Back"))
        content["objects"] = {"icon": _back_icon()}
    if "colour" in described:
        content["objects"] = _coloured(fields, described["colour"])
    return content | {"visualContainerObjects": objects, "drillFilterOtherVisuals": True}


def _query(fields: Fields, described: dict[str, Any]) -> dict[str, Any]:
    """The fields in each well, and the order of what is shown."""
    wells = {
        well: {"projections": [fields.projection(field) for field in shown]}
        for well, shown in described["fields"].items()
    }
    query: dict[str, Any] = {"queryState": wells}
    if "sorted_by" in described:
        field = fields.reference(described["sorted_by"])
        query["sortDefinition"] = {"sort": [{"field": field, "direction": "Descending"}]}
    return query


def _slicer(fields: Fields, described: dict[str, Any], defaults: Defaults) -> dict[str, Any]:
    """A slicer, the same on every page; where it has a default, one value is always chosen."""
    mode = "Basic" if described.get("is_list") else "Dropdown"
    objects: dict[str, Any] = {
        "data": _properties(mode=_value(mode)),
        "header": _properties(show=_value(False)),
    }
    default = getattr(defaults, described["default"]) if "default" in described else ""
    if default:
        (field,) = described["fields"]["Values"]
        objects["selection"] = _properties(strictSingleSelect=_value(True))
        objects["general"] = _properties(filter={"filter": fields.chosen(field, default)})
    group = {"groupName": described["name"], "fieldChanges": True, "filterChanges": True}
    return {"objects": objects, "syncGroup": group}


def _coloured(fields: Fields, measure: str) -> dict[str, Any]:
    """Points in the colour that a measure names, without axes: a map of tiles."""
    fill = {"solid": {"color": {"expr": fields.reference(measure)}}}
    objects: dict[str, Any] = {
        "dataPoint": [{"properties": {"fill": fill}, "selector": _ANY_POINT}],
        "legend": _properties(show=_value(False)),
    }
    return objects | {axis: _properties(show=_value(False)) for axis in _AXES}


def _back_icon() -> list[dict[str, Any]]:
    return [{"properties": {"shapeType": _value("back")}, "selector": {"id": "default"}}]


def _properties(**properties: Any) -> list[dict[str, Any]]:
    return [{"properties": properties}]


def _value(value: str | bool) -> dict[str, Any]:
    return {"expr": literal(value)}
