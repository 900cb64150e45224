"""What a web page has besides its own elements and text, and what is therefore not read.

Not here: what its own styles hide (`page_style.py`), its tables (`page_tables.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pll_pipeline.validated.readers.page_style import other_sheets
from pll_pipeline.validated.readers.table import NotRead

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_LONGEST_EXAMPLE = 80
_ROLES = ("table", "grid", "treegrid")
DRAWN_TABLES = "tables made of elements with roles, as role=table"


def rest_of_page(page: LexborHTMLParser, file: str) -> list[NotRead]:
    """Style sheets elsewhere, tables that are no table elements, and frames: count and example."""
    kinds = {
        "style sheets outside the page, which can hide or change its text": other_sheets(page),
        DRAWN_TABLES: list(_drawn_tables(page)),
        "frames with pages of their own": list(_frames(page)),
    }
    return [
        NotRead(file, what, len(examples), examples[0][:_LONGEST_EXAMPLE])
        for what, examples in kinds.items()
        if examples
    ]


def _drawn_tables(page: LexborHTMLParser) -> Iterator[str]:
    for role in _ROLES:
        for element in page.css(f"[role={role}]"):
            if element.tag != "table" and element.css_first("[role=row]") is not None:
                yield " ".join(element.text(separator=" ").split())


def _frames(page: LexborHTMLParser) -> Iterator[str]:
    for frame in page.css("iframe, frame, object, embed"):
        attributes = frame.attributes
        yield attributes.get("src") or attributes.get("data") or attributes.get("title") or ""
