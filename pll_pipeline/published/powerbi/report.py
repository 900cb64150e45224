"""The report on the model as PBIR: pages of visuals, each bound to fields of the model.

Not here: the pages and their visuals (`report.yaml`), the model (`model.py`).
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pll_pipeline.published.powerbi.model import MEASURES, Model, tag

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/item/report/definition"
_COLUMN = re.compile(r"(?P<table>[^\[\]]+)\[(?P<column>[^\[\]]+)\]")


def files(model: Model) -> dict[str, str]:
    """File name below the report's `definition/` → its text.

    Raises `LookupError` where a visual shows a column that the model does not have.
    """
    pages = definition()["pages"]
    content = _report_files([page["name"] for page in pages])
    for page in pages:
        folder = f"pages/{page['name']}"
        content[f"{folder}/page.json"] = _page(page)
        for order, visual in enumerate(page["visuals"]):
            path = f"{folder}/visuals/{visual['name']}/visual.json"
            content[path] = _visual(model, page["name"], visual, order)
    return {
        path: json.dumps(text, ensure_ascii=False, indent=2) + "\n"
        for path, text in content.items()
    }


def _report_files(pages: list[str]) -> dict[str, Any]:
    """The files of the report as a whole: its settings, and its pages in order."""
    return {
        "version.json": {
            "$schema": f"{_SCHEMAS}/versionMetadata/1.0.0/schema.json",
            "version": "2.0.0",
        },
        "report.json": {
            "$schema": f"{_SCHEMAS}/report/2.0.0/schema.json",
            "themeCollection": {
                "baseTheme": {
                    "name": "CY24SU10",
                    "reportVersionAtImport": "5.61",
                    "type": "SharedResources",
                }
            },
            "settings": {
                "useStylableVisualContainerHeader": True,
                "exportDataMode": "AllowSummarized",
            },
        },
        "pages/pages.json": {
            "$schema": f"{_SCHEMAS}/pagesMetadata/1.0.0/schema.json",
            "pageOrder": pages,
            "activePageName": pages[0],
        },
    }


@cache
def definition() -> dict[str, Any]:
    """The content of `report.yaml`."""
    text = Path(__file__).with_name("report.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def _page(page: dict[str, Any]) -> dict[str, Any]:
    width, height = definition()["size"]
    return {
        "$schema": f"{_SCHEMAS}/page/2.0.0/schema.json",
        "name": page["name"],
        "displayName": page["title"],
        "displayOption": "FitToPage",
        "height": height,
        "width": width,
    }


def _visual(model: Model, page: str, visual: dict[str, Any], order: int) -> dict[str, Any]:
    left, top, width, height = visual["box"]
    title = _literal("'" + visual["title"].replace("'", "''") + "'")
    wells = {
        well: {"projections": [_projection(model, field) for field in fields]}
        for well, fields in visual["fields"].items()
    }
    return {
        "$schema": f"{_SCHEMAS}/visualContainer/2.0.0/schema.json",
        "name": tag("visual", page, visual["name"]).replace("-", "")[:20],
        "position": {
            "x": left,
            "y": top,
            "z": order,
            "height": height,
            "width": width,
            "tabOrder": order,
        },
        "visual": {
            "visualType": visual["type"],
            "query": {"queryState": wells},
            "visualContainerObjects": {
                "title": [{"properties": {"show": _literal("true"), "text": title}}],
                "general": [{"properties": {"altText": title}}],
            },
            "drillFilterOtherVisuals": True,
        },
    }


def _literal(value: str) -> dict[str, Any]:
    return {"expr": {"Literal": {"Value": value}}}


def _projection(model: Model, field: str) -> dict[str, Any]:
    """A measure or a column, as a visual refers to it."""
    match = _COLUMN.fullmatch(field)
    if match is None:
        reference, table, name = "Measure", MEASURES, field
    else:
        reference, table = "Column", match["table"]
        name = _name(model, table, match["column"])
    return {
        "field": {reference: {"Expression": {"SourceRef": {"Entity": table}}, "Property": name}},
        "queryRef": f"{table}.{name}",
        "nativeQueryRef": name,
    }


def _name(model: Model, table: str, source: str) -> str:
    """The name that the model gives a column of the release."""
    for column in model.table(table).columns:
        if column.source == source:
            return column.name
    raise LookupError(f"the model has no column {table}[{source}]")
