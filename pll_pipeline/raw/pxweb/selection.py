"""Which codes of a table are asked for: expressions such as `TOP(1)`, and parts of a selection.

Expressions are expanded here against the table's own description, so that the number of cells is
known before anything is asked. Not here: making requests (`__init__.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from pll_pipeline.errors import PllError
from pll_pipeline.raw.pxweb.description import Variable
from pll_pipeline.vocabulary.norwegian.periods import read_period
from pll_pipeline.vocabulary.norwegian.text import UnreadableText

Selection = dict[str, list[str]]
_COUNT = re.compile(r"(TOP|BOTTOM)\(([1-9]\d{0,8})(?:,(\d{1,9}))?\)", re.IGNORECASE | re.ASCII)
_BOUND = re.compile(r"(FROM|TO)\(([^,()]+)\)|(RANGE)\(([^,()]+),([^,()]+)\)", re.IGNORECASE)
# Codes that begin with a year, as 2025M03, 2025U07, 202503 and 2025_2026.
_YEAR_FIRST = re.compile(r"(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:\d\d)?)?(?:\D+\d+)*", re.ASCII)
_CORRECT = "correct fetch.values in the source file"
_NAME_CODES = "name the codes themselves under fetch.values in the source file"


def select(
    variables: Sequence[Variable], values: Mapping[str, list[str]], *, where: str
) -> Selection:
    """The codes to ask for, by variable in the table's order.

    A variable that `values` does not name is left out if it can be eliminated, else taken whole.
    Raises `PllError` for a variable that the table does not have, and as `expand` does.
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
    return {v.name: expand(v, values.get(v.name, ["*"]), where=where) for v in asked}


def expand(variable: Variable, expressions: Sequence[str], *, where: str) -> list[str]:
    """The codes that the expressions match, each once, in the table's order.

    TOP and BOTTOM count from the newest and the oldest period; FROM, TO and RANGE include their
    ends. The order of periods is read from the codes or their labels, never from their position.
    Raises `PllError` for an expression that matches nothing, and for one of these five where the
    variable is not declared as time or its periods cannot be read.
    """
    chosen = {code for expression in expressions for code in _matches(variable, expression, where)}
    if not chosen:
        raise PllError(
            f"Nothing is asked of the variable {variable.name!r}", where=where, do=_CORRECT
        )
    return [code for code in variable.codes if code in chosen]


def newest_period(variable: Variable) -> list[str]:
    """The code of the newest period; where periods cannot be read, the last code."""
    return (chronological(variable) or list(variable.codes))[-1:]


def chronological(variable: Variable) -> list[str] | None:
    """The codes from the oldest period to the newest; None where that order is not known.

    It is not where codes and labels have different orders, or the periods different lengths.
    """
    codes = list(variable.codes)
    labels = [variable.labels.get(code, "") for code in codes]
    by_codes = _in_order(codes, _period_keys(codes) or _year_first_keys(codes))
    by_labels = _in_order(codes, _period_keys(labels))
    if by_codes and by_labels and by_codes != by_labels:
        return None
    return by_codes or by_labels


def _in_order(codes: list[str], keys: list[tuple[int, ...]] | None) -> list[str] | None:
    return None if keys is None else [code for _, code in sorted(zip(keys, codes, strict=True))]


