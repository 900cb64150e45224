"""Names of regions and actors, matched however print and the two written forms of Norwegian vary them.

Not here: which names exist (`vocabulary/codes.py`).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pll_pipeline.errors import PllError
from pll_pipeline.vocabulary.norwegian.text import DASHES, INVISIBLE

_OTHER_DASHES = re.compile(f" ?[{DASHES}−] ?")
_APOSTROPHES = re.compile("[’‘‛ʼʻʹ′´`]")
_KOMMUNE = re.compile("(?: (?:fylkes)?kommune)+$")
# What the two written forms of Norwegian call the actors. Only of known words, so that no place name is touched.
_TO_BOKMAL = tuple(
    (re.compile(nynorsk), bokmal)
    for nynorsk, bokmal in (
        (r"heime(?=teneste|sjukepleie|basert)", "hjemme"),
        (r"sjukeheimane\b", "sykehjemmene"),
        (r"sjukeheim(?:ar)?\b", "sykehjem"),
        (r"sjukehusa\b", "sykehusene"),
        (r"sjuke(?=hus|plei)", "syke"),
        (r"teneste", "tjeneste"),
        (r"(leg|pasient|spesialist|bandasjist|leverandør|kommun)ar\b", r"\1er"),
        (r"(leg|pasient|spesialist|bandasjist|leverandør|kommun)ane\b", r"\1ene"),
        (r"(innbygg|plei)j?arane\b", r"\1erne"),
        (r"(innbygg|plei)j?arar\b", r"\1ere"),
        (r"(innbygg|plei)j?ar\b", r"\1er"),
        (r"\bapoteka\b", "apotekene"),
        (r"føretak", "foretak"),
        (r"\bheile\b", "hele"),
        (r"\bnoreg\b", "norge"),
    )
)


def fold(text: str) -> str:
    """A name stripped of what print varies: case, kinds of spaces, dashes and apostrophes, a closing "kommune" or
    "fylkeskommune". Letters stay what they are: å is not a, č is not c.
    """
    cased = unicodedata.normalize(
        "NFC", unicodedata.normalize("NFD", text.translate(INVISIBLE)).casefold()
    )
    spaced = " ".join(_APOSTROPHES.sub("'", cased).split())
    return _KOMMUNE.sub("", _OTHER_DASHES.sub("-", spaced))


def _matching_form(label: str) -> str:
    form = fold(label)
    for nynorsk, bokmal in _TO_BOKMAL:
        form = nynorsk.sub(bokmal, form)
    return form


@dataclass(frozen=True)
class Name:
    """What something is called: `label`, the `key` it stands for, its level, and when the name holds.

    `valid_to` is the first day it no longer holds; None is open.
    """

    label: str
    key: str
    level: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the name is in use on the day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )

    def __str__(self) -> str:
        since = f"from {self.valid_from}" if self.valid_from else ""
        until = f"before {self.valid_to}" if self.valid_to else ""
        return f"{self.label} ({', '.join(part for part in (self.level, self.key, since, until) if part)})"


class UnknownName(PllError):
    """No name fits. `candidates` are the nearest ones, at most five, best first."""

    def __init__(self, label: str, candidates: Sequence[Name], why: str) -> None:
        self.label, self.candidates = label, tuple(candidates)
        nearest = "; ".join(map(str, candidates)) or "none comes near"
        do = "check the name at the publisher; if it is right, add it to the codes or to the names in the source file"
        super().__init__(f'"{label}" is not a known name{why}. Nearest: {nearest}', do=do)


class AmbiguousName(PllError):
    """A name that stands for several things. `candidates` are all of them."""

    def __init__(self, label: str, candidates: Sequence[Name]) -> None:
        self.label, self.candidates = label, tuple(candidates)
        what = f'"{label}" may be any of: {"; ".join(map(str, candidates))}'
        super().__init__(
            what, do="say in the source file which level is meant, or map the name to one key"
        )


class NameIndex:
    """Names of regions, or of actor types, found whichever way print and the two written forms of Norwegian vary them."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._names: dict[str, list[Name]] = {}
        for name in dict.fromkeys(names):
            self._names.setdefault(_matching_form(name.label), []).append(name)

    def match(self, label: str, levels: Sequence[str] | None = None, on: date | None = None) -> str:
        """The key the label stands for, among names of `levels` (None: all) that hold `on` the day (None: ever held).

        A later level is tried only when no earlier one has the name. Raises `UnknownName`, or `AmbiguousName` when
        the name stands for several keys at one level.
        """
        called = self._names.get(_matching_form(label), [])
        for level in [None] if levels is None else levels:
            found = [
                name
                for name in called
                if _is_eligible(name, None if level is None else [level], on)
            ]
            keys = {name.key for name in found}
            if len(keys) == 1:
                return keys.pop()
            if keys:
                raise AmbiguousName(label, found)
        among = f" among {', '.join(levels)}" if levels is not None else ""
        raise UnknownName(
            label,
            called[:5] or self._nearest(label, levels, on),
            among + (f" on {on}" if on else ""),
        )

    def _nearest(self, label: str, levels: Sequence[str] | None, on: date | None) -> list[Name]:
        eligible = {
            form: [name for name in names if _is_eligible(name, levels, on)]
            for form, names in self._names.items()
        }
        close = difflib.get_close_matches(
            _matching_form(label), [form for form, names in eligible.items() if names], n=5
        )
        return [name for form in close for name in eligible[form]][:5]


def _is_eligible(name: Name, levels: Sequence[str] | None, on: date | None) -> bool:
    return (levels is None or name.level in levels) and (on is None or name.holds_on(on))
