"""One figure traced back to its bytes: facts, parts of sums, the row as published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.inspection.explanation import Step, explain
from pll_pipeline.published.duckdb import FILE_NAME
from pll_pipeline.published.releases import Release
from pll_pipeline.raw.archive import keep
from pll_pipeline.sources.model import Source

TAKEN_AT = datetime(2026, 11, 2, tzinfo=UTC)
BEFORE = datetime(2026, 10, 2, tzinfo=UTC)
CONTENT_BEFORE = "Sted;Tall\nOslo;5\nBergen;6\nNorge;20\n"
CONTENT = "Sted;Tall\nOslo;5\nBergen;7\nNorge;20\n"
SOURCE = Source.model_validate(
    {
        "name": "kontor",
        "title": "t",
        "title_en": "t",
        "publisher": "En utgiver",
        "landing_page": "https://example.no/",
        "licence": "l",
        "attribution": "a",
        "cadence": "monthly",
        "max_age_days": 62,
        "fetch": {"kind": "bundled"},
        "read": {"kind": "delimited", "separator": ";"},
        "numbers": "norwegian",
        "tables": [
            {
                "holds": "observations",
                "file": "tall.csv",
                "expected_columns": ["Sted", "Tall"],
                "rows": [1, 9],
                "values": [{"column": "Tall", "measure": "count"}],
                "region": {"name": {"column": "Sted"}, "level": "", "levels": {}},
                "actor_type": "alle",
                "period": {"text": "2026-01"},
                "address": "https://example.no/",
            }
        ],
    }
)
# In January 2026: 5 of 20 in Oslo, 7 of an unknown number in Bergen, and their sum.
TABLES = """
create schema star;
create schema marts;
create schema meta;
create table star.fct_observation as
    select
        measure_code, region_key, 'alle' as actor_type_code, date '2026-01-01' as period_start,
        date '2026-01-31' as period_end, 'month' as period_grain, date '2026-01-01' as month,
        'kontor' as source_name, timestamptz '2026-11-02 00:00:00+00' as snapshot_at, value,
        'tall.csv:' || line as row_reference
    from (
        values ('in_use', 'kommune:0301', 5, 2), ('in_use', 'kommune:4601', 7, 3),
            ('eligible', 'kommune:0301', 20, 4)
    ) as figure (measure_code, region_key, value, line);
create table star.fct_observation_revision as
    select * replace (
        case when revision = 1 then timestamptz '2026-10-02 00:00:00+00' else snapshot_at end
            as snapshot_at,
        value - 2 + revision as value
    ), cast(revision as integer) as revision_number
    from star.fct_observation
    cross join (values (1), (2)) as number (revision)
    where value = 7;
create table marts.mart_revisions as
    select * exclude (row_reference, snapshot_at, value), 'correction' as change_kind
    from star.fct_observation_revision where revision_number = 2
    union all
    select * exclude (row_reference, snapshot_at, value), 'withdrawal' as change_kind
    from star.fct_observation_revision where revision_number = 1;
create table star.fct_target as
    select measure_code, region_key, actor_type_code, 'kontor' as source_name,
        timestamptz '2026-11-02 00:00:00+00' as snapshot_at, 'tall.csv:4' as row_reference
    from star.fct_observation where value = 7;
create table star.dim_measure as
    select * from (
        values ('share', 'in_use', 'eligible'), ('in_use', null, null), ('eligible', null, null)
    ) as measure (measure_code, numerator_code, denominator_code);
create table star.fct_eligible as
    select * from star.fct_observation where measure_code = 'eligible';
create table star.fct_adoption as
    select
        'share' as measure_code, region_key, actor_type_code, month,
        'eligible' as denominator_code
    from star.fct_observation where measure_code = 'in_use';
create table star.fct_adoption_sum as
    select 'level' as relation, 'share' as measure_code, 'land:NO' as region_key,
        'alle' as actor_type_code, date '2026-01-01' as month, 'kommune' as part_level;
create table star.dim_region_part as
    select 'level' as relation, 'land:NO' as whole_key, 'kommune' as part_level, part_key,
        valid_from, cast(null as date) as valid_to
    from (
        values ('kommune:0301', null), ('kommune:4601', date '2020-01-01'),
            ('kommune:9999', date '2027-01-01')
    ) as part (part_key, valid_from);
create table marts.mart_adoption as
    select * from (
        values ('in_use', 'kommune:4601', 'published'), ('share', 'kommune:0301', 'derived'),
            ('share', 'land:NO', 'aggregated'), ('in_use', 'kommune:1103', 'published')
    ) as adoption (measure_code, region_key, basis)
    cross join (select 'alle' as actor_type_code, date '2026-01-01' as month);
