"""What a page of running text says of its own change, and which sentences are new or gone in it.

A change is shown, bounded, and refuses nothing. Not here: figures in sentences
(`readers/prose.py`), what changed in the figures (`drift.py`), what is printed (`published/`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Encoding, MilestoneTable, Prose, Source
from pll_pipeline.vocabulary.norwegian.periods import read_period
from pll_pipeline.vocabulary.norwegian.text import UnreadableText

MOST_SHOWN = 12  # sentences that are new, and as many that are gone
LONGEST_SHOWN = 300  # characters of one sentence
_CHANGED_ON = re.compile(
    r"\bsiste?\s+(?P<faglig>faglige?\s+)?(?:endr(?:ing|et|a)|oppdater(?:ing|t|a))\s*:?\s*"
    r"(?P<day>\d{1,2}\.\s?(?:\d{1,2}\.|[a-zæøå]{3,9})\s?\d{4}|\d{4}-\d\d-\d\d)",
    re.IGNORECASE,
)


class PageText(BaseModel):
    """What a page says of its own change, and how its sentences were changed the last time.

    `stated_on` is the day that the page states as that of its last change, `stated_before` the one
    it stated before. `changed_at` is when the snapshot was taken whose text was another than that
    of the one taken at `before_at`; None where no text was seen to change. `new` and `gone` are the
    first sentences that only one of the two has, in the order of the page; the counts are of all.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    stated_on: date | None = None
    stated_before: date | None = None
    changed_at: datetime | None = None
    before_at: datetime | None = None
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    new_count: int = 0
    gone_count: int = 0

    def without_gone(self) -> PageText:
        """The same without the sentences that are gone, as one of them may be withheld now."""
        return self.model_copy(update={"gone": ()})


class Earlier(BaseModel):
    """The pages of the snapshot before: its files, when it was taken, and what changed in it."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    contents: Mapping[str, bytes]
    taken_at: datetime
    text: PageText


def page_text(
    source: Source, contents: Mapping[str, bytes], taken_at: datetime, earlier: Earlier | None
) -> PageText | None:
    """How the pages of a source differ from those of the snapshot before it.

    Where their text is the same, it is the change before that. None for a source of another form
    than running text, and for a page that cannot be read.
    """
    if not isinstance(source.read, Prose):
        return None
    files = dict.fromkeys(table.file for table in source.tables)
    now = _sentences(contents, files, source.read.encoding)
    if now is None:
        return None
    sentences, stated_on = now
    before = _sentences(earlier.contents, files, source.read.encoding) if earlier else None
    if earlier is None or before is None:
        return PageText(stated_on=stated_on)
    sentences_before, stated_before = before
    new, gone = _only_in(sentences, sentences_before), _only_in(sentences_before, sentences)
    if not new and not gone:
        return earlier.text.model_copy(update={"stated_on": stated_on})
    return PageText(
        stated_on=stated_on,
        stated_before=stated_before,
        changed_at=taken_at,
        before_at=earlier.taken_at,
        new=_shown(new),
        gone=_shown(gone),
        new_count=len(new),
        gone_count=len(gone),
    )


def may_show_gone(source: Source) -> bool:
    """Whether a sentence that is gone can have no figure that is withheld now."""
    return all(isinstance(table, MilestoneTable) for table in source.tables)


def _sentences(
    contents: Mapping[str, bytes], files: Collection[str], encoding: Encoding
) -> tuple[list[str], date | None] | None:
    """The sentences of all pages and the day they state; None where a page cannot be read."""
    from pll_pipeline.validated.readers.prose import shown_page

    sentences: list[str] = []
    days: set[date] = set()
    for file in files:
        try:
            page = shown_page(contents[file], encoding, where=file)
        except (PllError, KeyError):
            return None
        sentences += page.sentences
        days |= _stated_days(page.text)
    return sentences, days.pop() if len(days) == 1 else None


def _stated_days(text: str) -> set[date]:
    """The days that a page states as that of its last change; of its matter before any other."""
    found = [(bool(match["faglig"]), match["day"]) for match in _CHANGED_ON.finditer(text)]
    is_of_matter = any(is_of_matter for is_of_matter, _ in found)
    days = {_day(day) for each, day in found if each or not is_of_matter}
    return {day for day in days if day}


def _day(text: str) -> date | None:
    try:
        period = read_period(text)
    except UnreadableText:
        return None
    return period.start if period.grain == "day" else None


def _only_in(sentences: list[str], others: list[str]) -> list[str]:
    """The sentences that the others do not have, or have fewer times; moved ones are the same."""
    left = Counter(others)
    only: list[str] = []
    for sentence in sentences:
        if left[sentence]:
            left[sentence] -= 1
        else:
            only.append(sentence)
    return only


def _shown(sentences: list[str]) -> tuple[str, ...]:
    return tuple(
        sentence if len(sentence) <= LONGEST_SHOWN else f"{sentence[: LONGEST_SHOWN - 1]}…"
        for sentence in sentences[:MOST_SHOWN]
    )
