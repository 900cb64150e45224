"""JSON-stat: versions 1 and 2 give the same rows, every digit stays, every fault is named."""

from __future__ import annotations

import gc
import itertools
import json
import math
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import JsonStat
from pll_pipeline.validated.readers import PublishedTable, jsonstat

HOW = JsonStat(kind="jsonstat")


@pytest.fixture
def without_collector() -> Iterator[None]:
    """Garbage of other tests is not collected where nothing more can be called."""
    gc.disable()
    yield
    gc.enable()


def read(
    content: str | bytes | dict[str, Any], where: str = "ssb/2026/table.json"
) -> PublishedTable:
    if isinstance(content, dict):
        content = json.dumps(content)
    return jsonstat.read(
        content.encode() if isinstance(content, str) else content, HOW, where=where
    )


def rows(content: str | bytes | dict[str, Any]) -> list[dict[str, str]]:
    return read(content).frame.to_dicts()


def version_2(**changes: Any) -> dict[str, Any]:
    dataset = {
        "version": "2.0",
        "class": "dataset",
        "label": "Folkemengde",
        "id": ["Region", "Tid"],
        "size": [2, 2],
        "role": {"geo": ["Region"], "time": ["Tid"]},
        "dimension": {
            "Region": {
                "label": "region",
                "category": {
                    "index": {"0301": 1, "11": 0},
                    "label": {"11": "Rogaland", "0301": "Oslo"},
                },
            },
            "Tid": {"category": {"index": ["2023", "2024"]}},
        },
        "value": [1, 2.50, None, 4],
    }
    return dataset | changes


def version_1(**changes: Any) -> dict[str, Any]:
    dataset = version_2(**changes)
    dimension = dataset["dimension"] | {key: dataset.pop(key) for key in ("id", "size", "role")}
    return {
        "dataset": {
            "label": "Folkemengde",
            "dimension": dimension,
            "value": dataset["value"],
            "status": dataset.get("status"),
        }
    }


def with_dimension(name: str, described: Any) -> dict[str, Any]:
    return version_2(dimension=version_2()["dimension"] | {name: described})


EXPECTED = [
    {
        "Region": "11",
        "Region_label": "Rogaland",
        "Tid": "2023",
        "Tid_label": "",
        "value": "1",
        "status": "",
        "row_reference": "table.json:cell 0",
    },
    {
        "Region": "11",
        "Region_label": "Rogaland",
        "Tid": "2024",
        "Tid_label": "",
        "value": "2.5",
        "status": "",
        "row_reference": "table.json:cell 1",
    },
    {
        "Region": "0301",
        "Region_label": "Oslo",
        "Tid": "2023",
        "Tid_label": "",
        "value": "",
        "status": "",
        "row_reference": "table.json:cell 2",
    },
    {
        "Region": "0301",
        "Region_label": "Oslo",
        "Tid": "2024",
        "Tid_label": "",
        "value": "4",
        "status": "",
        "row_reference": "table.json:cell 3",
    },
]


def test_the_parts_of_a_table_too_large_for_one_answer_follow_each_other() -> None:
    found = rows({"parts": [version_2(), version_2()]})
    assert [row | {"row_reference": ""} for row in found] == [
        row | {"row_reference": ""} for row in EXPECTED * 2
    ]
    assert (found[0]["row_reference"], found[7]["row_reference"]) == (
        "table.json part 1:cell 0",
        "table.json part 2:cell 3",
    )


def test_version_2_gives_a_row_for_every_cell_also_without_a_value() -> None:
    assert rows(version_2()) == EXPECTED


def test_version_1_gives_the_same_rows_whatever_its_dataset_is_called() -> None:
    assert rows(version_1()) == EXPECTED
    assert rows({"folkemengde*2024": version_1()["dataset"]}) == EXPECTED


def test_columns_are_in_the_order_of_the_dimensions_and_the_reference_is_last() -> None:
    frame = read(version_2()).frame
    assert frame.columns == [
        "Region",
        "Region_label",
        "Tid",
        "Tid_label",
        "value",
        "status",
        "row_reference",
    ]
    assert {str(kind) for kind in frame.dtypes} == {"String"}


