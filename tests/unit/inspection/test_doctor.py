"""Each kind of damage is named with a command; once that is run, nothing is damaged."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pll_pipeline import cli
from pll_pipeline.assets.marts import remove_left_overs
from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.disposable import put_misplaced_away
from pll_pipeline.history import open_store
from pll_pipeline.inspection.doctor import NIGHT, PUBLISH_AGAIN, Damage, examine
from pll_pipeline.published import outputs as registry
from pll_pipeline.published.current_release import drop_damaged, repair
from pll_pipeline.published.publish import publish
from pll_pipeline.published.releases import current, releases, rollback
from pll_pipeline.raw.archive import excluded_snapshots, keep, snapshots
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import register
from pll_pipeline.validated.verdicts import judge_source
from tests.in_process import read_in_process
from tests.release_world import BUILT_AT, inputs, outputs, write_build

SOURCE = "apotek"
TAKEN_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two snapshots of one source, their verdicts, a store, two releases."""
    config = _config(tmp_path_factory.mktemp("whole") / "data")
    shutil.copytree(CHECKOUT / "data" / "raw" / SOURCE, config.raw / SOURCE)
    (first,) = snapshots(config.raw, SOURCE)
    files = {file.name: first.read(file.name) + b"\n" for file in first.files}
    keep(config.raw, SOURCE, files, {}, first.taken_at + timedelta(days=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", "")
        read_in_process(patch)
        judge_source(config, _sources()[SOURCE])
        with open_store(config):
            pass
        patch.setattr(registry, "OUTPUTS", outputs("workbook"))
        _publish(config)
    return config.data


def _config(data: Path) -> Config:
    return Config(data=data, dbt_project=CHECKOUT / "dbt_project")


def _sources() -> dict[str, Source]:
    return {SOURCE: register()[SOURCE]}


def _publish(config: Config) -> None:
    build = write_build(config.data.parent / "build.duckdb")
    used = [
        {"source_name": SOURCE, "snapshot_at": taken.isoformat(), "sha256": "0" * 64}
        for taken in [snapshots(config.raw, SOURCE)[-1].taken_at]
    ]
    for letter in "ab":
        facts = inputs(fingerprint=letter * 64, snapshots=used)
        publish(build, config.marts, facts, now=BUILT_AT)


@pytest.fixture
def config(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Config]:
    """A copy of the whole folder, to be damaged."""
    read_in_process(monkeypatch)
    monkeypatch.setenv("DAGSTER_HOME", "")
    data = tmp_path / "data"
    shutil.copytree(whole, data, symlinks=True)
    monkeypatch.setenv("PLL_DATA", str(data))
    yield _config(data)
    for path in (data / "marts").rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def _damages(config: Config) -> tuple[Damage, ...]:
    return examine(config, _sources()).damages


def _run(config: Config, command: str) -> None:
    """Run a command that was named; of a night, the parts that repair."""
    if command.startswith(NIGHT):
        put_misplaced_away(config.data)
        remove_left_overs(config)
        repair(config.marts)
        with open_store(config):
            judge_source(config, _sources()[SOURCE])
        if command == PUBLISH_AGAIN:
            drop_damaged(config.marts)
        return
    with pytest.MonkeyPatch.context() as patch, suppress(SystemExit):
        patch.setattr(sys, "argv", shlex.split(command))
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            cli.main()


def _expect(config: Config, part: str, words: str) -> None:
    """Exactly this is damaged, and its command repairs it."""
    damages = _damages(config)
    assert [damage.part for damage in damages] == [part], damages
    assert words in damages[0].what
    assert damages[0].where
    _run(config, damages[0].command)
    assert _damages(config) == ()


def test_a_whole_folder_is_healthy_and_nothing_of_it_is_written(config: Config) -> None:
    before = {path: os.lstat(path).st_mtime_ns for path in config.data.rglob("*")}
    assert _damages(config) == ()
    assert {path: os.lstat(path).st_mtime_ns for path in config.data.rglob("*")} == before


def test_a_folder_without_anything_is_healthy(tmp_path: Path) -> None:
    assert examine(_config(tmp_path / "nothing"), register()).damages == ()
    assert not (tmp_path / "nothing").exists()


# raw


def _newest(config: Config) -> Path:
    return snapshots(config.raw, SOURCE)[-1].folder


def _lose_folder(config: Config) -> None:
    shutil.rmtree(_newest(config))


def _lose_description(config: Config) -> None:
    (_newest(config) / "snapshot.json").unlink()


def _edit_description(config: Config) -> None:
    path = _newest(config) / "snapshot.json"
    path.write_text(path.read_text(encoding="utf-8").replace("apotek", "apoteket"))


def _cut_description(config: Config) -> None:
    path = _newest(config) / "snapshot.json"
    path.write_bytes(path.read_bytes()[:-20])


def _edit_bytes(config: Config) -> None:
    path = next(path for path in _newest(config).iterdir() if path.suffix == ".csv")
    path.write_bytes(path.read_bytes() + b"1")


def _lose_bytes(config: Config) -> None:
    next(path for path in _newest(config).iterdir() if path.suffix == ".csv").unlink()


def _add_snapshot(config: Config) -> None:
    shutil.copytree(_newest(config), config.raw / SOURCE / "2026-11-24T120000Z")


def _add_empty_folder(config: Config) -> None:
    (config.raw / SOURCE / "2026-11-24T120000Z").mkdir()


RAW = {
    _lose_folder: "is lost",
    _lose_description: "is lost",
    _edit_description: "was edited",
    _cut_description: "was edited",
    _edit_bytes: "changed after they were archived",
    _lose_bytes: "has no file",
    _add_snapshot: "was added by hand",
    _add_empty_folder: "is lost",
}


@pytest.mark.parametrize("damage", RAW, ids=lambda damage: damage.__name__)
def test_a_damaged_snapshot_is_excluded_from_use(
    config: Config, damage: Callable[[Config], None]
) -> None:
    damage(config)
    _expect(config, "raw", RAW[damage])


def test_a_source_of_which_nothing_is_left_is_given_up(config: Config) -> None:
    shutil.rmtree(config.raw / SOURCE)
    _expect(config, "raw", "which the release comes from, is lost")


def test_a_snapshot_after_the_clock_is_excluded_from_use(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pll_pipeline.raw.archive._refuse_time", lambda *_: None)
    keep(config.raw, SOURCE, {"x.csv": b"1"}, {}, datetime(2036, 1, 1, tzinfo=UTC))
    _expect(config, "raw", "is dated after the clock")


def _edit_line(ledger: Path) -> None:
    ledger.write_text(ledger.read_text().replace('"event"', ' "event"', 1))


def _cut_line(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes()[:-30])


def _drop_first_line(ledger: Path) -> None:
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[1:]))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _noise(path: Path) -> None:
    path.write_bytes(b"\xff\x00\xfe noise")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    "damage",
    [_edit_line, _cut_line, _drop_first_line, _empty, _noise, _folder, _circle],
    ids=lambda damage: damage.__name__,
)
def test_a_damaged_ledger_is_begun_again(config: Config, damage: Callable[[Path], None]) -> None:
    damage(config.raw / SOURCE / "ledger.jsonl")
    _expect(config, "raw", "of the ledger")


