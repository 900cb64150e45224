"""`datapackage.json` and `release.json`: what the release is and which files it has.

The data package describes the CSV files field by field from the comments in `pll.duckdb`, which are
dbt's own descriptions. `release.json` lists every other file with its hash.
Not here: descriptions of columns (`vocabulary/columns.py`).
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from pll_pipeline.published import csv_excel
from pll_pipeline.published.bilingual import Bilingual, from_comment
from pll_pipeline.published.csv import COMPRESSED, path_of
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import LOAD_TIME, Column, Table
from pll_pipeline.published.keys import keys
from pll_pipeline.published.parquet import FOLDER as PARQUET
from pll_pipeline.published.release_info import LICENCES, ReleaseInfo, iso
from pll_pipeline.vocabulary.columns import COLUMNS

MANIFEST = "release.json"
DATA_PACKAGE = "datapackage.json"
_PROFILES = "https://datapackage.org/profiles/2.0"
_KEYWORDS = ("e-resept", "kjernejournal", "sfm", "pll", "e-multidose")
_EXCEL = Bilingual(
    "Martene slik norsk Excel åpner dem, med de samme kolonnene. En tekst som Excel ville kjørt "
    "som formel, begynner med en apostrof; i `csv/` er tekstene som publisert. Excel gjør koder "
    "som 0301 om til tall når en CSV-fil åpnes: arbeidsboken `pll.xlsx` har dem som tekst.",
    "The marts as Norwegian Excel opens them, with the same columns. A text that Excel would run "
    "as a formula begins with an apostrophe; in `csv/` texts are as published. Excel turns codes "
    "such as 0301 into numbers when it opens a CSV file: the workbook `pll.xlsx` has them as text.",
)
_FIELD_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    LOAD_TIME: "datetime",
}


def write_data_package(draft: Draft) -> None:
    """Write `datapackage.json`: Data Package 2.0 over the CSV files, which must be there already.

    In Norwegian, with the English text beside each in a property that ends in `_en`.
    """
    info = draft.info
    package = {
        "$schema": f"{_PROFILES}/datapackage.json",
        "id": f"urn:uuid:{_identity(info)}",
        "name": "pll-simulated" if info.inputs.is_simulated else "pll",
        "title": info.title.nb,
        "title_en": info.title.en,
        "description": info.description.nb,
        "description_en": info.description.en,
        "version": info.release_id,
        "created": iso(info.built_at),
        "contract_version": info.facts["contract_version"],
        "is_simulated": info.inputs.is_simulated,
        "keywords": list(_KEYWORDS),
        "licenses": [_licence(text) for text in info.licences],
        "sources": [_source(source) for source in info.inputs.sources],
        "resources": [_resource(draft, table) for table in draft.tables],
        "csv_excel": _set_for_excel(draft),
    }
    _write_json(draft.folder / DATA_PACKAGE, package)


def _set_for_excel(draft: Draft) -> dict[str, Any]:
    """How the files for Excel differ from the resources, which have the same columns."""
    return {
        "folder": csv_excel.FOLDER,
        "description": _EXCEL.nb,
        "description_en": _EXCEL.en,
        "encoding": "utf-8",
        "has_byte_order_mark": True,
        "delimiter": csv_excel.DELIMITER,
        "decimalChar": csv_excel.DECIMAL_CHAR,
        "trueValues": ["SANN"],
        "falseValues": ["USANN"],
        "tables": [mart.name for mart in csv_excel.fitting(draft.tables)],
        "larger_than_a_sheet": [mart.name for mart in csv_excel.left_out(draft.tables)],
    }


def write_manifest(draft: Draft) -> None:
    """Write `release.json`: identity, snapshots, stale sources, every other file of the folder."""
    rows = {
        path: table.rows
        for table in draft.tables
        for path in (f"{PARQUET}/{table.name}.parquet", path_of(draft.folder, table.name))
    }
    fitting = csv_excel.fitting(draft.tables)
    rows |= {f"{csv_excel.FOLDER}/{mart.name}.csv": mart.rows for mart in fitting}
    files = []
    for path in _files(draft.folder):
        file = _file(draft, path)
        files.append(file | {"rows": rows[path]} if path in rows else file)
    manifest = {
        **draft.info.facts,
        "built_on": draft.info.inputs.built_on,
        "snapshots": [_plain(snapshot) for snapshot in draft.info.inputs.snapshots],
        "stale_sources": [_plain(source) for source in draft.info.inputs.stale_sources],
        "files": files,
    }
    _write_json(draft.folder / MANIFEST, manifest)


def _files(folder: Path) -> list[str]:
    """The paths of all files; hidden ones are DuckDB's own, and it removes them."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(path.as_posix() for path in paths if not path.parts[0].startswith("."))


def _file(draft: Draft, path: str) -> dict[str, Any]:
    size = (draft.folder / path).stat().st_size
    return {"path": path, "sha256": draft.sha256(path), "bytes": size}


def _identity(info: ReleaseInfo) -> uuid.UUID:
    """The same in every release of one publisher; `version` says which release it is."""
    kind = "simulated" if info.inputs.is_simulated else "published"
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{info.inputs.base_url or 'pll'} {kind}")


def _licence(text: str) -> dict[str, str]:
    if text in LICENCES:
        name, path, _ = LICENCES[text]
        return {"name": name, "path": path, "title": text}
    return {"name": "notspecified", "title": text}


def _source(source: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": source["title"],
        "title_en": source["title_en"],
        "path": source["landing_page"],
        "publisher": source["publisher"],
        "licence": source["licence"],
        "attribution": source["attribution"],
    }


def _resource(draft: Draft, table: Table) -> dict[str, Any]:
    path = path_of(draft.folder, table.name)
    file = _file(draft, path)
    compression = {"compression": "gz"} if path.endswith(COMPRESSED) else {}
    return {
        "$schema": f"{_PROFILES}/dataresource.json",
        "name": table.name,
        "type": "table",
        "path": path,
        **_descriptions(table.comment),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **compression,
        "bytes": file["bytes"],
        "hash": f"sha256:{file['sha256']}",
        "rows": table.rows,
        "schema": {
            "$schema": f"{_PROFILES}/tableschema.json",
            "fields": [_field(column) for column in table.columns],
            "missingValues": [""],
            **_keys(table),
        },
    }


def _keys(table: Table) -> dict[str, Any]:
    """What identifies a row, and which columns refer to another resource."""
    of_table = keys().get(table.name)
    if of_table is None:
        return {}
    columns = {column.name for column in table.columns}
    own: dict[str, Any] = {}
    if of_table.is_primary:
        own["primaryKey"] = list(of_table.unique)
    elif of_table.unique:
        own["uniqueKeys"] = [list(of_table.unique)]
    foreign = [
        {"fields": [column], "reference": {"resource": to, "fields": [field]}}
        for column, (to, field) in of_table.foreign.items()
        if column in columns
    ]
    return own | ({"foreignKeys": foreign} if foreign else {})


def _field(column: Column) -> dict[str, Any]:
    """The column as a field of a table schema, with heading and allowed values."""
    facts = COLUMNS[column.name]
    allowed = {"constraints": {"enum": list(facts.allowed)}} if facts.allowed else {}
    return {
        "name": column.name,
        "type": _FIELD_TYPES[column.type],
        "format": "default",
        "title": facts.label,
        **_descriptions(column.comment),
        **allowed,
    }


def _descriptions(comment: str) -> dict[str, str]:
    text = from_comment(comment)
    return {"description": text.nb, "description_en": text.en}


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {name: iso(value) for name, value in record.items()}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
