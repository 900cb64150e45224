"""Names and texts in statements."""

from __future__ import annotations

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.published.sql import Sql, listed, literal, quoted, statement

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@given(TEXTS)
def test_any_text_is_the_same_text_in_sql(text: str) -> None:
    assert duckdb.execute(statement("select {text}", text=literal(text))).fetchall() == [(text,)]


@given(TEXTS)
def test_any_name_is_the_same_name_in_sql(name: str) -> None:
    query = statement("select 1 as {name}", name=quoted(name))
    assert [column[0] for column in duckdb.execute(query).description or ()] == [name]


def test_a_brace_in_a_value_is_no_placeholder() -> None:
    assert statement("select {a}", a=literal("{b}")) == "select '{b}'"
    assert statement("select {{{a}}}", a=Sql("1")) == "select {1}"


def test_pieces_are_listed_with_a_separator() -> None:
    assert listed(map(quoted, ["a", 'b"'])) == '"a", "b"""'
    assert listed([Sql("a"), Sql("b")], " and ") == "a and b"
