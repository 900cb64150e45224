"""What the texts of a mapping give for one row: a constant, a column, or the first matching case.

Not here: what the text means (`mapping.py`, `figures.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from pll_pipeline.sources.model import FirstCase, FromColumn, Text
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.norwegian.text import comparable, plain_letters

# Published columns and named groups of a heading are kept apart by their prefix: a publisher may
# call a column what we call one.
PUBLISHED = "published "
HEADING = "heading "


class Refused(Exception):
    """One text of one row cannot be taken: the rule, the column, the text, and why."""

    def __init__(self, rule: str, column: str, text: str, reason: str) -> None:
        self.rule, self.column, self.text, self.reason = rule, column, text, reason
        super().__init__(reason)


def quoted(text: str) -> str:
    """The text as it is written in a source file."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def keys_of(text: Text) -> list[str]:
    """The prefixed columns and headings that a mapping's text takes something from."""
    if isinstance(text, FromColumn):
        return [_key(text)]
    if isinstance(text, FirstCase):
        inside = [
            key for case in text.cases for key in (PUBLISHED + case.column, *keys_of(case.take))
        ]
        return list(dict.fromkeys([*inside, *keys_of(text.otherwise)]))
    return []


def text_for(text: Text, row: Mapping[str, str]) -> tuple[str, bool]:
    """The text for a row of `keys_of` texts, and whether it is an empty cell.

    An empty text that the source file states itself is no empty cell. Raises `Refused` for a text
    that matches no pattern or is not in the code list.
    """
    if isinstance(text, str):
        return text, False
    if isinstance(text, FirstCase):
        chosen = next(
            (
                case.take
                for case in text.cases
                if patterns.is_found(case.matches, plain_letters(row[PUBLISHED + case.column]))
            ),
            text.otherwise,
        )
        return text_for(chosen, row)
    return _from_column(text, row[_key(text)])


def _key(text: FromColumn) -> str:
    return HEADING + text.heading if text.heading is not None else f"{PUBLISHED}{text.column}"


def _from_column(text: FromColumn, published: str) -> tuple[str, bool]:
    taken = published.strip()
    name = text.column or text.heading or ""
    if text.pattern:
        match = patterns.taken_from(text.pattern, plain_letters(taken))
        if match is None:
            if text.otherwise is not None:
                return text.otherwise, False
            reason = f"the text does not match {text.pattern!r}"
            raise Refused("text_matches", name, published, reason)
        taken = match
    if text.codes is not None:
        code = comparable(taken)
        if code not in text.codes:
            if text.otherwise is not None:
                return text.otherwise, False
            reason = f"{taken!r} is not in the source file's code list for this column"
            raise Refused("text_is_in_code_list", name, published, reason)
        return _templated(text, text.codes[code]), False
    return _templated(text, taken), not taken


def _templated(text: FromColumn, taken: str) -> str:
    return text.template.replace("{}", taken) if text.template and taken else taken
