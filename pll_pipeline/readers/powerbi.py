"""Answers of public Power BI reports (`querydata`), as saved → the table the report shows.

The form is nobody's published contract, so it is read strictly: an answer that is cut off, contradicts itself or holds
anything unknown raises and never becomes a table. Pure functions: bytes in, values out. Not here: asking a report
(`fetchers/`), building queries, what a column means (`sources/`, `observations.py`).
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pll_pipeline.config import PllError

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.sources.model import PowerBi

Value = None | str | int | float | bool | datetime | date | Decimal

LARGEST_ANSWER = 256 * 2**20
MOST_ROWS = 5_000_000
DEEPEST_GROUPING = 32
_ROW_REFERENCE = "row_reference"


# --- what can go wrong ----------------------------------------------------------------------------------------------


class PowerBiError(PllError):
    """No table can be had from this answer. `code` is the server's own where it gave one, else the name of the error."""

    advice: ClassVar[str] = "look at the saved answer"

    def __init__(self, what: str, *, where: str, code: str = "", do: str = "") -> None:
        self.code = code or type(self).__name__
        super().__init__(f"{what} [{self.code}]", where=where, do=do or self.advice)


class QueryFailed(PowerBiError):
    """The server answered with an error. `message` is its own text, `retryable` whether the same query may succeed later."""

    _later = ("ModelUnavailable", "ErrorLoadingModel", "rsErrorExecutingCommand")
    _smaller = ("rsQueryTimeoutExceeded", "rsQueryMemoryLimitExceeded")

    def __init__(self, message: str, *, where: str, code: str, status: int | None = None) -> None:
        self.message, self.retryable = message, code in self._later
        do = "compare the query with the report as it is now; the same query will fail again"
        if self.retryable:
            do = "ask again later"
        elif code in self._smaller:
            do = "ask for less at a time"
        told = " ".join(message.split())[:500] or "it did not say why"
        super().__init__(f"The report's server could not answer: {told}" + (f" (status {status})" if status else ""), where=where, code=code, do=do)


class IncompleteAnswer(PowerBiError):
    """The answer is well-formed but is not, or may not be, all there is."""

    advice = "fetch all pages again, with a window large enough, before anything is loaded"


class MalformedAnswer(PowerBiError):
    """The bytes are damaged, or contradict what such an answer says about itself."""

    advice = "fetch the answer again; if it stays like this, the form of the answers has changed and the reader must follow"


class UnsupportedAnswer(PowerBiError):
    """The answer may be sound, but holds something this reader does not know."""

    advice = "ask for a flat table of plain columns and measures, or extend the reader with a saved answer as its test"


