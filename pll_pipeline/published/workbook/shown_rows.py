"""Which rows and columns of a mart its sheet has, and in which order.

A mart that is small enough is whole. Of a larger one with regions, a sheet has every month of the
country, RHF, helsefellesskap and fylker, and the newest of the other regions; of one without, the
newest rows. Names come first; codes, keys and what only programs use come last.
Not here: how they are written.
"""

from __future__ import annotations

from dataclasses import dataclass

from pll_pipeline.published.duckdb import LOAD_TIME, Column, Table
from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement

MOST_ROWS = 10_000  # of a mart that is written whole
# Of a mart of which a sheet has the history. CSV, Parquet and DuckDB have all rows, and a workbook
# of a million takes minutes to write and to open.
MOST_ROWS_OF_HISTORY = 25_000
LEVELS_WITH_HISTORY = ("land", "rhf", "helsefellesskap", "fylke")
HISTORY = (
    "alle måneder for landet, RHF, helsefellesskap og fylker, og den nyeste for de andre regionene"
)
_SERIES = ("service_code", "measure_code", "actor_type_code", "region_level")
_TIMES = ("period_end", "month")
_FIRST = (
    *("service_name", "measure_name", "region_level", "region_label", "region_name"),
    *("fylke_name", "helsefellesskap_name", "actor_type_name", "month", "period_label"),
    *("adoption_share", "share_lower", "share_upper", "adoption_count", "eligible_count"),
    *("value", "published_text", "status"),
)
_FOR_PROGRAMS = frozenset(
    (
        *("row_reference", "snapshot_at", "revision_number", "part_count", "expected_part_count"),
        *("is_value_implied", "is_representative", "is_period_inferred", "period_grain"),
        *("reported_share", "denominator_code", "region_code"),
        *("source_name", "definition_url", "also_stated_at"),
    )
)
# What a column beside it says in Norwegian already. It is in the other outputs.
_REPEATED = frozenset(("measure_name_en", "refusal_en", "qualifier_label"))
_LEVELS = statement(
    "list_position([{levels}], region_level)",
    levels=listed(
        literal(level)
        for level in (*LEVELS_WITH_HISTORY, "hf", "sykehus", "kommune", "bydel", "svalbard")
    ),
)

_IS_OF_SHARE = statement(
    "measure_code in (select measure_code from release.star.dim_measure where unit = 'share')"
)


@dataclass(frozen=True)
class Shown:
    """What a sheet has of a mart: its columns, how many of them are for readers, and a query.

    The query has first whether the measure of the row is a share, then the columns.
    `which` says in Norwegian which rows there are when some are left out.
    """

    columns: tuple[Column, ...]
    readers_columns: int
    query: Sql
    which: str


def shown(mart: Table) -> Shown:
    """What the sheet of this mart has."""
    columns = columns_of(mart)
    rows, which = _rows(mart)
    query = statement(
        "select {is_of_share}, {columns} from ({rows}) as mart {order}",
        is_of_share=_IS_OF_SHARE if "measure_code" in _names(mart) else statement("false"),
        columns=listed(_cell(column, mart) for column in columns),
        rows=rows,
        order=_order(mart),
    )
    readers = sum(not _is_for_programs(column.name, mart) for column in columns)
    return Shown(columns, readers, query, which)


def columns_of(mart: Table) -> tuple[Column, ...]:
    """The columns of the sheet of this mart, those for readers first."""
    columns = [column for column in mart.columns if not _is_repeated(column.name, mart)]
    return tuple(sorted(columns, key=lambda column: _rank(column, mart)))


def _rows(mart: Table) -> tuple[Sql, str]:
    """The rows that are shown, in any order, and which they are when not all."""
    every = statement("select * from {mart}", mart=mart.within("release"))
    names, time = _names(mart), _time(mart)
    if mart.rows <= MOST_ROWS:
        return every, ""
    if not time:
        return statement("{every} limit {most}", every=every, most=MOST_ROWS), "de første radene"
    time = quoted(time)
    if "region_level" not in names:
        return statement(
            "{every} order by {time} desc nulls last limit {most}",
            every=every,
            time=time,
            most=MOST_ROWS,
        ), "de nyeste radene"
    newest = statement(
        "{time} is not distinct from max({time}) over (partition by {series})",
        time=time,
        series=listed(quoted(column) for column in _SERIES if column in names),
    )
    return statement(
        "select * exclude (is_newest) from (select *, {newest} as is_newest from {mart}) as mart "
        "where is_newest or region_level in ({levels}) "
        "order by is_newest desc, {time} desc nulls last limit {most}",
        newest=newest,
        mart=mart.within("release"),
        levels=listed(literal(level) for level in LEVELS_WITH_HISTORY),
        time=time,
        most=MOST_ROWS_OF_HISTORY,
    ), HISTORY


def _time(mart: Table) -> str | None:
    """The column that says how new a row is."""
    return next((name for name in _TIMES if name in _names(mart)), None)


def _names(mart: Table) -> set[str]:
    return {column.name for column in mart.columns}


def _order(mart: Table) -> Sql:
    """By service, measure and actor type, then by level and region, the newest first."""
    names = _names(mart)
    order = [
        statement("{name} collate nb", name=quoted(name))
        for name in ("service_name", "measure_name", "actor_type_name")
        if name in names
    ]
    order += [_LEVELS] if "region_level" in names else []
    region = next((name for name in ("region_label", "region_name") if name in names), None)
    order += [statement("{name} collate nb", name=quoted(region))] if region else []
    time = _time(mart)
    order += [statement("{time} desc nulls last", time=quoted(time))] if time else []
    return statement("order by {order}", order=listed(order)) if order else statement("")


def _cell(column: Column, mart: Table) -> Sql:
    """What a cell has of a column.

    Excel has no time zones, so load times are written as they are in UTC. A name of a region that
    others have too is made its own, also in a mart without labels.
    """
    name = quoted(column.name)
    if column.type == LOAD_TIME:
        return statement("cast({name} as timestamp)", name=name)
    names = _names(mart)
    if column.name == "region_name" and "region_key" in names and "region_label" not in names:
        return statement(
            "coalesce((select region.region_label from release.star.dim_region as region "
            "where region.region_key = mart.region_key), {name})",
            name=name,
        )
    return name


def _rank(column: Column, mart: Table) -> tuple[bool, int]:
    place = _FIRST.index(column.name) if column.name in _FIRST else len(_FIRST)
    return _is_for_programs(column.name, mart), place


def _is_for_programs(column: str, mart: Table) -> bool:
    """Whether readers can do without the column: a code whose name is beside it, or a key."""
    names = _names(mart)
    if column.endswith("_code"):
        stem = column.removesuffix("_code")
        return column in _FOR_PROGRAMS or stem in names or f"{stem}_name" in names
    return column in _FOR_PROGRAMS or column.endswith("_key")


def _is_repeated(column: str, mart: Table) -> bool:
    """Whether another column of the mart says the same to a Norwegian reader."""
    return column in _REPEATED or (column == "region_name" and "region_label" in _names(mart))
