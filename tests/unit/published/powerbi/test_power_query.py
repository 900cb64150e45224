"""Texts and tables in M."""

from __future__ import annotations

from pathlib import Path

import pytest

from pll_pipeline.published import outputs as registry
from pll_pipeline.published.duckdb import LOAD_TIME, Column
from pll_pipeline.published.powerbi.power_query import table, text
from tests.release_world import outputs, publish_times


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


def test_a_table_has_the_release_id_of_the_very_bytes_it_is_read_from() -> None:
    m = table("dim_x", (Column("a", "BIGINT", ""),))
    assert m.count("File.Contents") == 1
    assert "Kilde = Parquet.Document(Fil)" in m
    assert 'Table.AddColumn(Tider, "release_id", each Utgave, type text)' in m


def test_the_footer_has_the_release_id_where_the_m_looks_for_it(
    tmp_path: Path, build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps of `table.pq` in Python, on files that DuckDB wrote."""
    monkeypatch.setattr(registry, "OUTPUTS", outputs("parquet"))
    made = publish_times(build, tmp_path / "marts", 2)
    assert len(made[0].id) < len(made[1].id)
    for release in made:
        for path in (release.folder / "parquet").iterdir():
            content = path.read_bytes()
            length = int.from_bytes(content[-8:-4], "little")
            footer = content[-8 - length : -8].decode("cp1252", "replace")
            after = footer.partition("release_id" + chr(24))[2]
            assert after[1 : 1 + ord(after[0])] == release.id


def test_a_table_without_times_needs_no_further_step() -> None:
    assert "Tider = Typer,\n" in table("dim_x", (Column("a", "BIGINT", ""),))
