"""`powerbi/`: a Power BI project (PBIP) on the release's Parquet folder.

A semantic model as TMDL and a report as PBIR. The same release gives the same bytes;
the model follows from the tables and descriptions of the release, so that a new column or measure
is in it without further work. Not here: figures (Power BI reads them from Parquet).
"""

from __future__ import annotations

import json

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.powerbi import report, tmdl
from pll_pipeline.published.powerbi.build import build
from pll_pipeline.published.powerbi.defaults import defaults
from pll_pipeline.published.powerbi.model import TABLES

__all__ = ["FOLDER", "PROJECT", "TABLES", "write"]

FOLDER = "powerbi"
PROJECT = "PLL"
_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"


def write(draft: Draft) -> None:
    """Write the project."""
    model = build(draft)
    texts = _project_files()
    for name, text in tmdl.files(model).items():
        texts[f"{PROJECT}.SemanticModel/definition/{name}"] = text
    for name, text in report.files(model, defaults(draft)).items():
        texts[f"{PROJECT}.Report/{name}"] = text
    for name, text in texts.items():
        path = draft.folder / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _project_files() -> dict[str, str]:
    """The files that make one project of a report and a model."""
    content = {
        f"{PROJECT}.pbip": {
            "$schema": f"{_SCHEMAS}/pbip/pbipProperties/1.0.0/schema.json",
            "version": "1.0",
            "artifacts": [{"report": {"path": f"{PROJECT}.Report"}}],
            "settings": {"enableAutoRecovery": True},
        },
        f"{PROJECT}.SemanticModel/definition.pbism": {
            "$schema": f"{_SCHEMAS}/item/semanticModel/definitionProperties/1.0.0/schema.json",
            "version": "4.2",
            "settings": {},
        },
        f"{PROJECT}.Report/definition.pbir": {
            "$schema": f"{_SCHEMAS}/item/report/definitionProperties/2.0.0/schema.json",
            "version": "4.0",
            "datasetReference": {"byPath": {"path": f"../{PROJECT}.SemanticModel"}},
        },
    }
    return {
        name: json.dumps(file, ensure_ascii=False, indent=2) + "\n"
        for name, file in content.items()
    }
