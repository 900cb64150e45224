"""Texts and tables in M."""

from __future__ import annotations

import pytest

from pll_pipeline.published.duckdb import LOAD_TIME, Column
from pll_pipeline.published.powerbi.power_query import table, text


@pytest.mark.parametrize(
    ("value", "written"),
    [("a", '"a"'), ('a "b"', '"a ""b"""'), ("#(lf)", '"#(#)(lf)"'), ("C:\\pll", '"C:\\pll"')],
)
def test_a_text_is_quoted_as_m_writes_it(value: str, written: str) -> None:
    assert text(value) == written


def test_a_table_is_read_from_its_file_with_typed_columns_and_times_in_utc() -> None:
    columns = (Column("region_key", "VARCHAR", ""), Column("snapshot_at", LOAD_TIME, ""))
    m = table("dim_x", columns)
    assert 'File.Contents(Parquetmappe & "\\" & "dim_x.parquet")' in m
    assert 'Table.SelectColumns(Kilde, {"region_key", "snapshot_at"})' in m
    assert 'TransformColumnTypes(Valgt, {{"region_key", type text}}, "en-US")' in m
    assert 'Table.TransformColumns(Typer, {{"snapshot_at", each if _ = null' in m
    assert "$" not in m


def test_a_table_without_times_needs_no_further_step() -> None:
    assert "Ferdig = Typer\n" in table("dim_x", (Column("a", "BIGINT", ""),))
