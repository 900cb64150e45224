"""The layer `validated`: one step per source judges its snapshots, and one gathers their rows.

`validated/<source>` is materialised every night with the verdict; the tables that dbt reads
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
from pll_pipeline.errors import PllError
from pll_pipeline.published.current_release import file_fault, readable
from pll_pipeline.published.releases import Release, active_rollback, current, fingerprint
from pll_pipeline.published.rolled_back import Rollback
from pll_pipeline.sources.model import MilestoneTable, Source
from pll_pipeline.sources.register import left_out
from pll_pipeline.validated.fingerprints import release_fingerprint
from pll_pipeline.validated.frames import MILESTONE, OBSERVATION
from pll_pipeline.validated.gathering import TABLES, gather, inputs_fingerprint, write_inputs
from pll_pipeline.validated.verdicts import SourceState, judge_source, read_state
from pll_pipeline.vocabulary.columns import COLUMNS

RULES = "rules_are_kept"
_DESCRIPTIONS = {
    "source": "One row per source, as the register describes it.",
    "snapshot": "One row per snapshot: its verdict and the number of its rows.",
    "observation": "One row per revision of a figure, in force or ended, as it was last stated.",
    "target": "One row per target or rule in force.",
    "milestone": "One row per milestone in force.",
    "quarantine": "One row per published row and rule it broke, of snapshots in use or newest.",
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
    unusable = left_out(config.own_sources)
    inputs = inputs_fingerprint(states, code, unusable)
    if not rebuild and _is_published(config, inputs):
        return
    tables = gather(config, states, _source_names(readable(config.marts)), unusable)
    write_inputs(config, states, inputs, code, unusable)
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


def _is_published(config: Config, inputs: str) -> bool:
    """Whether nothing has to be published from these inputs: a release has them, or had them."""
    release = current(config.marts)
    if release is None:
        return False
    damage = file_fault(config.marts)
    rollback = active_rollback(config.marts)
    if rollback and inputs in rollback.rejected.values():
        if damage:
            raise _nothing_to_go_back_to(config, rollback, damage)
        LOG.info(
            "nothing new since release %s, which was rolled back from: release %s stays current "
            "until the inputs change, or `pll run --again`",
            rollback.left,
            release.id,
        )
        return True
    if damage:
        LOG.warning("%s It is published anew.", damage)
        return False
    if fingerprint(release) == inputs:
        LOG.info("nothing new: release %s already comes from exactly this", release.id)
        return True
    if rollback:
        LOG.info("the inputs have changed since the rollback to release %s: it ends", release.id)
    return False


def _nothing_to_go_back_to(config: Config, rollback: Rollback, damage: str) -> PllError:
    """The inputs give the figures that were rolled back from, and the others are damaged."""
    return PllError(
        f"The release that was rolled back to cannot be published anew, because the inputs are "
        f"those of release {rollback.left}, which was rolled back from. {damage}",
        where=str(config.marts),
        do="exclude the wrong snapshots (`pll rollback` names them) or go back to another release "
        "(`pll rollback RELEASE`); `pll run --again` publishes the inputs as they are",
    )


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
