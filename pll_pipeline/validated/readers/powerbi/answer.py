"""The envelope of an answer: the way to its one data shape, and the errors that come as answers.

An HTTP answer of 200 proves nothing, so every known place of an error is looked at before anything is believed.
Not here: bytes (`json_text.py`), what the data shape holds (`page.py`).
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


def data_of(answer: Any, at: str) -> dict[str, Any]:
    """What stands under `data` of the only result; an error in any of its known places raises."""
    answer = as_object(answer, "the answer", at)
    _refuse_error(answer, at)
    results = as_list(answer.get("results"), "results", at)
    for result in results:
        _refuse_error(as_object(result, "a result", at), at)
        _refuse_error(result.get("result"), at)
    if len(results) != 1:
        raise UnsupportedAnswer(
            f"The answer holds {len(results)} results, one was expected",
            where=at,
            do="send one query per request",
        )
    jobs = answer.get("jobIds")
    if jobs is not None and results[0].get("jobId") not in [
        *as_list(jobs, "jobIds", at),
        _JOB_OF_DEDICATED_CAPACITY,
    ]:
        raise MalformedAnswer(
            "The result belongs to no query of this request: its jobId is not among jobIds",
            where=at,
        )
    result = as_object(results[0].get("result"), "result", at)
    if result.get("asyncResult") is not None:
        raise UnsupportedAnswer(
            "The server promises the answer for later (asyncResult)",
            where=at,
            do="ask with synchronous=true",
        )
    return as_object(result.get("data"), "data", at)


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
    if dsr.get("Version") != 2 or not is_whole(dsr["Version"]) or "DataShapes" in dsr:
        raise UnsupportedAnswer(
            f"The answer is in the unsupported version {dsr.get('Version', '1, or none')} of the form, not in version 2",
            where=at,
        )
    shapes = as_list(dsr.get("DS"), "DS", at)
    if len(shapes) != 1:
        raise MalformedAnswer(
            f"The answer has {len(shapes)} data shapes, one was expected", where=at
        )
    return as_object(shapes[0], "the data shape", at)


def _refuse_error(node: Any, at: str) -> None:
    for name in ("odata.error", "error"):
        if isinstance(node, dict) and node.get(name) is not None:
            raise _failure(node[name], at)


def _failure(error: Any, at: str) -> QueryFailed:
    specific = _first(error, ("additionalMessages",), list)
    inside = [
        entry
        for entry in specific or []
        if isinstance(entry, dict) and isinstance(entry.get("Code"), str)
    ]
    inside.sort(key=lambda entry: entry.get("Severity") != "Error")
    source = inside[0] if inside else error
    code = _first(source, ("Code", "code", "errorCode", "ErrorCode"), str) or "UnknownError"
    message = _first(source, ("Message", "message", "value", "detail", "details"), str) or _first(
        error, ("value", "message"), str
    )
    status = _first(error, ("statusCode",), int)
    return QueryFailed(
        message or (error if isinstance(error, str) else ""), where=at, code=code, status=status
    )


def _first(node: Any, names: tuple[str, ...], kind: type, depth: int = 8) -> Any:
    """The first value of that kind under one of the names, outermost first."""
    if isinstance(node, dict):
        for name in names:
            if isinstance(node.get(name), kind):
                return node[name]
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    found = (_first(part, names, kind, depth - 1) for part in parts if depth)
    return next((one for one in found if one is not None), None)
