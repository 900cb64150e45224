"""The layer `validated`: one step per source judges its snapshots, and one gathers their rows.

`validated/<source>` is materialised every night with the verdict; the six tables that dbt reads
only when the current release does not come from the same inputs, so that nothing after them is
rebuilt. dbt knows them as its source `validated`. Not here: how snapshots are judged and gathered
(`pll_pipeline/validated/`).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import dagster as dg
import polars as pl

from pll_pipeline.assets import LOCK, LOG, Event, described_failures
from pll_pipeline.assets.raw import ASKED, raw_key
from pll_pipeline.config import Config
from pll_pipeline.published.releases import Release, current
from pll_pipeline.sources.model import MilestoneTable, Source
from pll_pipeline.validated.fingerprints import release_fingerprint
from pll_pipeline.validated.frames import MILESTONE, OBSERVATION
from pll_pipeline.validated.gathering import TABLES, gather, inputs_fingerprint, write_inputs
from pll_pipeline.validated.verdicts import SourceState, judge_source, read_state
from pll_pipeline.vocabulary.columns import COLUMNS

RULES = "rules_are_kept"
_DESCRIPTIONS = {
    "source": "One row per source, as the register describes it.",
    "snapshot": "One row per snapshot: its verdict and the number of its rows.",
    "observation": "One row per figure and snapshot, from every accepted snapshot.",
    "target": "One row per target or rule and snapshot.",
    "milestone": "One row per milestone and snapshot.",
    "quarantine": "One row per published row and rule it broke.",
}


def validated_key(source: Source) -> dg.AssetKey:
    """The asset of a source's verdicts."""
    return dg.AssetKey(["validated", source.name])


def validated_spec(source: Source) -> dg.AssetSpec:
    """The asset of a source's verdicts."""
    return dg.AssetSpec(
        validated_key(source),
        deps=[raw_key(source)],
        group_name="validated",
        kinds={"polars", "pandera"},
        description=(
            f"«{source.title}», read and judged by the rules. Where a snapshot is refused, the one "
            "before it stays in use."
        ),
        metadata={"dagster/column_schema": _columns(source)},
    )


def validated_checks(source: Source) -> list[dg.AssetCheckSpec]:
    """The checks of a source's newest snapshot."""
    return [
        dg.AssetCheckSpec(
            RULES,
            asset=validated_key(source),
            description=(
                "The newest snapshot keeps the rules of observations, targets and milestones."
            ),
        )
    ]


def judge_step(config: Config, source: Source) -> dg.OpDefinition:
    """The step that judges the snapshots of a source and writes their verdicts."""

    @dg.op(
        name=f"judge_{source.name}",
        ins={ASKED: dg.In(dg.Nothing)},
        out={"validated": dg.Out(dg.Nothing), RULES: dg.Out(dg.Nothing)},
        required_resource_keys={LOCK},
    )
    def judge() -> Iterator[Event]:
        with described_failures():
            state, read_count = judge_source(config, source)
            yield _rules_are_kept(state)
            yield _judged(config, state, read_count)

    return judge


class GatherParameters(dg.Config):
    """Parameters of gathering. With `rebuild` a release is built although nothing has changed."""

    rebuild: bool = False


def gathered_assets(config: Config, sources: Mapping[str, Source]) -> dg.AssetsDefinition:
    """The step that writes `validated/observation` and the other tables that dbt reads."""
    events = partial(_gathered, config, list(sources.values()))

    @dg.multi_asset(
        name="gather",
        specs=[
            dg.AssetSpec(
                ["validated", table],
                deps=[validated_key(source) for source in sources.values()],
                skippable=True,
                group_name="validated",
                kinds={"parquet"},
                description=_DESCRIPTIONS[table],
            )
            for table in TABLES
        ],
        required_resource_keys={LOCK},
    )
    def gather_rows(config: GatherParameters) -> Iterator[dg.MaterializeResult[None]]:
        with described_failures():
            yield from events(rebuild=config.rebuild)

    return gather_rows


def _rules_are_kept(state: SourceState) -> dg.AssetCheckResult:
    newest = state.newest
    if state.problem:
        LOG.warning("%s: %s", state.source.name, state.problem)
    return dg.AssetCheckResult(
        asset_key=validated_key(state.source),
        check_name=RULES,
        passed=newest is not None and newest.is_accepted,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "reason": state.problem or "every rule is kept",
            "quarantined_rows": newest.quarantine_count if newest else 0,
            "changed_since_last": "; ".join(newest.drift) if newest else "",
        },
    )


def _judged(config: Config, state: SourceState, read_count: int) -> Event:
    metadata: dict[str, Any] = {"snapshots": len(state.verdicts), "newly_read": read_count}
    if in_use := state.in_use:
        metadata |= {
            "dagster/row_count": in_use.observation_count
            + in_use.milestone_count
            + in_use.target_count,
            "snapshot_in_use": in_use.snapshot_name,
            "folder": str(config.validated / in_use.source_name / in_use.snapshot_name),
        }
    return dg.MaterializeResult(asset_key=validated_key(state.source), metadata=metadata)


def _gathered(
    config: Config, sources: Sequence[Source], *, rebuild: bool
) -> Iterator[dg.MaterializeResult[None]]:
    states = [read_state(config, source) for source in sources]
    code = release_fingerprint(config)
    fingerprint = inputs_fingerprint(states, code)
    release = current(config.marts)
    if release and _is_of(release, fingerprint) and not rebuild:
        LOG.info("nothing new: release %s already comes from exactly this", release.id)
        return
    tables = gather(config, states, _source_names(release))
    write_inputs(config, states, fingerprint, code)
    LOG.info(
        "gathered %d figures, %d targets, %d milestones",
        *(tables[table].height for table in ("observation", "target", "milestone")),
    )
    for table, frame in tables.items():
        yield _written(config, table, frame)


def _source_names(release: Release | None) -> set[str]:
    """The sources whose figures are in the release."""
    used = release.manifest["snapshots"] if release else ()
    return {snapshot["source_name"] for snapshot in used}


def _is_of(release: Release, fingerprint: str) -> bool:
    return bool(release.manifest["fingerprint"] == fingerprint)


def _written(config: Config, table: str, frame: pl.DataFrame) -> dg.MaterializeResult[None]:
    columns = [dg.TableColumn(name, str(type_)) for name, type_ in frame.schema.items()]
    return dg.MaterializeResult(
        asset_key=["validated", table],
        metadata={
            "dagster/row_count": frame.height,
            "dagster/column_schema": dg.TableSchema(columns),
            "dagster/uri": str(config.validated / f"{table}.parquet"),
        },
    )


def _columns(source: Source) -> dg.TableSchema:
    """The columns of the table that most of a source's rows go to."""
    is_plan = all(isinstance(table, MilestoneTable) for table in source.tables)
    return dg.TableSchema(
        [
            dg.TableColumn(name, str(type_), COLUMNS[name].en)
            for name, type_ in (MILESTONE if is_plan else OBSERVATION).items()
        ]
    )
