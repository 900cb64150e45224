"""When publishers last changed their pages of running text, and which sentences are new or gone.

Part of the section on changes. Not here: how sentences are compared (`validated/page_changes.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import Cell, Note, Part, table_of


def parts(data: PageData, texts: PageTexts) -> list[Part]:
    """What each page says of its last change, and the sentences; nothing where no source is one."""
    pages = data.release.inputs.page_texts
    notes: list[Part] = [Note(_stated(page, texts)) for page in pages]
    rows = [row for page in pages for row in _rows(page, data, texts)]
    if not rows:
        return notes
    heads = [
        (texts.get("fresh_source"), "text"),
        (texts.get("changes_kind"), "text"),
        (texts.get("page_text_sentence"), "text"),
    ]
    return [*notes, table_of(texts.get("page_text_table"), heads, rows)]


def _stated(page: dict[str, Any], texts: PageTexts) -> str:
    """The day of the last change that the page states, and when it was read."""
    sentences = [
        texts.get(
            "page_text_stated" if page["stated_on"] else "page_text_not_stated",
            page=texts.source(page["source_name"]),
            day=_day(page["stated_on"], texts),
            read=_time(page["snapshot_at"], texts),
        )
    ]
    if page["changed_at"]:
        sentences.append(
            texts.get(
                "page_text_compared",
                before=_time(page["before_at"], texts),
                changed=_time(page["changed_at"], texts),
                new=texts.format.number(page["new_count"]),
                gone=texts.format.number(page["gone_count"]),
            )
        )
    return " ".join(sentences)


def _rows(page: dict[str, Any], data: PageData, texts: PageTexts) -> Iterator[list[str | Cell]]:
    name = page["source_name"]
    source = Cell(texts.source(name), address=data.sources[name]["landing_page"])
    for key in ("new", "gone"):
        kind = texts.get("page_text_new" if key == "new" else "page_text_gone")
        for sentence in page[key]:
            yield [source, kind, sentence]
        if (rest := page[f"{key}_count"] - len(page[key])) > 0:
            yield [source, kind, texts.get("page_text_more", count=texts.format.number(rest))]


def _day(day: str | None, texts: PageTexts) -> str:
    return texts.format.day(date.fromisoformat(day)) if day else ""


def _time(time: str, texts: PageTexts) -> str:
    return texts.format.time(datetime.fromisoformat(time))
