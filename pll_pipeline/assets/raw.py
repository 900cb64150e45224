"""One step per source: ask the publisher, keep what is new, read it.

`raw/<source>` is materialised when new bytes were archived, so that its freshness tells the age of what is held;
`validated/<source>` is materialised every night with the verdict. Not here: how anything is fetched, kept or judged.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from pll_pipeline.assets import LOCK, LOG
from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import newest_snapshot
from pll_pipeline.raw.fetching import fetch
from pll_pipeline.sources.model import MilestoneTable, Source
from pll_pipeline.validated.mapping import MILESTONE, OBSERVATION
from pll_pipeline.validated.verdicts import SourceState, judge_source
from pll_pipeline.vocabulary.columns import COLUMNS

ASK_TAG = "pll/ask"
TRIES = 3

Event = dg.MaterializeResult | dg.AssetCheckResult


def source_assets(config: Config, source: Source) -> dg.AssetsDefinition:
    """The step of one source: assets `raw/<name>` and `validated/<name>`, each with its check."""
    raw_key, validated_key = (
        dg.AssetKey(["raw", source.name]),
        dg.AssetKey(["validated", source.name]),
    )
    window = timedelta(days=source.max_age_days)

    @dg.multi_asset(
        name=f"source_{source.name}",
        specs=[
            dg.AssetSpec(
                raw_key,
                group_name="raw",
                skippable=True,
                kinds={"file"},
                description=f"Bytes of «{source.title}» exactly as received from {source.publisher}, one snapshot per change.",
                freshness_policy=dg.FreshnessPolicy.time_window(
                    fail_window=window, warn_window=window * 0.9
                ),
                metadata={
                    "landing_page": dg.MetadataValue.url(source.landing_page),
                    "licence": source.licence,
                },
            ),
            dg.AssetSpec(
                validated_key,
                deps=[raw_key],
                group_name="validated",
                kinds={"polars", "pandera"},
                description=f"«{source.title}», read and held against the rules. A refused snapshot leaves the one before it standing.",
                metadata={"dagster/column_schema": _schema(source)},
            ),
        ],
        check_specs=[
            dg.AssetCheckSpec(
                "publisher_answered",
                asset=raw_key,
                description="The publisher was asked and what is held is whole.",
            ),
            dg.AssetCheckSpec(
                "is_recent",
                asset=raw_key,
                description=f"The newest snapshot is at most {source.max_age_days} days old.",
            ),
            dg.AssetCheckSpec(
                "rules_are_kept",
                asset=validated_key,
                description="The newest snapshot keeps the rules of observations, targets and milestones.",
            ),
        ],
        retry_policy=dg.RetryPolicy(
            max_retries=TRIES - 1,
            delay=5,
            backoff=dg.Backoff.EXPONENTIAL,
            jitter=dg.Jitter.PLUS_MINUS,
        ),
        required_resource_keys={LOCK},
    )
    def step(context: dg.AssetExecutionContext) -> Iterator[Event]:
        try:
            yield from _ask(context, config, source, raw_key)
            yield from _verdict(config, *judge_source(config, source), validated_key)
        except OSError:
            raise
        except Exception as error:
            # only the outside world may be better the next time; a fault in what was said is not
            raise dg.Failure(str(error), allow_retries=False) from error

    return step


def _ask(
    context: dg.AssetExecutionContext, config: Config, source: Source, key: dg.AssetKey
) -> Iterator[Event]:
    asked = context.run.tags.get(ASK_TAG, "*")
    if asked in ("*", source.name) or source.name in asked.split(","):
        try:
            snapshot, is_new = fetch(source, config.raw)
        except PllError as error:
            # also a publisher that did not answer: the fetcher has waited and tried again itself
            LOG.warning("%s: %s", source.name, error.paragraph())
            yield _answered(key, passed=False, reason=error.paragraph())
        except OSError:
            if context.retry_number < TRIES - 1:
                raise
            LOG.exception("%s could not be asked", source.name)
            yield _answered(key, passed=False, reason="could not be asked; what is held stands")
        else:
            LOG.info("%s: %s", source.name, "new snapshot" if is_new else "unchanged")
            yield _answered(key, passed=True, reason="new snapshot" if is_new else "unchanged")
            if is_new:
                yield dg.MaterializeResult(
                    asset_key=key,
                    metadata={
                        "snapshot": snapshot.name,
                        "bytes": sum(f.bytes for f in snapshot.files),
                        "sha256": snapshot.sha256,
                    },
                )
    else:
        yield _answered(key, passed=True, reason="not asked in this run")
    newest = newest_snapshot(config.raw, source.name, config.known_until)
    age = (datetime.now(UTC) - newest.taken_at).days if newest else None
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name="is_recent",
        passed=age is not None and age <= source.max_age_days,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "age_days": age if age is not None else "no snapshot",
            "max_age_days": source.max_age_days,
        },
    )


def _answered(key: dg.AssetKey, *, passed: bool, reason: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name="publisher_answered",
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"reason": reason},
    )


def _verdict(
    config: Config, state: SourceState, read_count: int, key: dg.AssetKey
) -> Iterator[Event]:
    newest, standing = state.newest, state.in_use
    if newest is None:
        LOG.warning("%s has no snapshot", state.source.name)
    reason = "no snapshot" if newest is None else newest.reason or "every rule is kept"
    if newest is not None and not newest.is_accepted:
        LOG.warning("%s refused: %s", state.source.name, reason)
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name="rules_are_kept",
        passed=newest is not None and newest.is_accepted,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "reason": reason,
            "quarantined_rows": newest.quarantine_count if newest else 0,
            "changed_since_last": "; ".join(newest.drift) if newest else "",
        },
    )
    rows = (
        {
            "dagster/row_count": standing.observation_count
            + standing.milestone_count
            + standing.target_count
        }
        if standing
        else {}
    )
    held = (
        {
            "standing_snapshot": standing.snapshot_name,
            "folder": str(config.validated / state.source.name / standing.snapshot_name),
        }
        if standing
        else {}
    )
    yield dg.MaterializeResult(
        asset_key=key,
        metadata={**rows, **held, "snapshots": len(state.verdicts), "newly_read": read_count},
    )


def _schema(source: Source) -> dg.TableSchema:
    frame = MILESTONE if all(isinstance(t, MilestoneTable) for t in source.tables) else OBSERVATION
    return dg.TableSchema(
        [dg.TableColumn(name, str(kind), COLUMNS[name].en) for name, kind in frame.items()]
    )
