"""What `difference.md` says about two releases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.published import descriptor, difference, duckdb
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.release_info import ReleaseInfo
from tests.release_world import BUILT_AT, inputs, public_tables, write_build

BEFORE, AFTER = "2026-11-22T030004Z", "2026-11-23T030004Z"
REGION = (
    "insert into star.dim_region by name "
    "select 'kommune:0301' as region_key, 'kommune' as region_level, 'Oslo' as region_name, "
    "true as is_current"
)
NBSP = "\u00a0"


# Few tables are enough here, and quicker to compare.
COMPARED = (
    *("star.dim_region", "star.dim_measure", "star.fct_observation"),
    *(
        "star.fct_observation_revision",
        "star.fct_adoption",
        "marts.mart_key_figures",
        "marts.mart_reconciliation",
    ),
)
TRIMMED = [
    f"drop table {layer}.{name}"
    for layer, tables in public_tables().items()
    for name in tables
    if f"{layer}.{name}" not in COMPARED
]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the unchanged world. No test may change it."""
    return _release(tmp_path_factory.mktemp("before"), BEFORE, [], None)


def _release(
    folder: Path, name: str, changes: list[str], previous: Path | None, **facts: Any
) -> Path:
    """The database of a release, its difference from the previous one, and its manifest."""
    release = folder / name
    release.mkdir()
    info = ReleaseInfo(name, BUILT_AT, inputs(**facts))
    duckdb.write(release, write_build(folder / f"{name}.duckdb", *TRIMMED, *changes), info)
    with duckdb.opened(release) as (connection, tables):
        draft = Draft(release, connection, tables, info, previous)
        difference.write(draft)
        descriptor.write_manifest(draft)
    return release


def _text(release: Path) -> str:
    return (release / "difference.md").read_text(encoding="utf-8")


def _difference(folder: Path, before: Path | list[str], after: list[str]) -> str:
    """The file's text for a build with the statements `after`, compared with one with `before`."""
    if isinstance(before, list):
        before = _release(folder, BEFORE, before, None)
    return _text(_release(folder, AFTER, after, before))


def test_the_first_release_says_that_it_is_the_first(tmp_path: Path) -> None:
    text = _text(_release(tmp_path, AFTER, [], None))
    assert text == (
        "# Endringer siden forrige utgave\n\n"
        "Denne utgaven: `2026-11-23T030004Z`.\n\n"
        "Dette er den første utgaven. Det finnes ingen tidligere å sammenligne med.\n"
    )


def test_two_equal_builds_differ_in_nothing(tmp_path: Path, before: Path) -> None:
    text = _difference(tmp_path, before, [])
    assert "Denne utgaven: `2026-11-23T030004Z`. Forrige utgave: `2026-11-22T030004Z`." in text
    assert f"| `star.fct_observation` | 5{NBSP}000 | 5{NBSP}000 | 0 | 0 | 0 | 0 |" in text
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
        [REGION, "delete from star.dim_region where region_key = 'fylke:15'"],
    )
    assert "| `star.dim_region` | 3 | 4 | 2 | 1 | 0 | 0 |" in text


def test_a_row_that_occurs_twice_counts_twice(tmp_path: Path) -> None:
    text = _difference(tmp_path, [REGION], [REGION, REGION])
    assert "| `star.dim_region` | 5 | 6 | 1 | 0 | 0 | 0 |" in text


def test_a_changed_value_is_shown_before_and_after_also_when_undated(
    tmp_path: Path, before: Path
) -> None:
    text = _difference(
        tmp_path,
        before,
        [
            "update marts.mart_key_figures set value = 0.95 where value = 0.948",
            "update marts.mart_key_figures set qualifier = 'exact' where period_end is null",
        ],
    )
    assert "| `marts.mart_key_figures` | 3 | 3 | 0 | 0 | 2 | 0 |" in text
    row_key = "region_key, actor_type_code, 2012-12-31, source_name"
    assert f"| e-resept, eresept_share, {row_key} | value | 0.948 | 0.95 |" in text
    row_key = "region_key, actor_type_code, source_name"
    assert f"| e-resept, eresept_count, {row_key} | qualifier | at_least | exact |" in text


