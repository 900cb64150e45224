"""The record of the last night, `data/night.json`: written first and last, under the lock.

Not here: who hears of a failure (`report.py`), how a record is shown (`console.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError, paragraph_of, plain_line
from pll_pipeline.lock import one_writer

MOST_HOURS = 26
# So that it fits into the room that its file has already, also on a full disk.
_LONGEST_PARAGRAPH = 1500

Kind = Literal["night", "schedule", "offline night", "night of some sources", "rebuild"]
# What asks every source: the nights whose absence is a failure.
WHOLE: tuple[Kind, ...] = ("night", "schedule")


class Ending(BaseModel):
    """One night: what ran, from when to when (UTC), its exit code, and a paragraph on its outcome.

    `ended` and `exit` are None while it runs, and after it was killed.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    began: AwareDatetime
    ended: AwareDatetime | None = None
    exit: int | None = None
    paragraph: str = ""


class NightRecord(Ending):
    """The last night, its process and the longest time it may take, and the one before."""

    process: int
    longest_seconds: float
    previous: Ending | None = None

    @property
    def is_interrupted(self) -> bool:
        """Whether its process went away before it ended."""
        return self.ended is None and not _is_alive(self.process)


class DamagedRecord(PllError):
    """The record of the last night cannot be read."""


