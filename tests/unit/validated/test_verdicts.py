"""The verdict store: snapshots are read once, and a refused one leaves the one before it in use."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from pll_pipeline.config import Config
from pll_pipeline.raw.archive import Snapshot
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.verdicts import SourceState, judge_source, read_state
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


def test_bytes_changed_after_archiving_refuse_the_snapshot_until_they_are_whole_again(
    config: Config,
) -> None:
    archive(config, FIVE_ROWS, 1)
    archive(config, SIX_ROWS, 2)
    whole = _state(config)
    file = config.raw / "apotek" / "2026-11-02T000000Z" / FILE
    file.write_text(SIX_ROWS.replace("1003", "9999"))
    damaged = _state(config)
    assert "changed after they were archived" in _reason(damaged)
    assert damaged.in_use is damaged.verdicts[0]
    assert read_state(config, SOURCE) == damaged
    file.write_text(SIX_ROWS)
    assert _state(config) == whole


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
