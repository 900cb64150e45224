"""Figures in the running text of a web page → one row each, with the sentence they are in.

A figure is known by words of its sentence and taken by a pattern (`vocabulary/patterns.py`); a page
that has it twice, or no longer, is refused.
Not here: tables in web pages (`html.py`), what a reader sees of a page (`page_*.py`), where a
sentence ends (`sentences.py`), what a number or a qualifier means (`vocabulary/norwegian/`).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.decoding import decode
from pll_pipeline.validated.readers.page_blocks import (
    Blocks,
    blocks_of,
    blocks_of_page,
    parsed_page,
    without_fault_marks,
)
from pll_pipeline.validated.readers.page_text import seen_text
from pll_pipeline.validated.readers.sentences import sentences
from pll_pipeline.validated.readers.table import ROW_REFERENCE, NotRead, PublishedTable
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.norwegian.numbers import qualifier_at_end, size_at_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from pll_pipeline.sources.model import Encoding, Prose, ProseFigure

T = TypeVar("T")

MOST_SENTENCES = 200_000
LONGEST_SENTENCE = 20_000  # characters
_LONGEST_SHOWN = 200
_LOOK = "look at the page: it may have data instead of running text"
# What is before or after a number that is only a part of a longer one: digits and decimals, groups
# of three, powers.
_GROUP_SPACE = "[ \u00a0\u202f\u2009\u2007.]"
_DIGITS_BEFORE = re.compile(r"\d[\d.,]*$")
_GROUPS_BEFORE = re.compile(
    rf"(?<!\d)\d{{1,3}}(?:{_GROUP_SPACE}\d{{3}})*{_GROUP_SPACE}$|\d[\d.,]*$"
)
_DIGITS_AFTER = re.compile(r"[.,]?\d[\d.,]*")
_GROUP_AFTER = re.compile(rf"{_GROUP_SPACE}\d{{3}}(?!\d)")
_MAY_BE_GROUPED = re.compile(rf"(?<![\d,])\d{{1,3}}(?:{_GROUP_SPACE}\d{{3}})*$")
_SIGN_BEFORE = re.compile(r"(?:^|[\s(])([-−])$")
# One end of a range: 12–15, 12 til 15, mellom 12 og 15
_BETWEEN = re.compile(r"\bmellom\s+$", re.IGNORECASE)
_LOW_END_BEFORE = re.compile(
    r"(?:\d\s?[–−-]\s?|\bmellom\s+[\d\s.,]+\s+og\s+|\d\s+til\s+)$", re.IGNORECASE
)
_HIGH_END_AFTER = re.compile(r"((?:\s?[–−-]\s?|\s+til\s+)\d[\d.,]*)|\s+og\s+\d[\d.,]*")
_RAISED_AFTER = re.compile(r"[⁺⁻]?[⁰¹²³⁴-⁹]+")
_TIMES_POWER_AFTER = re.compile(r"\s*[×·⋅*x]\s*10[⁺⁻]?[⁰¹²³⁴-⁹]+")


def read(content: bytes, how: Prose, *, where: str) -> PublishedTable:
    """One row per figure, with the sentence it is in.

    Columns: `name`, the named groups of the patterns ("" for a group that took no part), `context`
    (the sentence), and `row_reference` as file:sentence n, counted from 1, and of a sentence with
    several as file:sentence n, figure m.

    Raises `PllError` for bytes in another encoding, a page too large or too deep, a figure whose
    words are in no sentence or in several, a pattern that does not match its sentence exactly once,
    and a sentence whose shown text cannot be known.
    """
    import polars as pl

    # a source file states the same groups for all
    groups = list(patterns.group_names(how.figures[0].pattern))
    blocks = blocks_of_page(decode(content, how.encoding, where=where, what="page"), where)
    marked = _sentences_of(blocks.texts, where)
    plain = pl.Series("sentence", list(map(without_fault_marks, marked)), dtype=pl.String)
    if plain.is_empty():
        raise PllError(
            "The page has no running text",
            where=where,
            do="open it in a browser: the text may be put there by a script only",
        )
    rows: list[list[str]] = []
    units: list[str] = []
    places = [_the_one_near(figure, plain, where) for figure in how.figures]
    references = _references(places, where.rsplit("/", 1)[-1])
    for figure, number, reference in zip(how.figures, places, references, strict=True):
        there = f"{where}, sentence {number + 1}"
        _refuse_faults(figure, blocks.faults_in(marked[number]), there)
        taken = _taken(figure, plain[number], where=there)
        rows.append([figure.name, *(taken[group] for group in groups), plain[number], reference])
        units.append(size_at_start(_around(figure, taken["value"], plain[number])[2]))
    columns = ("name", *groups, "context", ROW_REFERENCE)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    not_read = tuple(_not_read(blocks, where.rsplit("/", 1)[-1]))
    return PublishedTable(frame, units={"value": pl.Series(units)}, not_read=not_read)


def _references(places: list[int], file: str) -> Iterator[str]:
    """A reference to the sentence of each figure; those of one sentence are counted from 1."""
    counts = Counter(places)
    seen: Counter[int] = Counter()
    for place in places:
        seen[place] += 1
        own = f", figure {seen[place]}" if counts[place] > 1 else ""
        yield f"{file}:sentence {place + 1}{own}"


def shown_sentences(content: bytes, encoding: Encoding, *, where: str) -> list[str]:
    """The sentences of a page whose shown text is certain, in order. Raises as `read` does."""
    blocks = blocks_of_page(decode(content, encoding, where=where, what="page"), where)
    return [s for s in _sentences_of(blocks.texts, where) if not blocks.faults_in(s)]


class ShownPage(NamedTuple):
    """A page as a person reads it: the sentences of its running text, and all of its text."""

    sentences: list[str]
    text: str


def shown_page(content: bytes, encoding: Encoding, *, where: str) -> ShownPage:
    """The sentences of a page, with those whose shown text is not certain, and its whole text.

    Raises `PllError` for bytes in another encoding, and for a page too large or too deep.
    """
    parsed, style = parsed_page(decode(content, encoding, where=where, what="page"), where)
    sentences = _sentences_of(blocks_of(parsed, style, where).texts, where)
    text = seen_text(parsed.body, style).text if parsed.body else ""
    return ShownPage(list(map(without_fault_marks, sentences)), text)


def _refuse_faults(figure: ProseFigure, faults: list[str], where: str) -> None:
    if faults:
        raise PllError(
            f'The sentence of the figure "{figure.name}" {faults[0]}',
            where=where,
            do="look at the page in a browser, and read the figure in another sentence or page",
        )


def _not_read(blocks: Blocks, file: str) -> Iterator[NotRead]:
    for what, texts in (("hidden texts", blocks.hidden), ("struck texts", blocks.struck)):
        if texts:
            yield NotRead(file, what, len(texts), texts[0][:_LONGEST_SHOWN])
    yield from blocks.rest


# --- figures ----------------------------------------------------------------------------------


def _the_one_near(figure: ProseFigure, sentences: pl.Series, where: str) -> int:
    """The index of the one sentence with the words of the figure."""
    found: list[int] = sentences.str.contains(figure.near).arg_true().to_list()
    if len(found) == 1:
        return found[0]
    words = f'the words of the figure "{figure.name}" ({figure.near})'
    if found:
        raise PllError(
            f"{len(found)} sentences match {words}: {_shown(sentences, found[:5])}",
            where=where,
            do="give read.figures.near in the source file words that only one of them has",
        )
    alike = _most_alike(figure.near, sentences)
    similar = f"the most similar are {_shown(sentences, alike)}"
    raise PllError(
        f"No sentence matches {words}; {similar if alike else 'and none shares a word with it'}",
        where=where,
        do="see what the page says now, then correct read.figures.near in the source file",
    )


def _taken(figure: ProseFigure, sentence: str, *, where: str) -> dict[str, str]:
    """The groups of the figure's pattern in its sentence."""
    import polars as pl

    alone = pl.Series([sentence])

    matches = int(alone.str.count_matches(figure.pattern).item())
    groups = alone.str.extract_groups(figure.pattern).item() if matches == 1 else {}
    value = groups.get("value") or ""
    problem = ""
    if matches != 1:
        times = f"{matches} times, not once," if matches else "nowhere"
        problem = f"matches {times} in {_cut(sentence)}"
    elif not value:
        problem = f"takes no value from {_cut(sentence)}"
    elif part_of := _part_of_longer_number(figure, value, sentence):
        problem = f"takes {value!r} out of {part_of!r} in {_cut(sentence)}"
    if problem:
        raise PllError(
            f'The pattern of the figure "{figure.name}" {problem}',
            where=where,
            do="see what the page says now, then correct read.figures.pattern in the source file",
        )
    return {group: text or "" for group, text in groups.items()}


