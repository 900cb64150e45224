"""One source in the night: each snapshot is read, judged and hashed once; no step is skipped."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from pll_pipeline.assets import LOCK, raw
from pll_pipeline.assets.source import source_assets
from pll_pipeline.assets.validated import gathered_assets
from pll_pipeline.automation import (
    JOB,
    Night,
    night_config,
    night_job,
    night_lock,
    run_night,
)
from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.errors import PllError
from pll_pipeline.night.record import NightRecord
from pll_pipeline.night.record import read as read_record
from pll_pipeline.raw import archive
from pll_pipeline.raw.archive import Snapshot, keep, snapshots
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import register
from pll_pipeline.validated import reading, verdicts
from tests.in_process import read_in_process
from tests.loopback import Reply, publisher

SOURCES = {name: register()[name] for name in ("apotek", "rollout_facts")}
APOTEK = SOURCES["apotek"]
FILE = "denominators_national.csv"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A data folder with the bundled snapshots of two sources."""
    monkeypatch.setenv("DAGSTER_HOME", "")
    for name in SOURCES:
        shutil.copytree(CHECKOUT / "data" / "raw" / name, tmp_path / "raw" / name)
    return Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")


def _definitions(config: Config, sources: dict[str, Source]) -> dg.Definitions:
    """The night up to the tables for dbt."""
    return dg.Definitions(
        assets=[
            *(source_assets(config, source) for source in sources.values()),
            gathered_assets(config, sources),
        ],
        jobs=[night_job()],
        resources={LOCK: night_lock(config)},
    )


def _night(config: Config, *, ask: list[str] | None = None) -> tuple[Night, list[str]]:
    """How the night ended, and its lines."""
    lines: list[str] = []
    night = run_night(_definitions, config, SOURCES, ask=ask, show_line=lines.append)
    return night, lines


def _materialised(config: Config) -> list[str]:
    """The assets that the last night materialised."""
    with dg.DagsterInstance.from_config(str(config.dagster_home)) as instance:
        (run,) = instance.get_runs(limit=1)
        records = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    keys = [record.get_dagster_event().asset_key for record in records]
    return [key.to_user_string() for key in keys if key]


