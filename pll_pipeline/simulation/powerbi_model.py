"""The fields and visuals of the simulated report, and how the server describes them.

The schema and both layouts of the metadata are written from the same fields and visuals, so that
they cannot differ. Not here: answering queries (`powerbi_query.py`), addresses and keys
(`powerbi_report.py`).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import NamedTuple
from uuid import NAMESPACE_OID, uuid5

import polars as pl

from pll_pipeline.simulation.powerbi_query import MOST_ROWS, Field
from pll_pipeline.simulation.powerbi_values import Node, TypeCode, literal

FACT = "Bruk"
_ROW_NUMBER = "row"
_SUM = 0
_NOT_SUMMED, _SUMMED = 1, 2
_ELIGIBLE = "Antall som kan ta i bruk"
_MONTH = pl.col("Måned")


def stable_id(*words: str) -> str:
    """An identity that is the same in every process."""
    return str(uuid5(NAMESPACE_OID, "/".join(("simulated report", *words))))


_DATE_TABLE = f"LocalDateTable_{stable_id('dates')}"


def _column(identity: str, entity: str, name: str) -> Field:
    """A column of texts that the report's table has under the same name."""
    return Field(identity, entity, name, TypeCode.TEXT, pl.col(name))


def _date_table(identity: str, name: str, type_code: TypeCode, values: pl.Expr) -> Field:
    """A column of the hidden table that Power BI makes for each date."""
    return Field(identity, _DATE_TABLE, name, type_code, values, is_hidden=True, is_date_table=True)


# A text is shown where there is one: texts of several cells are not put together.
_ONLY_TEXT = pl.when(pl.len() == 1).then(pl.col("I bruk").first())
_SUM_OF_ELIGIBLE = pl.when(pl.col(_ELIGIBLE).count() > 0).then(pl.col(_ELIGIBLE).sum())
_YEAR = _MONTH.dt.year().cast(pl.Int64)
_MONTH_NUMBER = _MONTH.dt.month().cast(pl.Int64)
_INTEGER = TypeCode.INTEGER
FIELDS = (
    _column("service", FACT, "Tjeneste"),
    Field("eligible", FACT, _ELIGIBLE, _INTEGER, pl.col(_ELIGIBLE), format="#,0"),
    Field("row", FACT, "Radnummer", _INTEGER, pl.col(_ROW_NUMBER), is_hidden=True, format="0"),
    Field("in_use", FACT, "I bruk", TypeCode.TEXT, _ONLY_TEXT, is_measure=True),
    Field(
        "could_use",
        FACT,
        "Kan ta i bruk",
        _INTEGER,
        _SUM_OF_ELIGIBLE,
        is_measure=True,
        format="#,0",
    ),
    _column("region_level", "Region", "Region nivå"),
    _column("region_number", "Region", "Region nummer"),
    _column("region", "Region", "Region"),
    _column("actor_type", "Aktørtype", "Aktørtype"),
    Field("month", "Dato", "Måned", TypeCode.DATETIME, _MONTH, format="MMMM yyyy"),
    Field("year", "Dato", "År", _INTEGER, _YEAR, format="0"),
    _date_table("date_table_date", "Date", TypeCode.DATETIME, _MONTH),
    _date_table("date_table_year", "Year", _INTEGER, _YEAR),
    _date_table("date_table_month", "MonthNo", _INTEGER, _MONTH_NUMBER),
)


def with_row_numbers(table: pl.DataFrame) -> pl.DataFrame:
    """The report's table with what its fields need beyond the published columns."""
    return table.with_row_index(_ROW_NUMBER, offset=1).with_columns(
        pl.col(_ROW_NUMBER).cast(pl.Int64), _MONTH.cast(pl.Datetime("us"))
    )


# --- visuals


