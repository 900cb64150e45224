"""No suppressed cell is recovered: what we publish must leave it as open as its publisher did.

Every figure of our own is a bound on a sum of published cells. A sum no narrower than its cells' own bounds allow tells
nothing new; all of them are held against that at once. The few that are narrower are put, with everything the publisher
told of the same measure and month, into linear programs: what can each suppressed cell be with our figures, and what
without? Counts are taken as reals between the same bounds, rounded inwards to whole numbers at the end.
Not here: suppressing anything (publishers do that), sums (`fct_adoption_sum`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
from scipy.optimize import linprog

from pll_pipeline.errors import PllError
from pll_pipeline.published.duckdb import Table, literal, quoted

NEEDED = frozenset(
    {
        "fct_adoption",
        "fct_adoption_sum",
        "dim_region_part",
        "dim_actor_type",
        "mart_adoption_by_region_actor_month",
    }
)
_EDGE = 1e-6
_MOST_SYSTEMS = 50

# what the publisher left each counted cell open to; a hedge is no bound, and none may use more than there is.
# A cell of nobody knows how many takes no part in any sum
_CELLS = """
    create or replace temp table cell as
    select
        measure_code, region_key, actor_type_code, month, count_status = 'suppressed' as is_suppressed, eligible_value,
        denominator_code is null or eligible_value is not null as is_added,
        case when count_status <> 'suppressed' then coalesce(count_value, count_lower, 0) else coalesce(count_lower, 0) end as low,
        case when count_status <> 'suppressed' then coalesce(count_value, count_upper, 'infinity'::double) else coalesce(count_upper, eligible_value, 'infinity'::double) end as high
    from {star}.fct_adoption where count_status is not null and count_status <> 'missing'
"""

# the least and the most a sum may say: its cells' own bounds added up. A part that was split may lie in the whole or not
_OF_REGIONS = """
    create or replace temp table allowed as
    select
        made.relation, made.measure_code, made.region_key, made.actor_type_code, made.month, any_value(made.part_level) as part_level,
        any_value(made.eligible_value) as eligible_value, bool_or(cell.is_suppressed and cell.low < cell.high) as is_open,
        sum(case when place.part_share < 1 then 0 else cell.low end) as low, sum(cell.high) as high
    from {star}.fct_adoption_sum as made
    join {star}.dim_region_part as place
        on made.relation = place.relation and made.region_key = place.whole_key and made.part_level = place.part_level
        and coalesce(place.valid_from <= made.month, true) and coalesce(made.month < place.valid_to, true)
    join cell on place.part_key = cell.region_key and made.measure_code = cell.measure_code and made.actor_type_code = cell.actor_type_code and made.month = cell.month
    where cell.is_added
    group by all
"""

_OF_ACTOR_TYPES = """
    insert into allowed
    with recursive typed as (
        select 'level' as relation, measure_code, region_key, actor_type_code, month, low, high, is_suppressed and low < high as is_open from cell where is_added
        union all
        select relation, measure_code, region_key, actor_type_code, month, low, high, is_open from allowed
    ),
    ancestor as (
        select actor_type_code, parent_code from {star}.dim_actor_type where parent_code is not null
        union all
        select below.actor_type_code, above.parent_code from ancestor below join {star}.dim_actor_type above on below.parent_code = above.actor_type_code where above.parent_code is not null
    ),
    outermost as (
        select * from typed t where actor_type_code in (select actor_type_code from {star}.dim_actor_type where actor_type_kind = 'actor') and not exists (
            select 1 from typed o join ancestor a on a.parent_code = o.actor_type_code
            where a.actor_type_code = t.actor_type_code and o.relation = t.relation and o.measure_code = t.measure_code and o.region_key = t.region_key and o.month = t.month
        )
    )
    select made.relation, made.measure_code, made.region_key, 'alle', made.month, 'actor_type', any_value(made.eligible_value), bool_or(part.is_open), sum(part.low), sum(part.high)
    from {star}.fct_adoption_sum as made
    join outermost as part on made.relation = part.relation and made.measure_code = part.measure_code and made.region_key = part.region_key and made.month = part.month
    where made.part_level = 'actor_type'
    group by made.relation, made.measure_code, made.region_key, made.month
"""

# everything we say of a sum, as an interval of counts: the sum itself, the row of the mart, and its share of the denominator
_SAID = """
    select 'fct_adoption_sum' as said_in, relation, measure_code, region_key, actor_type_code, month, count_value as value, count_lower as low, count_upper as high, 0.0 as slack
    from {star}.fct_adoption_sum
    union all
    select '{mart}', '{relation}', measure_code, region_key, actor_type_code, month, adoption_count, adoption_count_lower, adoption_count_upper, 0.5 from {marts}.{mart} where basis = 'aggregated'
    union all
    select '{mart}, shares', '{relation}', measure_code, region_key, actor_type_code, month, adoption_share * eligible_count,
        share_lower * eligible_count, case when share_upper < 1 then share_upper * eligible_count end, 0.5 + eligible_count * 1e-6
    from {marts}.{mart} where basis = 'aggregated' and eligible_count is not null
