"""The registry of outputs, and a release as a whole."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import outputs as registry
from pll_pipeline.published.outputs import DATABASE, OUTPUTS, Output, write_release
from pll_pipeline.published.publish import publish
from tests.release_world import BUILT_AT, inputs, write_build


def _files(release: Path) -> set[str]:
    return {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}


def test_every_file_of_a_release_belongs_to_one_output(release: Path) -> None:
    files = _files(release)
    owners = {file: [output.name for output in OUTPUTS if output.owns(file)] for file in files}
    assert {file: names for file, names in owners.items() if len(names) != 1} == {}


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.name)
def test_every_output_of_the_registry_is_in_a_release(output: Output, release: Path) -> None:
    tables = [path.stem for path in (release / "parquet").iterdir()]
    marts = [table for table in tables if table.startswith("mart_")]
    files = {file.replace("<table>", table) for file in output.files for table in tables}
    files = {file.replace("<mart>", mart) for file in files for mart in marts}
    assert files <= _files(release)
    assert (release / output.path).exists()


def test_the_database_alone_is_written_from_the_build_file() -> None:
    assert [output for output in OUTPUTS if not output.write] == [DATABASE]
    assert OUTPUTS[0] == DATABASE


def test_names_of_outputs_are_different() -> None:
    names = [output.name for output in OUTPUTS]
    titles = [output.title for output in OUTPUTS]
    assert len(set(names)) == len(set(titles)) == len(OUTPUTS)


def test_the_same_build_gives_the_same_figures_byte_for_byte(tmp_path: Path, release: Path) -> None:
    again = tmp_path / "release"
    again.mkdir()
    build = write_build(tmp_path / "build.duckdb")
    write_release(again, build, "2026-11-23T030004Z", BUILT_AT, inputs(), None)
    differing = {
        file
        for file in _files(release)
        if (again / file).read_bytes() != (release / file).read_bytes()
    }
    assert _files(again) == _files(release)
    assert differing <= {"pll.duckdb", "release.json", "catalog.ttl", "catalog.jsonld"}, (
        "a DuckDB file is not the same byte for byte, and the others list its hash"
    )


def test_simulated_figures_say_so_in_database_and_parquet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = tuple(output for output in OUTPUTS if output.name in ("duckdb", "parquet"))
    monkeypatch.setattr(registry, "OUTPUTS", few)
    build = write_build(tmp_path / "build.duckdb")
    write_release(tmp_path, build, "id", BUILT_AT, inputs(is_simulated=True), None)
    with duckdb.connect(tmp_path / "pll.duckdb", read_only=True) as connection:
        assert connection.execute("select is_simulated from meta.release").fetchall() == [(True,)]
        footers = connection.execute(
            "select distinct decode(value) from parquet_kv_metadata(?) "
            "where decode(key) = 'is_simulated'",
            [str(tmp_path / "parquet" / "*.parquet")],
        ).fetchall()
    assert footers == [("true",)]


@pytest.mark.parametrize(
    "table",
    ["star.fct_adoption", "star.fct_adoption_sum", "star.dim_region_part", "star.dim_measure"],
)
def test_a_release_without_a_public_table_is_not_published(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "OUTPUTS", (DATABASE,))
    build = write_build(tmp_path / "build.duckdb", f"drop table {table}")
    name = table.split(".")[1]
    with pytest.raises(PllError, match=f"while checking that no suppressed cell .*{name}"):
        publish(build, tmp_path / "marts", inputs())


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("json_stat", "star.dim_month"),
        ("power_bi", "star.dim_source"),
        ("catalogue", "star.dim_month"),
        ("workbook", "marts.mart_adoption_latest"),
    ],
)
def test_an_output_without_a_table_it_needs_is_an_error(
    name: str, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = next(output for output in OUTPUTS if output.name == name)
    monkeypatch.setattr(registry, "OUTPUTS", (DATABASE, output))
    build = write_build(tmp_path / "build.duckdb", f"drop table {table}")
    with pytest.raises(PllError, match=f"while making {output.title}"):
        publish(build, tmp_path / "marts", inputs())
