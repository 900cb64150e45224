"""From the table as published to observations: by the mapping, nothing dropped, nothing guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.config import Config
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.mapping import MappedTables, map_tables
from pll_pipeline.validated.readers.table import PublishedTable
from pll_pipeline.vocabulary.codes import load_codes

CODES = load_codes(Config.from_environment().seeds)
TAKEN = datetime(2026, 11, 22, 12, tzinfo=UTC)
COLUMNS = ["measure", "region", "level", "actor", "period", "value", "hedge", "address"]
ROW = {
    "measure": "andel",
    "region": "Bergen",
    "level": "kommune",
    "actor": "apotek",
    "period": "2023-12",
    "value": "94,8",
    "hedge": "exact",
    "address": "https://a.no",
}


def _source(**changes: Any) -> Source:
    value: dict[str, Any] = {
        "column": "value",
        "measure": {
            "column": "measure",
            "codes": {"andel": "eresept_package_share", "antall": "pharmacy_count"},
        },
        "unit": {
            "cases": [{"column": "measure", "matches": "andel", "take": "percent"}],
            "otherwise": "count",
        },
    }
    table = {
        "holds": "observations",
        "file": "tall.csv",
        "expected_columns": COLUMNS,
        "rows": [1, 1000],
        "kind": {
            "cases": [{"column": "hedge", "matches": "^target", "take": "target"}],
            "otherwise": "observation",
        },
        "values": [value | changes.pop("value", {})],
        "region": {
            "name": {"column": "region"},
            "level": {"column": "level"},
            "levels": {"kommune": ["kommune"], "fylke": ["fylke", "gruppe"]},
        },
        "actor_type": {"column": "actor"},
        "period": {"text": {"column": "period"}},
        "qualifier": {
            "column": "hedge",
            "codes": {
                "exact": "exact",
                "min": "at_least",
                "max": "at_most",
                "om lag": "approx",
                "target": "at_least",
            },
        },
        "address": {"column": "address"},
    }
    return Source.model_validate(
        {
            "name": "proeve",
            "title": "x",
            "title_en": "x",
            "publisher": "x",
            "landing_page": "https://x.no",
            "licence": "x",
            "attribution": "x",
            "cadence": "irregular",
            "max_age_days": 1,
            "fetch": {"kind": "bundled"},
            "read": {"kind": "delimited"},
            "numbers": "norwegian",
            "tables": [table | changes],
        }
    )


def _read(*rows: dict[str, str], **changes: Any) -> MappedTables:
    frame = pl.DataFrame([ROW | row for row in rows], schema=dict.fromkeys(COLUMNS, pl.String))
    frame = frame.with_columns(
        pl.Series("row_reference", [f"tall.csv:{i}" for i in range(2, frame.height + 2)])
    )
    return map_tables(_source(**changes), {"tall.csv": PublishedTable(frame)}, CODES, TAKEN)


def _one(*rows: dict[str, str], **changes: Any) -> dict[str, Any]:
    observations = _read(*rows, **changes).observations
    assert observations.height == 1
    return observations.row(0, named=True)


def test_a_row_becomes_an_observation_with_codes_period_and_share() -> None:
    figure = _one({})
    assert (figure["measure_code"], figure["region_key"], figure["actor_type_code"]) == (
        "eresept_package_share",
        "kommune:4601",
        "apotek",
    )
    assert (figure["period_start"], figure["period_end"], figure["period_grain"]) == (
        date(2023, 12, 1),
        date(2023, 12, 31),
        "month",
    )
    assert (figure["value"], figure["lower_bound"], figure["upper_bound"], figure["qualifier"]) == (
        0.948,
        0.948,
        0.948,
        "exact",
    )
    assert (figure["published_text"], figure["region_as_published"], figure["row_reference"]) == (
        "94,8",
        "Bergen",
        "tall.csv:2",
    )


def test_a_name_means_the_region_of_its_time() -> None:
    assert _one({"period": "2012"})["region_key"] == "kommune:1201"
    assert _one({"region": "Troms", "level": "fylke", "period": "2012"})["region_key"] == "fylke:19"
    assert _one({"region": "Troms", "level": "fylke", "period": "2025"})["region_key"] == "fylke:55"


def test_a_group_of_fylker_is_a_group_and_not_its_parts() -> None:
    assert (
        _one({"region": "Hordaland og Vestfold", "level": "fylke", "period": "2012"})["region_key"]
        == "gruppe:hordaland-og-vestfold"
    )


def test_a_code_is_as_good_as_a_name() -> None:
    assert _one({"region": "0301"})["region_key"] == "kommune:0301"


@pytest.mark.parametrize(
    ("hedge", "lower", "upper", "qualifier"),
    [
        ("min", 0.948, None, "at_least"),
        ("max", None, 0.948, "at_most"),
        ("om lag", None, None, "approx"),
    ],
)
def test_a_hedge_beside_the_figure_sets_its_bounds(
    hedge: str, lower: float | None, upper: float | None, qualifier: str
) -> None:
    figure = _one({"hedge": hedge})
    assert (figure["value"], figure["lower_bound"], figure["upper_bound"], figure["qualifier"]) == (
        0.948,
        lower,
        upper,
        qualifier,
    )


def test_a_hedge_inside_the_text_wins_over_the_column() -> None:
    figure = _one({"measure": "antall", "value": "over 33 millioner", "hedge": "exact"})
    assert (figure["value"], figure["qualifier"], figure["lower_bound"], figure["upper_bound"]) == (
        33_000_000,
        "at_least",
        33_000_000,
        None,
    )


def test_a_percent_sign_in_the_text_is_not_divided_twice() -> None:
    assert _one({"value": "94,8 %"})["value"] == 0.948


def test_a_rounded_figure_carries_half_its_rounding_as_bounds() -> None:
    figure = _one({"measure": "antall", "value": "24 000"}, rounded_to="1000")
    assert (figure["value"], figure["lower_bound"], figure["upper_bound"]) == (
        24_000,
        23_500,
        24_500,
    )


def test_an_empty_period_cell_is_refused_with_the_lines_to_add() -> None:
    row = _read({"period": ""}, {"period": "2022-12"}).quarantine.row(0, named=True)
    assert (row["rule"], row["row_reference"]) == ("period_is_given", "tall.csv:2")
    assert "as_above: [period]" in row["reason"]
    assert "may_be_undated: true" in row["reason"]


@pytest.mark.parametrize(
    "period",
    [{"text": {"column": "period"}, "may_be_undated": True}, {"text": ""}],
)
def test_an_undated_figure_has_no_period(period: dict[str, Any]) -> None:
    figure = _one({"period": ""}, period=period)
    assert (figure["period_start"], figure["period_end"], figure["period_grain"]) == (
        None,
        None,
        None,
    )


def test_an_empty_cell_is_not_published_and_never_zero() -> None:
    figure = _one({"value": ""})
    assert (figure["value"], figure["status"], figure["lower_bound"]) == (None, "missing", None)


def test_the_mark_of_a_suppressed_cell_may_be_in_a_column_beside_it() -> None:
    how = {"value": {"suppressed": {":": [0, None]}, "mark_column": "hedge"}, "qualifier": "exact"}
    hidden = _one({"measure": "antall", "value": "", "hedge": ":"}, **how)
    assert (
        hidden["value"],
        hidden["lower_bound"],
        hidden["upper_bound"],
        hidden["status"],
        hidden["published_text"],
    ) == (None, 0, None, "suppressed", ":")
    assert _one({"measure": "antall", "value": "0", "hedge": ":"}, **how)["status"] == "suppressed"
    contradiction = _read({"measure": "antall", "value": "7", "hedge": ":"}, **how).quarantine
    assert contradiction["rule"].to_list() == ["mark_fits_number"]


def test_a_suppressed_cell_keeps_its_status_and_the_publishers_bounds() -> None:
    figure = _one({"measure": "antall", "value": "."}, value={"suppressed": {".": [1, 2]}})
    assert (figure["value"], figure["lower_bound"], figure["upper_bound"], figure["status"]) == (
        None,
        1,
        2,
        "suppressed",
    )


def test_the_same_figure_stated_twice_is_one_figure_with_two_addresses() -> None:
    figure = _one({}, {"address": "https://b.no"})
    assert (figure["statement_address"], figure["also_stated_at"]) == (
        "https://a.no",
        "https://b.no",
    )
    assert figure["row_reference"] == "tall.csv:2; tall.csv:3"


def test_at_least_and_at_most_of_one_figure_are_a_range_without_a_value() -> None:
    figure = _one({"value": "85", "hedge": "min"}, {"value": "90", "hedge": "max"})
    assert (
        figure["value"],
        figure["lower_bound"],
        figure["upper_bound"],
        figure["published_text"],
    ) == (None, 0.85, 0.9, "85 – 90")


@pytest.mark.parametrize(("second", "hedge"), [("60", "exact"), ("80", "max")])
def test_two_statements_that_cannot_both_be_true_both_go_to_quarantine(
    second: str, hedge: str
) -> None:
    reading = _read({"hedge": "min"}, {"value": second, "hedge": hedge})
    assert reading.observations.is_empty()
    assert reading.quarantine["rule"].to_list() == ["one_value_per_key"] * 2
    assert reading.quarantine["row_reference"].to_list() == ["tall.csv:2", "tall.csv:3"]


def test_a_target_is_a_target_and_never_an_observation() -> None:
    reading = _read({"hedge": "target", "period": "2027"})
    assert reading.observations.is_empty()
    target = reading.targets.row(0, named=True)
    assert (target["value"], target["due_end"], target["target_kind"], target["direction"]) == (
        0.948,
        date(2027, 12, 31),
        "target",
        "at_least",
    )


@pytest.mark.parametrize(
    ("change", "rule", "column", "says"),
    [
        ({"measure": "noe nytt"}, "text_is_in_code_list", "measure", "noe nytt"),
        ({"region": "Bergn"}, "region_is_known", "region_name", "Bergen"),
        ({"region": "Bergen", "level": "by"}, "region_is_known", "region_level", "'by'"),
        ({"region": "Nes", "period": "2018"}, "region_is_known", "region_name", "kommune"),
        ({"actor": "fastlge"}, "actor_type_is_known", "actor_type", "astlege"),
        ({"period": "2023-13"}, "period_is_readable", "period", "2023-13"),
        ({"value": "1.234"}, "number_is_readable", "value", "1.234"),
        ({"value": "n/a"}, "number_is_readable", "value", "n/a"),
        ({"hedge": "kanskje"}, "text_is_in_code_list", "hedge", "kanskje"),
    ],
)
def test_a_row_that_cannot_be_taken_goes_to_quarantine_with_its_reason(
    change: dict[str, str], rule: str, column: str, says: str
) -> None:
    reading = _read(change, {"period": "2022-12"})
    assert reading.observations.height == 1
    row = reading.quarantine.row(0, named=True)
    assert (row["rule"], row["column_name"], row["row_reference"]) == (rule, column, "tall.csv:2")
    assert says in row["reason"]
    assert '"region"' in row["row"]


def test_a_publishers_own_name_for_a_column_cannot_be_mistaken_for_ours() -> None:
    """`value`, `period` and `status` are columns of ours and of many publishers."""
    assert _one({"value": "50"})["value"] == 0.5


cell = st.sampled_from(
    [
        "Bergen",
        "0301",
        "Nes",
        "Atlantis",
        "2023-12",
        "2023-13",
        "",
        "94,8",
        "1.234",
        "over 5",
        ".",
        "exact",
        "min",
        "max",
        "target",
        "andel",
        "antall",
        "apotek",
        "alle",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, cell)), min_size=1, max_size=6))
def test_every_published_row_ends_somewhere(rows: list[dict[str, str]]) -> None:
    reading = _read(*rows)
    frames = (reading.observations, reading.targets, reading.quarantine)
    ended = {
        reference
        for frame in frames
        for references in frame["row_reference"]
        for reference in references.split("; ")
    }
    assert ended == {f"tall.csv:{i}" for i in range(2, len(rows) + 2)}
    assert reading.row_count == len(rows)


def test_rows_the_source_file_leaves_out_are_counted_and_never_read() -> None:
    rule = {"column": "value", "matches": "^0?$", "because": "the code was not in use that year"}
    reading = _read({}, {"value": ""}, {"value": "0", "region": "Ingensteds"}, leave_out=[rule])
    assert (reading.observations.height, reading.quarantine.height) == (1, 0)
    assert (reading.row_count, reading.left_out_count) == (3, 2)
