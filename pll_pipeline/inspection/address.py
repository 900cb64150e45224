"""What is published at an address: asked once, looked at, and never kept.

Not here: what bytes look like (`__init__.py`), how a publisher is asked (`fetchers/`).
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pll_pipeline.inspection.powerbi_report import inspect_report
from pll_pipeline.inspection.publication import Inspection, inspect
from pll_pipeline.raw import pxweb
from pll_pipeline.raw.http.client import Answer, Client
from pll_pipeline.sources.model import Http, PxWeb
from pll_pipeline.vocabulary.codes import Codes

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}\.[A-Za-z0-9]{1,6}")
_TABLE_OF_A_BANK = re.compile(
    r"(https?://[^?#]+)/tables/([A-Za-z0-9_-]{1,40})(?:/(?:data|metadata))?/?(?=[?#]|$)"
)
_VIEW_ADDRESS = re.compile(r"/view\?(?:[^#]*&)?r=")
_ENDINGS = {
    "text/html": "html",
    "text/csv": "csv",
    "application/json": "json",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}


def is_address(what: str) -> bool:
    """Whether somebody means an address, not a file."""
    return what.startswith(("https://", "http://"))


def inspect_address(
    address: str, codes: Codes, on: date, *, allow_local: bool = False
) -> Inspection:
    """What a publication at an address holds. Raises `PllError` when it cannot be asked or holds nothing that can be read."""
    local = {"allow_local": True} if allow_local else {}
    if table := _TABLE_OF_A_BANK.match(address):
        asking = {"kind": "pxweb", "address": table[1], "table": table[2], **local}
        return inspect(pxweb.look(PxWeb.model_validate(asking)), "table.json", codes, on, asking)
    if _VIEW_ADDRESS.search(address):
        # whoever looks at a report on the own machine means the host named in the address
        return inspect_report(
            address,
            codes,
            on,
            local | ({"host_suffixes": [urlsplit(address).hostname]} if allow_local else {}),
        )
    with Client(Http(kind="http", files={"file": address}, **local)) as client:
        answer = client.get(address)
    file = _file_name(answer)
    return inspect(
        answer.content, file, codes, on, {"kind": "http", "files": {file: address}, **local}
    )


def _file_name(answer: Answer) -> str:
    """The name at the end of the address where it is one of a file, else one after what the publisher calls the content."""
    name = PurePosixPath(urlsplit(answer.url).path).name
    return (
        name
        if _FILE_NAME.fullmatch(name)
        else f"publication.{_ENDINGS.get(answer.media_type, 'txt')}"
    )
