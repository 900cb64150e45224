"""What the simulated report is made of, its fields and its visuals, and how the server tells of them.

The schema and both layouts of the metadata are written from the same fields and visuals, so that they cannot differ.
Not here: answering queries (`powerbi_query.py`), addresses and keys (`powerbi_report.py`).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as own
from functools import cached_property
from uuid import NAMESPACE_OID, uuid5

import polars as pl

from pll_pipeline.simulation.powerbi_answer import Node, TypeCode, literal
from pll_pipeline.simulation.powerbi_query import MOST_ROWS, Field

FACT = "Bruk"
_FROM_ROW = "row"
_SUM = 0
_NOT_SUMMED, _SUMMED = 1, 2
_MONTH = pl.col("Måned")


def stable_id(*words: str) -> str:
    """An identity that is the same in every process."""
    return str(uuid5(NAMESPACE_OID, "/".join(("simulated report", *words))))


_DATE_TABLE = f"LocalDateTable_{stable_id('dates')}"


def _summed(values: pl.Expr) -> pl.Expr:
    return pl.when(values.count() > 0).then(values.sum())


FIELDS = (
    Field("service", FACT, "Tjeneste", TypeCode.TEXT, pl.col("Tjeneste")),
    Field(
        "eligible",
        FACT,
        "Antall som kan ta i bruk",
        TypeCode.INTEGER,
        pl.col("Antall som kan ta i bruk"),
        format="#,0",
    ),
    Field(
        "row", FACT, "Radnummer", TypeCode.INTEGER, pl.col(_FROM_ROW), is_hidden=True, format="0"
    ),
    # a figure is shown where there is one to show: texts of several cells are not put together
    Field(
        "in_use",
        FACT,
        "I bruk",
        TypeCode.TEXT,
        pl.when(pl.len() == 1).then(pl.col("I bruk").first()),
        is_measure=True,
    ),
    Field(
        "could_use",
        FACT,
        "Kan ta i bruk",
        TypeCode.INTEGER,
        _summed(pl.col("Antall som kan ta i bruk")),
        is_measure=True,
        format="#,0",
    ),
    Field("region_level", "Region", "Region nivå", TypeCode.TEXT, pl.col("Region nivå")),
    Field("region_number", "Region", "Region nummer", TypeCode.TEXT, pl.col("Region nummer")),
    Field("region", "Region", "Region", TypeCode.TEXT, pl.col("Region")),
    Field("actor_type", "Aktørtype", "Aktørtype", TypeCode.TEXT, pl.col("Aktørtype")),
    Field("month", "Dato", "Måned", TypeCode.DATETIME, _MONTH, format="MMMM yyyy"),
    Field("year", "Dato", "År", TypeCode.INTEGER, _MONTH.dt.year().cast(pl.Int64), format="0"),
    Field(
        "date_table_date",
        _DATE_TABLE,
        "Date",
        TypeCode.DATETIME,
        _MONTH,
        is_hidden=True,
        is_date_table=True,
    ),
    Field(
        "date_table_year",
        _DATE_TABLE,
        "Year",
        TypeCode.INTEGER,
        _MONTH.dt.year().cast(pl.Int64),
        is_hidden=True,
        is_date_table=True,
    ),
    Field(
        "date_table_month",
        _DATE_TABLE,
        "MonthNo",
        TypeCode.INTEGER,
        _MONTH.dt.month().cast(pl.Int64),
        is_hidden=True,
        is_date_table=True,
    ),
)


def with_row_numbers(table: pl.DataFrame) -> pl.DataFrame:
    """The report's table with what its fields need beyond the published columns."""
    return table.with_row_index(_FROM_ROW, offset=1).with_columns(
        pl.col(_FROM_ROW).cast(pl.Int64), _MONTH.cast(pl.Datetime("us"))
    )


# --- visuals --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Visual:
    """What a page shows: fields by their roles, as identities, or `sum of <identity>`.

    `levels` are the region levels of a filter saved with it; `has_query` says that its query is saved with it, too.
    """

    title: str
    kind: str
    roles: Mapping[str, tuple[str, ...]] = own(default_factory=dict)
    levels: tuple[str, ...] = ()
    has_query: bool = False

    @property
    def name(self) -> str:
        return stable_id("visual", self.title).replace("-", "")[:20]


@dataclass(frozen=True)
class Page:
    """One page of the report."""

    title: str
    visuals: tuple[Visual, ...]

    @property
    def name(self) -> str:
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
PAGES = (
    Page(
        "Oversikt",
        (
            Visual("Overskrift", "textbox"),
            Visual(
                "Kan ta i bruk per region",
                "barChart",
                {"Category": ("region",), "Y": ("sum of eligible",)},
            ),
            Visual("Utvikling", "lineChart", {"Category": ("month",), "Y": ("could_use",)}),
            Visual("Velg tjeneste", "slicer", {"Values": ("service",)}),
            Visual("Til sammen", "card", {"Values": ("could_use",)}),
        ),
    ),
    Page(
        "Tabell",
        (
            Visual("Alle tall", "tableEx", {"Values": _TABLE}),
            Visual("Fylker", "tableEx", {"Values": _TABLE}, levels=("Fylke",), has_query=True),
        ),
    ),
)