# --- what comes out -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Total:
    """One row of totals. `level` is how many row groupings it is still divided by (0 is the grand total), `column_level`
    the same for the groupings across, None where nothing goes across. `values` are in the order of `Decoded.columns`.
    """

    level: int
    column_level: int | None
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Decoded:
    """A complete answer. `rows` are the detail rows in the server's order; a matrix is dense, one row for every crossing.

    `closed_branches` counts the groups whose rows the report had folded away: they are in `totals` only.
    `server_row_count` is the engine's own count, None where it gave none and for an answer of several pages.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    totals: tuple[Total, ...]
    column_type_codes: tuple[int | None, ...]
    shape_level_values: Mapping[str, Value] | None
    server_row_count: int | None
    has_all_data: bool
    messages: tuple[str, ...]
    closed_branches: int
    pages: int


def decode(pages: Sequence[bytes], *, where: str) -> Decoded:
    """The table in one answer, or in the pages of one answer in their order.

    Raises `QueryFailed`, `IncompleteAnswer`, `MalformedAnswer` or `UnsupportedAnswer`, naming `where`, page, member and row.
    """
    if isinstance(pages, (bytes, bytearray, str)):
        raise TypeError("decode takes a sequence of pages, not one page")
    places = _places(where, len(pages))
    return _decode([_json(page, place) for page, place in zip(pages, places, strict=True)], where=where)


def as_csv(decoded_columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    r"""The table as text: comma, line feed, quotes where RFC 4180 wants them, null as \N, numbers in full precision."""
    lines = [decoded_columns, *([_text(value, null=None) for value in row] for row in rows)]
    alone = len(decoded_columns) == 1
    return "".join(",".join(_quoted(cell, alone=alone) for cell in line) + "\n" for line in lines)


def read(content: bytes, how: PowerBi, *, where: str) -> pl.DataFrame:
    """One row per detail row, every column as text ("" where null), plus `row_reference` as file:row.

    `content` is one answer, or `{"pages": [answer, ...]}`. Raises what `decode` raises, and for an answer without rows.
    """
    import polars as pl

    answer = _json(content, where)
    pages = [answer]
    if isinstance(answer, dict) and "pages" in answer:
        if len(answer) > 1:
            raise MalformedAnswer("Saved pages have nothing beside them, but these have", where=where)
        pages = _list(answer["pages"], "the saved pages", where)
    decoded = _decode(pages, where=where)
    if not decoded.rows:
        raise IncompleteAnswer("The answer has no rows", where=where, do="look at the report: was the page emptied, or the filter too narrow?")
    if _ROW_REFERENCE in decoded.columns:
        raise UnsupportedAnswer(f"A column is called {_ROW_REFERENCE!r}, which is the pipeline's own name", where=where)
    file = where.rsplit("/", 1)[-1]
    texts = [[_text(value, null="") for value in row] for row in decoded.rows]
    frame = pl.DataFrame(texts, schema=dict.fromkeys(decoded.columns, pl.String), orient="row")
    return frame.with_columns(pl.Series(_ROW_REFERENCE, [f"{file}:row {number}" for number in range(1, len(texts) + 1)]))


def _text(value: Value, *, null: str | None) -> str | None:
    match value:
        case None:
            return null
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
    return str(value)


def _quoted(cell: str | None, *, alone: bool) -> str:
    if cell is None:
        return r"\N"
    if re.search(r'[",\r\n]', cell) or cell == r"\N" or (alone and not cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell


# --- bytes → JSON ---------------------------------------------------------------------------------------------------


def _json(content: bytes, at: str) -> Any:
    if content[:2] == b"\x1f\x8b":
        content = _unpacked(content, at)
    if len(content) > LARGEST_ANSWER:
        raise MalformedAnswer(f"The answer is larger than {LARGEST_ANSWER // 2**20} MiB", where=at, do="ask for less at a time")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedAnswer(f"The answer is not UTF-8: byte {error.start} cannot be read", where=at) from error
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_float=Decimal, parse_constant=_no_constant)
    except RecursionError as error:
        raise MalformedAnswer("The answer is nested too deeply to be one", where=at) from error
    except (ValueError, ArithmeticError) as error:
        raise MalformedAnswer(f"The answer is not JSON: {error}", where=at) from error


def _unpacked(content: bytes, at: str) -> bytes:
    packed = zlib.decompressobj(wbits=31)
    try:
        plain = packed.decompress(content, LARGEST_ANSWER + 1)
    except zlib.error as error:
        raise MalformedAnswer(f"The packed answer cannot be unpacked: {error}", where=at) from error
    if not packed.eof and len(plain) <= LARGEST_ANSWER or packed.unused_data:
        raise MalformedAnswer("The packed answer is cut off, or more follows it", where=at)
    return plain


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} stands twice in one object")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _object(node: Any, what: str, at: str) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise MalformedAnswer(f"{what[0].upper()}{what[1:]} should be an object, but is missing or something else", where=at)
    return node


def _list(node: Any, what: str, at: str) -> list[Any]:
    if not isinstance(node, list):
        raise MalformedAnswer(f"{what[0].upper()}{what[1:]} should be a list, but is missing or something else", where=at)
    return node


def _items(node: Any) -> list[Any]:
    """The entries of a list that may be missing, or be something else where only a list would matter."""
    return node if isinstance(node, list) else []


def _is_whole(node: Any) -> bool:
    return isinstance(node, int) and not isinstance(node, bool)


# --- the envelope, and errors that come as answers ------------------------------------------------------------------


_JOB_OF_DEDICATED_CAPACITY = "0"


def _data(answer: Any, at: str) -> dict[str, Any]:
    """What stands under `data` of the only result; an error in any of its known places raises."""
    answer = _object(answer, "the answer", at)
    _refuse_error(answer, at)
    results = _list(answer.get("results"), "results", at)
    for result in results:
        _refuse_error(_object(result, "a result", at), at)
        _refuse_error(result.get("result"), at)
    if len(results) != 1:
        raise UnsupportedAnswer(f"The answer holds {len(results)} results, one was expected", where=at, do="send one query per request")
    jobs = answer.get("jobIds")
    if jobs is not None and results[0].get("jobId") not in [*_list(jobs, "jobIds", at), _JOB_OF_DEDICATED_CAPACITY]:
        raise MalformedAnswer("The result belongs to no query of this request: its jobId is not among jobIds", where=at)
    result = _object(results[0].get("result"), "result", at)
    if result.get("asyncResult") is not None:
        raise UnsupportedAnswer("The server promises the answer for later (asyncResult)", where=at, do="ask with synchronous=true")
    return _object(result.get("data"), "data", at)


def _data_shape(data: dict[str, Any], at: str) -> dict[str, Any]:
    """The only data shape of a version 2 answer."""
    _refuse_error(data, at)
    dsr = _object(data.get("dsr"), "dsr", at)
    for shape in [dsr, *_list(dsr.get("DataShapes", []), "DataShapes", at), *_list(dsr.get("DS", []), "DS", at)]:
        _refuse_error(shape, at)
    if dsr.get("Version") != 2 or not _is_whole(dsr["Version"]) or "DataShapes" in dsr:
        raise UnsupportedAnswer(f"The answer is in the unsupported version {dsr.get('Version', '1, or none')} of the form, not in version 2", where=at)
    shapes = _list(dsr.get("DS"), "DS", at)
    if len(shapes) != 1:
        raise MalformedAnswer(f"The answer has {len(shapes)} data shapes, one was expected", where=at)
    return _object(shapes[0], "the data shape", at)


def _refuse_error(node: Any, at: str) -> None:
    for name in ("odata.error", "error"):
        if isinstance(node, dict) and node.get(name) is not None:
            raise _failure(node[name], at)


def _failure(error: Any, at: str) -> QueryFailed:
    specific = _first(error, ("additionalMessages",), list)
    inside = [entry for entry in specific or [] if isinstance(entry, dict) and isinstance(entry.get("Code"), str)]
    inside.sort(key=lambda entry: entry.get("Severity") != "Error")
    source = inside[0] if inside else error
    code = _first(source, ("Code", "code", "errorCode", "ErrorCode"), str) or "UnknownError"
    message = _first(source, ("Message", "message", "value", "detail", "details"), str) or _first(error, ("value", "message"), str)
    status = _first(error, ("statusCode",), int)
    return QueryFailed(message or (error if isinstance(error, str) else ""), where=at, code=code, status=status)


def _first(node: Any, names: tuple[str, ...], kind: type, depth: int = 8) -> Any:
    """The first value of that kind under one of the names, outermost first."""
    if isinstance(node, dict):
        for name in names:
            if isinstance(node.get(name), kind):
                return node[name]
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    found = (_first(part, names, kind, depth - 1) for part in parts if depth)
    return next((one for one in found if one is not None), None)


# --- what the columns are -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Column:
    name: str
    id: str
    is_measure: bool
    subtotals: tuple[str | None, ...]


@dataclass(frozen=True)
class _Axis:
    """Member names from the outermost grouping inwards: those of the groups, and those of the totals over each."""

    members: tuple[str, ...]
    totals: tuple[str | None, ...]


@dataclass(frozen=True)
class _Descriptor:
    """What the ids in the rows mean. `keys` are sort and identity keys: compared between pages, never shown."""

    columns: tuple[_Column, ...]
    down: _Axis
    across: _Axis
    keys: tuple[str, ...]
    derived: frozenset[str]

    @property
    def of_rows(self) -> frozenset[str]:
        """The ids a detail row may hold."""
        return frozenset(column.id for column in self.columns) | set(self.keys) | self.derived

    def of_totals(self, level: int | None = None, column_level: int = 0) -> frozenset[str]:
        """The ids totals of that level may hold; without a level, of any."""
        found: set[str | None] = set()
        deepest_down, deepest_across = len(self.down.members), len(self.across.members)
        for column in self.columns:
            if level is None or len(column.subtotals) < 2:
                found.update(column.subtotals)
            else:
                position = level + (deepest_across - column_level) * (deepest_down + 1)
                found.update(column.subtotals[position : position + 1])
        return frozenset(one for one in found if one is not None) | set(self.keys) | self.derived


def _descriptor(node: Any, at: str) -> _Descriptor:
    node = _object(node, "the descriptor", at)
    if node.get("Version", 2) != 2:
        raise UnsupportedAnswer(f"The descriptor is in the unsupported version {node['Version']}", where=at)
    selects = [_object(entry, "a column's description", at) for entry in _list(node.get("Select"), "descriptor.Select", at) if entry is not None]
    columns = tuple(_column(entry, at) for entry in selects)
    names = [column.name for column in columns]
    if not columns or len(set(names)) != len(names):
        raise MalformedAnswer("The answer describes no column, or two of the same name", where=at)
    expressions = _object(node.get("Expressions") or {}, "descriptor.Expressions", at)
    down, down_keys = _axis(expressions.get("Primary"), at)
    across, across_keys = _axis(expressions.get("Secondary"), at)
    members = [name for axis in (down, across) for name in (*axis.members, *axis.totals) if name]
    if len(set(members)) != len(members):
        raise MalformedAnswer("Two groupings claim the same member", where=at)
    ids = {column.id for column in columns}
    keys = {*down_keys, *across_keys, *(key for entry in selects for key in _calculations(entry.get("GroupKeys"), at))} - ids
    derived = {one for entry in selects for one in _derived(entry)} - ids
    return _Descriptor(columns, down, across, tuple(sorted(keys)), frozenset(derived))


def _column(entry: dict[str, Any], at: str) -> _Column:
    name, calculation, kind = entry.get("Name"), entry.get("Value"), entry.get("Kind")
    if not isinstance(name, str) or not name or not isinstance(calculation, str) or not calculation:
        raise MalformedAnswer(f"A column's description lacks its name or the id of its values (Name {name!r}, Value {calculation!r})", where=at)
    if kind not in (1, 2) or not _is_whole(kind):
        raise UnsupportedAnswer(f"The column {name!r} is of the unknown kind {kind!r}", where=at)
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise MalformedAnswer("The name of a column holds half a character", where=at) from error
    subtotals = _list(entry.get("Subtotal") or [], "the ids of a column's totals", at)
    if any(one is not None and not isinstance(one, str) for one in subtotals):
        raise MalformedAnswer(f"The ids of the totals of {name!r} are not ids", where=at)
    return _Column(name, calculation, kind == 2, tuple(subtotals))


def _axis(node: Any, at: str) -> tuple[_Axis, list[str]]:
    groupings = _list(_object(node or {}, "an axis of the descriptor", at).get("Groupings", []), "the groupings", at)
    if len(groupings) > DEEPEST_GROUPING:
        raise UnsupportedAnswer(f"The answer nests {len(groupings)} groupings, at most {DEEPEST_GROUPING} are read", where=at)
    members, totals, keys = [], [], []
    for grouping in groupings:
        member, total = _object(grouping, "a grouping", at).get("Member"), grouping.get("SubtotalMember")
        if not isinstance(member, str) or not isinstance(total, (str, type(None))):
            raise MalformedAnswer("A grouping does not say which member holds it", where=at)
        members.append(member)
        totals.append(total)
        keys += _calculations(grouping.get("Keys"), at)
    return _Axis(tuple(members), tuple(totals)), keys


def _calculations(keys: Any, at: str) -> list[str]:
    found = [_object(key, "a key of a grouping", at).get("Calc") for key in _list(keys or [], "the keys of a grouping", at)]
    return [one for one in found if isinstance(one, str)]


def _derived(entry: dict[str, Any]) -> Iterator[str]:
    """Ids of values worked out from a column that are neither the column nor its totals."""
    aggregates = [one for one in _items(entry.get("Aggregates")) if isinstance(one, dict)]
    for ids in (entry.get("Min"), entry.get("Max"), entry.get("Count"), *(one.get("Ids") for one in aggregates)):
        yield from (one for one in _items(ids) if isinstance(one, str))
    highlight = entry.get("Highlight")
    if isinstance(highlight, dict) and isinstance(highlight.get("Value"), str):
        yield highlight["Value"]


# --- single values --------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?", re.ASCII)
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "INF": math.inf, "-Infinity": -math.inf, "-INF": -math.inf}
_EPOCH = datetime(1970, 1, 1)
_DECIMAL_PLACES = 40


def _as_null(raw: Any) -> None:
    raise ValueError("a column of type null holds a value")


def _as_text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError("it is not text")
    if not raw.isascii():
        raw.encode()
    return raw


def _as_decimal(raw: Any) -> Decimal:
    if not (_is_whole(raw) or isinstance(raw, Decimal) or (isinstance(raw, str) and _NUMBER.fullmatch(raw))):
        raise ValueError("it is not a number")
    number = Decimal(raw)
    if number and max(number.adjusted(), -number.as_tuple().exponent) > _DECIMAL_PLACES:  # type: ignore[operator]
        raise ValueError("it has more digits than a decimal can have")
    return number


def _as_double(raw: Any) -> float:
    if isinstance(raw, str):
        if raw in _NOT_FINITE:
            return _NOT_FINITE[raw]
        if not _NUMBER.fullmatch(raw):
            raise ValueError("it is not a number")
    elif not _is_whole(raw) and not isinstance(raw, Decimal):
        raise ValueError("it is not a number")
    number = float(raw)
    if not math.isfinite(number):
        raise ValueError("it is beyond every double")
    return number


def _as_integer(raw: Any) -> int:
    if isinstance(raw, str) and re.fullmatch(r"-?\d{1,19}", raw, re.ASCII):
        raw = int(raw)
    if not _is_whole(raw) or not -(2**63) <= raw < 2**63:
        raise ValueError("it is not a whole number of 64 bits")
    return raw


def _as_boolean(raw: Any) -> bool:
    if isinstance(raw, bool) or (_is_whole(raw) and raw in (0, 1)):
        return bool(raw)
    raise ValueError("it is neither true nor false")


def _as_datetime(raw: Any) -> datetime:
    if isinstance(raw, str) and _DATETIME.fullmatch(raw):
        return datetime.fromisoformat(raw)
    if not _is_whole(raw):
        raise ValueError("it is not a time in milliseconds")
    return _EPOCH + timedelta(milliseconds=raw)


def _as_date(raw: Any) -> date:
    moment = _as_datetime(raw)
    if moment.time() != _EPOCH.time():
        raise ValueError("a date has no time of day")
    return moment.date()


_CONVERSIONS: dict[int, Callable[[Any], Value]] = {
    0: _as_null, 1: _as_text, 2: _as_decimal, 3: _as_double, 4: _as_integer, 5: _as_boolean, 6: _as_date, 7: _as_datetime,
}  # fmt: skip
_TYPE_NAMES = ("null", "text", "decimal", "double", "integer", "boolean", "date", "datetime")


# --- the values of a container --------------------------------------------------------------------------------------

_NULLS = "Ø"
_MASKED_COLUMNS = 53
_VALUE_KEYS = frozenset({"S", "C", "R", _NULLS})
_STRUCTURE_KEYS = frozenset({"M", "X", "I", "RF", "RK"})
_DAMAGED_NULLS = ("Ã\x98", "Ã˜", "Ã\ufffd", "\ufffd")


@dataclass(frozen=True)
class _Field:
    id: str
    type_code: int
    dictionary: list[str] | None


class _Slot:
    """What one kind of container remembers through the whole answer: its schema and the values read last."""

    def __init__(self, name: str, at: str, dictionaries: Mapping[str, list[str]], ids: frozenset[str] | None) -> None:
        self.name, self.at, self.dictionaries, self.ids = name, at, dictionaries, ids
        self.counted = "row" if name.startswith("member") else "entry"
        self.fields: tuple[_Field, ...] = ()
        self.previous: list[Value] | None = None
        self.count = 0

    def fail(self, what: str, error: type[PowerBiError] = MalformedAnswer) -> PowerBiError:
        """The error to raise about the container being read."""
        return error(what, where=f"{self.at}, {self.name}, {self.counted} {self.count}")

    def read(self, container: Any, structure: frozenset[str], *, may_be_bare: bool = False) -> dict[str, Value]:
        """The values of the next container by id. `structure` are its keys that hold no values; a bare one has no values at all."""
        self.count += 1
        if not isinstance(container, dict):
            raise self.fail("An entry is not an object")
        if "S" in container:
            self._take_schema(container["S"])
        self._refuse_unknown_keys(container, structure)
        if not self.fields:
            if may_be_bare and not container.keys() & _VALUE_KEYS:
                return {}
            raise self.fail("No schema says what the values are")
        values = self._resolve(container)
        self.previous = values
        return {field.id: value for field, value in zip(self.fields, values, strict=True)}

    def _refuse_unknown_keys(self, container: dict[str, Any], structure: frozenset[str]) -> None:
        unknown = container.keys() - structure - _VALUE_KEYS
        if len(self.fields) == 1:
            unknown -= {self.fields[0].id}
        for key in sorted(unknown):
            if key in _DAMAGED_NULLS:
                raise self.fail(f"The key {key!r} is a damaged {_NULLS}: the answer was read in another encoding than UTF-8 before it was saved")
            raise self.fail(f"The key {key!r} has no meaning here")
        for key in ("RF", "RK"):
            if key in structure and key in container and not _is_whole(container[key]):
                raise self.fail(f"{key} is not a whole number")

    def _take_schema(self, schema: Any) -> None:
        if not isinstance(schema, list) or not schema:
            raise self.fail("The schema names no value")
        fields = tuple(self._field(entry) for entry in schema)
        if len({field.id for field in fields}) != len(fields):
            raise self.fail("The schema names a value twice")
        if fields != self.fields:
            self.fields, self.previous = fields, None

    def _field(self, entry: Any) -> _Field:
        if not isinstance(entry, dict) or not isinstance(entry.get("N"), str) or not _is_whole(entry.get("T")) or entry.keys() - {"N", "T", "DN"}:
            raise self.fail(f"The schema has an entry that cannot be read: {str(entry)[:100]}")
        name, type_code, dictionary = entry["N"], entry["T"], entry.get("DN")
        if self.ids is not None and name not in self.ids:
            raise self.fail(f"The value {name!r} belongs to no column, total or key that may stand here")
        if name in _VALUE_KEYS | _STRUCTURE_KEYS:
            raise self.fail(f"A value cannot be called {name!r}")
        if type_code not in _CONVERSIONS or (dictionary is not None and type_code != 1):
            kind = f"{type_code} with a dictionary" if dictionary else f"{type_code}"
            raise self.fail(f"The value {name!r} is of type {kind}, which is not read", UnsupportedAnswer)
        if dictionary is None:
            return _Field(name, type_code, None)
        if not isinstance(dictionary, str) or dictionary not in self.dictionaries:
            raise self.fail(f"The value {name!r} needs the dictionary {dictionary!r}, which is missing")
        return _Field(name, type_code, self.dictionaries[dictionary])

    def _resolve(self, container: dict[str, Any]) -> list[Value]:
        written, absent_is_null = self._written(container)
        repeated, null = self._mask(container, "R"), self._mask(container, _NULLS)
        if repeated & null:
            raise self.fail("A value is said to be both repeated and null")
        previous = self.previous or []
        if repeated and not previous:
            raise self.fail("A value is said to be repeated, but none stands before it")
        values: list[Value] = []
        unread = iter(written)
        taken = 0
        for position, field in enumerate(self.fields):
            bit = 1 << position
            if repeated & bit:
                values.append(previous[position])
            elif null & bit:
                values.append(None)
            elif taken < len(written):
                values.append(self._convert(field, next(unread)))
                taken += 1
            elif absent_is_null:
                values.append(None)
            else:
                raise self.fail(f"The row ends before the value {field.id!r}")
        if taken < len(written):
            raise self.fail(f"The row has {len(written) - taken} values more than its schema and masks leave room for")
        return values

    def _written(self, container: dict[str, Any]) -> tuple[list[Any], bool]:
        """The values as written, and whether one that is not there is null."""
        single = self.fields[0].id if len(self.fields) == 1 else None
        if "C" in container:
            if not isinstance(container["C"], list) or single in container:
                raise self.fail("The values are not a list, or are written twice")
            return container["C"], False
        if single is not None:
            return ([container[single]] if single in container else []), True
        return [], False

    def _mask(self, container: dict[str, Any], key: str) -> int:
        mask = container.get(key, 0)
        if not _is_whole(mask) or mask < 0:
            raise self.fail(f"The mask {key} is not a whole number")
        if mask >> min(len(self.fields), _MASKED_COLUMNS):
            told = f"The mask {key} ({mask}) points beyond the {len(self.fields)} values of the schema, or beyond the {_MASKED_COLUMNS} it can reach"
            raise self.fail(told)
        return mask

    def _convert(self, field: _Field, raw: Any) -> Value:
        if raw is None:
            return None
        if field.dictionary is not None and _is_whole(raw):
            if not 0 <= raw < len(field.dictionary):
                raise self.fail(f"The value {field.id!r} is entry {raw} of a dictionary of {len(field.dictionary)}")
            return field.dictionary[raw]
        try:
            return _CONVERSIONS[field.type_code](raw)
        except (ValueError, ArithmeticError) as error:
            told = f"The value {field.id!r} ({str(raw)[:60]!r}) cannot be read as {_TYPE_NAMES[field.type_code]}: {error}"
            raise self.fail(told) from error


# --- rows, columns and their crossings ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Leaf:
    """An innermost instance of an axis: a detail, or the total over everything inside its level."""

    member: str
    level: int
    is_total: bool
    values: dict[str, Value]
    instance: dict[str, Any]


_Record = tuple[Value, ...]
_SHAPE_KEYS = frozenset({"N", "PH", "SH", "IC", "HAD", "RT", "DLEx", "DW", "Msg", "ValueDicts"})
_ALONG = frozenset({"RF", "RK"})
_NOTHING = _Leaf("", 0, False, {}, {})


class _Page:
    """One page, decoded: `units` holds for every detail row its records, one for each column across (one in a flat answer)."""

    def __init__(self, answer: Any, at: str) -> None:
        self.at = at
        data = _data(answer, at)
        self.shape = _data_shape(data, at)
        self.described = _object(data.get("descriptor"), "the descriptor", at)
        self.descriptor = _descriptor(self.described, at)
        self.row_counts = _row_counts(data.get("metrics"))
        self.dictionaries = _dictionaries(self.shape.get("ValueDicts"), at)
        self.slots: dict[tuple[str, ...], _Slot] = {}
        self.units: list[tuple[_Record, ...]] = []
        self.totals: list[Total] = []
        self.closed_branches = self.filled = 0
        self._read_shape()

    def _read_shape(self) -> None:
        unknown = self.shape.keys() - _SHAPE_KEYS - _VALUE_KEYS
        slot = self._slot(("",), "the data shape", None)
        bare = not self.shape.keys() & _VALUE_KEYS
        if bare and unknown:
            raise UnsupportedAnswer(f"The data shape has the unknown part {min(unknown)!r}", where=self.at)
        self.shape_level_values = slot.read(self.shape, _SHAPE_KEYS, may_be_bare=True) or None
        across = self.descriptor.across
        if bool(across.members) != ("SH" in self.shape):
            raise MalformedAnswer("The answer's columns across (SH) do not fit its description", where=self.at)
        self.columns = list(self._leaves(self.shape["SH"], across, 0, {}, frozenset())) if across.members else [_NOTHING]
        for row in self._row_leaves():
            self._take_row(row)
        self._refuse_absent_columns()

    def _slot(self, key: tuple[str, ...], name: str, ids: frozenset[str] | None) -> _Slot:
        if key not in self.slots:
            self.slots[key] = _Slot(name, self.at, self.dictionaries, ids)
        return self.slots[key]

    def _row_leaves(self) -> Iterator[_Leaf]:
        leaf_keys = frozenset({"X"}) if self.descriptor.across.members else frozenset()
        if self.descriptor.down.members:
            yield from self._leaves(self.shape.get("PH"), self.descriptor.down, 0, {}, leaf_keys)
            return
        members = [self._member(entry) for entry in _list(self.shape.get("PH"), "the rows (PH)", self.at)]
        if len(members) != 1 or len(members[0][1]) != 1:
            raise MalformedAnswer("An answer without groupings has exactly one row, this one has none or more", where=self.at)
        name, (instance,) = members[0]
        slot = self._slot((name,), f"member {name}", self.descriptor.of_rows)
        yield _Leaf(name, 0, False, slot.read(instance, leaf_keys, may_be_bare=bool(leaf_keys)), instance)

    def _member(self, entry: Any) -> tuple[str, list[Any]]:
        if not isinstance(entry, dict) or len(entry) != 1:
            raise MalformedAnswer("An entry of an axis does not hold exactly one member", where=self.at)
        ((name, instances),) = entry.items()
        return name, _list(instances, f"the member {name}", self.at)

    def _leaves(self, members: Any, axis: _Axis, level: int, inherited: dict[str, Value], leaf_keys: frozenset[str]) -> Iterator[_Leaf]:
        """The details and totals below these members, in the order they are written."""
        group, total = axis.members[level], axis.totals[level]
        innermost = level + 1 == len(axis.members)
        seen = set()
        for name, instances in [self._member(entry) for entry in _list(members, f"the members of level {level}", self.at)]:
            if name not in (group, total) or name in seen:
                raise MalformedAnswer(f"The member {name} stands where {group} was expected, or twice", where=self.at)
            seen.add(name)
            self.closed_branches += not instances and name == group and level > 0
            is_total = name == total
            ids = self._ids_of_total(axis, level) if is_total else self.descriptor.of_rows
            slot = self._slot((name,), f"member {name}", ids)
            keys = _ALONG | (leaf_keys if is_total or innermost else {"M"})
            for instance in instances:
                own = slot.read(instance, keys, may_be_bare=is_total)
                if own.keys() & inherited.keys():
                    raise slot.fail(f"The value {min(own.keys() & inherited.keys())!r} stands at two levels")
                if is_total or innermost:
                    yield _Leaf(name, level + (not is_total), is_total, inherited | own, instance)
                elif "M" not in instance:
                    raise slot.fail("A group does not say what is inside it")
                else:
                    yield from self._leaves(instance["M"], axis, level + 1, inherited | own, leaf_keys)
        if group not in seen:
            raise MalformedAnswer(f"The member {group} is missing", where=self.at)

    def _ids_of_total(self, axis: _Axis, level: int) -> frozenset[str]:
        flat = axis is self.descriptor.down and not self.descriptor.across.members
        return self.descriptor.of_totals(level if flat else None)

    def _take_row(self, row: _Leaf) -> None:
        cells = self._cells(row) if self.descriptor.across.members else {}
        records = []
        for position, column in enumerate(self.columns):
            values = row.values | column.values | cells.get(position, {})
            if row.is_total or column.is_total:
                self.totals.append(self._total(row, column, values))
            else:
                records.append(self._record(row, values))
                self.filled += any(value is not None for value in cells.get(position, {}).values())
        if not row.is_total:
            self.units.append(tuple(records))
            if len(self.units) * len(self.columns) > MOST_ROWS:
                raise UnsupportedAnswer(f"The table has more than {MOST_ROWS} rows", where=self.at)

    def _cells(self, row: _Leaf) -> dict[int, dict[str, Value]]:
        """The cells of a row of a matrix by the position of their column; those not written are null."""
        found: dict[int, dict[str, Value]] = {}
        index = -1
        for element in _list(row.instance.get("X", []), f"the cells of a row of {row.member}", self.at):
            jump = element.get("I", index + 1) if isinstance(element, dict) else None
            if not _is_whole(jump) or not index < jump < len(self.columns):
                told = f"A cell stands at no column after the one before it ({jump!r} of {len(self.columns)}, after {index})"
                raise self.slots[(row.member,)].fail(told)
            index = jump
            column = self.columns[index]
            key = (row.member, column.member)
            if key not in self.slots:
                is_total = row.is_total or column.is_total
                ids = self.descriptor.of_totals(row.level, column.level) if is_total else self.descriptor.of_rows
                self._slot(key, f"cells of {row.member} under {column.member}", ids)
            found[index] = self.slots[key].read(element, frozenset({"I"}))
            if found[index].keys() & (row.values.keys() | column.values.keys()):
                raise self.slots[key].fail("A cell gives a value its row or column gave already")
        return found

    def _record(self, row: _Leaf, values: dict[str, Value]) -> _Record:
        """The columns in order, then the keys nobody sees."""
        matrix = bool(self.descriptor.across.members)
        for column in self.descriptor.columns:
            if column.id not in values and not (matrix and column.is_measure):
                raise self.slots[(row.member,)].fail(f"The column {column.name!r} ({column.id}) has no value in this row")
        return tuple([values.get(column.id) for column in self.descriptor.columns] + [values.get(key) for key in self.descriptor.keys])

    def _total(self, row: _Leaf, column: _Leaf, values: dict[str, Value]) -> Total:
        record: list[Value] = []
        for described in self.descriptor.columns:
            if not described.is_measure:
                record.append(values.get(described.id))
                continue
            found = [one for one in dict.fromkeys(described.subtotals) if one is not None and one in values]
            if len(found) > 1:
                raise self.slots[(row.member,)].fail(f"{described.name!r} has two totals in one row")
            record.append(values[found[0]] if found else None)
        return Total(row.level, column.level if self.descriptor.across.members else None, tuple(record))

    def _refuse_absent_columns(self) -> None:
        known = {field.id for slot in self.slots.values() for field in slot.fields}
        absent = [column for column in self.descriptor.columns if column.id not in known]
        if absent and self.filled:
            raise MalformedAnswer(f"The column {absent[0].name!r} ({absent[0].id}) is described, but no row has it", where=self.at)

    @property
    def types(self) -> tuple[int | None, ...]:
        """The type code of every column, None where no row says."""
        found: dict[str, set[int]] = {}
        for slot in self.slots.values():
            for field in slot.fields if slot.ids is not None else ():
                found.setdefault(field.id, set()).add(field.type_code)
        codes = [found.get(column.id, set()) for column in self.descriptor.columns]
        if any(len(code) > 1 for code in codes):
            raise MalformedAnswer("A column is of two types", where=self.at)
        return tuple(next(iter(code), None) for code in codes)


def _dictionaries(node: Any, at: str) -> dict[str, list[str]]:
    found = _object({} if node is None else node, "the dictionaries (ValueDicts)", at)
    for name, entries in found.items():
        for entry in _list(entries, f"the dictionary {name}", at):
            try:
                _as_text(entry)
            except ValueError as error:
                raise MalformedAnswer(f"The dictionary {name} has an entry that is not text: {str(entry)[:60]!r}", where=at) from error
    return found


def _row_counts(metrics: Any) -> list[int]:
    events = metrics.get("Events") if isinstance(metrics, dict) else None
    measured = [event.get("Metrics") for event in _items(events) if isinstance(event, dict)]
    counts = [one.get("RowCount") for one in measured if isinstance(one, dict)]
    return [count for count in counts if _is_whole(count)]


# --- is it all there? -----------------------------------------------------------------------------------------------

_COUNTED = ("Top", "Bottom", "Sample", "Window")
_THINNED = ("BinnedLineSample", "OverlappingPointsSample")
_COUNTS_IGNORED = re.compile(r"ignor|exceed|reduc|truncat|limit|sampl|incomplete|partial", re.IGNORECASE)


def _refuse_signs_of_loss(page: _Page) -> None:
    """Raises for what no page may say, whether another follows or not."""
    if page.shape.get("DLEx"):
        raise IncompleteAnswer("The server says that a limit cut the data (DLEx)", where=page.at)
    for name in ("IC", "HAD"):
        if not isinstance(page.shape.get(name, False), bool):
            raise MalformedAnswer(f"{name} is neither true nor false", where=page.at)
    for window in _list(page.shape.get("DW") or [], "the windows (DW)", page.at):
        if not isinstance(window, dict) or window.get("IC") is not True or window.get("RT"):
            raise IncompleteAnswer("The server says that one of the windows is not complete (DW)", where=page.at)
    grouped = bool(page.descriptor.down.members or page.descriptor.across.members)
    for code, severity, text in _messages(page):
        told = f"The server says: {' '.join(text.split())[:300]}"
        if severity == "Error":
            raise QueryFailed(text, where=page.at, code=code)
        if _COUNTS_IGNORED.search(code):
            if grouped:
                raise IncompleteAnswer(told, where=page.at, code=code)
        elif severity not in ("Information", "Verbose"):
            raise UnsupportedAnswer(told, where=page.at, code=code, do="find out whether this message is harmless, then teach the reader")


def _messages(page: _Page) -> list[tuple[str, str, str]]:
    """Code, severity and text of every message."""
    entries = [_object(entry, "a message", page.at) for entry in _list(page.shape.get("Msg") or [], "the messages (Msg)", page.at)]
    return [(_text_under(entry, "Code"), _text_under(entry, "Severity"), _text_under(entry, "Message")) for entry in entries]


def _text_under(entry: Mapping[str, Any], key: str) -> str:
    found = entry.get(key)
    return found if isinstance(found, str) else ""


def _refuse_incomplete(page: _Page) -> None:
    """Raises unless the page is the last one and says so."""
    if page.shape.get("RT"):
        raise IncompleteAnswer("More pages follow (RT), but were not given", where=page.at)
    if page.shape.get("IC") is not True or page.shape.get("HAD") is False:
        raise IncompleteAnswer("The server does not say that the answer is complete (IC, HAD)", where=page.at)
    limits = _object(page.described.get("Limits") or {}, "descriptor.Limits", page.at)
    across = len(page.columns) if page.descriptor.across.members else 0
    sizes = {"Primary": len(page.units), "Secondary": across, "Intersection": page.filled}
    if not page.descriptor.down.members and not page.descriptor.across.members:
        return
    for axis, limit in limits.items():
        if axis not in sizes or not isinstance(limit, dict):
            raise UnsupportedAnswer(f"The answer was limited in an unknown way ({axis})", where=page.at)
        for kind, how in limit.items():
            if kind in _COUNTED:
                asked = how.get("Count") if isinstance(how, dict) else None
                if _is_whole(asked) and sizes[axis] >= asked:
                    told = f"The answer has {sizes[axis]} entries where at most {asked} were asked for ({axis}), so more may be missing"
                    raise IncompleteAnswer(told, where=page.at)
            elif kind in _THINNED:
                _refuse_thinned(page, how, sizes)
            elif kind != "Id":
                raise UnsupportedAnswer(f"The answer was limited in an unknown way ({kind})", where=page.at)


def _refuse_thinned(page: _Page, how: Any, sizes: Mapping[str, int]) -> None:
    """A form of reduction that drops points on purpose is only accepted where the server's own counts show it dropped none."""
    counters = {name.removesuffix("DbCountCalc"): one for name, one in _object(how, "a limit", page.at).items() if name.endswith("DbCountCalc")}
    if not counters or not counters.keys() <= sizes.keys() or not all(isinstance(one, str) for one in counters.values()):
        raise UnsupportedAnswer("The answer was thinned out, and no count says by how much", where=page.at)
    for axis, one in counters.items():
        counted = (page.shape_level_values or {}).get(one)
        if counted != sizes[axis]:
            raise IncompleteAnswer(f"The answer was thinned out: {sizes[axis]} of {counted} points are left ({axis})", where=page.at)


