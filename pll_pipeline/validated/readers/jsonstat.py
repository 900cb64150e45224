"""JSON-stat 1 and 2 → the cube as published: a row for each cell, every number with its digits.

A response of version 1 wraps its dataset under a name of the publisher's choice; version 2 is the
dataset itself. Cells are in row-major order, and a cell without a value is a row too.
Not here: asking a statistics bank for a table (`raw/pxweb`), which cells mean something, numbers.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pll_pipeline.errors import PllError
from pll_pipeline.validated.readers.table import ROW_REFERENCE, NotRead, PublishedTable
from pll_pipeline.vocabulary.norwegian.text import comparable

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.sources.model import JsonStat

MOST_CELLS = 5_000_000
MOST_DIMENSIONS = 100
DEEPEST = 50  # lists and objects within each other; a dataset of version 2 in parts has 9
USUAL_DIMENSIONS = 8
VALUE, STATUS = "value", "status"
_AGAIN = "look at the publication and archive it again"
_WHOLE = "fetch or archive it again, whole"
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
# What a multiplier of a unit means: a power of ten, or the number itself.
_MULTIPLIERS = {"0": "", "1": "", "3": "thousand", "6": "million"}
_MULTIPLIERS |= {"1000": "thousand", "1000000": "million"}


class Dimension(NamedTuple):
    """One dimension of a cube: its categories in their order, with the units of those with one."""

    name: str
    codes: list[str]
    labels: list[str]
    units: list[str]


def read(
    content: bytes,
    how: JsonStat,  # noqa: ARG001 - readers are called alike, and this form has no settings
    *,
    where: str,
) -> PublishedTable:
    """One row per cell of the cube, and the units the publication states of the values.

    Columns: `<dimension>` (code) and `<dimension>_label` for each, `value`, `status`, and
    `row_reference` as file:cell n, counted from 0. All text, "" where the source has nothing. The
    parts of a table too large for one answer, kept as `{"parts": [dataset, …]}`, follow each other.

    Raises `PllError` for anything but one whole dataset whose sizes, categories and cells agree.
    """
    document = _parsed(content, where)
    parts = document.get("parts") if isinstance(document, dict) and len(document) == 1 else None
    if not isinstance(parts, list) or not parts:
        return _cube(document, where)
    places = [f"{where} part {number}" for number in range(1, len(parts) + 1)]
    # the cells of all parts are counted before the first is read
    _refuse_many_cells(sum(map(_cells_in, parts, places)), f"{len(parts)} parts together", where)
    return _joined([_cube(part, place) for part, place in zip(parts, places, strict=True)])


def _cells_in(document: Any, where: str) -> int:
    """The number of cells of a dataset by its sizes, and of the texts that they would become."""
    dataset = _dataset(document, where)
    described: dict[str, Any] = {k: _plain(dataset[k]) for k in ("id", "size") if k in dataset}
    found = dataset["dimension"]
    described["dimension"] = {key: _plain(found[key]) for key in ("id", "size") if key in found}
    names, sizes = _names_and_sizes(described, where)
    return _number_of_cells(names, sizes, where)


def _cube(document: Any, where: str) -> PublishedTable:
    dataset = _dataset(document, where)
    described = _plain({key: part for key, part in dataset.items() if key != VALUE})
    names, sizes = _names_and_sizes(described, where)
    cells = _number_of_cells(names, sizes, where)
    found = described["dimension"]
    dimensions = [
        _dimension(name, found.get(name), size, where)
        for name, size in zip(names, sizes, strict=True)
    ]
    values = _values(dataset.get(VALUE), cells, where)
    statuses = _statuses(described.get(STATUS), cells, where)
    frame, units = _frame(dimensions, _unit(described.get("unit")), values, statuses, where)
    return PublishedTable(
        frame,
        number_cells={VALUE: _number_cells(values)},
        faults=_faults(units),
        units={VALUE: units} if units.null_count() < units.len() else {},
        not_read=tuple(_explanations(described)),
        texts_around=(str(described.get("label") or ""),),
    )


def _joined(parts: Sequence[PublishedTable]) -> PublishedTable:
    """The parts of one table, one after the other."""
    import polars as pl

    first, offset = parts[0], 0
    faults: dict[tuple[int, str], str] = {}
    for part in parts:
        if part.columns != first.columns:
            what = f"The parts have different columns: {first.columns} and {part.columns}"
            reference = str(part.frame[ROW_REFERENCE][0])
            raise PllError(what, where=reference.partition(":")[0], do=_AGAIN)
        faults |= {(row + offset, column): why for (row, column), why in part.faults.items()}
        offset += part.frame.height
    nothing = [pl.repeat(None, part.frame.height, dtype=pl.String, eager=True) for part in parts]
    units = [part.units.get(VALUE, none) for part, none in zip(parts, nothing, strict=True)]
    return PublishedTable(
        pl.concat([part.frame for part in parts]),
        number_cells={VALUE: pl.concat([part.number_cells[VALUE] for part in parts])},
        faults=faults,
        units={VALUE: pl.concat(units)} if any(part.units for part in parts) else {},
        not_read=first.not_read,
        texts_around=first.texts_around,
    )


# --- JSON -----------------------------------------------------------------------------------------


def _parsed(content: bytes, where: str) -> Any:
    """The document. A number is its digits in a tuple, so that it is known from a text."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise PllError(
            "The file is HTML or XML, not JSON",
            where=where,
            do="open the address in a browser: the publisher may have moved it, or answered with an"
            " error page",
        )
    hooks = _Hooks(where)
    try:
        document = json.loads(
            content,
            parse_float=hooks.number,
            parse_int=hooks.number,
            parse_constant=hooks.number,
            object_pairs_hook=hooks.members,
        )
        _refuse_depth([document])
        return document
    except json.JSONDecodeError as error:
        place = f"{where}, line {error.lineno}, column {error.colno}"
        raise PllError(f"The file is not JSON: {error.msg}", where=place, do=_WHOLE) from error
    except UnicodeDecodeError as error:
        what = f"The file is not JSON: byte {error.start} is not {error.encoding}"
        raise PllError(what, where=where, do=_WHOLE) from error
    except RecursionError as error:
        what = "The file is nested too deeply to be a JSON-stat dataset"
        raise PllError(what, where=where, do=_AGAIN) from error


