"""`difference.md`: what changed in tables, columns, rows and values since the release before, in Norwegian.

A comparison that fails is told in the file and never stops the release. Load times (all timestamps) are left out
of it, or every row would differ each time a source is read again; rows where nothing else changed are counted apart.
Not here: whether a change is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from pll_pipeline.published.descriptor import MANIFEST
from pll_pipeline.published.duckdb import FILE_NAME as DATABASE
from pll_pipeline.published.duckdb import LOAD_TIME, Column, Table, literal, quoted, tables
from pll_pipeline.published.release_info import ReleaseInfo, iso

FILE_NAME = "difference.md"
MOST_VALUES = 20  # shown per table
MOST_CHARACTERS = 60  # shown per cell

# What a row is about, wherever it occurs: two rows equal in all of these are the same row before and after.
KEYS = frozenset(
    {
        "service_code",
        "measure_code",
        "region_key",
        "actor_type_code",
        "source_name",
        "month",
        "period_start",
        "period_end",
        "period_grain",
        "due_start",
        "due_end",
        "due_grain",
        "target_kind",
        "phase",
        "area_name",
    }
)


@dataclass(frozen=True)
class _Change:
    """What changed in one table. Without a key that tells its rows apart, `changed` is None and a changed row is one gone and one new."""

    new: int
    gone: int
    changed: int | None
    only_loaded: int
    values: list[tuple[str, str, Any, Any]]


def write(
    folder: Path,
    connection: DuckDBPyConnection,
    current: tuple[Table, ...],
    imprint: ReleaseInfo,
    previous: Path | None,
) -> None:
    """Compare the release attached as `release` with the one in the folder `previous` and write what differs."""
    lines = ["# Endringer siden forrige utgave", "", f"Denne utgaven: `{imprint.release_id}`.", ""]
    if previous is None:
        lines.append("Dette er den første utgaven. Det finnes ingen tidligere å sammenligne med.")
    else:
        lines[2] += f" Forrige utgave: `{previous.name}`."
        try:
            connection.execute(f"attach {literal(previous / DATABASE)} as previous (read_only)")
            lines += _publications(imprint, previous)
            lines += _compare(connection, current, tables(connection, "previous"))
        except duckdb.Error as error:
            lines += [
                "Sammenligningen lot seg ikke gjøre. Tallene i denne utgaven er ikke berørt av det.",
                "",
                f"Grunnen: {_cell(error, 300)}",
            ]
    (folder / FILE_NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _publications(imprint: ReleaseInfo, previous: Path) -> list[str]:
    """What the publications changed, for the snapshots that are new in this release."""
    used = json.loads((previous / MANIFEST).read_text(encoding="utf-8"))["snapshots"]
    before = {(s["source_name"], iso(datetime.fromisoformat(s["snapshot_at"]))) for s in used}
    new = [
        d
        for d in imprint.inputs.drift
        if (d["source_name"], iso(_time(d["snapshot_at"]))) not in before
    ]
    if not new:
        return []
    return [
        "## Publikasjoner",
        "",
        *(f"- `{d['source_name']}`: {_cell('; '.join(d['told']), 2_000)}." for d in new),
        "",
    ]


def _time(said: str | datetime) -> datetime:
    return datetime.fromisoformat(said) if isinstance(said, str) else said


def _compare(
    connection: DuckDBPyConnection, current: tuple[Table, ...], previous: tuple[Table, ...]
) -> list[str]:
    before = {(t.schema, t.name): t for t in previous}
    after = {(t.schema, t.name): t for t in current}
    lines = ["## Tabeller og kolonner", ""]
    schema = [
        f"- Ny tabell: `{s}.{n}`, {_number(t.rows)} rader."
        for (s, n), t in after.items()
        if (s, n) not in before
    ]
    schema += [
        f"- Fjernet tabell: `{s}.{n}`, {_number(t.rows)} rader."
        for (s, n), t in before.items()
        if (s, n) not in after
    ]
    for key in after.keys() & before.keys():
        schema += sorted(_schema_changes(before[key], after[key]))
    lines += sorted(schema) or ["Ingen endringer."]
    lines += [
        "",
        "## Rader",
        "",
        "| Tabell | Før | Nå | Nye | Borte | Endret | Bare hentet på nytt |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    notes, values = [], []
    for key, table in after.items():
        if key not in before:
            continue
        name = f"{table.schema}.{table.name}"
        counts = f"| `{name}` | {_number(before[key].rows)} | {_number(table.rows)} |"
        try:
            change = _changes(connection, before[key], table)
        except duckdb.Error as error:
            lines.append(f"{counts} ? | ? | ? | ? |")
            notes += ["", f"`{name}` lot seg ikke sammenligne: {_cell(error, 300)}"]
            continue
        changed = "–" if change.changed is None else _number(change.changed)
        lines.append(
            f"{counts} {_number(change.new)} | {_number(change.gone)} | {changed} | {_number(change.only_loaded)} |"
        )
        if change.values:
            values += ["", f"### `{name}`", "", "| Rad | Kolonne | Før | Nå |", "|---|---|---|---|"]
            values += [
                f"| {_cell(row, 160)} | {column} | {_cell(old)} | {_cell(new)} |"
                for row, column, old, new in change.values
            ]
            if len(change.values) == MOST_VALUES:
                values += [
                    "",
                    f"Høyst {MOST_VALUES} verdier er vist; {_number(change.changed or 0)} rader er endret i alt.",
                ]
    lines += [
        "",
        "«Bare hentet på nytt» er rader der bare hentetidspunktet er et annet; de regnes ikke som endret. "
        "En strek under «Endret» sier at radene ikke har en nøkkel som skiller dem, så en endret rad telles som én borte og én ny.",
    ]
    return (
        lines
        + notes
        + [
            "",
            "## Verdier",
            *(values or ["", "Ingen endringer i rader som finnes i begge utgaver."]),
        ]
    )


def _schema_changes(before: Table, after: Table) -> Iterator[str]:
    old = {c.name: c.type for c in before.columns}
    new = {c.name: c.type for c in after.columns}
    table = f"`{after.schema}.{after.name}`"
    yield from (
        f"- {table}: ny kolonne `{name}` ({new[name].lower()})." for name in new.keys() - old.keys()
    )
    yield from (
        f"- {table}: fjernet kolonne `{name}` ({old[name].lower()})."
        for name in old.keys() - new.keys()
    )
    for name in old.keys() & new.keys():
        if old[name] != new[name]:
            yield f"- {table}: `{name}` har gått fra {old[name].lower()} til {new[name].lower()}."


def _changes(connection: DuckDBPyConnection, before: Table, after: Table) -> _Change:
    """Count and pair the rows that differ, over the columns that both releases have with the same type."""
    shared: list[Column] = [
        column
        for column in after.columns
        if any((c.name, c.type) == (column.name, column.type) for c in before.columns)
    ]
    content = [c.name for c in shared if c.type != LOAD_TIME]
    sides = {"release": after, "previous": before}

    def find_differing(columns: list[str]) -> None:
        """Fill `differing` with the hash of every row that the two do not have equally often, and how many more there are now."""
        sums = {
            side: f"select {_hash(columns)} as h, count(*) as n from {sides[side].within(side)} group by h"
            for side in sides
        }
        connection.execute(
            "create or replace temp table differing as select coalesce(now.h, past.h) as h, coalesce(now.n, 0) - coalesce(past.n, 0) as more "
            f"from ({sums['release']}) as now full join ({sums['previous']}) as past on now.h = past.h where now.n is distinct from past.n"
        )

    def only_in(side: str, other: str, columns: list[str]) -> str:
        listed, may_differ = (
            ", ".join(map(quoted, columns)),
            f"{_hash(columns)} in (select h from differing)",
        )
        return f"select {listed} from {sides[side].within(side)} where {may_differ} except all select {listed} from {sides[other].within(other)} where {may_differ}"

    def count(query: str) -> int:
        return connection.execute(f"select count(*) from ({query})").fetchall()[0][0]

    if not content:
        return _Change(
            max(after.rows - before.rows, 0), max(before.rows - after.rows, 0), None, 0, []
        )
    # whole rows are compared only where hashes differ: most of a large table is what it was
    find_differing(content)
    connection.execute(
        f"create or replace temp table came as {only_in('release', 'previous', content)}"
    )
    connection.execute(
        f"create or replace temp table went as {only_in('previous', 'release', content)}"
    )
    came, went = count("from came"), count("from went")
    loaded = 0
    if len(content) < len(shared):
        find_differing([c.name for c in shared])
        loaded = (
            connection.execute(
                "select coalesce(sum(more), 0)::bigint from differing where more > 0"
            ).fetchall()[0][0]
            - came
        )
    keys = [name for name in content if name in KEYS]
    listed = ", ".join(map(quoted, keys))
    if not keys or any(
        count(f"select distinct {listed} from {side}") < rows
        for side, rows in (("came", came), ("went", went))
    ):
        return _Change(came, went, None, loaded, [])
    paired = f"came join went on {' and '.join(f'came.{quoted(k)} is not distinct from went.{quoted(k)}' for k in keys)}"
    changed = count(f"select 1 from {paired}")
    rows = connection.execute(
        f"select came.*, went.* from {paired} order by {', '.join(f'came.{quoted(k)}' for k in keys)} limit {MOST_VALUES}"
    ).fetchall()
    values = [
        (
            ", ".join(
                _shown(new[content.index(k)]) for k in keys if new[content.index(k)] is not None
            ),
            name,
            old[place],
            new[place],
        )
        for new, old in ((row[: len(content)], row[len(content) :]) for row in rows)
        for place, name in enumerate(content)
        if new[place] != old[place]
    ]
    return _Change(came - changed, went - changed, changed, loaded, values[:MOST_VALUES])


def _hash(columns: list[str]) -> str:
    return f"hash({', '.join(map(quoted, columns))})"


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u00a0")


def _shown(value: Any) -> str:
    if value is None:
        return "(tom)"
    return ("nei", "ja")[value] if isinstance(value, bool) else str(iso(value))


def _cell(value: Any, most: int = MOST_CHARACTERS) -> str:
    """A value as the text of one table cell: one line, bounded, with no bar or mark-up of its own."""
    text = " ".join(_shown(value).split())
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    return re.sub(r"([\\|<\[`])", r"\\\1", text)
