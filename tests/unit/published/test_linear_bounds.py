"""How far constraints bound an unknown count, against trying every possibility."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.published.linear_bounds import (
    Constraint,
    Interval,
    are_possible,
    interval,
    without_contradictions,
)

SMALL = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda ends: (min(ends), max(ends)))


def test_without_constraints_an_unknown_has_its_own_bounds() -> None:
    assert interval([(1, 4), (0, math.inf)], [], 0) == (1, 4)
    assert interval([(1, 4), (0, math.inf)], [], 1) == (0, math.inf)


def test_a_total_bounds_its_parts() -> None:
    total = Constraint({0: 1, 1: 1}, 7, 7)
    assert interval([(1, 4), (1, 4)], [total], 0) == (3, 4)


def test_constraints_that_contradict_each_other_leave_the_own_bounds() -> None:
    total = Constraint({0: 1}, 9, 9)
    assert interval([(1, 4)], [total], 0) == (1, 4)


def test_constraints_are_possible_unless_they_contradict_each_other_or_the_bounds() -> None:
    assert are_possible([(1, 4), (1, 4)], [Constraint({0: 1, 1: 1}, 7, 7)])
    assert not are_possible([(1, 4)], [Constraint({0: 1}, 9, 9)])
    assert not are_possible([(0, 9)], [Constraint({0: 1}, 1, 2), Constraint({0: 1}, 3, 4)])
    assert are_possible([(1, 4)], [Constraint({0: 1}, 4 + 1e-7, 9)]), "a difference by rounding"


def test_ends_are_rounded_inwards_to_whole_numbers() -> None:
    assert interval([(0, 9)], [Constraint({0: 2}, 3, 7)], 0) == (2, 3)


def test_of_contradicting_constraints_the_first_that_can_be_kept_are() -> None:
    whole, fits = Constraint({0: 1, 1: 1}, 9, 9), Constraint({1: 1}, 2, 3)
    assert without_contradictions([(1, 4), (1, 4)], [fits]) == [fits]
    assert without_contradictions([(1, 4), (1, 4)], [whole, fits]) == [fits]


# the share of a region that was divided is no whole number
WEIGHT = st.sampled_from([1.0, 0.5, 0.39, -1.0])


@given(
    st.lists(SMALL, min_size=2, max_size=3),
    st.lists(st.tuples(st.dictionaries(st.integers(0, 2), WEIGHT, min_size=1), SMALL), max_size=3),
)
def test_the_interval_ends_at_the_least_and_greatest_possible_value(
    bounds: list[tuple[int, int]], sums: list[tuple[dict[int, float], tuple[int, int]]]
) -> None:
    constraints = [
        Constraint({i: weight for i, weight in weights.items() if i < len(bounds)}, low, high)
        for weights, (low, high) in sums
    ]
    possible = _every_possibility(bounds, constraints)
    assert are_possible(bounds, constraints) == bool(possible)
    kept = without_contradictions(bounds, constraints)
    assert _every_possibility(bounds, kept)
    for index, own in enumerate(bounds):
        values = [assignment[index] for assignment in possible] or own
        assert interval(bounds, constraints, index) == (min(values), max(values))


def _every_possibility(
    bounds: Sequence[Interval], constraints: Sequence[Constraint]
) -> list[tuple[int, ...]]:
    """Every assignment of whole numbers that keeps the constraints."""
    return [
        values
        for values in itertools.product(*(range(int(low), int(high) + 1) for low, high in bounds))
        if all(
            constraint.low - 1e-9
            <= sum(values[i] * weight for i, weight in constraint.weights.items())
            <= constraint.high + 1e-9
            for constraint in constraints
        )
    ]
