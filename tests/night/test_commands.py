"""The commands as people type them: what they print, and what they answer when something is wrong."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path

import polars as pl
import pytest

from tests.night.conftest import World, make_world

NATION = "select measure_code, value from marts.mart_key_figures where measure_code = 'eresept_package_share' order by period_end desc limit 1"


def test_help_teaches_every_verb(released: World) -> None:
    said = released.pll("--help")
    assert said.returncode == 0
    for verb in ("run", "rebuild", "status", "sources", "archive", "query", "rollback", "serve"):
        assert f" {verb} " in said.stdout
        assert "Usage: " in released.pll(verb, "--help").stdout


def test_status_tells_the_release_and_each_source(released: World) -> None:
    said = released.pll("status")
    assert said.returncode == 0
    assert released.releases()[-1] in said.stdout
    for name in ("apotek", "published_figures", "rollout_facts", "ssb_fastleger", "ssb_population"):
        (line,) = [line for line in said.stdout.split("\n") if f" {name} " in line]
        assert "accepted" in line
        assert "of 400 days" in line


def test_status_before_the_first_night_says_what_to_do(tmp_path: Path) -> None:
    said = make_world(tmp_path).pll("status")
    assert said.returncode == 0
    assert "No release yet. `pll run` makes one." in said.stdout


def test_the_register_is_listed_and_one_source_shown_whole(released: World) -> None:
    assert "Folketall" in released.pll("sources").stdout
    whole = released.pll("sources", "ssb_population").stdout
    assert "expected_columns: [kommune_code, year, value]" in whole
    unknown = released.pll("sources", "ssb_folketall")
    assert unknown.returncode == 2
    assert "ssb_population" in unknown.stderr


@pytest.mark.parametrize(
    ("form", "read"),
    [
        (
            "csv",
            lambda text: [
                (r["measure_code"], float(r["value"])) for r in csv.DictReader(io.StringIO(text))
            ],
        ),
        ("json", lambda text: [(r["measure_code"], r["value"]) for r in json.loads(text)]),
    ],
)
def test_a_query_answers_in_the_form_asked_for(released: World, form: str, read: object) -> None:
    said = released.pll("query", NATION, "--format", form)
    assert said.returncode == 0, said.stderr
    assert read(said.stdout) == [("eresept_package_share", 0.948)]  # type: ignore[operator]


def test_a_query_answers_as_parquet_and_as_a_table(released: World, tmp_path: Path) -> None:
    assert "0.948" in released.pll("query", NATION).stdout
    done = subprocess.run(
        [*released.command, "query", NATION, "--format", "parquet"],
        env=released.environment(),
        capture_output=True,
        check=True,
    )
    assert pl.read_parquet(done.stdout).rows() == [("eresept_package_share", 0.948)]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select * from marts.mart_key_figure", "mart_key_figures"),
        ("delete from marts.mart_key_figures", "read"),
        ("select * from read_csv('/etc/passwd')", "query failed"),
    ],
)
def test_a_query_that_cannot_be_answered_is_told_in_one_paragraph(
    released: World, sql: str, told: str
) -> None:
    said = released.pll("query", sql)
    assert said.returncode == 1
    assert told in said.stderr
    assert "What to do:" in said.stderr
    assert said.stderr.strip().count("\n") == 0
    assert "Traceback" in released.pll("--debug", "query", sql).stderr


@pytest.mark.parametrize(
    "words",
    [["run", "--source", "nobody"], ["query"], ["walk"], ["query", "select 1", "--format", "xml"]],
)
def test_wrong_usage_ends_with_2(released: World, words: list[str]) -> None:
    assert released.pll(*words).returncode == 2


def test_without_a_release_a_query_says_to_run(tmp_path: Path) -> None:
    said = make_world(tmp_path).pll("query", "select 1")
    assert said.returncode == 1
    assert "pll run" in said.stderr


def test_what_is_archived_again_unchanged_makes_no_snapshot(own_world: World) -> None:
    (held,) = (own_world.data / "raw" / "apotek").glob("[0-9]*Z")
    said = own_world.pll(
        "archive",
        "apotek",
        str(held / "denominators_national.csv"),
        "--from",
        "apotek.no",
        "--note",
        "på nytt",
    )
    assert said.returncode == 0
    assert "Unchanged since" in said.stdout
    assert len(list((own_world.data / "raw" / "apotek").glob("[0-9]*Z"))) == 1


def test_a_file_the_source_does_not_publish_is_refused_by_name(
    own_world: World, tmp_path: Path
) -> None:
    stranger = tmp_path / "tall.csv"
    stranger.write_text("a,b\n")
    said = own_world.pll("archive", "apotek", str(stranger))
    assert said.returncode == 1
    assert "denominators_national.csv" in said.stderr
    assert "tall.csv" in said.stderr


def test_a_rebuild_from_raw_alone_gives_the_same_tables_and_a_rollback_the_release_before(
    own_world: World,
) -> None:
    first = own_world.releases()[-1]
    said = own_world.pll("rebuild")
    assert said.returncode == 0, said.stdout + said.stderr
    second = own_world.releases()[-1]
    assert second > first
    first_files, second_files = (
        {
            p.name: p.read_bytes()
            for p in (own_world.data / "marts" / "releases" / r / "csv").iterdir()
        }
        for r in (first, second)
    )
    assert first_files == second_files
    assert "Ingen endringer i rader som finnes i begge utgaver." in (
        own_world.current / "difference.md"
    ).read_text(encoding="utf-8")
    back = own_world.pll("rollback")
    assert back.returncode == 0
    assert f"Release {first} is current again" in back.stdout
    assert (
        json.loads((own_world.current / "release.json").read_text(encoding="utf-8"))["release_id"]
        == first
    )
    nothing = own_world.pll("rollback")
    assert nothing.returncode == 1
    assert "What to do:" in nothing.stderr


def test_the_figures_as_known_on_a_day_are_those_the_release_of_that_day_had(
    own_world: World,
) -> None:
    then = {path.name: path.read_bytes() for path in (own_world.current / "csv").iterdir()}
    folder = sorted((own_world.data / "raw" / "published_figures").glob("[0-9]*Z"))[-1]
    day = folder.name[:10]
    changed = own_world.data.parent / "figures.csv"
    changed.write_bytes((folder / "figures.csv").read_bytes().replace(b",95,", b",96,", 1))
    assert own_world.pll("archive", "published_figures", str(changed)).returncode == 0
    assert own_world.pll("run").returncode == 0
    now = own_world.releases()
    assert own_world.ask(
        "select change_kind, value_before, value_after from marts.mart_revisions"
    ) == [("correction", 0.95, 0.96)]

    said = own_world.pll("rebuild", "--as-of", day)
    assert said.returncode == 0, said.stdout + said.stderr
    rebuilt = own_world.data / "as-of" / day / "marts" / "current" / "csv"
    assert {path.name: path.read_bytes() for path in rebuilt.iterdir()} == then
    assert own_world.releases() == now, "today's release stands untouched"

    early = own_world.pll("rebuild", "--as-of", "2001-01-01")
    assert early.returncode == 1
    assert "Nothing had been archived on that day" in early.stderr


def test_a_figure_is_walked_back_to_the_line_it_was_published_in(released: World) -> None:
    said = released.pll(
        "explain",
        "mart_adoption_latest",
        "measure_code=eresept_package_share",
        "region_key=land:NO",
    )
    assert said.returncode == 0, said.stderr
    steps = [line for line in said.stdout.split("\n") if not line.startswith(" ")]
    assert [step.split(" ", 1)[-1] for step in steps if step] == [
        "of mart_adoption_latest",
        "row of star.fct_observation",
        "as published by Flere utgivere, se hvert tall: figures.csv:5",
    ]
    assert "value  94.8" in said.stdout


def test_a_share_is_walked_back_to_both_its_parts(released: World) -> None:
    said = released.pll("explain", "mart_adoption_by_region_actor_month", "basis=derived")
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("row of star.fct_observation") == 2
    assert "population_national.csv" in said.stdout


def test_a_key_that_points_at_many_rows_is_refused_with_what_would_tell_them_apart(
    released: World,
) -> None:
    said = released.pll("explain", "mart_key_figures", "region_key=land:NO")
    assert said.returncode == 1
    assert "measure_code" in said.stderr
    assert released.pll("explain", "mart_key_figures", "land:NO").returncode == 2


SAVED = Path(__file__).resolve().parents[1] / "snapshots" / "powerbi" / "nested_with_totals.json"


def test_a_saved_answer_of_a_report_is_printed_row_by_row_and_its_totals_apart(
    released: World,
) -> None:
    rows, totals = (
        list(csv.reader(io.StringIO(released.pll("inspect", str(SAVED), option).stdout)))
        for option in ("--rows", "--totals")
    )
    assert totals[0] == ["level", *rows[0]]
    assert len(rows) > 2
    assert len(totals) > 2


def test_an_answer_that_cannot_be_trusted_is_not_printed(released: World, tmp_path: Path) -> None:
    said = json.loads(SAVED.read_text(encoding="utf-8"))
    shape = said["results"][0]["result"]["data"]["dsr"]["DS"][0]
    shape["IC"] = False
    cut = tmp_path / "answer.json"
    cut.write_text(json.dumps(said), encoding="utf-8")
    answer = released.pll("inspect", str(cut), "--rows")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "What to do:" in answer.stderr
