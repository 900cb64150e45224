"""The parts of a source file fit together, or the fault is named with its key."""

from __future__ import annotations

from typing import Any

import pytest

from pll_pipeline.config import Config
from pll_pipeline.sources.consistency import faults, unknown_columns
from pll_pipeline.sources.model import CONFIRM, Source
from pll_pipeline.vocabulary.codes import load_codes
from tests.unit.validated.small_table import FILE, MEASURE, source_of, table_of

CODES = load_codes(Config.from_environment().seeds)
COLUMNS = ["Region", "Antall"]


def found(**changes: Any) -> list[tuple[str, str]]:
    """The faults of the small source file with changes in its table: key and sentence."""
    source = source_of(COLUMNS, **changes)
    return [(".".join(map(str, key)), sentence) for key, sentence in faults(source, CODES)]


def value(**changes: Any) -> dict[str, Any]:
    return {"values": [{"column": "Antall", "measure": MEASURE} | changes]}


def test_a_source_file_that_fits_together_has_no_fault() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        (value(column="Tall"), "tables.0.values.0.column", "'Tall' is not among expected_columns"),
        (value(mark_column="m"), "tables.0.values.0.mark_column", "'m' is not among"),
        (value(measure="x"), "tables.0.values.0.measure", "no measure has the code 'x'"),
        (value(unit="dozen"), "tables.0.values.0.unit", "the unit is 'dozen', not one of"),
        (value(unit="percent"), "tables.0.values.0.unit", "counted in count, not in percent"),
        (value(measure=CONFIRM), "tables.0.values.0.measure", "CONFIRM is to be replaced"),
        ({"as_above": ["År"]}, "tables.0.as_above", "'År' is not among"),
        ({"actor_type": "ukjent"}, "tables.0.actor_type", "no actor type is called 'ukjent'"),
        ({"qualifier": "nesten"}, "tables.0.qualifier", "qualifier is 'nesten', not one of"),
        ({"status": "final"}, "tables.0.status", "status is 'final', not one of"),
        ({"rows": [5, 1]}, "tables.0.rows", "least number of rows first"),
        ({"rows": [-1, 5]}, "tables.0.rows", "least number of rows first"),
        (
            {"expected_columns": ["Region", "Antall", "Antall"]},
            "tables.0.expected_columns",
            "'Antall' is given twice",
        ),
        (
            {"period": {"text": {"heading": "period"}}},
            "tables.0.values.0",
            "no named group 'period' in values.columns",
        ),
        (
            {"region": {"name": "Oslo", "names": {"Oslo": "fylke:99"}}},
            "tables.0.region.names.Oslo",
            "no region has the key 'fylke:99'",
        ),
        (
            {"region": {"name": "Oslo", "level": "amt", "levels": {"f": ["fylke"]}}},
            "tables.0.region.level",
            "the level is 'amt', not one of f",
        ),
        (
            {"total_columns": [{"column": "Antall", "parts": ["Region", "Sum"]}]},
            "tables.0.total_columns.0.parts",
            "'Sum' is not among",
        ),
        (
            {"total_rows": [{"column": "Kjønn", "matches": "alle"}]},
            "tables.0.total_rows.0.column",
            "'Kjønn' is not among",
        ),
    ],
)
def test_a_part_that_does_not_fit_is_named_with_its_key(
    changes: dict[str, Any], key: str, words: str
) -> None:
    faults_by_key = dict(found(**changes))
    assert list(faults_by_key) == [key]
    assert words in faults_by_key[key]


def test_a_file_that_is_not_fetched_is_named_with_those_that_are() -> None:
    settings = source_of(COLUMNS).model_dump()
    settings["tables"] = [table_of(source_of(COLUMNS)).model_dump(exclude_defaults=True)]
    settings["fetch"] = {"kind": "http", "files": {"annet.csv": "https://example.no/annet.csv"}}
    sentences = dict(faults(Source.model_validate(settings), CODES))
    assert sentences["tables", 0, "file"] == f"{FILE!r} is not fetched; fetched: annet.csv"


def test_a_starter_may_say_confirm_until_it_is_enabled() -> None:
    source = source_of(COLUMNS, **value(measure=CONFIRM))
    draft = source.model_copy(update={"is_enabled": False})
    assert list(faults(draft, CODES)) == []


def test_columns_that_a_pattern_matches_are_known() -> None:
    changes = {"values": [{"columns": r"^\d{4}$", "measure": MEASURE}], "as_above": ["2024"]}
    table = table_of(source_of(["Region"], **changes))
    assert list(unknown_columns(table, ["Region"])) == []
    assert [column for _, column in unknown_columns(table, [])] == ["Region"]
