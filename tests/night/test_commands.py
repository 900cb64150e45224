"""The commands as people type them: what they print, and their answers when something is wrong."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.night.second_night import SecondNight
from tests.night.test_nights import BUNDLED
from tests.night.world import Done, World, copy_world, make_deletable, make_world

NATIONAL_SHARE = (
    "select measure_code, value from marts.mart_key_figures "
    "where measure_code = 'eresept_package_share' order by period_end desc limit 1"
)
ANSWER = ("eresept_package_share", 0.948)
VERBS = (
    "run",
    "rebuild",
    "demo",
    "status",
    "sources",
    "inspect",
    "discover",
    "archive",
    "check",
    "query",
    "report",
    "tables",
    "measures",
    "explain",
    "explore",
    "rollback",
    "doctor",
    "serve",
)


# --- help, usage ----------------------------------------------------------------------------------


def test_help_names_every_verb(released: World) -> None:
    done = released.quick("--help")
    assert done.returncode == 0
    assert [verb for verb in VERBS if f" {verb} " not in done.stdout] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(released: World, verb: str) -> None:
    done = released.quick(verb, "--help")
    assert done.returncode == 0
    assert "Usage: " in done.stdout


@pytest.mark.parametrize(
    "words",
    [["run", "--source", "ukjent"], ["query"], ["walk"], ["query", "select 1", "--format", "xml"]],
)
def test_wrong_usage_ends_with_2(released: World, words: list[str]) -> None:
    assert released.quick(*words).returncode == 2


def test_the_command_starts_in_a_process_of_its_own(released: World) -> None:
    done = released.pll("query", NATIONAL_SHARE, "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout == "measure_code,value\neresept_package_share,0.948\n"


# --- status, sources ------------------------------------------------------------------------------


def test_status_shows_the_release_and_each_source(released: World) -> None:
    done = released.quick("status")
    assert done.returncode == 0
    assert released.releases()[-1] in done.stdout
    for name in BUNDLED:
        (line,) = [line for line in done.stdout.split("\n") if f" {name} " in line]
        assert "accepted" in line
        assert "of 400 days" in line


def test_status_before_the_first_night_says_what_to_do_and_writes_nothing(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    done = world.quick("status")
    assert done.returncode == 0
    assert "No release yet. `pll run` makes one." in done.stdout
    assert done.stdout.count("not read yet") == len(BUNDLED)
    assert {path.name for path in world.data.iterdir()} == {"raw", "corrections"}


@pytest.mark.parametrize(
    ("hours", "exit_code", "code"), [(27, 0, 1), (25, 0, 0), (1, 1, 1), (1, 0, 0), (1, 3, 0)]
)
def test_status_fails_with_the_last_night_and_where_there_was_none_for_26_hours(
    hours: int, exit_code: int, code: int, tmp_path: Path
) -> None:
    world = make_world(tmp_path)
    ended = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    record: dict[str, Any] = {"kind": "night", "began": ended, "ended": ended}
    record |= {"exit": exit_code, "paragraph": "It was so.", "process": 1, "longest_seconds": 60}
    (world.data / "night.json").write_text(json.dumps(record), encoding="utf-8")
    done = world.quick("status")
    assert done.returncode == code, done.stdout
    assert "The last night" in done.stdout
    assert "It was so." in done.stdout


def test_the_register_is_listed_and_one_source_shown_whole(released: World) -> None:
    assert "Folketall" in released.quick("sources").stdout
    whole = released.quick("sources", "ssb_population").stdout
    assert "expected_columns: [kommune_code, year, value]" in whole
    unknown = released.quick("sources", "ssb_folketall")
    assert unknown.returncode == 2
    assert "ssb_population" in unknown.stderr


def test_the_register_is_listed_with_whole_names_however_narrow_the_terminal(
    released: World,
) -> None:
    done = subprocess.run(
        [*released.command, "sources"],
        env=released.environment() | {"COLUMNS": "40"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    for name in BUNDLED:
        assert f"  {name}  " in done.stdout


def test_the_tables_are_those_of_the_release_with_their_columns(released: World) -> None:
    listed = released.quick("tables").stdout
    columns = released.ask(
        "select schema_name || '.' || table_name, list(column_name order by column_index) "
        "from duckdb_columns() where schema_name in ('star', 'marts') group by all"
    )
    shown = re.findall(r"^(\w+\.\w+)$", listed, flags=re.MULTILINE)
    assert sorted(shown) == sorted(str(name) for name, _ in columns)
    for name, names in columns:
        (text,) = [released.quick("tables", str(name)).stdout]
        assert re.findall(r"^(\w+)  ", text, flags=re.MULTILINE) == names


def test_an_unknown_table_is_wrong_usage_with_the_names_that_are_like_it(released: World) -> None:
    done = released.quick("tables", "mart_target")
    assert done.returncode == 2
    assert "marts.mart_target_status" in done.stderr
    assert released.quick("tables", "MART_TARGET_STATUS").returncode == 0


# --- query ----------------------------------------------------------------------------------------


def _rows_of_csv(text: str) -> list[tuple[Any, ...]]:
    return [(row["measure_code"], float(row["value"])) for row in csv.DictReader(io.StringIO(text))]


def _rows_of_json(text: str) -> list[tuple[Any, ...]]:
    return [(row["measure_code"], row["value"]) for row in json.loads(text)]


@pytest.mark.parametrize(("form", "read"), [("csv", _rows_of_csv), ("json", _rows_of_json)])
def test_a_query_answers_in_the_form_asked_for(
    released: World, form: str, read: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    done = released.quick("query", NATIONAL_SHARE, "--format", form)
    assert done.returncode == 0, done.stderr
    assert read(done.stdout) == [ANSWER]


def test_a_query_answers_as_a_table(released: World) -> None:
    assert "0.948" in released.quick("query", NATIONAL_SHARE).stdout


WIDE_ANSWER = "select * from marts.mart_key_figures limit 2"


def _asked(world: World, *words: str, given: str = "", columns: str = "80") -> Done:
    """A query in a process of its own, with text on standard input, as in a pipe."""
    return subprocess.run(
        [*world.command, "query", *words],
        env=world.environment() | {"COLUMNS": columns},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_answer_that_is_too_wide_comes_as_records(released: World) -> None:
    done = _asked(released, WIDE_ANSWER)
    assert (done.returncode, done.stderr) == (0, "")
    records = done.stdout.split("\n\n")
    assert len(records) == 2
    assert all(" = " in line or line.endswith(" =") for line in records[0].split("\n"))
    assert done.stdout == released.quick("query", WIDE_ANSWER, "--format", "record").stdout


def test_a_table_that_is_asked_for_is_never_cut(released: World) -> None:
    done = _asked(released, WIDE_ANSWER, "--format", "table")
    heading, rule, *rows = done.stdout.splitlines()
    assert len(heading.split()) == len(rule.split()) > 30
    assert len(rows) == 2


@pytest.mark.parametrize("words", [["-"], []])
def test_a_statement_may_come_from_standard_input(released: World, words: list[str]) -> None:
    done = released.quick("query", NATIONAL_SHARE, "--format", "csv")
    given = f"-- a comment first\n{NATIONAL_SHARE};\n"
    assert _asked(released, *words, "--format", "csv", given=given).stdout == done.stdout


def test_a_statement_may_come_from_a_file_and_begin_with_a_comment(
    released: World, tmp_path: Path
) -> None:
    text = f"-- hvor er vi? --format\n{NATIONAL_SHARE};"
    (tmp_path / "spørsmål.sql").write_text(text, encoding="utf-8-sig")
    expected = released.quick("query", NATIONAL_SHARE).stdout
    assert released.quick("query", f"@{tmp_path / 'spørsmål.sql'}").stdout == expected
    assert released.quick("query", text).stdout == expected


@pytest.mark.parametrize("words", [["-"], [], [""], ["-- nothing"]])
def test_nothing_to_ask_is_wrong_usage_in_words(released: World, words: list[str]) -> None:
    done = _asked(released, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no statement to run." in done.stderr


@pytest.mark.parametrize("content", [b"select '\xe5'", b"-" * (2**20 + 1)])
def test_a_file_that_is_no_statement_is_refused(
    released: World, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "x.sql").write_bytes(content)
    done = released.quick("query", f"@{tmp_path / 'x.sql'}")
    assert (done.returncode, done.stdout) == (1, "")
    assert "x.sql" in done.stderr
    assert released.quick("query", f"@{tmp_path / 'none.sql'}").returncode == 1


def test_a_query_answers_as_parquet(released: World) -> None:
    done = subprocess.run(
        [*released.command, "query", NATIONAL_SHARE, "--format", "parquet"],
        env=released.environment(),
        capture_output=True,
        check=True,
    )
    assert pl.read_parquet(done.stdout).rows() == [ANSWER]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select * from marts.mart_key_figure", "mart_key_figures"),
        ("delete from marts.mart_key_figures", "read"),
        ("select * from read_csv('/etc/passwd')", "query failed"),
    ],
)
def test_a_query_that_cannot_be_answered_is_explained_in_one_paragraph(
    released: World, sql: str, message: str
) -> None:
    done = released.quick("query", sql)
    assert done.returncode == 1
    assert message in done.stderr
    assert "What to do:" in done.stderr
    assert done.stderr.strip().count("\n") == 0


def test_the_traceback_of_an_error_is_shown_with_debug_only(released: World) -> None:
    words = ("query", "delete from marts.mart_key_figures")
    assert "Traceback" not in released.quick(*words).stderr
    assert "Traceback" in released.pll("--debug", *words).stderr


def test_without_a_release_a_query_says_to_run(tmp_path: Path) -> None:
    done = make_world(tmp_path).quick("query", "select 1")
    assert done.returncode == 1
    assert "pll run" in done.stderr


# --- archive --------------------------------------------------------------------------------------


def _snapshot_count(world: World, source: str) -> int:
    return len(list((world.data / "raw" / source).glob("[0-9]*Z")))


def test_what_is_archived_again_unchanged_makes_no_snapshot(own_world: World) -> None:
    (file,) = own_world.snapshot_files("apotek")
    done = own_world.quick(
        "archive", "apotek", str(file), "--from", "apotek.no", "--note", "på nytt"
    )
    assert done.returncode == 0
    assert "Unchanged since" in done.stdout
    assert _snapshot_count(own_world, "apotek") == 1


def test_a_file_the_source_does_not_publish_is_refused_by_name(
    own_world: World, tmp_path: Path
) -> None:
    unknown = tmp_path / "tall.csv"
    unknown.write_text("a,b\n")
    done = own_world.quick("archive", "apotek", str(unknown))
    assert done.returncode == 1
    assert "denominators_national.csv" in done.stderr
    assert "tall.csv" in done.stderr


# --- rebuild, rollback ----------------------------------------------------------------------------


def test_a_rebuild_from_raw_alone_gives_the_same_tables_and_a_rollback_goes_by_name(
    own_world: World,
) -> None:
    (first,), tables = own_world.releases(), own_world.csv_files()
    damaged = own_world.data / "marts" / "releases" / "2020-01-01T000000Z"
    damaged.mkdir()
    assert "pll run --offline --again" in own_world.quick("doctor").stdout
    done = own_world.quick("rebuild")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not damaged.exists(), "a release that is damaged is removed"
    assert own_world.releases()[-1] > first
    assert own_world.csv_files() == tables
    difference = (own_world.current / "difference.md").read_text(encoding="utf-8")
    assert "Ingen endringer i rader som finnes i begge utgaver." in difference

    same = own_world.quick("rollback")
    assert same.returncode == 1
    assert "There is no release before the current one with other figures" in same.stderr
    back = own_world.quick("rollback", first)
    assert back.returncode == 0
    assert f"Release {first} is current again" in back.stdout
    manifest = json.loads((own_world.current / "release.json").read_text(encoding="utf-8"))
    assert manifest["release_id"] == first
    again = own_world.quick("rollback")
    assert again.returncode == 1
    assert "What to do:" in again.stderr


@pytest.fixture(scope="module")
def as_of(
    second_night: SecondNight, tmp_path_factory: pytest.TempPathFactory
) -> tuple[World, World, Done]:
    """The world after its second night, the tables of the day before, and the command."""
    world = copy_world(second_night.world, tmp_path_factory.mktemp("as-of"))
    snapshots = sorted((world.data / "raw" / "published_figures").glob("[0-9]*Z"))
    day = snapshots[-2].name[:10]  # before the second night
    done = world.quick("rebuild", "--as-of", day)
    make_deletable(world)
    return world, World(world.data / "as-of" / day), done


def test_the_figures_as_known_on_a_day_are_those_the_release_of_that_day_had(
    released: World, as_of: tuple[World, World, Done]
) -> None:
    _, then, done = as_of
    assert done.returncode == 0, done.stdout + done.stderr
    assert then.csv_files() == released.csv_files()


def test_a_rebuild_as_of_a_day_does_not_touch_the_releases_of_today(
    second_night: SecondNight, as_of: tuple[World, World, Done]
) -> None:
    world, _, _ = as_of
    assert world.releases() == second_night.world.releases()
    assert world.csv_files() == second_night.world.csv_files()


def test_a_day_before_anything_was_archived_is_refused(released: World) -> None:
    done = released.quick("rebuild", "--as-of", "2001-01-01")
    assert done.returncode == 1
    assert "Nothing had been archived on that day" in done.stderr


# --- explain --------------------------------------------------------------------------------------


def test_a_figure_is_walked_back_to_the_line_it_was_published_in(released: World) -> None:
    key = ("measure_code=eresept_package_share", "region_key=land:NO")
    done = released.quick("explain", "mart_adoption_latest", *key)
    assert done.returncode == 0, done.stderr
    steps = [line for line in done.stdout.split("\n") if line and not line.startswith(" ")]
    assert [step.split(" ", 1)[-1] for step in steps] == [
        "of mart_adoption_latest",
        "row of star.fct_observation",
        "as published by Flere utgivere, se hvert tall: figures.csv:5",
    ]
    assert "value  94.8" in done.stdout


def test_a_share_is_walked_back_to_both_its_parts(released: World) -> None:
    key = ("basis=derived", "month=2018-12-01")
    done = released.quick("explain", "mart_adoption_by_region_actor_month", *key)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("row of star.fct_observation") == 2
    assert "population_national.csv" in done.stdout


def test_a_key_that_many_rows_have_is_refused_with_the_columns_they_differ_in(
    released: World,
) -> None:
    done = released.quick("explain", "mart_key_figures", "region_key=land:NO")
    assert done.returncode == 1
    assert "measure_code" in done.stderr
    assert released.quick("explain", "mart_key_figures", "land:NO").returncode == 2


# --- inspect --------------------------------------------------------------------------------------

SAVED = Path(__file__).resolve().parents[1] / "snapshots" / "powerbi" / "nested_with_totals.json"


def test_a_saved_answer_of_a_report_is_printed_row_by_row_and_its_totals_apart(
    released: World,
) -> None:
    rows, totals = (
        list(csv.reader(io.StringIO(released.quick("inspect", str(SAVED), option).stdout)))
        for option in ("--rows", "--totals")
    )
    assert totals[0] == ["level", *rows[0]]
    assert len(rows) > 2
    assert len(totals) > 2


def test_an_answer_that_cannot_be_trusted_is_not_printed(released: World, tmp_path: Path) -> None:
    answer = json.loads(SAVED.read_text(encoding="utf-8"))
    answer["results"][0]["result"]["data"]["dsr"]["DS"][0]["IC"] = False
    cut_off = tmp_path / "answer.json"
    cut_off.write_text(json.dumps(answer), encoding="utf-8")
    done = released.quick("inspect", str(cut_off), "--rows")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "What to do:" in done.stderr
