"""Whole nights, as the schedule runs them: nothing new, bad publications, damaged bytes, revisions. The last release always stands."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pll_pipeline.lock import one_writer
from tests.night.conftest import ROOT, World

FIGURES = "published_figures"


def _held(world: World, source: str) -> Path:
    """Folder of the newest snapshot."""
    return sorted((world.data / "raw" / source).glob("[0-9]*Z"))[-1]


def _archive(world: World, source: str, change: Callable[[bytes], bytes]) -> None:
    """Archive what is held of the source, changed, as somebody does with a file received by hand."""
    inbox = world.data.parent / "innboks"
    inbox.mkdir(exist_ok=True)
    files = []
    for path in _held(world, source).iterdir():
        if path.name != "snapshot.json":
            (inbox / path.name).write_bytes(change(path.read_bytes()))
            files.append(str(inbox / path.name))
    said = world.pll("archive", source, *files, "--from", "utgiveren")
    assert said.returncode == 0, said.stdout + said.stderr


def _rows(change: Callable[[list[dict[str, str]]], None]) -> Callable[[bytes], bytes]:
    """A change of a CSV by its rows."""

    def changed(content: bytes) -> bytes:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
        rows = list(reader)
        change(rows)
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, reader.fieldnames or [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().encode()

    return changed


def test_the_first_night_tells_each_step_what_it_published_and_how_to_open_it(
    first_night: tuple[World, subprocess.CompletedProcess[str]],
) -> None:
    world, said = first_night
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stderr == ""
    lines = [line.split(" s  ", 1)[1].strip() for line in said.stdout.split("\n") if " s  " in line]
    assert [line for line in lines if "unchanged" in line] == [
        f"{name}: unchanged"
        for name in (
            "apotek",
            "published_figures",
            "rollout_facts",
            "ssb_fastleger",
            "ssb_population",
        )
    ]
    assert "gathered 9307 figures, 7 targets, 92 milestones" in lines
    assert f"Published release {world.releases()[-1]}" in said.stdout
    assert str(world.current / "pll.duckdb") in said.stdout
    assert "120 figures, 7 targets" in said.stdout


def test_an_unchanged_night_reads_builds_and_publishes_nothing_and_says_so_in_one_line(
    own_world: World,
) -> None:
    def touched() -> dict[Path, int]:
        kept = [
            *own_world.data.glob("validated/**/*"),
            *own_world.data.glob("build/*.duckdb"),
            *own_world.data.glob("raw/**/*"),
        ]
        return {path: path.stat().st_mtime_ns for path in kept}

    releases, before = own_world.releases(), touched()
    said = own_world.pll("run")
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stderr == ""
    assert (
        said.stdout.strip().split("\n")[-1]
        == f"Nothing new: release {releases[-1]} already has what the sources publish."
    )
    assert sum("nothing new" in line.lower() for line in said.stdout.split("\n")) == 2, (
        "the step's line and the last"
    )
    assert (own_world.releases(), touched()) == (releases, before)


def test_publications_that_cannot_be_trusted_are_refused_and_the_ones_before_stand(
    own_world: World,
) -> None:
    before = own_world.ask(
        "select * exclude (snapshot_at, revision_number) from star.fct_observation order by all"
    )
    _archive(own_world, FIGURES, lambda content: content[: len(content) // 2])
    _archive(own_world, "rollout_facts", lambda content: content.decode().encode("iso-8859-1"))
    _archive(
        own_world,
        "apotek",
        lambda content: content.replace(b"metric,date,value", b"metric,date,number"),
    )
    _archive(
        own_world,
        "ssb_fastleger",
        lambda content: content.replace(
            content.split(b"\n")[0].split(b",")[0], b"something_else", 1
        ),
    )
    _archive(
        own_world, "ssb_population", lambda content: content.replace(b",5258317", b",ganske mange")
    )
    said = own_world.pll("run")
    assert said.returncode == 3, said.stdout + said.stderr
    told = {
        line.split(" keeps an earlier snapshot. ")[0]: line
        for line in said.stderr.split("\n")
        if " keeps an earlier snapshot. " in line
    }
    assert set(told) == {FIGURES, "rollout_facts", "apotek", "ssb_fastleger", "ssb_population"}
    assert "figures.csv" in told[FIGURES]
    assert "utf-8" in told["rollout_facts"]
    assert "number" in told["apotek"]
    assert "something_else" in told["ssb_fastleger"]
    assert "ganske mange" in told["ssb_population"]
    assert all("What to do:" in line or "rows break a rule" in line for line in told.values())
    assert (
        own_world.ask(
            "select * exclude (snapshot_at, revision_number) from star.fct_observation order by all"
        )
        == before
    )
    manifest = json.loads((own_world.current / "release.json").read_text(encoding="utf-8"))
    assert {s["source_name"] for s in manifest["stale_sources"]} == set(told)
    status = own_world.pll("status")
    assert status.stdout.count("refused") == 5
    again = own_world.pll("run")
    assert again.returncode == 3, "a source that keeps an earlier snapshot is said every night"


def test_rows_that_break_a_rule_are_set_aside_with_the_reason_and_the_others_are_published(
    own_world: World,
) -> None:
    """An unknown measure, region and actor type, 140 %, month 13, one key with two values; and one figure the publisher revised."""
    source = (ROOT / "pll_pipeline" / "sources" / f"{FIGURES}.yaml").read_text(encoding="utf-8")
    own = own_world.data / "sources" / f"{FIGURES}.yaml"
    own.parent.mkdir()
    own.write_text(
        source.replace("numbers: point", "numbers: point\ntolerance: 0.1", 1), encoding="utf-8"
    )

    def change(rows: list[dict[str, str]]) -> None:
        revised = next(row for row in rows if row["value"] == "94.8")
        revised["value"] = "94.9"
        normal = next(
            row
            for row in rows
            if row["indicator_no"] == "Antall apotek" and row["region_name"] == "Norge"
        )
        for wrong in (
            {"indicator_no": "Antall hester"},
            {"region_name": "Narnia", "region_level": "fylke", "period": "2023-11"},
            {"actor_type": "trollmann", "period": "2023-10"},
            {
                "indicator_no": "Andel e-resepter",
                "unit": "prosent",
                "value": "140",
                "period": "2023-09",
            },
            {"period": "2023-13"},
            {"value": str(int(normal["value"]) + 1)},
        ):
            rows.append(normal | wrong)

    _archive(own_world, FIGURES, _rows(change))
    said = own_world.pll("run")
    assert said.returncode == 0, said.stdout + said.stderr
    aside = own_world.ask(
        "select rule, refused_text, row_reference, reason from star.fct_quarantine order by try_cast(split_part(row_reference, ':', 2) as integer), rule"
    )
    rules = {str(rule): (text, str(reason)) for rule, text, _, reason in aside}
    assert {text for text, _ in rules.values()} >= {
        "Antall hester",
        "Narnia",
        "trollmann",
        "140",
        "2023-13",
    }
    assert {
        "region_is_known",
        "actor_type_is_known",
        "share_is_a_share",
        "period_is_readable",
        "one_value_per_key",
    } <= set(rules)
    assert sum(rule == "one_value_per_key" for rule, *_ in aside) == 2, (
        "of two values for one key neither is believed"
    )
    ended = own_world.ask(
        """select row_reference from star.fct_observation where source_name = 'published_figures' union select row_reference from star.fct_target
           union select row_reference from star.fct_quarantine where source_name = 'published_figures'"""
    )
    lines = {
        int(part.split(":")[1]) for (references,) in ended for part in str(references).split("; ")
    }
    assert lines == set(range(2, 137)), "every published row ends somewhere"
    assert own_world.ask(
        "select sum(quarantined_count) from marts.mart_coverage_by_source_month"
    ) == [(len(aside),)]
    revised = own_world.ask(
        "select value, revision_number from marts.mart_key_figures where measure_code = 'eresept_package_share' and period_end = '2023-12-31'"
    )
    assert revised == [(0.949, 2)]
    difference = (own_world.current / "difference.md").read_text(encoding="utf-8")
    assert (
        "## Publikasjoner\n\n- `published_figures`: 1 tall borte, 1 endrede tall" in difference
    ), "the figure two rows contradict, and the revised one"
    assert "fct_observation" in difference
    assert "mart_adoption_by_region_actor_month" in difference
    assert "6" in own_world.pll("status").stdout


def test_bytes_that_changed_after_they_were_archived_stop_the_night(own_world: World) -> None:
    release = own_world.releases()[-1]
    path = _held(own_world, FIGURES) / "figures.csv"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"94.8", b"99.8"))
    said = own_world.pll("run")
    assert said.returncode == 1, said.stdout + said.stderr
    assert "figures.csv" in said.stderr
    assert "What to do:" in said.stderr
    assert "Traceback" not in said.stderr
    assert f"Nothing was published. Release {release} is still current." in said.stderr
    assert own_world.ask(
        "select value from marts.mart_key_figures where measure_code = 'eresept_package_share' and period_end = '2023-12-31'"
    ) == [(0.948,)]


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


def test_a_warehouse_that_cannot_be_built_is_told_in_one_paragraph_to_the_log_and_the_webhook(
    own_world: World, webhook: tuple[str, list[str]], tmp_path: Path
) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(ROOT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs"))
    model = project / "models" / "star" / "dim_service.sql"
    model.write_text(
        model.read_text(encoding="utf-8").replace(
            "since_date", "cast(service_name as date) as since_date"
        ),
        encoding="utf-8",
    )
    address, posted = webhook
    program = f"""