def test_names_of_dimensions_have_composed_letters() -> None:
    decomposed = "Ma\u030aned"
    dimension = {decomposed: {"category": {"index": ["1", "2"]}}}
    table = read(version_2(id=[decomposed], size=[2], dimension=dimension, value=[1, 2]))
    assert table.columns == ["Måned", "Måned_label", "value", "status"]
    twice = dimension | {"Måned": {"category": {"index": ["1"]}}}
    with pytest.raises(PllError, match="Two columns would be named 'Måned'"):
        read(version_2(id=[decomposed, "Måned"], size=[2, 1], dimension=twice, value=[1, 2]))


def test_roles_change_nothing() -> None:
    assert rows(version_2(role={"metric": ["Tid"]})) == EXPECTED


def test_a_number_keeps_every_digit_and_its_form() -> None:
    numbers = ["12345678901234567890.10", "1.50", "-0", "1E+2"]
    content = json.dumps(version_2(value=["?"])).replace('["?"]', f"[{', '.join(numbers)}]")
    assert [row["value"] for row in rows(content)] == numbers


def test_a_text_in_the_place_of_a_number_stays_as_published() -> None:
    assert [row["value"] for row in rows(version_2(value=["..", ":", 3, "4,0"]))] == [
        "..",
        ":",
        "3",
        "4,0",
    ]


def test_numbers_are_known_from_texts_that_look_like_them() -> None:
    mask = read(version_2(value=["..", None, 3, "4,0"])).number_cells["value"]
    assert mask.to_list() == [False, False, True, False]


def test_values_may_be_sparse() -> None:
    assert rows(version_2(value={"3": 4, "0": 1, "1": 2.5})) == EXPECTED
    assert [row["value"] for row in rows(version_2(value={}))] == [""] * 4


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (["", None, ".", "p"], ["", "", ".", "p"]),
        ({"2": ".", "3": "p"}, ["", "", ".", "p"]),
        ("p", ["p"] * 4),
        (["p"], ["p"] * 4),
        (None, [""] * 4),
    ],
)
def test_a_status_is_an_array_an_object_or_one_text_for_all(
    status: Any, expected: list[str]
) -> None:
    assert [row["status"] for row in rows(version_2(status=status))] == expected
    assert [row["status"] for row in rows(version_1(status=status))] == expected


def test_a_dimension_of_one_category_may_be_known_by_its_label_only() -> None:
    content = with_dimension("Region", {"category": {"label": {"0": "Hele landet"}}}) | {
        "size": [1, 2],
        "value": [1, 2],
    }
    assert [(row["Region"], row["Region_label"]) for row in rows(content)] == [
        ("0", "Hele landet")
    ] * 2


