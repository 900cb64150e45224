"""`pll check`: one source read and judged as a night would, without building or keeping anything.

Not here: the judging (`validated/judging.py`), printing (`console.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import newest_snapshot
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import known, read_source, source_path
from pll_pipeline.validated.corrections import corrections_of
from pll_pipeline.validated.judging import judge_contents
from pll_pipeline.validated.limits import limited
from pll_pipeline.vocabulary.codes import load_codes

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.validated.mapping import MappedTables
    from pll_pipeline.validated.readers import NotRead

# The columns of star.fct_observation that are known before dbt.
OBSERVATION_COLUMNS = (
    "measure_code",
    "region_key",
    "actor_type_code",
    "period_start",
    "period_end",
    "period_grain",
    "value",
    "lower_bound",
    "upper_bound",
    "qualifier",
    "status",
    "published_text",
    "row_reference",
)


class WrongUsage(PllError):
    """The command names a source or files that do not fit each other."""


@dataclass(frozen=True)
class Contents:
    """The files of one publication by name, when they were taken, and where they come from."""

    files: Mapping[str, bytes]
    taken_at: datetime
    where: str


@dataclass(frozen=True)
class Check:
    """What a night would decide, and why; `mapped` is None where nothing could be read."""

    source: Source
    contents: Contents
    is_accepted: bool
    reason: str | None
    mapped: MappedTables | None = None
    not_read: tuple[NotRead, ...] = ()

    def as_json(self) -> str:
        """One JSON object: dates as ISO text, missing values as null."""
        mapped = self.mapped
        observations = mapped.observations.select(OBSERVATION_COLUMNS) if mapped else None
        answer = {
            "is_accepted": self.is_accepted,
            "reason": self.reason,
            "observations": _rows(observations),
            "targets": _rows(mapped.targets if mapped else None),
            "milestones": _rows(mapped.milestones if mapped else None),
            "quarantine": _rows(mapped.quarantine if mapped else None),
            "not_read": [asdict(entry) for entry in self.not_read],
        }
        return json.dumps(answer, ensure_ascii=False, default=str, allow_nan=False)


def _rows(frame: pl.DataFrame | None) -> list[dict[str, Any]]:
    return [] if frame is None else frame.to_dicts()


def source_of(name_or_path: str, config: Config) -> Source:
    """The source of a registered name, or of the path of a source file.

    Raises `BadSourceFile` where the file is wrong, `WrongUsage` where there is none.
    """
    path = source_path(name_or_path, config.own_sources)
    if path is not None:
        return read_source(path)
    if name_or_path.endswith((".yaml", ".yml", ".json")) or Path(name_or_path).is_file():
        return read_source(Path(name_or_path), name="")
    names = ", ".join(known(config.own_sources))
    raise WrongUsage(
        f"No source is named {name_or_path!r}, and no source file has that path",
        do=f"give the path of a source file, or one of {names}",
    )


def contents_of(
    source: Source, paths: Sequence[Path], config: Config, taken_at: datetime | None
) -> Contents:
    """The given files, or without files the newest archived snapshot.

    Raises `WrongUsage` for files that cannot be opened or are not those of the source, and where
    there is no snapshot.
    """
    if paths:
        return _given_files(source, paths, taken_at)
    return _newest_files(source, config, taken_at)


def _given_files(source: Source, paths: Iterable[Path], taken_at: datetime | None) -> Contents:
    """Files given by their paths. A single file of a source with one file may have any name.

    Raises `WrongUsage` for files that cannot be opened or that are not those of the source.
    """
    files: dict[str, bytes] = {}
    for path in paths:
        try:
            files[path.name] = path.read_bytes()
        except OSError as error:
            raise WrongUsage(
                f"The file cannot be read: {error.strerror}", where=str(path), do="give its path"
            ) from error
    wanted = list(dict.fromkeys(table.file for table in source.tables))
    if len(wanted) == len(files) == 1:
        files = {wanted[0]: next(iter(files.values()))}
    if missing := [file for file in wanted if file not in files]:
        raise WrongUsage(
            f"The source has the files {', '.join(wanted)}, and {', '.join(missing)} is not given",
            do="give every file of the source, by its name",
        )
    return Contents(files, taken_at or datetime.now(UTC), source.name)


def _newest_files(source: Source, config: Config, taken_at: datetime | None) -> Contents:
    """The newest archived snapshot. Raises `WrongUsage` where there is none."""
    snapshot = newest_snapshot(config.raw, source.name)
    if snapshot is None:
        raise WrongUsage(
            f"No snapshot of {source.name} is archived",
            where=str(config.raw),
            do="give the files of a publication, or ask the publisher with --ask",
        )
    files = {file.name: snapshot.read(file.name) for file in snapshot.files}
    where = f"{source.name}/{snapshot.name}"
    return Contents(files, taken_at or snapshot.taken_at, where)


def _asked_files(source: Source, taken_at: datetime | None) -> Contents:
    """What the publisher answers now; kept in a temporary folder only.

    Raises `PllError` where the publisher does not answer.
    """
    from pll_pipeline.raw.fetching import fetch

    with TemporaryDirectory() as folder:
        snapshot, _ = fetch(source, Path(folder))
        files = {file.name: snapshot.read(file.name) for file in snapshot.files}
    return Contents(files, taken_at or snapshot.taken_at, source.name)


def check_answer(source: Source, config: Config, taken_at: datetime | None) -> Check:
    """Ask the publisher and check the answer; not accepted where the publisher does not answer."""
    try:
        contents = _asked_files(source, taken_at)
    except PllError as error:
        nothing = Contents({}, taken_at or datetime.now(UTC), source.name)
        return Check(source, nothing, is_accepted=False, reason=error.paragraph())
    return check(source, contents, config)


def check(source: Source, contents: Contents, config: Config) -> Check:
    """Read and judge a publication as a night would, and compare it with the last accepted one.

    The reading has the limits of memory and time of one in a night, and is refused beyond them.
    A source that is not registered has no recorded corrections and nothing to be compared with.
    """
    registered = source_path(source.name, config.own_sources)
    is_registered = registered is not None and read_source(registered) == source
    corrections = corrections_of(config, source) if is_registered else []
    try:
        with limited(contents.where):
            judged = judge_contents(
                source,
                contents.files,
                corrections,
                load_codes(config.seeds),
                contents.taken_at,
                contents.where,
            )
    except PllError as error:
        return Check(source, contents, is_accepted=False, reason=error.paragraph())
    judgement, mapped = judged.judgement, judged.judgement.mapped
    reason = judgement.reason
    if reason is None and is_registered:
        from pll_pipeline.validated.reading import refusal_by_drift

        reason = refusal_by_drift(config, source, contents.taken_at, judged)
    return Check(source, contents, reason is None, reason, mapped, mapped.not_read)
