"""dbt's YAML files follow from the descriptions, and each rule finds a row that breaks it.

The statement of the rules is rendered from the project's own macro and run on tables with the
columns of the contract and no row but the broken ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from pydantic import ValidationError

from pll_pipeline.star.model_files import (
    DBT_PROJECT,
    FILES,
    UNTESTED,
    Table,
    generated,
    rule_arguments,
    tables,
)
from pll_pipeline.vocabulary.columns import COLUMNS

TESTED = [layer for layer in FILES if layer not in UNTESTED]
TABLES = {(layer, name): t for layer in TESTED for name, t in tables(DBT_PROJECT, layer).items()}
SAMPLE: dict[str, list[Any]] = {
    "varchar": ["a", "b"],
    "integer": [1, 2],
    "bigint": [1, 2],
    "double": [1.0, 2.0],
    "boolean": [True, False],
    "date": [date(2024, 1, 1), date(2024, 2, 1)],
    "timestamp with time zone": [datetime(2024, 1, 1), datetime(2024, 2, 1)],
}

# What the rule of shares asks for.
A_SHARE = "insert into star.dim_measure (measure_code, unit) values ('a_share', 'share')"


@dataclass(frozen=True)
class Case:
    """Rows of a table that break one rule, and no other of that table."""

    layer: str
    table: str
    rule: str
    rows: list[dict[str, Any]]
    is_warning: bool = False


class Relation(str):
    """A table as dbt's macros see it: its quoted name, and its bare one."""

    @property
    def identifier(self) -> str:
        return self.split(".")[1].strip('"')


def relation(name: str) -> Relation:
    (layer,) = (layer for layer, table in TABLES if table == name)
    return Relation(f'{layer}."{name}"')


def ref(text: str) -> Relation:
    found = re.fullmatch(r"ref\('(\w+)'\)", text)
    assert found, text
    return relation(found[1])


MACROS = jinja2.Environment(  # noqa: S701 - renders SQL, no page
    loader=jinja2.FileSystemLoader(DBT_PROJECT / "macros"), extensions=["jinja2.ext.do"]
)
MACROS.globals |= {
    "dbt": SimpleNamespace(type_string=lambda: "varchar"),
    "ref": relation,
}


def statement(layer: str, name: str, *, is_warning: bool = False) -> str:
    """The statement dbt runs as the test of a table."""
    table = TABLES[layer, name]
    arguments = rule_arguments(layer, name, table)
    if is_warning:
        arguments = {"conditions": [rule.model_dump(mode="json") for rule in table.warnings]}
    conditions = [
        condition | {"condition": MACROS.from_string(condition["condition"]).render()}
        for condition in arguments.get("conditions", [])
    ]
    others = arguments.get("as_many_rows_as")
    related = arguments.get("relationships", {})
    macros: Any = MACROS.get_template("rules.sql").module
    return str(
        macros.broken_rules(
            relation(name),
            arguments.get("grain", []),
            arguments.get("required", []),
            arguments.get("accepted_values", {}),
            arguments.get("ranges", {}),
            {c: {"to": ref(r["to"]), "field": r["field"]} for c, r in related.items()},
            conditions,
            ref(others) if others else None,
        )
    )


def valid(table: Table, column: str, number: int = 0) -> Any:
    """A value that the column's own facts allow."""
    facts = table.column(column)
    return facts.allowed[0] if facts.allowed else SAMPLE[facts.type][number]


def broken_conditions(layer: str, name: str, table: Table) -> Iterator[Case]:
    """One case per condition, with the rows of its description."""
    for rule in (*table.rules, *table.warnings):
        yield Case(layer, name, rule.rule, rule.breaking_rows, rule in table.warnings)


def broken_columns(layer: str, name: str, table: Table) -> Iterator[Case]:
    """One case per list of values, dimension and column that may not be empty."""
    arguments = rule_arguments(layer, name, table)
    for column in arguments.get("required", []):
        yield Case(layer, name, f"{column} is not empty", [{}])
    for column, values in arguments.get("accepted_values", {}).items():
        rule = f"{column} is one of {', '.join(values)}"
        yield Case(layer, name, rule, [{column: "something else"}])
    for column, to in arguments.get("relationships", {}).items():
        rule = f"{column} is in {ref(to['to']).identifier}.{to['field']}"
        yield Case(layer, name, rule, [{column: SAMPLE[table.column(column).type][1]}])


def broken_ranges(layer: str, name: str, table: Table) -> Iterator[Case]:
    """One case per end of a range."""
    for column, (least, most) in rule_arguments(layer, name, table).get("ranges", {}).items():
        ends = [(">=", least, -1), ("<=", most, 1)]
        given = [(sign, end, step) for sign, end, step in ends if end is not None]
        rule = " and ".join(f"{column} {sign} {end}" for sign, end, _ in given)
        for _, end, step in given:
            yield Case(layer, name, rule, [{column: end + step}])