def test_a_byte_order_mark_and_utf_16_are_read() -> None:
    text = json.dumps(version_2(), ensure_ascii=False)
    assert rows(text.encode("utf-8-sig")) == EXPECTED
    assert rows(text.encode("utf-16")) == EXPECTED


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\n <!DOCTYPE html><html><body>Vedlikehold</body></html>", "is HTML or XML, not JSON"),
        (b"Region;Tid;value\n", "not JSON: Expecting value.*table.json, line 1, column 1"),
        (b'{"class": "dataset",\n "value": [1, 2', "not JSON.*line 2"),
        (b"", "not JSON"),
        ('{"label": "Tromsø"}'.encode("cp1252"), "not JSON: byte 16 is not utf-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b"[1, 2]", "it is no object"),
        (b"{}", "contains no JSON-stat dataset"),
        (b'{"a": 1, "b": {"c": 1, "d": 2, "c": 3}}', "The key 'c' is there twice"),
        (b'{"value": [NaN]}', "'NaN', which is not finite"),
        (b'{"value": [-Infinity]}', "'-Infinity', which is not finite"),
        (b'{"value": [1e999]}', "'1e999', which is not finite"),
    ],
)
@pytest.mark.usefixtures("without_collector")
def test_a_file_that_is_no_json_stat_says_what_it_is(content: bytes, says: str) -> None:
    with pytest.raises(PllError, match=f"(?s){says}"):
        rows(content)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"error": "Parameter error"}, "'Parameter error'"),
        ({"error": [{"status": 413, "label": "Too many cells"}]}, "Too many cells"),
        (
            {"type": "Parameter error", "title": "Missing selection", "status": 400},
            "Missing selection",
        ),
        (
            {"title": "Not found", "status": 404, "detail": "Table 07459 is closed"},
            "Table 07459 is closed",
        ),
        ({"version": "2.0", "class": "error", "label": "Resource not found"}, "Resource not found"),
        ({"message": "API rate limit exceeded"}, "rate limit"),
        ({"title": "Bad request", "errors": {"Tid": ["unknown code"]}}, "unknown code"),
    ],
)
def test_an_error_of_a_statistics_bank_is_named_in_its_words(
    answer: dict[str, Any], says: str
) -> None:
    with pytest.raises(
        PllError, match=f"answered with an error: .*{says}.*Where: ssb/2026/table.json.*What to do"
    ):
        rows(answer)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"a": version_1()["dataset"], "b": version_1()["dataset"]}, r"2 datasets: \['a', 'b'\]"),
        (
            {"version": "2.0", "class": "collection", "link": {"item": []}},
            "a JSON-stat 'collection', not a dataset",
        ),
        (
            {"version": "2.0", "class": "dimension", "category": {}},
            "a JSON-stat 'dimension', not a dataset",
        ),
        (version_2(dimension=[]), "has no dimensions"),
        ({"version": "2.0", "class": "dataset", "dimension": True}, "has no dimensions"),
        ({"dataset": {"value": [1]}}, "has no dimensions"),
        (version_2(id="Region"), "id and size must be lists of the same length"),
        (version_2(size=[4]), "id and size must be lists of the same length"),
        (version_2(id=[], size=[], value=[1]), "id and size must be lists of the same length"),
        (version_2(id=["Region", ""]), "names its dimensions"),
        (version_2(id=["Region", "Region"]), "Two columns would be named 'Region'"),
        (version_2(id=["Region", "Region_label"]), "Two columns would be named 'Region_label'"),
        (version_2(id=["Region", "value"]), "Two columns would be named 'value'"),
        (version_2(size=[2, 2.5]), "The size of 'Tid' is '2.5', not a whole number"),
        (version_2(size=[2, -2]), "The size of 'Tid' is '-2', not a whole number"),
        (version_2(size=[2, 0]), "no cells: its sizes are 2 × 0"),
        (version_2(size=[2, 2_500_001]), "5000002 cells, more than 5000000"),
        (version_2(id=["Region", "Alder"]), "'Alder' is named in id but not described"),
        (
            version_2(size=[2, 3], value=[None] * 6),
            "The dimension 'Tid' has 2 categories, its size is 3",
        ),
        (
            with_dimension("Tid", {"category": {"label": {"a": "A"}}}),
            "'Tid' has 1 categories, its size is 2",
        ),
        (with_dimension("Tid", {"category": {"index": ["2023", "2023"]}}), "one is there twice"),
        (with_dimension("Tid", {"category": {"index": ["2023", ["2024"]]}}), "are no texts"),
        (with_dimension("Tid", {"category": {"index": "2023"}}), "neither a list nor an object"),
        (
            with_dimension("Tid", {"category": {"index": {"2023": 0, "2024": 2}}}),
            "position 2 of category '2024' of the dimension 'Tid' is out of range",
        ),
        (
            with_dimension("Tid", {"category": {"index": {"2023": 1, "2024": 1}}}),
            "position 1 of category '2024' of the dimension 'Tid' is taken twice",
        ),
        (
            with_dimension("Tid", {"category": {"index": {"2023": -1, "2024": 1}}}),
            "position of category '2023' of 'Tid' is '-1', not a whole number",
        ),
        (
            with_dimension("Tid", {"category": {"index": ["2023", "2024"], "label": ["a", "b"]}}),
            "labels of the dimension 'Tid' are no object",
        ),
        (
            with_dimension(
                "Tid",
                {"category": {"index": ["2023", "2024"], "label": {"2023": {}, "2024": ["x"]}}},
            ),
            "label of the dimension 'Tid' is no text",
        ),
        (with_dimension("Tid", {"category": {"index": ["2023", "\ud800"]}}), "half a character"),
        (version_2(value=[1, 2, 3]), "has 3 values, its sizes make 4"),
        (version_2(value=None), "has no values"),
        (version_2(value=[1, 2, 3, True]), "value of cell 3 is True, neither a number nor a text"),
        (version_2(value=[1, [2], 3, 4]), r"value of cell 1 is \['2'\]"),
        (
            version_2(value={"4": 1}),
            "position 4 of a value is out of range: the dataset has 4 cells",
        ),
        (version_2(value={"03": 1}), "position of a value is '03', not a whole number"),
        (version_2(status=["a", "b"]), "has 2 statuses, its sizes make 4"),
        (version_2(status={"4": "a"}), "position 4 of a status is out of range"),
        (version_2(status=True), "status of the dataset is neither"),
    ],
)
def test_a_dataset_that_does_not_agree_with_itself_is_refused(
    answer: dict[str, Any], says: str
) -> None:
    with pytest.raises(PllError, match=f"{says}.*Where: ssb/2026/table.json.*What to do"):
        rows(answer)


