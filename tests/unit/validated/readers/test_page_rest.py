"""What a page has that is not read is named with its count and the first example."""

from __future__ import annotations

import pytest

from pll_pipeline.validated.readers.page_rest import rest_of_page
from pll_pipeline.validated.readers.page_tables import parsed_page

GRID = "<div role=grid><p role=row>Oslo <b>12</b></p></div>"


@pytest.mark.parametrize(
    ("page", "what", "count", "example"),
    [
        ("<link rel=stylesheet href=a.css><link rel=stylesheet href=b.css>", "sheets", 2, "a.css"),
        ("<style>@import url('a.css');</style>", "sheets", 1, "a.css"),
        (GRID, "role=table", 1, "Oslo 12"),
        ("<iframe src=tall.html></iframe>", "frames", 1, "tall.html"),
    ],
)
def test_the_rest_of_a_page_is_counted(page: str, what: str, count: int, example: str) -> None:
    (note,) = rest_of_page(parsed_page(page, "side.html"), "side.html")
    assert what in note.what
    assert (note.where, note.count, note.example) == ("side.html", count, example)


@pytest.mark.parametrize(
    "page",
    [
        "<link rel=stylesheet media=print href=a.css>",
        "<link rel='alternate stylesheet' href=a.css>",
        "<link rel=icon href=a.png>",
        "<table role=table><tr role=row><td>12</td></tr></table>",
        "<div role=table></div>",
    ],
)
def test_what_changes_nothing_on_a_screen_is_not_counted(page: str) -> None:
    assert rest_of_page(parsed_page(page, "side.html"), "side.html") == []
