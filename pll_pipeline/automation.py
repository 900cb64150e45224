"""When the night runs and where its failures are reported: the job `night`, its schedule, the
failure hook, and running it without a server.

Not here: what a night does (`assets/`), which sources there are (`sources/`).
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from pll_pipeline.assets import LOCK, LOG
from pll_pipeline.assets.marts import remove_left_overs
from pll_pipeline.assets.raw import ANSWERED, AskParameters
from pll_pipeline.assets.source import graph_name
from pll_pipeline.assets.validated import GatherParameters
from pll_pipeline.config import Config
from pll_pipeline.disposable import put_misplaced_away
from pll_pipeline.errors import PllError, paragraph_of
from pll_pipeline.history import open_store, tidy, use_dagster_home
from pll_pipeline.lock import one_writer
from pll_pipeline.published.current_release import drop_damaged, readable, repair
from pll_pipeline.published.releases import Release, current
from pll_pipeline.raw.archive import (
    SNAPSHOT_NAME,
    archived_names,
    finish_interrupted,
    require_whole,
    snapshots,
)
from pll_pipeline.raw.http.webhook import post_json
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import left_out, register, remember
from pll_pipeline.validated.verdicts import SourceState, read_state

JOB = "night"
_LEAST_ROOM = 64 * 2**20
# Dagster's own lines stay in its event log.
_NO_CONSOLE = {"console": {"config": {"log_level": "CRITICAL"}}}
Build = Callable[[Config, dict[str, Source]], dg.Definitions]
Line = Callable[[str], None]


@dataclass(frozen=True)
class Night:
    """How a night ended.

    `published` is None when nothing new was published, `current` None before the first release.
    `unanswered` are reasons by source name, `left_out` those of source files that cannot be used.
    `failure` is a paragraph, None where the night did not fail.
    """

    published: Release | None
    current: Release | None
    states: list[SourceState]
    unanswered: dict[str, str]
    failure: str | None
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 published, or nothing new; 3 a source keeps an earlier snapshot; 1 failed."""
        if self.failure:
            return 1
        is_behind = any(state.is_stale for state in self.states)
        return 3 if self.unanswered or is_behind or self.left_out else 0


# --- Dagster's definitions ------------------------------------------------------------------------


