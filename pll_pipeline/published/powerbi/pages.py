"""The report on the model as PBIR: pages of visuals, each bound to fields of the model. Not here: the model (`model.py`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pll_pipeline.published.powerbi.model import CALENDAR, CONTROL, MEASURES, Model, tag

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/item/report"
WIDTH, HEIGHT = 1280, 720
_MARGIN = 24
# a column as (table, column), a measure by its name
Field = tuple[str, str] | str


@dataclass(frozen=True)
class Visual:
    """A visual: its kind, what stands in each of its wells, and where it stands."""

    name: str
    kind: str
    title: str
    wells: dict[str, tuple[Field, ...]]
    box: tuple[int, int, int, int]  # left, top, width, height


@dataclass(frozen=True)
class Page:
    name: str
    title: str
    visuals: tuple[Visual, ...]


def pages(model: Model) -> tuple[Page, ...]:
    """The pages the tables of this release make possible, each with what the model has."""
    month, region, level = (
        (CALENDAR, "Måned og år"),
        ("Region", _label(model, "Region", "region_name")),
        ("Region", _label(model, "Region", "region_level")),
    )
    actor, measure, service = (
        ("Aktørtype", _label(model, "Aktørtype", "actor_type_name")),
        ("Måltall", _label(model, "Måltall", "measure_name")),
        ("Tjeneste", _label(model, "Tjeneste", "service_name")),
    )
    top, low, half = 96, HEIGHT - _MARGIN, (WIDTH - 3 * _MARGIN) // 2
    right = 2 * _MARGIN + half
    slicers = (
        Visual("tjeneste", "slicer", "Tjeneste", {"Values": (service,)}, (_MARGIN, 16, 290, 64)),
        Visual("maltall", "slicer", "Måltall", {"Values": (measure,)}, (338, 16, 290, 64)),
        Visual("aktortype", "slicer", "Aktørtype", {"Values": (actor,)}, (652, 16, 290, 64)),
        Visual("niva", "slicer", "Nivå", {"Values": (level,)}, (966, 16, 290, 64)),
    )

    def whole(kind: str, title: str, wells: dict[str, tuple[Field, ...]]) -> Visual:
        return Visual("hoved", kind, title, wells, (_MARGIN, top, WIDTH - 2 * _MARGIN, low - top))

    found = [
        Page(
            "oversikt",
            "Oversikt",
            (
                *slicers[:3],
                Visual(
                    "andel",
                    "card",
                    "Andel i bruk",
                    {"Values": ("Andel i bruk",)},
                    (_MARGIN, top, 290, 140),
                ),
                Visual(
                    "maned",
                    "card",
                    "Nyeste måned",
                    {"Values": ("Nyeste måned",)},
                    (338, top, 290, 140),
                ),
                Visual(
                    "antall",
                    "card",
                    "Antall i bruk",
                    {"Values": ("Antall i bruk",)},
                    (652, top, 290, 140),
                ),
                Visual(
                    "endring",
                    "card",
                    "Endring 12 måneder",
                    {"Values": ("Endring 12 måneder",)},
                    (966, top, 290, 140),
                ),
                Visual(
                    "utvikling",
                    "lineChart",
                    "Andel i bruk per måned",
                    {"Category": (month,), "Y": ("Andel i bruk",), "Series": (actor,)},
                    (_MARGIN, 260, half, low - 260),
                ),
                Visual(
                    "tjenester",
                    "tableEx",
                    "Tjenester og måltall",
                    {
                        "Values": (
                            service,
                            measure,
                            actor,
                            "Nyeste måned",
                            "Andel i bruk",
                            "Endring 12 måneder",
                        )
                    },
                    (right, 260, half, low - 260),
                ),
            ),
        ),
        Page(
            "region",
            "Region",
            (
                *slicers,
                Visual(
                    "rangering",
                    "clusteredBarChart",
                    "Andel i bruk per region",
                    {"Category": (region,), "Y": ("Andel i bruk",)},
                    (_MARGIN, top, half, low - top),
                ),
                Visual(
                    "regioner",
                    "tableEx",
                    "Regionene",
                    {
                        "Values": (
                            region,
                            "Andel i bruk",
                            "Andel, minst",
                            "Andel, mest",
                            "Antall i bruk",
                            "Antall som kan ta i bruk",
                            "Endring 12 måneder",
                        )
                    },
                    (right, top, half, low - top),
                ),
            ),
        ),
        Page(
            "aktortype",
            "Aktørtype",
            (
                *slicers[:2],
                whole(
                    "pivotTable",
                    "Andel i bruk per aktørtype og tjeneste",
                    {"Rows": (actor,), "Columns": (service, measure), "Values": ("Andel i bruk",)},
                ),
            ),
        ),
    ]
    names = {table.name for table in model.tables}
    if "Mål og frister" in names:
        targets = "Mål og frister"
        columns = tuple(
            (targets, _label(model, targets, column))
            for column in (
                "due_end",
                "target_value",
                "newest_value",
                "distance",
                "pace_needed_per_month",
                "pace_per_month",
                "target_status",
            )
        )
        rollout: tuple[Visual, ...] = ()
        if "Innføring" in names:
            phases = tuple(
                ("Innføring", _label(model, "Innføring", column))
                for column in ("planned_phase", "planned_basis", "observed_phase", "lag_months")
            )
            rollout = (
                Visual(
                    "faser",
                    "tableEx",
                    "Fase per område, etter planen og observert",
                    {"Values": (month, region, actor, *phases)},
                    (_MARGIN, 400, WIDTH - 2 * _MARGIN, low - 400),
                ),
            )
        found.append(
            Page(
                "plan",
                "Plan",
                (
                    *slicers[:3],
                    Visual(
                        "mal",
                        "tableEx",
                        "Mål og avstand",
                        {"Values": (measure, actor, *columns)},
                        (_MARGIN, top, WIDTH - 2 * _MARGIN, 290),
                    ),
                    *rollout,
                ),
            )
        )
    if "Dekning" in names:
        source = ("Kilde", _label(model, "Kilde", "title"))
        table = Visual(
            "kilder",
            "tableEx",
            "Kildene",
            {
                "Values": (
                    source,
                    "Publiserte tall",
                    "Skjermede celler",
                    "Manglende tall",
                    "Tall i karantene",
                )
            },
            (_MARGIN, top, half, low - top),
        )
        course = Visual(
            "forlop",
            "lineChart",
            "Publiserte og manglende tall per måned",
            {"Category": (month,), "Y": ("Publiserte tall", "Manglende tall")},
            (right, top, half, low - top),
        )
        found.append(Page("datakvalitet", "Datakvalitet", (slicers[0], table, course)))
    control = ("Rader i SQL", "Sum i bruk i SQL", "Sum som kan i SQL", "Landets nyeste andel i SQL")
    pairs = tuple(
        field
        for column in control
        for field in ((CONTROL, column), column.replace("i SQL", "i modellen"))
    )
    check = {
        "Values": (
            (CONTROL, "Måltallkode"),
            (CONTROL, "Aktørtypekode"),
            *pairs,
            "Kontrollen stemmer",
        )
    }
    found.append(
        Page(
            "kontroll",
            "Kontroll",
            (
                Visual(
                    "samlet",
                    "card",
                    "Stemmer alt?",
                    {"Values": ("Kontrollen stemmer",)},
                    (_MARGIN, 16, 290, 64),
                ),
                whole("tableEx", "Modellen ved siden av SQL", check),
            ),
        )
    )
    return tuple(found)


def files(model: Model) -> dict[str, str]:
    """File name below the report's `definition/` → its text."""
    made = pages(model)
    written: dict[str, Any] = {
        "version.json": {
            "$schema": f"{_SCHEMAS}/definition/versionMetadata/1.0.0/schema.json",
            "version": "2.0.0",
        },
        "report.json": {
            "$schema": f"{_SCHEMAS}/definition/report/2.0.0/schema.json",
            "themeCollection": {
                "baseTheme": {
                    "name": "CY24SU10",
                    "reportVersionAtImport": "5.61",
                    "type": "SharedResources",
                }
            },
            "settings": {
                "useStylableVisualContainerHeader": True,
                "exportDataMode": "AllowSummarized",
            },
        },
        "pages/pages.json": {
            "$schema": f"{_SCHEMAS}/definition/pagesMetadata/1.0.0/schema.json",
            "pageOrder": [page.name for page in made],
            "activePageName": made[0].name,
        },
    }
    for page in made:
        written[f"pages/{page.name}/page.json"] = {
            "$schema": f"{_SCHEMAS}/definition/page/2.0.0/schema.json",
            "name": page.name,
            "displayName": page.title,
            "displayOption": "FitToPage",
            "height": HEIGHT,
            "width": WIDTH,
        }
        for order, visual in enumerate(page.visuals):
            written[f"pages/{page.name}/visuals/{visual.name}/visual.json"] = _visual(
                page, visual, order
            )
    return {
        name: json.dumps(told, ensure_ascii=False, indent=2) + "\n"
        for name, told in written.items()
    }


