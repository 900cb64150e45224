"""What a snapshot changed, and the revisions that follow from all changes together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.validated.changes import Changes, changes_of, revisions, still_in_force
from pll_pipeline.validated.frames import OBSERVATION, STATED_OBSERVATION

FIRST = datetime(2026, 1, 1, 3, tzinfo=UTC)
Statement = tuple[float | None, str]
Publication = dict[str | None, Statement]
FIGURE = ("region_key", "value", "qualifier")
SHOWN = ("value", "qualifier", "known_from", "known_to", "ended_by", "revision_number")


def at(number: int) -> datetime:
    """When the snapshot of that number was taken."""
    return FIRST + timedelta(days=number)


def stated(figures: Publication, number: int) -> pl.DataFrame:
    """The observations of one snapshot: value and qualifier by region."""
    rows = [
        {
            "source_name": "s",
            "snapshot_at": at(number),
            "row_reference": f"f:{row}",
            "measure_code": "m",
            "region_key": region,
            "actor_type_code": "alle",
            "period_start": date(2025, 12, 1),
            "period_end": date(2025, 12, 31),
            "period_grain": "month",
            "value": value,
            "qualifier": qualifier,
            "status": "observed",
        }
        for row, (region, (value, qualifier)) in enumerate(figures.items())
    ]
    return pl.DataFrame(rows, schema=OBSERVATION)


def replayed(publications: list[Publication], *, restates: bool) -> list[Changes]:
    """The changes of each snapshot, each compared with what was in force before it."""
    in_force = pl.DataFrame(schema=STATED_OBSERVATION)
    every: list[Changes] = []
    for number, figures in enumerate(publications):
        every.append(changes_of(in_force, stated(figures, number), at(number), restates=restates))
        in_force = pl.concat([every[-1].stated, every[-1].earlier])
    return every


def revised(publications: list[Publication], *, restates: bool) -> pl.DataFrame:
    """One row per revision after all the snapshots."""
    every = replayed(publications, restates=restates)
    ended = pl.concat([changes.log for changes in every]).filter(pl.col("change") != "new")
    return revisions(pl.concat([every[-1].stated, every[-1].earlier]), ended)


def test_a_changed_figure_is_a_revision_known_until_the_next_and_shown_as_last_stated() -> None:
    published: list[Publication] = [
        {"a": (10, "exact")},
        {"b": (1, "exact"), "a": (10, "exact")},
        {"a": (11, "exact")},
        {"a": (11, "at_least")},
    ]
    rows = revised(published, restates=False).filter(pl.col("region_key") == "a")
    assert rows.sort("revision_number").select(*SHOWN, "snapshot_at", "row_reference").rows() == [
        (10, "exact", at(0), at(2), "revised", 1, at(1), "f:1"),
        (11, "exact", at(2), at(3), "revised", 2, at(2), "f:0"),
        (11, "at_least", at(3), None, None, 3, at(3), "f:0"),
    ]


def test_a_source_that_restates_its_history_withdraws_what_it_leaves_out_and_may_return() -> None:
    published: list[Publication] = [{"a": (1, "exact")}, {"b": (1, "exact")}, {"a": (1, "exact")}]
    rows = revised(published, restates=True)
    assert rows.sort("region_key", "revision_number").select("region_key", *SHOWN).rows() == [
        ("a", 1, "exact", at(0), at(1), "withdrawn", 1),
        ("a", 1, "exact", at(2), None, None, 2),
        ("b", 1, "exact", at(1), at(2), "withdrawn", 1),
    ]


def test_a_source_that_adds_keeps_what_it_does_not_state_again() -> None:
    published: list[Publication] = [{"a": (1, "exact")}, {None: (1, "exact")}]
    rows = revised(published, restates=False)
    assert rows.sort("known_from").select("region_key", *SHOWN).rows() == [
        ("a", 1, "exact", at(0), None, None, 1),
        (None, 1, "exact", at(1), None, None, 1),
    ]


def test_the_log_has_one_row_per_change_and_none_for_what_is_stated_again() -> None:
    first: Publication = {"a": (1, "exact"), "b": (2, "exact"), "c": (3, "exact")}
    second: Publication = {"a": (1, "exact"), "b": (5, "exact"), "d": (4, "exact")}
    log = replayed([first, second], restates=True)[1].log
    assert log.select("change", "region_key", "value", "known_from", "changed_at").rows() == [
        ("new", "d", 4, at(1), at(1)),
        ("revised", "b", 2, at(0), at(1)),
        ("withdrawn", "c", 3, at(0), at(1)),
    ]


@pytest.mark.parametrize(("restates", "kept"), [(True, []), (False, ["a"])])
def test_targets_that_are_not_stated_again_stay_where_a_source_adds(
    restates: bool, kept: list[str]
) -> None:
    before, after = (
        pl.DataFrame({"code": list(codes), "due": [None, 2]}) for codes in ("ab", "cb")
    )
    rows = still_in_force(before, after, ("code", "due"), restates=restates)
    assert rows["code"].to_list() == kept


# --- against a definition of revisions by whole snapshots -----------------------------------------

statements = st.tuples(
    st.sampled_from([None, 0.0, 1.0, 2.5]), st.sampled_from(["exact", "at_least"])
)
publications = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "c", None]), statements), min_size=1, max_size=7
)


def by_definition(publications: list[Publication], *, restates: bool) -> list[dict[str, Any]]:
    """The revisions by walking over every snapshot whole, figure by figure."""
    rows: list[dict[str, Any]] = []
    for region in {region for figures in publications for region in figures}:
        now: dict[str, Any] | None = None
        number = 0
        for snapshot, figures in enumerate(publications):
            says = figures.get(region)
            ends = restates if says is None else now is not None and now["says"] != says
            if now and ends:
                now |= {"to": at(snapshot), "by": "revised" if says else "withdrawn"}
                now = None
            if says and now is None:
                number += 1
                now = {"region": region, "says": says, "from": at(snapshot), "number": number}
                now |= {"to": None, "by": None}
                rows.append(now)
            if now and says:
                now["last"] = at(snapshot)
    return rows


@settings(max_examples=150)
@given(published=publications, restates=st.booleans())
def test_revisions_from_the_log_are_those_of_all_snapshots_whole(
    published: list[Publication], restates: bool
) -> None:
    columns = ("region_key", *SHOWN, "snapshot_at")
    from_log = revised(published, restates=restates).select(columns).rows()
    whole = [
        (r["region"], *r["says"], r["from"], r["to"], r["by"], r["number"], r["last"])
        for r in by_definition(published, restates=restates)
    ]
    assert sorted(from_log, key=repr) == sorted(whole, key=repr)


@settings(max_examples=100)
@given(published=publications, restates=st.booleans())
def test_as_of_any_day_each_figure_is_the_one_last_published_then(
    published: list[Publication], restates: bool
) -> None:
    rows = revised(published, restates=restates)
    expected: Publication = {}
    for snapshot, figures in enumerate(published):
        expected = dict(figures) if restates else expected | figures
        then = pl.col("known_to").is_null() | (pl.col("known_to") > at(snapshot))
        known = rows.filter(then & (pl.col("known_from") <= at(snapshot)))
        values = {region: (value, word) for region, value, word in known.select(*FIGURE).rows()}
        assert (known.height, values) == (len(expected), expected)


@settings(max_examples=100)
@given(published=publications, more=publications, restates=st.booleans())
def test_a_revision_stays_whatever_is_published_later(
    published: list[Publication], more: list[Publication], restates: bool
) -> None:
    before = revised(published, restates=restates)
    after = revised(published + more, restates=restates)
    ended = before.filter(pl.col("known_to").is_not_null())
    assert set(ended.rows()) <= set(after.rows())
    begun = (*FIGURE, "known_from", "revision_number")
    until = after.filter(pl.col("known_from") < at(len(published)))
    assert set(before.select(begun).rows()) == set(until.select(begun).rows())
