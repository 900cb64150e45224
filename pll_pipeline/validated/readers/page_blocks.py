"""The running text of a web page, block by block, as a reader sees it.

A block is a paragraph and its like. Footnote marks and powers are written in superscript digits, so
that they are no digits of the number before them.
Not here: what is hidden (`page_style.py`), sentences (`sentences.py`), figures (`prose.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.page_rest import rest_of_page
from pll_pipeline.validated.readers.page_style import PageStyle, Shown
from pll_pipeline.validated.readers.page_text import (
    BREAK,
    RAISED_CHARACTERS,
    SEAM_BETWEEN_DIGITS,
    Walk,
    begins_line,
    collapsed,
    fault_of_seam,
    visible,
)
from pll_pipeline.validated.readers.table import NotRead
from pll_pipeline.vocabulary.norwegian.text import composed
from pll_pipeline.vocabulary.page_depth import refuse_depth

MOST_TEXT = 8 * 2**20  # characters

# Elements whose text is running text.
_READ = frozenset(
    (
        *("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "blockquote", "figcaption", "dd"),
        "summary",
    )
)
_SKIPPED = frozenset(("nav", "header", "footer"))
_BLOCK = "\x1e"
# Characters that no page uses: the first one says that fault 0 is here, and so on.
_FIRST_FAULT, _MOST_FAULTS = 0x100000, 0xFFFD
_FAULT = re.compile(f"[{chr(_FIRST_FAULT)}-{chr(_FIRST_FAULT + _MOST_FAULTS)}]")
_BREAK_BETWEEN_DIGITS = re.compile(rf"(?<=[\d.,])\s*{BREAK}[\s{BREAK}]*(?=[-−–+]?\d)")
_LOOK = "look at the page: it may be no web page, or a very unusual one; give another page"


@dataclass(frozen=True)
class Blocks:
    """The running text of a page: its blocks, the texts left out as hidden or struck, and the rest.

    Where the shown text cannot be known, a block has a mark; see `faults_in`.
    """

    texts: list[str]
    faults: list[str]
    hidden: list[str]
    struck: list[str]
    rest: list[NotRead]

    def faults_in(self, text: str) -> list[str]:
        """Why the shown text cannot be known in a part of a block."""
        return [self.faults[ord(mark) - _FIRST_FAULT] for mark in _FAULT.findall(text)]


def without_fault_marks(text: str) -> str:
    """The text of a part of a block as it is shown."""
    return _FAULT.sub("", text)


def blocks_of_page(page: str, where: str) -> Blocks:
    """The blocks of the page in its order. A block within a block is one of its own.

    Raises `PllError` for a page of too much text, or with too many elements within each other.
    """
    parsed, style = parsed_page(page, where)
    return blocks_of(parsed, style, where)


def parsed_page(page: str, where: str) -> tuple[Any, PageStyle]:
    """The elements of the page and how they are shown.

    Raises `PllError` for too many elements within each other.
    """
    from selectolax.lexbor import LexborHTMLParser

    refuse_depth(page, where)
    parsed = LexborHTMLParser(page)
    return parsed, PageStyle(parsed, where)


def blocks_of(parsed: Any, style: PageStyle, where: str) -> Blocks:
    """The blocks of a page that is parsed. Raises `PllError` for too much text."""
    walk = _BlockWalk(style, where)
    if parsed.root is not None:
        walk.go_through(parsed.root, Shown())
    texts = [text for block in "".join(walk.pieces).split(_BLOCK) if (text := walk.block(block))]
    rest = rest_of_page(parsed, where.rsplit("/", 1)[-1])
    return Blocks(texts, walk.faults, walk.hidden, walk.struck, rest)


class _BlockWalk(Walk):
    """The way through a page. Only text in elements of running text is collected."""

    def __init__(self, style: PageStyle, where: str) -> None:
        super().__init__(style)
        self._where = where
        self._within = 0
        self._length = 0

    def is_left_out(self, node: Any, shown: Shown) -> bool:  # noqa: ARG002 - signature of Walk
        return node.tag in _SKIPPED

    def begin(self, node: Any, shown: Shown) -> None:
        super().begin(node, shown)
        self._within += node.tag in _READ

    def end(self, node: Any, shown: Shown) -> None:
        super().end(node, shown)
        self._within -= node.tag in _READ

    def edge(self, node: Any, shown: Shown) -> str:
        if node.tag != "br" and begins_line(node, self.style):
            return _BLOCK
        return super().edge(node, shown)

    def add_text(self, text: str, shown: Shown) -> None:
        if not self._within:
            return
        self._length += len(text)
        if self._length > MOST_TEXT:
            raise PllError(
                f"The page has more than {MOST_TEXT} characters of text",
                where=self._where,
                do=_LOOK,
            )
        super().add_text(without_fault_marks(text), shown)

    def add_mark(self, mark: str) -> None:
        self.marks.append(mark)
        self.pieces.append(mark.translate(RAISED_CHARACTERS))

    def add_fault(self, fault: str) -> None:
        if self._within and len(self.faults) < _MOST_FAULTS:
            self.pieces.append(chr(_FIRST_FAULT + len(self.faults)))
            self.faults.append(fault)

    def block(self, text: str) -> str:
        """A block as it is shown, with single spaces and composed letters."""
        text = _BREAK_BETWEEN_DIGITS.sub("\n", text.replace("\n", " "))
        lines = [self._line(line) for line in text.split("\n")]
        return composed("\n".join(filter(None, lines)))

    def _line(self, text: str) -> str:
        text = visible(text)
        for seam in reversed(list(SEAM_BETWEEN_DIGITS.finditer(text))):
            fault = fault_of_seam(seam[0])
            mark = chr(_FIRST_FAULT + min(len(self.faults), _MOST_FAULTS))
            self.faults.append(fault)
            text = f"{text[: seam.start() + 1]}{mark}{text[seam.start() + 1 :]}"
        return collapsed(text.replace(BREAK, " "))
