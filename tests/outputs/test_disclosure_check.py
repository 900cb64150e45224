"""The disclosure check on whole releases: it looked at something, and it sees what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published.disclosure import check
from tests.night.conftest import World
from tests.outputs.conftest import draft_of

SUM_OF_SUPPRESSED = """
    select s.measure_code, s.region_key, s.actor_type_code, s.month
    from release.star.fct_adoption_sum as s
    join release.star.dim_region_part as p
        on s.relation = p.relation and s.region_key = p.whole_key and s.part_level = p.part_level
        and coalesce(p.valid_from <= s.month, true) and coalesce(s.month < p.valid_to, true)
    join release.star.fct_adoption as a
        on p.part_key = a.region_key and s.measure_code = a.measure_code
        and s.actor_type_code = a.actor_type_code and s.month = a.month
    where
        s.relation = 'level' and a.count_status = 'suppressed'
        -- a part whose denominator is suppressed too is in no sum; of a split one all or nothing
        -- may be in it; and only a small count can be as low as its lower bound
        and a.eligible_value is not null and p.part_share = 1 and a.count_lower = 1
    group by all having count(*) = 1 order by all limit 1
"""


def test_every_suppressed_cell_and_every_sum_of_a_release_was_compared(demo: World) -> None:
    suppressed = demo.ask(
        "select count(*) from star.fct_adoption where count_status = 'suppressed'"
    )[0][0]
    sums = demo.ask("select count(*) from star.fct_adoption_sum")[0][0]
    with draft_of(demo) as draft:
        checked = check(draft.connection)
    assert isinstance(suppressed, int)
    assert isinstance(sums, int)
    assert checked.cells == suppressed > 1000
    assert checked.figures_of_cells >= 2 * suppressed
    assert checked.sums > 2 * sums > 1000


@pytest.fixture
def changed(demo: World, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The release in a copy that a test may change."""
    copy = tmp_path / "pll.duckdb"
    shutil.copyfile(demo.current / "pll.duckdb", copy)
    copy.chmod(0o644)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{copy}' as release")
        yield connection


def test_a_release_with_one_total_that_discloses_a_cell_is_refused(
    changed: duckdb.DuckDBPyConnection,
) -> None:
    key = changed.execute(SUM_OF_SUPPRESSED).fetchall()[0]
    changed.execute(
        "update release.star.fct_adoption_sum "
        "set count_value = count_lower, count_upper = count_lower "
        "where measure_code = ? and region_key = ? and actor_type_code = ? and month = ?",
        list(key),
    )
    with pytest.raises(PllError, match="A suppressed cell could be computed"):
        check(changed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("update release.star.dim_region_part set relation = 'other'", "A sum could not be"),
        (
            "update release.star.fct_adoption set count_status = 'observed' "
            "where count_status = 'suppressed'",
            "A suppressed count is shown as open",
        ),
        (
            "delete from release.marts.mart_adoption_by_region_actor_month "
            "where status = 'suppressed'",
            "mart_adoption_by_region_actor_month lacks a suppressed cell",
        ),
    ],
)
def test_a_release_in_which_the_check_would_see_nothing_is_refused(
    change: str, message: str, changed: duckdb.DuckDBPyConnection
) -> None:
    changed.execute(change)
    with pytest.raises(PllError, match=message):
        check(changed)
