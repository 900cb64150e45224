"""`difference.md`: what changed in tables, columns, rows and values since the release before.

Written in Norwegian. A comparison that fails is reported in the file and never stops the release.
Load times (all timestamps) are left out of it, or every row would differ each time a source is read
again; rows in which nothing else changed are counted apart. Not here: whether a change is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pll_pipeline.published.descriptor import MANIFEST
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import FILE_NAME as DATABASE
from pll_pipeline.published.duckdb import Table, attach, tables
from pll_pipeline.published.release_info import ReleaseInfo, iso
from pll_pipeline.published.row_changes import MOST_NEW, MOST_VALUES, Changes, changes

FILE_NAME = "difference.md"
MOST_CHARACTERS = 60  # shown per cell
_MOST_IN_KEY = 160
_MOST_IN_REASON = 300
_MOST_IN_PUBLICATION = 2_000
MOST_IN_SENTENCE = 300

_TABLE_HEAD = (
    "| Tabell | Før | Nå | Nye | Borte | Endret | Bare hentet på nytt |",
    "|---|--:|--:|--:|--:|--:|--:|",
)
_TABLE_NOTE = (
    "«Bare hentet på nytt» er rader der bare hentetidspunktet, plassen i filen eller rangen er en "
    "annen; de regnes ikke som endret. En strek under «Endret» sier at radene ikke har en nøkkel "
    "som skiller dem, så en endret rad telles som én borte og én ny."
)
_WITHHELD = "(skjermet)"
_WITHHELD_MEASURES = """
    with withheld as (
        select distinct measure_code
        from release.star.fct_observation_revision
        where is_withheld
    )
    select measure_code from withheld
    union
    select measure.measure_code
    from release.star.dim_measure as measure
    inner join withheld
        on withheld.measure_code in (measure.numerator_code, measure.denominator_code)
