"""Publishing: a release is written beside the last one, and then made current.

Not here: the files of a release (`outputs.py`), where releases are kept (`releases.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from pll_pipeline.disposable import LOG
from pll_pipeline.errors import PllError
from pll_pipeline.published import release_folder, rolled_back
from pll_pipeline.published.current_release import drop_damaged
from pll_pipeline.published.descriptor import MANIFEST
from pll_pipeline.published.outputs import write_release
from pll_pipeline.published.release_info import Inputs
from pll_pipeline.published.releases import (
    RELEASES,
    WRITING,
    Release,
    current,
    damage_of,
    disk_errors_explained,
    explained,
    make_current,
    newest_whole,
    order,
    prune,
    releases,
    remove_showing_withheld,
    sweep,
)

RELEASES_KEPT = 14
_TIME = "%Y-%m-%dT%H%M%SZ"


def publish(
    build_file: Path,
    marts_dir: Path,
    inputs: Inputs,
    *,
    keep: int = RELEASES_KEPT,
    now: datetime | None = None,
) -> Release:
    """Write a release beside the last one, make it current, and prune to the newest `keep`.

    `now` is when it is built, by default the time of the clock. Raises `PllError` when any step
    fails; then the last release is still current and nothing of the failed one remains.
    """
    marts_dir = marts_dir.absolute()
    built_at = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    with disk_errors_explained(marts_dir):
        (marts_dir / RELEASES).mkdir(parents=True, exist_ok=True)
        sweep(marts_dir)
        previous = current(marts_dir)
        release_id = _next_id(marts_dir, built_at)
        release = Release(release_id, marts_dir / RELEASES / release_id)
        with _undone_on_failure(marts_dir, release, previous):
            damage = damage_of(previous) if previous else None
            compared = newest_whole(marts_dir) if damage else previous
            _write(release, build_file, built_at, inputs, compared)
            make_current(marts_dir, release)
        if damage or previous is None:
            drop_damaged(marts_dir)
        for name in remove_showing_withheld(marts_dir, release):
            LOG.warning("release %s is removed: a publisher withholds a figure of it now", name)
        prune(marts_dir, keep)
        rolled_back.end(
            marts_dir, (stored.id for stored in releases(marts_dir)), inputs.fingerprint
        )
    return release


def _next_id(marts_dir: Path, built_at: datetime) -> str:
    """The time as an id; where one with this or a later time exists, the newest plus a counter."""
    time = built_at.strftime(_TIME)
    newest = max((order(release.id) for release in releases(marts_dir)), default=("", 0))
    return time if newest < (time, 1) else f"{newest[0]}-{newest[1] + 1}"


def _write(
    release: Release, build_file: Path, built_at: datetime, inputs: Inputs, previous: Release | None
) -> None:
    """Write the release into a hidden folder, wait for the disk, and give it its name."""
    writing = _hidden(release)
    writing.mkdir()
    write_release(
        writing, build_file, release.id, built_at, inputs, previous.folder if previous else None
    )
    release_folder.seal(writing)
    release_folder.write_sum(release.folder, writing / MANIFEST)
    os.rename(writing, release.folder)
    release_folder.sync(release.folder.parent)


def _hidden(release: Release) -> Path:
    return release.folder.with_name(f"{WRITING}{release.id}")


@contextmanager
def _undone_on_failure(
    marts_dir: Path, release: Release, previous: Release | None
) -> Iterator[None]:
    """Undo a failed publish as far as possible, and name the release that is current."""
    try:
        yield
    except BaseException as error:
        needed = max(
            release_folder.size(_hidden(release)),
            release_folder.size(previous.folder) if previous else 0,
        )
        with suppress(OSError):
            if release.folder.exists() and current(marts_dir) != release:
                release_folder.remove(release.folder)
            sweep(marts_dir)
        if isinstance(error, PllError) or not isinstance(error, Exception):
            raise
        outcome = (
            f"The last release, {previous.id}, is still current"
            if previous
            else "Nothing was published"
        )
        raise explained(error, marts_dir, outcome, needed) from error
