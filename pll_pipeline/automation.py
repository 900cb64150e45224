"""When the night runs and who is told: the job `night`, its schedule, the failure hook, and running it without a server.

Not here: what a night does (`assets/`), which sources there are (`sources/`).
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import dagster as dg

from pll_pipeline.assets import LOG
from pll_pipeline.assets.raw import ASK_TAG
from pll_pipeline.assets.validated import REBUILD_TAG
from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.lock import one_writer
from pll_pipeline.published.releases import Release, current
from pll_pipeline.sources.model import Source
from pll_pipeline.validated.verdicts import SourceState, read_state

JOB = "night"
_LEAST_ROOM = 64 * 2**20
# Dagster's own lines stay in its event log
_NO_CONSOLE = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_DAGSTER_SETTINGS = f"telemetry:\n  enabled: false\nnux:\n  enabled: false\npython_logs:\n  managed_python_loggers: [{LOG.name}]\n  python_log_level: INFO\n"


@dataclass(frozen=True)
class Night:
    """How a night ended. `published` is None when nothing new was published; `failure` is a paragraph."""

    published: Release | None
    standing: Release | None
    states: list[SourceState]
    unanswered: dict[str, str]
    failure: str | None

    @property
    def exit_code(self) -> int:
        """0 published or nothing new, 3 a source keeps an earlier snapshot, 1 failed and the last release stands."""
        if self.failure:
            return 1
        return (
            3 if self.unanswered or any(s.is_stale or s.newest is None for s in self.states) else 0
        )


def night_job(config: Config) -> dg.UnresolvedAssetJobDefinition:
    """The one job: every asset, in one process, with the failure hook."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        hooks={failure_hook(config)},
        description="One night: ask the sources, read what is new, build star and marts, publish a release.",
    )


def night_schedule(job: dg.UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Every night at 03:00 Norwegian time."""
    return dg.ScheduleDefinition(
        name="every_night",
        job=job,
        cron_schedule="0 3 * * *",
        execution_timezone="Europe/Oslo",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def require_room(config: Config) -> None:
    """Raises `PllError` when the disk has less room than a night takes: what dbt and Dagster write, and four releases like the last."""
    config.data.mkdir(parents=True, exist_ok=True)
    release = current(config.marts)
    size = (
        sum(file.stat().st_size for file in release.folder.rglob("*") if file.is_file())
        if release
        else 0
    )
    needed, free = _LEAST_ROOM + 4 * size, shutil.disk_usage(config.data).free
    if free < needed:
        stands = f"release {release.id} stands" if release else "there is no release yet"
        raise PllError(
            f"The disk is nearly full: a night takes up to {needed / 2**20:.0f} MiB and {free / 2**20:.1f} MiB are free; {stands}",
            where=str(config.data),
            do="make room, then run again",
        )


def delete_derived(config: Config) -> None:
    """Delete everything that follows from raw: verdicts, gathered tables and the build file."""
    for folder in (config.validated, config.build_file.parent):
        shutil.rmtree(folder, ignore_errors=True)


def night_lock(config: Config) -> dg.ResourceDefinition:
    """The lock every step of a night works under; a second night is refused at once."""

    @dg.resource
    def lock(_: dg.InitResourceContext) -> Iterator[None]:
        with one_writer(config.lock_file, "a night"):
            require_room(config)
            yield

    return lock


def failure_hook(config: Config) -> dg.HookDefinition:
    """One clear paragraph in `data/logs/failures.log` and, where `PLL_ALERT_WEBHOOK` is set, posted there as JSON."""

    @dg.failure_hook(name="tell_the_failure")
    def tell_the_failure(context: dg.HookContext) -> None:
        tell(config, f"The step {context.op.name} failed. {_message(context.op_exception)}")

    return tell_the_failure


def tell(config: Config, paragraph: str) -> None:
    """Write a failure to the log and to the webhook; a webhook that does not answer is noted in the log, never raised."""
    config.logs.mkdir(parents=True, exist_ok=True)
    with (config.logs / "failures.log").open("a", encoding="utf-8") as log:
        log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {paragraph}\n")
        if not config.alert_webhook:
            return
        try:
            address = urlsplit(config.alert_webhook)
            if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost"):
                raise ValueError("only https addresses are posted to")
            body = json.dumps({"text": paragraph}, ensure_ascii=False).encode()
            request = urllib.request.Request(
                config.alert_webhook, data=body, headers={"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310
                pass
        except (OSError, ValueError) as error:
            log.write(
                f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  The webhook could not be told: {error}\n"
            )


def use_dagster_home(config: Config) -> None:
    """Point Dagster at its home under the data folder, with telemetry off. Raises `PllError` when it cannot be written."""
    try:
        config.dagster_home.mkdir(parents=True, exist_ok=True)
        settings = config.dagster_home / "dagster.yaml"
        if not settings.exists():
            settings.write_text(_DAGSTER_SETTINGS, encoding="utf-8")
    except OSError as error:
        raise PllError(
            f"Dagster's home cannot be written: {error.strerror}",
            where=str(config.dagster_home),
            do="give write access to the data folder, or make room",
        ) from error
    os.environ.update(
        DAGSTER_HOME=str(config.dagster_home), DAGSTER_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1"
    )


def run_night(
    definitions: dg.Definitions,
    config: Config,
    sources: dict[str, Source],
    *,
    ask: str = "*",
    rebuild: bool = False,
    tell_line: Callable[[str], None] = lambda line: None,
) -> Night:
    """The job `night`, here and now; `tell_line` hears of each step.

    `ask` is "*", "" or comma-separated source names; the others keep what is held.
    """
    use_dagster_home(config)
    # in an unchanged night the build is skipped, and Dagster would warn of each of its two hundred checks that it has no result
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    before = current(config.marts)
    tags = {ASK_TAG: ask, **({REBUILD_TAG: "yes"} if rebuild else {})}
    with dg.DagsterInstance.get() as instance, _telling(tell_line):
        result = definitions.resolve_job_def(JOB).execute_in_process(
            instance=instance, tags=tags, run_config=_NO_CONSOLE, raise_on_error=False
        )
    failure = None if result.success else _failure(result)
    unanswered = {
        check.asset_key.path[-1]: str(check.metadata["reason"].value)
        for check in result.get_asset_check_evaluations()
        if check.check_name == "publisher_answered" and not check.passed
    }
    after = current(config.marts)
    return Night(
        published=after if after and (before is None or after.id != before.id) else None,
        standing=after,
        states=[read_state(config, source) for source in sources.values()] if not failure else [],
        unanswered=unanswered,
        failure=failure,
    )


@contextmanager
def _telling(tell_line: Callable[[str], None]) -> Iterator[None]:
    """While inside, `tell_line` hears what `LOG` is told."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            tell_line(record.getMessage())

    handler, before = Handler(), LOG.propagate
    LOG.setLevel(logging.INFO)
    LOG.addHandler(handler)
    LOG.propagate = False
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        LOG.propagate = before


def _failure(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        data = event.event_specific_data
        error = getattr(data, "error", None)
        if error is not None and (event.is_step_failure or event.is_failure):
            while error.cause is not None:
                error = error.cause
            return _without_class(error.message)
    return "The night failed before its first step; see data/logs/failures.log"


def _message(error: BaseException | None) -> str:
    while error is not None and error.__cause__ is not None and not isinstance(error, PllError):
        error = error.__cause__
    return str(error)


def _without_class(message: str) -> str:
    return re.sub(r"^[\w.]+(Error|Exception|Damaged|Failure)\w*: ", "", message.strip())
