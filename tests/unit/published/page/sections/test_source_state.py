"""How fresh and how whole sources are, and the definitions of what is shown."""

from __future__ import annotations

from datetime import date
from typing import Any

from pll_pipeline.published.page.parts import Definitions, Note, Table
from pll_pipeline.published.page.sections import definitions, source_state
from tests.unit.published.page import world


def _parts(**tables: Any) -> tuple[Any, ...]:
    data = world.data(**tables)
    return source_state.section(data, world.english(data)).parts


def test_a_source_has_when_it_was_read_and_what_of_it_is_published() -> None:
    coverage = world.row(
        "coverage",
        source_name="figures",
        newest_period_end=date(2026, 1, 31),
        published_count=5,
        suppressed_count=4,
        missing_count=3,
        quarantined_count=2,
    )
    _, table, *_ = _parts(coverage=[coverage])
    assert isinstance(table, Table)
    figures, population = ([cell.text for cell in row] for row in table.rows)
    assert figures[4:] == ["5", "4", "3", "2", "read"]
    assert population[1:3] == ["never", "–"]
    assert population[4:] == ["–"] * 4 + ["older figures: the publisher did not answer"]


def test_the_headline_counts_sources_with_older_figures() -> None:
    assert _parts()[0] == Note("1 of 2 sources have older figures")
    fresh = _parts(release_inputs={"stale_sources": []})
    assert fresh[0] == Note("All 2 sources were read without errors")


def test_a_source_that_is_left_out_is_named_with_the_reason() -> None:
    stale = [{"source_name": "broken", "snapshot_at": None, "reason": "It is not YAML."}]
    headline, table, *_ = _parts(release_inputs={"stale_sources": stale})
    assert headline == Note("1 of 3 sources have older figures")
    assert isinstance(table, Table)
    cells = [cell.text for cell in table.rows[-1]]
    assert cells == ["broken", "never", *["–"] * 6, "left out: It is not YAML."]


def test_rows_in_quarantine_are_listed_also_those_of_a_source_that_is_not_used() -> None:
    rows = [world.row("quarantine", source_name="refused", rule="r", reason="why", row_count=2)]
    *_, table = _parts(quarantine=rows)
    assert isinstance(table, Table)
    assert [[cell.text for cell in row] for row in table.rows] == [["refused", "r", "why", "2"]]


def _definitions(**tables: Any) -> dict[str, Definitions]:
    data = world.data(**tables)
    parts = definitions.section(data, world.english(data)).parts
    return {part.title: part for part in parts if isinstance(part, Definitions)}


def test_only_measures_that_are_shown_are_defined() -> None:
    measures = [world.row("measure", measure_code=code, measure_name_en=code) for code in "ab"]
    series = [world.row("series", measure_code="b")]
    defined = _definitions(measure=measures, series=series)["The measures on this page"]
    assert [entry.term for entry in defined.entries] == ["b"]
    assert "The measures on this page" not in _definitions()


def test_no_one_answers_for_a_simulated_figure() -> None:
    series = [world.row("series", measure_code="share")]
    published = _definitions(series=series)
    simulated = _definitions(series=series, release_inputs={"is_simulated": True})
    title = "The measures on this page"
    assert "Responsible for the figure: owner." in published[title].entries[0].sentences
    assert len(simulated[title].entries[0].sentences) == 2


def test_actor_types_are_listed_in_the_order_of_preference() -> None:
    actor_types = [
        world.row("actor_type", actor_type_code=code, actor_type_name_en=code, page_rank=rank)
        for code, rank in (("Fastlege", 1), ("Sykehus", 2), ("Other", None))
    ]
    terms = _definitions(actor_type=actor_types)["Terms and rules"]
    (series,) = (entry for entry in terms.entries if entry.term == "Which series is shown")
    assert series.sentences[0].endswith("in the order fastlege and sykehus.")
