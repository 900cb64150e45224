"""Room on the disk, the lock, Dagster's home, and parameters as run config."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from pll_pipeline.automation import (
    Night,
    delete_derived,
    night_config,
    night_lock,
    night_sources,
    require_room,
)
from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.errors import PllError
from pll_pipeline.lock import one_writer
from pll_pipeline.sources.register import register

Usage = namedtuple("Usage", "total used free")


def _config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "data", dbt_project=CHECKOUT / "dbt_project")


def test_a_night_needs_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _config(tmp_path)
    require_room(config)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 99, 10 * 2**20))
    with pytest.raises(
        PllError,
        match=r"a night takes up to 64 MiB and 10\.0 MiB are free; there is no release yet",
    ):
        require_room(config)


def test_the_servers_night_works_under_the_lock(tmp_path: Path) -> None:
    config = _config(tmp_path)
    resources = {"lock": night_lock(config)}
    with dg.build_resources(resources), pytest.raises(PllError, match="Another run is under way"):
        _take_lock(config)
    _take_lock(config)


def _take_lock(config: Config) -> None:
    with one_writer(config.lock_file, "a test"):
        pass


def test_a_night_of_the_server_is_refused_while_another_is_under_way(tmp_path: Path) -> None:
    config = _config(tmp_path)
    with ExitStack() as stack:
        stack.enter_context(one_writer(config.lock_file, "a test"))
        with pytest.raises(dg.DagsterResourceFunctionError) as caught:
            stack.enter_context(dg.build_resources({"lock": night_lock(config)}))
    assert "Another run is under way" in str(caught.value.__cause__)
    failures = (config.logs / "failures.log").read_text(encoding="utf-8")
    assert failures.count("Another run is under way") == 1


@pytest.mark.parametrize(
    ("night", "code"),
    [
        (Night(None, None, [], {}, None), 0),
        (Night(None, None, [], {"apotek": "did not answer"}, None), 3),
        (Night(None, None, [], {}, "It failed."), 1),
    ],
)
def test_the_exit_code_shows_how_the_night_ended(night: Night, code: int) -> None:
    assert night.exit_code == code


def test_parameters_travel_as_run_config() -> None:
    sources = {name: register()[name] for name in ("apotek", "rollout_facts")}
    everything = night_config(sources).to_config_dict()["ops"]
    some = night_config(sources, ask=["apotek"], rebuild=True).to_config_dict()["ops"]

    def is_asked(steps: dict[str, dict[str, dict[str, dict[str, dict[str, bool]]]]]) -> list[bool]:
        return [
            steps[f"source_{name}"]["ops"][f"ask_{name}"]["config"]["is_asked"] for name in sources
        ]

    assert is_asked(everything) == [True, True]
    assert is_asked(some) == [True, False]
    assert everything["gather"] == {"config": {"rebuild": False}}
    assert some["gather"] == {"config": {"rebuild": True}}
    assert json.dumps(some), "run config is plain data"


def test_deleting_what_follows_from_raw_keeps_raw_and_releases(tmp_path: Path) -> None:
    config = _config(tmp_path)
    folders = (config.raw, config.marts, config.validated, config.build_file.parent)
    for folder in folders:
        folder.mkdir(parents=True)
    delete_derived(config)
    assert [folder.is_dir() for folder in folders] == [True, True, False, False]


def test_the_sources_of_a_day_in_the_past_are_those_that_had_a_snapshot(tmp_path: Path) -> None:
    config = _config(tmp_path)
    assert set(night_sources(config)) == set(register())
    shutil.copytree(CHECKOUT / "data" / "raw" / "apotek", config.raw / "apotek")
    (snapshot,) = (config.raw / "apotek").glob("[0-9]*Z")
    day = date.fromisoformat(snapshot.name[:10])
    assert list(night_sources(config.as_of(day))) == ["apotek"]
    with pytest.raises(PllError, match="Nothing had been archived on that day"):
        night_sources(config.as_of(date(2001, 1, 1)))