class Model:
    """The fields under the names they have now, and everything the server writes about them."""

    def __init__(self, fields: Sequence[Field] = FIELDS) -> None:
        self.fields = tuple(fields)
        self._by_identity = {field.identity: field for field in fields}

    # --- the conceptual schema

    def schema(self, model_id: int) -> Node:
        """The answer of `conceptualschema`."""
        entities: defaultdict[str, list[Field]] = defaultdict(list)
        for field in self.fields:
            entities[field.entity].append(field)
        told = [self._entity(name, fields) for name, fields in entities.items()]
        return {
            "schemas": [
                {
                    "modelId": model_id,
                    "schema": {"Entities": told, "Capabilities": {"SupportsMedian": True}},
                    "error": None,
                }
            ]
        }

    def _entity(self, name: str, fields: Sequence[Field]) -> Node:
        others = sorted({field.entity for field in self.fields} - {FACT}) if name == FACT else []
        related = [
            {
                "Name": f"{one}_{one}",
                "Active": True,
                "TargetEntity": one,
                "SourceMultiplicity": 2,
                "TargetMultiplicity": 0,
            }
            for one in others
        ]
        return {
            "Name": name,
            "EdmName": "Sandbox." + re.sub(r"\W", "_", name),
            **(
                {"Private": True, "ShowAsVariationsOnly": True}
                if any(field.is_date_table for field in fields)
                else {}
            ),
            "Properties": [_property(field) for field in fields],
            **({"NavigationProperties": related} if related else {}),
            "StableName": stable_id("entity", name),
        }

    # --- queries of visuals

    def query(self, visual: Visual, *, filtered: bool) -> Node:
        """The query behind a visual, with the filter saved with it or without."""
        shown = self._shown(visual)
        aliases = self._aliases([field for _, field, _ in shown])
        select = [
            {
                **_expression(field, {"Source": aliases[field.entity]}, function),
                "Name": _reference(field, function),
                "NativeReferenceName": field.property,
            }
            for _, field, function in shown
        ]
        where = {"Where": [self._condition(visual, aliases)]} if filtered and visual.levels else {}
        return {"Version": 2, "From": _sources(aliases), "Select": select, **where}

    def command(self, visual: Visual) -> Node:
        """The command saved with a visual, ready to send."""
        projections = list(range(len(self._shown(visual))))
        reduction = {"DataVolume": 3, "Primary": {"Window": {"Count": MOST_ROWS}}}
        binding = {
            "Primary": {"Groupings": [{"Projections": projections}]},
            "DataReduction": reduction,
            "Version": 1,
        }
        return {
            "Query": self.query(visual, filtered=True),
            "Binding": binding,
            "ExecutionMetricsKind": 1,
        }

    def _shown(self, visual: Visual) -> list[tuple[str, Field, int | None]]:
        """Role, field and function of everything a visual shows."""
        named = [(role, word) for role, words in visual.roles.items() for word in words]
        return [
            (
                role,
                self._by_identity[word.removeprefix("sum of ")],
                _SUM if word.startswith("sum of ") else None,
            )
            for role, word in named
        ]

    def _aliases(self, fields: Sequence[Field]) -> dict[str, str]:
        aliases: dict[str, str] = {}
        for entity in dict.fromkeys(field.entity for field in fields):
            letter = entity[0].lower()
            taken = [alias for alias in aliases.values() if alias[0] == letter]
            aliases[entity] = letter + (str(len(taken)) if taken else "")
        return aliases

    def _condition(self, visual: Visual, aliases: Mapping[str, str]) -> Node:
        level = self._by_identity["region_level"]
        values = [[{"Literal": {"Value": literal(one)}}] for one in visual.levels]
        return {
            "Condition": {
                "In": {
                    "Expressions": [_expression(level, {"Source": aliases[level.entity]})],
                    "Values": values,
                }
            }
        }

    # --- the two layouts of the metadata

    def legacy_sections(self) -> list[Node]:
        """Pages with every definition as JSON text beside its visual."""
        return [
            {
                "id": 100 + number,
                "name": page.name,
                "displayName": page.title,
                "filters": "[]",
                "config": "{}",
                "ordinal": number,
                "visualContainers": [
                    self._legacy_container(visual, place)
                    for place, visual in enumerate(page.visuals)
                ],
            }
            for number, page in enumerate(PAGES)
        ]

    def _legacy_container(self, visual: Visual, place: int) -> Node:
        shown = self._shown(visual)
        single: Node = {"visualType": visual.kind}
        if shown:
            projections: defaultdict[str, list[Node]] = defaultdict(list)
            for role, field, function in shown:
                projections[role].append({"queryRef": _reference(field, function)})
            single |= {
                "projections": projections,
                "prototypeQuery": self.query(visual, filtered=False),
            }
        container = {
            "id": 1000 + place,
            **_position(place),
            "config": _as_text(
                {
                    "name": visual.name,
                    "layouts": [{"id": 0, "position": _position(place)}],
                    "singleVisual": single,
                }
            ),
            "filters": _as_text([self._filter(visual, "expression")] if visual.levels else []),
        }
        if visual.has_query:
            container["query"] = _as_text(
                {"Commands": [{"SemanticQueryDataShapeCommand": self.command(visual)}]}
            )
        return container

    def _filter(self, visual: Visual, under: str) -> Node:
        level = self._by_identity["region_level"]
        aliases = self._aliases([level])
        saved = {
            "Version": 2,
            "From": _sources(aliases),
            "Where": [self._condition(visual, aliases)],
        }
        return {
            "name": visual.name,
            under: _expression(level, {"Entity": level.entity}),
            "filter": saved,
            "type": "Categorical",
        }

    def pbir_sections(self) -> list[Node]:
        """Pages of empty shells; what they hold is in the document."""
        return [
            {
                "id": 100 + number,
                "objectName": page.name,
                "displayName": page.title,
                "visualContainers": [
                    {
                        "id": 1000 + place,
                        **dict.fromkeys(("x", "y", "z", "width", "height"), 0.0),
                        "objectName": visual.name,
                    }
                    for place, visual in enumerate(page.visuals)
                ],
            }
            for number, page in enumerate(PAGES)
        ]

    def pbir_document(self) -> str:
        """The definition of all pages, as JSON text."""
        order = {"pageOrder": [page.name for page in PAGES], "activePageName": PAGES[0].name}
        pages = [
            {
                "filePath": f"{page.name}/page.json",
                "content": {
                    "name": page.name,
                    "displayName": page.title,
                    "displayOption": "FitToPage",
                },
                "visualContainers": [
                    self._pbir_container(visual, place) for place, visual in enumerate(page.visuals)
                ],
            }
            for page in PAGES
        ]
        return _as_text(
            {
                "version": {"filePath": "version.json", "content": {"version": "2.0.0"}},
                "report": {"filePath": "report.json", "content": {}},
                "pages": {
                    "pagesMetadata": {"filePath": "pages/pages.json", "content": order},
                    "pages": pages,
                },
                "bookmarks": {"bookmarks": []},
            }
        )

    def _pbir_container(self, visual: Visual, place: int) -> Node:
        state: defaultdict[str, Node] = defaultdict(lambda: {"projections": []})
        for role, field, function in self._shown(visual):
            expression = _expression(field, {"Entity": field.entity}, function)
            state[role]["projections"].append(
                {
                    "field": expression,
                    "queryRef": _reference(field, function),
                    "nativeQueryRef": field.property,
                }
            )
        content: Node = {
            "name": visual.name,
            "position": _position(place),
            "visual": {"visualType": visual.kind},
        }
        if state:
            content["visual"]["query"] = {"queryState": state}
        if visual.levels:
            content["filterConfig"] = {"filters": [self._filter(visual, "field")]}
        return {"filePath": f"visuals/{visual.name}/visual.json", "content": content}

    @cached_property
    def saved_commands(self) -> list[Node]:
        """The commands saved with visuals."""
        return [
            self.command(visual) for page in PAGES for visual in page.visuals if visual.has_query
        ]


