"""The Parquet files of a release: encodings, types, footers, rows."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pll_pipeline.published.release_info import CONTRACT_VERSION


def test_parquet_uses_only_encodings_that_old_readers_know(release: Path) -> None:
    rows = duckdb.execute(
        "select distinct encodings, compression from parquet_metadata(?)",
        [str(release / "parquet" / "*.parquet")],
    ).fetchall()
    encodings = {encoding.strip() for listed, _ in rows for encoding in listed.split(",")}
    assert encodings <= {"PLAIN", "RLE", "PLAIN_DICTIONARY", "RLE_DICTIONARY"}
    assert any("DICTIONARY" in encoding for encoding in encodings), (
        "the tables must be large enough for this to be a test"
    )
    assert {compression for _, compression in rows} == {"SNAPPY"}


def test_parquet_has_only_the_types_of_the_contract(release: Path) -> None:
    rows = duckdb.execute(
        "select name, type, converted_type, logical_type "
        "from parquet_schema(?) where type is not null",
        [str(release / "parquet" / "*.parquet")],
    ).fetchall()
    types = {name: (physical, converted) for name, physical, converted, _ in rows}
    assert set(types.values()) == {
        ("BYTE_ARRAY", "UTF8"),
        ("INT32", "INT_32"),
        ("INT64", "INT_64"),
        ("DOUBLE", None),
        ("BOOLEAN", None),
        ("INT32", "DATE"),
        ("INT64", "TIMESTAMP_MICROS"),
    }
    assert types["region_name"] == ("BYTE_ARRAY", "UTF8")
    assert types["revision_number"] == ("INT32", "INT_32")
    assert types["adoption_count"] == ("INT64", "INT_64")
    assert types["value"] == ("DOUBLE", None)
    assert types["is_current"] == ("BOOLEAN", None)
    assert types["period_start"] == ("INT32", "DATE")
    times = [logical for name, _, _, logical in rows if name == "snapshot_at"]
    assert len(times) > 3
    assert all("isAdjustedToUTC=1" in logical for logical in times)
    assert all("MICROS=MicroSeconds()" in logical for logical in times)


def test_parquet_carries_release_and_licence_in_its_footer(release: Path) -> None:
    for file in (release / "parquet").iterdir():
        pairs = duckdb.execute(
            "select key, value from parquet_kv_metadata(?)", [str(file)]
        ).fetchall()
        footer = {key.decode(): value.decode() for key, value in pairs}
        assert footer["release_id"] == "2026-11-23T030004Z"
        assert footer["contract_version"] == CONTRACT_VERSION
        assert footer["is_simulated"] == "false"
        assert footer["licence"] == "Ingen lisens funnet; tallene siteres med adresse\nNLOD 2.0"
        assert (
            footer["attribution"]
            == "Kilde: Flere utgivere's tall\nKilde: Statistisk sentralbyrå's tall"
        )


def test_parquet_has_the_rows_of_the_database_in_the_same_order(
    release: Path, database: duckdb.DuckDBPyConnection
) -> None:
    tables = database.execute(
        "select schema_name, table_name from duckdb_tables() where schema_name <> 'meta'"
    ).fetchall()
    assert {path.stem for path in (release / "parquet").iterdir()} == {name for _, name in tables}
    for schema, name in tables:
        file = str(release / "parquet" / f"{name}.parquet")
        rows = database.execute("from read_parquet(?)", [file]).fetchall()
        assert rows == database.execute(f"from {schema}.{name}").fetchall()
