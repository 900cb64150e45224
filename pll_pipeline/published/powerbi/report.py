"""The report on the model as PBIR: pages of visuals, each bound to fields of the model.

Not here: the pages and their visuals (`report.yaml`), one visual (`visuals.py`), colours
(`theme.py`), the model (`model.py`).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pll_pipeline.published.powerbi import theme, visuals
from pll_pipeline.published.powerbi.defaults import Defaults
from pll_pipeline.published.powerbi.fields import Fields
from pll_pipeline.published.powerbi.model import Model, tag

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/item/report/definition"
_BASE_THEME = {
    "name": "CY24SU10",
    "reportVersionAtImport": "5.61",
    "type": "SharedResources",
}


def files(model: Model, defaults: Defaults) -> dict[str, str]:
    """File name below the report's folder → its text.

    Raises `LookupError` where a visual shows a column that the model does not have.
    """
    pages = definition()["pages"]
    fields = Fields(model)
    content = _report_files([page["name"] for page in pages])
    for page in pages:
        folder = f"definition/pages/{page['name']}"
        content[f"{folder}/page.json"] = _page(fields, page)
        for order, visual in enumerate(page["visuals"]):
            path = f"{folder}/visuals/{visual['name']}/visual.json"
            container = visuals.visual(fields, page["name"], visual, order, defaults)
            content[path] = {"$schema": f"{_SCHEMAS}/visualContainer/2.0.0/schema.json"} | container
    return {
        path: json.dumps(text, ensure_ascii=False, indent=2) + "\n"
        for path, text in content.items()
    }


def _report_files(pages: list[str]) -> dict[str, Any]:
    """The files of the report as a whole: its settings, its theme, and its pages in order."""
    registered = "RegisteredResources"
    own_theme = _BASE_THEME | {"name": theme.FILE_NAME, "type": registered}
    item = {"name": theme.FILE_NAME, "path": theme.FILE_NAME, "type": "CustomTheme"}
    return {
        f"StaticResources/{registered}/{theme.FILE_NAME}": theme.theme(),
        "definition/version.json": {
            "$schema": f"{_SCHEMAS}/versionMetadata/1.0.0/schema.json",
            "version": "2.0.0",
        },
        "definition/report.json": {
            "$schema": f"{_SCHEMAS}/report/2.0.0/schema.json",
            "themeCollection": {"baseTheme": _BASE_THEME, "customTheme": own_theme},
            "resourcePackages": [{"name": registered, "type": registered, "items": [item]}],
            "settings": {
                "useStylableVisualContainerHeader": True,
                "exportDataMode": "AllowSummarized",
            },
        },
        "definition/pages/pages.json": {
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


def _page(fields: Fields, page: dict[str, Any]) -> dict[str, Any]:
    width, height = definition()["size"]
    content: dict[str, Any] = {
        "$schema": f"{_SCHEMAS}/page/2.0.0/schema.json",
        "name": page["name"],
        "displayName": page["title"],
        "displayOption": "FitToPage",
        "height": height,
        "width": width,
    }
    ignored = [
        {
            "source": visuals.identity(page["name"], source),
            "target": visuals.identity(page["name"], visual["name"]),
            "type": "NoFilter",
        }
        for visual in page["visuals"]
        for source in visual.get("ignores", [])
    ]
    if ignored:
        content["visualInteractions"] = ignored
    if "drill_through" in page:
        content |= _drill_through(fields, page)
    return content


def _drill_through(fields: Fields, page: dict[str, Any]) -> dict[str, Any]:
    """What makes a page one that others open for a value of a column, which alone follows along."""
    field = fields.reference(page["drill_through"])
    names = [
        tag(part, page["name"]).replace("-", "")[:20] for part in ("filter", "binding", "parameter")
    ]
    filter_name, binding, parameter = names
    return {
        "type": "Drillthrough",
        "filterConfig": {
            "filters": [
                {
                    "name": filter_name,
                    "field": field,
                    "type": "Categorical",
                    "howCreated": "Drillthrough",
                }
            ]
        },
        "pageBinding": {
            "name": binding,
            "type": "Drillthrough",
            "acceptsFilterContext": "None",
            "parameters": [{"name": parameter, "boundFilter": filter_name, "fieldExpr": field}],
        },
    }