def _part_of_longer_number(figure: ProseFigure, value: str, sentence: str) -> str:
    """The longer number that the value was taken out of, "" where it is whole.

    A figure such as 234 of 1 234, 12 of 12,5 or 10 of 10⁶ is another one than the page states.
    """
    start, before, after = _around(figure, value, sentence)
    return (
        _begun_before(value, before, sentence[:start])
        or _range_around(value, before, after)
        or _gone_on(value, after)
    )


def _around(figure: ProseFigure, value: str, sentence: str) -> tuple[int, str, str]:
    """Where the pattern's match starts, and the texts before and after the value."""
    import polars as pl

    alone = pl.Series([sentence])
    start = len(sentence.encode()[: alone.str.find(figure.pattern).item()].decode())
    match = alone.str.extract(figure.pattern, 0).item()
    # of a value that is in the match twice, the last: the pattern names what is before it
    at = start + match.rfind(value)
    return start, sentence[:at], sentence[at + len(value) :]


def _range_around(value: str, before: str, after: str) -> str:
    """The range that the value is one end of, "" where it is none."""
    low, high = _LOW_END_BEFORE.search(before), _HIGH_END_AFTER.match(after)
    if low:
        return low[0] + value
    return value + high[0] if high and (high[1] or _BETWEEN.search(before)) else ""


