"""`dbt_docs.html`: dbt's own documentation of the project, in one file that needs no server.

dbt's page reads a manifest and a catalogue from two marks in its text. Both are put there without
running dbt again, the catalogue from the tables of the release. Everything that describes the
machine of the build is left out. Not here: descriptions (dbt's YAML).
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import Table
from pll_pipeline.published.release_info import iso

FILE_NAME = "dbt_docs.html"
_MANIFEST, _CATALOGUE = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'
_PAGE = Path("task", "docs", "index.html")
_METADATA = ("dbt_schema_version", "dbt_version", "project_name", "adapter_type")
# What dbt's page reads from a manifest.
_KEPT = (
    "metadata",
    "nodes",
    "sources",
    "macros",
    "docs",
    "exposures",
    "metrics",
    "groups",
    "selectors",
    "disabled",
    "parent_map",
    "child_map",
    "semantic_models",
    "saved_queries",
    "unit_tests",
)
_OF_THE_PROJECT = ("nodes", "sources", "macros", "exposures", "unit_tests", "docs")
# Facts about the machine, or of no use to a reader.
_LEFT_OUT = (
    "compiled_code",
    "compiled_path",
    "build_path",
    "root_path",
    "created_at",
    "extra_ctes",
    "relation_name",
    "patch_path",
    "unrendered_config",
)


def write(draft: Draft) -> None:
    """Write the page.

    Raises `PllError` where dbt left no manifest of the build, or where its page is not as expected.
    """
    page = _page()
    manifest = _manifest(draft)
    page = page.replace(_MANIFEST, _script(manifest))
    page = page.replace(_CATALOGUE, _script(_catalogue(manifest, draft)))
    (draft.folder / FILE_NAME).write_text(page, encoding="utf-8")


def _page() -> str:
    """dbt's page, with a mark for the manifest and one for the catalogue."""
    spec = importlib.util.find_spec("dbt")
    folders = spec.submodule_search_locations if spec else None
    paths = [Path(folder) / _PAGE for folder in folders or ()]
    for path in paths:
        if path.is_file():
            page = path.read_text(encoding="utf-8")
            if _MANIFEST in page and _CATALOGUE in page:
                return page
    raise PllError(
        "dbt's documentation page is not in this version of dbt-core, or has no mark for a "
        "manifest and a catalogue",
        where=", ".join(map(str, paths)),
        do="see how this version of dbt-core writes `dbt docs generate --static`",
    )


def _script(content: Any) -> str:
    """JSON that cannot end the script element around it."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def _manifest(draft: Draft) -> dict[str, Any]:
    """What the project itself defines, without the machine and the hour of the build."""
    path = draft.info.inputs.dbt_manifest
    if not path.is_file():
        raise PllError(
            "dbt has left no manifest of the build", where=str(path), do="run `pll run --again`"
        )
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    project = manifest["metadata"]["project_name"]
    trimmed = {key: manifest.get(key, {}) for key in _KEPT}
    trimmed["metadata"] = {key: manifest["metadata"][key] for key in _METADATA} | {
        "generated_at": iso(draft.info.built_at),
        "invocation_id": draft.info.release_id,
        "env": {},
        "user_id": None,
        "send_anonymous_usage_stats": False,
    }
    for key in _OF_THE_PROJECT:
        trimmed[key] = _own(manifest[key], project)
    for source in trimmed["sources"].values():
        source.pop("external", None)
        source["meta"], source["config"], source["source_meta"] = {}, {"enabled": True}, {}
    shown = {*trimmed["nodes"], *trimmed["sources"], *trimmed["exposures"]}
    for key in ("parent_map", "child_map"):
        trimmed[key] = {
            name: [other for other in others if other in shown]
            for name, others in manifest[key].items()
            if name in shown
        }
    return trimmed


def _own(entries: dict[str, dict[str, Any]], project: str) -> dict[str, Any]:
    """The entries of the project itself, without dbt's and the adapter's own macros."""
    return {
        key: {name: value for name, value in entry.items() if name not in _LEFT_OUT}
        for key, entry in entries.items()
        if entry["package_name"] == project
    }


def _catalogue(manifest: dict[str, Any], draft: Draft) -> dict[str, Any]:
    """The public tables with their columns as they are in the release."""
    models = {
        (node["schema"], node["name"]): key
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }
    nodes = {}
    for table in draft.tables:
        key = models[table.schema, table.name]
        nodes[key] = _described(table) | {"unique_id": key}
    return {
        "metadata": {"generated_at": iso(draft.info.built_at), "env": {}},
        "nodes": nodes,
        "sources": {},
        "errors": None,
    }


def _described(table: Table) -> dict[str, Any]:
    """A table as dbt's catalogue describes it, with its number of rows."""
    return {
        "metadata": {
            "type": "BASE TABLE",
            "schema": table.schema,
            "name": table.name,
            "database": "pll",
            "comment": table.comment,
            "owner": None,
        },
        "columns": {
            column.name: {
                "type": column.type,
                "index": index,
                "name": column.name,
                "comment": column.comment,
            }
            for index, column in enumerate(table.columns, 1)
        },
        "stats": {
            "rows": {
                "id": "rows",
                "label": "Rows",
                "value": table.rows,
                "include": True,
                "description": "Rows in this release",
            },
            "has_stats": {
                "id": "has_stats",
                "label": "Has Stats?",
                "value": True,
                "include": False,
                "description": "",
            },
        },
    }