# --- units and notes ------------------------------------------------------------------------------


def with_units(units: Any, **changes: Any) -> dict[str, Any]:
    category = {"index": {"A": 0, "B": 1}, "unit": units}
    dimension = {
        "Innhold": {"category": category},
        "Tid": {"category": {"index": ["2023", "2024"]}},
    }
    return version_2(id=["Innhold", "Tid"], dimension=dimension, **changes)


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ({"base": "1 000 personer", "decimals": 0}, "1 000 personer"),
        ({"base": "personer", "multiplier": 3}, "thousand personer"),
        ({"base": "personer", "multiplier": "1000"}, "thousand personer"),
        ({"label": "euro", "symbol": "EUR", "multiplier": 6}, "million euro EUR"),
        ({"base": "personer", "multiplier": 0}, "personer"),
        ({"base": "prosent", "label": "prosent"}, "prosent"),
        ("1 000 kr", "1 000 kr"),
        ({"decimals": 1}, None),
        (None, None),
        ([], None),
    ],
)
def test_the_unit_of_a_category_is_that_of_its_values(unit: Any, words: str | None) -> None:
    table = read(with_units({"A": unit, "B": {"base": "kommuner"}}))
    assert table.units["value"].to_list() == [words, words, "kommuner", "kommuner"]
    assert table.faults == {}


def test_the_unit_of_the_dataset_is_that_of_all_its_values() -> None:
    table = read(version_2(unit={"base": "personer", "multiplier": 3}))
    assert table.units["value"].to_list() == ["thousand personer"] * 4
    both = read(with_units({"A": {"base": "kvinner"}}, unit="1 000"))
    assert both.units["value"].to_list() == ["1 000 kvinner", "1 000 kvinner", "1 000", "1 000"]


def test_a_dataset_without_units_states_none() -> None:
    assert read(version_2()).units == {}
    assert read(with_units("personer")).units == {}


def test_values_whose_unit_has_an_unknown_multiplier_are_faults() -> None:
    table = read(with_units({"A": {"base": "kr", "multiplier": 9}}))
    assert set(table.faults) == {(0, "value"), (1, "value")}
    assert "a multiplier that is not understood: 'multiplied by 9 kr'" in table.faults[0, "value"]


def test_the_units_of_parts_follow_each_other() -> None:
    thousands = with_units({"A": {"base": "kr", "multiplier": 3}})
    table = read({"parts": [with_units({}), thousands, with_units({"B": {"multiplier": 9}})]})
    assert table.units["value"].to_list()[:6] == [*[None] * 4, "thousand kr", "thousand kr"]
    assert set(table.faults) == {(10, "value"), (11, "value")}
    assert table.number_cells["value"].to_list() == [True, True, False, True] * 3


def test_parts_with_other_columns_are_refused() -> None:
    with pytest.raises(PllError, match="The parts have different columns"):
        read({"parts": [version_2(), with_units({})]})