def test_a_ledger_that_is_begun_again_hides_no_lost_or_excluded_snapshot(config: Config) -> None:
    first, newest = (snapshot.name for snapshot in snapshots(config.raw, SOURCE))
    _run(config, f"pll archive {SOURCE} --set-aside {newest} --because 'a wrong unit'")
    _edit_line(config.raw / SOURCE / "ledger.jsonl")
    shutil.rmtree(config.raw / SOURCE / first)
    _run(config, f"pll archive {SOURCE} --renew-ledger --because 'a line was edited'")
    assert excluded_snapshots(config.raw, SOURCE) == {newest: "a wrong unit"}
    assert f"The snapshot {first} of {SOURCE} is lost" in _damages(config)[0].what


def test_a_ledger_is_begun_again_only_with_a_reason(config: Config) -> None:
    _noise(config.raw / SOURCE / "ledger.jsonl")
    _run(config, f"pll archive {SOURCE} --renew-ledger")
    assert "of the ledger" in _damages(config)[0].what


# what follows from raw


STORED = ("verdict.json", "observation.parquet", "quarantine.parquet")
ANY = (_empty, _noise, _folder, _circle, Path.unlink)


@pytest.mark.parametrize("name", STORED)
@pytest.mark.parametrize("damage", ANY, ids=lambda damage: damage.__name__)
def test_a_damaged_verdict_is_made_again_by_a_night(
    config: Config, name: str, damage: Callable[[Path], None]
) -> None:
    damage(config.validated / SOURCE / _newest(config).name / name)
    damages = _damages(config)
    assert {damage.part for damage in damages} <= {"verdicts", "build"}
    assert {damage.command for damage in damages} == {NIGHT}
    _run(config, NIGHT)
    assert _damages(config) == ()