def test_rows_that_were_only_read_again_are_counted_apart(tmp_path: Path, before: Path) -> None:
    again = "set snapshot_at = '2026-02-02 00:00:00+00' where revision_number = 0"
    text = _difference(tmp_path, before, [f"update star.fct_observation {again}"])
    assert f"| `star.fct_observation` | 5{NBSP}000 | 5{NBSP}000 | 0 | 0 | 0 | 1{NBSP}667 |" in text
    assert "Ingen endringer i rader" in text


def test_places_in_files_and_ranks_are_no_change(tmp_path: Path) -> None:
    ranked = "create table star.dim_rank as select 'land:NO' as region_key, {} as rank_best"
    text = _difference(
        tmp_path,
        [ranked.format(1)],
        [
            ranked.format(2),
            "update star.fct_observation set row_reference = 'figures.csv:1' || row_reference",
        ],
    )
    assert f"| `star.fct_observation` | 5{NBSP}000 | 5{NBSP}000 | 0 | 0 | 0 | 5{NBSP}000 |" in text
    assert "| `star.dim_rank` | 1 | 1 | 0 | 0 | 0 | 1 |" in text
    assert "Ingen endringer i rader" in text


def _figures(count: int) -> list[str]:
    return [
        "insert into marts.mart_key_figures by name select * replace ("
        f"'pll_count_{number}' as measure_code, {number} as value) "
        "from marts.mart_key_figures where measure_code = 'pll_count'"
        for number in range(count)
    ]


def test_new_rows_are_named_with_what_they_show(tmp_path: Path, before: Path) -> None:
    text = _difference(tmp_path, before, _figures(2))
    about = "region_key, actor_type_code, 2023-12-31, source_name"
    assert (
        f"- `marts.mart_key_figures`: 2: pll, pll_count_0, {about}, 0.0; "
        f"pll, pll_count_1, {about}, 1.0."
    ) in text


def test_of_many_new_rows_the_first_are_named(tmp_path: Path, before: Path) -> None:
    text = _difference(tmp_path, before, _figures(24))
    (line,) = (line for line in text.split("\n") if line.startswith("- `marts.mart_key_figures`"))
    assert line.startswith("- `marts.mart_key_figures`: 24, blant dem: pll, pll_count_0")
    assert line.count("pll_count_") == 5


def test_a_figure_that_its_publisher_withholds_now_is_not_shown_again(tmp_path: Path) -> None:
    withheld = (
        "insert into star.fct_observation_revision by name "
        "select 'pll_count' as measure_code, true as is_withheld"
    )
    changed = "update marts.mart_key_figures set value = null where service_code = 'pll'"
    text = _difference(tmp_path, [], [withheld, changed])
    assert "| value | (skjermet) | (tom) |" in text
    assert "24000" not in text


def test_contradictions_are_named(tmp_path: Path, before: Path) -> None:
    more = (
        "insert into star.fct_adoption by name select 'pll_share' as measure_code, "
        "'fylke:15' as region_key, 'alle' as actor_type_code, date '2023-12-01' as month, "
        "120 as count_value, 100 as eligible_value, true as is_contradictory"
    )
    differs = (
        "insert into marts.mart_reconciliation by name select 'pll_count' as measure_code, "
        "'fylke:15' as region_key, 'alle' as actor_type_code, 'kommune' as part_level, "
        "date '2023-12-31' as period_end, 'differs' as reconciliation_status"
    )
    text = _difference(tmp_path, before, [differs, more])
    assert "## Motsigelser\n\n- Flere i bruk enn det er i alt: 1, blant dem pll_share" in text
    assert "2023-12-01, 120.0, 100.0." in text
    assert "1, blant dem pll_count, fylke:15, alle, 2023-12-31, kommune." in text