"""

_TOO_NARROW = """
    select said.*, allowed.low as allowed_low, allowed.high as allowed_high, allowed.part_level
    from ({said}) as said
    join allowed on said.relation = allowed.relation and said.measure_code = allowed.measure_code and said.region_key = allowed.region_key
        and said.actor_type_code = allowed.actor_type_code and said.month = allowed.month
    where allowed.is_open and (said.value is not null or said.low > allowed.low + said.slack + {edge} or said.high < allowed.high - said.slack - {edge})
"""

# of one cell: what a share made of it says more than its bounds do
_OF_CELLS = """
    select '{mart}, shares' as said_in, told.measure_code, told.region_key, told.actor_type_code, told.month, cell.low as allowed_low, cell.high as allowed_high,
        told.adoption_count as value, told.share_lower * cell.eligible_value as low, told.share_upper * cell.eligible_value as high
    from {marts}.{mart} as told join cell on told.measure_code = cell.measure_code and told.region_key = cell.region_key and told.actor_type_code = cell.actor_type_code and told.month = cell.month
    where cell.is_suppressed and cell.low < cell.high and told.basis = 'derived' and (
        told.adoption_count is not null or told.adoption_share is not null
        or told.adoption_count_lower > cell.low + {edge} or told.adoption_count_upper < cell.high - {edge}
        or told.share_lower * cell.eligible_value > cell.low + cell.eligible_value * 1e-6 or (told.share_upper < 1 and told.share_upper * cell.eligible_value < cell.high - cell.eligible_value * 1e-6)
    )
