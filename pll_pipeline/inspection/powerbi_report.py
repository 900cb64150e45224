"""What a public Power BI report holds: pages, visuals, tables and fields, and the tables its visuals would give.

For each visual that shows a table's worth of columns and values, what it shows is asked once, without the filters saved in
it, and looked at as any table is. Not here: asking (`fetchers/powerbi`), decoding (`readers/powerbi`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.inspection.publication import Inspection, TableSeen, columns
from pll_pipeline.raw.powerbi import look, sample
from pll_pipeline.raw.powerbi.question import FUNCTIONS
from pll_pipeline.raw.powerbi.report import Property, Report, Visual
from pll_pipeline.sources.model import PowerBi, PowerBiReport
from pll_pipeline.validated.readers import read_table
from pll_pipeline.vocabulary.codes import Codes

MOST_TABLES = 5
_AGGREGATION = {number: name for name, number in FUNCTIONS.items()}


def inspect_report(address: str, codes: Codes, on: date, local: dict[str, Any]) -> Inspection:
    """What the report at a view address holds. Raises `PllError` when it cannot be asked."""
    asking = {"kind": "powerbi", "address": address, **local}
    report, properties = look(
        PowerBiReport.model_validate(
            asking | {"tables": {"table.json": {"groups": [{"entity": "-", "property": "-"}]}}}
        )
    )
    tables, problems = [], []
    for visual, table in _tables(report, properties):
        file = f"{_slug(visual)}.json"
        fetching = asking | {"tables": {file: table}}
        reading = PowerBi(kind="powerbi")
        try:
            frame = read_table(
                sample(PowerBiReport.model_validate(fetching))[file], reading, where=file
            ).frame
        except PllError as error:
            problems.append(
                f"The table of the visual {visual.name} cannot be asked: {error.paragraph()}"
            )
        else:
            tables.append(
                TableSeen(
                    f"{visual.kind} {visual.name}",
                    reading,
                    columns(frame, codes, on),
                    frame.height,
                    file,
                    fetching,
                )
            )
    return Inspection(
        f"a Power BI report, «{report.title}», data refreshed {report.last_refresh or 'at an unknown time'} (UTC)",
        tuple(tables),
        (*_warnings(report), *problems),
        tuple(_told(report, properties)),
    )


def _told(report: Report, properties: Iterable[Property]) -> Iterator[str]:
    used = {(u.entity, u.property) for visual in report.visuals for u in visual.fields}
    for page in report.pages:
        kinds = Counter(visual.kind or "group" for visual in page.visuals)
        yield f"page «{page.title}»: {', '.join(f'{number} {kind}' for kind, number in sorted(kinds.items()))}"
    shown = [p for p in properties if not p.is_hidden]
    for entity in dict.fromkeys(p.entity for p in shown):
        fields = [
            f"{p.name} ({'measure, ' if p.is_measure else ''}{p.type_name}{'' if (p.entity, p.name) in used else ', in no visual'})"
            for p in shown
            if p.entity == entity
        ]
        yield f"table {entity}: {', '.join(fields)}"


def _warnings(report: Report) -> Iterator[str]:
    """Filters saved with the report: what its pictures show is not everything."""
    if report.filters:
        yield f"The report has filters of its own: {report.filters}"
    for page in report.pages:
        if page.filters:
            yield f"The page «{page.title}» has saved filters: {page.filters}"
        for visual in page.visuals:
            if visual.filters:
                yield f"The visual {visual.name} ({visual.kind}) on «{page.title}» has saved filters, which a query of ours does not: {visual.filters}"


def _tables(
    report: Report, properties: Iterable[Property]
) -> Iterator[tuple[Visual, dict[str, Any]]]:
    """The different tables the visuals show, those of most columns first."""
    hidden = {(p.entity, p.name) for p in properties if p.is_hidden}
    found: dict[str, tuple[Visual, dict[str, Any]]] = {}
    for visual in sorted(report.visuals, key=lambda v: -len(v.fields)):
        fields = [field for field in visual.fields if (field.entity, field.property) not in hidden]
        groups = [
            {"entity": f.entity, "property": f.property}
            for f in fields
            if not f.is_measure and f.function is None
        ]
        values = [
            {"entity": f.entity, "property": f.property}
            | ({"aggregation": _AGGREGATION[f.function]} if f.function is not None else {})
            for f in fields
            if f.is_measure or f.function in _AGGREGATION
        ]
        if groups and values:
            found.setdefault(repr((groups, values)), (visual, {"groups": groups, "values": values}))
    yield from list(found.values())[:MOST_TABLES]


def _slug(visual: Visual) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", f"{visual.kind}-{visual.name}").strip("-")[:60] or "table"
