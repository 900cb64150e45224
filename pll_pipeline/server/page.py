"""The process of Dagster's page: `python -m pll_pipeline.server.page PORT [--allow-changes]`.

It also turns the nightly schedule on, as it has the definitions loaded. Not here: which requests
are answered (`guard.py`), starting and ending this process (`services.py`).
"""

from __future__ import annotations

import sys

from dagster import DagsterInstance
from dagster._core.remote_representation.external import RemoteSchedule
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context

from pll_pipeline import console
from pll_pipeline.config import CHECKOUT
from pll_pipeline.server.guard import HOST, Guard, serve

ALLOW_CHANGES = "--allow-changes"
WORKSPACE = CHECKOUT / "workspace.yaml"


def run(port: int, *, allow_changes: bool) -> None:
    """Answer requests until the process is ended."""
    with (
        DagsterInstance.get() as instance,
        WorkspaceProcessContext(
            instance,
            WorkspaceFileTarget([str(WORKSPACE)]),
            read_only=not allow_changes,
            code_server_log_level="warning",
        ) as workspace,
    ):
        for line in turn_schedules_on(instance, workspace):
            console.show(line)
        app = Guard(create_app_from_workspace_process_context(workspace), port)
        kind = "changes allowed" if allow_changes else "read-only"
        console.show(f"Dagster's page is at http://{HOST}:{port}, {kind}. Stop with Ctrl-C.")
        serve(app, port)


def turn_schedules_on(instance: DagsterInstance, workspace: WorkspaceProcessContext) -> list[str]:
    """Turn every schedule on that is off. Returns a line about each, and about what did not load.

    A schedule that was turned off by hand stays off in Dagster's store for ever otherwise.
    """
    lines = []
    entries = workspace.create_request_context().get_code_location_entries()
    for name, entry in entries.items():
        if entry.code_location is None:
            reason = entry.load_error.message.strip() if entry.load_error else "no reason was given"
            lines.append(f"{name} could not be loaded, and no night will run: {reason}")
            continue
        for repository in entry.code_location.get_repositories().values():
            schedules = [s for s in repository.get_schedules() if isinstance(s, RemoteSchedule)]
            lines += [_turned_on(instance, schedule) for schedule in schedules]
    return lines


def _turned_on(instance: DagsterInstance, schedule: RemoteSchedule) -> str:
    stored = instance.get_instigator_state(schedule.get_remote_origin_id(), schedule.selector_id)
    when = f"{schedule.cron_schedule} {schedule.execution_timezone}"
    if schedule.get_current_instigator_state(stored).is_running:
        return f"The schedule {schedule.name} ({when}) is on."
    instance.start_schedule(schedule)
    return f"The schedule {schedule.name} ({when}) was turned off by hand; it is on again."


if __name__ == "__main__":
    run(int(sys.argv[1]), allow_changes=ALLOW_CHANGES in sys.argv)
