"""Delimited text: every cell as published, every fault named with its line."""

from __future__ import annotations

import csv
import io
import unicodedata
from typing import Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Delimited
from pll_pipeline.validated.readers import delimited, read_table
from pll_pipeline.validated.readers.table import NotRead, PublishedTable

CSV = Delimited(kind="delimited")
SEMICOLON = Delimited(kind="delimited", separator=";")
FIGURES = "Region;Måned;Antall\nOslo;mars 2026;5\nTroms;mars 2026;77\n"
ROWS = [("Oslo", "mars 2026", "5"), ("Troms", "mars 2026", "77")]


def _how(**settings: object) -> Delimited:
    return Delimited.model_validate({"kind": "delimited", "separator": ";"} | settings)


def _read(text: str | bytes, how: Delimited = SEMICOLON) -> PublishedTable:
    content = text if isinstance(text, bytes) else text.encode(how.encoding)
    return read_table(content, how, where="kilde/2026/tall.csv")


def _cells(table: PublishedTable) -> list[tuple[str, ...]]:
    return [row[:-1] for row in table.frame.rows()]


def _lines(table: PublishedTable) -> list[str]:
    return table.frame["row_reference"].to_list()


def _refusal(text: str | bytes, how: Delimited = SEMICOLON) -> str:
    with pytest.raises(PllError) as refused:
        _read(text, how)
    return str(refused.value)


def test_every_cell_stays_text_and_every_row_knows_its_line() -> None:
    frame = read_table(b'code,value\n0301,"1 234"\n0101,\n', CSV, where="s/t/tall.csv").frame
    assert frame.to_dicts() == [
        {"code": "0301", "value": "1 234", "row_reference": "tall.csv:2"},
        {"code": "0101", "value": "", "row_reference": "tall.csv:3"},
    ]


def test_a_record_over_several_lines_is_named_by_its_first() -> None:
    table = _read('a;b\n1;"to\nlinjer"\n2;x\n')
    assert _lines(table) == ["tall.csv:2", "tall.csv:4"]
    assert _cells(table)[0] == ("1", "to\nlinjer")


# --- line ends and encodings ------------------------------------------------------------------


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("has_last_line_end", [True, False])
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "iso-8859-1", "utf-16"])
def test_line_ends_quotes_and_encodings_change_no_cell(
    line_end: str, has_last_line_end: bool, quote: str, encoding: str
) -> None:
    text = FIGURES.replace("Oslo", f"{quote}Oslo{quote}")
    text = (text if has_last_line_end else text[:-1]).replace("\n", line_end)
    table = _read(text, _how(encoding=encoding))
    assert _cells(table) == ROWS
    assert table.columns == ["Region", "Måned", "Antall"]
    assert _lines(table) == ["tall.csv:2", "tall.csv:3"]


def test_a_byte_order_mark_is_not_part_of_the_first_column() -> None:
    assert _read(("\ufeff" + FIGURES).encode()).columns[0] == "Region"
    big_endian = ("\ufeff" + FIGURES).encode("utf-16-be")
    assert _read(big_endian, _how(encoding="utf-16")).columns[0] == "Region"


def test_a_byte_order_mark_of_another_encoding_is_named() -> None:
    assert "starts with the byte order mark of utf-16" in _refusal(FIGURES.encode("utf-16"))
    marked = _refusal(FIGURES.encode("utf-8-sig"), _how(encoding="windows-1252"))
    assert "not windows-1252: it starts with the byte order mark of utf-8" in marked


