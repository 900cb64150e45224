"""No suppressed cell can be worked out from one total and its other parts."""

from __future__ import annotations

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.config import CHECKOUT
from pll_pipeline.simulation.adoption import simulate
from pll_pipeline.simulation.disclosure import suppress

SEEDS = CHECKOUT / "dbt_project" / "seeds"
RAW = CHECKOUT / "data" / "raw"
KEY = ["service_code", "region_key", "actor_type_code", "month"]
BERGEN = "helsefellesskap:HFS-BER"
KOMMUNER = {
    BERGEN: ["kommune:4601", "kommune:4624", "kommune:4626"],
    "helsefellesskap:HFS-FOR": ["kommune:4602", "kommune:4638"],
    "helsefellesskap:HFS-OSL": ["kommune:0301"],
}
RHF = {
    BERGEN: "rhf:983658725",
    "helsefellesskap:HFS-FOR": "rhf:983658725",
    "helsefellesskap:HFS-OSL": "rhf:991324968",
}
PARTS = {area: list(kommuner) for area, kommuner in KOMMUNER.items()}
PARTS |= {rhf: [area for area in RHF if RHF[area] == rhf] for rhf in set(RHF.values())}
PARTS["land:NO"] = sorted(set(RHF.values()))


def _published(counts: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int, str]]:
    """In use and eligible by kommune, summed up and suppressed: the same and the text by region."""
    summed = dict(counts)
    for total in (*KOMMUNER, *sorted(set(RHF.values())), "land:NO"):
        in_use = sum(summed[part][0] for part in PARTS[total])
        eligible = sum(summed[part][1] for part in PARTS[total])
        summed[total] = in_use, eligible
    usual = {"service_code": "pll", "actor_type_code": "legekontor", "month": date(2026, 1, 1)}
    cells = pl.DataFrame(
        [
            usual | {"region_key": key, "in_use_count": i, "eligible_count": e}
            for key, (i, e) in summed.items()
        ]
    )
    shown = suppress(cells)
    assert shown.select(cells.columns).equals(cells)
    assert shown["eligible_text"].to_list() == [str(e) for _, e in summed.values()]
    assert shown["is_suppressed"].to_list() == [
        text in ("<5", ":") for text in shown["in_use_text"]
    ]
    return {
        r["region_key"]: (r["in_use_count"], r["eligible_count"], r["in_use_text"])
        for r in shown.iter_rows(named=True)
    }


def _texts(*counts: tuple[int, int]) -> dict[str, str]:
    keys = [kommune for kommuner in KOMMUNER.values() for kommune in kommuner]
    published = _published(dict(zip(keys, counts, strict=True)))
    return {key: text for key, (_, _, text) in published.items()}


def test_counts_of_1_to_4_are_suppressed_and_zero_and_5_are_shown() -> None:
    texts = _texts((1, 9), (4, 9), (5, 9), (0, 9), (30, 30), (70, 80))
    assert [texts[k] for k in KOMMUNER[BERGEN]] == ["<5", "<5", "5"]
    assert texts["kommune:4602"] == "0"
    assert (texts[BERGEN], texts["land:NO"]) == ("10", "110")


def test_a_part_that_is_suppressed_alone_takes_the_next_smallest_with_it() -> None:
    texts = _texts((40, 80), (3, 6), (12, 20), (30, 30), (31, 31), (70, 80))
    assert [texts[k] for k in KOMMUNER[BERGEN]] == ["40", "<5", ":"]
    assert texts[BERGEN] == "55"


def test_a_zero_is_passed_over_where_there_is_another_part() -> None:
    texts = _texts((0, 80), (3, 6), (12, 20), (30, 30), (31, 31), (70, 80))
    assert [texts[k] for k in KOMMUNER[BERGEN]] == ["0", "<5", ":"]


def test_a_helsefellesskap_that_is_withheld_cannot_be_summed_from_its_kommuner() -> None:
    texts = _texts((40, 80), (20, 30), (12, 20), (2, 9), (0, 31), (70, 80))
    assert (texts["helsefellesskap:HFS-FOR"], texts[BERGEN]) == ("<5", ":")
    assert [texts[k] for k in KOMMUNER[BERGEN]] == ["40", "20", ":"]


def test_the_only_kommune_of_a_helsefellesskap_is_not_disclosed_by_it() -> None:
    texts = _texts((40, 80), (20, 30), (12, 20), (9, 9), (10, 31), (4, 80))
    assert (texts["kommune:0301"], texts["helsefellesskap:HFS-OSL"]) == ("<5", "<5")
    assert texts["rhf:983658725"] == ":", "the other region would disclose what the country lacks"


def test_two_small_parts_that_can_only_be_1_and_1_take_a_third_with_them() -> None:
    texts = _texts((40, 80), (1, 6), (1, 20), (30, 30), (31, 31), (70, 80))
    assert [texts[k] for k in KOMMUNER[BERGEN]] == [":", "<5", "<5"]


def test_cells_of_other_services_months_and_actor_types_do_not_meet() -> None:
    cells = simulate(SEEDS, RAW, scale=0.1, months=2)
    together = suppress(cells)
    apart = pl.concat(
        [suppress(part) for part in cells.partition_by("service_code", "actor_type_code", "month")]
    )
    assert together.sort(KEY).equals(apart.sort(KEY))
    assert together["is_suppressed"].mean() < 0.6


def _values(cell: tuple[int, int, str]) -> set[int]:
    """Every value that a reader must think possible."""
    in_use, eligible, text = cell
    return {"<5": set(range(1, min(4, eligible) + 1)), ":": set(range(200))}.get(text, {in_use})


@st.composite
def _counts(draw: st.DrawFn) -> dict[str, tuple[int, int]]:
    eligible = st.integers(0, 12)
    sizes = {kommune: draw(eligible) for kommuner in KOMMUNER.values() for kommune in kommuner}
    return {kommune: (draw(st.integers(0, size)), size) for kommune, size in sizes.items()}


@given(_counts())
@settings(max_examples=60, deadline=None)
def test_no_suppressed_cell_can_be_worked_out_from_a_total_and_its_other_parts(
    counts: dict[str, tuple[int, int]],
) -> None:
    published = _published(counts)
    for total, parts in PARTS.items():
        # every way the parts can sum to the total
        signed = {part: _values(published[part]) for part in parts} | {
            total: {-value for value in _values(published[total])}
        }
        for key, own in signed.items():
            rest = {0}
            for other, values in signed.items():
                if other != key:
                    rest = {a + b for a in rest for b in values}
            possible = {value for value in own if -value in rest}
            assert possible, "what is shown must be possible"
            assert len(possible) > 1 or len(own) == 1, (
                f"{key} is known by way of {total}: {published}"
            )