def _refuse_depth(part: Any, left: int = DEEPEST) -> None:
    """Raise `RecursionError` where more than `DEEPEST` lists and objects are within each other."""
    if not left:
        raise RecursionError
    for member in part.values() if isinstance(part, dict) else part:
        if isinstance(member, list | dict):
            _refuse_depth(member, left - 1)


class _Hooks:
    """What is made of the numbers and objects of a document while it is parsed."""

    def __init__(self, where: str) -> None:
        self._where = where

    def number(self, text: str) -> tuple[str]:
        """The digits of a number, as they are written."""
        if not math.isfinite(float(text)):
            what = f"The file has the number {_quoted(text)}, which is not finite"
            raise PllError(what, where=self._where, do=_AGAIN)
        return (text,)

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object, whose keys must differ."""
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                what = f"The key {_quoted(key)} is there twice in the same JSON object"
                raise PllError(what, where=self._where, do=_AGAIN)
            seen.add(key)
        raise AssertionError("fewer members than pairs, but no key twice")


def _plain(part: Any) -> Any:
    """A part of the document with its numbers as texts."""
    if isinstance(part, tuple):
        return part[0]
    if isinstance(part, dict):
        return {key: _plain(member) for key, member in part.items()}
    return [_plain(member) for member in part] if isinstance(part, list) else part


def _quoted(part: object) -> str:
    """Something as an error shows it: escaped where it is not printable, and cut."""
    shown = repr(_plain(part))
    return shown if len(shown) <= 200 else f"{shown[:197]}…"


# --- which dataset --------------------------------------------------------------------------------


def _dataset(document: Any, where: str) -> dict[str, Any]:
    """The one dataset of a response of either version."""
    if not isinstance(document, dict):
        what = "The file is JSON, but not a JSON-stat dataset: it is no object"
        raise PllError(what, where=where, do=_AGAIN)
    _refuse_error(document, where)
    kind = document.get("class", "dataset")
    if kind not in ("dataset", "bundle"):
        raise PllError(
            f"The file is a JSON-stat {_quoted(kind)}, not a dataset",
            where=where,
            do="give the source the address of one dataset",
        )
    dataset = document if _is_dataset(document) else _only_dataset_of(document, where)
    if not isinstance(dataset.get("dimension"), dict):
        raise PllError("The dataset has no dimensions", where=where, do=_AGAIN)
    return dataset


def _is_dataset(document: dict[str, Any]) -> bool:
    return "dimension" in document and (
        VALUE in document or "id" in document or document.get("class") == "dataset"
    )


def _only_dataset_of(bundle: dict[str, Any], where: str) -> dict[str, Any]:
    datasets = {
        name: member
        for name, member in bundle.items()
        if isinstance(member, dict) and ("dimension" in member or VALUE in member)
    }
    if not datasets:
        what = "The file is JSON, but contains no JSON-stat dataset"
        raise PllError(what, where=where, do=_AGAIN)
    if len(datasets) > 1:
        what = f"The file contains {len(datasets)} datasets: {_quoted(sorted(datasets))}"
        raise PllError(what, where=where, do="ask the publisher for one dataset at a time")
    return next(iter(datasets.values()))


def _refuse_error(document: dict[str, Any], where: str) -> None:
    """Statistics banks answer with an object that describes an error, sometimes with status 200."""
    is_error = document.get("class") == "error" or any(
        document.get(key) for key in ("error", "errors")
    )
    is_problem = not any(isinstance(member, dict) for member in document.values()) and bool(
        {"title", "detail", "message"} & document.keys()
    )
    if not is_error and not is_problem:
        return
    keys = ("error", "errors", "detail", "message", "label", "title")
    description = next((document[key] for key in keys if document.get(key)), document)
    raise PllError(
        f"The statistics bank answered with an error: {_quoted(description)}",
        where=where,
        do="correct what the source asks for, or ask again later, then archive the answer",
    )


# --- dimensions -----------------------------------------------------------------------------------


def _names_and_sizes(dataset: dict[str, Any], where: str) -> tuple[list[str], list[int]]:
    described = dataset if "id" in dataset else dataset["dimension"]
    names, sizes = described.get("id"), described.get("size")
    if not isinstance(names, list) or not isinstance(sizes, list) or len(names) != len(sizes):
        names = sizes = []
    if not names:
        what = (
            "The dataset does not name its dimensions: id and size must be lists of the same length"
        )
        raise PllError(what, where=where, do=_AGAIN)
    if len(names) > MOST_DIMENSIONS:
        what = f"The dataset has {len(names)} dimensions, more than {MOST_DIMENSIONS}"
        raise PllError(what, where=where, do=_AGAIN)
    if not all(isinstance(name, str) and name for name in names):
        raise PllError(f"The dataset names its dimensions {_quoted(names)}", where=where, do=_AGAIN)
    of_dimensions = (
        column for name in map(comparable, names) for column in (name, f"{name}_label")
    )
    columns = [*of_dimensions, VALUE, STATUS, ROW_REFERENCE]
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        raise PllError(
            f"Two columns would be named {_quoted(twice)}: the dimensions are {_quoted(names)}",
            where=where,
            do="read this publication in another form, as delimited text",
        )
    return names, [
        _whole_number(size, f"the size of {_quoted(name)}", where)
        for name, size in zip(names, sizes, strict=True)
    ]


def _refuse_many_cells(cells: int, what: str, where: str) -> None:
    if cells > MOST_CELLS:
        raise PllError(
            f"The dataset has {cells} cells in {what}, more than {MOST_CELLS}",
            where=where,
            do="ask the statistics bank for another selection",
        )


def _number_of_cells(names: list[str], sizes: list[int], where: str) -> int:
    cells = math.prod(sizes)
    # each dimension becomes a text for its code and one for its label in every row
    _refuse_many_cells(cells * len(names) // USUAL_DIMENSIONS, f"{len(names)} dimensions", where)
    if 0 < cells <= MOST_CELLS:
        return cells
    what = f"{cells} cells, more than {MOST_CELLS}" if cells else "no cells"
    raise PllError(
        f"The dataset has {what}: its sizes are {' × '.join(map(str, sizes[:20]))}",
        where=where,
        do="ask the statistics bank for another selection",
    )


def _whole_number(text: Any, name: str, where: str) -> int:
    if isinstance(text, str) and _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    what = f"{name[0].upper()}{name[1:]} is {_quoted(text)}, not a whole number"
    raise PllError(what, where=where, do=_AGAIN)


def _dimension(name: str, described: Any, size: int, where: str) -> Dimension:
    category = described.get("category") if isinstance(described, dict) else None
    if not isinstance(category, dict):
        what = f"The dimension {_quoted(name)} is named in id but not described under dimension"
        raise PllError(what, where=where, do=_AGAIN)
    labels, units = category.get("label") or {}, category.get("unit") or {}
    if not isinstance(labels, dict):
        what = f"The labels of the dimension {_quoted(name)} are no object"
        raise PllError(what, where=where, do=_AGAIN)
    # a dimension of one category may leave out its index: the label then names it
    codes = _codes(name, category.get("index", list(labels)), size, where)
    texts = [labels.get(code) or "" for code in codes]
    if not all(isinstance(text, str) for text in texts):
        what = f"A label of the dimension {_quoted(name)} is no text"
        raise PllError(what, where=where, do=_AGAIN)
    of_codes = [_unit(units.get(code)) if isinstance(units, dict) else "" for code in codes]
    return Dimension(comparable(name), codes, texts, of_codes)


def _codes(name: str, index: Any, size: int, where: str) -> list[str]:
    """The category codes in their order, from a list of codes or an object of code → position."""
    what = ""
    if not isinstance(index, list | dict):
        what = f"The categories of the dimension {_quoted(name)} are neither a list nor an object"
    elif len(index) != size:
        what = f"The dimension {_quoted(name)} has {len(index)} categories, its size is {size}"
    if what:
        raise PllError(what, where=where, do=_AGAIN)
    codes = _by_position(name, index, where) if isinstance(index, dict) else list(index)
    if not all(isinstance(code, str) for code in codes) or len(set(codes)) < size:
        what = (
            f"The categories of the dimension {_quoted(name)} are no texts, or one is there twice"
        )
        raise PllError(what, where=where, do=_AGAIN)
    return codes


def _by_position(name: str, index: dict[str, Any], where: str) -> list[str]:
    """The codes of an object of code → position, in the order of their positions."""
    codes: dict[int, str] = {}
    for code, text in index.items():
        of_category = f"the position of category {_quoted(code)} of {_quoted(name)}"
        position = _whole_number(text, of_category, where)
        if position >= len(index) or position in codes:
            problem = "is taken twice" if position in codes else "is out of range"
            what = (
                f"The position {position} of category {_quoted(code)} of the dimension"
                f" {_quoted(name)} {problem}"
            )
            raise PllError(what, where=where, do=_AGAIN)
        codes[position] = code
    return [codes[position] for position in range(len(index))]


def _unit(described: Any) -> str:
    """A unit in words, as "thousand personer" or "1 000 personer"; "" where none is stated."""
    if isinstance(described, str):
        return described.strip()
    if not isinstance(described, dict):
        return ""
    multiplier = str(described.get("multiplier") or "0")
    scale = _MULTIPLIERS.get(multiplier, f"{_OF_UNKNOWN_SIZE} {multiplier}")
    words = [scale, *(described.get(key) for key in ("base", "label", "symbol"))]
    texts = dict.fromkeys(word.strip() for word in words if isinstance(word, str))
    return " ".join(text for text in texts if text)


# --- cells ----------------------------------------------------------------------------------------

_OF_UNKNOWN_SIZE = "multiplied by"


def _values(values: Any, cells: int, where: str) -> list[Any]:
    """The value of every cell: a tuple for a number, a text, or None."""
    if not isinstance(values, list | dict):
        raise PllError("The dataset has no values", where=where, do=_AGAIN)
    return _of_cells(values, cells, VALUE, "values", where)


def _statuses(statuses: Any, cells: int, where: str) -> list[str]:
    if statuses is None or isinstance(statuses, str):
        return [statuses or ""] * cells
    if not isinstance(statuses, list | dict):
        what = "The status of the dataset is neither a text, a list nor an object"
        raise PllError(what, where=where, do=_AGAIN)
    if isinstance(statuses, list) and len(statuses) == 1:  # one status for all cells
        statuses = statuses * cells
    return [
        "" if text is None else text
        for text in _of_cells(statuses, cells, STATUS, "statuses", where)
    ]


def _of_cells(
    parts: list[Any] | dict[str, Any], cells: int, what: str, plural: str, where: str
) -> list[Any]:
    """What a list, or an object of position → text, has for every cell."""
    if isinstance(parts, dict):
        parts = _spread(parts, cells, what, where)
    elif len(parts) != cells:
        raise PllError(
            f"The dataset has {len(parts)} {plural}, its sizes make {cells}",
            where=where,
            do="see whether the file was cut off, then archive it again",
        )
    fitting = (str, tuple, type(None))
    wrong = next((n for n, part in enumerate(parts) if not isinstance(part, fitting)), None)
    if wrong is not None:
        problem = (
            f"The {what} of cell {wrong} is {_quoted(parts[wrong])}, neither a number nor a text"
        )
        raise PllError(problem, where=where, do=_AGAIN)
    return parts


def _spread(parts: dict[str, Any], cells: int, what: str, where: str) -> list[Any]:
    spread: list[Any] = [None] * cells
    for text, part in parts.items():
        position = _whole_number(text, f"the position of a {what}", where)
        if position >= cells:
            problem = f"The position {position} of a {what} is out of range"
            raise PllError(f"{problem}: the dataset has {cells} cells", where=where, do=_AGAIN)
        spread[position] = part
    return spread


def _number_cells(values: list[Any]) -> pl.Series:
    import polars as pl

    return pl.Series([isinstance(value, tuple) for value in values], dtype=pl.Boolean)


# --- the published table --------------------------------------------------------------------------


def _frame(
    dimensions: list[Dimension], unit: str, values: list[Any], statuses: list[str], where: str
) -> tuple[pl.DataFrame, pl.Series]:
    """The frame, and the unit of each of its values; null where none is stated."""
    import polars as pl

    numbered = pl.int_range(len(values), eager=True)
    columns: dict[str, pl.Series] = {}
    units = [pl.repeat(unit, len(values), dtype=pl.String, eager=True)]
    stride = len(values)
    try:
        for name, codes, labels, of_codes in dimensions:
            stride //= len(codes)
            category = (numbered // stride) % len(codes)  # row-major: the last one changes fastest
            columns[name] = pl.Series(codes, dtype=pl.String).gather(category)
            columns[f"{name}_label"] = pl.Series(labels, dtype=pl.String).gather(category)
            if any(of_codes):
                units.append(pl.Series(of_codes, dtype=pl.String).gather(category))
        texts = [value[0] if isinstance(value, tuple) else value or "" for value in values]
        columns[VALUE] = pl.Series(texts, dtype=pl.String)
        columns[STATUS] = pl.Series(statuses, dtype=pl.String)
        frame = pl.DataFrame(columns)
    except UnicodeEncodeError as error:  # JSON can write half a character, as "\ud800"
        what = "The dataset has a text with half a character in it"
        raise PllError(what, where=where, do=_AGAIN) from error
    file = where.rsplit("/", 1)[-1]
    reference = f"{file}:cell " + numbered.cast(pl.String)
    together = pl.select(pl.concat_str(units, separator=" ").str.strip_chars())
    stated = together.to_series().replace("", None)
    return frame.with_columns(reference.alias(ROW_REFERENCE)), stated


def _faults(units: pl.Series) -> dict[tuple[int, str], str]:
    """A cell whose unit has a multiplier of no known meaning is one whose size is not known."""
    unknown = units.str.contains(_OF_UNKNOWN_SIZE, literal=True).fill_null(False).arg_true()
    return {
        (row, VALUE): f"has a unit with a multiplier that is not understood: {units[row]!r}"
        for row in unknown
    }


def _explanations(dataset: dict[str, Any]) -> Iterator[NotRead]:
    """The notes of the dataset, and what its marks mean: for a person to read."""
    notes = dataset.get("note")
    texts = [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
    if texts:
        yield NotRead("the dataset", "notes", len(texts), texts[0])
    extension = dataset.get("extension")
    status = extension.get(STATUS) if isinstance(extension, dict) else None
    labels = status.get("label") if isinstance(status, dict) else None
    if isinstance(labels, dict) and labels:
        mark, meaning = next(iter(labels.items()))
        yield NotRead("the dataset", "meanings of status marks", len(labels), f"{mark} {meaning}")
