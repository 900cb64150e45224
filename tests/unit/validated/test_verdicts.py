"""The verdict store: snapshots are read once, and a refused one leaves the one before it in use."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pll_pipeline.config import Config
from pll_pipeline.raw.archive import Snapshot, SnapshotDamaged, keep
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.verdicts import (
    FRAMES,
    SourceState,
    TablesDamaged,
    bytes_of_table,
    judge_source,
    read_state,
)
from tests.unit.validated.apotek import (
    CUT_OFF,
    FILE,
    FIVE_ROWS,
    HEADER,
    ROWS,
    SIX_ROWS,
    SOURCE,
    archive,
)

Damage = Callable[[Path], None]


def _state(config: Config, source: Source = SOURCE) -> SourceState:
    state, _ = judge_source(config, source)
    return state


def _read_count(config: Config, source: Source = SOURCE) -> int:
    _, read_count = judge_source(config, source)
    return read_count


def _reason(state: SourceState) -> str:
    assert state.newest is not None
    return state.newest.reason or ""


def _record_correction(config: Config) -> None:
    config.corrections.mkdir()
    correction = {
        "file": FILE,
        "where": {"date": "2021-01-01"},
        "column": "value",
        "expect": "1001",
        "reason": "x",
        "reported_to": "x",
        "reported_on": "2026-11-22",
    }
    config.corrections_of("apotek").write_text(json.dumps([correction]))


def test_a_snapshot_is_read_once(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    first, first_count = judge_source(config, SOURCE)
    second, second_count = judge_source(config, SOURCE)
    assert (first_count, second_count) == (1, 0)
    assert first.verdicts == second.verdicts
    assert first.in_use is not None
    assert (first.in_use.row_count, first.in_use.observation_count) == (5, 5)


def test_a_publication_that_moved_is_named_in_what_changed(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    place = {"address": "https://nhn.no/ny.csv", "moved_from": "https://nhn.no/gammel.csv"}
    files = {FILE: SIX_ROWS.encode()}
    keep(config.raw, "apotek", files, {"found_on": place}, datetime(2026, 11, 2, tzinfo=UTC))
    newest = _state(config).newest
    assert newest is not None
    assert newest.drift[0] == (
        "flyttet: hentet fra https://nhn.no/ny.csv, før fra https://nhn.no/gammel.csv"
    )


def test_each_file_of_a_snapshot_is_hashed_once_when_judged_and_not_at_all_when_verdicts_are_read(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: Counter[str] = Counter()
    read = Snapshot.read

    def counted(snapshot: Snapshot, file: str) -> bytes:
        reads[f"{snapshot.name}/{file}"] += 1
        return read(snapshot, file)

    monkeypatch.setattr(Snapshot, "read", counted)
    archive(config, FIVE_ROWS, 1)
    archive(config, SIX_ROWS, 2)
    for _ in range(2):
        judge_source(config, SOURCE)
        assert set(reads.values()) == {1}
        assert len(reads) == 2
        reads.clear()
    read_state(config, SOURCE)
    assert not reads


def test_the_verdicts_read_are_those_that_were_written(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    archive(config, CUT_OFF, 2)
    judged = _state(config)
    assert [verdict.is_accepted for verdict in judged.verdicts] == [True, False]
    assert read_state(config, SOURCE) == judged


def test_a_snapshot_that_was_never_judged_has_no_verdict(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    _state(config)
    archive(config, SIX_ROWS, 2)
    assert [v.snapshot_name for v in read_state(config, SOURCE).verdicts] == ["2026-11-01T000000Z"]


@pytest.mark.parametrize("spoilt", ["", "{}", "no json"])
def test_a_verdict_that_cannot_be_read_is_made_again(config: Config, spoilt: str) -> None:
    archive(config, FIVE_ROWS, 1)
    before = _state(config)
    (config.validated / "apotek" / "2026-11-01T000000Z" / "verdict.json").write_text(spoilt)
    assert judge_source(config, SOURCE) == (before, 1)


def _table(config: Config, name: str = "observation") -> Path:
    return config.validated / "apotek" / "2026-11-01T000000Z" / f"{name}.parquet"


def _double(table: Path) -> None:
    frame = pl.read_parquet(table)
    pl.concat([frame, frame]).write_parquet(table)


def _alter(table: Path) -> None:
    pl.read_parquet(table).with_columns(pl.col("value") * 2).write_parquet(table)


def _cut(table: Path) -> None:
    table.write_bytes(table.read_bytes()[:-20])


def _empty(table: Path) -> None:
    pl.read_parquet(table).clear().write_parquet(table)


def _turn_into_a_folder(table: Path) -> None:
    table.unlink()
    table.mkdir()


@pytest.mark.parametrize("table", FRAMES)
@pytest.mark.parametrize("damage", [Path.unlink, _cut, _turn_into_a_folder])
def test_a_table_that_is_not_what_was_written_is_made_again_from_raw(
    config: Config, caplog: pytest.LogCaptureFixture, table: str, damage: Damage
) -> None:
    archive(config, FIVE_ROWS.replace("1003", "-3"), 1)
    tolerant = SOURCE.model_copy(update={"tolerance": 0.5})
    before, _ = judge_source(config, tolerant)
    written = _table(config, table).read_bytes()
    damage(_table(config, table))
    caplog.clear()
    assert judge_source(config, tolerant) == (before, 1)
    assert _table(config, table).read_bytes() == written
    assert f"read again from raw: {table}.parquet is" in caplog.text
    assert judge_source(config, tolerant) == (before, 0)


@pytest.mark.parametrize("damage", [_alter, _empty, _double])
def test_figures_that_were_altered_are_made_again_from_raw(config: Config, damage: Damage) -> None:
    archive(config, FIVE_ROWS, 1)
    before = _state(config)
    damage(_table(config))
    with pytest.raises(TablesDamaged, match=r"observation\.parquet is not what was written"):
        bytes_of_table(config, before.verdicts[0], "observation")
    assert judge_source(config, SOURCE) == (before, 1)
    assert pl.read_parquet(_table(config))["value"].sum() == 5015


def test_an_altered_verdict_is_no_verdict(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    before = _state(config)
    path = _table(config).with_name("verdict.json")
    for was, becomes in (("true", "false"), ('"observation_count": 5', '"observation_count": 4')):
        text = path.read_text()
        assert was in text
        path.write_text(text.replace(was, becomes, 1))
        assert not read_state(config, SOURCE).verdicts
        assert judge_source(config, SOURCE) == (before, 1)


def test_what_a_killed_night_left_unfinished_is_removed(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    folder = config.validated / "apotek"
    for name in (".writing-2026-11-01T000000Z", ".removing-2026-10-01T000000Z"):
        (folder / name).mkdir(parents=True)
    state = _state(config)
    assert [path.name for path in folder.iterdir()] == ["2026-11-01T000000Z"]
    assert read_state(config, SOURCE) == state


def test_reading_verdicts_writes_nothing_and_needs_no_write_access(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    state = _state(config)
    archive(config, SIX_ROWS, 2)
    before = {path: path.stat().st_mtime_ns for path in config.data.rglob("*")}
    assert read_state(config, SOURCE).verdicts == state.verdicts
    assert {path: path.stat().st_mtime_ns for path in config.data.rglob("*")} == before


def test_a_changed_source_file_reads_the_snapshot_again(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    judge_source(config, SOURCE)
    assert _read_count(config, SOURCE.model_copy(update={"tolerance": 0.1})) == 1


def test_a_new_correction_reads_the_snapshot_again_and_is_applied(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    judge_source(config, SOURCE)
    _record_correction(config)
    state, read_count = judge_source(config, SOURCE)
    assert read_count == 1
    assert state.in_use is not None
    counts = state.in_use
    assert (counts.row_count, counts.observation_count, counts.quarantine_count) == (5, 4, 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (CUT_OFF, "cut off"),
        (FIVE_ROWS.replace("metric", "maaling"), "missing: metric; new: maaling"),
        (
            FIVE_ROWS.replace("apotek,2023", "apoteker,2023"),
            "'apoteker' is not in the source file's code list",
        ),
        (FIVE_ROWS.replace("2023-01-01", "2023-13-01"), "2023-13-01"),
        (FIVE_ROWS.replace("1003", "-3"), "not below zero"),
        (FIVE_ROWS + ROWS[0].replace("1001", "1002"), "one_value_per_key"),
        (HEADER + ROWS[0], "1 rows, expected 5 to 200"),
    ],
)
def test_a_bad_snapshot_is_refused_with_its_reason_and_the_one_before_stays_in_use(
    config: Config, text: str, reason: str
) -> None:
    archive(config, FIVE_ROWS, 1)
    archive(config, text, 2)
    state = _state(config)
    assert state.is_stale
    assert reason in _reason(state)
    assert state.in_use is state.verdicts[0]


@pytest.mark.parametrize("is_judged", [True, False])
def test_bytes_changed_after_archiving_raise_until_they_are_whole_again(
    config: Config, is_judged: bool
) -> None:
    archive(config, FIVE_ROWS, 1)
    archive(config, SIX_ROWS, 2)
    if is_judged:
        _state(config)
    file = config.raw / "apotek" / "2026-11-02T000000Z" / FILE
    file.write_text(SIX_ROWS.replace("1003", "9999"))
    with pytest.raises(SnapshotDamaged, match="changed after they were archived"):
        _state(config)
    file.write_text(SIX_ROWS)
    assert [verdict.is_accepted for verdict in _state(config).verdicts] == [True, True]


def test_a_history_that_shrinks_is_refused_until_the_source_file_allows_it(config: Config) -> None:
    archive(config, SIX_ROWS, 1)
    archive(config, SIX_ROWS.replace(ROWS[0], ""), 2)
    state = _state(config)
    assert [verdict.is_accepted for verdict in state.verdicts] == [True, False]
    assert state.in_use is state.verdicts[0]
    assert "1 of 6 figures published before are gone" in _reason(state)
    allowed = _state(config, SOURCE.model_copy(update={"may_withdraw": 0.2}))
    assert [verdict.is_accepted for verdict in allowed.verdicts] == [True, True]
    assert allowed.verdicts[1].drift == ("1 tall borte",)


def test_a_snapshot_is_compared_with_the_last_accepted_one_not_the_last(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    archive(config, FIVE_ROWS.replace("date", "day", 1), 2)
    archive(config, SIX_ROWS, 3)
    state = _state(config)
    assert [verdict.is_accepted for verdict in state.verdicts] == [True, False, True]
    assert state.verdicts[2].drift[0] == "1 nye tall"


def test_a_definition_column_that_changes_its_text_is_refused(config: Config) -> None:
    table = SOURCE.tables[0].model_copy(update={"definition_columns": ["source"]})
    source = SOURCE.model_copy(update={"tables": [table]})
    archive(config, FIVE_ROWS, 1, source)
    archive(config, FIVE_ROWS.replace("apotek.no", "apotekforeningen"), 2, source)
    state = _state(config, source)
    assert [verdict.is_accepted for verdict in state.verdicts] == [True, False]
    assert f"The definition in {FILE} source changed: apotek.no, apotekforeningen" in _reason(state)


def _tolerant(**settings: object) -> Source:
    return SOURCE.model_copy(update={"tolerance": 0.9, **settings})


@pytest.mark.parametrize(
    "rubbish",
    ["apotek,xx,1,y\n", "xx,yy,zz,vv\n", "apotek,1999-13-01,1,y\n", "apotek,2026-01-01,-1,y\n"],
)
def test_rubbish_does_not_hide_that_figures_are_gone(config: Config, rubbish: str) -> None:
    source = _tolerant()
    archive(config, FIVE_ROWS, 1, source)
    archive(config, HEADER + "".join(ROWS[2:]) + rubbish * 3, 2, source)
    state = _state(config, source)
    assert "2 of 5 figures published before are gone" in _reason(state)


def test_a_figure_in_quarantine_is_not_gone(config: Config) -> None:
    source = _tolerant()
    archive(config, FIVE_ROWS, 1, source)
    archive(config, FIVE_ROWS.replace("1003", "-3").replace("1004", "x"), 2, source)
    state = _state(config, source)
    assert state.problem is None
    assert state.verdicts[1].drift == ("2 tall borte",)
