"""How far constraints bound an unknown count, against trying every possibility."""

from __future__ import annotations

import itertools
import math

from hypothesis import assume, given
from hypothesis import strategies as st

from pll_pipeline.published.linear_bounds import Constraint, are_possible, interval

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


@given(
    st.lists(SMALL, min_size=2, max_size=3),
    st.lists(st.tuples(st.sets(st.integers(0, 2), min_size=1), SMALL), max_size=3),
)
def test_no_possible_value_is_outside_the_interval(
    bounds: list[tuple[int, int]], sums: list[tuple[set[int], tuple[int, int]]]
) -> None:
    constraints = [
        Constraint(dict.fromkeys((i for i in cells if i < len(bounds)), 1.0), low, high)
        for cells, (low, high) in sums
    ]
    possible = [
        values
        for values in itertools.product(*(range(low, high + 1) for low, high in bounds))
        if all(
            constraint.low
            <= sum(values[i] * weight for i, weight in constraint.weights.items())
            <= constraint.high
            for constraint in constraints
        )
    ]
    assume(possible)
    for index in range(len(bounds)):
        low, high = interval(bounds, constraints, index)
        assert low <= min(values[index] for values in possible)
        assert high >= max(values[index] for values in possible)