def _property(field: Field) -> Node:
    adds_up = field.identity == "eligible"
    return {
        "Name": field.property,
        "DataType": int(field.type_code),
        **({"Hidden": True} if field.is_hidden else {}),
        **({"FormatString": field.format} if field.format else {}),
        **(
            {"Measure": {}}
            if field.is_measure
            else {"Column": {"DefaultAggregate": _SUMMED if adds_up else _NOT_SUMMED}}
        ),
        "StableName": stable_id("field", field.identity),
    }


def _expression(field: Field, source: Node, function: int | None = None) -> Node:
    reference = {"Expression": {"SourceRef": source}, "Property": field.property}
    if function is not None:
        return {"Aggregation": {"Expression": {"Column": reference}, "Function": function}}
    return {"Measure" if field.is_measure else "Column": reference}


def _reference(field: Field, function: int | None) -> str:
    name = ".".join(field.name)
    return name if function is None else f"Sum({name})"


def _sources(aliases: Mapping[str, str]) -> list[Node]:
    return [{"Name": alias, "Entity": entity, "Type": 0} for entity, alias in aliases.items()]


def _position(place: int) -> Node:
    return {
        "x": 40.0 + 400 * (place % 3),
        "y": 40.0 + 320 * (place // 3),
        "z": 1000.0 * place,
        "width": 380.0,
        "height": 300.0,
    }


def _as_text(node: object) -> str:
    return json.dumps(node, ensure_ascii=False, separators=(",", ":"))
