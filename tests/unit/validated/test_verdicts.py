"""Snapshots are read once, refused ones leave the one before standing, and what stands is laid for dbt."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import keep
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import register
from pll_pipeline.validated.verdicts import (
    TABLES,
    forget,
    gather,
    inputs_fingerprint,
    read_inputs,
    validate_source,
    write_inputs,
)

SOURCE = register()["apotek"]
HEAD = "metric,date,value,source\n"
FIVE = HEAD + "".join(f"apotek,202{i}-01-01,{1000 + i},apotek.no\n" for i in range(1, 6))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path, dbt_project=Config.from_environment().dbt_project)


def _archive(config: Config, text: str, day: int, source: Source = SOURCE) -> None:
    keep(
        config.raw,
        source.name,
        {"denominators_national.csv": text.encode()},
        {},
        datetime(2026, 11, day, tzinfo=UTC),
    )


def test_a_snapshot_is_read_once(config: Config) -> None:
    _archive(config, FIVE, 1)
    first, second = validate_source(config, SOURCE), validate_source(config, SOURCE)
    assert (first.newly_read, second.newly_read) == (1, 0)
    assert first.verdicts == second.verdicts
    assert first.standing is not None
    assert (first.standing.row_count, first.standing.observation_count) == (5, 5)


def test_a_changed_source_file_reads_the_snapshot_again(config: Config) -> None:
    _archive(config, FIVE, 1)
    validate_source(config, SOURCE)
    assert validate_source(config, SOURCE.model_copy(update={"tolerance": 0.1})).newly_read == 1


def test_a_new_correction_reads_the_snapshot_again_and_is_applied(config: Config) -> None:
    _archive(config, FIVE, 1)
    validate_source(config, SOURCE)
    config.corrections.mkdir()
    record = {
        "file": "denominators_national.csv",
        "where": {"date": "2021-01-01"},
        "column": "value",
        "expect": "1001",
        "reason": "x",
        "reported_to": "x",
        "reported_on": "2026-11-22",
    }
    (config.corrections / "apotek.yaml").write_text(json.dumps([record]))
    state = validate_source(config, SOURCE)
    assert state.newly_read == 1
    tables = gather(config, [state])
    assert tables["observation"].height == 4
    assert tables["quarantine"]["rule"].to_list() == ["recorded_correction"]
    assert tables["snapshot"]["row_count"].to_list() == [5]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (FIVE[:-12], "cut off"),
        (FIVE.replace("metric", "maaling"), "missing: metric; new: maaling"),
        (
            FIVE.replace("apotek,2023", "apoteker,2023"),
            "'apoteker' is not in the source file's code list",
        ),
        (FIVE.replace("2023-01-01", "2023-13-01"), "2023-13-01"),
        (FIVE.replace("1003", "-3"), "not below zero"),
        (FIVE + FIVE.splitlines()[1].replace("1001", "1002") + "\n", "one_value_per_key"),
        (HEAD + "apotek,2023-01-01,1000,apotek.no\n", "1 rows, expected 5 to 200"),
    ],
)
def test_a_bad_snapshot_is_refused_with_its_reason_and_the_one_before_stands(
    config: Config, text: str, says: str
) -> None:
    _archive(config, FIVE, 1)
    _archive(config, text, 2)
    state = validate_source(config, SOURCE)
    assert state.is_stale
    assert state.newest is not None
    assert says in (state.newest.reason or "")
    assert state.standing is state.verdicts[0]
    assert gather(config, [state])["observation"]["value"].to_list() == [
        1001,
        1002,
        1003,
        1004,
        1005,
    ]


def test_bytes_changed_after_archiving_refuse_the_snapshot_even_when_it_was_read_before(
    config: Config,
) -> None:
    _archive(config, FIVE, 1)
    _archive(config, FIVE.replace("1003", "1013"), 2)
    validate_source(config, SOURCE)
    (config.raw / "apotek" / "2026-11-02T000000Z" / "denominators_national.csv").write_text(
        FIVE.replace("1003", "9999")
    )
    state = validate_source(config, SOURCE)
    assert state.newest is not None
    assert "changed after they were archived" in (state.newest.reason or "")
    assert state.standing is state.verdicts[0]


def test_a_source_without_any_usable_snapshot_stops_the_night(config: Config) -> None:
    _archive(config, FIVE[:-12], 1)
    with pytest.raises(PllError, match=r"No snapshot of apotek can be used.*cut off"):
        gather(config, [validate_source(config, SOURCE)])


def test_quarantined_rows_of_a_refused_snapshot_are_kept_with_their_reason(config: Config) -> None:
    _archive(config, FIVE, 1)
    _archive(config, FIVE.replace("1003", "-3"), 2)
    rows = gather(config, [validate_source(config, SOURCE)])["quarantine"]
    assert rows.select("rule", "value", "row_reference").rows() == [
        ("count_is_not_negative", "-3", "denominators_national.csv:4")
    ]


def test_simulated_and_published_figures_never_meet(config: Config) -> None:
    simulated = SOURCE.model_copy(update={"name": "simulert", "is_simulated": True})
    _archive(config, FIVE, 1)
    _archive(config, FIVE, 1, simulated)
    with pytest.raises(PllError, match="Simulated and published"):
        gather(config, [validate_source(config, SOURCE), validate_source(config, simulated)])


def test_the_landed_tables_are_the_ones_dbt_reads(config: Config) -> None:
    _archive(config, FIVE, 1)
    gather(config, [validate_source(config, SOURCE)])
    assert {p.stem for p in config.validated.glob("*.parquet")} == set(TABLES)
    assert pl.read_parquet(config.validated / "snapshot.parquet")["is_current"].to_list() == [True]


def test_the_fingerprint_follows_what_is_held_and_nothing_else(config: Config) -> None:
    _archive(config, FIVE, 1)
    one = inputs_fingerprint([validate_source(config, SOURCE)], "code")
    assert one == inputs_fingerprint([validate_source(config, SOURCE)], "code")
    assert one != inputs_fingerprint([validate_source(config, SOURCE)], "other code")
    _archive(config, FIVE.replace("1003", "1013"), 2)
    assert one != inputs_fingerprint([validate_source(config, SOURCE)], "code")


def test_what_was_landed_is_remembered_and_can_be_forgotten(config: Config) -> None:
    _archive(config, FIVE, 1)
    _archive(config, FIVE[:-12], 2)
    states = [validate_source(config, SOURCE)]
    gather(config, states)
    write_inputs(config, states, "fingerprint")
    inputs = read_inputs(config)
    assert [s["source_name"] for s in inputs["stale_sources"]] == ["apotek"]
    assert inputs["snapshots"][0]["snapshot_at"].startswith("2026-11-01")
    forget(config)
    with pytest.raises(PllError, match="Nothing has been validated"):
        read_inputs(config)


def test_a_history_that_shrinks_is_refused_until_the_source_file_allows_it(config: Config) -> None:
    six = FIVE + "apotek,2026-01-01,1006,apotek.no\n"
    _archive(config, six, 1)
    _archive(config, six.replace("apotek,2021-01-01,1001,apotek.no\n", ""), 2)
    state = validate_source(config, SOURCE)
    assert [v.is_accepted for v in state.verdicts] == [True, False]
    assert state.standing is state.verdicts[0]
    assert "1 of 6 figures published before are gone" in (state.verdicts[1].reason or "")
    allowed = validate_source(config, SOURCE.model_copy(update={"may_withdraw": 0.2}))
    assert [v.is_accepted for v in allowed.verdicts] == [True, True]
    assert allowed.verdicts[1].drift == ("1 tall borte",)


def test_a_snapshot_is_held_against_the_last_accepted_one_not_the_last(config: Config) -> None:
    _archive(config, FIVE, 1)
    _archive(config, FIVE.replace("date", "day", 1), 2)
    _archive(config, FIVE + "apotek,2026-01-01,1006,apotek.no\n", 3)
    state = validate_source(config, SOURCE)
    assert [v.is_accepted for v in state.verdicts] == [True, False, True]
    assert state.verdicts[2].drift[0] == "1 nye tall"


def test_a_definition_column_that_changes_its_text_is_refused(config: Config) -> None:
    defined = SOURCE.model_copy(
        update={"tables": [SOURCE.tables[0].model_copy(update={"definition_columns": ["source"]})]}
    )
    _archive(config, FIVE, 1, defined)
    _archive(config, FIVE.replace("apotek.no", "apotekforeningen"), 2, defined)
    state = validate_source(config, defined)
    assert [v.is_accepted for v in state.verdicts] == [True, False]
    assert (
        "The definition in denominators_national.csv source changed: apotek.no, apotekforeningen"
        in (state.verdicts[1].reason or "")
    )
