"""A reading in a process of its own: whatever becomes of it, the night goes on with a reason."""

from __future__ import annotations

import errno
import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import SnapshotDamaged, keep, snapshots
from pll_pipeline.sources.register import register
from pll_pipeline.validated import child, child_server
from pll_pipeline.validated import reading as reading_module
from pll_pipeline.validated.child import Limits, Outcome, Task, how_it_died
from pll_pipeline.validated.child_server import answered
from pll_pipeline.validated.verdicts import Reading, judge_source, read_state
from tests.unit.validated.apotek import FILE, FIVE_ROWS, SIX_ROWS, SOURCE, archive


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A data folder of its own; readings in processes of their own."""
    return Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")


def _reading(config: Config) -> str:
    archive(config, FIVE_ROWS, 1)
    (snapshot,) = snapshots(config.raw, SOURCE.name)
    folder = config.data / "reading"
    folder.mkdir()
    reading = Reading(
        config=config,
        source=SOURCE,
        snapshot=snapshot,
        before=None,
        fingerprint="",
        folder=folder,
    )
    return reading.model_dump_json()


def _dying(outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "read_apart", lambda _: outcome)


def test_a_reading_arrives_as_it_was_sent(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    (snapshot,) = snapshots(config.raw, SOURCE.name)
    for source in register().values():
        reading = Reading(
            config=config.as_of(snapshot.taken_at.date()),
            source=source,
            snapshot=snapshot,
            before=None,
            fingerprint="x",
            folder=config.data,
        )
        assert Reading.model_validate_json(reading.model_dump_json()) == reading


def test_a_snapshot_is_read_in_another_process_and_its_verdict_stored(config: Config) -> None:
    archive(config, FIVE_ROWS, 1)
    archive(config, SIX_ROWS, 2)
    state, read_count = judge_source(config, SOURCE)
    assert ([v.observation_count for v in state.verdicts], read_count) == ([5, 6], 2)
    assert read_state(config, SOURCE) == state
    assert judge_source(config, SOURCE) == (state, 0)


@pytest.mark.parametrize("memory_bytes", [2**20, 8 * 2**20])
def test_a_reading_that_needs_too_much_memory_dies_alone(memory_bytes: int, config: Config) -> None:
    """Which library fails, and in what words, depends on the machine; the outcome does not."""
    outcome = child.read_apart(_reading(config), Limits(memory_bytes=memory_bytes))
    assert outcome.kind == "died", outcome
    assert not outcome.is_killed


def _caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), "died"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "died"),
        (RuntimeError("memory allocation of 4096 bytes failed"), "died"),
        (_caused(PllError("the workbook cannot be read"), MemoryError()), "died"),
        (PllError("a title says: out of memory"), "refused"),
        (RuntimeError("could not spawn threads"), "refused"),
        (gzip.BadGzipFile("Not a gzipped file"), "refused"),
        (OSError(errno.ENOSPC, "No space left on device"), "failed"),
        (SnapshotDamaged("a byte differs"), "damaged"),
    ],
    ids=repr,
)
def test_an_error_for_want_of_memory_is_no_fault_of_the_publication(
    error: BaseException, kind: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(child_server, "read_snapshot", fail)
    outcome = answered(Task(reading=_reading(config), limits=Limits()))
    assert outcome.kind == kind
    if kind == "died":
        assert outcome.text == "it needed more memory than 6 GB"


def test_any_error_close_to_the_limit_of_memory_is_one_of_memory(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("could not spawn threads")

    monkeypatch.setattr(child_server, "read_snapshot", fail)
    limit = child_server._most_address_space() + 2**20
    monkeypatch.setattr(child_server.resource, "getrlimit", lambda _: (limit, limit))
    task = Task(reading=_reading(config), limits=Limits(memory_bytes=2**20))
    outcome = answered(task)
    assert (outcome.kind, outcome.text) == ("died", "it needed more memory than 1 MB")


def test_a_reading_that_takes_too_long_dies_alone(config: Config) -> None:
    outcome = child.read_apart(_reading(config), Limits(seconds=0.001))
    assert (outcome.kind, outcome.text) == ("died", "it was not done in 0.001 seconds")


def test_after_a_death_the_next_reading_is_done(config: Config) -> None:
    reading = _reading(config)
    child.read_apart(reading, Limits(seconds=0.001))
    assert child.read_apart(reading).kind == "verdict"


def test_the_end_of_the_server_is_the_end_of_a_reading_and_another_server_follows(
    config: Config,
) -> None:
    reading = _reading(config)
    child.read_apart(reading)
    servers = [p for p in psutil.Process().children() if "child_server" in " ".join(p.cmdline())]
    for server in servers:
        server.send_signal(signal.SIGKILL)
    assert len(servers) == 1
    assert child.read_apart(reading).kind == "verdict"


def test_a_death_is_a_refusal_that_is_kept_and_the_next_snapshot_is_read(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(config, FIVE_ROWS, 1)
    before, _ = judge_source(config, SOURCE)
    archive(config, FIVE_ROWS.replace("1003", "1004"), 2)
    with monkeypatch.context() as patch:
        _dying(Outcome(kind="died", text=how_it_died(-11)), patch)
        state, _ = judge_source(config, SOURCE)
    assert state.newest is not None
    assert "the process that read it died, as it was ended by signal 11" in str(state.problem)
    assert state.in_use == before.in_use
    assert judge_source(config, SOURCE) == (state, 0), "it is not read again"
    archive(config, SIX_ROWS, 3)
    repaired, read_count = judge_source(config, SOURCE)
    assert (repaired.problem, read_count) == (None, 1)
    other = SOURCE.model_copy(update={"tolerance": 0.1})
    assert judge_source(config, other)[1] == 3, "another source file reads it again"


def test_an_error_that_no_code_foresaw_refuses_the_snapshot(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    task = Task(reading=_reading(config), limits=Limits())
    monkeypatch.setattr(reading_module, "judge_contents", judge)
    outcome = answered(task)
    assert outcome.kind == "refused"
    assert outcome.text == (
        "Not foreseen: ZeroDivisionError: division by zero. Where: apotek/2026-11-01T000000Z. "
        "What to do: run `pll --debug check apotek`, and report what it shows."
    )


def test_a_disk_that_cannot_be_written_to_is_no_fault_of_the_publication(config: Config) -> None:
    reading = _reading(config)
    (config.data / "reading").rmdir()
    (config.data / "reading").write_text("a file in its place")
    assert child.read_apart(reading).kind == "failed"


def test_the_server_imports_no_dagster_and_ends_with_the_process_that_started_it(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    keep(data / "raw", SOURCE.name, {FILE: FIVE_ROWS.encode()}, {})
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from pll_pipeline.config import CHECKOUT, Config\n"
        "from pll_pipeline.sources.register import register\n"
        "from pll_pipeline.validated.verdicts import judge_source\n"
        f"config = Config(data=Path({str(data)!r}), dbt_project=CHECKOUT / 'dbt_project')\n"
        "judge_source(config, register()['apotek'])\n"
        "print('read', flush=True)\n"
        "sys.stdin.read()\n"
    )
    night = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert night.stdout is not None
    assert night.stdin is not None
    assert night.stdout.readline() == b"read\n"
    (server,) = psutil.Process(night.pid).children()
    libraries = Path(f"/proc/{server.pid}/maps").read_text(encoding="utf-8")
    assert "polars" in libraries
    assert "grpc" not in libraries, "Dagster is not imported"
    os.kill(night.pid, signal.SIGKILL)
    night.wait()
    night.stdin.close()
    night.stdout.close()
    deadline = time.monotonic() + 10
    while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the server outlived the night"
        time.sleep(0.02)
