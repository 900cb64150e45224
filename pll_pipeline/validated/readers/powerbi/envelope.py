"""The envelope of an answer: the way to its data shape, and the errors that come as answers.

An HTTP answer of 200 proves nothing, so every known place of an error is looked at before anything
is believed. Not here: bytes (`json_text.py`), what the data shape contains (`answer_page.py`).
"""

from __future__ import annotations

from typing import Any

from pll_pipeline.validated.readers.powerbi.errors import (
    MalformedAnswer,
    QueryFailed,
    UnsupportedAnswer,
)
from pll_pipeline.validated.readers.powerbi.json_text import as_list, as_object, is_whole

_JOB_OF_DEDICATED_CAPACITY = "0"


def count_results(answer: Any) -> int:
    """How many results an answer has: one for each query that was sent in the same request."""
    results = answer.get("results") if isinstance(answer, dict) else None
    return len(results) if isinstance(results, list) else 0


def data_of(answer: Any, at: str, result: int | None = None) -> dict[str, Any]:
    """What is under `data` of the result of that number, counted from 1, or of the only one.

    Raises `QueryFailed` for an error in any of its known places, and `UnsupportedAnswer` where the
    number is missing or there is no such result.
    """
    answer = as_object(answer, "the answer", at)
    _refuse_error(answer, at)
    results = as_list(answer.get("results"), "results", at)
    for each in results:
        _refuse_error(as_object(each, "a result", at), at)
        _refuse_error(each.get("result"), at)
    chosen = _chosen(results, result, at)
    jobs = answer.get("jobIds")
    if jobs is not None:
        known = [*as_list(jobs, "jobIds", at), _JOB_OF_DEDICATED_CAPACITY]
        if chosen.get("jobId") not in known:
            what = "The result belongs to no query of this request: its jobId is not among jobIds"
            raise MalformedAnswer(what, where=at)
    contents = as_object(chosen.get("result"), "result", at)
    if contents.get("asyncResult") is not None:
        raise UnsupportedAnswer(
            "The server promises the answer for later (asyncResult)",
            where=at,
            do="ask with synchronous=true",
        )
    return as_object(contents.get("data"), "data", at)


def _chosen(results: list[Any], result: int | None, at: str) -> dict[str, Any]:
    number = 1 if result is None else result
    if len(results) == 1 and number == 1:
        return as_object(results[0], "a result", at)
    if result is None and results:
        raise UnsupportedAnswer(
            f"The answer has {len(results)} results, and which one is meant is not stated",
            where=at,
            do="give its number, counted from 1, under read.result in the source file, or to `pll"
            " inspect` as --table, which without it shows what each contains",
        )
    if number > len(results):
        raise UnsupportedAnswer(
            f"The answer has {len(results)} results, so there is no number {number}",
            where=at,
            do="correct read.result in the source file, or archive the answer that was meant",
        )
    return as_object(results[number - 1], "a result", at)


def data_shape_of(data: dict[str, Any], at: str) -> dict[str, Any]:
    """The only data shape of a version 2 answer."""
    _refuse_error(data, at)
    dsr = as_object(data.get("dsr"), "dsr", at)
    for shape in [
        dsr,
        *as_list(dsr.get("DataShapes", []), "DataShapes", at),
        *as_list(dsr.get("DS", []), "DS", at),
    ]:
        _refuse_error(shape, at)
    version = dsr.get("Version")
    if version != 2 or not is_whole(version) or "DataShapes" in dsr:
        stated = dsr.get("Version", "1, or none")
        what = f"The answer is in the unsupported version {stated} of the form, not in version 2"
        raise UnsupportedAnswer(what, where=at)
    shapes = as_list(dsr.get("DS"), "DS", at)
    if len(shapes) != 1:
        what = f"The answer has {len(shapes)} data shapes, one was expected"
        raise MalformedAnswer(what, where=at)
    return as_object(shapes[0], "the data shape", at)


def _refuse_error(node: Any, at: str) -> None:
    for name in ("odata.error", "error"):
        if isinstance(node, dict) and node.get(name) is not None:
            raise _failure(node[name], at)


def _failure(error: Any, at: str) -> QueryFailed:
    """The error, with the most specific code and message that it has."""
    specific = _first(error, ("additionalMessages",), list)
    inside = [
        entry
        for entry in specific or []
        if isinstance(entry, dict) and isinstance(entry.get("Code"), str)
    ]
    inside.sort(key=lambda entry: entry.get("Severity") != "Error")
    source = inside[0] if inside else error
    code = _first(source, ("Code", "code", "errorCode", "ErrorCode"), str) or "UnknownError"
    message = _first(source, ("Message", "message", "value", "detail", "details"), str)
    message = message or _first(error, ("value", "message"), str)
    status = _first(error, ("statusCode",), int)
    text = message or (error if isinstance(error, str) else "")
    return QueryFailed(text, where=at, code=code, status=status)


def _first(node: Any, names: tuple[str, ...], kind: type, depth: int = 8) -> Any:
    """The first value of that type under one of the names, outermost first."""
    if isinstance(node, dict):
        for name in names:
            if isinstance(node.get(name), kind):
                return node[name]
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    values = (_first(part, names, kind, depth - 1) for part in parts if depth)
    return next((value for value in values if value is not None), None)
