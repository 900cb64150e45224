"""`dbt_docs.html`: dbt's own documentation of the project, in one file that needs no server.

dbt's page takes a manifest and a catalogue in two places it leaves for them; both are put there without asking dbt again, the catalogue
from the tables of the release. What tells of the machine it was built on is left out. Not here: descriptions (dbt's YAML).
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.published.duckdb import Table
from pll_pipeline.published.release_info import ReleaseInfo, iso

FILE_NAME = "dbt_docs.html"
_MANIFEST, _CATALOGUE = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'
# what is of the machine, or of no use to a reader
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


def write(folder: Path, tables: tuple[Table, ...], imprint: ReleaseInfo) -> None:
    """Write the page; nothing where the build has no manifest of dbt's. Raises `PllError` where dbt's page has no place for it."""
    if imprint.inputs.dbt_manifest is None:
        return
    page = _page()
    manifest = json.loads(imprint.inputs.dbt_manifest.read_text(encoding="utf-8"))
    if not (_MANIFEST in page and _CATALOGUE in page):
        raise PllError(
            "dbt's documentation page has no place for a manifest",
            do="see how this version of dbt-core writes `dbt docs generate --static`",
        )
    page = page.replace(_MANIFEST, _inside(_trimmed(manifest, imprint))).replace(
        _CATALOGUE, _inside(_catalogue(manifest, tables, imprint))
    )
    (folder / FILE_NAME).write_text(page, encoding="utf-8")


def _page() -> str:
    found = importlib.util.find_spec("dbt")
    places = (
        [
            Path(place) / "task" / "docs" / "index.html"
            for place in (found.submodule_search_locations or ())
        ]
        if found
        else []
    )
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise PllError(
            "dbt's documentation page is not where this version of dbt-core has it",
            do="see where dbt-core keeps task/docs/index.html",
        )
    return path.read_text(encoding="utf-8")


def _inside(told: Any) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def _trimmed(manifest: dict[str, Any], imprint: ReleaseInfo) -> dict[str, Any]:
    """The manifest of the project's own things, with nothing of the machine or the hour."""
    project = manifest["metadata"]["project_name"]
    manifest["metadata"] = {
        key: manifest["metadata"][key]
        for key in ("dbt_schema_version", "dbt_version", "project_name", "adapter_type")
    } | {
        "generated_at": iso(imprint.built_at),
        "invocation_id": imprint.release_id,
        "env": {},
        "user_id": None,
        "send_anonymous_usage_stats": False,
    }
    for kind in ("nodes", "sources", "macros", "exposures", "unit_tests", "docs"):
        held = {
            key: one
            for key, one in manifest.get(kind, {}).items()
            if one.get("package_name") == project
        }
        manifest[kind] = {
            key: {name: value for name, value in one.items() if name not in _LEFT_OUT}
            for key, one in held.items()
        }
    for one in manifest["sources"].values():
        one.pop("external", None)
        one["meta"], one["config"], one["source_meta"] = {}, {"enabled": True}, {}
    known = {*manifest["nodes"], *manifest["sources"], *manifest["exposures"]}
    for kind in ("parent_map", "child_map"):
        manifest[kind] = {
            key: [other for other in others if other in known]
            for key, others in manifest[kind].items()
            if key in known
        }
    return {
        key: manifest.get(key, {})
        for key in (
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
    }


def _catalogue(
    manifest: dict[str, Any], tables: tuple[Table, ...], imprint: ReleaseInfo
) -> dict[str, Any]:
    """The public tables with their columns as they are in the release."""
    of_name = {
        (node["schema"], node["name"]): key
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }
    nodes = {}
    for table in tables:
        if key := of_name.get((table.schema, table.name)):
            about = {
                "type": "BASE TABLE",
                "schema": table.schema,
                "name": table.name,
                "database": "pll",
                "comment": table.comment,
                "owner": None,
            }
            columns = {
                c.name: {"type": c.type, "index": place, "name": c.name, "comment": c.comment}
                for place, c in enumerate(table.columns, 1)
            }
            rows = {
                "id": "rows",
                "label": "Rows",
                "value": table.rows,
                "include": True,
                "description": "Rows in this release",
            }
            nodes[key] = {
                "metadata": about,
                "columns": columns,
                "stats": {
                    "rows": rows,
                    "has_stats": {
                        "id": "has_stats",
                        "label": "Has Stats?",
                        "value": True,
                        "include": False,
                        "description": "",
                    },
                },
                "unique_id": key,
            }
    return {
        "metadata": {"generated_at": iso(imprint.built_at), "env": {}},
        "nodes": nodes,
        "sources": {},
        "errors": None,
    }
