"""Names of regions and actors, matched whichever way print and written Norwegian vary them.

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
from pll_pipeline.vocabulary.norwegian.text import DASHES, LONGEST_TEXT, plain_letters

_OTHER_DASHES = re.compile(f" ?[{DASHES}−] ?")
_APOSTROPHES = re.compile("[’‘‛ʼʻʹ′´`]")
_KOMMUNE = re.compile("(?: (?:fylkes)?kommune)+$")
# "Troms - Romsa (-2019)": the years a statistics bank adds to a name that is no longer in use
_YEAR = r"((?:18|19|20)\d\d)?"
_YEARS = re.compile(rf"(.+?)\s*\(\s*{_YEAR}\s*[{DASHES}]\s*{_YEAR}\s*\)")
# "Oslo - Oslove", "Hamarøy/Hábmer": names in several languages
_BETWEEN_NAMES = re.compile(rf"\s+[{DASHES}]\s+|\s*/\s*")
# "0301 Oslo": a code and its name
_CODE_AND_NAME = re.compile(r"(\d{2,6})\s+([^\W\d_].*)")
# What the two written forms of Norwegian call the actors.
# Only known words, so that no place name is touched.
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
_ANY_NYNORSK = re.compile("|".join(nynorsk.pattern for nynorsk, _ in _TO_BOKMAL))


def fold(text: str) -> str:
    """A name without what print varies.

    Case, kinds of spaces, dashes and apostrophes, composed letters, a closing "kommune" or
    "fylkeskommune". Letters stay what they are: å is not a, č is not c.
    """
    cased = unicodedata.normalize(
        "NFC", unicodedata.normalize("NFD", plain_letters(text)).casefold()
    )
    spaced = " ".join(_APOSTROPHES.sub("'", cased).split())
    return _KOMMUNE.sub("", _OTHER_DASHES.sub("-", spaced))


def _matching_form(label: str) -> str:
    form = fold(label)
    if not _ANY_NYNORSK.search(form):
        return form
    for nynorsk, bokmal in _TO_BOKMAL:
        form = nynorsk.sub(bokmal, form)
    return form


@dataclass(frozen=True)
class Name:
    """A name: its `label`, the `key` it names, its level, and the days it is in use.

    `valid_to` is the first day it is no longer in use; None is open.
    """

    label: str
    key: str
    level: str
    valid_from: date | None = None
    valid_to: date | None = None

    def is_used_on(self, day: date) -> bool:
        """Whether the name is in use on the day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )

    def __str__(self) -> str:
        """As errors name it: label, level, key and the days it is in use."""
        since = f"from {self.valid_from}" if self.valid_from else ""
        until = f"before {self.valid_to}" if self.valid_to else ""
        details = [part for part in (self.level, self.key, since, until) if part]
        return f"{self.label} ({', '.join(details)})"


class UnknownName(PllError):
    """No name fits. `candidates` are the nearest ones, at most five, best first."""

    def __init__(self, label: str, candidates: Sequence[Name], why: str) -> None:
        self.label, self.candidates = label, tuple(candidates)
        nearest = "; ".join(map(str, candidates)) or "none comes near"
        if candidates and candidates[0].label == f"0{label}":
            why += ", and a code may have lost its leading zero"
        do = (
            "check the name at the publisher; if it is right, add it to the codes,"
            " or to the names in the source file"
        )
        super().__init__(f'"{label}" is not a known name{why}. Nearest: {nearest}', do=do)


class AmbiguousName(PllError):
    """A name of several things. `candidates` are all of them."""

    def __init__(self, label: str, candidates: Sequence[Name]) -> None:
        self.label, self.candidates = label, tuple(candidates)
        what = f'"{label}" may be any of: {"; ".join(map(str, candidates))}'
        super().__init__(
            what, do="say in the source file which level is meant, or map the name to one key"
        )


class NameIndex:
    """Names of regions, or of actor types, in every way print and written Norwegian vary them."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._names: dict[str, list[Name]] = {}
        for name in dict.fromkeys(names):
            self._names.setdefault(_matching_form(name.label), []).append(name)

    def match(self, label: str, levels: Sequence[str] | None = None, on: date | None = None) -> str:
        """The key of the label, among names of `levels` (None: all) in use `on` a day (None: ever).

        A later level is tried only when no earlier one has the name. A label may have its name in
        several languages ("Oslo - Oslove"), a code before it ("0301 Oslo") and the years it is in
        use ("Troms - Romsa (-2019)"); they must all be of the same key. Raises `UnknownName`, or
        `AmbiguousName` when the label names several keys at one level.
        """
        if len(label) > LONGEST_TEXT:
            raise UnknownName(f"{label[:100]}…", (), f", with more than {LONGEST_TEXT} characters")
        called = self._called(label)
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

    def has(self, label: str) -> bool:
        """Whether the label is a name, or parts of one, at any level and time."""
        return len(label) <= LONGEST_TEXT and bool(self._called(label))

    def _called(self, label: str) -> list[Name]:
        """The names of a label as a whole, or without its years, or of its parts together."""
        if whole := self._names.get(_matching_form(label)):
            return whole
        if dated := _YEARS.fullmatch(label.strip()):
            return [
                name for name in self._called(dated[1]) if _fits_years(name, *dated.groups()[1:])
            ]
        coded = _CODE_AND_NAME.fullmatch(label.strip())
        parts = list(coded.groups()) if coded else _BETWEEN_NAMES.split(label.strip())
        if len(parts) < 2:
            return []
        first, *others = (self._names.get(_matching_form(part), []) for part in parts)
        keys = {name.key for name in first}
        # a name of today's fylke is a name of the earlier one that was called the same
        is_same = all(keys & {name.key for name in other} for other in others)
        return first if is_same else []

    def _nearest(self, label: str, levels: Sequence[str] | None, on: date | None) -> list[Name]:
        eligible = {
            form: [name for name in names if _is_eligible(name, levels, on)]
            for form, names in self._names.items()
        }
        dated = _YEARS.fullmatch(label.strip())
        form = _matching_form(_BETWEEN_NAMES.split(dated[1] if dated else label)[0])
        close = difflib.get_close_matches(
            form, [other for other, names in eligible.items() if names], n=5
        )
        with_zero = [f"0{form}"] if form.isdigit() and eligible.get(f"0{form}") else []
        forms = dict.fromkeys([*with_zero, *close])
        return [name for other in forms for name in eligible[other]][:5]


def _is_eligible(name: Name, levels: Sequence[str] | None, on: date | None) -> bool:
    return (levels is None or name.level in levels) and (on is None or name.is_used_on(on))


def _fits_years(name: Name, first: str | None, last: str | None) -> bool:
    """Whether the name is in use from its first year to the end of its last."""
    if not first and not last:
        return False
    if first and not name.is_used_on(date(int(first), 12, 31)):
        return False
    if not last:
        return True
    is_used = name.is_used_on(date(int(last), 1, 1))
    return is_used and not name.is_used_on(date(int(last) + 1, 1, 1))
