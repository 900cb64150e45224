"""The layer `raw`: one step per source asks its publisher and keeps what is new.

`raw/<source>` is materialised only when new bytes were archived, so that its freshness is the age
of the newest snapshot. Not here: how bytes are fetched and kept (`pll_pipeline/raw/`), what they
mean (`assets/validated.py`).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import dagster as dg

from pll_pipeline.assets import LOCK, LOG, Event, described_failures
from pll_pipeline.config import Config
from pll_pipeline.errors import PllError, paragraph_of
from pll_pipeline.raw.archive import CLOCK_TOLERANCE, Snapshot, newest_snapshot
from pll_pipeline.raw.fetching import fetch
from pll_pipeline.sources.model import Source

TRIES = 3
RETRY_SECONDS = 5
# The output of the step that exists in every run, whether or not there are new bytes.
ASKED = "asked"
ANSWERED = "publisher_answered"
RECENT = "is_recent"


class AskParameters(dg.Config):
    """Parameters of the step that asks one publisher. Without `is_asked` it keeps what it has."""

    is_asked: bool = True


def raw_key(source: Source) -> dg.AssetKey:
    """The asset of a source's bytes."""
    return dg.AssetKey(["raw", source.name])


def raw_spec(source: Source) -> dg.AssetSpec:
    """The asset of a source's bytes, with the freshness that its cadence promises."""
    window = timedelta(days=source.max_age_days)
    return dg.AssetSpec(
        raw_key(source),
        group_name="raw",
        skippable=True,
        kinds={"file"},
        description=(
            f"Bytes of «{source.title}» exactly as received from {source.publisher}, one snapshot "
            "per change."
        ),
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=window, warn_window=window * 0.9
        ),
        metadata={
            "landing_page": dg.MetadataValue.url(source.landing_page),
            "licence": source.licence,
        },
    )


def raw_checks(source: Source) -> list[dg.AssetCheckSpec]:
    """The checks of a source's bytes."""
    return [
        dg.AssetCheckSpec(
            ANSWERED,
            asset=raw_key(source),
            description="The publisher answered, or was not asked in this run.",
        ),
        dg.AssetCheckSpec(
            RECENT,
            asset=raw_key(source),
            description=f"The newest snapshot is at most {source.max_age_days} days old, and not"
            " dated after the clock.",
        ),
    ]


def ask_step(config: Config, source: Source) -> dg.OpDefinition:
    """The step that asks the publisher. Every run has its output `asked`; `raw` only new bytes."""
    events = partial(_events, config, source)

    @dg.op(
        name=f"ask_{source.name}",
        out={
            "raw": dg.Out(dg.Nothing, is_required=False),
            ASKED: dg.Out(dg.Nothing),
            ANSWERED: dg.Out(dg.Nothing),
            RECENT: dg.Out(dg.Nothing),
        },
        retry_policy=dg.RetryPolicy(
            max_retries=TRIES - 1,
            delay=RETRY_SECONDS,
            backoff=dg.Backoff.EXPONENTIAL,
            jitter=dg.Jitter.PLUS_MINUS,
        ),
        required_resource_keys={LOCK},
    )
    def ask(context: dg.OpExecutionContext, config: AskParameters) -> Iterator[Event]:
        is_last_try = context.retry_number >= TRIES - 1
        with described_failures(tried_again=(OSError,)):
            yield from events(is_asked=config.is_asked, is_last_try=is_last_try)

    return ask


def _events(
    config: Config, source: Source, *, is_asked: bool, is_last_try: bool
) -> Iterator[Event]:
    if source.fault:
        yield _answered(source, passed=True, reason="not asked: its source file cannot be used")
    elif is_asked:
        new, answered = _ask(config, source, is_last_try=is_last_try)
        yield answered
        if new is not None:
            yield _materialized(source, new)
    else:
        yield _answered(source, passed=True, reason="not asked in this run")
    yield _recent(config, source)
    yield dg.Output(None, ASKED)


def _ask(
    config: Config, source: Source, *, is_last_try: bool
) -> tuple[Snapshot | None, dg.AssetCheckResult]:
    """The new snapshot, None where there is none, and whether the publisher answered.

    Raises `OSError` except in the last try: it may pass the next time. A publisher that does not
    answer is no error of the step: the HTTP client has waited and tried again by itself.
    """
    try:
        snapshot, is_new = fetch(source, config.raw)
    except PllError as error:
        LOG.warning("%s: %s", source.name, error.paragraph())
        return None, _answered(source, passed=False, reason=error.paragraph())
    except OSError as error:
        if not is_last_try:
            raise
        reason = f"could not be asked ({error}); the newest snapshot stays in use"
        LOG.warning("%s %s", source.name, reason)
        return None, _answered(source, passed=False, reason=reason)
    except Exception as error:
        # one publisher's answer must not stop the others
        LOG.warning("%s: %s", source.name, paragraph_of(error))
        return None, _answered(source, passed=False, reason=paragraph_of(error))
    outcome = "new snapshot" if is_new else "unchanged"
    LOG.info("%s: %s", source.name, outcome)
    return snapshot if is_new else None, _answered(source, passed=True, reason=outcome)


def _materialized(source: Source, snapshot: Snapshot) -> Event:
    return dg.MaterializeResult(
        asset_key=raw_key(source),
        metadata={
            "snapshot": snapshot.name,
            "bytes": sum(file.bytes for file in snapshot.files),
            "sha256": snapshot.sha256,
        },
    )


def _answered(source: Source, *, passed: bool, reason: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=raw_key(source),
        check_name=ANSWERED,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"reason": reason},
    )


def _recent(config: Config, source: Source) -> dg.AssetCheckResult:
    newest = newest_snapshot(config.raw, source.name, config.known_until)
    age = datetime.now(UTC) - newest.taken_at if newest else None
    age_days = None if age is None else age.days
    return dg.AssetCheckResult(
        asset_key=raw_key(source),
        check_name=RECENT,
        passed=age is not None and -CLOCK_TOLERANCE <= age <= timedelta(source.max_age_days + 1),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "age_days": "no snapshot" if age_days is None else age_days,
            "max_age_days": source.max_age_days,
        },
    )
