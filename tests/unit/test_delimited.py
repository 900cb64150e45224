"""Delimited text: every cell as published, every fault named with its line."""

from __future__ import annotations

import pytest

from pll_pipeline.config import PllError
from pll_pipeline.readers import read_table
from pll_pipeline.sources.model import Delimited

CSV = Delimited(kind="delimited")


def test_every_cell_stays_text_and_every_row_knows_its_line() -> None:
    frame = read_table(b'code,value\n0301,"1 234"\n0101,\n', CSV, where="s/t/tall.csv")
    assert frame.to_dicts() == [
        {"code": "0301", "value": "1 234", "row_reference": "tall.csv:2"},
        {"code": "0101", "value": "", "row_reference": "tall.csv:3"},
    ]


def test_a_record_over_several_lines_is_named_by_its_first() -> None:
    frame = read_table(b'a,b\n1,"to\nlinjer"\n2,x\n', CSV, where="tall.csv")
    assert frame["row_reference"].to_list() == ["tall.csv:2", "tall.csv:4"]


def test_a_byte_order_mark_is_not_part_of_the_first_column() -> None:
    assert read_table("\ufeffa\n1\n".encode(), CSV, where="tall.csv").columns[0] == "a"


def test_the_declared_encoding_and_separator_are_used() -> None:
    how = Delimited(kind="delimited", encoding="windows-1252", separator=";")
    frame = read_table("navn;tall\nTromsø;3,5\n".encode("cp1252"), how, where="tall.csv")
    assert frame.row(0)[:2] == ("Tromsø", "3,5")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,Tromsø\n".encode("cp1252"), "not utf-8.*line 2"),
        (b"a,b\n1,2\n3", "cut off.*line 3"),
        (b"a,b\n1,2\n3\n", "1 cells, the header 2.*line 3"),
        (b"a,a\n1,2\n", "'a' stands twice"),
        (b"a,b\n", "no rows"),
        (b"", "no rows"),
        (b'a,b\n1,"2\n', "not well-formed"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_and_where(content: bytes, says: str) -> None:
    with pytest.raises(PllError, match=f"(?s){says}"):
        read_table(content, CSV, where="apotek/2026/tall.csv")
