"""Is it all there? Every sign by which an answer may tell that it is cut off, thinned out or miscounted.

Not here: what the rows are (`page.py`), how pages follow each other (`pages.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pll_pipeline.validated.readers.powerbi.errors import (
    IncompleteAnswer,
    MalformedAnswer,
    QueryFailed,
    UnsupportedAnswer,
)
from pll_pipeline.validated.readers.powerbi.json_text import as_list, as_object, is_whole
from pll_pipeline.validated.readers.powerbi.page import Page

_COUNTED = ("Top", "Bottom", "Sample", "Window")
_THINNED = ("BinnedLineSample", "OverlappingPointsSample")
_COUNTS_IGNORED = re.compile(
    r"ignor|exceed|reduc|truncat|limit|sampl|incomplete|partial", re.IGNORECASE
)


def refuse_signs_of_loss(page: Page) -> None:
    """Raises for what no page may say, whether another follows or not."""
    if page.shape.get("DLEx"):
        raise IncompleteAnswer("The server says that a limit cut the data (DLEx)", where=page.at)
    for name in ("IC", "HAD"):
        if not isinstance(page.shape.get(name, False), bool):
            raise MalformedAnswer(f"{name} is neither true nor false", where=page.at)
    for window in as_list(page.shape.get("DW") or [], "the windows (DW)", page.at):
        if not isinstance(window, dict) or window.get("IC") is not True or window.get("RT"):
            raise IncompleteAnswer(
                "The server says that one of the windows is not complete (DW)", where=page.at
            )
    grouped = bool(page.descriptor.down.members or page.descriptor.across.members)
    for code, severity, text in messages(page):
        told = f"The server says: {' '.join(text.split())[:300]}"
        if severity == "Error":
            raise QueryFailed(text, where=page.at, code=code)
        if _COUNTS_IGNORED.search(code):
            if grouped:
                raise IncompleteAnswer(told, where=page.at, code=code)
        elif severity not in ("Information", "Verbose"):
            raise UnsupportedAnswer(
                told,
                where=page.at,
                code=code,
                do="find out whether this message is harmless, then teach the reader",
            )


def messages(page: Page) -> list[tuple[str, str, str]]:
    """Code, severity and text of every message."""
    entries = [
        as_object(entry, "a message", page.at)
        for entry in as_list(page.shape.get("Msg") or [], "the messages (Msg)", page.at)
    ]
    return [
        (_text_under(entry, "Code"), _text_under(entry, "Severity"), _text_under(entry, "Message"))
        for entry in entries
    ]


def _text_under(entry: Mapping[str, Any], key: str) -> str:
    found = entry.get(key)
    return found if isinstance(found, str) else ""


def refuse_incomplete(page: Page) -> None:
    """Raises unless the page is the last one and says so."""
    if page.shape.get("RT"):
        raise IncompleteAnswer("More pages follow (RT), but were not given", where=page.at)
    if page.shape.get("IC") is not True or page.shape.get("HAD") is False:
        raise IncompleteAnswer(
            "The server does not say that the answer is complete (IC, HAD)", where=page.at
        )
    limits = as_object(page.described.get("Limits") or {}, "descriptor.Limits", page.at)
    sizes = {
        "Primary": page.lines,
        "Secondary": len(page.picture.columns),
        "Intersection": page.filled,
    }
    if not page.descriptor.down.members and not page.descriptor.across.members:
        return
    for axis, limit in limits.items():
        if axis not in sizes or not isinstance(limit, dict):
            raise UnsupportedAnswer(
                f"The answer was limited in an unknown way ({axis})", where=page.at
            )
        for kind, how in limit.items():
            if kind in _COUNTED:
                asked = how.get("Count") if isinstance(how, dict) else None
                if is_whole(asked) and sizes[axis] >= asked:
                    told = f"The answer has {sizes[axis]} entries where at most {asked} were asked for ({axis}), so more may be missing"
                    raise IncompleteAnswer(told, where=page.at)
            elif kind in _THINNED:
                _refuse_thinned(page, how, sizes)
            elif kind != "Id":
                raise UnsupportedAnswer(
                    f"The answer was limited in an unknown way ({kind})", where=page.at
                )


def _refuse_thinned(page: Page, how: Any, sizes: Mapping[str, int]) -> None:
    """A form of reduction that drops points on purpose is only accepted where the server's own counts show it dropped none."""
    counters = {
        name.removesuffix("DbCountCalc"): one
        for name, one in as_object(how, "a limit", page.at).items()
        if name.endswith("DbCountCalc")
    }
    if (
        not counters
        or not counters.keys() <= sizes.keys()
        or not all(isinstance(one, str) for one in counters.values())
    ):
        raise UnsupportedAnswer(
            "The answer was thinned out, and no count says by how much", where=page.at
        )
    for axis, one in counters.items():
        counted = (page.shape_level_values or {}).get(one)
        if counted != sizes[axis]:
            raise IncompleteAnswer(
                f"The answer was thinned out: {sizes[axis]} of {counted} points are left ({axis})",
                where=page.at,
            )


def refuse_other_count(page: Page, counted: int) -> None:
    """Raises where the engine's own count of rows contradicts the answer: it counts details and totals.

    A matrix has more by nature; a branch folded away is only counted where its total is there.
    """
    told_by_totals = None not in page.descriptor.down.totals
    if page.picture.is_matrix or (page.picture.closed_branches and not told_by_totals):
        return
    decoded = page.lines + len(page.totals)
    if decoded != counted:
        error = IncompleteAnswer if decoded < counted else MalformedAnswer
        raise error(f"The engine counted {counted} rows, the answer holds {decoded}", where=page.at)
