"""What numbers, periods and names share: spaces, dashes, and the error for a text that cannot be read.

Not here: what a text means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pll_pipeline.errors import PllError


class UnreadableText(PllError):
    """A text that has no meaning here, or more than one. `text` is the text as it was given."""

    def __init__(self, text: str, meant_as: str, why: str, do: str) -> None:
        self.text = text
        super().__init__(f'"{text}" cannot be read as {meant_as}: {why}', do=do)


INVISIBLE = dict.fromkeys(
    (0x00AD, 0x2060, 0xFEFF)
)  # soft hyphen, word joiner, byte order mark: they separate nothing
DASHES = "-‐‑‒–—―"


def with_plain_spaces(text: str) -> str:
    """Composed letters, every kind of space an ordinary one (their number is kept), none at the ends."""
    return re.sub(r"\s", " ", unicodedata.normalize("NFC", text.translate(INVISIBLE))).strip()


def any_of(words: Iterable[str]) -> str:
    """A pattern for the words, longest first, so that "godt over" is not taken for something before "over"."""
    return "|".join(
        re.escape(word).replace(r"\ ", " +") for word in sorted(words, key=len, reverse=True)
    )


def words_of(text: str) -> str:
    return " ".join(text.casefold().split())