def _refuse_other_count(page: _Page, counted: int) -> None:
    """Raises where the engine's own count of rows contradicts a flat answer."""
    flat = len(page.descriptor.down.members) < 2 and not page.descriptor.across.members
    decoded = len(page.units) + len(page.totals)
    if flat and decoded != counted:
        error = IncompleteAnswer if decoded < counted else MalformedAnswer
        raise error(f"The engine counted {counted} rows, the answer holds {decoded}", where=page.at)


# --- pages ----------------------------------------------------------------------------------------------------------


def _places(where: str, pages: int) -> list[str]:
    return [where] if pages == 1 else [f"{where}, page {number}" for number in range(1, pages + 1)]


def _decode(answers: Sequence[Any], *, where: str) -> Decoded:
    if not answers:
        raise IncompleteAnswer("There is no answer at all", where=where)
    pages = [_Page(answer, at) for answer, at in zip(answers, _places(where, len(answers)), strict=True)]
    for page in pages:
        _refuse_signs_of_loss(page)
    _refuse_broken_chain(pages)
    _refuse_incomplete(pages[-1])
    first = pages[0]
    server_row_count = first.row_counts[0] if len(pages) == 1 and len(first.row_counts) == 1 else None
    if server_row_count is not None:
        _refuse_other_count(first, server_row_count)
    width = len(first.descriptor.columns)
    return Decoded(
        columns=tuple(column.name for column in first.descriptor.columns),
        rows=tuple(record[:width] for unit in _joined(pages) for record in unit),
        totals=tuple(_joined_totals(pages)),
        column_type_codes=_joined_types(pages),
        shape_level_values=first.shape_level_values,
        server_row_count=server_row_count,
        has_all_data=pages[-1].shape.get("HAD") is True,
        messages=tuple(code for page in pages for code, _, _ in _messages(page)),
        closed_branches=sum(page.closed_branches for page in pages),
        pages=len(pages),
    )


