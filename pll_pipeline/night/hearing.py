"""A night from outside: recorded while it has the lock, reported when it has left it.

Not here: the record (`record.py`), the report (`report.py`), what a night does (`automation.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from pll_pipeline.config import Config
from pll_pipeline.errors import paragraph_of
from pll_pipeline.night.record import WHOLE, Kind, Recording, record_refused, recorded
from pll_pipeline.night.report import EARLIER_NIGHT, NIGHT, ping, report
from pll_pipeline.night.watch import watched

_GOOD_EXITS = frozenset({0, 3})


class Hearing:
    """Takes down how a night ends: `ended` is called once, by the owner of the lock."""

    def __init__(self, config: Config, kind: Kind) -> None:
        self._config, self._kind, self._began = config, kind, datetime.now(UTC)
        self._recording: Recording | None = None
        self._exit_code = 1
        self._causes: dict[str, str] = {}

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Inside, which is under the lock, the night is recorded and watched."""
        with recorded(self._config, self._kind) as self._recording:
            if self._recording.interrupted:
                self._causes[EARLIER_NIGHT] = self._recording.interrupted
            with watched(self._config, self._recording.record):
                yield

    def ended(self, exit_code: int, paragraph: str, behind: Mapping[str, str]) -> None:
        """Record how the night ended; `behind` are the sources that are, each with a sentence."""
        if self._recording is None:
            raise RuntimeError("a night ends under the lock")
        self._recording.end(exit_code, paragraph)
        self._exit_code = exit_code
        self._causes |= behind if exit_code in _GOOD_EXITS else {NIGHT: paragraph}

    def failed(self, error: BaseException) -> None:
        """Take down an error that ended the night, and record it where nothing is recorded yet."""
        is_error = isinstance(error, Exception)
        paragraph = paragraph_of(error) if is_error else "The night was interrupted from outside."
        record_refused(self._config, self._kind, self._began, paragraph)
        self._exit_code = 1
        self._causes[NIGHT] = paragraph

    def report(self) -> None:
        """Report what went wrong, and ping where a whole night ended well."""
        is_good, is_whole = self._exit_code in _GOOD_EXITS, self._kind in WHOLE
        if is_good:
            report(self._config, self._causes, repaired=None if is_whole else {NIGHT})
        else:
            report(self._config, self._causes, repaired=())
        if is_good and is_whole:
            ping(self._config)


@contextmanager
def heard(config: Config, kind: Kind) -> Iterator[Hearing]:
    """Inside, a night runs: whatever ends it is recorded, and reported at the end."""
    hearing = Hearing(config, kind)
    try:
        yield hearing
    except BaseException as error:
        hearing.failed(error)
        raise
    finally:
        hearing.report()


def settings_of_night(kind: Kind) -> Config:
    """The settings, for what runs nights: what is wrong with them is heard as a night that failed.

    Raises `PllError` as `Config.from_environment` does.
    """
    with heard(Config.for_reports(), kind):
        return Config.from_environment()


def report_no_night(config: Config, paragraph: str) -> None:
    """Report that no night was run because the command asked for what there is not."""
    report(config, {NIGHT: paragraph}, repaired=())
