"""How far linear constraints bound unknown counts.

Not here: which counts and constraints there are (`disclosure.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scipy.optimize import linprog

EDGE = 1e-6  # differences below this are rounding
_INFEASIBLE = 2  # as `scipy.optimize.linprog` numbers how a search ended

Interval = tuple[float, float]


@dataclass(frozen=True)
class Constraint:
    """A weighted sum of unknowns, by their index, lies between two bounds; both may be infinite."""

    weights: Mapping[int, float]
    low: float
    high: float


def interval(bounds: Sequence[Interval], constraints: Sequence[Constraint], index: int) -> Interval:
    """The least and the greatest whole number that one unknown can be.

    `bounds` are those of each unknown itself. The unknowns are treated as real numbers, and the
    ends are rounded inwards. Constraints that contradict each other leave the unknown's own bounds.
    """
    rows, limits = _inequalities(constraints, len(bounds))
    finite = [(low, high if math.isfinite(high) else None) for low, high in bounds]
    ends = []
    for sign, own in ((1.0, bounds[index][0]), (-1.0, bounds[index][1])):
        goal = [sign if column == index else 0.0 for column in range(len(bounds))]
        solution = linprog(
            goal, A_ub=rows or None, b_ub=limits or None, bounds=finite, method="highs"
        )
        ends.append(sign * float(solution.fun) if solution.success else own)
    low, high = ends
    return math.ceil(low - EDGE), high if math.isinf(high) else math.floor(high + EDGE)


def are_possible(bounds: Sequence[Interval], constraints: Sequence[Constraint]) -> bool:
    """Whether any counts within their bounds keep every constraint, but for rounding."""
    loose = [replace(c, low=c.low - EDGE, high=c.high + EDGE) for c in constraints]
    rows, limits = _inequalities(loose, len(bounds))
    finite = [(low, high if math.isfinite(high) else None) for low, high in bounds]
    solution = linprog(
        [0.0] * len(bounds), A_ub=rows or None, b_ub=limits or None, bounds=finite, method="highs"
    )
    return int(solution.status) != _INFEASIBLE


def _inequalities(
    constraints: Sequence[Constraint], size: int
) -> tuple[list[list[float]], list[float]]:
    """The constraints as rows of weights, each with an upper limit."""
    rows, limits = [], []
    for constraint in constraints:
        row = [constraint.weights.get(column, 0.0) for column in range(size)]
        if math.isfinite(constraint.high):
            rows.append(row)
            limits.append(constraint.high)
        if math.isfinite(constraint.low):
            rows.append([-weight for weight in row])
            limits.append(-constraint.low)
    return rows, limits
