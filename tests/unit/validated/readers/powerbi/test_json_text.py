"""Bytes: strict JSON, and a large answer read in pieces is the same."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.validated.readers.powerbi import (
    MalformedAnswer,
    UnsupportedAnswer,
    decode,
    json_text,
)
from tests.unit.validated.readers.powerbi.answers import (
    SNAPSHOTS,
    WHERE,
    encoded,
    flat,
    group,
    many,
    measure,
    rows,
    schema,
    simple,
    tables,
    three,
)


def test_a_byte_order_mark_and_packing_are_accepted() -> None:
    plain = json.dumps(simple("æ")).encode()
    for content in (b"\xef\xbb\xbf" + plain, gzip.compress(plain)):
        assert decode([content], where=WHERE).rows == (("æ",),)


def test_the_mark_of_nulls_may_be_escaped() -> None:
    escaped = json.dumps(three({"C": [0, 7], "Ø": 4})).encode()
    assert b"u00d8" in escaped
    assert decode([escaped], where=WHERE).rows == (("Web", 7, None),)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"<html>",
        b"[" * 100_000,
        b'{"results": NaN}',
        b'{"results": [], "results": []}',
        b'{"a": 1e99999999999999999999}',
        b'{"a": ' + b"9" * 10_000 + b"}",
        gzip.compress(b"{}", mtime=0)[:-9],
        gzip.compress(b"{}", mtime=0) + b"x",
        b"\x1f\x8bx",
        json.dumps(simple("a")).encode("utf-16"),
        json.dumps(simple("a")).replace('"N": "DS0"', '"N": "DS0", "IC": false').encode(),
    ],
)
def test_bytes_that_are_no_answer_are_refused(content: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        decode([content], where=WHERE)


def test_a_result_of_dedicated_capacity_may_be_of_job_0() -> None:
    answer = simple("a")
    answer["results"][0]["jobId"] = "0"
    assert rows(answer) == [("a",)]


def test_a_table_beyond_all_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pll_pipeline.validated.readers.powerbi.members.MOST_ROWS", 2)
    with pytest.raises(UnsupportedAnswer, match="more than 2 rows"):
        rows(simple("a", "b", "c"))
    monkeypatch.setattr("pll_pipeline.validated.readers.powerbi.json_text.LARGEST_ANSWER", 100)
    for content in (b" " * 101, gzip.compress(b" " * 101, mtime=0)):
        with pytest.raises(MalformedAnswer, match="larger than"):
            decode([content], where=WHERE)


def test_one_page_is_not_taken_for_many() -> None:
    one_page: Any = json.dumps(simple("a")).encode()
    with pytest.raises(TypeError):
        decode(one_page, where=WHERE)


def cut_small(patch: pytest.MonkeyPatch, piece: int) -> None:
    """Let every answer be read as a large one is."""
    patch.setattr(json_text, "CUT_FROM", 0)
    patch.setattr(json_text, "_PIECE", piece)


@many
@given(tables(), st.sampled_from([1, 20, 100]), st.booleans())
def test_a_table_read_in_pieces_is_the_same(
    drawn: tuple[list[int], list[tuple[Any, ...]]], piece: int, spaced: bool
) -> None:
    types, records = drawn
    content = json.dumps(
        encoded(types, records), separators=None if spaced else (",", ":")
    ).encode()
    with pytest.MonkeyPatch.context() as patch:
        cut_small(patch, piece)
        assert list(decode([content], where=WHERE).rows) == records


@pytest.mark.parametrize("name", ["nested_with_totals", "matrix_with_totals"])
@pytest.mark.parametrize("piece", [1, 30, 300])
def test_groups_and_cells_read_in_pieces_are_the_same(
    name: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (SNAPSHOTS / f"{name}.json").read_bytes()
    whole = decode([content], where=WHERE)
    cut_small(monkeypatch, piece)
    in_pieces = decode([content], where=WHERE)
    assert (in_pieces.rows, in_pieces.totals, in_pieces.closed_branches) == (
        whole.rows,
        whole.totals,
        whole.closed_branches,
    )


def test_texts_that_look_like_the_end_of_a_row_do_not_part_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut_small(monkeypatch, 1)
    texts = ["}", "},{", '},{"', "a:b", "}, {", "\\"]
    assert [row[0] for row in rows(simple(*texts))] == texts


@pytest.mark.parametrize(
    "row",
    [
        b'{"C":[1,2],"C":[3,4]}',
        b'{"C":[1],"R":1,"R":2}',
        b'{"C":["x:y",1],"C":["z",2]}',
        b'{"C":["x",1],"C":["\\u003a",2]}',
        b'{"C":5,"C":[":",2]}',
        b'{"C":[1,NaN]}',
        b'{"C":[1,2],}',
        b'{"C":[1,"\xff"]}',
    ],
)
def test_what_is_no_strict_json_is_refused_in_a_piece_too(
    row: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = json.dumps(
        flat(
            [group(0), measure(0)],
            [{"S": schema(("G0", 4), ("M0", 4)), "C": [1, 2]}, {"C": [5, 5]}],
        )
    ).encode()
    assert b'{"C": [5, 5]}' in answer
    cut_small(monkeypatch, 1)
    with pytest.raises(MalformedAnswer, match=r"not JSON|UTF-8"):
        decode([answer.replace(b'{"C": [5, 5]}', row)], where=WHERE)
