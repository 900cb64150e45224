"""What a report says of itself: pages, visuals and their fields (metadata), tables (schema).

Bytes in, a description out, for the older layout and PBIR alike. Not here: making requests
(`conversation.py`), queries (`question.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pll_pipeline.errors import PllError

TYPES = {
    1: "text",
    2: "decimal",
    3: "double",
    4: "whole number",
    5: "boolean",
    6: "date",
    7: "datetime",
}


@dataclass(frozen=True)
class UsedField:
    """A field as a visual uses it.

    `function` is the number of the aggregation, None for a bare column or a measure.
    """

    entity: str
    property: str
    is_measure: bool
    function: int | None = None


@dataclass(frozen=True)
class Visual:
    """A picture on a page, or a group of them, which has no kind and no fields.

    `title` is the text above it, empty where none was written by hand; `filters` the saved filters
    as text, `command` the saved query with those filters in it.
    """

    name: str
    kind: str
    fields: tuple[UsedField, ...]
    references: tuple[str, ...]
    title: str = ""
    filters: str = ""
    command: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Page:
    """A page of the report, with the filters saved for all of it."""

    name: str
    title: str
    visuals: tuple[Visual, ...]
    filters: str = ""


@dataclass(frozen=True)
class Report:
    """A report: what a query must name, how fresh its data is (ISO, UTC), and its pages."""

    title: str
    model_id: int
    dataset_id: str
    report_id: str
    last_refresh: str
    layout: str
    pages: tuple[Page, ...]
    filters: str = ""

    @property
    def visuals(self) -> Iterator[Visual]:
        """The visuals of all pages."""
        return (visual for page in self.pages for visual in page.visuals)

    def visual(self, name: str) -> Visual | None:
        """The visual of a name, or None."""
        return next((visual for visual in self.visuals if visual.name == name), None)


@dataclass(frozen=True)
class Property:
    """A column or measure of the model. `stable_name` survives a renaming."""

    entity: str
    name: str
    is_measure: bool
    data_type: int
    is_hidden: bool
    stable_name: str

    @property
    def type_name(self) -> str:
        """The type in words."""
        return type_name(self.data_type)


def type_name(code: int) -> str:
    """A type of the model in words."""
    return TYPES.get(code, f"type {code}")


def read_metadata(content: bytes, *, where: str) -> Report:
    """The report that its metadata describe. Raises `PllError` where they describe none."""
    try:
        metadata = json.loads(content)
        return _report(metadata["models"][0], metadata["exploration"])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise _not(f"metadata of a report ({_reason(error)})", where) from error


def _report(model: Mapping[str, Any], exploration: Mapping[str, Any]) -> Report:
    content = exploration.get("explorationContent") or {}
    document = content.get("explorationDocument")
    if document:
        layout, pbir = "pbir", json.loads(document)
        pages, filters = _pbir_pages(pbir), _pbir_filters(pbir)
    else:
        layout = "legacy"
        pages, filters = _legacy_pages(exploration["sections"]), exploration.get("filters")
    return Report(
        title=str(exploration["report"].get("displayName") or ""),
        model_id=int(model["id"]),
        dataset_id=str(model["dbName"]),
        report_id=str(exploration["report"]["objectId"]),
        last_refresh=str(model.get("LastRefreshTime") or ""),
        layout=layout,
        pages=tuple(pages),
        filters=_saved(filters),
    )


def _pbir_filters(document: Mapping[str, Any]) -> Any:
    content = document.get("report", {}).get("content", {})
    return (content.get("filterConfig") or {}).get("filters")


def read_schema(content: bytes, model_id: int, *, where: str) -> tuple[Property, ...]:
    """Every column and measure of the model.

    Raises `PllError` where the content is no schema, or contains an error of the server.
    """
    try:
        schemas = json.loads(content)["schemas"]
        schema = next(each for each in schemas if each.get("modelId") in (model_id, None))
        if schema.get("error"):
            raise PllError(
                f"The report does not give its schema: {json.dumps(schema['error'])[:300]}",
                where=where,
                do="run again later; if it lasts, look at the report in a browser",
            )
        return tuple(_properties(schema["schema"]["Entities"]))
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        StopIteration,
        RecursionError,
    ) as error:
        raise _not(f"the schema of a report's model ({_reason(error)})", where) from error


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:100]}"


def _not(what: str, where: str) -> PllError:
    return PllError(
        f"The answer is not {what}",
        where=where,
        do="open the report in a browser: it may have been withdrawn; if it shows, the interface"
        " has changed and the program must follow",
    )


def _properties(entities: Iterable[Mapping[str, Any]]) -> Iterator[Property]:
    for entity in entities:
        is_hidden = any(entity.get(flag) for flag in ("Hidden", "Private", "ShowAsVariationsOnly"))
        for field in entity.get("Properties") or ():
            if "Measure" in field or "Column" in field:
                yield Property(
                    entity["Name"],
                    field["Name"],
                    "Measure" in field,
                    int(field.get("DataType", 0)),
                    is_hidden or bool(field.get("Hidden")),
                    str(field.get("StableName") or ""),
                )


def _legacy_pages(sections: Iterable[Mapping[str, Any]]) -> Iterator[Page]:
    for section in sections:
        visuals = tuple(map(_legacy_visual, section.get("visualContainers") or ()))
        yield Page(
            section["name"],
            section.get("displayName") or section["name"],
            visuals,
            _saved(section.get("filters")),
        )


def _legacy_visual(container: Mapping[str, Any]) -> Visual:
    config = json.loads(container["config"])
    single = config.get("singleVisual") or {}
    prototype = single.get("prototypeQuery") or {}
    entities = {source["Name"]: source.get("Entity", "") for source in prototype.get("From") or ()}
    selects = prototype.get("Select") or ()
    commands = json.loads(container["query"])["Commands"] if container.get("query") else []
    return Visual(
        config["name"],
        single.get("visualType") or "",
        tuple(_used(selects, entities)),
        tuple(select.get("Name", "") for select in selects),
        _title(single.get("vcObjects")),
        _saved(container.get("filters")),
        commands[0]["SemanticQueryDataShapeCommand"] if commands else None,
    )


def _pbir_pages(document: Mapping[str, Any]) -> Iterator[Page]:
    pages = {page["content"]["name"]: page for page in document["pages"]["pages"]}
    metadata = (document["pages"].get("pagesMetadata") or {}).get("content") or {}
    order = metadata.get("pageOrder") or []
    for name in dict.fromkeys([*(name for name in order if name in pages), *pages]):
        content = pages[name]["content"]
        visuals = tuple(map(_pbir_visual, pages[name].get("visualContainers") or ()))
        yield Page(
            name,
            content.get("displayName") or name,
            visuals,
            _saved((content.get("filterConfig") or {}).get("filters")),
        )


def _pbir_visual(container: Mapping[str, Any]) -> Visual:
    content = container["content"]
    visual = content.get("visual") or {}
    state = (visual.get("query") or {}).get("queryState") or {}
    projections = [p for role in state.values() for p in role.get("projections") or ()]
    filters = [
        f for f in (content.get("filterConfig") or {}).get("filters") or () if f.get("filter")
    ]
    fields = tuple(_used((p["field"] for p in projections), {}))
    references = tuple(p.get("queryRef", "") for p in projections)
    return Visual(
        content["name"],
        visual.get("visualType") or "",
        fields,
        references,
        _title(visual.get("visualContainerObjects")),
        _saved(filters),
    )


def _title(objects: Mapping[str, Any] | None) -> str:
    """The text of a visual's title, empty where there is none or it is computed."""
    texts = [
        title.get("properties", {}).get("text", {}).get("expr", {}).get("Literal", {}).get("Value")
        for title in (objects or {}).get("title") or ()
    ]
    return next((text[1:-1].replace("''", "'") for text in texts if text), "")


def _used(selects: Iterable[Mapping[str, Any]], entities: Mapping[str, str]) -> Iterator[UsedField]:
    """The fields of selected expressions.

    One that is computed in the visual itself is no field of the model.
    """
    for select in selects:
        function = None
        expression = select
        if "Aggregation" in select:
            function = int(select["Aggregation"]["Function"])
            expression = select["Aggregation"]["Expression"]
        key = next((key for key in ("Column", "Measure") if key in expression), None)
        if key:
            source = expression[key].get("Expression", {}).get("SourceRef", {})
            entity = source.get("Entity") or entities.get(source.get("Source", ""), "")
            yield UsedField(entity, expression[key]["Property"], key == "Measure", function)


def _saved(filters: Any) -> str:
    """The text of saved filters, empty for none; those without a condition filter nothing."""
    saved = json.loads(filters) if isinstance(filters, str) and filters else filters or []
    conditions = [each for each in saved if each.get("filter")]
    return json.dumps(conditions, ensure_ascii=False) if conditions else ""