def read(config: Config) -> NightRecord | None:
    """The record of the last night, or None where there is none. Raises `DamagedRecord`."""
    try:
        return NightRecord.model_validate_json(config.night_record.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise DamagedRecord(
            "The record of the last night cannot be read",
            where=str(config.night_record),
            do="the next night writes a new one; look at data/logs/failures.log until then",
        ) from error


class Recording:
    """The record of a night that runs; `end` writes how it ended.

    `interrupted` is the paragraph on the night before, where it did not end.
    """

    def __init__(self, config: Config, record: NightRecord, interrupted: str | None) -> None:
        self._config, self.record, self.interrupted = config, record, interrupted

    def end(self, exit_code: int, paragraph: str) -> None:
        """Write the end of the night, unless that is written already."""
        if self.record.ended is None:
            self.record = _ended(self.record, exit_code, paragraph)
            _write(self._config, self.record)


@contextmanager
def recorded(config: Config, kind: Kind) -> Iterator[Recording]:
    """Write that a night began and, where the block did not, that it ended. For the lock's owner.

    An error inside ends it with exit code 1 and the error's paragraph.
    """
    before = _last(config)
    interrupted = interruption(before) if before and before.ended is None else None
    recording = Recording(config, _begun(config, kind, before), interrupted)
    _write(config, recording.record)
    try:
        yield recording
    except BaseException as error:
        recording.end(1, paragraph_of(error))
        raise
    recording.end(1, "The night ended before it was known how.")


def record_refused(config: Config, kind: Kind, began: datetime, paragraph: str) -> None:
    """Record a night that failed before it could begin, unless another one is under way."""
    with suppress(PllError), one_writer(config.lock_file, "the record of a night"):
        last = _last(config)
        if last is None or last.process != os.getpid() or last.began < began:
            _write(config, _ended(_begun(config, kind, last, began), 1, paragraph))


def end_of_killed(config: Config, process: int, began: datetime, paragraph: str) -> bool:
    """Record the end of a night that could not do it itself; False where its end is recorded."""
    with suppress(PllError), one_writer(config.lock_file, "the record of a night"):
        record = read(config)
        if record and (record.process, record.began, record.ended) == (process, began, None):
            _write(config, _ended(record, 1, paragraph))
            return True
    return False


def interruption(record: NightRecord) -> str:
    """The paragraph on a night that was interrupted."""
    return PllError(
        f"The {record.kind} that began at {record.began:%Y-%m-%d %H:%M:%S} UTC was interrupted:"
        " its process was killed, or the machine was switched off or out of memory",
        where=f"process {record.process}",
        do="look at the system's log of that time, then run again; what is published is whole",
    ).paragraph()


def overrun(record: NightRecord) -> str:
    """The paragraph on a night that took too long."""
    return PllError(
        f"The {record.kind} that began at {record.began:%Y-%m-%d %H:%M:%S} UTC was ended after"
        f" {record.longest_seconds / 3600:g} hours, the longest a night may take",
        where="data/logs/longest_night.txt has what it was doing",
        do="run again; if it lasts, report that file, or allow more with PLL_LONGEST_NIGHT_HOURS",
    ).paragraph()


@dataclass(frozen=True)
class Health:
    """What `pll status` says of the last nights: sentences, and whether all is well."""

    is_failed: bool
    sentences: tuple[str, ...]


def health(config: Config, release_built_at: datetime | None, now: datetime) -> Health:
    """The state of the last night, or of the last release where no night was recorded.

    Failed is a night that ended with another exit code than 0 and 3, that was interrupted, that
    takes longer than it may, and one that ended more than `MOST_HOURS` ago.
    """
    try:
        record = read(config)
    except DamagedRecord as damage:
        return Health(is_failed=True, sentences=(damage.paragraph(),))
    if record is None:
        if release_built_at is None:
            return Health(is_failed=False, sentences=("No night has run yet.",))
        is_old = now - release_built_at > timedelta(hours=MOST_HOURS)
        what = f"No night is recorded since {release_built_at:%Y-%m-%d %H:%M} UTC."
        return Health(is_old, (what,))
    if record.ended is None:
        return _health_of_unended(record, now)
    return _health_of(record, now)


def _health_of_unended(record: NightRecord, now: datetime) -> Health:
    if record.is_interrupted:
        return Health(is_failed=True, sentences=(interruption(record),))
    minutes = (now - record.began).total_seconds() / 60
    running = f"A {record.kind} is under way since {record.began:%Y-%m-%d %H:%M} UTC"
    if minutes * 60 > record.longest_seconds:
        sentence = f"{running}, longer than it may take; end process {record.process}."
        return Health(is_failed=True, sentences=(sentence,))
    if record.previous is None:
        return Health(is_failed=False, sentences=(f"{running}.",))
    before = _health_of(record.previous, now)
    return Health(before.is_failed, (f"{running}.", *before.sentences))


def _health_of(night: Ending, now: datetime) -> Health:
    if night.ended is None:
        what = f"The {night.kind} of {night.began:%Y-%m-%d %H:%M} UTC was interrupted."
        return Health(is_failed=True, sentences=(what,))
    outcomes = {0: "ended well", 3: "ended with sources that are behind"}
    outcome = outcomes.get(night.exit or 0, "failed")
    hours = (now - night.ended).total_seconds() / 3600
    sentences = [
        f"The last {night.kind} {outcome} at {night.ended:%Y-%m-%d %H:%M} UTC,"
        f" {_ago(hours)}: exit code {night.exit}.",
        night.paragraph,
    ]
    if hours > MOST_HOURS:
        sentences.append(f"That is more than {MOST_HOURS} hours ago: look at the schedule.")
    if hours < -1:
        sentences.append("That is after the clock of this machine: correct the clock.")
    is_failed = night.exit not in outcomes or not -1 <= hours <= MOST_HOURS
    return Health(is_failed, tuple(filter(None, sentences)))


def _ago(hours: float) -> str:
    if hours < 1:
        return _counted(max(0, round(hours * 60)), "minute")
    return _counted(round(hours), "hour") if hours < 72 else _counted(round(hours / 24), "day")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


# --- writing --------------------------------------------------------------------------------------


def _last(config: Config) -> NightRecord | None:
    """The record of the last night; None also where it is damaged, as it is to be replaced."""
    try:
        return read(config)
    except DamagedRecord:
        return None


def _begun(
    config: Config, kind: Kind, before: NightRecord | None, began: datetime | None = None
) -> NightRecord:
    fields = set(Ending.model_fields)
    previous = Ending.model_validate(before.model_dump(include=fields)) if before else None
    return NightRecord(
        kind=kind,
        began=began or datetime.now(UTC),
        process=os.getpid(),
        longest_seconds=config.longest_night_hours * 3600,
        previous=previous,
    )


def _ended(record: NightRecord, exit_code: int, paragraph: str) -> NightRecord:
    text = plain_line(paragraph)[:_LONGEST_PARAGRAPH]
    change = {"ended": datetime.now(UTC), "exit": exit_code, "paragraph": text}
    return record.model_copy(update=change)


def _write(config: Config, record: NightRecord) -> None:
    """Write the record whole or not at all; on a full disk over the one there is.

    A record that cannot be written stops no night.
    """
    path, text = config.night_record, record.model_dump_json(indent=2) + "\n"
    trial = path.with_name(f".writing-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_through(trial, text)
        os.replace(trial, path)
    except OSError:
        with suppress(OSError):
            trial.unlink(missing_ok=True)
        with suppress(OSError):
            path.write_text(text, encoding="utf-8")


def _write_through(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
