"""`datapackage.json` and `release.json`: what the release is and which files it has.

The data package describes the CSV files field by field from the comments in `pll.duckdb`, which are dbt's own
descriptions. `release.json` lists every other file with its hash. Not here: descriptions of columns (`columns.py`).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

from pll_pipeline.published.duckdb import LOAD_TIME, Column, Table
from pll_pipeline.published.release_info import (
    DESCRIPTION,
    DESCRIPTION_EN,
    LICENCES,
    SIMULATED,
    SIMULATED_EN,
    TITLE,
    TITLE_EN,
    ReleaseInfo,
    iso,
)
from pll_pipeline.vocabulary.columns import COLUMNS

MANIFEST = "release.json"
DATA_PACKAGE = "datapackage.json"
_PROFILES = "https://datapackage.org/profiles/2.0"
_FIELD_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    LOAD_TIME: "datetime",
}


def write_data_package(folder: Path, tables: tuple[Table, ...], imprint: ReleaseInfo) -> None:
    """Write `datapackage.json`: Data Package 2.0 over the CSV files, in Norwegian with `_en` beside."""
    inputs = imprint.inputs
    simulated = inputs.is_simulated
    _write_json(
        folder / DATA_PACKAGE,
        {
            "$schema": f"{_PROFILES}/datapackage.json",
            "id": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{imprint.release_id} {inputs.fingerprint}')}",
            "name": "pll-simulated" if simulated else "pll",
            "title": f"Simulert: {TITLE}" if simulated else TITLE,
            "title_en": f"Simulated: {TITLE_EN}" if simulated else TITLE_EN,
            "description": f"{SIMULATED} {DESCRIPTION}" if simulated else DESCRIPTION,
            "description_en": f"{SIMULATED_EN} {DESCRIPTION_EN}" if simulated else DESCRIPTION_EN,
            "version": imprint.release_id,
            "created": iso(imprint.built_at),
            "contract_version": imprint.facts["contract_version"],
            "is_simulated": simulated,
            "keywords": ["e-resept", "kjernejournal", "sfm", "pll", "e-multidose"],
            "licenses": [_licence(text) for text in imprint.licences],
            "sources": [
                {
                    "title": source["title"],
                    "title_en": source["title_en"],
                    "path": source["landing_page"],
                    "publisher": source["publisher"],
                    "licence": source["licence"],
                    "attribution": source["attribution"],
                }
                for source in inputs.sources
            ],
            "resources": [_resource(folder, table) for table in tables],
        },
    )


def write_manifest(folder: Path, tables: tuple[Table, ...], imprint: ReleaseInfo) -> None:
    """Write `release.json`: identity, snapshots, stale sources, and every other file with size, hash and rows."""
    rows = {
        path: t.rows for t in tables for path in (f"parquet/{t.name}.parquet", f"csv/{t.name}.csv")
    }
    inputs = imprint.inputs
    files = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    _write_json(
        folder / MANIFEST,
        {
            **imprint.facts,
            "snapshots": [_plain(snapshot) for snapshot in inputs.snapshots],
            "stale_sources": [_plain(source) for source in inputs.stale_sources],
            "files": [
                _file(folder, path) | ({"rows": rows[path]} if path in rows else {})
                for path in files
            ],
        },
    )


def hash_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(folder: Path, path: str) -> dict[str, Any]:
    return {"path": path, "sha256": hash_of(folder / path), "bytes": (folder / path).stat().st_size}


def _licence(text: str) -> dict[str, str]:
    if text in LICENCES:
        name, path = LICENCES[text]
        return {"name": name, "path": path, "title": text}
    return {"name": "notspecified", "title": text}


def _resource(folder: Path, table: Table) -> dict[str, Any]:
    path = f"csv/{table.name}.csv"
    described = _file(folder, path)
    return {
        "$schema": f"{_PROFILES}/dataresource.json",
        "name": table.name,
        "type": "table",
        "path": path,
        **_descriptions(table.comment),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": described["bytes"],
        "hash": f"sha256:{described['sha256']}",
        "rows": table.rows,
        "schema": {
            "$schema": f"{_PROFILES}/tableschema.json",
            "fields": [_field(column) for column in table.columns],
            "missingValues": [""],
        },
    }


def _field(column: Column) -> dict[str, Any]:
    known = COLUMNS.get(column.name)
    return {
        "name": column.name,
        "type": _FIELD_TYPES[column.type],
        "format": "default",
        **({"title": known.label} if known else {}),
        **_descriptions(column.comment),
        **({"constraints": {"enum": list(known.allowed)}} if known and known.allowed else {}),
    }


def _descriptions(comment: str) -> dict[str, str]:
    """A comment "English. | Norsk." as a Norwegian and an English description."""
    english, bar, norwegian = comment.partition(" | ")
    if bar:
        return {"description": norwegian, "description_en": english}
    return {"description": comment} if comment else {}


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {name: iso(value) for name, value in record.items()}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
