"""Figures in the running text of a web page → one row each, with the sentence they stand in.

A figure is known by words of its sentence and taken by a pattern; a page that says it twice, or no longer, is refused.
Patterns are run by an engine whose time grows with the text only, so a pattern cannot hang; it has no look-around and
no back-references. Superscript digits stay superscript: a footnote mark is never a digit of the number before it.
Not here: tables in web pages (`html.py`), what a number or a hedge means (`norwegian.py`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, TypeVar

from pll_pipeline.errors import PllError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import polars as pl

    from pll_pipeline.sources.model import Prose, ProseFigure

T = TypeVar("T")

MOST_TEXT = 8 * 2**20  # characters
MOST_SENTENCES = 200_000
LONGEST_SENTENCE = 20_000  # characters
DEEPEST = 5_000  # elements within each other; parsing takes time by the square of it

_READ = frozenset(
    {
        "p",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "td",
        "blockquote",
        "figcaption",
        "dd",
        "summary",
    }
)
_NOT_READ = frozenset(
    {"script", "style", "nav", "header", "footer", "template", "noscript", "del", "s"}
)
_BREAKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "form",
        "hr",
        "main",
        "ol",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_ENDLESS = (
    frozenset(  # never closed, or often not, or closed in themselves as parts of drawings are
        [
            "area",
            "base",
            "br",
            "col",
            "embed",
            "hr",
            "img",
            "input",
            "link",
            "meta",
            "source",
            "track",
            "wbr",
            "p",
            "li",
            "td",
            "th",
            "tr",
            "dt",
            "dd",
            "option",
            "path",
            "circle",
            "rect",
            "line",
            "polygon",
            "polyline",
            "use",
            "stop",
        ]
    )
)
_OWN_COLUMNS = frozenset({"name", "context", "row_reference"})


def read(content: bytes, how: Prose, *, where: str) -> pl.DataFrame:
    """One row per figure: `name`, the named groups of the patterns, `context` (the sentence), and `row_reference` as
    file:sentence n, counted from 1. All text, "" for a group that took no part.

    Raises `PllError` for bytes in another encoding, a page too large or too deep, a figure whose words are in no sentence
    or in several, a pattern that does not match its sentence exactly once, and patterns whose groups do not agree.
    """
    import polars as pl

    groups = _groups(how.figures, where)
    sentences = pl.Series(
        "sentence",
        _sentences_of(_blocks(_text(content, how, where), where), where),
        dtype=pl.String,
    )
    if sentences.is_empty():
        raise PllError(
            "The page has no running text",
            where=where,
            do="open it in a browser: the text may be put there by a script only",
        )
    file = where.rsplit("/", 1)[-1]
    rows: list[list[str]] = []
    for figure in how.figures:
        number = _the_one_near(figure, sentences, where)
        taken = _taken(figure, sentences[number], where=f"{where}, sentence {number + 1}")
        rows.append(
            [
                figure.name,
                *(taken[group] for group in groups),
                sentences[number],
                f"{file}:sentence {number + 1}",
            ]
        )
    return pl.DataFrame(
        rows,
        schema={column: pl.String for column in ("name", *groups, "context", "row_reference")},
        orient="row",
    )


# --- figures --------------------------------------------------------------------------------------------------------


def _groups(figures: Sequence[ProseFigure], where: str) -> list[str]:
    """The named groups all patterns share, in the order of the first."""
    do = "correct read.figures in the source file"
    first = list(re.compile(figures[0].pattern).groupindex)
    for figure in figures:
        groups = list(re.compile(figure.pattern).groupindex)
        if "value" not in groups:
            raise PllError(
                f'The pattern of the figure "{figure.name}" has no group named value',
                where=where,
                do=do,
            )
        if taken := _OWN_COLUMNS.intersection(groups):
            raise PllError(
                f'The pattern of the figure "{figure.name}" has a group named {min(taken)}, which is a column of its own',
                where=where,
                do=do,
            )
        if set(groups) != set(first):
            problem = f'The pattern of the figure "{figure.name}" has the groups {_listed(groups)}, that of "{figures[0].name}" {_listed(first)}'
            raise PllError(problem, where=where, do=do)
    return first


def _the_one_near(figure: ProseFigure, sentences: pl.Series, where: str) -> int:
    """The index of the one sentence with the words of the figure."""
    found = _run(
        lambda: sentences.str.contains(figure.near).arg_true().to_list(), figure, figure.near, where
    )
    if len(found) == 1:
        return found[0]
    if found:
        problem = f'{len(found)} sentences match the words of the figure "{figure.name}" ({figure.near}): {_shown(sentences, found[:5])}'
        raise PllError(
            problem,
            where=where,
            do="give read.figures.near in the source file words that only one of them has",
        )
    alike = _most_alike(figure.near, sentences)
    known = (
        f"the most similar are {_shown(sentences, alike)}"
        if alike
        else "and none shares a word with it"
    )
    raise PllError(
        f'No sentence matches the words of the figure "{figure.name}" ({figure.near}); {known}',
        where=where,
        do="see what the page says now, then correct read.figures.near in the source file",
    )


def _taken(figure: ProseFigure, sentence: str, *, where: str) -> dict[str, str]:
    """The groups of the figure's pattern in its sentence."""
    import polars as pl

    alone = pl.Series([sentence])
    matches = _run(
        lambda: alone.str.count_matches(figure.pattern).item(), figure, figure.pattern, where
    )
    do = "see what the page says now, then correct read.figures.pattern in the source file"
    if matches != 1:
        times = f"{matches} times, not once," if matches else "nowhere"
        raise PllError(
            f'The pattern of the figure "{figure.name}" matches {times} in {_cut(sentence)}',
            where=where,
            do=do,
        )
    groups = alone.str.extract_groups(figure.pattern).item()
    if not groups["value"]:
        raise PllError(
            f'The pattern of the figure "{figure.name}" takes no value from {_cut(sentence)}',
            where=where,
            do=do,
        )
    return {group: text or "" for group, text in groups.items()}