def test_notes_and_the_meanings_of_marks_are_counted_as_not_read() -> None:
    extension = {"status": {"label": {":": "vises ikke", ".": "ikke mulig"}}}
    notes = read(version_2(note=["Foreløpige tall", "Avrundet"], extension=extension)).not_read
    assert [(note.what, note.count, note.example) for note in notes] == [
        ("notes", 2, "Foreløpige tall"),
        ("meanings of status marks", 2, ": vises ikke"),
    ]
    assert read(version_2(note="x", extension=[])).not_read == ()


# --- any cube -------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda d: f"{d:f}"),
)


class Raw(str):
    """A number, written with the digits it was made of."""


@st.composite
def cubes(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(
        st.lists(
            st.sampled_from(["Region", "Tid", "Kjønn", "Alder", "id", "size"]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    codes = [draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True)) for _ in names]
    labels = [draw(st.dictionaries(st.sampled_from(each), TEXTS)) for each in codes]
    cells = math.prod(map(len, codes))
    values = draw(st.lists(st.none() | NUMBERS, min_size=cells, max_size=cells))
    statuses = draw(st.lists(st.sampled_from(["", ".", "p"]), min_size=cells, max_size=cells))
    return {
        "names": names,
        "codes": codes,
        "labels": labels,
        "values": values,
        "statuses": statuses,
    }


def encoded(cube: dict[str, Any], *, version: int, is_sparse: bool, has_index_object: bool) -> str:
    def category(codes: list[str], labels: dict[str, str]) -> dict[str, Any]:
        at = {code: position for position, code in enumerate(codes)}
        return {
            "category": {
                "index": dict(reversed(at.items())) if has_index_object else codes,
                "label": labels,
            }
        }

    def cells(texts: list[Any]) -> Any:
        return {str(at): text for at, text in enumerate(texts) if text} if is_sparse else texts

    values = cells([None if text is None else Raw(text) for text in cube["values"]])
    ordered = {"id": cube["names"], "size": [len(codes) for codes in cube["codes"]]}
    dimension = {
        name: category(codes, labels)
        for name, codes, labels in zip(cube["names"], cube["codes"], cube["labels"], strict=True)
    }
    data = {"value": values, "status": cells(cube["statuses"])}
    whole = (
        {"class": "dataset", **ordered, "dimension": dimension, **data}
        if version == 2
        else {"dataset": {"dimension": ordered | dimension, **data}}
    )
    return _dumped(whole)


def _dumped(thing: Any) -> str:
    """JSON with the numbers as they were made; `json.dumps` would round them."""
    if isinstance(thing, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(key)}: {_dumped(value)}" for key, value in thing.items())
            + "}"
        )
    if isinstance(thing, list):
        return "[" + ", ".join(map(_dumped, thing)) + "]"
    return str(thing) if isinstance(thing, Raw) else json.dumps(thing)


def decoded(cube: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of a cube, made another way: by the product of its categories."""
    made = []
    for number, codes in enumerate(itertools.product(*cube["codes"])):
        row: dict[str, str] = {}
        for name, code, labels in zip(cube["names"], codes, cube["labels"], strict=True):
            row |= {name: code, f"{name}_label": labels.get(code, "")}
        made.append(
            row
            | {
                "value": cube["values"][number] or "",
                "status": cube["statuses"][number],
                "row_reference": f"table.json:cell {number}",
            }
        )
    return made


@settings(max_examples=int(os.environ.get("GENERATED_TABLES", "60")), deadline=None)
@given(cubes(), st.booleans(), st.booleans())
def test_any_cube_reads_the_same_in_both_versions_dense_and_sparse(
    cube: dict[str, Any], is_sparse: bool, has_index_object: bool
) -> None:
    how = {"is_sparse": is_sparse, "has_index_object": has_index_object}
    assert rows(encoded(cube, version=2, **how)) == decoded(cube)
    if not {"id", "size"} & set(
        cube["names"]
    ):  # version 1 has no room for dimensions of these names
        assert rows(encoded(cube, version=1, **how)) == decoded(cube)
