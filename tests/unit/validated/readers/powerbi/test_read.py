"""What a source gets: text, references, totals compared, and what was not read."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from pll_pipeline.sources.model import PowerBi
from pll_pipeline.validated.readers import PublishedTable
from pll_pipeline.validated.readers.powerbi import (
    IncompleteAnswer,
    PowerBiError,
    QueryFailed,
    UnsupportedAnswer,
    as_csv,
    decode_saved,
    read,
    saved,
)
from tests.unit.validated.readers.powerbi.answers import (
    HOW,
    RESTART,
    SNAPSHOTS,
    WHERE,
    failed,
    flat,
    group,
    measure,
    page,
    schema,
    simple,
    three,
)


def read_saved(document: Any, **settings: Any) -> PublishedTable:
    content = json.dumps(document, ensure_ascii=False).encode()
    return read(content, PowerBi(kind="powerbi", **settings), where=WHERE)


def notes(document: Any, **settings: Any) -> list[tuple[str, int, str]]:
    return [(n.what, n.count, n.example) for n in read_saved(document, **settings).not_read]


def test_csv_keeps_null_the_empty_text_and_the_word_null_apart() -> None:
    texts = [None, "", "null", "\\N", 'a"b', "a,b", "a\r", " "]
    others = [
        True,
        1,
        2.0,
        0.1,
        Decimal("1E+2"),
        datetime(2024, 5, 1),
        datetime(1969, 5, 1, 1, 2, 3, 4000),
        -0.5,
    ]
    assert as_csv(list("abcdefgh"), [texts, others]) == (
        "a,b,c,d,e,f,g,h\n"
        '\\N,,null,"\\N","a""b","a,b","a\r", \n'
        "true,1,2.0,0.1,100,2024-05-01T00:00:00,1969-05-01T01:02:03.004000,-0.5\n"
    )
    assert as_csv(["a"], [[""], [None]]) == 'a\n""\n\\N\n'


def test_a_source_gets_every_cell_as_text_and_a_reference_to_its_row() -> None:
    pages = {
        "pages": [
            three({"C": [0, 7, 1]}, {"C": [1], "Ø": 6}, IC=False, RT=RESTART),
            three({"C": [1], "Ø": 6}, {"C": ["New", 2, 0.5]}),
        ]
    }
    read_pages = read(json.dumps(pages).encode(), HOW, where=WHERE)
    frame = read_pages.frame
    assert frame.columns == ["t.g0", "t.m0", "t.m1", "row_reference"]
    assert frame.rows() == [
        ("Web", "7", "1.0", "answer.json:row 1"),
        ("Phone", "", "", "answer.json:row 2"),
        ("New", "2", "0.5", "answer.json:row 3"),
    ]
    assert {name: mask.to_list() for name, mask in read_pages.number_cells.items()} == {
        "t.m0": [True, False, True],
        "t.m1": [True, False, True],
    }
    assert read_saved(simple("a")).frame.rows() == [("a", "answer.json:row 1")]


@pytest.mark.parametrize(
    "content",
    [
        {"pages": []},
        {"pages": simple("a")},
        {"pages": [simple("a")], "more": 1},
        {"pages": [page("a", token=RESTART)]},
        {"pages": ["text"]},
        flat([group(0)], []),
        flat([group(0, Name="row_reference")], [{"S": schema(("G0", 1)), "G0": "a"}]),
    ],
)
def test_a_source_gets_no_table_without_rows_or_of_half_an_answer(content: Any) -> None:
    with pytest.raises(PowerBiError):
        read(json.dumps(content).encode(), HOW, where=WHERE)


def summed(total: Any, *counts: Any, type_code: int = 4) -> bytes:
    """A page of counts by region, and their total asked for without groups."""
    first, *rest = [{"C": [f"r{number}", count]} for number, count in enumerate(counts)]
    page_ = flat(
        [group(0), measure(0)], [{"S": schema(("G0", 1), ("M0", type_code)), **first}, *rest]
    )
    return json.dumps(
        {
            "pages": [page_],
            "totals": flat(
                [measure(0)], [{"S": schema(("M0", type_code)), "M0": total}], groupings=[]
            ),
        }
    ).encode()


ADDITIVE = PowerBi(kind="powerbi", additive=["t.m0"])


def test_a_column_that_adds_up_to_its_total_is_read() -> None:
    assert read(summed(7, 3, None, 4), ADDITIVE, where=WHERE).frame["t.m0"].to_list() == [
        "3",
        "",
        "4",
    ]
    assert (
        read(
            summed("0.6000000000000001", 0.1, 0.2, 0.3, type_code=3), ADDITIVE, where=WHERE
        ).frame.height
        == 3
    )
    assert read(summed("1.30", "1.1", "0.2", type_code=2), ADDITIVE, where=WHERE).frame[
        "t.m0"
    ].to_list() == ["1.1", "0.2"]
    assert read(summed(None, None), ADDITIVE, where=WHERE).frame.height == 1


@pytest.mark.parametrize(
    ("total", "counts", "type_code"),
    [
        (8, [3, 4], 4),
        (2**53, [2**53, 1], 4),
        (0.61, [0.1, 0.2, 0.3], 3),
        ("1.2", ["1.1", "0.2"], 2),
        (None, [1], 4),
        (1, [None], 4),
    ],
)
def test_a_column_that_does_not_add_up_to_its_total_is_refused(
    total: Any, counts: list[Any], type_code: int
) -> None:
    with pytest.raises(IncompleteAnswer, match="add up to"):
        read(summed(total, *counts, type_code=type_code), ADDITIVE, where=WHERE)


def test_a_column_that_is_not_called_additive_is_not_compared_with_its_total() -> None:
    assert read(summed(0.5, 0.4, 0.6, type_code=3), HOW, where=WHERE).frame.height == 2


@pytest.mark.parametrize("name", ["t.g0", "t.m1"])
def test_what_is_called_additive_must_be_a_column_of_numbers(name: str) -> None:
    with pytest.raises(IncompleteAnswer, match="no such column of numbers"):
        read(summed(7, 7), PowerBi(kind="powerbi", additive=[name]), where=WHERE)


def test_what_is_called_additive_needs_totals_beside_the_pages() -> None:
    with pytest.raises(IncompleteAnswer, match="with a total"):
        read(
            json.dumps(
                {"pages": [flat([measure(0)], [{"S": schema(("M0", 4)), "M0": 7}], groupings=[])]}
            ).encode(),
            ADDITIVE,
            where=WHERE,
        )


def test_totals_that_are_an_error_are_refused_though_nothing_adds_up() -> None:
    saved = {"pages": [simple("a")], "totals": failed(error={"code": "ErrorLoadingModel"})}
    with pytest.raises(QueryFailed, match="totals"):
        read(json.dumps(saved).encode(), HOW, where=WHERE)


# --- several results ------------------------------------------------------------------------------


def several(*answers: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request of several queries."""
    results = [answer["results"][0] | {"jobId": f"j{n}"} for n, answer in enumerate(answers)]
    return {"jobIds": [result["jobId"] for result in results], "results": results}


