"""The public tables as `pll tables` finds them, and the units of their columns."""

from __future__ import annotations

import pytest

from pll_pipeline.inspection.public_tables import NoSuchTable, find_table, public_tables, unit_of
from pll_pipeline.vocabulary.columns import COLUMNS


def test_marts_come_first() -> None:
    schemas = [name.partition(".")[0] for name in public_tables()]
    assert schemas == sorted(schemas)
    assert {"marts", "star"} == set(schemas)


@pytest.mark.parametrize("name", ["dim_region", "star.dim_region", "DIM_REGION"])
def test_a_table_is_found_with_and_without_its_schema(name: str) -> None:
    assert find_table(name)[0] == "star.dim_region"


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("mart_adoption_lates", "did you mean marts.mart_adoption_latest"),
        ("key_figures", "did you mean marts.mart_key_figures"),
        ("star.mart_key_figures", "did you mean marts.mart_key_figures"),
        ("zzz", "What to do: `pll tables` lists"),
        ("", "What to do: `pll tables` lists"),
    ],
)
def test_no_table_is_refused_with_the_names_that_are_like_it(name: str, like: str) -> None:
    with pytest.raises(NoSuchTable, match=like):
        find_table(name)


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("adoption_share", "share from 0 to 1"),
        ("percentile_50_lower", "share from 0 to 1"),
        ("adoption_count_upper", "count"),
        ("value", "unit of the measure"),
        ("distance", "unit of the measure"),
        ("pace_per_month", "unit of the measure, per month"),
        ("lag_months", "months"),
        ("month", "first day of the month"),
        ("period_end", ""),
        ("snapshot_at", "in UTC"),
        ("region_name", ""),
        ("rank_best", ""),
    ],
)
def test_a_column_has_the_unit_its_name_and_type_state(column: str, unit: str) -> None:
    assert unit_of(COLUMNS[column]) == unit


def test_no_share_of_the_public_tables_is_without_a_unit() -> None:
    columns = [table.column(name) for table in public_tables().values() for name in table.names]
    shares = {column.name for column in columns if column.range == (0, 1)}
    assert {name for name in shares if unit_of(COLUMNS[name]) != "share from 0 to 1"} == set()