class Counted:
    """How often each archived file was read and hashed, and each source judged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reads: Counter[str] = Counter()
        self.hashes: Counter[bytes] = Counter()
        self.judgements: Counter[str] = Counter()
        read, judge, sha256 = Snapshot.read, reading.judge_contents, hashlib.sha256

        def counted_read(snapshot: Snapshot, file: str) -> bytes:
            self.reads[f"{snapshot.source_name}/{snapshot.name}/{file}"] += 1
            return read(snapshot, file)

        def counted_judge(source: Source, *arguments: object) -> object:
            self.judgements[source.name] += 1
            return judge(source, *arguments)  # type: ignore[arg-type]  # passed on unchanged

        class CountedHashlib:
            @staticmethod
            def sha256(content: bytes = b"") -> object:
                self.hashes[bytes(content)] += 1
                return sha256(content)

        monkeypatch.setattr(Snapshot, "read", counted_read)
        monkeypatch.setattr(reading, "judge_contents", counted_judge)
        read_in_process(monkeypatch)
        monkeypatch.setattr(archive, "hashlib", CountedHashlib)

    def clear(self) -> None:
        for counter in (self.reads, self.hashes, self.judgements):
            counter.clear()


def _archived(config: Config) -> dict[str, bytes]:
    return {
        f"{name}/{snapshot.name}/{file.name}": (snapshot.folder / file.name).read_bytes()
        for name in SOURCES
        for snapshot in snapshots(config.raw, name)
        for file in snapshot.files
    }


def test_each_snapshot_is_read_judged_and_hashed_at_most_once_in_a_night(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = snapshots(config.raw, "apotek")
    changed = first.read(FILE).replace(b",1053,", b",1054,")
    keep(config.raw, "apotek", {FILE: changed}, {})
    archived = _archived(config)
    counted = Counted(monkeypatch)

    night, lines = _night(config)
    assert night.failure is None, lines
    assert [len(state.verdicts) for state in night.states] == [2, 2]
    assert counted.reads == dict.fromkeys(archived, 1)
    assert {counted.hashes[content] for content in archived.values()} == {1}
    assert counted.judgements == {"apotek": 2, "rollout_facts": 2}

    counted.clear()
    again, _ = _night(config)
    assert again.states == night.states
    assert counted.reads == dict.fromkeys(archived, 1), "bytes are verified every night"
    assert {counted.hashes[content] for content in archived.values()} == {1}
    assert not counted.judgements, "verdicts are read, not reached again"


def test_a_raw_asset_without_new_bytes_is_not_materialised_and_skips_nothing(
    config: Config,
) -> None:
    night, lines = _night(config)
    assert night.failure is None, lines
    assert _materialised(config)[:2] == ["validated/apotek", "validated/rollout_facts"]
    assert "validated/observation" in _materialised(config)


def test_new_bytes_materialise_the_raw_asset(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = snapshots(config.raw, "apotek")
    changed = first.read(FILE).replace(b",1053,", b",1054,")

    def fetch(source: Source, folder: Path) -> tuple[Snapshot, bool]:
        return keep(folder, source.name, {FILE: changed}, {})

    monkeypatch.setattr(raw, "fetch", fetch)
    _, lines = _night(config, ask=["apotek"])
    assert lines[0] == "apotek: new snapshot"
    assert [key for key in _materialised(config) if key.startswith("raw/")] == ["raw/apotek"]


def test_only_the_sources_named_are_asked(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fetch(source: Source, folder: Path) -> tuple[Snapshot, bool]:
        asked.append(source.name)
        return snapshots(folder, source.name)[-1], False

    monkeypatch.setattr(raw, "fetch", fetch)
    _night(config, ask=["rollout_facts"])
    assert asked == ["rollout_facts"]
    _night(config, ask=[])
    assert asked == ["rollout_facts"]


def test_a_publisher_that_does_not_answer_is_named_and_its_snapshot_stays_in_use(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(source: Source, _: Path) -> tuple[Snapshot, bool]:
        raise PllError(f"{source.name} does not answer")

    monkeypatch.setattr(raw, "fetch", fetch)
    night, _ = _night(config, ask=["apotek"])
    assert night.unanswered == {"apotek": "apotek does not answer."}
    assert night.exit_code == 3
    assert all(state.in_use for state in night.states)


def test_an_input_output_error_is_tried_again_and_named_when_it_stays(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def fetch(source: Source, _: Path) -> tuple[Snapshot, bool]:
        tries.append(source.name)
        raise OSError("the disk does not answer")

    monkeypatch.setattr(raw, "fetch", fetch)
    monkeypatch.setattr(raw, "RETRY_SECONDS", 0)
    night, _ = _night(config, ask=["apotek"])
    assert tries == ["apotek"] * 3
    assert "the disk does not answer" in night.unanswered["apotek"]


def test_an_error_that_no_code_foresaw_fails_the_night_with_a_paragraph(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fingerprint(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(verdicts, "reading_fingerprint", fingerprint)
    night, _ = _night(config)
    assert night.exit_code == 1
    assert night.failure == (
        "Not foreseen: ZeroDivisionError: division by zero. "
        "What to do: run again with `pll --debug`, and report what it shows."
    )
    failures = (config.logs / "failures.log").read_text(encoding="utf-8")
    assert "The step judge_apotek failed. Not foreseen: ZeroDivisionError" in failures


def _scheduled_night(config: Config) -> NightRecord:
    """The record of a night that the server runs, which takes the lock itself."""
    job = _definitions(config, SOURCES).resolve_job_def(JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(
            instance=instance, run_config=night_config(SOURCES), raise_on_error=False
        )
    record = read_record(config)
    assert record is not None
    return record


def test_a_scheduled_night_is_recorded_by_its_own_run(config: Config) -> None:
    config.own_sources.mkdir()
    with publisher(Reply(b"ok")) as loopback:
        record = _scheduled_night(replace(config, ping_url=f"{loopback.url}/ping"))
    assert (record.kind, record.exit) == ("schedule", 3), record.paragraph
    assert "No snapshot of it was ever archived" in record.paragraph
    assert [request.path for request in loopback.received] == ["/ping"]
    failures = (config.logs / "failures.log").read_text(encoding="utf-8").splitlines()
    assert len(failures) == len(set(register()) - set(SOURCES))
    assert all("is left out. No snapshot of it was ever archived" in line for line in failures)
    assert _scheduled_night(config).exit == 3
    again = (config.logs / "failures.log").read_text(encoding="utf-8").splitlines()
    assert again == failures, "not each night again"


def test_a_scheduled_night_that_fails_is_recorded_and_reported(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fingerprint(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(verdicts, "reading_fingerprint", fingerprint)
    record = _scheduled_night(config)
    assert record.exit == 1
    assert record.paragraph.startswith("The step judge_apotek failed. Not foreseen: ZeroDivision")
    failures = (config.logs / "failures.log").read_text(encoding="utf-8")
    assert failures.count("The step judge_apotek failed.") == 1


def test_a_rebuild_reads_every_snapshot_again(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    _night(config)
    counted = Counted(monkeypatch)
    run_night(_definitions, config, SOURCES, ask=(), rebuild=True)
    assert counted.judgements == {"apotek": 1, "rollout_facts": 2}
