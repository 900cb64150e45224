"""Constants and addresses of a source file that a later step reads: checked when the file is read.

What would fail only after a whole build, as an address that no catalogue accepts, is a fault of the
file. Not here: names of columns, units and codes (`consistency.py`), types of values (`model.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from pll_pipeline.errors import PllError, plain_line
from pll_pipeline.sources.model import (
    CONFIRM,
    Bundled,
    Http,
    MilestoneTable,
    ObservationTable,
    Period,
    PowerBiReport,
    PxWeb,
    Region,
    Source,
    Text,
)
from pll_pipeline.vocabulary.codes import Codes
from pll_pipeline.vocabulary.norwegian.numbers import POINT, read_number
from pll_pipeline.vocabulary.norwegian.periods import IntervalEnd, read_period
from pll_pipeline.vocabulary.norwegian.text import UnreadableText

Path = tuple[str | int, ...]
Fault = tuple[Path, str]
# What RFC 3986 does not allow in an address, so that no catalogue accepts it.
_NOT_IN_ADDRESSES = re.compile(r'[\x00-\x20\x7f-\xa0<>"{}|\\^`\u2028\u2029]')
_VARIABLE = re.compile(r"\$\{\w+\}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_MANIFEST = "snapshot.json"
_TEXTS = ("title", "title_en", "publisher", "licence", "attribution")


def constant_faults(source: Source, codes: Codes) -> Iterator[Fault]:
    """Every address, file name, period, number and region of a source file that cannot be used."""
    for name in _TEXTS:
        if not getattr(source, name).strip():
            yield (name,), f"{name} is empty"
        if plain_line(getattr(source, name)) != getattr(source, name):
            yield (name,), f"{name} contains a line end or a control character"
    yield from _bad_address(source.landing_page, ("landing_page",))
    if re.match(r"\w+://", source.licence):
        yield from _bad_address(source.licence, ("licence",))
    yield from _fetched(source)
    for number, table in enumerate(source.tables):
        path: Path = ("tables", number)
        yield from _bad_file_name(table.file, (*path, "file"))
        for constant in _constants(table.address):
            if constant:
                yield from _bad_address(constant, (*path, "address"))
        yield from _bad_region(table.region, (*path, "region"), codes)
        if isinstance(table, MilestoneTable):
            yield from _dates_of_milestones(table, path)
        else:
            yield from _of_observations(table, path)


def address_problem(address: str) -> str | None:
    """Why a text is not an address that a program can ask and a catalogue can name; else None."""
    plain = _VARIABLE.sub("key", address)
    if bad := _NOT_IN_ADDRESSES.search(plain):
        return f"it contains {bad[0]!r}, which is written %{ord(bad[0]):02X} in an address"
    try:
        parts = urlsplit(plain)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https"):
        return "it does not begin with https://"
    if not host or port == 0:
        return "it names no host" if not host else "no port has the number 0"
    try:
        host.encode("idna")
    except UnicodeError as error:
        return f"{host!r} cannot be the name of a host: {error}"
    return None


def _bad_address(address: str | None, path: Path) -> Iterator[Fault]:
    if address and address != CONFIRM and (problem := address_problem(address)):
        yield path, f"the address is not right: {problem}"


def _bad_file_name(name: str, path: Path) -> Iterator[Fault]:
    if name != CONFIRM and (not _FILE_NAME.fullmatch(name) or name == _MANIFEST):
        yield path, f"{name!r} cannot be the name of an archived file; use letters, digits, . - _"


def _fetched(source: Source) -> Iterator[Fault]:
    """Addresses and names of files of the way the source is asked."""
    fetch = source.fetch
    if isinstance(fetch, Bundled):
        return
    if not isinstance(fetch, PxWeb) and fetch.found_on is not None:
        yield from _bad_address(fetch.found_on.page, ("fetch", "found_on", "page"))
    if isinstance(fetch, Http):
        for name, address in fetch.files.items():
            yield from _bad_file_name(name, ("fetch", "files", name))
            yield from _bad_address(address, ("fetch", "files", name))
        return
    yield from _bad_address(fetch.address, ("fetch", "address"))
    if isinstance(fetch, PxWeb):
        yield from _bad_file_name(fetch.file, ("fetch", "file"))
    if isinstance(fetch, PowerBiReport):
        yield from _bad_address(fetch.cluster, ("fetch", "cluster"))
        yield from _bad_address(fetch.embedded_on, ("fetch", "embedded_on"))
        for name in fetch.tables:
            yield from _bad_file_name(name, ("fetch", "tables", name))


def _constants(text: Text) -> Iterable[str]:
    """A text of a mapping that is the same in every row; others are read row by row."""
    return [text] if isinstance(text, str) and text != CONFIRM else []


def _of_observations(table: ObservationTable, path: Path) -> Iterator[Fault]:
    yield from _bad_period(table.period, (*path, "period"))
    for number, value in enumerate(table.values):
        if value.period is not None:
            yield from _bad_period(value.period, (*path, "values", number, "period"))
    for constant in _constants(table.rounded_to):
        if constant:
            yield from _unreadable(
                lambda text=constant: read_number(text, POINT), (*path, "rounded_to")
            )


def _bad_period(period: Period, path: Path) -> Iterator[Fault]:
    yield from _dates(period.text, (*path, "text"), period.interval_end)


def _dates_of_milestones(table: MilestoneTable, path: Path) -> Iterator[Fault]:
    for name in ("starts", "ends"):
        yield from _dates(getattr(table, name), (*path, name), None)


def _dates(text: Text, path: Path, interval_end: IntervalEnd | None) -> Iterator[Fault]:
    for constant in _constants(text):
        if constant.strip():
            yield from _unreadable(lambda text=constant: read_period(text, interval_end), path)


def _unreadable(read: Any, path: Path) -> Iterator[Fault]:
    try:
        read()
    except UnreadableText as error:
        yield path, error.what


def _bad_region(region: Region, path: Path, codes: Codes) -> Iterator[Fault]:
    """A constant region is one of its level, on the day whose codes are used where one is given."""
    for name in _constants(region.name):
        for word in _constants(region.level):
            levels = region.levels.get(word)
            if name in region.names or not levels:
                continue
            try:
                codes.regions.match(name, levels=levels, on=region.valid_on or date.today())
            except PllError as error:
                if region.valid_on or not codes.regions.has(name):
                    yield (*path, "name"), error.what
