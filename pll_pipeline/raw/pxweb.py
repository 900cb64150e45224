"""A table of a PxWeb statistics bank: what it holds is asked first, then the cells, in as many questions as the bank wants.

The interface is PxWebApi 2, described at https://www.pxtools.net/PxWebApi/documentation/user-guide and, as Statistics Norway
runs it, at https://www.ssb.no/en/api/statbank-pxwebapi-user-guide. Expressions are expanded here, against the table's own
metadata, so that the number of cells is known before a question is put. Not here: how anybody is asked (`http.py`), what
the cells mean (`readers/jsonstat.py`).
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot, keep, newest_snapshot, verify
from pll_pipeline.raw.http.body import is_web_page
from pll_pipeline.raw.http.client import Answer, Client
from pll_pipeline.raw.http.failures import NotAnswered
from pll_pipeline.sources.model import PxWeb, Source

# the least limit a national bank is known to set, Statistics Sweden's; for a bank whose configuration does not tell its own
USUAL_MAX_CELLS = 150_000
USUAL_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 10.0
MOST_PARTS = 500
MOST_CELLS_TO_LOOK_AT = 5_000
_FORM = "lang=no&outputFormat=json-stat2"
_COUNT = re.compile(r"(TOP|BOTTOM)\(([1-9]\d{0,8})(?:,(\d{1,9}))?\)", re.IGNORECASE | re.ASCII)
_BOUND = re.compile(r"(FROM|TO|RANGE)\(([^,()]+)(?:,([^,()]+))?\)", re.IGNORECASE)

Selection = dict[str, list[str]]
_Document = TypeVar("_Document", bound=BaseModel)


class Variable(NamedTuple):
    """A variable of a table: its codes in their order. One that can be eliminated may be left out, and is then summed over."""

    name: str
    codes: list[str]
    is_time: bool = False
    can_be_eliminated: bool = False


class _Category(BaseModel):
    index: dict[str, int] | list[str] = Field(default_factory=list)
    label: dict[str, str] = Field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        # the index may be left out where there is one category only
        return (
            sorted(self.index, key=self.index.__getitem__)
            if isinstance(self.index, dict)
            else self.index or list(self.label)
        )


class _DimensionExtension(BaseModel):
    elimination: bool = False


class _Dimension(BaseModel):
    category: _Category
    extension: _DimensionExtension = Field(default_factory=_DimensionExtension)


class _Role(BaseModel):
    time: list[str] = Field(default_factory=list)


class _Table(BaseModel):
    """What JSON-stat 2 says of a table, with its cells or without."""

    id: list[str] = Field(min_length=1)
    dimension: dict[str, _Dimension]
    role: _Role = Field(default_factory=_Role)
    updated: str | None = None

    @model_validator(mode="after")
    def _describes_its_dimensions(self) -> _Table:
        if not self.dimension.keys() >= set(self.id):
            raise ValueError("a dimension is named and not described")
        return self

    def variables(self) -> list[Variable]:
        found = ((name, self.dimension[name]) for name in self.id)
        return [
            Variable(name, d.category.codes, name in self.role.time, d.extension.elimination)
            for name, d in found
        ]


class _Config(BaseModel):
    """The bank's limits; a limit of 0 questions is none."""

    maxDataCells: int = Field(USUAL_MAX_CELLS, ge=1)
    maxCallsPerTimeWindow: int = 0
    timeWindow: int = 0

    @property
    def pause_seconds(self) -> float:
        if self.maxCallsPerTimeWindow <= 0 or self.timeWindow <= 0:
            return USUAL_PAUSE_SECONDS
        return min(self.timeWindow / self.maxCallsPerTimeWindow, LONGEST_PAUSE_SECONDS)


