"""Which measures words may be about: a search over their codes, names and definitions.

Not here: deciding. What is found is proposed to a person, never taken.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pll_pipeline.vocabulary.codes import Measure

_ALL = 10_000
_NEAR_THE_BEST = 0.6
_TITLE_WEIGHT = 0.5
_SHORTEST_PART = 4  # letters of a word that may be a part of a longer one, as resept of e-resepter
_NAME_WEIGHT, _CODE_WEIGHT, _DEFINITION_WEIGHT = 3.0, 2.0, 1.0
# Words that a heading has whatever it counts.
_EMPTY_WORDS = frozenset(
    (
        *("i", "og", "av", "for", "per", "pr", "på", "med", "som", "til", "fra", "den", "det"),
        *("de", "en", "et", "er", "har", "ved", "etter", "alle", "in", "of", "the"),
    )
)
# Words that are written otherwise in the codes.
_SAME = {
    "multidose": "e-multidose",
    "emultidose": "e-multidose",
    "eresept": "e-resept",
    "eresepter": "e-resept",
    "fastlegekontor": "legekontor",
    "prosent": "andel",
    "pst": "andel",
    "%": "andel",
}


@dataclass(frozen=True)
class MeasureFound:
    """A measure that words may be about, and how well they fit: the higher, the better."""

    measure: Measure
    score: float


def find_measures(
    words: str, measures: Iterable[Measure], *, at_most: int = 10
) -> list[MeasureFound]:
    """The measures that the words may be about, best first; none where no word fits.

    A word that few measures have counts more than one that many have, and more in a name than in a
    code or a definition. Of measures as good the one with the shorter name comes first.
    """
    wanted = _words(words)
    known = [(measure, _fields(measure)) for measure in measures]
    weights = {word: _weight(word, [fields for _, fields in known]) for word in wanted}
    found = [
        MeasureFound(measure, sum(weights[word] * _fit(word, fields) for word in wanted))
        for measure, fields in known
    ]
    fitting = [one for one in found if one.score > 0]
    fitting.sort(key=lambda one: (-one.score, len(one.measure.name), one.measure.code))
    return fitting[:at_most]


def best_measures(
    heading: str, title: str, measures: Sequence[Measure], *, at_most: int = 3
) -> list[Measure]:
    """The measures that a heading may be about, under a title; those near the best only.

    The title decides between measures that the heading fits; by itself it proposes none.
    """
    in_title = find_measures(title, measures, at_most=_ALL)
    by_title = {found.measure.code: _TITLE_WEIGHT * found.score for found in in_title}
    scores = {
        found.measure: found.score + by_title.get(found.measure.code, 0.0)
        for found in find_measures(heading, measures, at_most=_ALL)
    }
    ranked = sorted(scores, key=lambda measure: (-scores[measure], len(measure.name), measure.code))
    return [m for m in ranked[:at_most] if scores[m] >= _NEAR_THE_BEST * scores[ranked[0]]]


_Fields = tuple[tuple[set[str], float], ...]


def _fields(measure: Measure) -> _Fields:
    names = _words(f"{measure.name} {measure.name_en} {measure.service_code or ''}")
    return (
        (names, _NAME_WEIGHT),
        (_words(measure.code.replace("_", " ")), _CODE_WEIGHT),
        (_words(measure.definition), _DEFINITION_WEIGHT),
    )


def _weight(word: str, measures: Sequence[_Fields]) -> float:
    """Inverse document frequency: the rarer among the measures, the more a word decides."""
    count = sum(_fit(word, fields) > 0 for fields in measures)
    return math.log((1 + len(measures)) / (0.5 + count)) if count else 0.0


def _fit(word: str, fields: _Fields) -> float:
    """How well a word fits a measure: the weight of the best field that has it or a part of it."""
    best = 0.0
    for words, weight in fields:
        if word in words:
            best = max(best, weight)
        elif len(word) >= _SHORTEST_PART and any(_is_alike(word, other) for other in words):
            best = max(best, weight / 2)
    return best


def _is_alike(word: str, other: str) -> bool:
    """Whether one is a form of the other or a part of it: legekontor and fastlegekontoret."""
    short, long = sorted((word, other), key=len)
    return len(short) >= _SHORTEST_PART and short in long


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFC", text).casefold()
    words = re.findall(r"%|[^\W_]+(?:-[^\W_]+)*", plain)
    return {_SAME.get(word, word) for word in words} - _EMPTY_WORDS
