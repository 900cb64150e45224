"""What a public Power BI report contains: pages, visuals, fields, and the tables of its visuals.

For each visual that shows a table's worth of columns and values, what it shows is asked once, with
the filters saved for it, its page and the report, and looked at as any table is.
Not here: asking (`raw/powerbi/`), decoding (`validated/readers/powerbi/`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.inspection.publication import Inspection, TableSeen, table_seen
from pll_pipeline.raw.powerbi import look, sample
from pll_pipeline.raw.powerbi.question import FUNCTIONS, saved_filters
from pll_pipeline.raw.powerbi.report import Property, Report, UsedField, Visual
from pll_pipeline.sources.model import PowerBi, PowerBiReport
from pll_pipeline.validated.readers import read_table
from pll_pipeline.vocabulary.codes import Codes

MOST_TABLES = 5
_AGGREGATION = {number: name for name, number in FUNCTIONS.items()}
_ANY_TABLE = {"table.json": {"groups": [{"entity": "-", "property": "-"}]}}


def inspect_report(
    place: dict[str, Any], codes: Codes, on: date, local: dict[str, Any], limits: dict[str, Any]
) -> Inspection:
    """What the report at a place contains, asked within limits of a source file.

    `place` is its view address, or the page that embeds it, as a source file has it.

    Raises `PllError` when it cannot be asked.
    """
    settings = {"kind": "powerbi", **place, **local}
    any_table = settings | limits | {"tables": _ANY_TABLE}
    report, properties = look(PowerBiReport.model_validate(any_table))
    tables: list[TableSeen] = []
    problems = []
    for visual, table in _tables(report, properties):
        try:
            filtered = table | _saved_filters(report, visual)
            fetching = settings | {"tables": {_file(visual): filtered}}
            tables.append(_asked(visual, fetching, limits, codes, on))
        except PllError as error:
            problems.append(
                f"The table of the visual {visual.name} cannot be asked: {error.paragraph()}"
            )
    refreshed = report.last_refresh or "at an unknown time"
    return Inspection(
        f"a Power BI report, «{report.title}», data refreshed {refreshed} (UTC)",
        tuple(tables),
        (*_warnings(report), *problems),
        tuple(_notes(report, properties)),
    )


def _asked(
    visual: Visual, fetching: dict[str, Any], limits: dict[str, Any], codes: Codes, on: date
) -> TableSeen:
    """The table of a visual, asked once."""
    file = _file(visual)
    reading = PowerBi(kind="powerbi")
    content = sample(PowerBiReport.model_validate(fetching | limits))[file]
    table = read_table(content, reading, where=file)
    title = visual.title or f"{visual.kind} {visual.name}"
    return table_seen(title, reading, table, file, fetching, codes, on)


def _notes(report: Report, properties: Iterable[Property]) -> Iterator[str]:
    """Pages with the kinds of their visuals, and tables with the fields that are not hidden."""
    for page in report.pages:
        kinds = Counter(visual.kind or "group" for visual in page.visuals)
        counts = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
        yield f"page «{page.title}»: {counts}"
    used = {(u.entity, u.property) for visual in report.visuals for u in visual.fields}
    fields: dict[str, list[str]] = {}
    for field in properties:
        if not field.is_hidden:
            is_used = (field.entity, field.name) in used
            fields.setdefault(field.entity, []).append(_described(field, is_used=is_used))
    for entity, described in fields.items():
        yield f"table {entity}: {', '.join(described)}"


def _described(field: Property, *, is_used: bool) -> str:
    kind = f"measure, {field.type_name}" if field.is_measure else field.type_name
    return f"{field.name} ({kind}{'' if is_used else ', in no visual'})"


def _warnings(report: Report) -> Iterator[str]:
    """Filters saved with the report: what its pictures show is not everything."""
    if report.filters:
        yield f"The report has saved filters: {report.filters}"
    for page in report.pages:
        if page.filters:
            yield f"The page «{page.title}» has saved filters: {page.filters}"
        for visual in page.visuals:
            if visual.filters:
                yield (
                    f"The visual {visual.name} ({visual.kind}) on «{page.title}» has saved filters:"
                    f" {visual.filters}"
                )


def _tables(
    report: Report, properties: Iterable[Property]
) -> Iterator[tuple[Visual, dict[str, Any]]]:
    """The different tables the visuals show, without filters; those of most columns first."""
    hidden = {(p.entity, p.name) for p in properties if p.is_hidden}
    found: dict[str, tuple[Visual, dict[str, Any]]] = {}
    for visual in sorted(report.visuals, key=lambda v: -len(v.fields)):
        fields = [field for field in visual.fields if (field.entity, field.property) not in hidden]
        groups = [_named(f) for f in fields if not f.is_measure and f.function is None]
        values = [_named(f) for f in fields if f.is_measure or f.function in _AGGREGATION]
        if groups and values:
            question = repr((groups, values, _filter_texts(report, visual)))
            found.setdefault(question, (visual, {"groups": groups, "values": values}))
    yield from list(found.values())[:MOST_TABLES]


def _saved_filters(report: Report, visual: Visual) -> dict[str, Any]:
    """The filters of a visual, its page and the report, as part of a question; none where none."""
    texts = _filter_texts(report, visual)
    filters = [each for text in texts for each in saved_filters(text)]
    return {"filters": filters} if filters else {}


def _filter_texts(report: Report, visual: Visual) -> tuple[str, ...]:
    page = next(page for page in report.pages if visual in page.visuals)
    return report.filters, page.filters, visual.filters


def _named(field: UsedField) -> dict[str, str]:
    """The field as a source file names it."""
    named = {"entity": field.entity, "property": field.property}
    return (
        named if field.function is None else named | {"aggregation": _AGGREGATION[field.function]}
    )


def _file(visual: Visual) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "-", f"{visual.kind}-{visual.name}").strip("-")[:60]
    return f"{name or 'table'}.json"
