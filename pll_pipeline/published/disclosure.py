"""No suppressed cell can be computed from what a release publishes.

Each figure of our own is a bound on a sum of published cells. A published sum reveals something
only if its bounds are tighter than the sum of its cells' own bounds. One query finds those sums.
They are put, with everything that publishers show openly of the same measure and month, into
programs over whole numbers: what can each suppressed cell be with our figures, and what without
them? What open figures disclose by themselves is not ours to hide: such cells are counted and
named. An earlier figure of a cell that is withheld now is not shown again, though who kept it knows
it. A release is refused too where the check could not see what it should have compared.
Not here: suppressing anything (publishers do that), sums (`fct_adoption_sum`), the programs
(`linear_bounds.py`).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from pll_pipeline.errors import PllError
from pll_pipeline.published import disclosure_queries as queries
from pll_pipeline.published.linear_bounds import (
    EDGE,
    Constraint,
    Interval,
    are_possible,
    interval,
    without_contradictions,
)
from pll_pipeline.published.sql import Sql, statement
from pll_pipeline.vocabulary.columns import STATUSES

LOG = logging.getLogger("pll")
# Tables with a row for every published cell.
SHOWING_ALL_CELLS = ("fct_adoption_month", "mart_adoption_by_region_actor_month")
_SOURCE, _SOURCE_OF_WHOLE = 4, 6  # columns of `DISCLOSED_BY_OTHERS`
MOST_NAMED = 10  # cells that publishers disclosed, in the log of a night
MOST_SYSTEMS = 50  # more measures and months with narrow sums are a fault of the sums


class Checked(NamedTuple):
    """What was compared: suppressed cells, figures that are sums, figures of a suppressed cell.

    `disclosed_by_others`: cells that another publisher's open figures narrow, without ours.
    """

    cells: int
    sums: int
    figures_of_cells: int
    disclosed_by_others: int = 0


class Cell(NamedTuple):
    """A published count, and what its publisher left it open to."""

    region_key: str
    actor_type_code: str
    low: float
    high: float
    is_suppressed: bool
    is_added: bool

    @property
    def key(self) -> tuple[str, str]:
        """Where the cell is, within its measure and month."""
        return self.region_key, self.actor_type_code

    @property
    def is_open(self) -> bool:
        """Whether the publisher left more than one value possible."""
        return self.is_suppressed and self.low < self.high


class Figure(NamedTuple):
    """A figure of our own that is tighter than the sum of its cells' bounds."""

    published_in: str
    relation: str
    measure_code: str
    region_key: str
    actor_type_code: str
    month: date
    part_level: str
    value: float | None
    low: float | None
    high: float | None
    slack: float

    @property
    def interval(self) -> Interval:
        """What the sum of the cells can be, by this figure."""
        low = self.low if self.value is None else self.value
        high = self.high if self.value is None else self.value
        return (
            -math.inf if low is None else low - self.slack,
            math.inf if high is None else high + self.slack,
        )


class Part(NamedTuple):
    """A region inside another, with the share of it that is inside."""

    relation: str
    whole_key: str
    part_level: str
    part_key: str
    part_share: float


Key = tuple[str, str]


def check(connection: DuckDBPyConnection) -> Checked:
    """Compare every suppressed cell with everything that the attached release publishes of it.

    Raises `PllError` for the first cell that our figures leave less open than its publisher did,
    with the figure that does it; and where a cell, a sum or a status cannot be compared.
    """
    connection.execute(queries.CELLS)
    connection.execute(queries.BOUNDS_OVER_REGIONS)
    connection.execute(queries.BOUNDS_OVER_ACTOR_TYPES)
    connection.execute(queries.PUBLISHED)
    connection.execute(queries.FIGURES)
    _require_that_all_can_be_compared(connection)
    _check_history(connection)
    _check_cells(connection)
    _check_sums(connection)
    disclosed_by_others = _name_what_publishers_disclosed(connection)
    cells, sums, figures_of_cells = connection.execute(queries.COUNTS).fetchall()[0]
    checked = Checked(cells, sums, figures_of_cells, disclosed_by_others)
    LOG.info(
        "no suppressed cell can be computed: %d cells and %d sums compared",
        checked.cells,
        checked.sums,
    )
    return checked


