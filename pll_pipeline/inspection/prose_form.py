"""Figures in the sentences of a page: where each is, and the settings that would read it again.

What is proposed takes whatever is between words that stay, so that another qualifier next month is
read, or refused, with its number. Not here: reading (`validated/readers/prose.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pll_pipeline.inspection.columns import is_read
from pll_pipeline.inspection.numbers_seen import figure_of
from pll_pipeline.sources.model import Encoding, Prose, ProseFigure
from pll_pipeline.validated.readers.prose import shown_sentences
from pll_pipeline.validated.readers.table import PublishedTable
from pll_pipeline.vocabulary.norwegian.periods import read_period

_MOST_FIGURES = 40
_MOST_TRIED = 400
_MOST_SENTENCES = 2_000
_LONGEST_SENTENCE = 1_000  # characters
_MOST_ANCHOR_WORDS = 6
_NAME_WORDS = 3
_WORDS_OF_A_PERIOD = 4
_WORDS_BEFORE, _WORDS_AFTER = 4, 3  # of a qualifier, and of a scale and a unit
_WORD = re.compile(r"[^\s]+")
# 33¹, but not 10⁶, which is a power
_FOOTNOTE_MARK = re.compile(r"(?P<number>\d[\d.,]*%?)(?<!10)[⁰¹²³⁴-⁹]+$")
_PART_OF_A_ROW = re.compile(r"\d{2,3}")
_SHORTEST_NAME = 4  # letters of one word in it
_AROUND = ".,;:!?()[]«»\"'”“"


@dataclass(frozen=True)
class _Words:
    """The words of a sentence; `first` to `last` of them are a figure."""

    sentence: str
    spans: list[tuple[int, int]]
    first: int
    last: int

    @property
    def before(self) -> list[str]:
        return [self.sentence[start:end] for start, end in self.spans[: self.first]]

    @property
    def after(self) -> list[str]:
        return [self.sentence[start:end] for start, end in self.spans[self.last + 1 :]]

    @property
    def text(self) -> str:
        return self.sentence[self.spans[self.first][0] : self.spans[self.last][1]]


def prose_form(content: bytes, encoding: Encoding, file: str) -> Prose | None:
    """The settings that read every figure in the sentences of a page; None where there is none.

    Raises `PllError` as the reader of running text does.
    """
    sentences = shown_sentences(content, encoding, where=file)[:_MOST_SENTENCES]
    figures: dict[str, ProseFigure] = {}
    seen = (words for sentence in sentences for words in _figures(sentence))
    for words in islice(seen, _MOST_TRIED):
        proposed = _proposed(words, sentences, figures)
        if proposed:
            figures[proposed.name] = proposed
        if len(figures) >= _MOST_FIGURES:
            break
    if not figures:
        return None
    return Prose(kind="prose", encoding=encoding, figures=list(figures.values()))


def units_of_figures(table: PublishedTable) -> dict[str, str]:
    """The name of each figure of a page → the unit it is written in, as a source file says it."""
    units = {}
    for name, text in table.frame.select("name", "value").iter_rows():
        figure = figure_of(text)
        is_share = figure is not None and figure.unit == "share"
        units[name] = str(figure.printed_unit) if figure and is_share else "count"
    return units


# --- figures in a sentence ----------------------------------------------------------------------


def _figures(sentence: str) -> Iterator[_Words]:
    """Each number in the sentence with its qualifier and unit; those of periods are none."""
    if len(sentence) > _LONGEST_SENTENCE:
        return
    spans = [_bare(sentence, match.span()) for match in _WORD.finditer(sentence)]
    spans = [(start, end) for start, end in spans if start < end]
    number = 0
    while number < len(spans):
        last = _last_of_period(sentence, spans, number)
        if last is None and any(map(str.isdigit, sentence[slice(*spans[number])])):
            first, last = _extent(sentence, spans, number)
            if last is not None and not _is_in_a_row(sentence, spans, first, last):
                yield _Words(sentence, spans, first, last)
        number = number + 1 if last is None else last + 1


def _bare(sentence: str, span: tuple[int, int]) -> tuple[int, int]:
    """The span of a word without the punctuation around it and a footnote mark after it."""
    start, end = span
    while start < end and sentence[start] in _AROUND:
        start += 1
    while start < end and sentence[end - 1] in _AROUND:
        end -= 1
    mark = _FOOTNOTE_MARK.match(sentence, start, end)
    return (start, mark.end("number")) if mark else (start, end)


def _last_of_period(sentence: str, spans: list[tuple[int, int]], first: int) -> int | None:
    """The last word of the longest period that begins with a word; None where none does."""
    for last in range(min(first + _WORDS_OF_A_PERIOD, len(spans)) - 1, first - 1, -1):
        text = sentence[spans[first][0] : spans[last][1]]
        if any(map(str.isdigit, text)) and is_read(text, read_period):
            return last
    return None


def _is_in_a_row(sentence: str, spans: list[tuple[int, int]], first: int, last: int) -> bool:
    """Whether digits are right before or after the figure, as in a telephone number."""
    beside = [spans[n] for n in (first - 1, last + 1) if 0 <= n < len(spans)]
    return any(_PART_OF_A_ROW.fullmatch(sentence[start:end]) for start, end in beside)


def _extent(sentence: str, spans: list[tuple[int, int]], number: int) -> tuple[int, int | None]:
    """The first and last word of the figure around a word with digits; no last where it is none."""
    last = None
    for candidate in range(number, min(number + _WORDS_AFTER, len(spans))):
        if figure_of(sentence[spans[number][0] : spans[candidate][1]]):
            last = candidate
    first = number
    if last is not None:
        for candidate in range(max(0, number - _WORDS_BEFORE), number):
            if figure_of(sentence[spans[candidate][0] : spans[last][1]]):
                return candidate, last
    return first, last


# --- what is proposed for it --------------------------------------------------------------------


def _proposed(
    words: _Words, sentences: Sequence[str], taken: dict[str, ProseFigure]
) -> ProseFigure | None:
    """A figure by the fewest words around it that no other sentence or number has."""
    near = _near(words, sentences)
    pattern = _pattern(words)
    if near is None or pattern is None:
        return None
    return ProseFigure(name=_name(words, taken), near=near, pattern=pattern)


def _name(words: _Words, taken: dict[str, ProseFigure]) -> str:
    """The words after the figure, or those before it, with a number where they are taken."""
    after = _until_digits(words.after)[:_NAME_WORDS]
    before = _until_digits(words.before[::-1])[:_NAME_WORDS][::-1]
    naming = [part for part in (after, before) if any(len(w) >= _SHORTEST_NAME for w in part)]
    nearest = next(iter(naming), ["figure"])
    name = " ".join(nearest)
    number = 2
    while name in taken:
        name = f"{' '.join(nearest)} {number}"
        number += 1
    return name


def _near(words: _Words, sentences: Sequence[str]) -> str | None:
    """Words without digits that only this sentence has."""
    after, before = _until_digits(words.after), _until_digits(words.before[::-1])[::-1]
    for count in range(1, _MOST_ANCHOR_WORDS + 1):
        for chosen in (after[:count], before[-count:]):
            phrase = " ".join(chosen)
            if len(phrase) > 2 and sum(phrase in sentence for sentence in sentences) == 1:
                return _escaped(phrase)
    whole = f"^{_escaped(words.sentence)}$"
    return whole if sum(bool(re.search(whole, s)) for s in sentences) == 1 else None


def _pattern(words: _Words) -> str | None:
    """The words before and after the figure that take it, and it alone, out of the sentence."""
    for before in range(_MOST_ANCHOR_WORDS):
        for after in range(1, _MOST_ANCHOR_WORDS):
            pattern = _between(words, before, after)
            found = list(re.finditer(pattern, words.sentence))
            if len(found) == 1 and found[0]["value"] == words.text:
                return pattern
    return None


def _between(words: _Words, before: int, after: int) -> str:
    """A pattern with so many words before and after the figure, or the ends of the sentence."""
    sentence, spans = words.sentence, words.spans
    start = spans[words.first][0]
    end = spans[words.last][1]
    left = spans[words.first - before][0] if before <= words.first else 0
    right = spans[words.last + after][1] if words.last + after < len(spans) else len(sentence)
    opening = "^" if left == 0 or before > words.first else ""
    if words.first - before == 0 or before > words.first:
        left = 0
    if right == len(sentence):
        closing = _escaped(sentence[end:].rstrip(".!?")) + r"[.!?]?$"
    else:
        closing = _escaped(sentence[end:right])
    return f"{opening}{_escaped(sentence[left:start])}(?P<value>.+?){closing}"


def _until_digits(words: list[str]) -> list[str]:
    """The words up to the first with a digit."""
    kept = []
    for word in words:
        if any(map(str.isdigit, word)):
            break
        kept.append(word)
    return kept


def _escaped(text: str) -> str:
    """A pattern of the text, in which every number may be another one."""
    return re.sub(r"\d+", r"\\d+", re.escape(text).replace("\\ ", " "))
