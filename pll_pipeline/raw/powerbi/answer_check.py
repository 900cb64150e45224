"""Whether an answer is one to a query: no error of the server, and whether more rows follow.

Not here: whether its figures are whole and sound, and what they are (`validated/readers/powerbi/`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http.failures import NotAnswered

# The engine was busy or not there: the same query may be answered in a while.
_PASSING_CODES = frozenset({"rsErrorExecutingCommand", "ModelUnavailable", "ErrorLoadingModel"})
_MOST_TEXT = 300


def checked_data_shape(content: bytes, where: str) -> Mapping[str, Any]:
    """The part of an answer that says whether there is more (the first `DS` of its `dsr`).

    Raises `NotAnswered` for a server's error that may pass, `PllError` for any other error and for
    what is no answer.
    """
    try:
        result = json.loads(content)["results"][0]
        body = result.get("result") or {}
        shapes = (body.get("data") or {}).get("dsr") or {}
        if error := result.get("error") or body.get("error") or _shape_error(shapes):
            raise _failure(error, where)
        if "asyncResult" in body:
            raise PllError(
                "The report wants to answer later, which is not supported",
                where=where,
                do="ask for less in one table",
            )
        shape: Mapping[str, Any] = shapes["DS"][0]
        shape.get("RT")
        return shape
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        begins = content[:200].decode("utf-8", "replace")
        raise PllError(
            f"The report's answer is not one to a query: {begins!r}",
            where=where,
            do="run again later; if it lasts, the interface has changed and the program must"
            " follow",
        ) from error


def _shape_error(shapes: Mapping[str, Any]) -> Any:
    """The error inside the first data shape that has one, else None."""
    errors = (shape.get("odata.error") for shape in shapes.get("DataShapes") or ())
    return next((error for error in errors if error), None)


def _failure(error: Any, where: str) -> PllError:
    code, text = _code_and_text(error)
    failure = NotAnswered if code in _PASSING_CODES else PllError
    return failure(
        f"The report could not answer the query ({code}): {text}",
        where=where,
        do="see whether the report shows its figures in a browser; run again later",
    )


def _code_and_text(error: Any) -> tuple[str, str]:
    """The most specific code of a server's error, and its text."""
    if not isinstance(error, Mapping):
        return "unknown", str(error)[:_MOST_TEXT]
    details = [
        detail
        for value in error.get("azure:values") or ()
        for detail in value.get("additionalMessages") or ()
    ]
    last = details[-1] if details else {}
    message = error.get("message")
    text = message.get("value") if isinstance(message, Mapping) else message
    code = last.get("Code") if details else error.get("code") or error.get("statusCode")
    plain = " ".join(str(text or last.get("Message") or json.dumps(error)).split())
    return str(code or "unknown"), plain[:_MOST_TEXT]
