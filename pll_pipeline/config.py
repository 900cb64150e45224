"""Where files are.

One frozen object built from the environment, with defaults inside the checkout. Not here: settings
of single sources (`sources/`), anything that opens, creates or deletes a file.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pll_pipeline.errors import PllError

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "pll_pipeline"
DUCKDB, SPARK = "duckdb", "spark"
ENGINES = (DUCKDB, SPARK)
_MOST_HOURS = 168
_NORWAY = ZoneInfo("Europe/Oslo")
# Patterns to polars and DuckDB, templates to dbt, the end of a file's name to SQLite's addresses.
_NO_FOLDER_NAME = re.compile(r"[*?#\[\]{}\\\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Config:
    """The folders and files that the pipeline reads or writes, as absolute paths.

    Building one creates nothing. `originals` is where snapshots, corrections and source files are
    when that is not `data`; `known_until` leaves out what came at that time or later.
    """

    data: Path
    dbt_project: Path
    alert_webhook: str | None = None
    originals: Path | None = None
    known_until: datetime | None = None
    ping_url: str | None = None
    longest_night_hours: float = 6.0
    publisher: str | None = None
    base_url: str | None = None
    engine: str = DUCKDB
    engine_folder: Path | None = None

    @classmethod
    def from_environment(cls) -> Config:
        """The settings: `PLL_DATA` moves the data folder.

        `PLL_ALERT_WEBHOOK` is where failures are posted, `PLL_PING_URL` what is asked for after
        each night that ended well, `PLL_LONGEST_NIGHT_HOURS` when a night is ended.
        `PLL_PUBLISHER` is who publishes the releases and `PLL_BASE_URL` the address of the folder
        they are served from, both for catalogues. `PLL_ENGINE` is what computes the tables, and
        `PLL_ENGINE_FOLDER` the folder that this machine shares with it. Raises `PllError` where a
        setting cannot be right, and when the name of a folder has a character that a library
        cannot read.
        """
        data = Path(os.environ.get("PLL_DATA") or CHECKOUT / "data").resolve()
        for folder in (data, CHECKOUT):
            require_readable_name(folder)
        return cls(
            data=data,
            dbt_project=CHECKOUT / "dbt_project",
            alert_webhook=os.environ.get("PLL_ALERT_WEBHOOK") or None,
            ping_url=os.environ.get("PLL_PING_URL") or None,
            longest_night_hours=_hours(os.environ.get("PLL_LONGEST_NIGHT_HOURS") or "6"),
            publisher=os.environ.get("PLL_PUBLISHER") or None,
            base_url=_folder_address(os.environ.get("PLL_BASE_URL") or ""),
            engine=_engine(os.environ.get("PLL_ENGINE") or DUCKDB),
            engine_folder=_engine_folder(os.environ.get("PLL_ENGINE_FOLDER") or ""),
        )

    @classmethod
    def for_reports(cls) -> Config:
        """What a report needs of the settings, and nothing that can be wrong in them."""
        return cls(
            data=Path(os.environ.get("PLL_DATA") or CHECKOUT / "data").absolute(),
            dbt_project=CHECKOUT / "dbt_project",
            alert_webhook=os.environ.get("PLL_ALERT_WEBHOOK") or None,
        )

    def as_of(self, day: date) -> Config:
        """The same snapshots as of the end of `day` in Norway, built into a folder of their own."""
        end = datetime.combine(day + timedelta(days=1), time(), _NORWAY).astimezone(UTC)
        folder = self.data / "as-of" / day.isoformat()
        return replace(self, data=folder, originals=self.data, known_until=end)

    def today(self) -> Config:
        """The warehouse that one as of an earlier day is made from; any other itself."""
        return replace(self, data=self.originals or self.data, originals=None, known_until=None)

    @property
    def raw(self) -> Path:
        """The archive: one folder per source, and in it one per snapshot."""
        return (self.originals or self.data) / "raw"

    @property
    def corrections(self) -> Path:
        """Recorded corrections: one file per source that has any."""
        return (self.originals or self.data) / "corrections"

    def corrections_of(self, source_name: str) -> Path:
        """The file of recorded corrections of a source; there may be none."""
        return self.corrections / f"{source_name}.yaml"

    @property
    def own_sources(self) -> Path:
        """The operator's own source files."""
        return (self.originals or self.data) / "sources"

    @property
    def validated(self) -> Path:
        """Verdicts and rows of each snapshot, and the tables that dbt reads."""
        return self.data / "validated"

    @property
    def build_file(self) -> Path:
        """The database that dbt builds; never published."""
        return self.data / "build" / "build.duckdb"

    @property
    def marts(self) -> Path:
        """The releases, and the link to the current one."""
        return self.data / "marts"

    @property
    def logs(self) -> Path:
        """Failures, and dbt's log."""
        return self.data / "logs"

    @property
    def dagster_home(self) -> Path:
        """Dagster's event log and settings."""
        return self.data / "dagster"

    @property
    def lock_file(self) -> Path:
        """The lock that every writer takes."""
        return self.data / "night.lock"

    @property
    def night_record(self) -> Path:
        """When the last night began and how it ended."""
        return self.data / "night.json"

    @property
    def seeds(self) -> Path:
        """The code lists."""
        return self.dbt_project / "seeds"


def require_readable_name(folder: Path) -> None:
    """Raise `PllError` for a path with a character that means something else to a library."""
    unreadable = dict.fromkeys(_NO_FOLDER_NAME.findall(str(folder)))
    if unreadable:
        raise PllError(
            f"The name of the folder has {' '.join(map(ascii, unreadable))}, which the libraries "
            "underneath take for a pattern",
            where=ascii(str(folder)),
            do="rename the folder, or set `PLL_DATA` to another one",
        )


def _engine(text: str) -> str:
    if text not in ENGINES:
        raise PllError(
            f"{text!r} is no engine", where="PLL_ENGINE", do=f"set it to {' or '.join(ENGINES)}"
        )
    return text


def _engine_folder(text: str) -> Path | None:
    """The folder shared with an engine, by a name that is the same on both sides."""
    if not text:
        return None
    if not Path(text).is_absolute():
        raise PllError(
            f"{text!r} is no absolute name of a folder",
            where="PLL_ENGINE_FOLDER",
            do="write it from the root, as the engine sees it too",
        )
    require_readable_name(Path(text))
    return Path(text)


def _folder_address(text: str) -> str | None:
    """The address of a folder on the web, ending in `/`; None for an empty text."""
    if not text:
        return None
    if not re.fullmatch(r"https?://[^\s<>\"{}|\\^`?#]+", text):
        raise PllError(
            f"{text!r} is not the address of a folder on the web",
            where="PLL_BASE_URL",
            do="set it to an address such as https://data.example.no/pll/current/",
        )
    return text.rstrip("/") + "/"


def _hours(text: str) -> float:
    """A number of hours, more than none and at most a week."""
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= _MOST_HOURS:
        raise PllError(
            f"{text!r} is no number of hours for the longest night",
            where="PLL_LONGEST_NIGHT_HOURS",
            do=f"set it to a number up to {_MOST_HOURS}, as 6",
        )
    return hours