"""


@dataclass
class _System:
    """The suppressed cells of a measure and month, and what is known of sums of them: (weights by cell, least, most)."""

    cells: list[dict[str, Any]]
    told: list[tuple[dict[int, float], float, float]] = field(default_factory=list)
    ours: list[tuple[dict[int, float], float, float]] = field(default_factory=list)


def check(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], database: str) -> int:
    """The number of suppressed cells held against everything we publish of them; 0 where the release has no adoption tables.

    Raises `PllError` naming the cell, what its publisher left open, what our figures would leave, and the figure that does it.
    """
    if not {table.name for table in tables} >= NEEDED:
        return 0
    names = {schema: f"{quoted(database)}.{quoted(schema)}" for schema in ("star", "marts")}
    connection.execute(_CELLS.format(**names))
    connection.execute(_OF_REGIONS.format(**names))
    connection.execute(_OF_ACTOR_TYPES.format(**names))
    mart = "mart_adoption_by_region_actor_month"
    for finding in _rows(connection, _OF_CELLS.format(mart=mart, edge=_EDGE, **names)):
        raise _recovered(
            finding,
            finding,
            (finding["low"], finding["high"])
            if finding["value"] is None
            else (finding["value"], finding["value"]),
        )
    said = _SAID.format(mart=mart, relation="level", **names)
    narrow = list(
        _rows(connection, f"{_TOO_NARROW.format(said=said, edge=_EDGE)} order by all limit 1000")
    )
    for key in list(
        dict.fromkeys((finding["measure_code"], finding["month"]) for finding in narrow)
    )[:_MOST_SYSTEMS]:
        _solve(
            connection,
            names,
            key,
            [finding for finding in narrow if (finding["measure_code"], finding["month"]) == key],
        )
    (counted,) = connection.execute("select count(*) from cell where is_suppressed").fetchall()[0]
    return int(counted)


def _solve(
    connection: duckdb.DuckDBPyConnection,
    names: dict[str, str],
    key: tuple[str, Any],
    findings: list[dict[str, Any]],
) -> None:
    """Raise for the first suppressed cell that our figures leave less open than its publisher did."""
    system = _system(connection, names, key, findings)
    for place, cell in enumerate(system.cells):
        before = _interval(system, system.told, place)
        after = _interval(system, [*system.told, *system.ours], place)
        if after[0] > before[0] + _EDGE or after[1] < before[1] - _EDGE:
            raise _recovered(cell, findings[0], after, before)


def _system(
    connection: duckdb.DuckDBPyConnection,
    names: dict[str, str],
    key: tuple[str, Any],
    findings: list[dict[str, Any]],
) -> _System:
    measure_code, month = key
    of_key = f"measure_code = {literal(measure_code)} and month = {literal(str(month))}"
    every = list(
        _rows(connection, f"select * from cell where {of_key} order by region_key, actor_type_code")
    )
    at = {(cell["region_key"], cell["actor_type_code"]): cell for cell in every}
    hidden = [cell for cell in every if cell["is_suppressed"] and cell["low"] < cell["high"]]
    number = {
        (cell["region_key"], cell["actor_type_code"]): place for place, cell in enumerate(hidden)
    }
    system = _System(hidden)
    valid = f"coalesce(valid_from <= {literal(str(month))}, true) and coalesce({literal(str(month))} < valid_to, true)"
    parts: dict[tuple[str, str, str], list[tuple[str, float]]] = {}
    for row in _rows(
        connection,
        f"select relation, whole_key, part_level, part_key, part_share from {names['star']}.dim_region_part where {valid}",
    ):
        parts.setdefault((row["relation"], row["whole_key"], row["part_level"]), []).append(
            (row["part_key"], row["part_share"])
        )

    def sum_of(keys: Sequence[tuple[tuple[str, str], float]]) -> tuple[dict[int, float], float]:
        """Weights of the suppressed cells among `keys`, and what the open ones come to."""
        known = sum(
            share * at[one]["low"] for one, share in keys if one in at and one not in number
        )
        return {number[one]: share for one, share in keys if one in number}, known

    actor_types = sorted({actor for _, actor in at})
    for (relation, whole, _), members in parts.items():
        for actor in actor_types if relation == "level" else ():
            if (
                (whole, actor) in at
                and all((part, actor) in at for part, _ in members)
                and all(share == 1 for _, share in members)
            ):
                weights, known = sum_of([((part, actor), 1.0) for part, _ in members])
                total = at[whole, actor]
                if (whole, actor) in number:
                    weights, low, high = weights | {number[whole, actor]: -1.0}, -known, -known
                else:
                    low = high = total["low"] - known
                if weights:
                    system.told.append((weights, low, high))
    for finding in findings:
        if finding["part_level"] == "actor_type":
            keys = [
                ((finding["region_key"], actor), 1.0)
                for actor in actor_types
                if actor != "alle" and (finding["region_key"], actor) in at
            ]
        else:
            keys = [
                ((part, finding["actor_type_code"]), share)
                for part, share in parts.get(
                    (finding["relation"], finding["region_key"], finding["part_level"]), []
                )
            ]
        weights, known = sum_of(
            [(one, share) for one, share in keys if one in at and at[one]["is_added"]]
        )
        low, high = (
            (finding["value"], finding["value"])
            if finding["value"] is not None
            else (finding["low"], finding["high"])
        )
        low = -math.inf if low is None else low - finding["slack"] - known
        high = math.inf if high is None else high + finding["slack"] - known
        system.ours.append((weights, low, high))
    return system


def _interval(
    system: _System, told: Sequence[tuple[dict[int, float], float, float]], place: int
) -> tuple[float, float]:
    """The least and the most the cell can be, as whole numbers. Figures that contradict each other leave what the cell's own bounds do."""
    size = len(system.cells)
    rows, limits = [], []
    for weights, low, high in told:
        row = [weights.get(column, 0.0) for column in range(size)]
        if math.isfinite(high):
            rows.append(row)
            limits.append(high)
        if math.isfinite(low):
            rows.append([-weight for weight in row])
            limits.append(-low)
    bounds = [
        (cell["low"], cell["high"] if math.isfinite(cell["high"]) else None)
        for cell in system.cells
    ]
    ends = []
    for sign in (1.0, -1.0):
        goal = [sign if column == place else 0.0 for column in range(size)]
        found = linprog(goal, A_ub=rows or None, b_ub=limits or None, bounds=bounds, method="highs")
        ends.append(
            sign * found.fun
            if found.success
            else (system.cells[place]["low"] if sign > 0 else system.cells[place]["high"])
        )
    low, high = (
        math.ceil(ends[0] - _EDGE),
        ends[1] if math.isinf(ends[1]) else math.floor(ends[1] + _EDGE),
    )
    return low, high


def _recovered(
    cell: dict[str, Any],
    figure: dict[str, Any],
    after: tuple[float, float],
    before: tuple[float, float] | None = None,
) -> PllError:
    left = before or (cell["allowed_low"], cell["allowed_high"])
    where = f"{cell['measure_code']}, {cell['region_key']}, {cell['actor_type_code']}, {cell['month']:%Y-%m}"
    return PllError(
        f"A suppressed cell could be worked out: its publisher left it between {left[0]:g} and {left[1]:g}, our figures leave it between {after[0]:g} and {after[1]:g}",
        where=f"{where}; told by {figure['said_in']}, {figure['region_key']}, {figure['actor_type_code']}",
        do="nothing is published; mend the sum that tells too much, or take the figure out of the release",
    )


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[dict[str, Any]]:
    found = connection.execute(sql)
    names = [column[0] for column in found.description or ()]
    return iter([dict(zip(names, row, strict=True)) for row in found.fetchall()])
