"""Queries of a report: the source's fields compared with its schema, and flat queries of them.

A query is flat: all fields in one grouping, ordered by every group, a window of rows at a time, no
totals among the rows. Not here: making requests, decoding answers (`validated/readers/powerbi/`).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.raw.powerbi.report import Property, Report, type_name
from pll_pipeline.sources.model import PowerBiField, PowerBiFilter, PowerBiReport, PowerBiTable

FUNCTIONS = {"sum": 0, "average": 1, "count_distinct": 2, "min": 3, "max": 4, "count": 5}
# the client's own names, as a report's visuals have them
_FUNCTION_NAMES = {
    "sum": "Sum",
    "average": "Avg",
    "count_distinct": "Count",
    "min": "Min",
    "max": "Max",
    "count": "CountNonNull",
}
_DATA_VOLUME = 4
# By the name of a field: `is_measure`, `data_type` and `stable_name`, as the schema has them.
FieldProperties = Mapping[str, Mapping[str, Any]]


def name_of(field: PowerBiField) -> str:
    """The name of a field in an answer: Entity.Property, or Sum(Entity.Property)."""
    name = f"{field.entity}.{field.property}"
    return f"{_FUNCTION_NAMES[field.aggregation]}({name})" if field.aggregation else name


def resolve_fields(
    settings: PowerBiReport,
    report: Report,
    schema: Iterable[Property],
    earlier: FieldProperties,
    *,
    where: str,
) -> dict[str, dict[str, Any]]:
    """By name, what the schema says of every field that the source asks for.

    `earlier` is the same of the last snapshot. Raises `PllError` for a field that is not there,
    hidden, used by no visual (unless the source allows it), of another type than before, asked for
    as what it is not, or twice.
    """
    properties = {(p.entity, p.name): p for p in schema}
    used = {(u.entity, u.property) for visual in report.visuals for u in visual.fields}
    resolved: dict[str, dict[str, Any]] = {}
    for file, table in settings.tables.items():
        for field, is_value in _fields(table):
            name = f"{field.entity}.{field.property}"
            actual = properties.get((field.entity, field.property))
            if actual is None:
                raise _missing(name, earlier.get(name), properties.values(), where)
            is_used = (actual.entity, actual.name) in used or settings.allow_unseen_fields
            _refuse_unseen(name, actual, is_used=is_used, where=where)
            _refuse_other_use(field, actual, is_value=is_value, where=where)
            _refuse_other_type(field, actual, earlier.get(name), where)
            resolved[name] = {
                "is_measure": actual.is_measure,
                "data_type": actual.data_type,
                "stable_name": actual.stable_name,
            }
        _refuse_repeated(table, file, where)
    return resolved


def _fields(table: PowerBiTable) -> Iterator[tuple[PowerBiField, bool]]:
    """Each field of a table, and whether it is asked for as a value."""
    yield from ((field, False) for field in table.groups)
    yield from ((field, True) for field in table.values)


def _refuse_unseen(name: str, actual: Property, *, is_used: bool, where: str) -> None:
    if actual.is_hidden:
        raise PllError(
            f"The field {name} is hidden in the report",
            where=where,
            do="ask for a field its publisher shows; hidden ones are never asked for",
        )
    if not is_used:
        raise PllError(
            f"No visual of the report uses the field {name}",
            where=where,
            do="ask for a field its visuals use (`pll inspect ADDRESS`), or set"
            " fetch.allow_unseen_fields",
        )


def _refuse_repeated(table: PowerBiTable, file: str, where: str) -> None:
    names = [name_of(field) for field in (*table.groups, *table.values)]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated:
        raise PllError(
            f"{repeated} is asked for twice in {file}",
            where=where,
            do="name it once in the source file",
        )


def _refuse_other_use(field: PowerBiField, actual: Property, *, is_value: bool, where: str) -> None:
    """A measure asked for as a column is answered with nothing, and the other way round."""
    name = f"{actual.entity}.{actual.name}"
    if actual.is_measure and (not is_value or field.aggregation):
        raise PllError(
            f"{name} is a measure", where=where, do="name it under values, without an aggregation"
        )
    if not actual.is_measure and is_value != bool(field.aggregation):
        raise PllError(
            f"{name} is a column",
            where=where,
            do="name it under groups as it is, or under values with how it is summed up"
            " (aggregation)",
        )


def _refuse_other_type(
    field: PowerBiField, actual: Property, earlier: Mapping[str, Any] | None, where: str
) -> None:
    before = type_name(earlier["data_type"]) if earlier else actual.type_name
    expected = field.type or before
    if actual.type_name != expected:
        raise PllError(
            f"The field {actual.entity}.{actual.name} is no longer {expected}: it is now"
            f" {actual.type_name}",
            where=where,
            do="look at the report; if its figures still mean the same, say"
            f" `type: {actual.type_name}` of the field in the source file",
        )


def _missing(
    name: str, earlier: Mapping[str, Any] | None, properties: Iterable[Property], where: str
) -> PllError:
    shown = [p for p in properties if not p.is_hidden]
    stable_name = (earlier or {}).get("stable_name")
    renamed = next((p for p in shown if stable_name and p.stable_name == stable_name), None)
    if renamed:
        return PllError(
            f"The field {name} was renamed to {renamed.entity}.{renamed.name}",
            where=where,
            do="write the new name into the source file, here and in expected_columns",
        )
    nearest = get_close_matches(name, [f"{p.entity}.{p.name}" for p in shown], cutoff=0.4)
    return PllError(
        f"The report has no field {name}; the nearest are {', '.join(nearest) or 'none'}",
        where=where,
        do="see its fields with `pll inspect ADDRESS` and correct the source file",
    )


def flat_command(
    fields: list[PowerBiField],
    properties: FieldProperties,
    groups: int,
    rows: int,
    filters: Iterable[PowerBiFilter] = (),
) -> dict[str, Any]:
    """A query of the fields where all filters are met, at most `rows` in one answer.

    The first `groups` of them are columns that make up a row; the rows are ordered by these.
    """
    filters = list(filters)
    entities = dict.fromkeys(field.entity for field in fields)
    entities |= dict.fromkeys(table for one in filters for table in one.tables.values())
    aliases = {entity: f"t{number}" for number, entity in enumerate(entities)}
    expressions = [_expression(field, properties, aliases) for field in fields]
    query: dict[str, Any] = {
        "Version": 2,
        "From": [{"Name": alias, "Entity": entity, "Type": 0} for entity, alias in aliases.items()],
        "Select": [
            {**expression, "Name": name_of(field)}
            for field, expression in zip(fields, expressions, strict=True)
        ],
    }
    if filters:
        query["Where"] = [{"Condition": _condition(each, aliases)} for each in filters]
    binding: dict[str, Any] = {
        "Primary": {"Groupings": [{"Projections": list(range(len(fields)))}]},
        "Version": 1,
    }
    if groups:
        query["OrderBy"] = [
            {"Direction": 1, "Expression": expression} for expression in expressions[:groups]
        ]
        binding["DataReduction"] = {
            "DataVolume": _DATA_VOLUME,
            "Primary": {"Window": {"Count": rows}},
        }
    return {"Query": query, "Binding": binding, "ExecutionMetricsKind": 1}


def table_command(table: PowerBiTable, properties: FieldProperties, rows: int) -> dict[str, Any]:
    """The query of the whole table."""
    fields = [*table.groups, *table.values]
    return flat_command(fields, properties, len(table.groups), rows, table.filters)


def totals_command(table: PowerBiTable, properties: FieldProperties) -> dict[str, Any]:
    """The query of the table's values without groups."""
    return flat_command(list(table.values), properties, 0, 1, table.filters)


