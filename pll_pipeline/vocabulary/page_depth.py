"""How deep a web page and how large an element may be, both counted before the page is parsed.

Parsing takes time by the square of them.

Not here: what the page says (`validated/readers/page_text.py`), its links (`raw/links.py`).
"""

from __future__ import annotations

import re

from pll_pipeline.errors import PllError

DEEPEST = 5_000  # elements within each other
# Never closed, or often not, or closed in themselves as parts of drawings are.
_ENDLESS = frozenset(
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("track", "wbr", "p", "li", "td", "th", "tr", "dt", "dd", "option", "path", "circle"),
        *("rect", "line", "polygon", "polyline", "use", "stop"),
    )
)
MOST_ATTRIBUTES = 10_000  # words of one element; each is compared with those before it
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{65536,}+")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)")


def refuse_depth(page: str, where: str) -> None:
    """Raise `PllError` for too many elements within each other, or attributes of one element."""
    what = ""
    if _depth(page) > DEEPEST:
        what = f"The page has more than {DEEPEST} elements within each other"
    elif any(len(tag[0].split()) > MOST_ATTRIBUTES for tag in _LONG_TAG.finditer(page)):
        what = f"An element of the page has more than {MOST_ATTRIBUTES} attributes"
    if what:
        do = "look at the page: it may be no web page, or a very unusual one; give another page"
        raise PllError(what, where=where, do=do)


def _depth(page: str) -> int:
    """At most how many elements of the page are within each other."""
    depth = deepest = 0
    for tag in _TAG.finditer(page):
        if tag[2].lower() not in _ENDLESS:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest
