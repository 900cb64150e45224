"""What is published on and behind a page: every publication inspected, with a name for its source.

Not here: finding links (`raw/discovery.py`), looking at one publication (`address.py`,
`publication.py`), the text of a source file (`starter.py`), printing (`console.py`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from pll_pipeline.errors import PllError
from pll_pipeline.inspection.address import inspect_address
from pll_pipeline.inspection.apart import done_apart
from pll_pipeline.inspection.publication import Inspection, TableSeen, inspect
from pll_pipeline.inspection.starter import starter
from pll_pipeline.raw.discovery import Discovery, Limits, Publication, discover
from pll_pipeline.raw.links import Form
from pll_pipeline.sources.addresses import with_variables, without_keys
from pll_pipeline.sources.model import Http, PowerBiReport, Prose, PxWeb, Source
from pll_pipeline.sources.register import RESERVED_WORD, source_path
from pll_pipeline.vocabulary.codes import Codes

MOST_INSPECTED = 40
SECONDS_OF_ONE = 60.0
# A publication has answered and is read; a night's reading may take longer, but it is one.
_SECONDS_TO_READ = 60.0
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "é": "e"})
_LONGEST_NAME = 40
EXPORT_ROUTE = (
    "A report that cannot be asked is exported by hand: open it in a browser, point at a visual,"
    " choose the three dots above it and then «Eksporter data», as Excel or CSV (the file begins or"
    " ends with «Brukte filtre:»). Then `pll inspect FILE --write NAME`, `pll archive NAME FILE`,"
    " `pll check NAME` and `pll run`; docs/operations.md shows each step."
)


@dataclass(frozen=True)
class Found:
    """One publication with what it contains, or the problem of looking at it.

    `name` is free for a source of it; `known_as` the source that asks it already, if any.
    """

    publication: Publication
    inspection: Inspection | None = None
    problem: str = ""
    name: str = ""
    known_as: str = ""

    @property
    def table(self) -> TableSeen | None:
        """The table a starter source file is for: of a report the widest, else the longest."""
        tables = self.inspection.tables if self.inspection else ()
        if self.publication.form in (Form.report, Form.embedded):
            return tables[0] if tables else None
        return max(tables, key=lambda table: table.rows, default=None)


@dataclass(frozen=True)
class Survey:
    """What was found from a page, and how it was searched."""

    discovery: Discovery
    found: tuple[Found, ...]


def survey(
    address: str,
    codes: Codes,
    on: date,
    sources: Mapping[str, Source],
    *,
    allow_local: bool = False,
    limits: Limits | None = None,
) -> Survey:
    """Search from a page and inspect what is found; `sources` are those there are.

    A page without a table, and without figures where it is no page of statistics, is no
    publication. Raises `PllError` where the page itself cannot be opened.
    """
    limits = limits or Limits()
    discovery = discover(address, allow_local=allow_local, limits=limits)
    ends_at = time.monotonic() + limits.seconds
    asked_by = dict(_addresses(sources.values()))
    found: list[Found] = []
    for publication in sorted(discovery.publications, key=lambda each: each.form is Form.page):
        if known_as := asked_by.get(publication.address):
            found.append(Found(publication, known_as=known_as))
            continue
        left = min(SECONDS_OF_ONE, ends_at - time.monotonic())
        if len(found) >= MOST_INSPECTED or left <= 0:
            found.append(Found(publication, problem="not inspected: there are too many"))
            continue
        seen = _inspected(publication, codes, on, left, allow_local=allow_local)
        if seen is not None:
            found.append(seen)
    return Survey(discovery, tuple(_named(found, sources.keys())))


def write_starters(
    found: Iterable[Found], own: Path, codes: Codes, *, is_simulated: bool = False
) -> Iterator[tuple[Found, Path]]:
    """Write a starter source file for each publication with a table; no file is overwritten."""
    own.mkdir(parents=True, exist_ok=True)
    for each in found:
        if each.table is None or each.known_as or source_path(each.name, own):
            continue
        text = starter(
            each.table,
            each.name,
            codes,
            landing_page=with_variables(each.publication.page, each.name),
            is_simulated=is_simulated,
        )
        path = own / f"{each.name}.yaml"
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        yield each, path


def _addresses(sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """Address and name of every source that asks at a fixed address."""
    for source in sources:
        match source.fetch:
            case Http(files=files):
                yield from ((address, source.name) for address in files.values() if address)
            case PowerBiReport(address=str(address)) | PowerBiReport(embedded_on=str(address)):
                yield address, source.name
            case PxWeb(address=bank, table=table):
                yield f"{bank}/tables/{table}", source.name


def _inspected(
    publication: Publication, codes: Codes, on: date, seconds: float, *, allow_local: bool
) -> Found | None:
    """The publication with what it contains; None for a page that is none."""
    try:
        if publication.content is not None:
            return _inspected_page(publication, codes, on, allow_local=allow_local)
        task = partial(
            inspect_address,
            publication.address,
            codes,
            on,
            allow_local=allow_local,
            seconds=seconds,
            report_id=publication.report_id,
        )
        inspection = done_apart(task, publication.address, seconds + _SECONDS_TO_READ)
    except PllError as error:
        is_page = publication.form is Form.page
        return None if is_page else Found(publication, problem=error.paragraph())
    return Found(publication, inspection)


def _inspected_page(
    publication: Publication, codes: Codes, on: date, *, allow_local: bool
) -> Found | None:
    """A page that was opened, with its tables; its sentences only where it is of statistics."""
    local = {"allow_local": True} if allow_local else {}
    fetching = {"kind": "http", "files": {"page.html": publication.address}, **local}
    task = partial(inspect, publication.content or b"", "page.html", codes, on, fetching)
    inspection = done_apart(task, publication.address, _SECONDS_TO_READ)
    is_prose = any(isinstance(table.reading, Prose) for table in inspection.tables)
    return Found(publication, inspection) if publication.is_statistics or not is_prose else None


def _named(found: Iterable[Found], taken: Collection[str]) -> Iterator[Found]:
    """Each with a name that no source has: of its link, else of its address."""
    names = set(taken) | {RESERVED_WORD}
    for each in found:
        publication = each.publication
        parts = urlsplit(without_keys(publication.address))
        path = PurePosixPath(parts.path)
        words = publication.text or (path.stem if len(path.stem) > 2 else str(parts.hostname))
        name = base = name_of(words)
        number = 1
        while name in names:
            number += 1
            name = f"{base}_{number}"
        names.add(name)
        yield replace(each, name=name)


def name_of(words: str) -> str:
    """A name for a source from words: «Tall for PLL (2025)» → `tall_for_pll_2025`."""
    plain = re.sub(r"[^a-z0-9]+", "_", words.lower().translate(_LETTERS)).strip("_")
    short = plain if len(plain) <= _LONGEST_NAME else plain[:_LONGEST_NAME].rpartition("_")[0]
    return short if re.match(r"[a-z][a-z0-9_]+$", short) else f"found_{short or 'page'}"