def next_page(command: Mapping[str, Any], tokens: Any, *, where: str) -> dict[str, Any]:
    """The same query, from where the last page ended; `tokens` are exactly as received.

    Raises `PllError` for a query that cannot be continued.
    """
    following = copy.deepcopy(dict(command))
    reduction = following.get("Binding", {}).get("DataReduction") or {}
    window = (reduction.get("Primary") or {}).get("Window")
    if window is None:
        raise PllError(
            "The saved query of the visual does not page, and its answer is not whole",
            where=where,
            do="ask for the table without `visual`, or for a visual with fewer rows",
        )
    window["RestartTokens"] = tokens
    return following


def drops_points(command: Mapping[str, Any]) -> bool:
    """Whether a saved query thins its rows out, as a picture may and a table may not.

    One that cuts them off says so in its answer.
    """
    # every form of thinning out is a key that ends so, at whatever depth
    return 'Sample"' in json.dumps((command.get("Binding") or {}).get("DataReduction"))


def _condition(saved: PowerBiFilter, aliases: Mapping[str, str]) -> Any:
    """The saved condition with the query's own short names of tables."""
    own = {short: aliases[table] for short, table in saved.tables.items()}

    def renamed(part: Any) -> Any:
        if isinstance(part, list):
            return [renamed(each) for each in part]
        if not isinstance(part, dict):
            return part
        if set(part) == {"Source"} and part["Source"] in own:
            return {"Source": own[part["Source"]]}
        return {key: renamed(value) for key, value in part.items()}

    return renamed(saved.condition)


def saved_filters(text: str) -> list[dict[str, Any]]:
    """Saved filters of a report as `filters` of a table in a source file take them.

    Raises `PllError` for a filter that is more than conditions on tables, as "the ten largest".
    """
    filters = []
    for container in json.loads(text or "[]"):
        saved = container.get("filter") or {}
        tables = {source.get("Name"): source.get("Entity") for source in saved.get("From", ())}
        if not tables or not all(tables.values()):
            raise PllError(
                "A saved filter is more than conditions on columns",
                where=str(container.get("name") or "filter"),
                do="ask for the visual's own query (`visual`), or without the filter",
            )
        filters += [
            {"tables": tables, "condition": where["Condition"]} for where in saved.get("Where", ())
        ]
    return filters


def _expression(
    field: PowerBiField, properties: FieldProperties, aliases: Mapping[str, str]
) -> dict[str, Any]:
    source = {
        "Expression": {"SourceRef": {"Source": aliases[field.entity]}},
        "Property": field.property,
    }
    if properties[f"{field.entity}.{field.property}"]["is_measure"]:
        return {"Measure": source}
    if field.aggregation is None:
        return {"Column": source}
    function = FUNCTIONS[field.aggregation]
    return {"Aggregation": {"Expression": {"Column": source}, "Function": function}}
