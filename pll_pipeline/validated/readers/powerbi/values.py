"""The value of a cell: from the wire to a typed column, and from there to text.

A column is converted by its declared type, never by how a value looks. As text: a time
`YYYY-MM-DDTHH:MM:SS`, with six decimals where it has a fraction of a second, without a zone; a
double in the fewest digits that give it back (`11700.0`, `1e-05`, `nan`, `inf`); a decimal with the
digits it was written with, never with an exponent; `true` and `false`.
Not here: which cell a value belongs to (`containers.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from pll_pipeline.validated.readers.powerbi.json_text import is_whole
from pll_pipeline.validated.readers.table import MOST_CHARACTERS

Value = None | str | int | float | bool | datetime | Decimal

NULL, TEXT, DECIMAL, DOUBLE, INTEGER, BOOLEAN, DATE, DATETIME = range(8)
TYPE_NAMES = ("null", "text", "decimal", "double", "integer", "boolean", "date", "datetime")
DTYPES = (
    pl.Null,
    pl.String,
    pl.String,
    pl.Float64,
    pl.Int64,
    pl.Boolean,
    pl.Datetime("us"),
    pl.Datetime("us"),
)

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?", re.ASCII)
_NOT_FINITE = {
    "NaN": math.nan,
    "Infinity": math.inf,
    "INF": math.inf,
    "-Infinity": -math.inf,
    "-INF": -math.inf,
}
_EPOCH = datetime(1970, 1, 1)
_FIRST_MILLISECOND, _LAST_MILLISECOND = -62135596800000, 253402300799999
_DECIMAL_PLACES = 40


class Unreadable(Exception):
    """The value at this position of those given cannot be read as its type."""

    def __init__(self, position: int, why: str) -> None:
        self.position, self.why = position, why
        super().__init__(why)


@dataclass(frozen=True)
class Field:
    """One value of a schema. `words` are the entries of its dictionary by number."""

    id: str
    type_code: int
    words: Mapping[int, str] | None = None


def column(field: Field, raws: Sequence[Any]) -> pl.Series:
    """The values as one typed column; decimals are text in it. Raises `Unreadable`."""
    dtype = DTYPES[field.type_code]
    quick = _QUICK.get(field.type_code)
    found = quick(field, raws, set(map(type, raws)) - {type(None)}) if quick else None
    return (
        pl.Series([_single(field, position, raw) for position, raw in enumerate(raws)], dtype=dtype)
        if found is None
        else found
    )


def _single(field: Field, position: int, raw: Any) -> Value:
    if raw is None:
        return None
    if field.words is not None and is_whole(raw):
        if raw not in field.words:
            raise Unreadable(position, f"it is entry {raw} of a dictionary of {len(field.words)}")
        return field.words[raw]
    try:
        return _SINGLE[field.type_code](raw)
    except (ValueError, ArithmeticError) as error:
        raise Unreadable(position, str(error)) from error


# --- one value at a time: what each type may be ---------------------------------------------------


def _null(raw: Any) -> None:
    raise ValueError(f"a column of type null has the value {str(raw)[:60]!r}")


def text(raw: Any) -> str:
    """The text. Raises `ValueError` where it is none, or half a character."""
    if not isinstance(raw, str):
        raise ValueError("it is not text")
    raw.encode()
    return raw


def _decimal(raw: Any) -> str:
    if not (
        is_whole(raw)
        or isinstance(raw, Decimal)
        or (isinstance(raw, str) and _NUMBER.fullmatch(raw))
    ):
        raise ValueError("it is not a number")
    number = Decimal(raw)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or (
        number and max(number.adjusted(), -exponent) > _DECIMAL_PLACES
    ):
        raise ValueError("it has more digits than a decimal can have")
    return format(number, "f")


def _double(raw: Any) -> float:
    if isinstance(raw, str):
        if raw in _NOT_FINITE:
            return _NOT_FINITE[raw]
        if _has_more_than_numbers(raw):
            raise ValueError("it is not a number")
    elif not is_whole(raw) and not isinstance(raw, Decimal):
        raise ValueError("it is not a number")
    number = float(raw)
    if not math.isfinite(number):
        raise ValueError("it is beyond every double")
    return number


def _has_more_than_numbers(text: str) -> bool:
    """Whether the text has a character that `float` accepts, but no double is written with."""
    return bool(text.encode().translate(None, b"0123456789+-.eE"))


def _integer(raw: Any) -> int:
    if isinstance(raw, str) and re.fullmatch(r"-?\d{1,19}", raw, re.ASCII):
        raw = int(raw)
    if not is_whole(raw) or not -(2**63) <= raw < 2**63:
        raise ValueError("it is not a whole number of 64 bits")
    return raw


def _boolean(raw: Any) -> bool:
    if isinstance(raw, bool) or (is_whole(raw) and raw in (0, 1)):
        return bool(raw)
    raise ValueError("it is neither true nor false")


def _datetime(raw: Any) -> datetime:
    if isinstance(raw, str) and _DATETIME.fullmatch(raw):
        return datetime.fromisoformat(raw)
    if not is_whole(raw):
        raise ValueError("it is not a time in milliseconds")
    return _EPOCH + timedelta(milliseconds=raw)


_SINGLE: tuple[Callable[[Any], Value], ...] = (
    _null,
    text,
    _decimal,
    _double,
    _integer,
    _boolean,
    _datetime,
    _datetime,
)


# --- all at once: the common cases, with the same outcome; None leaves it to one at a time --------


def _texts(field: Field, raws: Sequence[Any], kinds: set[type]) -> pl.Series | None:
    words = field.words or {}
    if kinds <= {str, int}:
        _refuse_long_words(words, raws)
        try:
            return pl.Series(
                [words[raw] if type(raw) is int else raw for raw in raws], dtype=pl.String
            )
        except (KeyError, UnicodeEncodeError):
            return None
    return None


def _refuse_long_words(words: Mapping[int, str], raws: Sequence[Any]) -> None:
    """Raise `Unreadable` where words of a dictionary are too long for how often they are used."""
    longest = max(map(len, words.values()), default=0)
    if longest * len(raws) > MOST_CHARACTERS:
        lengths = {number: len(word) for number, word in words.items()}
        if sum(lengths.get(raw, 0) for raw in raws if type(raw) is int) > MOST_CHARACTERS:
            why = f"the column has more than {MOST_CHARACTERS} characters together"
            raise Unreadable(0, why)


def _doubles(_: Field, raws: Sequence[Any], kinds: set[type]) -> pl.Series | None:
    if kinds <= {str, int, Decimal}:
        try:
            if _has_more_than_numbers("".join(raw for raw in raws if type(raw) is str)):
                return None
            found = pl.Series(
                [None if raw is None else float(raw) for raw in raws], dtype=pl.Float64
            )
        except (ValueError, OverflowError):
            return None
        return found if found.is_finite().all() else None
    return None


def _integers(_: Field, raws: Sequence[Any], kinds: set[type]) -> pl.Series | None:
    if kinds <= {int}:
        try:
            return pl.Series(raws, dtype=pl.Int64)
        except (TypeError, OverflowError):
            return None
    return None


def _datetimes(field: Field, raws: Sequence[Any], kinds: set[type]) -> pl.Series | None:
    found = _integers(field, raws, kinds)
    if found is None or not found.is_between(_FIRST_MILLISECOND, _LAST_MILLISECOND).all():
        return None
    return found.cast(pl.Datetime("ms")).cast(pl.Datetime("us"))


_QUICK: dict[int, Callable[[Field, Sequence[Any], set[type]], pl.Series | None]] = {
    TEXT: _texts,
    DOUBLE: _doubles,
    INTEGER: _integers,
    DATE: _datetimes,
    DATETIME: _datetimes,
}


# --- out of the column again ----------------------------------------------------------------------


def python_values(values: pl.Series, type_code: int | None) -> list[Value]:
    """The column as Python values."""
    if type_code == DECIMAL:
        return [None if digits is None else Decimal(digits) for digits in values.to_list()]
    return values.to_list()


def as_texts(values: pl.Series) -> pl.Series:
    """The column as text, null as null: the same texts as `as_text` gives one at a time."""
    if values.dtype == pl.Datetime("us"):
        return _written_once(values, datetime.isoformat)
    texts = values.cast(pl.String)
    if values.dtype == pl.Float64:
        # where Polars writes a double otherwise than Python does
        apart = (~values.is_finite() | ((values != 0) & (values.abs() < 1e-4))).fill_null(False)
        if apart.any():
            return texts.zip_with(
                ~apart,
                _written_once(values.zip_with(apart, pl.Series([None], dtype=pl.Float64)), repr),
            )
    return texts


def _written_once(values: pl.Series, write: Callable[[Any], str]) -> pl.Series:
    """The column as text, each different value written once."""
    different = values.drop_nulls().unique()
    return values.replace_strict(
        different,
        pl.Series([write(value) for value in different.to_list()], dtype=pl.String),
        return_dtype=pl.String,
    )


def as_text(value: Value) -> str | None:
    """One value as text, null as None."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat()
    return str(value)