def fetch(
    source: Source, how: PxWeb, raw: Path, *, sleep: Callable[[float], None] = time.sleep
) -> tuple[Snapshot, bool]:
    """The newest snapshot after asking the bank, and whether it is new.

    Where neither the table nor what is asked of it has changed, no cell is asked for. One answer is kept byte for byte,
    several as `{"parts": [answer, …]}`. Raises `PllError` for a variable or code the table does not have and for an answer
    that is not what was asked, `NotAnswered` when the bank may answer another time.
    """
    table = f"{how.address.rstrip('/')}/tables/{how.table}"
    newest = newest_snapshot(raw, source.name)
    with Client(how, sleep=sleep) as client:
        described = client.get(f"{table}/metadata?{_FORM}")
        metadata = _read(described, _Table)
        selection = selected(metadata.variables(), how.values, where=f"{source.name}, {table}")
        asked = {"table": table, "updated": metadata.updated, "selection": selection}
        if (
            newest is not None
            and metadata.updated
            and newest.origin.get("asked") == asked
            and [f.name for f in newest.files] == [how.file]
        ):
            verify(newest)
            return newest, False
        config = client.get(f"{how.address.rstrip('/')}/config")
        limits = _read(config, _Config)
        answers = _cells(client, table, selection, limits, how.largest_bytes, sleep)
        if len(answers) > 1:
            _refuse_change(metadata, _read(client.get(f"{table}/metadata?{_FORM}"), _Table), table)
    content = (
        answers[0].content
        if len(answers) == 1
        else b'{"parts": ['
        + b",\n".join(a.content.removeprefix(b"\xef\xbb\xbf") for a in answers)
        + b"]}\n"
    )
    origin = {
        "method": "pxweb",
        "asked": asked,
        "requests": [answer.record() for answer in (described, config, *answers)],
    }
    return keep(raw, source.name, {how.file: content}, origin)


def look(how: PxWeb) -> bytes:
    """The newest period of the table, as much of it as one cares to look at. Never to be kept. Raises as `fetch` does."""
    table = f"{how.address.rstrip('/')}/tables/{how.table}"
    with Client(how) as client:
        variables = _read(client.get(f"{table}/metadata?{_FORM}"), _Table).variables()
        newest = {variable.name: ["TOP(1)"] for variable in variables if variable.is_time}
        selection = selected(
            variables, newest | {v.name: ["*"] for v in variables if not v.is_time}, where=table
        )
        return client.post(
            f"{table}/data?{_FORM}", json=_question(next(parts(selection, MOST_CELLS_TO_LOOK_AT)))
        ).content


def selected(
    variables: list[Variable], values: Mapping[str, list[str]], *, where: str
) -> Selection:
    """The codes to ask for, by variable in the table's order. A variable `values` does not name is left out if it can be eliminated, else taken whole.

    Raises `PllError` for a variable the table does not have, a code that is not there, and an expression that finds nothing.
    """
    names = [variable.name for variable in variables]
    for name in values:
        if name not in names:
            raise PllError(
                f"The table has no variable {name!r}; it has {', '.join(names)}",
                where=where,
                do=_CORRECT,
            )
    asked = [v for v in variables if v.name in values or not v.can_be_eliminated]
    return {v.name: expanded(v, values.get(v.name, ["*"]), where=where) for v in asked}


def expanded(variable: Variable, expressions: list[str], *, where: str) -> list[str]:
    """The codes that codes and expressions mean, each once, in the table's order.

    TOP counts from the newest period, or from the first code of another variable; BOTTOM from the other end.
    """
    chosen = {code for expression in expressions for code in _meant(variable, expression, where)}
    if not chosen:
        raise PllError(
            f"Nothing is asked of the variable {variable.name!r}", where=where, do=_CORRECT
        )
    return [code for code in variable.codes if code in chosen]