from pathlib import Path
from pll_pipeline.automation import run_night
from pll_pipeline.config import Config
from pll_pipeline.definitions import build_definitions
from pll_pipeline.sources.register import register
config = Config(Path({str(own_world.data)!r}), Path({str(project)!r}), {address!r})
night = run_night(build_definitions, config, register(), ask=())
print(night.exit_code, night.failure)
"""
    said = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=own_world.data,
        check=True,
    )
    code, paragraph = said.stdout.strip().split(" ", 1)
    assert code == "1"
    assert "\n" not in paragraph
    assert "dim_service" in paragraph
    assert "the last release is still current" in paragraph
    (line,) = (
        (own_world.data / "logs" / "failures.log").read_text(encoding="utf-8").strip().split("\n")
    )
    assert paragraph in line
    assert posted == [line.split(" UTC  ", 1)[1]]
    assert len(own_world.releases()) == 1


def test_a_second_run_is_refused_while_one_is_under_way(own_world: World) -> None:
    with one_writer(own_world.data / "night.lock", "a test"):
        for words in (("run",), ("rebuild",), ("rollback",)):
            said = own_world.pll(*words)
            assert said.returncode == 1, said.stdout
            assert "Another run is under way" in said.stderr
            assert "Traceback" not in said.stderr
    assert len(own_world.releases()) == 1


def test_a_source_file_that_says_what_it_may_not_stops_the_night_with_file_and_key(
    own_world: World,
) -> None:
    own = own_world.data / "sources" / "egen_kilde.yaml"
    own.parent.mkdir()
    own.write_text(
        (ROOT / "pll_pipeline" / "sources" / "apotek.yaml")
        .read_text(encoding="utf-8")
        .replace("name: apotek", "name: egen_kilde\ncolour: blue"),
        encoding="utf-8",
    )
    said = own_world.pll("run")
    assert said.returncode == 1
    assert "egen_kilde.yaml" in said.stderr
    assert "colour" in said.stderr


def test_a_night_does_not_begin_on_a_disk_without_room_for_it(
    own_world: World, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)],
            capture_output=True,
            text=True,
            check=False,
        )
        if shutil.which("mount")
        else None
    )
    if mounted is None or mounted.returncode:
        pytest.skip("mounting a small disk is refused here")
    try:
        shutil.copytree(
            own_world.data,
            disk / "data",
            symlinks=True,
            ignore=shutil.ignore_patterns("build", "dagster"),
        )
        world = World(disk / "data")
        for words in (("run",), ("rebuild",)):
            said = world.pll(*words)
            assert said.returncode == 1, said.stdout + said.stderr
            assert re.search(
                r"The disk is nearly full: a night takes up to \d+ MiB and \d+\.\d MiB are free; release \S+ is current\.",
                said.stderr,
            )
            assert "make room" in said.stderr
        assert world.ask("select count(*) > 0 from marts.mart_key_figures") == [(True,)]
        assert list((world.data / "validated").glob("*.parquet")), (
            "what was read before is not thrown away first"
        )
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
