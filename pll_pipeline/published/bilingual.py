"""A text in Norwegian and in English.

Not here: the texts (the vocabulary, dbt's descriptions, the modules of the outputs).
"""

from __future__ import annotations

from typing import NamedTuple

SEPARATOR = " | "


class Bilingual(NamedTuple):
    """The same text in Norwegian (bokmål) and in English."""

    nb: str
    en: str


def from_comment(comment: str) -> Bilingual:
    """The two texts of a comment "English. | Norsk."; one without a bar is the same in both."""
    english, bar, norwegian = comment.partition(SEPARATOR)
    return Bilingual(norwegian if bar else english, english)
