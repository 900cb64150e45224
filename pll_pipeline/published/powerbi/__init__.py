"""`powerbi/`: a Power BI project (PBIP) on the release's Parquet folder, a TMDL model and a PBIR report of six pages.

The same release gives the same bytes; the model follows the release's own tables and descriptions, so that a new column or
measure is in it without a hand. Not here: figures (Power BI reads them from Parquet).
"""

from __future__ import annotations

import json
from pathlib import Path

from duckdb import DuckDBPyConnection

from pll_pipeline.published.duckdb import Table
from pll_pipeline.published.powerbi import pages, tmdl
from pll_pipeline.published.powerbi.model import TABLES, build

FOLDER = "powerbi"
PROJECT = "PLL"
_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"


def write(folder: Path, connection: DuckDBPyConnection, tables: tuple[Table, ...]) -> None:
    """Write the project; nothing where the release lacks a table of the model."""
    if not {table.name for table in tables} >= TABLES.keys():
        return
    model = build(connection, tables)
    written = {
        f"{PROJECT}.pbip": _json(
            {
                "$schema": f"{_SCHEMAS}/pbip/pbipProperties/1.0.0/schema.json",
                "version": "1.0",
                "artifacts": [{"report": {"path": f"{PROJECT}.Report"}}],
                "settings": {"enableAutoRecovery": True},
            }
        ),
        f"{PROJECT}.SemanticModel/definition.pbism": _json(
            {
                "$schema": f"{_SCHEMAS}/item/semanticModel/definitionProperties/1.0.0/schema.json",
                "version": "4.2",
                "settings": {},
            }
        ),
        f"{PROJECT}.Report/definition.pbir": _json(
            {
                "$schema": f"{_SCHEMAS}/item/report/definitionProperties/2.0.0/schema.json",
                "version": "4.0",
                "datasetReference": {"byPath": {"path": f"../{PROJECT}.SemanticModel"}},
            }
        ),
        **{
            f"{PROJECT}.SemanticModel/definition/{name}": text
            for name, text in tmdl.files(model).items()
        },
        **{
            f"{PROJECT}.Report/definition/{name}": text for name, text in pages.files(model).items()
        },
    }
    for name, text in written.items():
        path = folder / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
