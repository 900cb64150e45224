"""Is it all there? Every sign that an answer is cut off, thinned out or miscounted.

Not here: what the rows are (`answer_page.py`), how pages follow each other (`paging.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pll_pipeline.validated.readers.powerbi.answer_page import AnswerPage
from pll_pipeline.validated.readers.powerbi.errors import (
    IncompleteAnswer,
    MalformedAnswer,
    QueryFailed,
    UnsupportedAnswer,
)
from pll_pipeline.validated.readers.powerbi.json_text import as_list, as_object, is_whole

_COUNTED = ("Top", "Bottom", "Sample", "Window")
_THINNED = ("BinnedLineSample", "OverlappingPointsSample")
_COUNTS_IGNORED = re.compile(
    r"ignor|exceed|reduc|truncat|limit|sampl|incomplete|partial", re.IGNORECASE
)


def refuse_signs_of_loss(page: AnswerPage) -> None:
    """Raise for what no page may state, whether another follows or not."""
    if page.shape.get("DLEx"):
        raise IncompleteAnswer("The server says that a limit cut the data (DLEx)", where=page.at)
    for name in ("IC", "HAD"):
        if not isinstance(page.shape.get(name, False), bool):
            raise MalformedAnswer(f"{name} is neither true nor false", where=page.at)
    for window in as_list(page.shape.get("DW") or [], "the windows (DW)", page.at):
        if not isinstance(window, dict) or window.get("IC") is not True or window.get("RT"):
            what = "The server says that one of the windows is not complete (DW)"
            raise IncompleteAnswer(what, where=page.at)
    _refuse_messages(page)


def _refuse_messages(page: AnswerPage) -> None:
    """Raise for an error, for counts that were ignored, and for a message of an unknown kind."""
    is_grouped = bool(page.descriptor.down.members or page.descriptor.across.members)
    for code, severity, text in messages(page):
        what = f"The server says: {' '.join(text.split())[:300]}"
        if severity == "Error":
            raise QueryFailed(text, where=page.at, code=code)
        if _COUNTS_IGNORED.search(code):
            if is_grouped:
                raise IncompleteAnswer(what, where=page.at, code=code)
        elif severity not in ("Information", "Verbose"):
            raise UnsupportedAnswer(
                what,
                where=page.at,
                code=code,
                do="find out whether this message is harmless, then add it to the reader",
            )


def messages(page: AnswerPage) -> list[tuple[str, str, str]]:
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
    text = entry.get(key)
    return text if isinstance(text, str) else ""


def refuse_incomplete(page: AnswerPage) -> None:
    """Raise unless the page is the last one and says so."""
    if page.shape.get("RT"):
        raise IncompleteAnswer("More pages follow (RT), but were not given", where=page.at)
    if page.shape.get("IC") is not True or page.shape.get("HAD") is False:
        raise IncompleteAnswer(
            "The server does not say that the answer is complete (IC, HAD)", where=page.at
        )
    limits = as_object(page.described.get("Limits") or {}, "descriptor.Limits", page.at)
    if not page.descriptor.down.members and not page.descriptor.across.members:
        return
    sizes = {
        "Primary": page.lines,
        "Secondary": len(page.grid.columns),
        "Intersection": page.filled,
    }
    for axis, limit in limits.items():
        if axis not in sizes or not isinstance(limit, dict):
            what = f"The answer was limited in an unknown way ({axis})"
            raise UnsupportedAnswer(what, where=page.at)
        for kind, how in limit.items():
            _refuse_limit(page, axis, kind, how, sizes)


def _refuse_limit(
    page: AnswerPage, axis: str, kind: str, how: Any, sizes: Mapping[str, int]
) -> None:
    """Raise where a limit was reached, or is of a form that is not known."""
    if kind in _COUNTED:
        asked = how.get("Count") if isinstance(how, dict) else None
        if is_whole(asked) and sizes[axis] >= asked:
            what = (
                f"The answer has {sizes[axis]} entries where at most {asked} were asked for"
                f" ({axis}), so more may be missing"
            )
            raise IncompleteAnswer(what, where=page.at)
    elif kind in _THINNED:
        _refuse_thinned(page, how, sizes)
    elif kind != "Id":
        what = f"The answer was limited in an unknown way ({kind})"
        raise UnsupportedAnswer(what, where=page.at)


def _refuse_thinned(page: AnswerPage, how: Any, sizes: Mapping[str, int]) -> None:
    """Raise for an answer that drops points on purpose, unless its counts show it dropped none."""
    counters = {
        name.removesuffix("DbCountCalc"): value
        for name, value in as_object(how, "a limit", page.at).items()
        if name.endswith("DbCountCalc")
    }
    are_ids = all(isinstance(value, str) for value in counters.values())
    if not counters or not counters.keys() <= sizes.keys() or not are_ids:
        what = "The answer was thinned out, and no count says by how much"
        raise UnsupportedAnswer(what, where=page.at)
    for axis, value in counters.items():
        counted = (page.shape_level_values or {}).get(value)
        if counted != sizes[axis]:
            what = (
                f"The answer was thinned out: {sizes[axis]} of {counted} points are left ({axis})"
            )
            raise IncompleteAnswer(what, where=page.at)


def refuse_other_count(page: AnswerPage, counted: int) -> None:
    """Raise where the engine's own count of rows, details and totals, contradicts the answer.

    A matrix has more by nature; a branch folded away is only counted where its total is there.
    """
    has_all_totals = None not in page.descriptor.down.totals
    if page.grid.is_matrix or (page.grid.closed_branches and not has_all_totals):
        return
    decoded = page.lines + len(page.totals)
    if decoded != counted:
        error = IncompleteAnswer if decoded < counted else MalformedAnswer
        raise error(f"The engine counted {counted} rows, the answer has {decoded}", where=page.at)
