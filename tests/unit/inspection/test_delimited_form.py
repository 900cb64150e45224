"""How delimited text is written: found by trying, proposed to a person."""

from __future__ import annotations

import pytest

from pll_pipeline.inspection.delimited_form import delimited_form, encoding_of

ROWS = (
    ("Fylke", "År", "Antall"),
    ("Møre og Romsdal", "2024", "12"),
    ("Østfold", "2024", "7"),
)


def _text(separator: str = ";", end: str = "\n") -> str:
    return end.join(separator.join(row) for row in ROWS) + end


def _form(text: str | bytes) -> dict[str, object]:
    content = text if isinstance(text, bytes) else text.encode()
    return delimited_form(content, "tall.csv").model_dump(exclude_defaults=True)


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16"])
def test_encoding_and_separator_are_found(separator: str, end: str, encoding: str) -> None:
    form = delimited_form(_text(separator, end).encode(encoding), "tall.csv")
    assert form.separator == separator
    assert form.encoding == encoding.removesuffix("-sig")
    assert not form.header


def test_utf_16_without_a_mark_is_known_by_its_zeros() -> None:
    assert encoding_of(_text().encode("utf-16-le"), "tall.csv") == "utf-16"


def test_the_line_for_excel_declares_the_separator() -> None:
    assert _form("sep=|\na|b;c;d;e\n1|2;3;4;5\n") == {"kind": "delimited", "separator": "|"}


@pytest.mark.parametrize(
    "above", ["Tittel\n\n", '"07459: Brukere, etter region"\n', "Tittel;;\nMer\n"]
)
def test_title_lines_are_found_and_the_header_proposed(above: str) -> None:
    assert _form(above + _text())["header"] == ["Fylke", "År", "Antall"]


def test_saved_filters_need_no_setting() -> None:
    filters = '"Brukte filtre:\nÅr er 2024"\n'
    assert _form(f"{filters}\n{_text()}\n{filters}") == {"kind": "delimited", "separator": ";"}


@pytest.mark.parametrize(
    ("below", "pattern"),
    [
        ("Kilde: NHN\nSist endret 1. april\n", "^Kilde"),
        ("\nKilde;;\n", "^Kilde"),
        ("Møre og Romsdal er nytt\n", "^Møre\\ og\\ Romsdal\\ er\\ nytt"),
    ],
)
def test_lines_below_the_table_are_found_and_its_end_proposed(below: str, pattern: str) -> None:
    assert _form(_text() + below)["ends_at"] == pattern


def test_a_header_of_two_lines_is_found() -> None:
    text = ";1. kvartal 2026;;2. kvartal 2026\nRegion;Lege;Sykehus;Lege\nOslo;1;2;3\nVoss;4;5;6\n"
    assert _form(text) == {
        "kind": "delimited",
        "separator": ";",
        "header": ["Region", "Lege", "Sykehus", "Lege"],
        "header_rows": 2,
    }


def test_columns_without_a_heading_are_to_be_named() -> None:
    assert _form(";;Antall\nOslo;2026;5\n")["columns"] == ["column 1", "column 2", "Antall"]


def test_one_column_has_no_separator_to_find() -> None:
    assert _form("Antall\n12\n13\n") == {"kind": "delimited", "separator": ";"}


def test_the_end_of_a_long_file_is_found_too() -> None:
    rows = "".join(f"Sted {n};2024;{n}\n" for n in range(40_000))
    assert _form(f"Fylke;År;Antall\n{rows}Kilde: NHN\n")["ends_at"] == "^Kilde"
