"""What the model of adoption assumes, read from `adoption.yaml`: sizes, curves and known starts.

Not here: how the model uses them (`country.py`, `adoption.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

_FILE = Path(__file__).with_name("adoption.yaml")


@dataclass(frozen=True)
class ActorType:
    """How many organisations of a type there are.

    One for each `residents_each` residents, or as `counted` in some months, or (neither) one in
    each place. `least` is what every place has.
    """

    place: Literal["kommune", "hf"]
    least: int
    residents_each: float | None = None
    counted: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Curve:
    """The country's curve of one service and actor type.

    `knots`: month → share of the eligible (float) or organisations in use (int); none before the
    first, level after the last. `pace` is the months after a region's start when half of its
    organisations have started.
    """

    service: str
    actor_type: str
    pace: float
    knots: Mapping[str, float]


@dataclass(frozen=True)
class Assumptions:
    """All assumptions.

    `openings`: service and area of rollout_facts.csv → the regions that opened then; empty for the
    helsefellesskap of the PLL trial.
    """

    actor_types: Mapping[str, ActorType]
    curves: tuple[Curve, ...]
    openings: Mapping[tuple[str, str], tuple[str, ...]]


@cache
def assumptions() -> Assumptions:
    """The assumptions, read once."""
    document = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return Assumptions(
        {code: ActorType(**fields) for code, fields in document["actor_types"].items()},
        tuple(Curve(**fields) for fields in document["curves"]),
        {
            (opening["service"], opening["area"]): tuple(opening["regions"])
            for opening in document["openings"]
        },
    )
