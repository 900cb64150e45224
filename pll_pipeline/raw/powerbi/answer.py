"""The answer to a query, read only as far as asking goes on: is it one, is it an error, is there more.

Not here: whether it is whole and sound, and what it says (`readers/powerbi`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http.failures import NotAnswered

# the engine was busy or not there: the same query may be answered in a while
_PASSING = frozenset({"rsErrorExecutingCommand", "ModelUnavailable", "ErrorLoadingModel"})


def data_shape(content: bytes, where: str) -> Mapping[str, Any]:
    """The part of an answer that says whether there is more. Raises `PllError` for an error or what is no answer, `NotAnswered` for an error that may pass."""
    try:
        result = json.loads(content)["results"][0]
        body = result.get("result") or {}
        shapes = (body.get("data") or {}).get("dsr") or {}
        error = (
            result.get("error")
            or body.get("error")
            or next(
                (s["odata.error"] for s in shapes.get("DataShapes") or () if "odata.error" in s),
                None,
            )
        )
        if error:
            code, text = _told(error)
            failure = NotAnswered if code in _PASSING else PllError
            raise failure(
                f"The report could not answer the query ({code}): {text}",
                where=where,
                do="see whether the report shows its figures in a browser; run again later",
            )
        if "asyncResult" in body:
            raise PllError(
                "The report wants to answer later, which is not supported",
                where=where,
                do="ask for less in one table",
            )
        shape: Mapping[str, Any] = shapes["DS"][0]
        shape.get("RT")
        return shape
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as failure:
        begins = content[:200].decode("utf-8", "replace")
        raise PllError(
            f"The report's answer is not one to a query: {begins!r}",
            where=where,
            do="run again later; if it lasts, the interface has changed and the program must follow",
        ) from failure


def _told(error: Any) -> tuple[str, str]:
    """The most specific code of a server's error, and its text."""
    if not isinstance(error, Mapping):
        return "unknown", str(error)[:300]
    more = [
        m
        for value in error.get("azure:values") or ()
        for m in value.get("additionalMessages") or ()
    ]
    message = error.get("message")
    text = message.get("value", "") if isinstance(message, Mapping) else str(message or "")
    code = more[-1].get("Code") if more else error.get("code") or error.get("statusCode")
    return str(code or "unknown"), " ".join(
        (text or (more[-1].get("Message", "") if more else "") or json.dumps(error)).split()
    )[:300]