def _run(query: Callable[[], T], figure: ProseFigure, pattern: str, where: str) -> T:
    """What the query finds with the pattern. Raises `PllError` with the figure's name for a pattern the engine does not know."""
    from polars.exceptions import ComputeError

    try:
        return query()
    except ComputeError as error:
        # the engine's message repeats the pattern over several lines; the one line that says something starts with "error:"
        why = re.search(r"^error: (.+)$", str(error), re.MULTILINE)
        raise PllError(
            f'The figure "{figure.name}" has a pattern that is not known here, {pattern}: {why[1] if why else str(error).splitlines()[0]}',
            where=where,
            do="write it without look-around, back-references and what else only some engines have, in read.figures of the source file",
        ) from error


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


def _listed(groups: Iterable[str]) -> str:
    return ", ".join(sorted(groups))


# --- the page -------------------------------------------------------------------------------------------------------


def _text(content: bytes, how: Prose, where: str) -> str:
    try:
        return content.decode(how.encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PllError(
            f"The file is not {how.encoding}: byte {error.start} cannot be read",
            where=f"{where}, line {line}",
            do="ask whether the publisher changed the encoding, then say so in the source file under read.encoding",
        ) from error


def _blocks(page: str, where: str) -> list[str]:
    """The text of every paragraph and its like, in the order of the page. A block within a block stands on its own."""
    from selectolax.lexbor import LexborHTMLParser

    do = "look at the page: it may be no web page, or a very unusual one; give the source another page"
    if _depth(page) > DEEPEST:
        raise PllError(
            f"The page has more than {DEEPEST} elements within each other", where=where, do=do
        )
    blocks: list[str] = []
    length = 0
    for text in _block_texts(LexborHTMLParser(page).root):
        length += len(text)
        if length > MOST_TEXT:
            raise PllError(
                f"The page has more than {MOST_TEXT} characters of text", where=where, do=do
            )
        if block := _collapsed(text):
            blocks.append(block)
    return blocks


def _depth(page: str) -> int:
    """At most how many elements of the page stand within each other, counted before it is parsed."""
    depth = deepest = 0
    for tag in re.finditer(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)", page):
        if tag[2].lower() not in _ENDLESS:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _block_texts(root: Any) -> Iterator[str]:
    """The texts between the borders of blocks, as they stand. By a list of what is left to do: pages may be deep."""
    parts: list[str] = []
    within = raised = 0
    todo: list[tuple[Any, bool]] = [(root, False)] if root is not None else []
    while todo:
        node, is_done = todo.pop()
        tag = node.tag
        if tag == "-text":
            if within:
                parts.append(
                    (node.text_content or "").translate(_SUPERSCRIPT)
                    if raised
                    else node.text_content or ""
                )
            continue
        if tag in _NOT_READ or not tag[:1].isalpha():
            continue
        step = -1 if is_done else 1
        if tag in _READ or tag in _BREAKS:
            yield "".join(parts)
            parts.clear()
        within += step * (tag in _READ)
        raised += step * (tag == "sup")
        if tag == "br":
            parts.append(" ")
        if not is_done:
            todo.append((node, True))
            todo.extend((child, False) for child in reversed(list(_children(node))))
    yield "".join(parts)


def _children(node: Any) -> Iterator[Any]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_INVISIBLE = dict.fromkeys(
    (0x00AD, 0x200B, 0x2060, 0xFEFF)
)  # soft hyphen and its like: they separate nothing
_SPACES = re.compile(r"(?<=\d)([\u00a0\u2007\u2009\u202f])(?=\d)|\s+")


def _collapsed(text: str) -> str:
    """Composed letters and single spaces; a no-break or thin space between digits stays what it is."""
    composed = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    return _SPACES.sub(lambda found: found[1] or " ", composed).strip()


# --- sentences ------------------------------------------------------------------------------------------------------

# an end mark with what closes after it, a space, and with what opens before it a word that could start a sentence
_END = re.compile(
    r"(?<![.!?…])(?P<marks>[.!?…]++)[»\"”’)\]⁰¹²³⁴-⁹]*+ (?=[«\"“”‘(\[–— -]*+(?P<next>[^\W_]++))"
)
_OPENING = '«"“”‘’([–—-'
# no sentence ends after these: something always follows them
_ABBREVIATIONS = frozenset(
    [
        "abs",
        "adm",
        "ang",
        "anm",
        "anv",
        "apr",
        "art",
        "ass",
        "att",
        "aug",
        "avd",
        "bd",
        "bl.a",
        "ca",
        "cand",
        "des",
        "dir",
        "dok",
        "d.d",
        "dr",
        "dvs",
        "d.v.s",
        "eks",
        "ekskl",
        "etg",
        "ev",
        "evt",
        "febr",
        "feb",
        "f.eks",
        "fig",
        "fom",
        "f.o.m",
        "forts",
        "gj",
        "gjsn",
        "gj.sn",
        "gnr",
        "hhv",
        "i.e",
        "ift",
        "ifm",
        "iflg",
        "iht",
        "ind",
        "inkl",
        "inst",
        "int",
        "jan",
        "jf",
        "jfr",
        "jnr",
        "kap",
        "kgl",
        "kl",
        "kom",
        "komm",
        "korr",
        "kst",
        "kv",
        "m.a",
        "maks",
        "m.h.t",
        "mht",
        "m.o.t",
        "ndf",
        "nov",
        "nr",
        "okt",
        "omg",
        "omkr",
        "oppr",
        "org",
        "pga",
        "p.g.a",
        "pkt",
        "pr",
        "prof",
        "ref",
        "reg",
        "res",
        "resp",
        "saml",
        "sekr",
        "sep",
        "sept",
        "s.k",
        "spm",
        "st",
        "str",
        "t.d",
        "t.h",
        "tilsv",
        "tlf",
        "t.o.m",
        "t.v",
        "u.a",
        "utg",
        "vedk",
        "vedl",
        "vedr",
        "vg",
        "vgs",
        "vol",
        "vs",
    ]
)
# these may also stand last in a sentence, and do where a capital follows
_ALSO_LAST = frozenset(
    [
        "dgr",
        "e.l",
        "etc",
        "innb",
        "kr",
        "m.fl",
        "mfl",
        "mill",
        "m.m",
        "mnd",
        "mrd",
        "m.v",
        "mv",
        "o.a",
        "o.fl",
        "o.l",
        "osb",
        "osv",
        "o.s.v",
        "pst",
        "stk",
        "årl",
    ]
)
_AFTER_ORDINAL = re.compile(
    "(?:januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember|jan|feb|febr|apr|jun|jul|aug|sep|sept|okt|nov|des"
    "|kvartal|tertial|halvår|årgang|utgave|plass|runde|fase|trinn|uke|veke)",
    re.IGNORECASE,
)


def _sentences_of(blocks: Iterable[str], where: str) -> list[str]:
    sentences: list[str] = []
    for block in blocks:
        for sentence in _split(block):
            sentences.append(sentence)
            if len(sentence) > LONGEST_SENTENCE:
                problem = f"The sentence has {len(sentence)} characters, more than {LONGEST_SENTENCE}: {_cut(sentence)}"
                raise PllError(
                    problem,
                    where=f"{where}, sentence {len(sentences)}",
                    do="look at the page: it may hold data instead of running text",
                )
            if len(sentences) > MOST_SENTENCES:
                problem = f"The page has more than {MOST_SENTENCES} sentences"
                raise PllError(
                    problem,
                    where=where,
                    do="look at the page: it may hold data instead of running text",
                )
    return sentences


def _split(block: str) -> Iterator[str]:
    """The sentences of a block of text."""
    start = 0
    for end in _END.finditer(block):
        word = max(start, block.rfind(" ", start, end.start()) + 1)
        if _ends(
            block[word : end.start()].lstrip(_OPENING),
            end["marks"],
            end["next"],
            is_first=word == start,
        ):
            yield block[start : end.end() - 1]
            start = end.end()
    if start < len(block):
        yield block[start:]


def _ends(before: str, marks: str, following: str, *, is_first: bool) -> bool:
    """Whether a sentence ends between the word `before` the marks, its first or not, and the word `following` them."""
    starts_with_digit, starts_with_capital = following[0].isdigit(), following[0].isupper()
    if not starts_with_digit and not starts_with_capital:
        return False
    if marks != ".":
        return True
    if (
        before.isdecimal() and len(before) <= 2
    ):  # an ordinal, a date in digits, the number of a list item
        return not (is_first or starts_with_digit or _AFTER_ORDINAL.fullmatch(following))
    word = before.casefold()
    if word in _ALSO_LAST:
        return starts_with_capital
    return not (word in _ABBREVIATIONS or _is_initials(before))


def _is_initials(word: str) -> bool:
    """`A`, `H.C`, `b.l.a`: single letters, or short parts with a point between and a single letter among them."""
    parts = word.split(".")
    return all(part.isalpha() and len(part) <= 3 for part in parts) and any(
        len(part) == 1 for part in parts
    )
