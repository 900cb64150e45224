"""Delimited text: every cell as published, every fault named with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Delimited
from pll_pipeline.validated.readers import delimited, read_table

CSV = Delimited(kind="delimited")


def test_every_cell_stays_text_and_every_row_knows_its_line() -> None:
    frame = read_table(b'code,value\n0301,"1 234"\n0101,\n', CSV, where="s/t/tall.csv").frame
    assert frame.to_dicts() == [
        {"code": "0301", "value": "1 234", "row_reference": "tall.csv:2"},
        {"code": "0101", "value": "", "row_reference": "tall.csv:3"},
    ]


def test_a_record_over_several_lines_is_named_by_its_first() -> None:
    frame = read_table(b'a,b\n1,"to\nlinjer"\n2,x\n', CSV, where="tall.csv").frame
    assert frame["row_reference"].to_list() == ["tall.csv:2", "tall.csv:4"]


def test_a_byte_order_mark_is_not_part_of_the_first_column() -> None:
    assert read_table("\ufeffa\n1\n".encode(), CSV, where="tall.csv").columns[0] == "a"


def test_the_declared_encoding_and_separator_are_used() -> None:
    how = Delimited(kind="delimited", encoding="windows-1252", separator=";")
    frame = read_table("navn;tall\nTromsø;3,5\n".encode("cp1252"), how, where="tall.csv").frame
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


_CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=6
) | st.sampled_from(["", "1 234", "Tromsø", " x ", "null", "NA", "1,5", '"', "\r"])


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(_CELL, min_size=width, max_size=width), min_size=1, max_size=6
        )
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([",", ";"]),
)
def test_what_is_read_at_once_is_what_is_read_one_by_one(
    rows: list[list[str]], end: str, separator: str
) -> None:
    header = [f"k{n}" for n in range(len(rows[0]))]
    text = "".join(separator.join(row) + end for row in [header, *rows])
    at_once = delimited._at_once(text.encode(), Delimited(kind="delimited", separator=separator))
    if at_once is not None:
        found, frame, lines = at_once
        assert (found, [list(row) for row in frame.rows()], list(lines)) == delimited._one_by_one(
            text, separator, "x"
        )


@pytest.mark.parametrize("text", ["a,b\n1,2\n3,4\n", "a;b\r\n1;2\r\n", "a\nx\n"])
def test_a_plain_file_is_read_at_once(text: str) -> None:
    assert (
        delimited._at_once(
            text.encode(), Delimited(kind="delimited", separator=";" if ";" in text else ",")
        )
        is not None
    )


@pytest.mark.parametrize(
    "text",
    [
        'a,b\n"1",2\n',
        "a,b\n\n1,2\n",
        "a,b\n1\n1,2,3\n",
        "a,b\n1,2,3\n4\n",
        "a,b\n1,\r2\n",
        "a,a\n1,2\n",
    ],
)
def test_what_is_not_plain_is_read_by_the_rules_of_quoting(text: str) -> None:
    assert delimited._at_once(text.encode(), CSV) is None
