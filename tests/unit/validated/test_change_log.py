"""The change log on disk: appended to, made again where it was changed, and read as of a day."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pll_pipeline.config import Config
from pll_pipeline.raw.archive import exclude, restore
from pll_pipeline.sources.model import Source
from pll_pipeline.validated import change_log
from pll_pipeline.validated.change_log import stored_table
from pll_pipeline.validated.gathering import gather
from pll_pipeline.validated.verdicts import (
    SnapshotVerdict,
    TablesDamaged,
    bytes_of_table,
    judge_source,
)
from tests.unit.validated.apotek import CUT_OFF, FIVE_ROWS, ROWS, SIX_ROWS, SOURCE, archive

ADDING = SOURCE.model_copy(update={"restates_history": False})
RESTATING = SOURCE.model_copy(update={"restates_history": True, "may_withdraw": 1.0})
REVISED = SIX_ROWS.replace("1003", "1303")
WITHOUT_FIRST = REVISED.replace(ROWS[0], "")
TEXTS = (FIVE_ROWS, SIX_ROWS, REVISED, WITHOUT_FIRST)


def _log(config: Config) -> dict[str, bytes]:
    folders = sorted((config.validated / "apotek").glob("[0-9]*"))
    return {folder.name: (folder / "change.parquet").read_bytes() for folder in folders}


def _archive_all(config: Config, *texts: str) -> None:
    for day, text in enumerate(texts, 1):
        archive(config, text, day)


def _changes(config: Config, source: Source) -> list[list[tuple[str, float]]]:
    """By snapshot: each change with the value of its row."""
    state, _ = judge_source(config, source)
    tables = (stored_table(config, verdict, "change") for verdict in state.verdicts)
    return [table.select("change", "value").rows() for table in tables]


def _revisions(config: Config, source: Source) -> pl.DataFrame:
    state, _ = judge_source(config, source)
    return gather(config, [state])["observation"]


@pytest.mark.parametrize(
    ("source", "last"), [(RESTATING, [("withdrawn", 1001)]), (ADDING, [])], ids=["restates", "adds"]
)
def test_each_snapshot_adds_what_it_changed(
    config: Config, source: Source, last: list[tuple[str, float]]
) -> None:
    _archive_all(config, *TEXTS)
    first = [("new", 1000 + year) for year in range(1, 6)]
    assert _changes(config, source) == [first, [("new", 1006)], [("revised", 1003)], last]


def test_a_refused_snapshot_changes_nothing(config: Config) -> None:
    _archive_all(config, FIVE_ROWS, CUT_OFF, SIX_ROWS)
    assert [len(changes) for changes in _changes(config, SOURCE)] == [5, 0, 1]
    assert _revisions(config, SOURCE)["known_to"].null_count() == 6


def test_the_log_rebuilt_from_raw_has_the_same_bytes(config: Config) -> None:
    _archive_all(config, *TEXTS)
    judge_source(config, ADDING)
    written = _log(config)
    shutil.rmtree(config.validated)
    judge_source(config, ADDING)
    assert _log(config) == written


def test_the_log_of_nights_one_by_one_is_that_of_all_snapshots_at_once(
    config: Config, tmp_path: Path
) -> None:
    for day, text in enumerate(TEXTS, 1):
        archive(config, text, day)
        judge_source(config, RESTATING)
    at_once = replace(config, data=tmp_path / "other")
    _archive_all(at_once, *TEXTS)
    judge_source(at_once, RESTATING)
    assert _log(config) == _log(at_once)


@pytest.mark.parametrize("is_missing", [True, False], ids=["missing", "altered"])
def test_a_damaged_part_of_the_log_is_not_believed_and_made_again(
    config: Config, is_missing: bool
) -> None:
    _archive_all(config, *TEXTS)
    state, _ = judge_source(config, ADDING)
    before = gather(config, [state])["observation"]
    path = config.validated / "apotek" / "2026-11-03T000000Z" / "change.parquet"
    if is_missing:
        path.unlink()
    else:
        pl.read_parquet(path).with_columns(pl.col("value") + 1).write_parquet(path)
    with pytest.raises(TablesDamaged, match=r"change\.parquet is"):
        gather(config, [state])
    assert _revisions(config, ADDING).equals(before)


@pytest.mark.parametrize("source", [RESTATING, ADDING], ids=["restates", "adds"])
def test_a_snapshot_excluded_and_restored_changes_the_log_from_there_on(
    config: Config, source: Source
) -> None:
    _archive_all(config, *TEXTS)
    before, written = _revisions(config, source), _log(config)
    exclude(config.raw, "apotek", "2026-11-03T000000Z", "wrong")
    without = _changes(config, source)
    assert without[2][0] == ("revised", 1003)
    assert _log(config)["2026-11-02T000000Z"] == written["2026-11-02T000000Z"]
    restore(config.raw, "apotek", "2026-11-03T000000Z", "right")
    assert _revisions(config, source).equals(before)
    assert _log(config) == written


def test_a_figure_left_out_by_a_correction_is_in_no_part_of_the_log(config: Config) -> None:
    _archive_all(config, *TEXTS)
    judge_source(config, ADDING)
    config.corrections.mkdir()
    config.corrections_of("apotek").write_text(
        "- {file: denominators_national.csv, where: {date: '2025-01-01'},"
        " column: value, expect: '1005', reason: x, reported_to: x, reported_on: '2026-11-22'}"
    )
    values = [value for changes in _changes(config, ADDING) for _, value in changes]
    assert values == [1001, 1002, 1003, 1004, 1006, 1003]


def test_the_log_as_of_an_earlier_day_is_its_parts_until_then(config: Config) -> None:
    _archive_all(config, *TEXTS)
    judge_source(config, RESTATING)
    earlier = replace(
        config,
        data=config.data / "as-of",
        originals=config.data,
        known_until=datetime(2026, 11, 3, tzinfo=UTC),
    )
    judge_source(earlier, RESTATING)
    names = ["2026-11-01T000000Z", "2026-11-02T000000Z"]
    assert _log(earlier) == {name: _log(config)[name] for name in names}


def test_only_the_log_and_the_snapshot_in_use_are_read_when_gathering(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    _archive_all(config, *TEXTS)
    state, _ = judge_source(config, ADDING)
    read: list[tuple[str, str]] = []

    def recorded(config: Config, verdict: SnapshotVerdict, table: str) -> bytes:
        read.append((verdict.snapshot_name, table))
        return bytes_of_table(config, verdict, table)

    monkeypatch.setattr(change_log, "bytes_of_table", recorded)
    gather(config, [state])
    newest = "2026-11-04T000000Z"
    assert {table for name, table in read if name != newest} == {"change"}