def _refuse_broken_chain(pages: Sequence[_Page]) -> None:
    """Every page but the last points onwards, to a place no page before pointed to, and all describe the same table."""
    tokens = set()
    for page in pages[:-1]:
        token = page.shape.get("RT")
        if not isinstance(token, list) or not token:
            raise IncompleteAnswer("Another page was given after this one, but this one does not point onwards (RT)", where=page.at)
        text = json.dumps(token, default=str)
        if text in tokens:
            raise IncompleteAnswer("The page points to the same place as one before it, so paging does not move on", where=page.at)
        tokens.add(text)
    for page in pages[1:]:
        across = [column.values for column in page.columns]
        if page.descriptor != pages[0].descriptor or across != [column.values for column in pages[0].columns]:
            told = "The page describes other columns than the first one"
            raise MalformedAnswer(told, where=page.at, do="the report changed between the pages: fetch all of them again")


def _joined(pages: Sequence[_Page]) -> list[tuple[_Record, ...]]:
    """The detail rows of all pages; what a page repeats from the end of the one before is there once."""
    units = list(pages[0].units)
    known = set(units)
    for page in pages[1:]:
        fresh = page.units[_overlap(units, page) :]
        if not fresh:
            raise IncompleteAnswer("The page adds no row to those before it", where=page.at)
        if not known.isdisjoint(fresh):
            told = "The page brings rows again that came on an earlier page"
            raise MalformedAnswer(told, where=page.at, do="the report changed between the pages, or paging runs in circles: fetch all of them again")
        known.update(fresh)
        units += fresh
        if len(units) * len(page.columns) > MOST_ROWS:
            raise UnsupportedAnswer(f"The table has more than {MOST_ROWS} rows", where=page.at)
    return units


