"""What is there to introduce? Residents, GP lists and the plan of each helsefellesskap.

Not here: what has been reached (`plan.py`, `ranking.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.figure import with_data
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import Cell, Figure, Section, Table, table_of
from pll_pipeline.published.page.rows import Row, known, where


def section(data: PageData, texts: PageTexts) -> Section | None:
    """A table of helsefellesskap; None where neither residents nor GP lists are published."""
    rows = data["readiness"]
    if not known(rows, "resident_count") and not known(rows, "gp_agreement_count"):
        return None
    intro = (texts.get("readiness_intro"),)
    return Section("readiness", texts.get("readiness"), intro, (_readiness(data, texts),))


def _readiness(data: PageData, texts: PageTexts) -> Figure:
    rows = data["readiness"]
    figure = Figure(
        name="readiness",
        headline=_headline(rows, texts),
        subtitle=_subtitle(rows, texts),
        release_table="mart_readiness_by_area",
        main_table=_table(rows, texts),
        notes=(texts.get("readiness_note"),) if _has_missing_parts(rows) else (),
    )
    return with_data(figure, rows, data, texts, left_out=("region_level",))


def _headline(rows: Sequence[Row], texts: PageTexts) -> str:
    """What the country has of GP agreements and lists without a doctor, or only how many areas."""
    country = next(iter(where(rows, region_level="land")), None)
    areas = texts.format.number(len(rows) - (country is not None))
    agreements = country["gp_agreement_count"] if country else None
    without = country["gp_list_without_doctor_count"] if country else None
    if agreements is None or without is None:
        return texts.get("readiness_head_areas", areas=areas)
    return texts.get(
        "readiness_head",
        areas=areas,
        agreements=texts.format.number(agreements),
        without=texts.format.number(without),
    )


def _subtitle(rows: Sequence[Row], texts: PageTexts) -> str:
    """The days that the figures are of, and the month of the phases."""
    days = {}
    for name in ("resident", "gp_agreement"):
        dated = known(rows, f"{name}_as_of")
        newest = max((row[f"{name}_as_of"] for row in dated), default=None)
        days[name] = texts.format.day(newest) if newest else texts.get("not_published")
    month = texts.format.month(rows[0]["rollout_month"])
    return texts.get(
        "readiness_sub", residents=days["resident"], lists=days["gp_agreement"], month=month
    )


def _has_missing_parts(rows: Sequence[Row]) -> bool:
    return any(_is_partly_known(row) for row in rows)


def _is_partly_known(row: Row) -> bool:
    """Whether some of a region's kommuner, but not all, have a number of GP agreements."""
    parts, expected = row["gp_agreement_part_count"], row["gp_agreement_expected_part_count"]
    return row["gp_agreement_count"] is None and bool(parts) and parts != expected


def _table(rows: Sequence[Row], texts: PageTexts) -> Table:
    heads = [
        (texts.get("area"), "text"),
        *(
            (texts.get(f"readiness_{column}"), "number")
            for column in ("residents", "agreements", "without_doctor", "free_capacity")
        ),
        (texts.get("planned"), "text"),
        (texts.get("observed"), "text"),
    ]
    most = max(row["gp_agreement_count"] or 0 for row in rows if row["region_level"] != "land")
    return table_of(
        texts.get("readiness_table"),
        heads,
        (_table_row(row, most, texts) for row in rows),
        foot=len(where(rows, region_level="land")),
    )


def _table_row(row: Row, most: int, texts: PageTexts) -> list[str | Cell]:
    return [
        Cell(row["region_name"], address=texts.area_address(row["region_key"])),
        _count(row["resident_count"], texts),
        _agreements(row, most, texts),
        _count(row["gp_list_without_doctor_count"], texts),
        _count(row["gp_list_free_capacity_count"], texts),
        texts.phase(row["pll_planned_phase"]),
        texts.phase(row["pll_observed_phase"]),
    ]


def _agreements(row: Row, most: int, texts: PageTexts) -> Cell:
    """The agreements with a bar beside those of the other areas, or how many kommuner are known."""
    count = row["gp_agreement_count"]
    if count is not None:
        is_area = row["region_level"] != "land" and most > 0
        return Cell(texts.format.number(count), bar=count / most if is_area else None)
    if not _is_partly_known(row):
        return Cell("–", is_quiet=True)
    numbers = {
        "parts": texts.format.number(row["gp_agreement_part_count"]),
        "all": texts.format.number(row["gp_agreement_expected_part_count"]),
    }
    return Cell(texts.get("readiness_parts", **numbers), is_quiet=True)


def _count(count: int | None, texts: PageTexts) -> str:
    return "–" if count is None else texts.format.number(count)
