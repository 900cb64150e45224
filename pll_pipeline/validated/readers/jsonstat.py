"""JSON-stat 1 and 2 → the cube as published: a row for each cell, every number with the digits it was printed with.

A response of version 1 wraps its dataset under a name of the publisher's choice; version 2 is the dataset itself. Cells
stand in row-major order, and a cell without a value is a row too. Not here: asking a statistics bank for a table
(`fetchers/`), which cells mean something, units, numbers.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pll_pipeline.errors import PllError

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.sources.model import JsonStat

MOST_CELLS = 5_000_000
_AGAIN = "look at the publication and archive it again"
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


class Dimension(NamedTuple):
    """One dimension of a cube: its categories in their order."""

    name: str
    codes: list[str]
    labels: list[str]


def read(content: bytes, how: JsonStat, *, where: str) -> pl.DataFrame:
    """One row per cell: `<dimension>` (code) and `<dimension>_label` for each, `value`, `status`, and `row_reference` as
    file:cell n, counted from 0. All text, "" where the source says nothing. A table too large for one answer is kept as
    `{"parts": [dataset, …]}`; its parts follow each other.

    Raises `PllError` for anything but one whole dataset whose sizes, categories and cells agree with each other.
    """
    document = _parsed(content, where)
    if (
        isinstance(document, dict)
        and document.keys() == {"parts"}
        and isinstance(document["parts"], list)
        and document["parts"]
    ):
        import polars as pl

        return pl.concat(
            [
                _cube(part, f"{where} part {number}")
                for number, part in enumerate(document["parts"], 1)
            ]
        )
    return _cube(document, where)


def _cube(document: Any, where: str) -> pl.DataFrame:
    dataset = _dataset(document, where)
    names, sizes = _names_and_sizes(dataset, where)
    cells = _number_of_cells(sizes, where)
    found = dataset["dimension"]
    dimensions = [
        _dimension(name, found.get(name), size, where)
        for name, size in zip(names, sizes, strict=True)
    ]
    values = _values(dataset.get("value"), cells, where)
    statuses = _statuses(dataset.get("status"), cells, where)
    return _frame(dimensions, values, statuses, where)


# --- JSON -----------------------------------------------------------------------------------------------------------


def _parsed(content: bytes, where: str) -> Any:
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        do = "open the address in a browser: the publisher may have moved it, or answered with an error page"
        raise PllError("The file is HTML or XML, not JSON", where=where, do=do)

    def number(text: str) -> str:
        if not math.isfinite(float(text)):
            raise PllError(
                f"The file has the number {_quoted(text)}, which is not finite",
                where=where,
                do=_AGAIN,
            )
        return text

    def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise PllError(
                f"The key {_quoted(twice)} stands twice in the same JSON object",
                where=where,
                do=_AGAIN,
            )
        return members

    try:
        return json.loads(
            content,
            parse_float=number,
            parse_int=number,
            parse_constant=number,
            object_pairs_hook=without_repeats,
        )
    except json.JSONDecodeError as error:
        place = f"{where}, line {error.lineno}, column {error.colno}"
        raise PllError(
            f"The file is not JSON: {error.msg}", where=place, do="fetch or archive it again, whole"
        ) from error
    except UnicodeDecodeError as error:
        raise PllError(
            f"The file is not JSON: byte {error.start} is not {error.encoding}",
            where=where,
            do="fetch or archive it again, whole",
        ) from error
    except RecursionError as error:
        raise PllError(
            "The file is nested too deeply to be a JSON-stat dataset", where=where, do=_AGAIN
        ) from error


def _quoted(text: object) -> str:
    """The text as an error shows it: escaped where it is not printable, and cut."""
    shown = repr(text)
    return shown if len(shown) <= 200 else f"{shown[:197]}…"


# --- which dataset --------------------------------------------------------------------------------------------------


def _dataset(document: Any, where: str) -> dict[str, Any]:
    """The one dataset of a response of either version."""
    if not isinstance(document, dict):
        raise PllError(
            "The file is JSON, but not a JSON-stat dataset: it is no object", where=where, do=_AGAIN
        )
    _refuse_an_error(document, where)
    kind = document.get("class", "dataset")
    if kind not in ("dataset", "bundle"):
        raise PllError(
            f"The file is a JSON-stat {_quoted(kind)}, not a dataset",
            where=where,
            do="give the source the address of one dataset",
        )
    dataset = document if _is_dataset(document) else _only_one_of(document, where)
    if not isinstance(dataset.get("dimension"), dict):
        raise PllError("The dataset has no dimensions", where=where, do=_AGAIN)
    return dataset


def _is_dataset(document: dict[str, Any]) -> bool:
    return "dimension" in document and (
        "value" in document or "id" in document or document.get("class") == "dataset"
    )


def _only_one_of(bundle: dict[str, Any], where: str) -> dict[str, Any]:
    datasets = {
        name: member
        for name, member in bundle.items()
        if isinstance(member, dict) and ("dimension" in member or "value" in member)
    }
    if not datasets:
        raise PllError("The file is JSON, but holds no JSON-stat dataset", where=where, do=_AGAIN)
    if len(datasets) > 1:
        problem = f"The file holds {len(datasets)} datasets: {_quoted(sorted(datasets))}"
        raise PllError(problem, where=where, do="ask the publisher for one dataset at a time")
    return next(iter(datasets.values()))


def _refuse_an_error(document: dict[str, Any], where: str) -> None:
    """Statistics banks answer with an object that says what went wrong, sometimes as if all were well."""
    says_error = document.get("class") == "error" or bool(
        document.get("error") or document.get("errors")
    )
    says_problem = not any(isinstance(member, dict) for member in document.values()) and bool(
        {"title", "detail", "message"} & document.keys()
    )
    if says_error or says_problem:
        told = next(
            (
                document[key]
                for key in ("error", "errors", "detail", "message", "label", "title")
                if document.get(key)
            ),
            document,
        )
        do = "correct what the source asks for, or ask again later, then archive the answer"
        raise PllError(
            f"The statistics bank answered with an error: {_quoted(told)}", where=where, do=do
        )


# --- dimensions -----------------------------------------------------------------------------------------------------


def _names_and_sizes(dataset: dict[str, Any], where: str) -> tuple[list[str], list[int]]:
    holder = dataset if "id" in dataset else dataset["dimension"]
    names, sizes = holder.get("id"), holder.get("size")
    if (
        not isinstance(names, list)
        or not isinstance(sizes, list)
        or not names
        or len(names) != len(sizes)
    ):
        raise PllError(
            "The dataset does not say its dimensions: id and size must be lists of the same length",
            where=where,
            do=_AGAIN,
        )
    if not all(isinstance(name, str) and name for name in names):
        raise PllError(f"The dataset names its dimensions {_quoted(names)}", where=where, do=_AGAIN)
    columns = [
        *(column for name in names for column in (name, f"{name}_label")),
        "value",
        "status",
        "row_reference",
    ]
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        problem = (
            f"Two columns would be named {_quoted(twice)}: the dimensions are {_quoted(names)}"
        )
        raise PllError(
            problem, where=where, do="read this publication in another form, as delimited text"
        )
    return names, [
        _whole_number(size, f"the size of {_quoted(name)}", where)
        for name, size in zip(names, sizes, strict=True)
    ]


def _number_of_cells(sizes: list[int], where: str) -> int:
    cells = math.prod(sizes)
    if not 0 < cells <= MOST_CELLS:
        problem = (
            "The dataset has no cells"
            if not cells
            else f"The dataset has {cells} cells, more than {MOST_CELLS}"
        )
        raise PllError(
            f"{problem}: its sizes are {' × '.join(map(str, sizes[:20]))}",
            where=where,
            do="ask the statistics bank for another selection",
        )
    return cells


def _whole_number(text: Any, meant_as: str, where: str) -> int:
    if not isinstance(text, str) or not _WHOLE_NUMBER.fullmatch(text):
        raise PllError(
            f"{meant_as[0].upper()}{meant_as[1:]} is {_quoted(text)}, not a whole number",
            where=where,
            do=_AGAIN,
        )
    return int(text)


def _dimension(name: str, described: Any, size: int, where: str) -> Dimension:
    if not isinstance(described, dict) or not isinstance(described.get("category"), dict):
        raise PllError(
            f"The dimension {_quoted(name)} is named in id but not described under dimension",
            where=where,
            do=_AGAIN,
        )
    category = described["category"]
    labels = category.get("label") or {}
    if not isinstance(labels, dict):
        raise PllError(
            f"The labels of the dimension {_quoted(name)} are no object", where=where, do=_AGAIN
        )
    # a dimension of one category may leave out its index: the label then names it
    codes = _codes(name, category.get("index", list(labels)), size, where)
    texts = [labels.get(code) or "" for code in codes]
    if not all(isinstance(text, str) for text in texts):
        raise PllError(
            f"A label of the dimension {_quoted(name)} is no text", where=where, do=_AGAIN
        )
    return Dimension(name, codes, texts)


def _codes(name: str, index: Any, size: int, where: str) -> list[str]:
    """The category codes in their order, from an array of codes or an object of code → position."""
    if not isinstance(index, list | dict):
        raise PllError(
            f"The categories of the dimension {_quoted(name)} are neither a list nor an object",
            where=where,
            do=_AGAIN,
        )
    if len(index) != size:
        raise PllError(
            f"The dimension {_quoted(name)} has {len(index)} categories, its size is {size}",
            where=where,
            do=_AGAIN,
        )
    codes = list(index)
    if isinstance(index, dict):
        placed: dict[int, str] = {}
        for code, text in index.items():
            at = _whole_number(
                text, f"the position of category {_quoted(code)} of {_quoted(name)}", where
            )
            if at >= size or at in placed:
                problem = "is out of range" if at >= size else "is taken twice"
                raise PllError(
                    f"The position {at} of category {_quoted(code)} of the dimension {_quoted(name)} {problem}",
                    where=where,
                    do=_AGAIN,
                )
            placed[at] = code
        codes = [placed[at] for at in range(size)]
    if not all(isinstance(code, str) for code in codes) or len(set(codes)) < size:
        raise PllError(
            f"The categories of the dimension {_quoted(name)} are no texts, or one stands twice",
            where=where,
            do=_AGAIN,
        )
    return codes


# --- cells ----------------------------------------------------------------------------------------------------------


def _values(found: Any, cells: int, where: str) -> list[str]:
    if not isinstance(found, list | dict):
        raise PllError("The dataset has no values", where=where, do=_AGAIN)
    if isinstance(found, list) and len(found) != cells:
        problem = f"The dataset has {len(found)} values, its sizes make {cells}"
        raise PllError(
            problem, where=where, do="see whether the file was cut off, then archive it again"
        )
    return _texts(found, cells, "value", where)


def _statuses(found: Any, cells: int, where: str) -> list[str]:
    if found is None:
        return [""] * cells
    if isinstance(found, str):
        return [found] * cells
    if not isinstance(found, list | dict):
        raise PllError(
            "The status of the dataset is neither a text, a list nor an object",
            where=where,
            do=_AGAIN,
        )
    if isinstance(found, list) and len(found) == 1:  # said once, meant of all cells
        return _texts(found, 1, "status", where) * cells
    if isinstance(found, list) and len(found) != cells:
        problem = f"The dataset has {len(found)} statuses, its sizes make {cells}"
        raise PllError(
            problem, where=where, do="see whether the file was cut off, then archive it again"
        )
    return _texts(found, cells, "status", where)


def _texts(found: list[Any] | dict[str, Any], cells: int, what: str, where: str) -> list[str]:
    """The text of every cell, from all of them or from an object of position → text."""
    if isinstance(found, dict):
        spread: list[Any] = [None] * cells
        for position, text in found.items():
            at = _whole_number(position, f"the position of a {what}", where)
            if at >= cells:
                raise PllError(
                    f"The position {at} of a {what} is out of range: the dataset has {cells} cells",
                    where=where,
                    do=_AGAIN,
                )
            spread[at] = text
        found = spread
    texts = ["" if text is None else text for text in found]
    wrong = next((at for at, text in enumerate(texts) if not isinstance(text, str)), None)
    if wrong is not None:
        raise PllError(
            f"The {what} of cell {wrong} is {_quoted(texts[wrong])}, neither a number nor a text",
            where=where,
            do=_AGAIN,
        )
    return texts


def _frame(
    dimensions: list[Dimension], values: list[str], statuses: list[str], where: str
) -> pl.DataFrame:
    import polars as pl

    cells = len(values)
    numbered = pl.int_range(cells, eager=True)
    columns: dict[str, pl.Series] = {}
    stride = cells
    try:
        for dimension in dimensions:
            stride //= len(dimension.codes)
            at = (numbered // stride) % len(
                dimension.codes
            )  # row-major: the last dimension changes fastest
            columns[dimension.name] = pl.Series(dimension.codes, dtype=pl.String).gather(at)
            columns[f"{dimension.name}_label"] = pl.Series(
                dimension.labels, dtype=pl.String
            ).gather(at)
        columns["value"] = pl.Series(values, dtype=pl.String)
        columns["status"] = pl.Series(statuses, dtype=pl.String)
        frame = pl.DataFrame(columns)
    except UnicodeEncodeError as error:  # JSON can write half a character, as "\ud800"
        raise PllError(
            "The dataset has a text with half a character in it", where=where, do=_AGAIN
        ) from error
    file = where.rsplit("/", 1)[-1]
    return frame.with_columns(
        (pl.lit(f"{file}:cell ") + numbered.cast(pl.String)).alias("row_reference")
    )
