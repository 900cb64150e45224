"""The semantic model of a release: its tables, how they are related, and the measures on them.

A star: facts point at members and at a calendar, and labels are in the tables of members alone. No
column is summed by itself; every figure is a measure that knows what may be added.
Not here: names, own tables and measures (`model.yaml`).
"""

from __future__ import annotations

from pll_pipeline.published.bilingual import from_comment
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import LOAD_TIME, Column, Table
from pll_pipeline.published.powerbi import power_query
from pll_pipeline.published.powerbi.measures import measures
from pll_pipeline.published.powerbi.model import (
    CALENDAR,
    RELEASE_ID,
    Hierarchy,
    Measure,
    Model,
    ModelColumn,
    ModelTable,
    Names,
    Relationship,
    definition,
)
from pll_pipeline.vocabulary.code_labels import labels_of
from pll_pipeline.vocabulary.columns import COLUMNS

# column of a fact → the table of the release with its members
_POINTS_AT = {
    "region_key": "dim_region",
    "actor_type_code": "dim_actor_type",
    "service_code": "dim_service",
    "measure_code": "dim_measure",
    "source_name": "dim_source",
}
_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "int64",
    "BIGINT": "int64",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "DATE": "dateTime",
    LOAD_TIME: "dateTime",
}
_PERCENT, _WHOLE, _NUMBER, _MONTH, _DAY = "0.0 %", "#,0", "#,0.###", "mmmm yyyy", "yyyy-mm-dd"
# The release that a table was read from, a hidden column of each; `measures` compares them.
_RELEASE_COLUMN = ModelColumn(
    "Utgave",
    "Release",
    RELEASE_ID,
    "string",
    "Utgaven som tabellen er lest fra.",
    "The release that the table was read from.",
    is_hidden=True,
)
_LABEL = "_nb"  # of the column with a code in words, after the name of the column with the code
_HIDDEN_ENDINGS = ("_key", "row_reference", "is_tile_row_offset", "is_tile_inset")


def names_of(draft: Draft) -> dict[str, Names]:
    """The names of each table of the release, by its short name in `model.yaml`."""
    return {
        short: Names(
            table["name"],
            table["name_en"],
            table["source"],
            _headings(draft.table(table["source"]))
            | {column["source"]: column["name"] for column in _added(short)}
            | {RELEASE_ID: _RELEASE_COLUMN.name},
        )
        for short, table in definition()["tables"].items()
    }


def build(draft: Draft) -> Model:
    """The model of a release, from its own tables and comments."""
    names = names_of(draft)
    of_source = {table.source: table for table in names.values()}
    loaded = [_table(draft, short, table, of_source) for short, table in names.items()]
    facts = [table for table in names.values() if _is_fact(table.source)]
    dated = [table for table in facts if "month" in table.columns]
    calendar = power_query.calendar([table.source for table in dated])
    control = power_query.control(draft.connection)
    tables = (
        _own_table("measures", power_query.EMPTY, measures=measures(draft, names)),
        *loaded,
        _own_table("calendar", calendar, is_calendar=True),
        _own_table("control", control),
    )
    relationships = [
        Relationship(
            fact.name,
            fact.columns[column],
            of_source[member].name,
            of_source[member].columns[column],
        )
        for fact in sorted(facts, key=lambda fact: fact.source)
        for column, member in _POINTS_AT.items()
        if column in fact.columns
    ]
    relationships += [
        Relationship(fact.name, fact.columns["month"], CALENDAR, "Dato") for fact in dated
    ]
    return Model(tables, tuple(relationships))


def _own_table(
    short: str, m: str, *, measures: tuple[Measure, ...] = (), is_calendar: bool = False
) -> ModelTable:
    """A table that the model makes itself, as `model.yaml` describes it."""
    own = definition()["own_tables"][short]
    columns = tuple(ModelColumn(**column) for column in own["columns"])
    return ModelTable(
        own["name"],
        own["name_en"],
        "",
        m,
        columns,
        own["description"],
        own["description_en"],
        measures,
        is_calendar,
    )


def _is_fact(source: str) -> bool:
    return not source.startswith("dim_")