def _overlap(units: Sequence[tuple[_Record, ...]], page: _Page) -> int:
    """How many rows at the head of the page stood at the end of the pages before: one in a flat answer, the longest match in a nested one."""
    fresh = page.units
    longest = min(len(fresh), len(units)) if len(page.descriptor.down.members) > 1 else 1
    for start in range(max(0, len(units) - longest), len(units)):
        if fresh and units[start] == fresh[0] and units[start:] == fresh[: len(units) - start]:
            return len(units) - start
    told = "The page does not begin with the row the page before ended with, so rows may be missing between them"
    raise MalformedAnswer(told, where=page.at, do="fetch all pages again, ordered by the full key")


def _joined_totals(pages: Sequence[_Page]) -> list[Total]:
    columns = pages[0].descriptor.columns
    found: dict[tuple[Any, ...], Total] = {}
    for page in pages:
        here: dict[tuple[Any, ...], Total] = {}
        for total in page.totals:
            groups = (value for column, value in zip(columns, total.values, strict=True) if not column.is_measure)
            key = (total.level, total.column_level, *groups)
            if key in here or found.get(key, total) != total:
                raise MalformedAnswer("A total stands twice, or differs between two pages", where=page.at)
            here[key] = total
        found |= here
    return list(found.values())


def _joined_types(pages: Sequence[_Page]) -> tuple[int | None, ...]:
    found: list[int | None] = list(pages[0].types)
    for page in pages[1:]:
        for position, code in enumerate(page.types):
            if found[position] is None or found[position] == 0:
                found[position] = code
            elif code not in (None, 0, found[position]):
                raise MalformedAnswer("A column is of another type than on the pages before", where=page.at)
    return tuple(found)
