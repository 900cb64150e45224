"""Whole nights, as the schedule runs them. Whatever happens, the last release stays current."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pll_pipeline.automation import run_night
from pll_pipeline.config import Config
from pll_pipeline.definitions import build_definitions
from pll_pipeline.lock import one_writer
from pll_pipeline.sources.register import register
from tests.night.second_night import FIGURES, LEFT_OUT, REFUSED, SecondNight
from tests.night.world import ROOT, Done, World, copy_world

BUNDLED = (
    *("apotek", "published_figures", "region_list", "rollout_facts"),
    *("ssb_fastleger", "ssb_population"),
)
PACKAGE_SHARE = (
    "select value from marts.mart_key_figures "
    "where measure_code = 'eresept_package_share' and period_end = '2023-12-31'"
)


# --- the first night, and one in which nothing is new ---------------------------------------------


def _steps(done: Done) -> list[str]:
    """The lines about the steps of a night, without the seconds before them."""
    lines = [line.split(" s  ", 1) for line in done.stdout.split("\n")]
    return [parts[1].strip() for parts in lines if len(parts) == 2]


def test_the_first_night_shows_each_step_what_it_published_and_the_way_to_open_it(
    first_night: tuple[World, Done],
) -> None:
    world, done = first_night
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    unchanged = [line for line in _steps(done) if "unchanged" in line]
    assert sorted(unchanged) == [f"{name}: unchanged" for name in BUNDLED]
    assert "gathered 10216 figures, 7 targets, 104 milestones" in _steps(done)
    assert f"Published release {world.releases()[-1]}" in done.stdout
    assert str(world.current / "pll.duckdb") in done.stdout
    assert "161 figures, 7 targets" in done.stdout


def test_the_first_night_ends_with_the_page_and_a_question_that_has_an_answer(
    first_night: tuple[World, Done],
) -> None:
    world, done = first_night
    first, *ways = done.stdout.partition("Published release ")[2].strip().splitlines()
    assert first.startswith(world.releases()[-1])
    assert ways[0].split("  ")[1] == "The page"
    assert ways[0].endswith(".venv/bin/pll report --open")
    assert ways[1].endswith(str(world.current / "pll.xlsx"))
    start = next(i for i, line in enumerate(ways) if ".venv/bin/pll query" in line)
    variable, _, first_line = ways[start].partition(".venv/bin/pll query ")
    assert variable.strip() == f"PLL_DATA={shlex.quote(str(world.data))}"
    question = [first_line, *ways[start + 1 :]]
    assert all(len(line) <= 80 for line in question)
    asked = world.quick("query", *shlex.split("\n".join(question)))
    heading, _, *rows = asked.stdout.splitlines()
    assert heading.split() == ["phase", "areas", "residents"]
    assert len(rows) >= 2
    assert all(len(line) <= 80 and len(line.split()) == len(heading.split()) for line in rows)


def test_a_night_shows_what_it_reads_while_it_reads(first_night: tuple[World, Done]) -> None:
    steps = _steps(first_night[1])
    assert steps[0] == "the night begins: loading Dagster, dbt and the readers"
    for name in BUNDLED:
        assert any(step.startswith(f"{name}: reading snapshot ") for step in steps), name
    assert "built 20 tables so far" in steps


def _written_at(world: World) -> dict[Path, int]:
    """When each file of raw, validated and the build was last written.

    But for the records of which archived bytes were hashed: a night renews them in rotation.
    """
    files = [
        *world.data.glob("validated/**/*"),
        *world.data.glob("build/*.duckdb"),
        *world.data.glob("raw/**/*"),
    ]
    return {
        file: file.stat().st_mtime_ns for file in files if not file.name.endswith(".hashed.json")
    }


def test_an_unchanged_night_reads_builds_and_publishes_nothing_and_ends_with_one_line(
    own_world: World,
) -> None:
    releases, written_at = own_world.releases(), _written_at(own_world)
    done = own_world.pll("run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    last = done.stdout.strip().split("\n")[-1]
    assert last == f"Nothing new: release {releases[-1]} already has what the sources publish."
    nothing_new = [line for line in done.stdout.split("\n") if "nothing new" in line.lower()]
    assert len(nothing_new) == 2, "the line of the step and the last line"
    assert (own_world.releases(), _written_at(own_world)) == (releases, written_at)


# --- bad publications -----------------------------------------------------------------------------


def _observations(world: World, sources: Sequence[str]) -> list[tuple[object, ...]]:
    return world.ask(
        """
        select * exclude (snapshot_at, revision_number) from star.fct_observation
        where list_contains(?, source_name) order by all
        """,
        list(sources),
    )


def _refusals(done: Done) -> dict[str, str]:
    """By source name: the line about a source that keeps an earlier snapshot."""
    middle = " keeps an earlier snapshot. "
    lines = [line for line in done.stderr.split("\n") if middle in line]
    return {line.split(middle)[0]: line for line in lines}


def test_publications_that_cannot_be_trusted_are_refused_and_the_figures_before_stay_in_use(
    released: World, second_night: SecondNight
) -> None:
    assert second_night.night.returncode == 3, second_night.night.stdout
    refusals = _refusals(second_night.night)
    assert set(refusals) == set(REFUSED)
    assert "utf-8" in refusals["rollout_facts"]
    assert "number" in refusals["apotek"]
    assert "something_else" in refusals["ssb_fastleger"]
    assert "ganske mange" in refusals["ssb_population"]
    for line in refusals.values():
        assert "What to do:" in line or "rows break a rule" in line
    before, after = (_observations(w, REFUSED) for w in (released, second_night.world))
    assert after == before


def test_sources_that_keep_an_earlier_snapshot_are_named_in_the_release_and_by_status(
    second_night: SecondNight,
) -> None:
    manifest = json.loads((second_night.world.current / "release.json").read_text(encoding="utf-8"))
    stale = {source["source_name"] for source in manifest["stale_sources"]}
    assert stale == {*REFUSED, LEFT_OUT}
    assert second_night.world.quick("status").stdout.count("refused") == len(stale)


def test_sources_that_keep_an_earlier_snapshot_are_named_every_night(
    second_night: SecondNight,
) -> None:
    assert second_night.same_night_again.returncode == 3
    assert set(_refusals(second_night.same_night_again)) == set(REFUSED)
    assert "Nothing new" in second_night.same_night_again.stdout


def test_a_new_source_whose_first_snapshot_is_refused_is_left_out_and_named(
    second_night: SecondNight,
) -> None:
    lines = [line for line in second_night.night.stderr.split("\n") if line.startswith(LEFT_OUT)]
    assert len(lines) == 1
    assert lines[0].startswith(f"{LEFT_OUT} is left out. ")
    assert "What to do:" in lines[0]
    assert _observations(second_night.world, [LEFT_OUT]) == []


# --- rows that break rules ------------------------------------------------------------------------


def _quarantine(world: World) -> list[tuple[object, ...]]:
    """Rule and text of each quarantined row of the published figures."""
    return world.ask(
        "select rule, refused_text from star.fct_quarantine where source_name = ?", FIGURES
    )


def test_rows_that_break_a_rule_are_quarantined_with_the_rule_and_their_text(
    second_night: SecondNight,
) -> None:
    rows = _quarantine(second_night.world)
    assert {
        ("share_is_a_share", "140"),
        ("region_is_known", "Narnia"),
        ("actor_type_is_known", "trollmann"),
        ("period_is_readable", "2023-13"),
    } <= set(rows)
    assert "Antall hester" in {text for _, text in rows}
    contradicting = [rule for rule, _ in rows if rule == "one_value_per_key"]
    assert len(contradicting) == 2, "of two values for one key neither is used"


def test_every_published_row_is_a_figure_a_target_or_in_quarantine(
    second_night: SecondNight,
) -> None:
    references = second_night.world.ask(
        """
        select row_reference from star.fct_observation where source_name = $1
        union select row_reference from star.fct_target
        union select row_reference from star.fct_quarantine where source_name = $1
        """,
        FIGURES,
    )
    parts = [part for (reference,) in references for part in str(reference).split("; ")]
    assert {int(part.split(":")[1]) for part in parts} == set(range(2, 179))


def test_quarantined_rows_are_counted_in_the_coverage(second_night: SecondNight) -> None:
    ((count,),) = second_night.world.ask(
        """
        select sum(quarantined_count) from marts.mart_coverage_by_source_month
        where source_name = ?
        """,
        FIGURES,
    )
    assert count == len(_quarantine(second_night.world))


def test_a_revised_figure_is_published_with_its_number_and_in_the_difference(
    second_night: SecondNight,
) -> None:
    world = second_night.world
    assert world.ask(PACKAGE_SHARE.replace("select value", "select value, revision_number")) == [
        (0.949, 2)
    ]
    corrections = world.ask(
        """
        select value_before, value_after from marts.mart_revisions
        where change_kind = 'correction' and source_name = ?
        """,
        FIGURES,
    )
    assert corrections == [(0.948, 0.949)]
    difference = (world.current / "difference.md").read_text(encoding="utf-8")
    assert f"- `{FIGURES}`: 1 tall borte, 1 endrede tall" in difference, (
        "the figure that two rows contradict, and the revised one"
    )
    assert "fct_observation" in difference
    assert "mart_adoption_by_region_actor_month" in difference


# --- what stops a night ---------------------------------------------------------------------------


def test_bytes_that_changed_after_they_were_archived_stop_the_night(own_world: World) -> None:
    release = own_world.releases()[-1]
    (path,) = own_world.snapshot_files(FIGURES)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"94.8", b"99.8"))
    done = own_world.quick("run")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "figures.csv" in done.stderr
    assert "What to do:" in done.stderr
    assert "Traceback" not in done.stderr
    assert f"Nothing was published. Release {release} is still current." in done.stderr
    assert own_world.ask(PACKAGE_SHARE) == [(0.948,)]


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[str]]]:
    """An address on loopback, and what was posted to it."""
    posted: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", posted
    server.shutdown()
    thread.join()
    server.server_close()


def _project_that_cannot_be_built(folder: Path) -> Path:
    """The seeds, and one model that fails."""
    project = folder / "dbt_project"
    project.mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / "dbt_project" / name, project)
    for name in ("macros", "seeds"):
        files = shutil.ignore_patterns("*.yml", "*.md")
        shutil.copytree(ROOT / "dbt_project" / name, project / name, ignore=files)
    model = project / "models" / "star" / "dim_service.sql"
    model.parent.mkdir(parents=True)
    model.write_text(
        "select cast(service_name as date) as since_date from {{ ref('service') }}",
        encoding="utf-8",
    )
    (model.parent / "dim_service.yml").write_text(
        "models: [{name: dim_service, config: {contract: {enforced: false}}}]", encoding="utf-8"
    )
    return project


def test_a_warehouse_that_cannot_be_built_is_reported_in_one_paragraph_to_the_log_and_the_webhook(
    own_world: World, webhook: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, posted = webhook
    project = _project_that_cannot_be_built(tmp_path)
    config = Config(own_world.data, project, alert_webhook=address)
    night = run_night(build_definitions, config, register(), ask=())
    assert night.exit_code == 1
    assert night.failure is not None
    assert "\n" not in night.failure
    assert "dim_service" in night.failure
    assert "the last release is still current" in night.failure
    log = (own_world.data / "logs" / "failures.log").read_text(encoding="utf-8")
    line = log.strip().split("\n")[-1]
    assert night.failure in line
    assert posted == [line.split(" UTC  ", 1)[1]]
    assert len(own_world.releases()) == 1


def test_a_second_run_is_refused_while_one_is_under_way(own_world: World) -> None:
    with one_writer(own_world.data / "night.lock", "a test"):
        for verb in ("run", "rebuild", "rollback"):
            done = own_world.quick(verb)
            assert done.returncode == 1, done.stdout
            assert "Another run is under way" in done.stderr
            assert "Traceback" not in done.stderr
    assert len(own_world.releases()) == 1
    assert list((own_world.data / "validated").glob("*.parquet")), (
        "a refused rebuild deletes nothing"
    )


def test_a_source_file_with_an_unknown_key_is_left_out_and_named_with_its_key(
    own_world: World,
) -> None:
    packaged = ROOT / "pll_pipeline" / "sources" / "apotek.yaml"
    text = packaged.read_text(encoding="utf-8")
    own = own_world.data / "sources" / "egen_kilde.yaml"
    own.parent.mkdir()
    own.write_text(text.replace("name: apotek", "name: egen_kilde\ncolour: blue"), encoding="utf-8")
    done = own_world.quick("run")
    assert done.returncode == 3
    assert "egen_kilde.yaml" in done.stderr
    assert "colour" in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not shutil.which("mount"):
        pytest.skip("there is no `mount` here")
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is refused here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_night_does_not_begin_on_a_disk_without_room_for_it(
    released: World, small_disk: Path
) -> None:
    world = copy_world(released, small_disk, shutil.ignore_patterns("build", "dagster"))
    for verb in ("run", "rebuild"):
        done = world.quick(verb)
        assert done.returncode == 1, done.stdout + done.stderr
        assert re.search(
            r"The disk is nearly full: a night takes up to \d+ MiB and \d+\.\d MiB are free; "
            r"release \S+ is current\.",
            done.stderr,
        )
        assert "make room" in done.stderr
    assert world.ask("select count(*) > 0 from marts.mart_key_figures") == [(True,)]
    assert list((world.data / "validated").glob("*.parquet")), "nothing is deleted before the check"