def _begun_before(value: str, before: str, before_match: str) -> str:
    """The number with its digits, sign or qualifier before the value, "" where it has them all.

    A qualifier that the pattern itself names is the source file's to state.
    """
    if before == before_match and (words := qualifier_at_end(before)):
        return f"{words} {value}"
    if sign := _SIGN_BEFORE.search(before):
        return sign[1] + value
    is_group = re.match(r"\d{3}(?!\d)", value)
    pattern = _GROUPS_BEFORE if is_group else _DIGITS_BEFORE
    begun = pattern.search(before) if value[:1].isdigit() else None
    return begun[0] + value if begun else ""


def _gone_on(value: str, after: str) -> str:
    """The number with its digits after the value, "" where the value has its last digit."""
    after_number = [_TIMES_POWER_AFTER]
    if value[-1:].isdigit():
        after_number.append(_DIGITS_AFTER)
    if _MAY_BE_GROUPED.search(value):
        after_number.append(_GROUP_AFTER)
    if value.rstrip().endswith("10"):
        after_number.append(_RAISED_AFTER)
    gone_on = next(filter(None, (pattern.match(after) for pattern in after_number)), None)
    return value + gone_on[0] if gone_on else ""


def _most_alike(pattern: str, sentences: Iterable[str]) -> list[int]:
    """The three sentences with most words of the pattern; of equals the shortest."""
    words = _words(re.sub(r"\(\?P<\w+>|\(\?[a-zA-Z]+[:)]|\\[a-zA-Z]", " ", pattern))
    ranked = []
    for number, sentence in enumerate(sentences):
        if common := len(words & _words(sentence)):
            ranked.append((-common, len(sentence), number))
    return [number for _, _, number in sorted(ranked)[:3]]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w\w+", text.casefold()))


def _shown(sentences: pl.Series, numbers: Iterable[int]) -> str:
    return "; ".join(f"{number + 1}: {_cut(sentences[number])}" for number in numbers)


def _cut(sentence: str) -> str:
    return f"«{sentence}»" if len(sentence) <= 200 else f"«{sentence[:199]}…»"


# --- sentences --------------------------------------------------------------------------------


def _sentences_of(blocks: Iterable[str], where: str) -> list[str]:
    """The sentences of all blocks. Raises `PllError` for too many, and for one too long."""
    found: list[str] = []
    for block in blocks:
        for sentence in sentences(block):
            found.append(sentence)
            if len(sentence) > LONGEST_SENTENCE:
                raise PllError(
                    f"The sentence has {len(sentence)} characters, more than {LONGEST_SENTENCE}:"
                    f" {_cut(sentence)}",
                    where=f"{where}, sentence {len(found)}",
                    do=_LOOK,
                )
            if len(found) > MOST_SENTENCES:
                raise PllError(
                    f"The page has more than {MOST_SENTENCES} sentences", where=where, do=_LOOK
                )
    return found
