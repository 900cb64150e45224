"""How far linear constraints bound unknown counts.

Not here: which counts and constraints there are (`disclosure.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

EDGE = 1e-6  # differences below this are rounding
_INFEASIBLE = 2  # as `scipy.optimize.milp` numbers how a search ended

Interval = tuple[float, float]


@dataclass(frozen=True)
class Constraint:
    """A weighted sum of unknowns, by their index, lies between two bounds; both may be infinite."""

    weights: Mapping[int, float]
    low: float
    high: float


def interval(bounds: Sequence[Interval], constraints: Sequence[Constraint], index: int) -> Interval:
    """The least and the greatest whole number that one unknown can be.

    `bounds` are those of each unknown itself. Every unknown is a whole number. Constraints that
    contradict each other leave the unknown's own bounds.
    """
    low, high = bounds[index]
    ends = []
    for sign, own in ((1.0, math.ceil(low - EDGE)), (-1.0, high)):
        goal = [sign if column == index else 0.0 for column in range(len(bounds))]
        solution = _solution(goal, bounds, constraints)
        ends.append(sign * round(solution.fun) if solution.success else own)
    return ends[0], ends[1] if math.isinf(ends[1]) else math.floor(ends[1] + EDGE)


def are_possible(bounds: Sequence[Interval], constraints: Sequence[Constraint]) -> bool:
    """Whether any whole numbers within their bounds keep every constraint, but for rounding."""
    solution = _solution([0.0] * len(bounds), bounds, constraints)
    return int(solution.status) != _INFEASIBLE


def without_contradictions(
    bounds: Sequence[Interval], constraints: Sequence[Constraint]
) -> list[Constraint]:
    """The constraints that can all be kept: in order, each that the ones before it allow."""
    if are_possible(bounds, constraints):
        return list(constraints)
    kept: list[Constraint] = []
    for constraint in constraints:
        if are_possible(bounds, [*kept, constraint]):
            kept.append(constraint)
    return kept


def _solution(
    goal: Sequence[float], bounds: Sequence[Interval], constraints: Sequence[Constraint]
) -> OptimizeResult:
    """What makes the goal least, of whole numbers that keep the constraints but for rounding.

    scipy is loaded with the first question: most nights ask none.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    limits = [
        LinearConstraint(
            [[constraint.weights.get(column, 0.0) for column in range(len(bounds))]],
            constraint.low - EDGE,
            constraint.high + EDGE,
        )
        for constraint in constraints
    ]
    return milp(
        goal,
        integrality=[1] * len(goal),
        bounds=Bounds([low for low, _ in bounds], [high for _, high in bounds]),
        constraints=limits or None,
    )
