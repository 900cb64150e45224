"""The form in which answers are saved: one answer, or the pages of one with what belongs to them.

`{"pages": [answer, …], "totals": answer, "filters": text, "request": query}`: the totals are the
same values asked for without groups; filters are those saved with the question, as text or as the
query has them. Not here: what an answer contains (`paging.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pll_pipeline.validated.readers.powerbi.envelope import count_results
from pll_pipeline.validated.readers.powerbi.errors import MalformedAnswer
from pll_pipeline.validated.readers.powerbi.json_text import as_list

_BESIDE_PAGES = frozenset({"totals", "filters", "request"})
_LONGEST_FILTER = 500
_DIGEST = 16


@dataclass(frozen=True)
class SavedAnswer:
    """The pages of an answer, its totals where there are any, and the filters saved with it."""

    pages: list[Any]
    totals: Any
    filters: tuple[str, ...]

    @property
    def results(self) -> int:
        """How many results each page has."""
        return count_results(self.pages[0]) if self.pages else 0


def saved_answer(document: Any, where: str) -> SavedAnswer:
    """The saved answer in a parsed document. Raises `MalformedAnswer` for keys of no meaning."""
    if not isinstance(document, dict) or "pages" not in document:
        return SavedAnswer([document], None, ())
    unknown = document.keys() - {"pages"} - _BESIDE_PAGES
    if unknown:
        what = (
            f"Saved pages have only totals and filters beside them, but these have {min(unknown)!r}"
        )
        raise MalformedAnswer(what, where=where)
    filters = document.get("filters") or []
    texts = [filters] if isinstance(filters, str) else as_list(filters, "the filters", where)
    conditions = [*texts, *_conditions(document.get("request"))]
    return SavedAnswer(
        as_list(document["pages"], "the saved pages", where),
        document.get("totals"),
        tuple(dict.fromkeys(_as_text(condition) for condition in conditions)),
    )


def _conditions(node: Any) -> Iterator[Any]:
    """The conditions of all queries in a request."""
    if isinstance(node, dict):
        if isinstance(node.get("Where"), list):
            yield from node["Where"]
        for key, part in node.items():
            if key != "Where":
                yield from _conditions(part)
    elif isinstance(node, list):
        for part in node:
            yield from _conditions(part)


def _as_text(condition: Any) -> str:
    if isinstance(condition, str):
        return condition.strip()
    text = json.dumps(condition, ensure_ascii=False, sort_keys=True, default=str)
    if len(text) <= _LONGEST_FILTER:
        return text
    # filters that differ after the cut stay different
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
    return f"{text[:_LONGEST_FILTER]}… (sha256 {digest})"