def _require_that_all_can_be_compared(connection: DuckDBPyConnection) -> None:
    unknown = connection.execute(queries.UNKNOWN_STATUSES, [list(STATUSES)]).fetchall()
    if unknown:
        status, rows = unknown[0]
        raise PllError(
            f"The disclosure check does not know the status {status!r} of {rows} counts",
            where="star.fct_adoption, count_status",
            do="nothing is published; add the status to the vocabulary and to the check",
        )
    for query, what in (
        (queries.STATUS_LOST, "A suppressed count is shown as open in star.fct_adoption"),
        *(
            (
                statement(queries.CELLS_NOT_COMPARED, table=Sql(table)),
                f"{table} lacks a suppressed cell",
            )
            for table in SHOWING_ALL_CELLS
        ),
        (queries.SUMS_NOT_COMPARED, "A sum could not be compared with its cells"),
    ):
        missed = connection.execute(query).fetchall()
        if missed:
            raise PllError(
                f"{what}, so the disclosure check cannot see it ({len(missed)} in all)",
                where=_cell_name(*missed[0]),
                do="nothing is published; see which join of the models or of the check loses it",
            )


def _check_history(connection: DuckDBPyConnection) -> None:
    """Raise for the first earlier figure of a cell that its publisher withholds now."""
    shown = connection.execute(queries.WITHHELD_SHOWN).fetchall()
    if shown:
        raise PllError(
            f"An earlier figure is shown of a cell that its publisher withholds now ({len(shown)})",
            where=_cell_name(*shown[0]),
            do="nothing is published; see is_withheld in star.fct_observation_revision",
        )


def _name_what_publishers_disclosed(connection: DuckDBPyConnection) -> int:
    """Warn of the suppressed cells that the wholes of another publisher leave less open.

    Returns how many they are. Those that their own publisher's wholes leave less open are counted
    in the log only.
    """
    rows = connection.execute(statement(queries.DISCLOSED_BY_OTHERS, edge=EDGE)).fetchall()
    joined = [row for row in rows if row[_SOURCE] != row[_SOURCE_OF_WHOLE]]
    for *cell, source, whole, source_of_whole, low, high in joined[:MOST_NAMED]:
        LOG.warning(
            "%s (%s) is suppressed, and %s (%s) leaves it %s",
            *(_cell_name(*cell), source, whole, source_of_whole, _shown((low, high))),
        )
    if joined:
        LOG.warning("%d suppressed cells are disclosed by another publisher", len(joined))
    if len(rows) > len(joined):
        LOG.info("%d are left less open by their own publisher", len(rows) - len(joined))
    return len(joined)


def _check_cells(connection: DuckDBPyConnection) -> None:
    """Raise for the first figure of a single cell that is tighter than the cell's own bounds."""
    tight = connection.execute(statement(queries.TIGHT_CELLS, edge=EDGE)).fetchall()
    for table, *cell, low, high, published_low, published_high in tight:
        raise _disclosed(
            _cell_name(*cell),
            f"{table}, {cell[1]}, {cell[2]}",
            (low, high),
            (published_low, published_high),
        )


def _check_sums(connection: DuckDBPyConnection) -> None:
    """Raise for the first suppressed cell that the narrow sums leave less open."""
    rows = connection.execute(statement(queries.NARROW, edge=EDGE)).fetchall()
    narrow: dict[tuple[str, date], list[Figure]] = {}
    for figure in map(Figure._make, rows):
        narrow.setdefault((figure.measure_code, figure.month), []).append(figure)
    if len(narrow) > MOST_SYSTEMS:
        raise PllError(
            f"{len(rows)} sums are tighter than the bounds of their cells, in {len(narrow)} "
            "measures and months: more than the disclosure check can solve",
            where=_cell_name(*rows[0][2:6]),
            do="nothing is published; see how star.fct_adoption_sum comes to these bounds",
        )
    for (measure_code, month), figures in narrow.items():
        _solve(connection, measure_code, month, figures)


def _solve(
    connection: DuckDBPyConnection, measure_code: str, month: date, figures: list[Figure]
) -> None:
    system = System(_cells(connection, measure_code, month), _parts(connection, month))
    bounds = [(cell.low, cell.high) for cell in system.open_cells]
    # publishers contradict each other at times, and nothing follows from a contradiction: those of
    # their wholes that cannot be kept with the others are left out
    published = without_contradictions(bounds, system.published_totals())
    ours = [system.constraint(figure) for figure in figures]
    if not are_possible(bounds, [*published, *ours]):
        raise _impossible(measure_code, month, figures[0])
    for index, cell in enumerate(system.open_cells):
        before = interval(bounds, published, index)
        after = interval(bounds, [*published, *ours], index)
        if after[0] > before[0] + EDGE or after[1] < before[1] - EDGE:
            figure = figures[0]
            raise _disclosed(
                _cell_name(measure_code, *cell.key, month),
                f"{figure.published_in}, {figure.region_key}, {figure.actor_type_code}",
                before,
                after,
            )