def test_rows_without_a_key_are_counted_as_gone_and_new(tmp_path: Path) -> None:
    text = _difference(tmp_path, ["update star.fct_observation set value = null"], [])
    counts = f"5{NBSP}000 | 5{NBSP}000 | 4{NBSP}000 | 4{NBSP}000 | – | 0"
    assert f"| `star.fct_observation` | {counts} |" in text


def test_many_changes_are_bounded(tmp_path: Path) -> None:
    table = (
        "create table star.dim_long as select 'r' || lpad(i::varchar, 4, '0') as region_key, "
        "{} as name from range(3000) as n (i)"
    )
    text = _difference(
        tmp_path, [table.format("repeat('a', 5000) || '|'")], [table.format("repeat('b', 5000)")]
    )
    counts = f"3{NBSP}000 | 3{NBSP}000 | 0 | 0 | 3{NBSP}000 | 0"
    assert f"| `star.dim_long` | {counts} |" in text
    assert f"Høyst 20 verdier er vist; 3{NBSP}000 rader er endret i alt." in text
    assert text.count("| r0") == 20
    assert len(text) < 10_000


def test_a_text_cannot_break_out_of_its_cell(tmp_path: Path, before: Path) -> None:
    text = _difference(
        tmp_path,
        before,
        [
            "update marts.mart_key_figures set published_text = "
            "E'a|b\\n![x](http://example.no/x) <b>' where service_code = 'pll'"
        ],
    )
    assert r"| 24 000 | a\|b !\[x](http://example.no/x) \<b> |" in text


def test_what_a_publication_changed_is_listed_for_new_snapshots_only(
    tmp_path: Path, before: Path
) -> None:
    drift = [
        {"source_name": "figures", "snapshot_at": "2026-01-02T03:04:05Z", "changes": ["old"]},
        {
            "source_name": "figures",
            "snapshot_at": "2026-02-02T03:04:05+00:00",
            "changes": ["a column is new", "3 rows are gone"],
        },
    ]
    text = _text(_release(tmp_path, AFTER, [], before, drift=drift))
    assert "## Publikasjoner\n\n- `figures`: a column is new; 3 rows are gone.\n" in text
    assert "old" not in text


def _page_text(changed_at: str, *sentences: str, more: int = 0) -> dict[str, Any]:
    return {
        **{"source_name": "figures", "snapshot_at": changed_at, "changed_at": changed_at},
        **{"before_at": changed_at, "stated_on": "2026-01-26", "stated_before": None},
        **{"new": list(sentences), "new_count": len(sentences) + more},
        **{"gone": [], "gone_count": 0},
    }


def test_sentences_that_a_page_changed_since_the_release_before_are_listed(
    tmp_path: Path, before: Path
) -> None:
    after, hostile = f"{BUILT_AT + timedelta(hours=1):%Y-%m-%dT%H:%M:%S%z}", "[a](b) | <b>`x`\n# y"
    pages = [_page_text(after, hostile, more=3), _page_text("2026-01-02T03:04:05Z", "old")]
    text = _text(_release(tmp_path, AFTER, [], before, page_texts=pages))
    assert "- `figures`: siste faglige endring 2026-01-26, før ikke oppgitt.\n" in text
    assert "  - ny: \\[a](b) \\| \\<b>\\`x\\` # y\n  - ny: 3 setninger til\n" in text
    assert "old" not in text


@pytest.mark.parametrize("content", [None, b"not a database"])
def test_a_failing_comparison_is_reported_and_stops_nothing(
    tmp_path: Path, content: bytes | None
) -> None:
    previous = tmp_path / BEFORE
    previous.mkdir()
    if content:
        (previous / "pll.duckdb").write_bytes(content)
    release = _release(tmp_path, AFTER, [], previous)
    assert "Sammenligningen lot seg ikke gjøre." in _text(release)
    assert (release / "release.json").is_file()
