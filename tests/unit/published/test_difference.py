"""What `difference.md` says about two releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from pll_pipeline.published.outputs import write_release
from tests.release_world import BUILT_AT, inputs, write_build

ADD_NAME = (
    "insert into star.dim_region values ('kommune:0301', 'kommune', 'Oslo', null, null, true)"
)


def _difference(folder: Path, before: list[str] | None, after: list[str]) -> str:
    """The file's text for a build with the statements `after`, compared with one with `before`."""
    previous = None
    if before is not None:
        previous = folder / "2026-11-22T030004Z"
        previous.mkdir()
        write_release(
            previous,
            write_build(folder / "before.duckdb", *before),
            previous.name,
            BUILT_AT,
            inputs(),
            None,
        )
    release = folder / "2026-11-23T030004Z"
    release.mkdir()
    write_release(
        release,
        write_build(folder / "after.duckdb", *after),
        release.name,
        BUILT_AT,
        inputs(),
        previous,
    )
    return (release / "difference.md").read_text(encoding="utf-8")


def test_the_first_release_says_that_it_is_the_first(tmp_path: Path) -> None:
    assert "Dette er den første utgaven." in _difference(tmp_path, None, [])


def test_two_equal_builds_differ_in_nothing(tmp_path: Path) -> None:
    text = _difference(tmp_path, [], [])
    assert "Denne utgaven: `2026-11-23T030004Z`. Forrige utgave: `2026-11-22T030004Z`." in text
    assert "| `star.fct_observation` | 5\u00a0000 | 5\u00a0000 | 0 | 0 | 0 | 0 |" in text
    assert text.count("Ingen endringer") == 2


def test_new_and_removed_tables_and_columns_are_named(tmp_path: Path) -> None:
    text = _difference(
        tmp_path,
        [
            "create table marts.mart_old (x integer)",
            "alter table star.dim_region add column old_key varchar",
        ],
        [
            "create table marts.mart_new as select 1 as x",
            "alter table star.dim_region alter column is_current type integer",
            "alter table star.dim_region add column new_key varchar",
        ],
    )
    for line in (
        "- Ny tabell: `marts.mart_new`, 1 rader.",
        "- Fjernet tabell: `marts.mart_old`, 0 rader.",
        "- `star.dim_region`: ny kolonne `new_key` (varchar).",
        "- `star.dim_region`: fjernet kolonne `old_key` (varchar).",
        "- `star.dim_region`: `is_current` har gått fra boolean til integer.",
    ):
        assert line in text
    assert "| `star.dim_region` | 4 | 4 | 0 | 0 | 0 | 0 |" in text


def test_new_and_gone_rows_are_counted(tmp_path: Path) -> None:
    text = _difference(
        tmp_path,
        ["delete from star.dim_region where region_key = 'land:NO'"],
        [ADD_NAME, "delete from star.dim_region where region_key = 'fylke:15'"],
    )
    assert "| `star.dim_region` | 3 | 4 | 2 | 1 | 0 | 0 |" in text


def test_a_row_that_occurs_twice_counts_twice(tmp_path: Path) -> None:
    text = _difference(tmp_path, [ADD_NAME], [ADD_NAME, ADD_NAME])
    assert "| `star.dim_region` | 5 | 6 | 1 | 0 | 0 | 0 |" in text


def test_a_changed_value_is_shown_before_and_after_also_when_undated(tmp_path: Path) -> None:
    text = _difference(
        tmp_path,
        [],
        [
            "update marts.mart_key_figures set value = 0.95 where value = 0.948",
            "update marts.mart_key_figures set qualifier = 'exact' where month is null",
        ],
    )
    assert "| `marts.mart_key_figures` | 3 | 3 | 0 | 0 | 2 | 0 |" in text
    assert "| e-resept, 2012-12-01 | value | 0.948 | 0.95 |" in text
    assert "| e-resept | qualifier | at_least | exact |" in text


def test_rows_that_were_only_read_again_are_counted_apart(tmp_path: Path) -> None:
    text = _difference(
        tmp_path,
        [],
        [
            "update star.fct_observation set snapshot_at = '2026-02-02 00:00:00+00' where revision_number = 0"
        ],
    )
    assert "| `star.fct_observation` | 5\u00a0000 | 5\u00a0000 | 0 | 0 | 0 | 1\u00a0667 |" in text
    assert "Ingen endringer i rader" in text


def test_rows_that_no_key_tells_apart_are_counted_as_gone_and_new(tmp_path: Path) -> None:
    text = _difference(tmp_path, ["update star.fct_observation set value = null"], [])
    assert (
        "| `star.fct_observation` | 5\u00a0000 | 5\u00a0000 | 4\u00a0000 | 4\u00a0000 | – | 0 |"
        in text
    )


def test_many_changes_are_bounded(tmp_path: Path) -> None:
    table = "create table star.dim_long as select 'r' || lpad(i::varchar, 4, '0') as region_key, {} as name from range(3000) as n (i)"
    text = _difference(
        tmp_path, [table.format("repeat('a', 5000) || '|'")], [table.format("repeat('b', 5000)")]
    )
    assert "| `star.dim_long` | 3\u00a0000 | 3\u00a0000 | 0 | 0 | 3\u00a0000 | 0 |" in text
    assert "Høyst 20 verdier er vist; 3\u00a0000 rader er endret i alt." in text
    assert text.count("| r0") == 20
    assert len(text) < 10_000


def test_a_text_cannot_break_out_of_its_cell(tmp_path: Path) -> None:
    text = _difference(
        tmp_path,
        [],
        [
            "update marts.mart_key_figures set published_text = E'a|b\\n![x](http://example.no/x) <b>' where service_code = 'pll'"
        ],
    )
    assert r"| 24 000 | a\|b !\[x](http://example.no/x) \<b> |" in text


@pytest.mark.parametrize("content", [None, b"not a database"])
def test_a_failing_comparison_is_told_and_stops_nothing(
    tmp_path: Path, content: bytes | None
) -> None:
    previous = tmp_path / "2026-11-22T030004Z"
    previous.mkdir()
    if content:
        (previous / "pll.duckdb").write_bytes(content)
    release = tmp_path / "release"
    release.mkdir()
    write_release(
        release,
        write_build(tmp_path / "build.duckdb"),
        "2026-11-23T030004Z",
        BUILT_AT,
        inputs(),
        previous,
    )
    text = (release / "difference.md").read_text(encoding="utf-8")
    assert "Sammenligningen lot seg ikke gjøre." in text
    assert (release / "release.json").is_file()
