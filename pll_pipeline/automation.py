"""When the night runs: the job `night`, its schedule, and running it without a server.

Not here: what a night does (`assets/`), which sources there are (`sources/`), who hears how it
ended (`night/`).
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
from pll_pipeline.errors import PllError, plain_line
from pll_pipeline.history import open_store, tidy, use_dagster_home
from pll_pipeline.lock import one_writer
from pll_pipeline.night.hearing import Hearing, heard
from pll_pipeline.night.record import Kind
from pll_pipeline.published.current_release import drop_damaged, readable, repair
from pll_pipeline.published.releases import Release, current
from pll_pipeline.raw.archive import (
    SNAPSHOT_NAME,
    archived_names,
    finish_interrupted,
    require_whole,
    snapshots,
)
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
    `failure` is a paragraph, None where the night did not fail, and `failed_step` the step of the
    job that failed, if one did.
    """

    published: Release | None
    current: Release | None
    states: list[SourceState]
    unanswered: dict[str, str]
    failure: str | None
    left_out: Mapping[str, str] = field(default_factory=dict)
    failed_step: str = ""

    @property
    def behind(self) -> dict[str, tuple[str, str]]:
        """By name of each source that is not up to date: what that means, and the reason."""
        behind = {}
        for state in self.states:
            name = state.source.name
            if reason := self.unanswered.get(name) or state.problem:
                outcome = "is left out" if state.in_use is None else "keeps an earlier snapshot"
                behind[name] = (f"{name} {outcome}.", reason)
        return behind | {
            name: (f"{name} is left out.", reason) for name, reason in self.left_out.items()
        }

    @property
    def paragraph(self) -> str:
        """What a person should know of it."""
        if self.failure:
            step = f"The step {self.failed_step} failed. " if self.failed_step else ""
            return f"{step}{self.failure}"
        outcome = f"Published release {self.published.id}." if self.published else "Nothing new."
        return " ".join([outcome, *(" ".join(texts) for texts in self.behind.values())])

    @property
    def exit_code(self) -> int:
        """0 published, or nothing new; 3 a source keeps an earlier snapshot; 1 failed."""
        if self.failure:
            return 1
        is_behind = any(state.is_stale for state in self.states)
        return 3 if self.unanswered or is_behind or self.left_out else 0


# --- Dagster's definitions ------------------------------------------------------------------------


def night_job() -> Any:
    """The one job: every asset, in one process."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
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
        with heard(config, "schedule") as hearing:
            sources = register(config.own_sources)
            with _only_night(config, sources, hearing):
                before = current(config.marts)
                instance, run = context.instance, context.run
                if instance is None or run is None:
                    yield
                    return
                tidy(config, instance, own_run_id=run.run_id)
                yield
                events = _events_of(instance, run.run_id)
                _end(hearing, _outcome(config, sources, events, before))

    return lock


def _events_of(instance: dg.DagsterInstance, run_id: str) -> list[dg.DagsterEvent]:
    """What has happened in a run until now: the steps that failed, and the checks."""
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.ASSET_CHECK_EVALUATION}
    entries = instance.all_logs(run_id, of_type=kinds)
    return [entry.dagster_event for entry in entries if entry.dagster_event is not None]


def _end(hearing: Hearing, night: Night) -> None:
    behind = {name: " ".join(texts) for name, texts in night.behind.items()}
    hearing.ended(night.exit_code, night.paragraph, behind)


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
    with _lines_shown(show_line), heard(config, _kind(ask, rebuild=rebuild)) as hearing:
        use_dagster_home(config)
        with _only_night(config, sources, hearing):
            if rebuild:
                delete_derived(config)
            before = current(config.marts)
            job = build(config, sources).resolve_job_def(JOB)
            parameters = night_config(sources, ask=ask, rebuild=rebuild or again)
            result = _execute(config, job, parameters, debug=debug)
            if result.success and (rebuild or again):
                drop_damaged(config.marts)
            night = _outcome(config, sources, result.all_events, before)
            if night.failure is None and not result.success:
                night = replace(night, failure="The night failed before its first step")
            _end(hearing, night)
    return night


def _kind(ask: Collection[str] | None, *, rebuild: bool) -> Kind:
    if rebuild:
        return "rebuild"
    if ask is None:
        return "night"
    return "night of some sources" if ask else "offline night"


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
    events: Iterable[dg.DagsterEvent],
    before: Release | None,
) -> Night:
    """How the night ended that began with the release `before`."""
    after = current(config.marts)
    is_new = after is not None and (before is None or after.id != before.id)
    failed_step, failure = _failure(events)
    return Night(
        published=after if is_new else None,
        current=after,
        states=[] if failure else [read_state(config, source) for source in sources.values()],
        unanswered=_unanswered(events),
        failure=failure,
        left_out=left_out(config.own_sources),
        failed_step=failed_step,
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
                do="bring the folder back from version control or a backup; or give it up: "
                f"`pll archive {name} --set-aside {folder} --because TEXT`",
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
def _only_night(config: Config, source_names: Iterable[str], hearing: Hearing) -> Iterator[None]:
    """Inside, no other night runs, this one is recorded, the disk had room for it, and the archive
    is whole.

    Raises `PllError` otherwise.
    """
    with one_writer(config.lock_file, "a night"):
        put_misplaced_away(config.data)
        with hearing.recording():
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


def _failure(events: Iterable[dg.DagsterEvent]) -> tuple[str, str | None]:
    """The first step that failed, and its description; None where no step did."""
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            described = data.user_failure_data and data.user_failure_data.description
            reason = described or (data.error.message if data.error else "No reason was given.")
            return (event.step_key or "").rpartition(".")[2], plain_line(reason).strip()
    return "", None


def _unanswered(events: Iterable[dg.DagsterEvent]) -> dict[str, str]:
    """By source name: why a publisher that was asked did not answer."""
    checks = (
        event.asset_check_evaluation_data
        for event in events
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    )
    return {
        check.asset_key.path[-1]: str(check.metadata["reason"].value)
        for check in checks
        if check.check_name == ANSWERED and not check.passed
    }