@dataclass(frozen=True)
class Visual:
    """A picture on a page. Its fields by their roles, as identities, or `sum of <identity>`.

    `levels` are the region levels of a filter saved with it; with `has_query` its query is saved
    with it, too.
    """

    title: str
    kind: str
    roles: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    levels: tuple[str, ...] = ()
    has_query: bool = False

    @property
    def name(self) -> str:
        """Twenty hexadecimal digits, as the program that makes reports writes them."""
        return stable_id("visual", self.title).replace("-", "")[:20]


@dataclass(frozen=True)
class Page:
    """One page of the report."""

    title: str
    visuals: tuple[Visual, ...]

    @property
    def name(self) -> str:
        """Twenty hexadecimal digits, as the program that makes reports writes them."""
        return stable_id("page", self.title).replace("-", "")[:20]


_TABLE = (
    "service",
    "region_level",
    "region_number",
    "region",
    "actor_type",
    "month",
    "in_use",
    "could_use",
)
_PER_REGION = {"Category": ("region",), "Y": ("sum of eligible",)}
_OVERVIEW = Page(
    "Oversikt",
    (
        Visual("Overskrift", "textbox"),
        Visual("Kan ta i bruk per region", "barChart", _PER_REGION),
        Visual("Utvikling", "lineChart", {"Category": ("month",), "Y": ("could_use",)}),
        Visual("Velg tjeneste", "slicer", {"Values": ("service",)}),
        Visual("Til sammen", "card", {"Values": ("could_use",)}),
    ),
)
_TABLES = Page(
    "Tabell",
    (
        Visual("Alle tall", "tableEx", {"Values": _TABLE}),
        Visual("Fylker", "tableEx", {"Values": _TABLE}, levels=("Fylke",), has_query=True),
    ),
)
PAGES = (_OVERVIEW, _TABLES)


class _ShownField(NamedTuple):
    role: str
    field: Field
    function: int | None

    @property
    def reference(self) -> str:
        """The name that visuals give it."""
        name = ".".join(self.field.name)
        return name if self.function is None else f"Sum({name})"

    def expression(self, source: Node) -> Node:
        return _expression(self.field, source, self.function)