def parts(selection: Selection, most_cells: int) -> Iterator[Selection]:
    """The selection in parts of at most so many cells, cut along its largest variable, in order."""
    cells = _number_of_cells(selection)
    if cells <= most_cells:
        yield selection
        return
    largest = max(selection, key=lambda name: len(selection[name]))
    codes = selection[largest]
    size = max(1, most_cells // (cells // len(codes)))
    for start in range(0, len(codes), size):
        yield from parts({**selection, largest: codes[start : start + size]}, most_cells)


_CORRECT = "correct fetch.values in the source file"


def _meant(variable: Variable, expression: str, where: str) -> list[str]:
    codes = variable.codes
    if expression in codes:
        return [expression]
    if count := _COUNT.fullmatch(expression):
        word, number, skipped = count[1].upper(), int(count[2]), int(count[3] or 0)
        from_the_end = (word == "TOP") == variable.is_time
        return (codes[::-1] if from_the_end else codes)[skipped : skipped + number]
    if (bound := _BOUND.fullmatch(expression)) and (bound[1].upper() == "RANGE") == (
        bound[3] is not None
    ):
        return _between(variable, bound, where)
    if "*" in expression or "?" in expression:
        pattern = re.escape(expression).replace(r"\*", ".*").replace(r"\?", ".")
        if found := [code for code in codes if re.fullmatch(pattern, code, re.DOTALL)]:
            return found
    raise _not_there(variable, expression, where)


def _between(variable: Variable, bound: re.Match[str], where: str) -> list[str]:
    places = [
        _place(variable, code.strip(), where) for code in bound.groups()[1:] if code is not None
    ]
    word = bound[1].upper()
    first = 0 if word == "TO" else min(places)
    last = len(variable.codes) - 1 if word == "FROM" else max(places)
    return variable.codes[first : last + 1]


def _place(variable: Variable, code: str, where: str) -> int:
    if code not in variable.codes:
        raise _not_there(variable, code, where)
    return variable.codes.index(code)


def _not_there(variable: Variable, said: str, where: str) -> PllError:
    nearest = ", ".join(get_close_matches(said, variable.codes, cutoff=0.0))
    return PllError(
        f"The variable {variable.name!r} has nothing that is {said!r}; the nearest are {nearest or 'none'}",
        where=where,
        do=_CORRECT,
    )


def _cells(
    client: Client,
    table: str,
    selection: Selection,
    limits: _Config,
    most_bytes: int,
    sleep: Callable[[float], None],
) -> list[Answer]:
    """The answers for all cells of a selection, in order."""
    wanted = list(_bounded(parts(selection, limits.maxDataCells), table))
    answers: list[Answer] = []
    for part in wanted:
        sleep(limits.pause_seconds)
        answer = client.post(f"{table}/data?{_FORM}", json=_question(part))
        _refuse_another_selection(_read(answer, _Table), part, answer.url)
        answers.append(answer)
        if sum(len(a.content) for a in answers) > most_bytes:
            raise PllError(
                f"The table is larger than {most_bytes} bytes",
                where=table,
                do="ask for less under fetch.values, or allow more under fetch.largest_bytes in the source file",
            )
    return answers


def _question(part: Selection) -> dict[str, Any]:
    return {
        "selection": [{"variableCode": name, "valueCodes": codes} for name, codes in part.items()]
    }


def _bounded(found: Iterator[Selection], table: str) -> Iterator[Selection]:
    for number, part in enumerate(found, 1):
        if number > MOST_PARTS:
            raise PllError(
                f"The table would take more than {MOST_PARTS} questions",
                where=table,
                do="ask for less under fetch.values in the source file",
            )
        yield part


def _number_of_cells(selection: Selection) -> int:
    return math.prod(len(codes) for codes in selection.values())


def _read(answer: Answer, kind: type[_Document]) -> _Document:
    if is_web_page(answer.content):
        raise PllError(
            "The statistics bank answers with a web page instead of data",
            where=answer.url,
            do="open the address in a browser: the bank may be closed for a while, or have moved",
        )
    try:
        return kind.model_validate_json(answer.content.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        told = f"{first['msg']}{f' ({place})' if place else ''}; it begins {answer.content[:200].decode('utf-8', 'replace')!r}"
        raise PllError(
            f"The statistics bank's answer is not what was asked for: {told}",
            where=answer.url,
            do="open the address in a browser and see what the bank says",
        ) from error


def _refuse_another_selection(answered: _Table, part: Selection, where: str) -> None:
    for variable in answered.variables():
        # a variable that was left out may come back as its one total
        if set(variable.codes) != set(part.get(variable.name, variable.codes[:1])):
            raise PllError(
                f"The statistics bank answers with other values of {variable.name!r} than were asked for",
                where=where,
                do=_AGAIN,
            )
    if missing := part.keys() - set(answered.id):
        raise PllError(
            f"The statistics bank answers without {', '.join(sorted(missing))}",
            where=where,
            do=_AGAIN,
        )


_AGAIN = (
    "run again; if it lasts, hold the bank's description of its interface against what was asked"
)


def _refuse_change(before: _Table, after: _Table, table: str) -> None:
    if before.updated != after.updated:
        raise NotAnswered(
            "The table was updated while it was fetched in parts", where=table, do="run again"
        )