def _added(short: str) -> list[dict[str, str]]:
    """The columns that `model.yaml` adds to a table."""
    added: list[dict[str, str]] = definition()["added_columns"].get(short, [])
    return added


def _headings(table: Table) -> dict[str, str]:
    """The Norwegian heading of each column; where two are alike, the second has its name beside.

    The heading of a code is that of its words, which it leaves to them.
    """
    headings: dict[str, str] = {}
    for column in table.columns:
        label = COLUMNS[column.name].label
        is_taken = label in headings.values()
        heading = f"{label} ({column.name})" if is_taken else label
        if labels_of(column.name):
            headings[column.name + _LABEL] = heading
            heading = f"{heading} (kode)"
        headings[column.name] = heading
    return headings


def _table(draft: Draft, short: str, names: Names, of_source: dict[str, Names]) -> ModelTable:
    table = draft.table(names.source)
    is_fact = _is_fact(table.name)
    columns = [column for column in table.columns if column.name not in _labels(names, of_source)]
    coded = [column for column in columns if labels_of(column.name)]
    in_m = [(column.name + _LABEL, _label_in_m(column)) for column in coded]
    in_m += [(column["source"], column["m"]) for column in _added(short)]
    description = from_comment(table.comment)
    model_columns = (
        *(_column(column, table.name, names, is_fact) for column in columns),
        *(_label_column(column, names) for column in coded),
        *(_added_column(column) for column in _added(short)),
        _RELEASE_COLUMN,
    )
    return ModelTable(
        names.name,
        names.name_en,
        table.name,
        power_query.table(table.name, columns, in_m),
        model_columns,
        description.nb,
        description.en,
        hierarchies=_hierarchies(short, model_columns),
    )


def _label_in_m(column: Column) -> str:
    labels = {code: label.nb for code, label in labels_of(column.name).items()}
    return power_query.label(column.name, labels)


def _label_column(column: Column, names: Names) -> ModelColumn:
    """The column with the words of a code."""
    description = from_comment(column.comment)
    return ModelColumn(
        names.columns[column.name + _LABEL],
        column.name.replace("_", " ").capitalize(),
        column.name + _LABEL,
        "string",
        description.nb,
        description.en,
    )


def _added_column(column: dict[str, str]) -> ModelColumn:
    return ModelColumn(
        column["name"],
        column["name_en"],
        column["source"],
        "string",
        column["description"],
        column["description_en"],
    )


def _hierarchies(short: str, columns: tuple[ModelColumn, ...]) -> tuple[Hierarchy, ...]:
    by_source = {column.source: column for column in columns}
    return tuple(
        Hierarchy(each["name"], each["name_en"], tuple(by_source[c] for c in each["levels"]))
        for each in definition()["hierarchies"].get(short, [])
    )


def _labels(names: Names, of_source: dict[str, Names]) -> set[str]:
    """Columns that a fact leaves to the tables of members it points at; none for those tables."""
    if not _is_fact(names.source):
        return set()
    members = [member for column, member in _POINTS_AT.items() if column in names.columns]
    labels = {column for member in members for column in of_source[member].columns}
    return labels - {*_POINTS_AT, "month"}


def _column(column: Column, source: str, names: Names, is_fact: bool) -> ModelColumn:
    is_pointer = column.name in _POINTS_AT or column.name == "month"
    is_coded = bool(labels_of(column.name))
    description = from_comment(column.comment)
    name_en = column.name.replace("_", " ").capitalize()
    return ModelColumn(
        names.columns[column.name],
        f"{name_en} (code)" if is_coded else name_en,
        column.name,
        _TYPES[column.type],
        description.nb,
        description.en,
        format=_format(column),
        is_hidden=(is_fact and is_pointer) or is_coded or column.name.endswith(_HIDDEN_ENDINGS),
        is_key=_POINTS_AT.get(column.name) == source,
    )


def _format(column: Column) -> str:
    if column.type == "DATE":
        return _MONTH if column.name == "month" else _DAY
    if column.type == "DOUBLE":
        return _PERCENT if "share" in column.name else _NUMBER
    return _WHOLE if column.type in ("BIGINT", "INTEGER") else ""
