"""What is damaged in a data folder, and the one command that repairs each thing.

Raw and its ledgers, verdicts and their tables, Dagster's store, what dbt left, releases and the
link `current` are read, and nothing is written. Not here: repairing (each command does), printing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pll_pipeline.config import Config
from pll_pipeline.disposable import misplaced
from pll_pipeline.published import rolled_back
from pll_pipeline.published.current_release import (
    file_fault,
    link_fault,
    published_snapshots,
)
from pll_pipeline.published.duckdb import file_fault as build_fault
from pll_pipeline.published.releases import (
    CURRENT,
    Release,
    active_rollback,
    current,
    damage_of,
    releases,
)
from pll_pipeline.raw import ledger
from pll_pipeline.raw.archive import (
    CLOCK_TOLERANCE,
    SnapshotDamaged,
    archived_names,
    damaged_snapshots,
    newest_snapshot,
)
from pll_pipeline.sources.model import Source
from pll_pipeline.store import copied_sqlite_fault, databases, settings_fault, settings_file
from pll_pipeline.validated.verdicts import stored_faults

NIGHT = "pll run --offline"
PUBLISH_AGAIN = "pll run --offline --again"
_EXCLUDE = 'pll archive {source} --set-aside {snapshot} --because "why it is not used"'
_RENEW = 'pll archive {source} --renew-ledger --because "why it is begun again"'


@dataclass(frozen=True)
class Damage:
    """One thing that is damaged: in which part, what, where, and the command that repairs it."""

    part: str
    what: str
    where: str
    command: str


@dataclass(frozen=True)
class Examination:
    """All that is damaged, in the order of the layers."""

    damages: tuple[Damage, ...]

    @property
    def is_healthy(self) -> bool:
        """True where nothing is damaged."""
        return not self.damages

    def as_json(self) -> str:
        """One object: `is_healthy`, and `damages` with part, what, where and command."""
        content = {
            "is_healthy": self.is_healthy,
            "damages": [asdict(damage) for damage in self.damages],
        }
        return json.dumps(content, ensure_ascii=False, indent=2)


def examine(config: Config, sources: Mapping[str, Source]) -> Examination:
    """Examine a data folder; `sources` are those that take part in a night."""
    parts: tuple[Callable[[], Iterable[Damage]], ...] = (
        lambda: _raw(config, sources),
        lambda: _verdicts(config, sources),
        lambda: _store(config),
        lambda: _build(config),
        lambda: _releases(config.marts),
    )
    return Examination(tuple(damage for part in parts for damage in part()))


# --- raw ------------------------------------------------------------------------------------------


def _raw(config: Config, source_names: Iterable[str]) -> Iterator[Damage]:
    for name in source_names:
        folder = config.raw / name
        try:
            yield from _snapshots(config.raw, name)
            yield from _used_and_lost(config, name)
        except ledger.LedgerDamaged as damage:
            yield Damage("raw", damage.what, damage.where, _RENEW.format(source=name))
        except OSError as error:
            what = f"The archive of {name} cannot be read: {error.strerror}"
            yield Damage("raw", what, str(folder), f"chmod -R u+rwX '{folder}'")


def _snapshots(raw: Path, name: str) -> Iterator[Damage]:
    """Snapshots that are lost, added or edited, whose bytes differ, or dated after the clock."""
    seen = set()
    for fault in ledger.faults(name, raw / name):
        seen.add(fault.snapshot)
        yield Damage("raw", fault.what, fault.where, _exclude(name, fault.snapshot))
    for snapshot_name, damage in damaged_snapshots(raw, name):
        if snapshot_name not in seen:
            seen.add(snapshot_name)
            yield Damage("raw", damage.what, damage.where, _exclude(name, snapshot_name))
    newest = None if seen else newest_snapshot(raw, name)
    if newest and newest.taken_at > datetime.now(UTC) + CLOCK_TOLERANCE:
        what = f"The snapshot {newest.name} of {name} is dated after the clock of this machine"
        yield Damage("raw", what, str(newest.folder), _exclude(name, newest.name))


def _used_and_lost(config: Config, name: str) -> Iterator[Damage]:
    """Snapshots that the current release used, of which neither folder nor line is left."""
    recorded = {entry.snapshot for entry in ledger.read(config.raw / name)}
    known = recorded | archived_names(config.raw, name)
    for snapshot in published_snapshots(config.marts, name):
        if snapshot not in known:
            what = f"The snapshot {snapshot} of {name}, which the release comes from, is lost"
            yield Damage("raw", what, str(config.raw / name), _exclude(name, snapshot))


def _exclude(source_name: str, snapshot: str) -> str:
    return _EXCLUDE.format(source=source_name, snapshot=snapshot)


# --- what follows from raw ------------------------------------------------------------------------


def _verdicts(config: Config, sources: Mapping[str, Source]) -> Iterator[Damage]:
    for source in sources.values():
        # where the archive itself is damaged, that is named already
        with suppress(SnapshotDamaged, ledger.LedgerDamaged):
            for where, what in stored_faults(config, source):
                yield Damage("verdicts", f"{what[0].upper()}{what[1:]}", str(where), NIGHT)


def _store(config: Config) -> Iterator[Damage]:
    home = config.dagster_home
    faults = {settings_file(home): settings_fault(home)}
    faults |= {
        database: copied_sqlite_fault(database) for database in databases(home, of_runs=True)
    }
    if home.exists() and not home.is_dir():
        faults = {home: "is no folder"}
    for path, fault in faults.items():
        if fault:
            yield Damage("store", f"{path.name} {fault}", str(path), NIGHT)


def _build(config: Config) -> Iterator[Damage]:
    faults = dict(misplaced(config.data))
    if fault := build_fault(config.build_file):
        faults[config.build_file] = fault
    for path, fault in faults.items():
        yield Damage("build", f"{path.name} {fault}", str(path), NIGHT)


# --- releases -------------------------------------------------------------------------------------


def _releases(marts_dir: Path) -> Iterator[Damage]:
    fault = link_fault(marts_dir)
    if fault:
        yield Damage("current", f"`current` {fault}", str(marts_dir / CURRENT), NIGHT)
    if rolled_back.fault_of(marts_dir):
        record = rolled_back.path_of(marts_dir)
        yield Damage("current", f"{record.name} cannot be read", str(record), NIGHT)
    now = current(marts_dir)
    damage = file_fault(marts_dir) if now else None
    if now and damage:
        yield Damage("current", damage, str(now.folder), _repair_of_current(marts_dir, now))
    for release in releases(marts_dir):
        damage = damage_of(release) if release != now else None
        if damage:
            yield Damage("releases", damage, str(release.folder), PUBLISH_AGAIN)


def _repair_of_current(marts_dir: Path, now: Release) -> str:
    """A night publishes the figures anew; after a rollback it would publish the wrong ones."""
    rollback = active_rollback(marts_dir)
    if rollback is None:
        return NIGHT
    others = (r for r in releases(marts_dir) if r != now and r.id not in rollback.rejected)
    whole = [release for release in others if damage_of(release) is None]
    return f"pll rollback {whole[-1].id}" if whole else PUBLISH_AGAIN