class Model:
    """The fields under the names they have now, and everything the server writes about them."""

    def __init__(self, fields: Sequence[Field] = FIELDS) -> None:
        self.fields = tuple(fields)
        self._by_identity = {field.identity: field for field in fields}

    # --- the conceptual schema

    def schema(self, model_id: int) -> Node:
        """The answer of `conceptualschema`."""
        fields_of: defaultdict[str, list[Field]] = defaultdict(list)
        for field in self.fields:
            fields_of[field.entity].append(field)
        entities = [self._entity(name, fields) for name, fields in fields_of.items()]
        schema = {"Entities": entities, "Capabilities": {"SupportsMedian": True}}
        return {"schemas": [{"modelId": model_id, "schema": schema, "error": None}]}

    def _entity(self, name: str, fields: Sequence[Field]) -> Node:
        entity: Node = {"Name": name, "EdmName": "Sandbox." + re.sub(r"\W", "_", name)}
        if any(field.is_date_table for field in fields):
            entity |= {"Private": True, "ShowAsVariationsOnly": True}
        entity["Properties"] = [_property(field) for field in fields]
        if name == FACT:
            others = sorted({field.entity for field in self.fields} - {FACT})
            entity["NavigationProperties"] = [_relationship(other) for other in others]
        return {**entity, "StableName": stable_id("entity", name)}

    # --- queries of visuals

    def query(self, visual: Visual, *, filtered: bool) -> Node:
        """The query behind a visual, with the filter saved with it or without."""
        shown = self._shown(visual)
        aliases = _aliases([each.field for each in shown])
        select = [
            {
                **each.expression({"Source": aliases[each.field.entity]}),
                "Name": each.reference,
                "NativeReferenceName": each.field.property_name,
            }
            for each in shown
        ]
        query = {"Version": 2, "From": _sources(aliases), "Select": select}
        if filtered and visual.levels:
            query["Where"] = [self._condition(visual, aliases)]
        return query

    def command(self, visual: Visual) -> Node:
        """The command saved with a visual, ready to send."""
        projections = list(range(len(self._shown(visual))))
        binding = {
            "Primary": {"Groupings": [{"Projections": projections}]},
            "DataReduction": {"DataVolume": 3, "Primary": {"Window": {"Count": MOST_ROWS}}},
            "Version": 1,
        }
        query = self.query(visual, filtered=True)
        return {"Query": query, "Binding": binding, "ExecutionMetricsKind": 1}

    @cached_property
    def saved_commands(self) -> list[Node]:
        """The commands saved with visuals."""
        visuals = [visual for page in PAGES for visual in page.visuals]
        return [self.command(visual) for visual in visuals if visual.has_query]

    def _shown(self, visual: Visual) -> list[_ShownField]:
        """Everything that a visual shows."""
        shown = []
        for role, words in visual.roles.items():
            for word in words:
                identity = word.removeprefix("sum of ")
                function = None if word == identity else _SUM
                shown.append(_ShownField(role, self._by_identity[identity], function))
        return shown

    def _condition(self, visual: Visual, aliases: Mapping[str, str]) -> Node:
        level = self._by_identity["region_level"]
        values = [[{"Literal": {"Value": literal(name)}}] for name in visual.levels]
        expressions = [_expression(level, {"Source": aliases[level.entity]})]
        return {"Condition": {"In": {"Expressions": expressions, "Values": values}}}

    def _filter(self, visual: Visual, key: str) -> Node:
        """The filter saved with a visual; its column is under `key`."""
        level = self._by_identity["region_level"]
        aliases = _aliases([level])
        conditions = [self._condition(visual, aliases)]
        return {
            "name": visual.name,
            key: _expression(level, {"Entity": level.entity}),
            "filter": {"Version": 2, "From": _sources(aliases), "Where": conditions},
            "type": "Categorical",
        }

    # --- the older layout of the metadata

    def legacy_sections(self) -> list[Node]:
        """Pages with every definition as JSON text beside its visual."""
        return [self._legacy_section(page, number) for number, page in enumerate(PAGES)]

    def _legacy_section(self, page: Page, number: int) -> Node:
        return {
            "id": 100 + number,
            "name": page.name,
            "displayName": page.title,
            "filters": "[]",
            "config": "{}",
            "ordinal": number,
            "visualContainers": [
                self._legacy_container(visual, index) for index, visual in enumerate(page.visuals)
            ],
        }

    def _legacy_container(self, visual: Visual, index: int) -> Node:
        config = {
            "name": visual.name,
            "layouts": [{"id": 0, "position": _position(index)}],
            "singleVisual": self._single_visual(visual),
        }
        filters = [self._filter(visual, "expression")] if visual.levels else []
        container = {
            "id": 1000 + index,
            **_position(index),
            "config": _as_text(config),
            "filters": _as_text(filters),
        }
        if visual.has_query:
            command = {"SemanticQueryDataShapeCommand": self.command(visual)}
            container["query"] = _as_text({"Commands": [command]})
        return container

    def _single_visual(self, visual: Visual) -> Node:
        shown = self._shown(visual)
        if not shown:
            return {"visualType": visual.kind}
        projections: defaultdict[str, list[Node]] = defaultdict(list)
        for each in shown:
            projections[each.role].append({"queryRef": each.reference})
        return {
            "visualType": visual.kind,
            "projections": projections,
            "prototypeQuery": self.query(visual, filtered=False),
        }

    # --- the newer layout of the metadata (PBIR)

    def pbir_sections(self) -> list[Node]:
        """Pages of empty shells; their content is in the document."""
        nowhere = dict.fromkeys(("x", "y", "z", "width", "height"), 0.0)
        return [
            {
                "id": 100 + number,
                "objectName": page.name,
                "displayName": page.title,
                "visualContainers": [
                    {"id": 1000 + index, **nowhere, "objectName": visual.name}
                    for index, visual in enumerate(page.visuals)
                ],
            }
            for number, page in enumerate(PAGES)
        ]

    def pbir_document(self) -> str:
        """The definition of all pages, as JSON text."""
        order = {"pageOrder": [page.name for page in PAGES], "activePageName": PAGES[0].name}
        pages = {
            "pagesMetadata": {"filePath": "pages/pages.json", "content": order},
            "pages": [self._pbir_page(page) for page in PAGES],
        }
        version = {"filePath": "version.json", "content": {"version": "2.0.0"}}
        return _as_text(
            {
                "version": version,
                "report": {"filePath": "report.json", "content": {}},
                "pages": pages,
                "bookmarks": {"bookmarks": []},
            }
        )

    def _pbir_page(self, page: Page) -> Node:
        content = {"name": page.name, "displayName": page.title, "displayOption": "FitToPage"}
        containers = [
            self._pbir_container(visual, index) for index, visual in enumerate(page.visuals)
        ]
        return {
            "filePath": f"{page.name}/page.json",
            "content": content,
            "visualContainers": containers,
        }

    def _pbir_container(self, visual: Visual, index: int) -> Node:
        state: defaultdict[str, Node] = defaultdict(lambda: {"projections": []})
        for each in self._shown(visual):
            projection = {
                "field": each.expression({"Entity": each.field.entity}),
                "queryRef": each.reference,
                "nativeQueryRef": each.field.property_name,
            }
            state[each.role]["projections"].append(projection)
        content: Node = {
            "name": visual.name,
            "position": _position(index),
            "visual": {"visualType": visual.kind},
        }
        if state:
            content["visual"]["query"] = {"queryState": state}
        if visual.levels:
            content["filterConfig"] = {"filters": [self._filter(visual, "field")]}
        return {"filePath": f"visuals/{visual.name}/visual.json", "content": content}


