"""What is published at an address: asked once, looked at, and never kept.

Not here: what bytes look like (`publication.py`), how a publisher is asked (`raw/`).
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from pll_pipeline.errors import PllError
from pll_pipeline.inspection.powerbi_report import inspect_report
from pll_pipeline.inspection.publication import Inspection, inspect
from pll_pipeline.raw import pxweb
from pll_pipeline.raw.embedded import embedded_reports
from pll_pipeline.raw.http.client import Answer, Client
from pll_pipeline.raw.links import is_view_address
from pll_pipeline.sources.model import Http, PxWeb
from pll_pipeline.vocabulary.codes import Codes

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}\.[A-Za-z0-9]{1,6}")
_TABLE_OF_A_BANK = re.compile(
    r"(https?://[^?#]+)/tables/([A-Za-z0-9_-]{1,40})(?:/(?:data|metadata))?/?(?=[?#]|$)"
)
# a table of FHI's open statistics
_ASKED_BY_POST = re.compile(
    r"(https?://[^?#]+/api/open/v1/[A-Za-z0-9_-]{1,40}/table/\d{1,9})"
    r"(?:/(?:data|query))?/?(?=[?#]|$)",
    re.IGNORECASE,
)
_ANSWER = {"format": "json-stat2", "maxRowCount": 50_000}
_MOST_DIMENSIONS = 100
_ENDINGS = {
    "text/html": "html",
    "text/csv": "csv",
    "application/json": "json",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}


def is_address(what: str) -> bool:
    """Whether the text is an address, not the name of a file."""
    return what.startswith(("https://", "http://"))


def inspect_address(
    address: str,
    codes: Codes,
    on: date,
    *,
    allow_local: bool = False,
    seconds: float | None = None,
    report_id: str = "",
) -> Inspection:
    """What a publication at an address contains; asked for at most so many seconds.

    Of a page that embeds reports with access tokens it is the report `report_id`, or the first.
    Raises `PllError` when it cannot be asked or contains nothing that can be read.
    """
    local: dict[str, Any] = {"allow_local": True} if allow_local else {}
    # not in the starter: a night may take longer than a look
    limits: dict[str, Any] = {} if seconds is None else {"source_seconds": seconds}
    if table := _TABLE_OF_A_BANK.match(address):
        fetching = {"kind": "pxweb", "address": table[1], "table": table[2], **local}
        content = pxweb.look(PxWeb.model_validate(fetching | limits))
        return inspect(content, "table.json", codes, on, fetching)
    if table := _ASKED_BY_POST.match(address):
        return _inspect_open_table(table[1], codes, on, local, limits)
    if is_view_address(address):
        return inspect_report({"address": address}, codes, on, _hosts(address, local), limits)
    settings = {"kind": "http", "files": {"file": address}, **local}
    with Client(Http.model_validate(settings | limits)) as client:
        answer = client.get(address)
    embedded = [report.report_id for report in embedded_reports(answer.content)]
    if embedded:
        place = {"embedded_on": address}
        if len(embedded) > 1:
            place["report_id"] = report_id or embedded[0]
        return inspect_report(place, codes, on, _hosts(address, local), limits)
    file = _file_name(answer)
    fetching = {"kind": "http", "files": {file: address}, **local}
    return inspect(answer.content, file, codes, on, fetching)


def _inspect_open_table(
    address: str, codes: Codes, on: date, local: dict[str, Any], limits: dict[str, Any]
) -> Inspection:
    """A table that is asked with a question: its dimensions are asked for first, then all of it."""
    files = {"kind": "http", "files": {"table.json": f"{address}/data"}, **local}
    with Client(Http.model_validate(files | limits)) as client:
        dimensions = _dimensions(client.get(f"{address}/query"))
        all_of_it = [{"code": code, "filter": "all", "values": ["*"]} for code in dimensions]
        question = {"dimensions": all_of_it, "response": _ANSWER}
        answer = client.post(f"{address}/data", json=question)
    fetching = files | {"questions": {"table.json": question}}
    return inspect(answer.content, "table.json", codes, on, fetching)


def _dimensions(answer: Answer) -> list[str]:
    """The codes of the dimensions in the question that the interface itself proposes."""
    try:
        codes = [each["code"] for each in json.loads(answer.content)["dimensions"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        codes = []
    if 0 < len(codes) <= _MOST_DIMENSIONS and all(isinstance(code, str) for code in codes):
        return codes
    raise PllError(
        "The interface proposes no question with the dimensions of the table",
        where=answer.url,
        do="open the address in a browser: the table may have another number now",
    )


def _hosts(address: str, local: dict[str, Any]) -> dict[str, Any]:
    """A report on the own machine is served by the host named in its address."""
    return local | {"host_suffixes": [urlsplit(address).hostname]} if local else {}


def _file_name(answer: Answer) -> str:
    """The name at the end of the address, else one after the type the publisher gives."""
    name = PurePosixPath(urlsplit(answer.url).path).name
    return (
        name
        if _FILE_NAME.fullmatch(name)
        else f"publication.{_ENDINGS.get(answer.media_type, 'txt')}"
    )