"""


@dataclass(frozen=True)
class World:
    """A release and the archive that its figures come from."""

    config: Config
    release: Release

    def explain(self, table: str = "marts.mart_adoption", **key: str) -> list[Step]:
        """The steps back from the row of the table that has the key."""
        return explain(self.config, self.release, {"kontor": SOURCE}, table, key)


@pytest.fixture(name="world")
def make_world(tmp_path: Path) -> World:
    config = Config(tmp_path, Config.from_environment().dbt_project)
    keep(config.raw, "kontor", {"tall.csv": CONTENT_BEFORE.encode()}, {}, BEFORE)
    keep(config.raw, "kontor", {"tall.csv": CONTENT.encode()}, {"received_from": "NN"}, TAKEN_AT)
    with duckdb.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(TABLES)
    return World(config, Release("r1", tmp_path))


def _as_published(steps: list[Step]) -> list[tuple[str, str]]:
    rows = [step for step in steps if "as published" in step.what]
    return [(step.says["Sted"], step.says["Tall"]) for step in rows]


def test_a_published_figure_is_traced_to_its_row_and_bytes(world: World) -> None:
    steps = world.explain(region_key="kommune:4601")
    assert [step.what for step in steps] == [
        "row of marts.mart_adoption",
        "row of star.fct_observation",
        "as published by En utgiver: tall.csv:3",
    ]
    assert _as_published(steps) == [("Bergen", "7")]
    assert steps[-1].says["came from"] == "NN"
    assert len(steps[-1].says["sha256"]) == 64


def test_a_share_is_traced_to_its_numerator_and_denominator(world: World) -> None:
    steps = world.explain(basis="derived")
    assert _as_published(steps) == [("Oslo", "5"), ("Norge", "20")]


def test_a_sum_is_traced_to_the_parts_that_were_valid_in_its_month(world: World) -> None:
    steps = world.explain(basis="aggregated")
    assert steps[1].what == "row of star.fct_adoption_sum"
    assert [step.what.split(",")[0] for step in steps[2:]] == [
        "part kommune:0301",
        "part kommune:0301",
        "part kommune:4601",
    ]
    assert _as_published(steps) == [("Oslo", "5"), ("Norge", "20"), ("Bergen", "7")]


@pytest.mark.parametrize(("number", "published"), [("1", "6"), ("2", "7")])
def test_a_revision_is_traced_to_the_bytes_of_its_own_snapshot(
    world: World, number: str, published: str
) -> None:
    steps = world.explain("star.fct_observation_revision", revision_number=number)
    assert _as_published(steps) == [("Bergen", published)]
    taken_at = steps[0].says["snapshot_at"]
    assert steps[-1].says["taken at"] == taken_at


@pytest.mark.parametrize(
    ("change_kind", "published"), [("correction", ["6", "7"]), ("withdrawal", ["6"])]
)
def test_a_change_is_traced_to_the_bytes_before_and_after_it(
    world: World, change_kind: str, published: list[str]
) -> None:
    steps = world.explain("marts.mart_revisions", change_kind=change_kind)
    assert _as_published(steps) == [("Bergen", text) for text in published]


def test_a_target_is_traced_to_its_own_row_and_no_other_figure(world: World) -> None:
    steps = world.explain("star.fct_target", source_name="kontor")
    assert _as_published(steps) == [("Norge", "20")]


def test_a_sum_itself_is_traced_to_its_parts(world: World) -> None:
    steps = world.explain("star.fct_adoption_sum", region_key="land:NO")
    assert _as_published(steps) == [("Oslo", "5"), ("Norge", "20"), ("Bergen", "7")]


def test_a_key_of_several_rows_is_refused_with_what_differs(world: World) -> None:
    with pytest.raises(PllError, match=r"4 rows .* not one.*measure_code, region_key, basis"):
        world.explain(actor_type_code="alle")
    with pytest.raises(PllError, match=r"0 rows .*pll query"):
        world.explain(region_key="land:SE")


def test_a_row_without_a_published_figure_is_refused(world: World) -> None:
    with pytest.raises(PllError, match="comes from no published figure"):
        world.explain(region_key="kommune:1103")


def test_a_figure_without_its_snapshot_is_refused(world: World, tmp_path: Path) -> None:
    elsewhere = World(Config(tmp_path / "other", world.config.dbt_project), world.release)
    with pytest.raises(PllError, match="snapshot the figure comes from is not here: kontor"):
        elsewhere.explain(region_key="kommune:4601")
