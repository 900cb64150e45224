"""Schemas and masks: the values of all containers of one kind, read a column at a time.

For the column i of a container, bit i of the repeat mask means the value of the container before
(null, too), bit i of the null mask means null, and else it takes the next element of the
container's list. What is left over or missing in any container raises.
Not here: which containers there are and what they are rows of (`members.py`, `answer_page.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import polars as pl

from pll_pipeline.validated.readers.powerbi.errors import (
    MalformedAnswer,
    PowerBiError,
    UnsupportedAnswer,
)
from pll_pipeline.validated.readers.powerbi.values import (
    DTYPES,
    NULL,
    TEXT,
    TYPE_NAMES,
    Field,
    Unreadable,
    Value,
    column,
    python_values,
)

NULLS, REPEATS = "Ø", "R"
VALUE_KEYS = frozenset({"S", "C", REPEATS, NULLS})
STRUCTURE_KEYS = frozenset({"M", "X", "I", "RF", "RK"})
_FLAGS_OF_PAGES = ("RF", "RK")
_MASKED_COLUMNS = 53
_MOST_SCHEMAS = 1000
Dictionaries = Mapping[str, Mapping[int, str]]
_DAMAGED = (
    f"is a damaged {NULLS}: the answer was read in another encoding than UTF-8 before it was saved"
)
_DAMAGED_NULLS = ("Ã\x98", "Ã˜", "Ã\ufffd", "\ufffd")


@dataclass
class _Stretch:
    """Containers in a row under one schema, and of every column its values, in parts."""

    fields: tuple[Field, ...]
    count: int = 0
    columns: list[list[pl.Series]] = field(default_factory=list)


def _has_bit(masks: pl.Series, position: int) -> pl.Series:
    bit = 1 << position if position < _MASKED_COLUMNS else 0
    return (masks & bit) != 0


class Containers:
    """All containers of one kind, in the order they are written.

    The kind remembers schema and values through the whole answer. `ids` are the values they may
    have (None: any), `structure` their keys that are no values; a bare one has no value at all.
    """

    def __init__(
        self,
        name: str,
        at: str,
        dictionaries: Dictionaries,
        ids: frozenset[str] | None,
        structure: frozenset[str],
        *,
        may_be_bare: bool = False,
    ) -> None:
        self.name, self.at, self.dictionaries = name, at, dictionaries
        self.ids, self.structure, self.may_be_bare = ids, structure, may_be_bare
        self.counted = "row" if name.startswith("member") else "entry"
        self.count = 0
        self.types: dict[str, int] = {}
        self._schema: Any = None
        self._stretches: list[_Stretch] = []
        self._pending: list[Any] = []

    # --- what was read

    @property
    def seen(self) -> frozenset[str]:
        """The ids of the values any of them has; `types` has their type codes."""
        return frozenset(self.types)

    def lacks(self, value: str) -> int | None:
        """The position of the first container whose schema does not have the value."""
        position = 0
        for stretch in self._stretches:
            if all(described.id != value for described in stretch.fields):
                return position
            position += stretch.count
        return None

    def column(self, value: str) -> pl.Series:
        """The value of every container; null where its schema does not have it."""
        dtype = DTYPES[self.types.get(value, NULL)]
        parts = [pl.Series([], dtype=dtype)]
        for stretch in self._stretches:
            columns = [
                column
                for described, column in zip(stretch.fields, stretch.columns, strict=True)
                if described.id == value
            ]
            parts += (
                columns[0] if columns else [pl.repeat(None, stretch.count, dtype=dtype, eager=True)]
            )
        return pl.concat(parts)

    def lists(self) -> dict[str, list[Value]]:
        """Every value of every container as Python values."""
        return {
            value: python_values(self.column(value), type_code)
            for value, type_code in self.types.items()
        }

    # --- reading

    def fail(
        self, what: str, position: int | None = None, error: type[PowerBiError] = MalformedAnswer
    ) -> PowerBiError:
        """The error to raise about the container at that position, or about the first not read."""
        number = (self.count if position is None else position) + 1
        return error(what, where=f"{self.at}, {self.name}, {self.counted} {number}")

    def add(self, containers: list[Any]) -> None:
        """Take note of further containers; `read` reads them."""
        self._pending += containers

    @property
    def noted(self) -> int:
        """How many containers there are, read or not."""
        return self.count + len(self._pending)

    def read(self) -> None:
        """Read what was added. Raises `MalformedAnswer` or `UnsupportedAnswer`."""
        batch, self._pending = self._pending, []
        if not set(map(type, batch)) <= {dict}:
            self._refuse((type(each) is not dict for each in batch), "An entry is not an object")
        start = 0
        for position, container in enumerate(batch):
            if "S" in container and container["S"] != self._schema:
                self._read(batch[start:position])
                self._take_schema(container["S"])
                start = position
        self._read(batch[start:])

    def _refuse(self, wrong: Iterable[bool], what: str) -> None:
        """Raise about the first container of the batch that is wrong."""
        for offset, is_wrong in enumerate(wrong):
            if is_wrong:
                raise self.fail(what, self.count + offset)

    def _read(self, batch: list[dict[str, Any]]) -> None:
        """Read containers that share a schema."""
        if not batch:
            return
        keys = frozenset[str]().union(*batch)
        fields = self._stretches[-1].fields if self._stretches else ()
        self._refuse_unknown_keys(batch, keys, fields)
        if not fields:
            self._refuse(
                (not self.may_be_bare or bool(each.keys() & VALUE_KEYS) for each in batch),
                "No schema describes the values",
            )
            if not self._stretches:
                self._stretches.append(_Stretch(()))
        else:
            self._read_values(batch, keys, self._stretches[-1])
        self._stretches[-1].count += len(batch)
        self.count += len(batch)

    def _refuse_unknown_keys(
        self, batch: list[dict[str, Any]], keys: frozenset[str], fields: tuple[Field, ...]
    ) -> None:
        single = {fields[0].id} if len(fields) == 1 else set()
        for key in sorted(keys - self.structure - VALUE_KEYS - single):
            problem = _DAMAGED if key in _DAMAGED_NULLS else "has no meaning here"
            self._refuse((key in each for each in batch), f"The key {key!r} {problem}")
        for key in keys.intersection(self.structure, _FLAGS_OF_PAGES):
            self._refuse(
                (key in each and type(each[key]) is not int for each in batch),
                f"{key} is not a whole number",
            )

    def _take_schema(self, schema: Any) -> None:
        if not isinstance(schema, list) or not schema:
            raise self.fail("The schema names no value")
        fields = tuple(self._field(entry) for entry in schema)
        if len({each.id for each in fields}) != len(fields):
            raise self.fail("The schema names a value twice")
        for each in fields:
            if self.types.setdefault(each.id, each.type_code) != each.type_code:
                raise self.fail(f"The schema gives the value {each.id!r} another type than before")
        if len(self._stretches) == _MOST_SCHEMAS:
            raise self.fail(
                f"The schema changes more than {_MOST_SCHEMAS} times", error=UnsupportedAnswer
            )
        self._schema = schema
        self._stretches.append(_Stretch(fields, columns=[[] for _ in fields]))

    def _field(self, entry: Any) -> Field:
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("N"), str)
            or type(entry.get("T")) is not int
            or entry.keys() - {"N", "T", "DN"}
        ):
            raise self.fail(f"The schema has an entry that cannot be read: {str(entry)[:100]}")
        name, type_code, dictionary = entry["N"], entry["T"], entry.get("DN")
        if self.ids is not None and name not in self.ids:
            raise self.fail(f"The value {name!r} belongs to no column, total or key of its place")
        if name in VALUE_KEYS | STRUCTURE_KEYS:
            raise self.fail(f"A value cannot be called {name!r}")
        if not 0 <= type_code < len(TYPE_NAMES) or (dictionary is not None and type_code != TEXT):
            kind = f"{type_code} with a dictionary" if dictionary else f"{type_code}"
            raise self.fail(
                f"The value {name!r} is of type {kind}, which is not read", error=UnsupportedAnswer
            )
        if dictionary is None:
            return Field(name, type_code)
        if not isinstance(dictionary, str) or dictionary not in self.dictionaries:
            raise self.fail(
                f"The value {name!r} needs the dictionary {dictionary!r}, which is missing"
            )
        return Field(name, type_code, self.dictionaries[dictionary])

    def _read_values(
        self, batch: list[dict[str, Any]], keys: frozenset[str], stretch: _Stretch
    ) -> None:
        repeats, nulls = (
            self._masks(batch, key, keys, len(stretch.fields)) for key in (REPEATS, NULLS)
        )
        is_both = (repeats & nulls) != 0
        if is_both.any():
            self._refuse(is_both.to_list(), "A value is marked as both repeated and null")
        if not stretch.count and repeats[0]:
            raise self.fail("A value is marked as repeated, but none is before it")
        if len(stretch.fields) == 1:
            lists, absent = self._single_values(batch, stretch.fields[0].id)
            nulls = nulls.zip_with(~(absent & (repeats == 0)), pl.Series([1], dtype=pl.Int64))
        else:
            lists = [each.get("C", ()) for each in batch]
            self._refuse_no_lists(lists)
        lengths = pl.Series(map(len, lists), dtype=pl.Int64)
        self._refuse_other_lengths(lengths, repeats | nulls, stretch.fields)
        self._append(stretch, lists, lengths, repeats, nulls)

    def _append(
        self,
        stretch: _Stretch,
        lists: list[Any],
        lengths: pl.Series,
        repeats: pl.Series,
        nulls: pl.Series,
    ) -> None:
        """Read a batch column by column, each from where the columns before it stopped reading."""
        elements = [*chain.from_iterable(lists), None]
        nothing = pl.Series([len(elements) - 1])
        next_unread = lengths.cum_sum() - lengths
        for position, described in enumerate(stretch.fields):
            is_null, is_new = _has_bit(nulls, position), ~_has_bit(repeats, position)
            indexes = next_unread.zip_with(~is_null, nothing).filter(is_new).to_list()
            new = self._column(described, [elements[index] for index in indexes], is_new)
            next_unread += (is_new & ~is_null).cast(pl.Int64)
            parts = stretch.columns[position]
            if is_new.all():
                parts.append(new)
            else:
                before = parts[-1].tail(1) if parts else new.clear(1)
                parts.append(pl.concat([before, new]).gather(is_new.cast(pl.Int64).cum_sum()))

    def _masks(
        self, batch: list[dict[str, Any]], key: str, keys: frozenset[str], width: int
    ) -> pl.Series:
        if key not in keys:
            return pl.Series([0]).new_from_index(0, len(batch))
        masks = [each.get(key, 0) for each in batch]
        if set(map(type, masks)) != {int} or min(masks) < 0:
            self._refuse(
                (type(mask) is not int or mask < 0 for mask in masks),
                f"The mask {key} is not a whole number",
            )
        beyond = 1 << min(width, _MASKED_COLUMNS)
        if max(masks) >= beyond:
            what = (
                f"The mask {key} points beyond the {width} values of the schema, or beyond the"
                f" {_MASKED_COLUMNS} it can reach"
            )
            self._refuse((mask >= beyond for mask in masks), what)
        return pl.Series(masks, dtype=pl.Int64)

    def _single_values(
        self, batch: list[dict[str, Any]], value: str
    ) -> tuple[list[Any], pl.Series]:
        """A schema of one value: it is a property of its own, or null where there is none."""
        lists = [each.get("C", [each[value]] if value in each else ()) for each in batch]
        self._refuse(
            ("C" in each and value in each for each in batch), "The value is written twice"
        )
        self._refuse_no_lists(lists)
        return lists, pl.Series(
            ["C" not in each and value not in each for each in batch], dtype=pl.Boolean
        )

    def _refuse_no_lists(self, lists: list[Any]) -> None:
        if not set(map(type, lists)) <= {list, tuple}:
            self._refuse(
                (type(each) not in (list, tuple) for each in lists), "The values are not a list"
            )

    def _refuse_other_lengths(
        self, lengths: pl.Series, masks: pl.Series, fields: tuple[Field, ...]
    ) -> None:
        surplus = lengths + masks.bitwise_count_ones().cast(pl.Int64) - len(fields)
        is_wrong = surplus != 0
        if not is_wrong.any():
            return
        offset = is_wrong.arg_true()[0]
        if surplus[offset] > 0:
            what = f"The row has {surplus[offset]} values more than its schema and masks have room"
            raise self.fail(f"{what} for", self.count + offset)
        unmasked = [
            each.id
            for position, each in enumerate(fields)
            if position >= _MASKED_COLUMNS or not masks[offset] >> position & 1
        ]
        raise self.fail(
            f"The row ends before the value {unmasked[lengths[offset]]!r}", self.count + offset
        )

    def _column(self, described: Field, raws: list[Any], is_new: pl.Series) -> pl.Series:
        try:
            return column(described, raws)
        except Unreadable as error:
            raw = str(raws[error.position])[:60]
            what = (
                f"The value {described.id!r} ({raw!r}) cannot be read as"
                f" {TYPE_NAMES[described.type_code]}: {error.why}"
            )
            raise self.fail(what, self.count + is_new.arg_true()[error.position]) from error