"""
_CONTRADICTIONS = {
    "Flere i bruk enn det er i alt": """
        select measure_code, region_key, actor_type_code, month, count_value, eligible_value
        from release.star.fct_adoption
        where is_contradictory
        order by all
    """,
    "Publiserte helheter som ikke stemmer med de publiserte delene": """
        select measure_code, region_key, actor_type_code, period_end, part_level
        from release.marts.mart_reconciliation
        where reconciliation_status = 'differs'
        order by all
    """,
}


def write(draft: Draft) -> None:
    """Compare the release with the one before it and write what differs."""
    this = f"Denne utgaven: `{draft.info.release_id}`."
    if draft.previous is None:
        first = "Dette er den første utgaven. Det finnes ingen tidligere å sammenligne med."
        lines = [this, "", first]
    else:
        this += f" Forrige utgave: `{draft.previous.name}`."
        lines = [this, "", *_compared(draft, draft.previous)]
    text = "\n".join(["# Endringer siden forrige utgave", "", *lines])
    (draft.folder / FILE_NAME).write_text(f"{text}\n", encoding="utf-8")


def _compared(draft: Draft, previous: Path) -> list[str]:
    try:
        attach(draft.connection, previous / DATABASE, "previous")
        return [
            *_publications(draft.info, previous),
            *_tables(draft, tables(draft.connection, "previous")),
        ]
    except duckdb.Error as error:
        return [
            "Sammenligningen lot seg ikke gjøre. Tallene i denne utgaven er ikke berørt av det.",
            "",
            f"Grunnen: {_cell(error, _MOST_IN_REASON)}",
        ]


def _publications(info: ReleaseInfo, previous: Path) -> list[str]:
    """What the publications changed, for the snapshots that are new in this release."""
    manifest = json.loads((previous / MANIFEST).read_text(encoding="utf-8"))
    before = {(s["source_name"], _utc(s["snapshot_at"])) for s in manifest["snapshots"]}
    new = [d for d in info.inputs.drift if (d["source_name"], _utc(d["snapshot_at"])) not in before]
    changed = [
        (d["source_name"], _cell("; ".join(d["changes"]), _MOST_IN_PUBLICATION)) for d in new
    ]
    lines = [f"- `{source_name}`: {text}." for source_name, text in changed]
    publications = ["## Publikasjoner", "", *lines, ""] if lines else []
    texts = [
        line
        for page in info.inputs.page_texts
        if page["changed_at"] and _utc(page["changed_at"]) > _utc(manifest["built_at"])
        for line in _page_text(page)
    ]
    return [*publications, *(["## Sidetekster", "", *texts, ""] if texts else [])]


def _page_text(page: dict[str, Any]) -> Iterator[str]:
    """What a page of running text says of its own change, and its sentences new and gone."""
    stated = page["stated_on"] or "ikke oppgitt"
    before = page["stated_before"] or "ikke oppgitt"
    yield f"- `{page['source_name']}`: siste faglige endring {stated}, før {before}."
    for word, key in (("ny", "new"), ("borte", "gone")):
        for sentence in page[key]:
            yield f"  - {word}: {_cell(sentence, MOST_IN_SENTENCE)}"
        if (rest := page[f"{key}_count"] - len(page[key])) > 0:
            yield f"  - {word}: {_number(rest)} setninger til"


def _utc(time: str | datetime) -> str:
    """A time as ISO text in UTC, however it was written."""
    text: str = iso(datetime.fromisoformat(time) if isinstance(time, str) else time)
    return text


def _tables(draft: Draft, previous: tuple[Table, ...]) -> list[str]:
    """What differs between the tables of two releases: columns, numbers of rows, values."""
    before = {(t.schema, t.name): t for t in previous}
    after = {(t.schema, t.name): t for t in draft.tables}
    withheld = _withheld_measures(draft)
    counts, notes, values, named = [], [], [], []
    for key, table in after.items():
        if key in before:
            count, note, change = _table(draft, before[key], table)
            counts.append(count)
            notes += note
            if change:
                values += _values(_name(table), change, withheld)
                named += _named(_name(table), change)
    return [
        *("## Tabeller og kolonner", "", *_schemas(before, after), ""),
        *("## Rader", "", *_TABLE_HEAD, *counts, "", _TABLE_NOTE, *notes, ""),
        *("## Nye rader", "", *(named or ["Ingen."]), ""),
        *("## Verdier", *(values or ["", "Ingen endringer i rader som finnes i begge utgaver."])),
        *("", "## Motsigelser", "", *(_contradictions(draft) or ["Ingen."])),
    ]


def _name(table: Table) -> str:
    return f"`{table.schema}.{table.name}`"


def _withheld_measures(draft: Draft) -> frozenset[str]:
    """Measures of which a publisher withholds a figure now, and the shares made from them.

    What their rows showed before is not shown again.
    """
    rows = draft.connection.execute(_WITHHELD_MEASURES).fetchall()
    return frozenset(measure for (measure,) in rows)


def _contradictions(draft: Draft) -> list[str]:
    """What this release says that cannot all be right: the first of each kind, and how many."""
    lines = []
    for what, query in _CONTRADICTIONS.items():
        rows = draft.connection.execute(query).fetchall()
        shown = "; ".join(", ".join(_shown(cell) for cell in row) for row in rows[:MOST_NEW])
        if rows:
            lines.append(f"- {what}: {_number(len(rows))}, blant dem {_cell(shown, 1_000)}.")
    return lines


def _schemas(
    before: dict[tuple[str, str], Table], after: dict[tuple[str, str], Table]
) -> list[str]:
    """A line for every table and column that is new, removed or of another type."""
    lines = [
        f"- Ny tabell: `{schema}.{name}`, {_number(after[schema, name].rows)} rader."
        for schema, name in after.keys() - before.keys()
    ]
    lines += [
        f"- Fjernet tabell: `{schema}.{name}`, {_number(before[schema, name].rows)} rader."
        for schema, name in before.keys() - after.keys()
    ]
    for key in after.keys() & before.keys():
        lines += _columns(before[key], after[key])
    return sorted(lines) or ["Ingen endringer."]


def _columns(before: Table, after: Table) -> Iterator[str]:
    old = {c.name: c.type.lower() for c in before.columns}
    new = {c.name: c.type.lower() for c in after.columns}
    table = f"`{after.schema}.{after.name}`"
    for name in new.keys() - old.keys():
        yield f"- {table}: ny kolonne `{name}` ({new[name]})."
    for name in old.keys() - new.keys():
        yield f"- {table}: fjernet kolonne `{name}` ({old[name]})."
    for name in old.keys() & new.keys():
        if old[name] != new[name]:
            yield f"- {table}: `{name}` har gått fra {old[name]} til {new[name]}."


def _table(draft: Draft, before: Table, after: Table) -> tuple[str, list[str], Changes | None]:
    """The row of counts of one table, a note where it cannot be compared, and its changes."""
    name = _name(after)
    counts = f"| {name} | {_number(before.rows)} | {_number(after.rows)} |"
    try:
        change = changes(draft.connection, before, after)
    except duckdb.Error as error:
        reason = f"{name} lot seg ikke sammenligne: {_cell(error, _MOST_IN_REASON)}"
        return f"{counts} ? | ? | ? | ? |", ["", reason], None
    changed = "–" if change.changed is None else _number(change.changed)
    numbers = (_number(change.new), _number(change.gone), changed, _number(change.only_loaded))
    return f"{counts} {' | '.join(numbers)} |", [], change


def _named(name: str, change: Changes) -> list[str]:
    """A line that names the first new rows of a table."""
    if not change.named:
        return []
    rows = "; ".join(
        _cell(", ".join(_shown(cell) for cell in row if cell is not None), _MOST_IN_KEY)
        for row in change.named
    )
    rest = "" if len(change.named) == change.new else ", blant dem"
    return [f"- {name}: {_number(change.new)}{rest}: {rows}."]


def _values(name: str, change: Changes, withheld: frozenset[str]) -> list[str]:
    """The first changed values of a table, before and after."""
    if not change.values:
        return []
    lines = ["", f"### {name}", "", "| Rad | Kolonne | Før | Nå |", "|---|---|---|---|"]
    for value in change.values:
        key = ", ".join(_shown(cell) for cell in value.key)
        before = _WITHHELD if withheld.intersection(map(str, value.key)) else value.before
        cells = (_cell(key, _MOST_IN_KEY), value.column, _cell(before), _cell(value.after))
        lines.append(f"| {' | '.join(cells)} |")
    if len(change.values) == MOST_VALUES:
        rows = _number(change.changed or 0)
        lines += ["", f"Høyst {MOST_VALUES} verdier er vist; {rows} rader er endret i alt."]
    return lines


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u00a0")


def _shown(value: Any) -> str:
    if value is None:
        return "(tom)"
    return ("nei", "ja")[value] if isinstance(value, bool) else str(iso(value))


def _cell(value: Any, most: int = MOST_CHARACTERS) -> str:
    """A value as the text of one table cell: one bounded line, without bars or mark-up."""
    text = " ".join(_shown(value).split())
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    return re.sub(r"([\\|<\[`])", r"\\\1", text)