def test_a_file_cut_off_in_its_last_record_says_so() -> None:
    refusal = _refusal(FIGURES[:-4])
    assert "The line has 2 cells, the header 3: 'Troms'" in refusal
    assert "probably cut off" in refusal
    assert "line 3" in refusal
    assert "cut off, and" not in _refusal(FIGURES + "Finnmark;mars 2026\n")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a;b\n1;Tromsø\n".encode("cp1252"), "not utf-8: byte 11 .*line 2"),
        (b"a;b\n1;2\n3;4;5\n", "3 cells, the header 2: '3'.*line 3"),
        (b"a;a\n1;2\n", "'a' occurs twice"),
        (b"a;row_reference\n1;2\n", "'row_reference' occurs twice"),
        (b"a;;\n1;2;3\n", "Two columns have no heading"),
        (b"a;b\n", "no rows"),
        (b"a;b\n;\n", "no rows"),
        (b"", "no rows"),
        (b'a;b\n1;"2\n', "not well-formed.*line 2"),
        (b'a;b\n1;"2" x\n', "not well-formed.*line 2"),
        (b"a;b\n1;2\x00\n", "character of value zero.*line 2"),
        (b"%PDF-1.7\n%....", "The file is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), r"workbook of the old form \(.xls\)"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_and_where(content: bytes, expected: str) -> None:
    with pytest.raises(PllError, match=f"(?s){expected}"):
        _read(content)


# --- what is above, within and below the table ------------------------------------------------

TITLE = '"07459: Brukere; etter region"\n\n'


def test_lines_above_the_declared_header_are_not_read_and_counted() -> None:
    table = _read(TITLE + FIGURES, _how(header=["Måned", "Antall"]))
    assert _cells(table) == ROWS
    assert _lines(table) == ["tall.csv:4", "tall.csv:5"]
    assert table.not_read == (
        NotRead("tall.csv, line 1", "lines above the header", 1, "07459: Brukere; etter region"),
    )


def test_declared_lines_at_the_start_are_skipped() -> None:
    table = _read("Tittel;a;b\nMer;c;d\n" + FIGURES, _how(skip_lines=2))
    assert _cells(table) == ROWS
    assert [(n.where, n.count) for n in table.not_read] == [("tall.csv, lines 1–2", 2)]


def test_a_header_that_no_line_contains_is_refused_with_the_first_line() -> None:
    refusal = _refusal(FIGURES, _how(header=["Region", "Andel"]))
    assert "No line of the file contains all of 'Region', 'Andel'; the first is 'Region'" in refusal


def test_a_title_that_is_not_declared_is_refused_with_the_line_to_add() -> None:
    assert "header: ['Region', 'Måned', 'Antall']" in _refusal("Brukere per måned\n\n" + FIGURES)


def test_the_line_that_gives_excel_the_separator_is_no_header() -> None:
    for line in ("sep=;\n", '"sep=;"\r\n', "SEP=;\n"):
        table = _read(line + FIGURES)
        assert _cells(table) == ROWS
        assert table.not_read[0].example in ("sep=", "sep=;", "SEP=")
    assert "declares the separator ','" in _refusal("sep=,\n" + FIGURES)


@pytest.mark.parametrize(
    "filters",
    ['"Brukte filtre:\nÅr er 2026\nRegion er ikke tom"\n', "Brukte filtre: År er 2026\n"],
)
def test_the_saved_filters_of_a_power_bi_export_are_no_rows(filters: str) -> None:
    above = _read(filters + "\n" + FIGURES)
    below = _read(FIGURES + "\n" + filters)
    for table, what in ((above, "lines above the header"), (below, "lines below the table")):
        assert _cells(table) == ROWS
        assert [n.what for n in table.not_read] == [what]
        assert table.not_read[0].count == filters.count("\n")
        assert table.not_read[0].example.startswith("Brukte filtre: År er 2026")


def test_rows_below_saved_filters_may_belong_to_the_table() -> None:
    text = FIGURES + "Brukte filtre: År er 2026\nNordland;mars 2026;8\n"
    assert [n.may_belong for n in _read(text).not_read] == [True]
    assert [n.may_belong for n in _read(text, _how(ends_at="^Brukte")).not_read] == [False]
    assert [n.may_belong for n in _read(FIGURES + "Brukte filtre: x\nÅr\n").not_read] == [False]


@pytest.mark.parametrize("note", ["Kilde: NHN\n", "Kilde: NHN;;\n", "Kilde: NHN; se nhn.no\n"])
def test_the_lines_from_the_declared_end_on_are_not_read_and_counted(note: str) -> None:
    table = _read(FIGURES + note + "Sist endret 1. april\n", _how(ends_at="^Kilde"))
    assert _cells(table) == ROWS
    assert [(n.where, n.what, n.count) for n in table.not_read] == [
        ("tall.csv, lines 4–5", "lines below the table", 2)
    ]
    assert table.not_read[0].example.startswith("Kilde: NHN")


def test_a_note_below_the_table_that_is_not_declared_is_refused_with_the_line_to_add() -> None:
    assert "ends_at: '^Kilde'" in _refusal(FIGURES + "\nKilde: Norsk helsenett\n")


def test_rows_and_columns_without_anything_in_them_are_left_out() -> None:
    table = _read("a;b;\n1;2;\n;;\n3;4;\n ;;\n")
    assert table.columns == ["a", "b"]
    assert _cells(table) == [("1", "2"), ("3", "4")]
    assert [(n.where, n.count) for n in table.not_read] == [("tall.csv, lines 3–5", 2)]


def test_a_column_without_a_heading_is_kept_where_it_has_values() -> None:
    assert _read(";b\n1;2\n").columns == ["", "b"]


def test_a_header_of_several_lines_is_joined_and_spread_to_the_right() -> None:
    text = ";1. kvartal 2026;;2. kvartal 2026\nRegion;Lege;Sykehus;Lege\nOslo;1;2;3\n"
    table = _read("Tittel\n" + text, _how(header=["Region"], header_rows=2))
    assert table.columns == [
        "Region",
        "1. kvartal 2026 / Lege",
        "1. kvartal 2026 / Sykehus",
        "2. kvartal 2026 / Lege",
    ]
    assert _cells(table) == [("Oslo", "1", "2", "3")]
    assert "cannot span 3 lines" in _refusal(text, _how(header=["Region"], header_rows=3))


def test_columns_can_be_named_in_the_source_file() -> None:
    table = _read(";;Antall\nOslo;2026;5\n", _how(columns=["Region", "År", "Antall"]))
    assert table.frame.row(0, named=True) | {"row_reference": ""} == {
        "Region": "Oslo",
        "År": "2026",
        "Antall": "5",
        "row_reference": "",
    }
    assert "has 3 columns, read.columns 2" in _refusal(FIGURES, _how(columns=["a", "b"]))


def test_headings_are_on_one_line() -> None:
    assert _read('Region ;"Antall\n  brukere"\nOslo;5\n').columns == ["Region", "Antall brukere"]


@pytest.mark.parametrize("quote", ["", '"'])
def test_headings_have_composed_letters(quote: str) -> None:
    text = unicodedata.normalize("NFD", FIGURES).replace("Oslo", f"{quote}Oslo{quote}")
    assert _read(text, _how(header=["Måned"])).columns == ["Region", "Måned", "Antall"]


# --- at once and one by one -------------------------------------------------------------------

_CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=6
) | st.sampled_from(["", "1 234", "Tromsø", " x ", "null", "NA", "1,5", '"', "\r", "sep="])