def night_job(config: Config) -> Any:
    """The one job: every asset, in one process, with the failure hook."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        hooks={failure_hook(config)},
        description=(
            "One night: ask the sources, read what is new, build star and marts, publish a release."
        ),
    )


def night_schedule(job: Any) -> dg.ScheduleDefinition:
    """Every night at 03:00 Norwegian time."""
    return dg.ScheduleDefinition(
        name="every_night",
        job=job,
        cron_schedule="0 3 * * *",
        execution_timezone="Europe/Oslo",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def night_lock(config: Config) -> dg.ResourceDefinition:
    """The lock every step of a night works under; a second night is refused at once."""

    @dg.resource
    def lock(context: dg.InitResourceContext) -> Iterator[None]:
        with _only_night(config, register(config.own_sources)):
            if context.instance and context.run_id:
                tidy(config, context.instance, own_run_id=context.run_id)
            yield

    return lock


def failure_hook(config: Config) -> dg.HookDefinition:
    """Reports a step that failed: see `report_failure`."""

    @dg.failure_hook(name="report_failure")
    def report(context: dg.HookContext) -> None:
        reason = _description(context.op_exception)
        report_failure(config, f"The step {context.op.name} failed. {reason}")

    return report


def _description(error: BaseException | None) -> str:
    if isinstance(error, dg.Failure):
        return error.description or "No reason was given."
    return paragraph_of(error) if error else "No reason was given."


# --- reporting ------------------------------------------------------------------------------------


def report_failure(config: Config, paragraph: str) -> None:
    """Write a failure to `data/logs/failures.log` and, where `PLL_ALERT_WEBHOOK` is set, post it
    there as JSON.

    A webhook that cannot be reached is noted in the log, and is no error.
    """
    config.logs.mkdir(parents=True, exist_ok=True)
    with (config.logs / "failures.log").open("a", encoding="utf-8") as log:
        log.write(_log_line(paragraph))
        if config.alert_webhook:
            try:
                post_json(config.alert_webhook, {"text": paragraph})
            except PllError as error:
                log.write(_log_line(error.paragraph()))


def _log_line(paragraph: str) -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {paragraph}\n"


# --- one night, here and now ----------------------------------------------------------------------


def night_sources(config: Config) -> dict[str, Source]:
    """The sources that take part, by name; for a day in the past those that had a snapshot then.

    Raises `PllError` when there were none.
    """
    sources = register(config.own_sources)
    if config.known_until is None:
        return sources
    archived = {
        name: source
        for name, source in sources.items()
        if snapshots(config.raw, name, config.known_until)
    }
    if not archived:
        raise PllError(
            "Nothing had been archived on that day",
            where=str(config.raw),
            do="choose a later day; the folders there are named after the time of each snapshot",
        )
    return archived


def run_night(  # noqa: PLR0913 - each is a parameter of one night
    build: Build,
    config: Config,
    sources: dict[str, Source],
    *,
    ask: Collection[str] | None = None,
    rebuild: bool = False,
    again: bool = False,
    debug: bool = False,
    show_line: Line = lambda _: None,
) -> Night:
    """The job `night`, here and now, under the lock; `build` makes its definitions.

    `ask` are the names of the sources that are asked (all where it is None); the others keep what
    they have. With `again` a release is published although nothing has changed, and those that are
    damaged are removed; with `rebuild` everything that follows from raw is deleted before that.
    `show_line` is called with a line about each step.
    Raises `PllError` when another night is under way or the disk has no room, and with `debug`
    whatever makes a step fail.
    """
    use_dagster_home(config)
    with _only_night(config, sources), _lines_shown(show_line):
        if rebuild:
            delete_derived(config)
        before = current(config.marts)
        job = build(config, sources).resolve_job_def(JOB)
        parameters = night_config(sources, ask=ask, rebuild=rebuild or again)
        result = _execute(config, job, parameters, debug=debug)
        if result.success and (rebuild or again):
            drop_damaged(config.marts)
        return _outcome(config, sources, result, before)


def _execute(
    config: Config, job: dg.JobDefinition, run_config: dg.RunConfig, *, debug: bool
) -> dg.ExecuteInProcessResult:
    """Run the job in this process, which has the lock already."""
    with open_store(config) as instance:
        tidy(config, instance)
        return job.execute_in_process(
            instance=instance,
            run_config=run_config,
            raise_on_error=debug,
            resources={LOCK: dg.ResourceDefinition.none_resource()},
        )


def _outcome(
    config: Config,
    sources: Mapping[str, Source],
    result: dg.ExecuteInProcessResult,
    before: Release | None,
) -> Night:
    """How the night ended that began with the release `before`."""
    after = current(config.marts)
    is_new = after is not None and (before is None or after.id != before.id)
    failure = None if result.success else _failure(result)
    return Night(
        published=after if is_new else None,
        current=after,
        states=[] if failure else [read_state(config, source) for source in sources.values()],
        unanswered=_unanswered(result),
        failure=failure,
        left_out=left_out(config.own_sources),
    )


def night_config(
    sources: Mapping[str, Source], *, ask: Collection[str] | None = None, rebuild: bool = False
) -> dg.RunConfig:
    """The run config of a night: which sources are asked, and whether a release is built anyway."""
    asked = sources if ask is None else ask
    steps: dict[str, Any] = {"gather": GatherParameters(rebuild=rebuild)}
    for name in sources:
        is_asked = AskParameters(is_asked=name in asked)
        steps[graph_name(name)] = {"ops": {f"ask_{name}": {"config": is_asked.model_dump()}}}
    return dg.RunConfig(ops=steps, loggers=_NO_CONSOLE)


def require_room(config: Config) -> None:
    """Raise `PllError` when the disk has less room than a night takes.

    That is what dbt and Dagster write, and four releases like the last.
    """
    config.data.mkdir(parents=True, exist_ok=True)
    release = current(config.marts)
    files = release.folder.rglob("*") if release else ()
    size = sum(file.stat().st_size for file in files if file.is_file())
    needed, free = _LEAST_ROOM + 4 * size, shutil.disk_usage(config.data).free
    if free < needed:
        now = f"release {release.id} is current" if release else "there is no release yet"
        raise PllError(
            f"The disk is nearly full: a night takes up to {needed / 2**20:.0f} MiB and "
            f"{free / 2**20:.1f} MiB are free; {now}",
            where=str(config.data),
            do="make room, then run again",
        )


def require_archive(config: Config, source_names: Iterable[str]) -> None:
    """Raise `PllError` when a snapshot was lost, added or edited since it was archived.

    Each source's ledger is compared with its folder, and the snapshots that the current release
    used with what is there.
    """
    names = list(source_names)
    if config.known_until is None:
        for name in names:
            finish_interrupted(config.raw / name)
    require_whole(config.raw, names)
    release = readable(config.marts)
    for used in release.manifest["snapshots"] if release else ():
        name, taken_at = used["source_name"], datetime.fromisoformat(used["snapshot_at"])
        folder = taken_at.astimezone(UTC).strftime(SNAPSHOT_NAME)
        if name in names and folder not in archived_names(config.raw, name):
            raise PllError(
                f"The snapshot {folder} of {name}, which the current release comes from, is lost",
                where=str(config.raw / name / folder),
                do="bring the folder back from version control or a backup; or disable the source",
            )


def delete_derived(config: Config) -> None:
    """Delete everything that follows from raw: verdicts, gathered tables and the build file."""
    for folder in (config.validated, config.build_file.parent):
        shutil.rmtree(folder, ignore_errors=True)


def make_store(config: Config) -> None:
    """Make Dagster's store where there is none: two services that did so at once would spoil it."""
    with open_store(config):
        pass


@contextmanager
def _only_night(config: Config, source_names: Iterable[str]) -> Iterator[None]:
    """Inside, no other night runs, the disk had room for one, and the archive is whole.

    Raises `PllError` otherwise.
    """
    with one_writer(config.lock_file, "a night"):
        put_misplaced_away(config.data)
        remove_left_overs(config)
        repair(config.marts)
        require_room(config)
        require_archive(config, source_names)
        if config.known_until is None:
            remember(config.own_sources)
        yield


@contextmanager
def _lines_shown(show_line: Line) -> Iterator[None]:
    """Inside, `show_line` is called with each message of `LOG`."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            show_line(record.getMessage())

    handler, propagated = Handler(), LOG.propagate
    LOG.setLevel(logging.INFO)
    LOG.addHandler(handler)
    LOG.propagate = False
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        LOG.propagate = propagated


def _failure(result: dg.ExecuteInProcessResult) -> str:
    """The description of the first step that failed."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            described = data.user_failure_data and data.user_failure_data.description
            return described or (data.error.message if data.error else "No reason was given.")
    return "The night failed before its first step; see data/logs"


def _unanswered(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """By source name: why a publisher that was asked did not answer."""
    return {
        check.asset_key.path[-1]: str(check.metadata["reason"].value)
        for check in result.get_asset_check_evaluations()
        if check.check_name == ANSWERED and not check.passed
    }
