"""How the tables of the model are loaded: Power Query, the language M, from the `.pq` templates.

Not here: which tables and columns (`model.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from duckdb import DuckDBPyConnection

from pll_pipeline.published.duckdb import LOAD_TIME, Column

FOLDER_PARAMETER = "Parquetmappe"
EMPTY = "let\n    Ferdig = #table(type table [Tom = text], {})\nin\n    Ferdig"
_TYPES = {
    "VARCHAR": "type text",
    "INTEGER": "Int64.Type",
    "BIGINT": "Int64.Type",
    "DOUBLE": "type number",
    "BOOLEAN": "type logical",
    "DATE": "type date",
}
# Power BI's date and time has no zone: it gets the time in UTC.
_IN_UTC = (
    "each if _ = null then null else DateTime.From(DateTimeZone.RemoveZone("
    "DateTimeZone.ToUtc(DateTimeZone.From(_)))), type datetime"
)
_CONTROL_COLUMNS = {
    "measure_code": "text",
    "actor_type_code": "text",
    "Rader i SQL": "number",
    "Sum i bruk i SQL": "number",
    "Sum som kan i SQL": "number",
    "Landets nyeste andel i SQL": "number",
}
_CONTROL = """
    with counted as (
        select
            measure_code, actor_type_code, count(*) as row_count,
            sum(adoption_count)::double as adoption_count,
            sum(eligible_count)::double as eligible_count
        from release.marts.mart_adoption_by_region_actor_month
        group by measure_code, actor_type_code
    ),
    newest as (
        select measure_code, actor_type_code, max(month) as month
        from release.marts.mart_adoption_by_region_actor_month
        where region_level = 'land' and is_representative
        group by measure_code, actor_type_code
    )
    select
        counted.measure_code, counted.actor_type_code, counted.row_count, counted.adoption_count,
        counted.eligible_count, country.adoption_share
    from counted
    left join newest
        on
            counted.measure_code = newest.measure_code
            and counted.actor_type_code = newest.actor_type_code
    left join release.marts.mart_adoption_by_region_actor_month as country
        on
            country.region_key = 'land:NO' and country.measure_code = counted.measure_code
            and country.actor_type_code = counted.actor_type_code and country.month = newest.month
    order by 1, 2
"""


def text(value: str) -> str:
    """A text as M writes it."""
    return '"' + value.replace('"', '""').replace("#(", "#(#)(") + '"'


def table(name: str, columns: Sequence[Column], added: Iterable[tuple[str, str]] = ()) -> str:
    """The M that loads these columns of one Parquet file, with their types and the release's id.

    `added` are further columns of text: their names, and the M that makes each of a row.
    The id is that in the footer of the same bytes: a pair of texts in Thrift's compact form, in
    which the mark of a text (24) and its length come before it.
    """
    types = [(c.name, _TYPES[c.type]) for c in columns if c.type in _TYPES]
    times = [(c.name, _IN_UTC) for c in columns if c.type == LOAD_TIME]
    last, steps = "Tider", ""
    for number, (column, m) in enumerate(added, 1):
        steps += (
            f"\n    Kolonne{number} = Table.AddColumn({last}, {text(column)}, each {m}, type text),"
        )
        last = f"Kolonne{number}"
    return _filled(
        "table.pq",
        file=text(f"{name}.parquet"),
        columns=", ".join(text(c.name) for c in columns),
        types=_pairs(types),
        times=f"Table.TransformColumns(Typer, {{{_pairs(times)}}})" if times else "Typer",
        steps=steps,
        last=last,
    )


def label(column: str, labels: Mapping[str, str]) -> str:
    """The M that makes the label of a code in a row; a code without one is its own label."""
    names = f"Record.FromList({{{', '.join(map(text, labels.values()))}}}, "
    names += f"{{{', '.join(map(text, labels))}}})"
    return f"try Record.Field({names}, [{column}]) otherwise [{column}]"


def calendar(files: Iterable[str]) -> str:
    """The M that makes one row per day of the years that the months of these tables span."""
    return _filled("calendar.pq", files=", ".join(text(f"{name}.parquet") for name in files))


def control(connection: DuckDBPyConnection) -> str:
    """The M of a table of what the measures must come to, counted in SQL.

    Per measure and actor type: all rows and sums, and the newest share of the country.
    """
    rows = connection.execute(_CONTROL).fetchall()
    return _filled(
        "control.pq",
        columns=", ".join(
            f"{_identifier(name)} = nullable {m_type}" for name, m_type in _CONTROL_COLUMNS.items()
        ),
        rows=",\n        ".join(f"{{{', '.join(map(_literal, row))}}}" for row in rows),
    )


def _filled(template: str, **parts: str) -> str:
    path = Path(__file__).with_name(template)
    m = Template(path.read_text(encoding="utf-8").rstrip("\n"))
    return m.substitute(folder=FOLDER_PARAMETER, **parts)


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{{{text(name)}, {value}}}" for name, value in pairs)


def _identifier(name: str) -> str:
    return f'#"{name}"' if " " in name else name


def _literal(cell: Any) -> str:
    if cell is None:
        return "null"
    return text(cell) if isinstance(cell, str) else json.dumps(cell)
