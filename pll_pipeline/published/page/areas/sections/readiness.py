"""What is there to introduce? Residents, GP agreements and the room on the lists of the area.

Not here: phases of the roll-out (`rollout.py`).
"""

from __future__ import annotations

from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.data import AreaData
from pll_pipeline.published.page.areas.parts import Section, without_empty
from pll_pipeline.published.page.parts import Note, Table, table_of
from pll_pipeline.published.page.rows import Row

# The quantities of the table, without the endings of their columns.
QUANTITIES = (
    "resident",
    "gp_agreement",
    "gp_list_without_doctor",
    "gp_open_list",
    "gp_list_patient",
)


def section(key: str, data: AreaData, texts: AreaTexts) -> Section:
    """The quantities of an area with their days; a sum without all of its parts has no value."""
    rows = data.of("area_readiness", key)
    title = texts.get("area_readiness")
    if not rows or all(rows[0][f"{name}_as_of"] is None for name in QUANTITIES):
        note = Note(texts.get("area_readiness_none", area=data.label(key)))
        return Section("readiness", title, (), (note,))
    sentence = summary(rows[0], data.label(key), texts)
    intro = (sentence,) if sentence else ()
    return Section("readiness", title, intro, (_table(rows[0], texts),))


def summary(row: Row, area: str, texts: AreaTexts) -> str:
    """Residents and agreements where both are known, and how many lists have no doctor."""
    residents, agreements = row["resident_count"], row["gp_agreement_count"]
    if residents is None or agreements is None:
        return ""
    sentence = texts.get(
        "area_readiness_head",
        area=area,
        residents=texts.format.number(residents),
        agreements=texts.format.number(agreements),
    )
    vacant = row["gp_list_without_doctor_count"]
    if vacant is None:
        return sentence
    name = (
        "area_vacant_none" if vacant == 0 else "area_vacant_one" if vacant == 1 else "area_vacant"
    )
    return f"{sentence} {texts.get(name, count=texts.format.number(vacant))}"


def _table(row: Row, texts: AreaTexts) -> Table:
    heads = [
        (texts.get("area_quantity"), "text"),
        (texts.get("area_value"), "number"),
        (texts.get("area_as_of"), "text"),
        (texts.get("area_basis"), "text"),
    ]
    body = [_quantity(name, row, texts) for name in QUANTITIES]
    free = row["gp_list_free_capacity_count"]
    if free is not None:
        day = texts.format.day(row["gp_list_patient_as_of"])
        body.append([texts.get("quantity_free"), texts.format.number(free), day, ""])
    return without_empty(table_of(texts.get("area_readiness_table"), heads, body))


def _quantity(name: str, row: Row, texts: AreaTexts) -> list[str]:
    value, as_of = row[f"{name}_count"], row[f"{name}_as_of"]
    parts, all_parts = row[f"{name}_part_count"], row[f"{name}_expected_part_count"]
    basis = ""
    if parts is not None:
        basis = texts.get(
            "area_summed", count=texts.format.number(parts), all=texts.format.number(all_parts)
        )
    return [
        texts.get(f"quantity_{name}"),
        texts.get("not_published") if value is None else texts.format.number(value),
        "–" if as_of is None else texts.format.day(as_of),
        basis,
    ]