@pytest.mark.parametrize("damage", [_noise, _folder, _circle], ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", ["dagster.yaml", "history/runs.db", "schedules/schedules.db"])
def test_a_damaged_store_is_made_anew_by_a_night(
    config: Config, name: str, damage: Callable[[Path], None]
) -> None:
    damage(config.dagster_home / name)
    _expect(config, "store", Path(name).name)


@pytest.mark.parametrize("damage", [_noise, _empty, _folder], ids=lambda damage: damage.__name__)
def test_a_damaged_build_file_is_made_anew_by_a_night(
    config: Config, damage: Callable[[Path], None]
) -> None:
    config.build_file.parent.mkdir(exist_ok=True)
    config.build_file.touch()
    damage(config.build_file)
    _expect(config, "build", "build.duckdb")


@pytest.mark.parametrize("name", ["build", "logs", "validated"])
def test_a_file_in_place_of_a_folder_is_put_away_by_a_night(config: Config, name: str) -> None:
    shutil.rmtree(config.data / name, ignore_errors=True)
    (config.data / name).write_text("a file")
    _expect(config, "build", "is no folder")


# releases


def test_a_link_that_leads_nowhere_is_repaired_by_a_night(config: Config) -> None:
    (config.marts / "current").unlink()
    (config.marts / "current").symlink_to("releases/nothing")
    _expect(config, "current", "which is not there")


def test_a_damaged_record_of_a_rollback_is_renewed_by_a_night(config: Config) -> None:
    rollback(config.marts, releases(config.marts)[0].id)
    _noise(config.marts / "rollback.json")
    _expect(config, "current", "rollback.json cannot be read")


def test_an_older_release_that_is_damaged_is_removed(config: Config) -> None:
    _damage_release(releases(config.marts)[0].folder)
    _expect(config, "releases", "pll.xlsx is missing or changed")


def test_a_damaged_current_release_is_published_anew_by_a_night(config: Config) -> None:
    now = current(config.marts)
    assert now
    _damage_release(now.folder)
    (damage,) = _damages(config)
    assert (damage.part, damage.command) == ("current", NIGHT)
    assert "pll.xlsx is missing or changed" in damage.what


def test_a_damaged_release_that_was_rolled_back_to_gives_way_to_another(config: Config) -> None:
    first = rollback(config.marts, releases(config.marts)[0].id)
    _damage_release(first.folder)
    (damage,) = _damages(config)
    assert damage.command == PUBLISH_AGAIN, "a night would publish what was rolled back from"


def _damage_release(folder: Path) -> None:
    (folder / "pll.xlsx").chmod(0o644)
    (folder / "pll.xlsx").write_bytes(b"other")


# the answer


def test_the_answer_as_json_names_part_place_and_command(config: Config) -> None:
    _lose_folder(config)
    answer = json.loads(examine(config, _sources()).as_json())
    assert answer["is_healthy"] is False
    (damage,) = answer["damages"]
    assert sorted(damage) == ["command", "part", "what", "where"]
    assert damage["command"].startswith(f"pll archive {SOURCE} --set-aside 20")
