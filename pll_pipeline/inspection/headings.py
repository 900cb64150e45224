"""Periods and actor types in the headings of value columns, as `1. kvartal 2026 / Legekontor`.

Not here: what a column looks like by its cells (`columns.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pll_pipeline.inspection.columns import is_read
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.codes import Codes
from pll_pipeline.vocabulary.norwegian.periods import read_period

_JOIN = " / "
_PERIOD, _ACTOR_TYPE = "(?P<period>.+)", "(?P<actor_type>.+)"


@dataclass(frozen=True)
class HeadingGroup:
    """Value columns whose headings differ only in a period, and perhaps an actor type.

    `pattern` matches them, with groups `period` and `actor_type`; `words` is the text they share.
    """

    pattern: str
    columns: tuple[str, ...]
    words: str
    period: str
    has_actor_type: bool


def heading_groups(
    names: Iterable[str], codes: Codes, others: Collection[str] = ()
) -> list[HeadingGroup]:
    """The groups among the headings; a heading without a period is in none.

    The pattern of a group matches none of the `others`, the headings of columns without figures.
    """
    columns: dict[str, list[str]] = {}
    shapes: dict[str, tuple[str, str]] = {}
    for name in names:
        if shape := _shape(name, codes):
            pattern, words, period = shape
            columns.setdefault(pattern, []).append(name)
            shapes.setdefault(pattern, (words, period))
    return [
        HeadingGroup(
            _apart_from(others, pattern, members, codes),
            tuple(members),
            *shapes[pattern],
            _ACTOR_TYPE in pattern,
        )
        for pattern, members in columns.items()
    ]


def _apart_from(others: Collection[str], pattern: str, members: Iterable[str], codes: Codes) -> str:
    """The pattern, or one for the forms of its members' periods where it matches other headings.

    Where those match others too, it is one for these periods alone.
    """
    shapes = [shape for member in members if (shape := _shape(member, codes))]
    periods = dict.fromkeys(_escaped(period) for _, _, period in shapes)
    forms = dict.fromkeys(re.sub(r"\d+", r"\\d+", period) for period in periods)
    narrower = [pattern.replace(_PERIOD, f"(?P<period>{'|'.join(p)})") for p in (forms, periods)]
    candidates = [pattern, *narrower]
    return next((c for c in candidates if not _matches_any(c, others)), candidates[-1])


def _matches_any(pattern: str, headings: Iterable[str]) -> bool:
    return any(patterns.is_found(pattern, heading) for heading in headings)


def _shape(heading: str, codes: Codes) -> tuple[str, str, str] | None:
    """The pattern of a heading, the words in it besides period and actor type, and its period."""
    parts, words, period = [], [], ""
    for part in heading.split(_JOIN):
        found = None if period else _period_in(part)
        if found:
            before, period, after = found
            parts.append(f"{_escaped(before)}{_PERIOD}{_escaped(after)}")
            words += [before.strip(" ,:()"), after.strip(" ,:()")]
        elif _ACTOR_TYPE not in parts and _is_actor_type(part, codes):
            parts.append(_ACTOR_TYPE)
        else:
            parts.append(_escaped(part))
            words.append(part)
    if not period:
        return None
    return f"^{_escaped(_JOIN).join(parts)}$", " ".join(filter(None, words)), period


def _is_actor_type(part: str, codes: Codes) -> bool:
    # most headings are no name, and to say which are near takes long
    return codes.actor_types.has(part) and is_read(part, codes.actor_types.match)


def _period_in(part: str) -> tuple[str, str, str] | None:
    """The text before the period of a heading, the period, and the text after it."""
    words = list(re.finditer(r"[^\s(),:]+", part))
    spans = [(first, last) for first in range(len(words)) for last in range(first, len(words))]
    for first, last in sorted(spans, key=lambda span: span[0] - span[1]):
        start, end = words[first].start(), words[last].end()
        if is_read(part[start:end], read_period):
            return part[:start], part[start:end], part[end:]
    return None


def _escaped(text: str) -> str:
    return re.escape(text).replace("\\ ", " ")
