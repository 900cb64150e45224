"""What numbers, periods and names share: spaces, dashes, and the error for unreadable text.

Not here: what a text means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from pll_pipeline.errors import PllError


class UnreadableText(PllError):
    """A text that has no meaning here, or more than one. `text` is the text as it was given."""

    def __init__(self, text: str, meant_as: str, why: str, do: str) -> None:
        self.text = text
        super().__init__(f'"{shortened(text)}" cannot be read as {meant_as}: {why}', do=do)


LONGEST_SHOWN = 500  # characters of a text in an error


def shortened(text: str) -> str:
    """A text as an error shows it: whole, or its beginning and how long it is."""
    if len(text) <= LONGEST_SHOWN:
        return text
    return f"{text[:LONGEST_SHOWN]}… ({len(text)} characters)"


# Longer texts are no number and no name: what reads those takes time by more than their length.
LONGEST_TEXT = 500  # characters
# Soft hyphen, word joiner and byte order mark are not seen and separate nothing.
INVISIBLE = dict.fromkeys((0x00AD, 0x2060, 0xFEFF))
DASHES = "-‐‑‒–—―"
# Raised 2, ½ and the accent ´ are not 2, 1⁄2 and a space with an accent
_OWN_FORMS = ("<super>", "<sub>", "<fraction>", "<compat> 0020 ")
# The spaces that print puts between groups of three digits: space, no-break space,
# narrow no-break space, thin space and figure space.
_GROUP_SPACES = dict.fromkeys((0x0020, 0x00A0, 0x202F, 0x2009, 0x2007), " ")
# Any white space beside a letter or a per cent sign: a line may break before a unit.
_SIGN_AND_SPACE = re.compile(r"([<>≤≥]) +(?=[0-9])")
_SPACE_BESIDE_LETTER = re.compile(r"(?<=[^\W\d_])\s+|\s+(?=[^\W\d_]|[%‰])")


def composed(text: str) -> str:
    """The text with composed letters: å is one character, not a and a ring."""
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=100_000)
def plain_letters(text: str) -> str:
    """The text in the form in which patterns are searched for in it.

    Unicode's compatible forms (NFKC) are equal, as the ligature ﬁ, full-width letters and every
    kind of space, but a raised or lowered sign stays what it is: ² may be a footnote. Hyphens that
    keep words together are hyphens; signs that are not seen, as a soft hyphen, are gone.
    """
    return text if text.isascii() else composed("".join(map(_plain_sign, text)))


def _plain_sign(sign: str) -> str:
    if unicodedata.category(sign) == "Cf":
        return ""
    if sign in "‐‑":
        return "-"
    parts = unicodedata.decomposition(sign)
    return sign if parts.startswith(_OWN_FORMS) else unicodedata.normalize("NFKC", sign)


def comparable(text: str) -> str:
    """A name in the form in which names are compared: `plain_letters`, single spaces.

    The one comparison of names of columns, sheets and tables, of codes and of labels that a source
    file lists.
    """
    return " ".join(plain_letters(text).split())


def with_plain_spaces(text: str) -> str:
    """Composed letters, every white space an ordinary space, none at the ends.

    The number of spaces stays.
    """
    return re.sub(r"\s", " ", composed(text.translate(INVISIBLE))).strip()


def comparable_mark(text: str) -> str:
    """A mark of a cell in the form in which marks are compared: `< 5` is `<5`."""
    return _SIGN_AND_SPACE.sub(r"\1", " ".join(with_plain_spaces(text).split()))


def with_group_spaces(text: str) -> str:
    """Composed letters, and an ordinary space for each space that may group digits.

    A line break, a tab and other white space stay what they are between digits and marks, so
    that figures on two lines are never read as one. Beside a letter they become a space.
    """
    plain = composed(text.translate(INVISIBLE)).translate(_GROUP_SPACES).strip()
    return plain if plain.isalnum() else _SPACE_BESIDE_LETTER.sub(_one_kind, plain)


def _one_kind(spaces: re.Match[str]) -> str:
    return spaces[0] if set(spaces[0]) == {" "} else " "


def any_of(words: Iterable[str]) -> str:
    """A pattern for the words, longest first: "godt over" before "over"."""
    return "|".join(
        re.escape(word).replace(r"\ ", " +") for word in sorted(words, key=len, reverse=True)
    )


def words_of(text: str) -> str:
    """The text in lower case with one space between its words."""
    return " ".join(text.casefold().split())