def _one_by_one(content: bytes, how: Delimited) -> PublishedTable:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_at_once", lambda *_: None)
        return _read(content, how)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(_CELL, min_size=width, max_size=width), min_size=1, max_size=6
        )
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([",", ";"]),
    st.booleans(),
)
def test_what_is_read_at_once_is_what_is_read_one_by_one(
    rows: list[list[str]], end: str, separator: str, has_last_line_end: bool
) -> None:
    header = [f"k{n}" for n in range(len(rows[0]))]
    text = "".join(separator.join(row) + end for row in [header, *rows])
    content = (text if has_last_line_end else text.removesuffix(end)).encode()
    how = Delimited.model_validate({"kind": "delimited", "separator": separator})
    try:
        at_once = delimited._at_once(content, how, "tall.csv", "tall.csv")
    except PllError:
        return
    if at_once is not None:
        table = _one_by_one(content, how)
        assert at_once.frame.equals(table.frame)
        assert at_once.not_read == table.not_read


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(_CELL, min_size=2, max_size=2), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_the_standard_library_writes_is_read_back(
    rows: list[list[str]], end: str, quoting: Literal[0, 1]
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", lineterminator=end, quoting=quoting)
    writer.writerows([["a", "b"], *rows])
    blank = " \t\n\v\f\r\u00a0"
    expected = [tuple(row) for row in rows if any(cell.strip(blank) for cell in row)]
    assume(quoting == csv.QUOTE_ALL or "\r" not in written.getvalue().replace(end, ""))
    if not expected:
        assert "no rows" in _refusal(written.getvalue())
    else:
        assert _cells(_read(written.getvalue())) == expected


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("a;b\n1;2\n3;4\n", {}),
        ("a;b\n1;2\n3;4", {}),
        ("a;b\r\n1;2\r\n", {}),
        ("a;b\r1;2\r", {}),
        ("Tittel\n\na;b\n1;2\n", {"header": ["a"]}),
        ('"a";"b"\n1;2\n', {}),
        ("a;b\n;2\n ;3\n", {}),
    ],
)
def test_a_plain_file_is_read_at_once(text: str, settings: dict[str, object]) -> None:
    table = delimited._at_once(text.encode(), _how(**settings), "tall.csv", "tall.csv")
    assert table is not None
    assert table.frame.equals(_one_by_one(text.encode(), _how(**settings)).frame)


@pytest.mark.parametrize(
    "text",
    [
        'a;b\n"1";2\n',
        "a;b\n\n1;2\n",
        "a;b\n1\n1;2;3\n",
        "a;b\n1;2;3\n4\n",
        "a;b\n1;\r2\n",
        "a;a\n1;2\n",
        "a;b\n1;2\nKilde;\n",
        "a;b\n1;2\n;\n",
        "a\n1\n",
        "a;\n1;\n",
    ],
)
def test_what_is_not_plain_is_read_by_the_rules_of_quoting(text: str) -> None:
    assert delimited._at_once(text.encode(), SEMICOLON, "tall.csv", "tall.csv") is None