def test_a_source_chooses_a_result_by_its_number() -> None:
    answer = several(simple("a"), simple("b", "c"))
    assert read_saved(answer, result=2).frame["t.g0"].to_list() == ["b", "c"]
    assert notes(answer, result=1) == [("other results", 1, "")]
    assert read_saved({"pages": [answer]}, result=1).frame["t.g0"].to_list() == ["a"]
    assert read_saved(simple("a"), result=1).frame.height == 1
    assert saved(json.dumps(answer).encode(), where=WHERE).results == 2


def test_a_result_must_be_chosen_and_be_there() -> None:
    answer = several(simple("a"), simple("b"))
    with pytest.raises(UnsupportedAnswer, match=r"has 2 results.*under read\.result"):
        read_saved(answer)
    with pytest.raises(UnsupportedAnswer, match="there is no number 3"):
        read_saved(answer, result=3)
    with pytest.raises(QueryFailed):
        read_saved(several(simple("a"), failed(error={"code": "ErrorLoadingModel"})), result=1)


def test_saved_answers_are_decoded_as_one_table_of_the_chosen_result() -> None:
    answer = json.dumps(several(simple("a"), simple("b", "c"))).encode()
    wrapped = json.dumps({"pages": [several(simple("a"), simple("b", "c"))]}).encode()
    for content in (answer, wrapped):
        decoded = decode_saved([content], where=WHERE, result=2)
        assert [row[0] for row in decoded.rows] == ["b", "c"]
    with pytest.raises(UnsupportedAnswer, match="--table"):
        decode_saved([answer], where=WHERE)


# --- what is not read -----------------------------------------------------------------------------


def test_totals_and_folded_groups_are_counted_and_are_no_rows() -> None:
    nested = json.loads((SNAPSHOTS / "nested_with_totals.json").read_text("utf-8"))
    assert read_saved(nested).frame.height == 3
    assert notes(nested) == [
        ("rows of totals", 4, "40, Vestland"),
        ("groups folded away, whose rows it lacks", 1, ""),
    ]
    matrix = json.loads((SNAPSHOTS / "matrix_with_totals.json").read_text("utf-8"))
    assert read_saved(matrix).frame.height == 9
    assert notes(matrix) == [("rows of totals", 7, "2023, 5")]


QUERY = {
    "Commands": [{"SemanticQueryDataShapeCommand": {"Query": {"Where": [{"Condition": "Å"}]}}}]
}


@pytest.mark.parametrize(
    ("beside", "filters"),
    [
        ({"filters": "[År] = 2026 "}, ["[År] = 2026"]),
        ({"filters": ["a", "b", "a"]}, ["a", "b"]),
        ({"request": {"queries": [{"Query": QUERY}]}}, ['{"Condition": "Å"}']),
        ({"filters": []}, []),
    ],
)
def test_filters_saved_with_an_answer_are_reported(
    beside: dict[str, Any], filters: list[str]
) -> None:
    document = {"pages": [simple("a")]} | beside
    assert saved(json.dumps(document).encode(), where=WHERE).filters == tuple(filters)
    expected = [("saved filters", len(filters), filters[0])] if filters else []
    assert notes(document) == expected


def test_other_filters_than_the_source_file_names_are_refused() -> None:
    document = {"pages": [simple("a")], "filters": ["b", "a"]}
    assert read_saved(document, filters=["a", "b"]).frame.height == 1
    with pytest.raises(UnsupportedAnswer, match=r"other filters than .* names: b; a"):
        read_saved(document, filters=["a"])
    with pytest.raises(UnsupportedAnswer, match="no filter"):
        read_saved(simple("a"), filters=["a"])


def test_a_very_long_filter_is_cut() -> None:
    document = {"pages": [simple("a")], "filters": [{"In": ["x" * 900]}, {"In": ["x" * 901]}]}
    filters = saved(json.dumps(document).encode(), where=WHERE).filters
    assert all(len(text) < 600 for text in filters)
    assert len(set(filters)) == 2, "filters that differ after the cut"