def broken_table(layer: str, name: str, table: Table) -> Iterator[Case]:
    """The same row twice, and a row that another table does not have."""
    if table.grain:
        row = {column: valid(table, column) for column in table.grain}
        yield Case(layer, name, f"one row per {', '.join(table.grain)}", [row, row])
    if table.as_many_rows_as:
        yield Case(layer, name, f"as many rows as {table.as_many_rows_as}", [{}])


CASES = [
    case
    for (layer, name), table in TABLES.items()
    for broken in (broken_conditions, broken_columns, broken_ranges, broken_table)
    for case in broken(layer, name, table)
]


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table of every layer, without a row."""
    with duckdb.connect() as connection:
        for layer in FILES:
            connection.execute(f'create schema "{layer}"')
        for (_, name), table in TABLES.items():
            columns = ", ".join(f'"{c}" {table.column(c).type}' for c in table.names)
            connection.execute(f"create table {relation(name)} ({columns})")
        yield connection


def insert(connection: duckdb.DuckDBPyConnection, case: Case) -> None:
    for row in case.rows:
        filled = {c: None for c in TABLES[case.layer, case.table].names} | row
        marks = ", ".join("?" * len(filled))
        connection.execute(
            f"insert into {relation(case.table)} values ({marks})", list(filled.values())
        )


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.table}: {c.rule}")
def test_a_row_that_breaks_a_rule_is_found_and_the_rule_is_named(
    database: duckdb.DuckDBPyConnection, case: Case
) -> None:
    with database.cursor() as connection:
        connection.execute("begin")
        if case.table != "dim_measure":
            connection.execute(A_SHARE)
        insert(connection, case)
        sql = statement(case.layer, case.table, is_warning=case.is_warning)
        broken = {
            rule: (rows, example) for rule, rows, example in connection.execute(sql).fetchall()
        }
        connection.execute("rollback")
    assert case.rule in broken
    rows, example = broken[case.rule]
    assert rows >= 1
    for column, value in case.rows[-1].items():
        if column in case.rule and not isinstance(value, bool | datetime):
            assert f"{column}={value}" in example


def test_every_kind_of_rule_has_a_case() -> None:
    assert len(CASES) > 300
    assert {layer for layer, _ in TABLES} == {case.layer for case in CASES}
    assert any(case.is_warning for case in CASES)


def test_breaking_rows_name_columns_of_their_table() -> None:
    for case in CASES:
        columns = {column for row in case.rows for column in row}
        assert columns <= set(TABLES[case.layer, case.table].names), case


def test_a_table_without_rows_keeps_all_rules(database: duckdb.DuckDBPyConnection) -> None:
    for (layer, name), table in TABLES.items():
        if rule_arguments(layer, name, table):
            assert database.execute(statement(layer, name)).fetchall() == []


@pytest.mark.parametrize("layer", ["star", "marts"])
def test_a_column_with_a_list_of_values_is_checked_in_every_table(layer: str) -> None:
    written = yaml.safe_load(generated(DBT_PROJECT)[FILES[layer]])
    for model in written["models"]:
        with_list = {c["name"] for c in model["columns"] if COLUMNS[c["name"]].allowed}
        test = model["data_tests"][0]["keeps_its_rules"]
        assert set(test["arguments"].get("accepted_values", {})) == with_list, model["name"]


@pytest.mark.parametrize("layer", UNTESTED)
def test_a_private_table_has_a_contract_and_no_tests_of_data(layer: str) -> None:
    for model in yaml.safe_load(generated(DBT_PROJECT)[FILES[layer]])["models"]:
        assert "data_tests" not in model
        assert all(column["data_type"] for column in model["columns"]), model["name"]


def test_a_column_of_a_model_has_its_type_and_its_place_in_the_vocabulary() -> None:
    written = yaml.safe_load(generated(DBT_PROJECT)["models/star/_star.yml"])
    (month,) = (model for model in written["models"] if model["name"] == "dim_month")
    assert month["columns"][0] == {
        "name": "month",
        "data_type": "date",
        "description": "{{ doc('month') }}",
        "constraints": [{"type": "not_null"}],
    }


def test_a_column_that_may_be_empty_has_no_constraint() -> None:
    described = {"en": "", "nb": "", "grain": ["month"], "columns": "month, region_code?"}
    table = Table.model_validate(described)
    assert (table.names, table.required) == (["month", "region_code"], ["month"])


def test_a_mistake_in_a_description_is_refused() -> None:
    with pytest.raises(ValidationError, match="colums"):
        Table.model_validate({"en": "", "nb": "", "grain": ["month"], "colums": "month"})


def test_a_table_has_a_grain_or_says_why_not() -> None:
    with pytest.raises(ValidationError, match="the reason in `no_grain`"):
        Table.model_validate({"en": "", "nb": "", "columns": "month"})
