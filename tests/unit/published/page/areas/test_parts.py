"""Tables without what no row has."""

from __future__ import annotations

from pll_pipeline.published.page.areas.parts import Heading, Span, without_empty
from pll_pipeline.published.page.parts import Cell, table_of


def test_a_column_that_no_row_has_anything_in_is_left_out() -> None:
    heads = [("a", "text"), ("b", "number"), ("c", "drawing"), ("d", "number")]
    rows = [[Heading("of all")], ["x", "–", Span(""), ""], ["y", "", Cell(""), "1"]]
    table = without_empty(table_of("caption", heads, rows))
    assert table.heads == ("a", "c", "d")
    assert table.column_types == ("text", "drawing", "number")
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["of all"],
        ["x", "", ""],
        ["y", "", "1"],
    ]
