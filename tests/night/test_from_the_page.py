"""A new user who knows the address of a page, and nothing else: to rows in the adoption mart.

The demo publishes the page, and every step is a command of `docs/from-page-to-rows.md`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.night.second_night import SecondNight, report_mapping
from tests.night.world import ROOT, Done, World, data_folder, done_of, note_of
from tests.once import built_once

FILE, EMBEDDED = "bruk_av_e_resept_csv", "statistikk_vist_pa_siden_powerbi"
STEPS = ("discover", "too_early", "enable_file", "enable_report", "check", "run")
TOKEN = re.compile(rb"H4sI[0-9a-f]{96}")
GUIDE = ROOT / "docs" / "from-page-to-rows.md"


@dataclass(frozen=True)
class NewUser:
    """The data folder of a new user after the steps, each a finished command."""

    world: World
    done: dict[str, Done]


@contextmanager
def served_page(folder: Path) -> Iterator[str]:
    """The address of the demo's page, published by a process of its own."""
    folder.mkdir()
    small = ["--scale", "0.01", "--months", "3"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pll_pipeline.cli", "demo", "--serve", *small],
        env={**os.environ, "PLL_DATA": str(folder), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        lines = (re.search(r"The page is (\S+/plan)", line) for line in process.stdout)
        yield next(line[1] for line in lines if line)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def confirm(world: World, name: str, confirmed: dict[str, Any]) -> None:
    """Put what a person knows in place of each CONFIRM of a starter."""
    path = world.data / "sources" / f"{name}.yaml"
    starter = yaml.safe_load(path.read_text(encoding="utf-8"))
    table = starter["tables"][0] | confirmed["tables"][0]
    text = yaml.safe_dump(starter | confirmed | {"tables": [table]}, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


def lines_of_the_guide() -> dict[str, Any]:
    """What the guide puts into the starter of the CSV."""
    block = re.search(r"```yaml\n(.+?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert block
    lines: dict[str, Any] = yaml.safe_load(block[1])
    return lines


def take_the_steps(folder: Path) -> dict[str, Any]:
    """Each step from the page to the night; notes about the commands, as plain data."""
    world = World(data_folder(folder))
    world.data.mkdir(parents=True)
    with served_page(folder / "publisher") as page:
        done = {"discover": world.pll("discover", page, "--allow-local")}
        done["too_early"] = world.quick("sources", "enable", FILE)
        lines = lines_of_the_guide()
        confirm(world, FILE, lines)
        starter = yaml.safe_load((world.data / "sources" / f"{EMBEDDED}.yaml").read_text("utf-8"))
        mapping = report_mapping(starter["tables"][0])
        confirm(world, EMBEDDED, lines | {"title": "PLL", "title_en": "PLL", "tables": [mapping]})
        done["enable_file"] = world.quick("sources", "enable", FILE)
        done["enable_report"] = world.quick("sources", "enable", EMBEDDED)
        done["check"] = world.quick("check", FILE, "--ask")
        done["run"] = world.pll("run", "--source", FILE, "--source", EMBEDDED)
        embedding = page.replace("/plan", "/statistikk/innforing")
        with urllib.request.urlopen(embedding) as answer:  # noqa: S310 - on loopback
            seen = len(TOKEN.findall(answer.read()))
    return {step: note_of(done[step]) for step in STEPS} | {"tokens_in_the_page": seen}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of the new user after the steps, and what is noted of them."""

    def run(folder: Path) -> str:
        return json.dumps(take_the_steps(folder))

    folder, note = built_once(tmp_path_factory, "new-user", run)
    return folder, json.loads(note)


@pytest.fixture(scope="module")
def new_user(notes: tuple[Path, dict[str, Any]]) -> NewUser:
    """The new user after the steps. No test may change anything."""
    folder, note = notes
    return NewUser(World(data_folder(folder)), {step: done_of(note[step]) for step in STEPS})


@pytest.mark.parametrize("step", [step for step in STEPS if step != "too_early"])
def test_each_step_succeeds_and_an_unconfirmed_starter_is_refused(
    new_user: NewUser, step: str
) -> None:
    done = new_user.done[step]
    assert done.returncode == 0, done.stdout + done.stderr
    early = new_user.done["too_early"]
    assert early.returncode != 0
    assert "CONFIRM" in early.stderr


def test_every_publication_behind_the_page_has_a_starter(new_user: NewUser) -> None:
    found = new_user.done["discover"].stdout
    assert "7 publications found" in found
    starters = [path.stem for path in (new_user.world.data / "sources").glob("*.yaml")]
    assert len(starters) == 7
    assert {FILE, EMBEDDED} <= set(starters)


@pytest.mark.parametrize(("source", "service"), [(FILE, "e-resept"), (EMBEDDED, "pll")])
def test_the_rows_of_each_are_in_the_adoption_mart_with_shares(
    new_user: NewUser, source: str, service: str
) -> None:
    ((count, share_count, services),) = new_user.world.ask(
        """
        select count(*), count(adoption_share), max(service_code)
        from marts.mart_adoption_by_region_actor_month
        where source_name = ? and region_level = 'kommune'
        """,
        source,
    )
    assert services == service
    assert isinstance(count, int)
    assert isinstance(share_count, int)
    assert count >= share_count > 0


def test_the_access_token_of_the_page_is_in_no_file_and_in_no_output(
    new_user: NewUser, notes: tuple[Path, dict[str, Any]]
) -> None:
    _, note = notes
    assert note["tokens_in_the_page"] == 1, "the pattern finds a token where there is one"
    assert_no_token(new_user.world, *new_user.done.values())


def test_no_token_of_a_night_in_which_it_expired_is_in_a_file_or_an_output(
    second_night: SecondNight,
) -> None:
    night = second_night.night
    assert_no_token(second_night.world, second_night.report_inspected, night)


def assert_no_token(world: World, *commands: Done) -> None:
    """No file of the data folder has a token, and no command printed one."""
    files = [path for path in world.data.rglob("*") if path.is_file() and not path.is_symlink()]
    names = {path.relative_to(world.data).parts[0] for path in files}
    assert {"raw", "sources", "validated", "marts", "dagster", "logs", "night.json"} <= names
    assert [path for path in files if TOKEN.search(path.read_bytes())] == []
    for done in commands:
        assert not TOKEN.search((done.stdout + done.stderr).encode())