def _relationship(entity: str) -> Node:
    return {
        "Name": f"{entity}_{entity}",
        "Active": True,
        "TargetEntity": entity,
        "SourceMultiplicity": 2,
        "TargetMultiplicity": 0,
    }


def _property(field: Field) -> Node:
    described: Node = {"Name": field.property_name, "DataType": int(field.type_code)}
    if field.is_hidden:
        described["Hidden"] = True
    if field.format:
        described["FormatString"] = field.format
    if field.is_measure:
        described["Measure"] = {}
    else:
        aggregate = _SUMMED if field.identity == "eligible" else _NOT_SUMMED
        described["Column"] = {"DefaultAggregate": aggregate}
    return {**described, "StableName": stable_id("field", field.identity)}


def _expression(field: Field, source: Node, function: int | None = None) -> Node:
    reference = {"Expression": {"SourceRef": source}, "Property": field.property_name}
    if function is not None:
        return {"Aggregation": {"Expression": {"Column": reference}, "Function": function}}
    return {"Measure" if field.is_measure else "Column": reference}


def _aliases(fields: Sequence[Field]) -> dict[str, str]:
    """A short name for each entity: its first letter, with a number where that is taken."""
    aliases: dict[str, str] = {}
    for entity in dict.fromkeys(field.entity for field in fields):
        letter = entity[0].lower()
        taken = [alias for alias in aliases.values() if alias[0] == letter]
        aliases[entity] = letter + (str(len(taken)) if taken else "")
    return aliases


def _sources(aliases: Mapping[str, str]) -> list[Node]:
    return [{"Name": alias, "Entity": entity, "Type": 0} for entity, alias in aliases.items()]


def _position(index: int) -> Node:
    """Where a visual is on its page: three in a row."""
    return {
        "x": 40.0 + 400 * (index % 3),
        "y": 40.0 + 320 * (index // 3),
        "z": 1000.0 * index,
        "width": 380.0,
        "height": 300.0,
    }


def _as_text(node: object) -> str:
    return json.dumps(node, ensure_ascii=False, separators=(",", ":"))