def parts(selection: Selection, most_cells: int) -> Iterator[Selection]:
    """The selection in parts of at most `most_cells`, cut along its largest variable, in order."""
    cells = number_of_cells(selection)
    if cells <= most_cells:
        yield selection
        return
    largest = max(selection, key=lambda name: len(selection[name]))
    codes = selection[largest]
    size = max(1, most_cells // (cells // len(codes)))
    for start in range(0, len(codes), size):
        yield from parts({**selection, largest: codes[start : start + size]}, most_cells)


def number_of_cells(selection: Selection) -> int:
    """How many cells the bank would answer with."""
    return math.prod(len(codes) for codes in selection.values())


def _matches(variable: Variable, expression: str, where: str) -> list[str]:
    if expression in variable.codes:
        return [expression]
    if count := _COUNT.fullmatch(expression):
        return _counted(_ordered(variable, expression, where), count)
    if bound := _BOUND.fullmatch(expression):
        return _bounded(variable, bound, _ordered(variable, expression, where), where)
    if "*" in expression or "?" in expression:
        # every other sign is itself, also a bracket
        pattern = expression.replace("[", "[[]")
        if codes := [code for code in variable.codes if fnmatchcase(code, pattern)]:
            return codes
    raise _no_match(variable, expression, where)


def _ordered(variable: Variable, expression: str, where: str) -> list[str]:
    """The codes from the oldest period to the newest, for an expression that depends on it."""
    if not variable.is_time:
        raise PllError(
            f"{expression} asks for periods, and the bank does not declare the variable"
            f" {variable.name!r} as time",
            where=where,
            do=_NAME_CODES,
        )
    codes = chronological(variable)
    if codes is None:
        raise PllError(
            f"{expression} depends on the order of the periods of {variable.name!r}, which"
            f" {_why_unordered(variable)}",
            where=where,
            do=_NAME_CODES,
        )
    return codes


def _counted(codes: list[str], count: re.Match[str]) -> list[str]:
    word, number, skipped = count[1].upper(), int(count[2]), int(count[3] or 0)
    from_one_end = codes[::-1] if word == "TOP" else codes
    return from_one_end[skipped : skipped + number]


def _bounded(variable: Variable, bound: re.Match[str], codes: list[str], where: str) -> list[str]:
    word = (bound[1] or bound[3]).upper()
    ends = [end.strip() for end in bound.group(2, 4, 5) if end is not None]
    for end in ends:
        if end not in codes:
            raise _no_match(variable, end, where)
    positions = [codes.index(end) for end in ends]
    first = 0 if word == "TO" else min(positions)
    last = len(codes) - 1 if word == "FROM" else max(positions)
    return codes[first : last + 1]


def _no_match(variable: Variable, expression: str, where: str) -> PllError:
    nearest = ", ".join(get_close_matches(expression, variable.codes, cutoff=0.0))
    return PllError(
        f"The variable {variable.name!r} has nothing that is {expression!r}; the nearest are"
        f" {nearest or 'none'}",
        where=where,
        do=_CORRECT,
    )


def _why_unordered(variable: Variable) -> str:
    """Why the periods of a variable have no certain order, as the end of a sentence."""
    codes = ", ".join(variable.codes[:3])
    if len(grains := _grains(variable.codes)) > 1:
        return f"are of different lengths: {', '.join(grains)}"
    if _period_keys(list(variable.codes)):
        first = variable.codes[0]
        label = variable.labels.get(first, "")
        return f"is another by its codes than by its labels: {first} is labelled {label!r}"
    return f"cannot be read from its codes: {codes} …"


def _grains(texts: Sequence[str]) -> list[str]:
    """The lengths of the periods that can be read, each once."""
    grains: dict[str, None] = {}
    for text in texts:
        try:
            grains[read_period(text).grain] = None
        except UnreadableText:
            continue
    return list(grains)


def _period_keys(texts: list[str]) -> list[tuple[int, ...]] | None:
    """The last day of each period; None where one cannot be read, or their lengths differ."""
    try:
        periods = [read_period(text) for text in texts]
    except UnreadableText:
        return None
    if len({period.grain for period in periods}) > 1:
        return None
    return [(period.end.toordinal(), period.start.toordinal()) for period in periods]


def _year_first_keys(codes: list[str]) -> list[tuple[int, ...]] | None:
    """The numbers in each code; None unless all codes have one form, with the year first."""
    forms = {re.sub(r"\d+", "0", code) for code in codes}
    lengths = {len(code) - len(code.lstrip("0123456789")) for code in codes}
    if len(forms) != 1 or len(lengths) != 1 or not all(map(_YEAR_FIRST.fullmatch, codes)):
        return None
    return [tuple(int(number) for number in re.findall(r"\d+", code)) for code in codes]
