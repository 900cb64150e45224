"""Gathering: rows of all accepted snapshots in the six tables, and what they come from."""

from __future__ import annotations

import polars as pl
import pytest

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.gathering import (
    TABLES,
    gather,
    inputs_fingerprint,
    read_inputs,
    write_inputs,
)
from pll_pipeline.validated.verdicts import SourceState, TablesDamaged, judge_source
from tests.unit.validated.apotek import CUT_OFF, FIVE_ROWS, SIX_ROWS, SOURCE, archive

OTHER = SOURCE.model_copy(update={"name": "apotek_to"})


def _state(config: Config, source: Source = SOURCE) -> SourceState:
    state, _ = judge_source(config, source)
    return state


def test_the_gathered_tables_are_the_ones_dbt_reads(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    gather(config, [_state(config)])
    assert {path.stem for path in config.validated.glob("*.parquet")} == set(TABLES)
    assert pl.read_parquet(config.validated / "snapshot.parquet")["is_current"].to_list() == [True]


@pytest.mark.parametrize("table", ["observation", "quarantine"])
def test_a_table_that_changed_after_it_was_judged_is_not_gathered(
    config: Config, table: str
) -> None:
    archive(config, FIVE_ROWS, 1)
    state = _state(config)
    (config.validated / "apotek" / "2026-11-01T000000Z" / f"{table}.parquet").unlink()
    with pytest.raises(TablesDamaged, match=f"{table}.parquet is missing"):
        gather(config, [state])


def test_as_many_rows_are_gathered_as_the_verdicts_have(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    state = _state(config)
    (verdict,) = state.verdicts
    tables = dict(verdict.tables)
    tables["observation"] = tables["observation"].model_copy(update={"row_count": 6})
    wrong = verdict.model_copy(update={"tables": tables})
    with pytest.raises(PllError, match=r"5 rows of observation were gathered, .* have 6"):
        gather(config, [state.model_copy(update={"verdicts": (wrong,)})])


def test_figures_come_from_accepted_snapshots_only(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    archive(config, FIVE_ROWS.replace("1003", "-3"), 2)
    tables = gather(config, [_state(config)])
    assert tables["observation"]["value"].to_list() == [1001, 1002, 1003, 1004, 1005]
    assert tables["snapshot"]["is_accepted"].to_list() == [True, False]
    assert tables["snapshot"]["is_current"].to_list() == [True, False]


def test_quarantined_rows_of_a_refused_snapshot_are_kept_with_their_reason(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    archive(config, FIVE_ROWS.replace("1003", "-3"), 2)
    rows = gather(config, [_state(config)])["quarantine"]
    assert rows.select("rule", "value", "row_reference").rows() == [
        ("count_is_not_negative", "-3", "denominators_national.csv:4")
    ]


def test_a_published_source_without_any_usable_snapshot_stops_the_night(config: Config) -> None:
    archive(config, "another,header\n", 1)
    archive(config, FIVE_ROWS, 1, OTHER)
    states = [_state(config), _state(config, OTHER)]
    with pytest.raises(PllError, match="No snapshot of apotek can be used"):
        gather(config, states, published={"apotek"})


def test_a_new_source_whose_snapshots_are_all_refused_is_left_out(config: Config) -> None:
    archive(config, "another,header\n", 1)
    archive(config, FIVE_ROWS, 1, OTHER)
    states = [_state(config), _state(config, OTHER)]
    tables = gather(config, states, published={"apotek_to"})
    assert tables["observation"]["source_name"].unique().to_list() == ["apotek_to"]
    assert states[0].is_stale


def test_a_night_without_any_usable_snapshot_stops(config: Config) -> None:
    archive(config, "another,header\n", 1)
    with pytest.raises(PllError, match="No source has a snapshot that can be used"):
        gather(config, [_state(config)])


def test_simulated_and_published_figures_never_meet(config: Config) -> None:
    simulated = SOURCE.model_copy(update={"name": "simulert", "is_simulated": True})
    archive(config, FIVE_ROWS, 1)
    archive(config, FIVE_ROWS, 1, simulated)
    with pytest.raises(PllError, match="Simulated and published"):
        gather(config, [_state(config), _state(config, simulated)])


def test_the_fingerprint_of_the_inputs_follows_snapshots_verdicts_and_code(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    first = inputs_fingerprint([_state(config)], "code")
    assert first == inputs_fingerprint([_state(config)], "code")
    assert first != inputs_fingerprint([_state(config)], "other code")
    tolerant = SOURCE.model_copy(update={"tolerance": 0.1})
    assert first != inputs_fingerprint([_state(config, tolerant)], "code")
    archive(config, SIX_ROWS, 2)
    assert first != inputs_fingerprint([_state(config)], "code")


def test_the_inputs_of_a_release_name_the_snapshots_in_use_and_the_stale_sources(
    config: Config,
) -> None:
    with pytest.raises(PllError, match="Nothing has been validated"):
        read_inputs(config)
    archive(config, FIVE_ROWS, 1)
    archive(config, CUT_OFF, 2)
    states = [_state(config)]
    gather(config, states)
    write_inputs(config, states, "fingerprint", "0123456789abcdef")
    inputs = read_inputs(config)
    assert [source["source_name"] for source in inputs["stale_sources"]] == ["apotek"]
    assert inputs["snapshots"][0]["snapshot_at"].startswith("2026-11-01")
    assert inputs["code_version"].endswith("+0123456789ab")


def test_a_source_file_that_cannot_be_used_is_named_in_the_inputs(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    states = [_state(config)]
    left_out = {"broken": "It is not YAML."}
    write_inputs(config, states, "f", "c", left_out)
    named = {"source_name": "broken", "snapshot_at": None, "reason": "It is not YAML."}
    assert read_inputs(config)["stale_sources"] == [named]
    assert inputs_fingerprint(states, "c", left_out) != inputs_fingerprint(states, "c")


def test_figures_that_were_published_do_not_vanish_with_their_source_file(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    states = [_state(config)]
    assert gather(config, states, {"apotek"}, {"broken": "It is not YAML."})
    with pytest.raises(PllError, match=r"broken .* its figures are published: It is not YAML\."):
        gather(config, states, {"apotek", "broken"}, {"broken": "It is not YAML."})


def test_a_source_as_it_was_last_read_keeps_its_figures_and_names_the_fault(
    config: Config,
) -> None:
    archive(config, FIVE_ROWS, 1)
    state = _state(config, SOURCE.with_fault("It is not YAML."))
    assert state.in_use
    assert state.problem == "It is not YAML."
    assert gather(config, [state], {"apotek"})["observation"].height == 5
    assert inputs_fingerprint([state], "c") != inputs_fingerprint([_state(config)], "c")


def test_corrections_that_cannot_be_read_leave_the_source_as_it_was_judged(
    config: Config,
) -> None:
    archive(config, FIVE_ROWS, 1)
    before = _state(config)
    path = config.corrections_of("apotek")
    path.parent.mkdir(parents=True)
    path.write_text("- [", encoding="utf-8")
    state, read_count = judge_source(config, SOURCE)
    assert (state.verdicts, read_count) == (before.verdicts, 0)
    assert state.problem
    assert "corrections cannot be read" in state.problem
    assert gather(config, [state], {"apotek"})["observation"].height == 5