def _visual(page: Page, visual: Visual, order: int) -> dict[str, Any]:
    left, top, width, height = visual.box
    wells = {
        well: {"projections": [_projection(field) for field in fields]}
        for well, fields in visual.wells.items()
    }
    title = {
        "show": _literal("true"),
        "text": _literal("'" + visual.title.replace("'", "''") + "'"),
    }
    return {
        "$schema": f"{_SCHEMAS}/definition/visualContainer/2.0.0/schema.json",
        "name": tag("visual", page.name, visual.name).replace("-", "")[:20],
        "position": {
            "x": left,
            "y": top,
            "z": order,
            "height": height,
            "width": width,
            "tabOrder": order,
        },
        "visual": {
            "visualType": visual.kind,
            "query": {"queryState": wells},
            "visualContainerObjects": {
                "title": [{"properties": title}],
                "general": [
                    {
                        "properties": {
                            "altText": _literal("'" + visual.title.replace("'", "''") + "'")
                        }
                    }
                ],
            },
            "drillFilterOtherVisuals": True,
        },
    }


def _literal(value: str) -> dict[str, Any]:
    return {"expr": {"Literal": {"Value": value}}}


def _projection(field: Field) -> dict[str, Any]:
    kind, (table, name) = (
        ("Measure", (MEASURES, field)) if isinstance(field, str) else ("Column", field)
    )
    return {
        "field": {kind: {"Expression": {"SourceRef": {"Entity": table}}, "Property": name}},
        "queryRef": f"{table}.{name}",
        "nativeQueryRef": name,
    }


def _label(model: Model, table: str, source: str) -> str:
    """What the model calls a column of the release."""
    return next(column.name for column in model.table(table).columns if column.source == source)