def _impossible(measure_code: str, month: date, figure: Figure) -> PllError:
    """Our sums and the published figures cannot all be true, so that no bound follows from them."""
    return PllError(
        f"Sums of {measure_code} in {month:%Y-%m} contradict the published counts they are made of",
        where=f"{figure.published_in}, {figure.region_key}, {figure.actor_type_code}",
        do="nothing is published; see how star.fct_adoption_sum comes to these bounds",
    )


class System:
    """The cells of one measure and month, and what is published of sums of them.

    The unknowns of its constraints are the open cells, in order.
    """

    def __init__(self, cells: Iterable[Cell], parts: Iterable[Part]) -> None:
        self.cells = {cell.key: cell for cell in cells}
        self.open_cells = [cell for cell in self.cells.values() if cell.is_open]
        self.unknowns = {cell.key: index for index, cell in enumerate(self.open_cells)}
        self.actor_types = sorted({cell.actor_type_code for cell in self.cells.values()})
        self.parts: dict[tuple[str, str, str], list[Part]] = {}
        for part in parts:
            whole = (part.relation, part.whole_key, part.part_level)
            self.parts.setdefault(whole, []).append(part)

    def published_totals(self) -> list[Constraint]:
        """Published wholes whose parts are all published: the parts come to the whole."""
        constraints = []
        for (relation, whole, _), parts in self.parts.items():
            is_complete = relation == "level" and all(part.part_share == 1 for part in parts)
            for actor_type in self.actor_types if is_complete else ():
                members = [((part.part_key, actor_type), 1.0) for part in parts]
                if all(key in self.cells for key, _ in [*members, ((whole, actor_type), 1.0)]):
                    constraint = self._sum(members, (whole, actor_type))
                    if constraint.weights:
                        constraints.append(constraint)
        return constraints

    def constraint(self, figure: Figure) -> Constraint:
        """What one of our figures says of the sum of its cells."""
        if figure.part_level == "actor_type":
            members = [
                ((figure.region_key, actor_type), 1.0)
                for actor_type in self.actor_types
                if actor_type != "alle"
            ]
        else:
            whole = (figure.relation, figure.region_key, figure.part_level)
            members = [
                ((part.part_key, figure.actor_type_code), part.part_share)
                for part in self.parts.get(whole, [])
            ]
        added = [
            (key, share) for key, share in members if key in self.cells and self.cells[key].is_added
        ]
        weights, fixed = self._weights(added)
        low, high = figure.interval
        return Constraint(weights, low - fixed, high - fixed)

    def _sum(self, members: Sequence[tuple[Key, float]], whole: Key) -> Constraint:
        """The members come to the whole, which may be an unknown itself."""
        weights, fixed = self._weights(members)
        if whole in self.unknowns:
            return Constraint(weights | {self.unknowns[whole]: -1.0}, -fixed, -fixed)
        total = self.cells[whole].low - fixed
        return Constraint(weights, total, total)

    def _weights(self, members: Iterable[tuple[Key, float]]) -> tuple[dict[int, float], float]:
        """The weights of the unknowns among the members, and the sum of the others."""
        weights: dict[int, float] = {}
        fixed = 0.0
        for key, share in members:
            if key in self.unknowns:
                weights[self.unknowns[key]] = share
            else:
                fixed += share * self.cells[key].low
        return weights, fixed


def _cells(connection: DuckDBPyConnection, measure_code: str, month: date) -> list[Cell]:
    rows = connection.execute(
        "select region_key, actor_type_code, low, high, is_suppressed, is_added from cell "
        "where measure_code = ? and month = ? order by region_key, actor_type_code",
        [measure_code, month],
    ).fetchall()
    return [Cell._make(row) for row in rows]


def _parts(connection: DuckDBPyConnection, month: date) -> list[Part]:
    rows = connection.execute(
        "select relation, whole_key, part_level, part_key, part_share "
        "from release.star.dim_region_part "
        "where coalesce(valid_from <= $month, true) and coalesce($month < valid_to, true)",
        {"month": month},
    ).fetchall()
    return [Part._make(row) for row in rows]


def _cell_name(measure_code: str, region_key: str, actor_type_code: str, month: date) -> str:
    return f"{measure_code}, {region_key}, {actor_type_code}, {month:%Y-%m}"


def _disclosed(cell: str, figure: str, before: Interval, after: Interval) -> PllError:
    return PllError(
        f"A suppressed cell could be computed: its publisher left it {_shown(before)}, "
        f"our figures leave it {_shown(after)}",
        where=f"{cell}; disclosed by {figure}",
        do="nothing is published; correct the sum that is too tight, "
        "or take the figure out of the release",
    )


def _shown(bounds: Interval) -> str:
    low, high = (f"{round(end, 3):.10g}" for end in bounds)
    return f"between {low} and {high}"
