"""`pll explore`: a page on this machine where SQL is asked of the current release.

The server runs each statement as `pll query` does, read-only and without reaching any other file,
with limits of time, rows and memory. The page has one script of its own, allowed by its hash, and
fetches nothing from elsewhere. Not here: running statements (`published/query.py`), which requests
are answered (`guard.py`).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pll_pipeline.config import CHECKOUT
from pll_pipeline.errors import PllError
from pll_pipeline.inspection.public_tables import public_tables
from pll_pipeline.published.query import Limits, query
from pll_pipeline.published.releases import require_current
from pll_pipeline.server.guard import Guard, Message, Receive, Send, serve
from pll_pipeline.text_tables import TextTable

PATH = "/query"
LIMITS = Limits(seconds=30, rows=1000)
EXAMPLES = CHECKOUT / "data" / "marts" / "examples"
MOST_BYTES = 2**16
MOST_CHARACTERS = 2000
_FILES = Path(__file__).parent


class Example(NamedTuple):
    """A question with its statement; its first sentence is the title."""

    title: str
    sql: str


class Explorer:
    """The page and the answers to its questions, as an application behind the guard."""

    def __init__(self, marts: Path, limits: Limits = LIMITS) -> None:
        self._marts, self._limits = marts, limits
        self._running = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"] == PATH and scope["method"] == "POST":
            async with self._running:  # one at a time: the limits are those of this machine
                answer = await asyncio.to_thread(self.answer, await _body(receive))
            await _send(send, 200, "application/json", json.dumps(answer))
        elif scope["path"] == "/" and scope["method"] in ("GET", "HEAD"):
            await self._send_page(send)
        else:
            await _send(send, 404, "text/plain; charset=utf-8", "There is no such page\n")

    async def _send_page(self, send: Send) -> None:
        try:
            await _send(send, 200, "text/html; charset=utf-8", page(self._marts))
        except PllError as error:
            await _send(send, 500, "text/plain; charset=utf-8", f"{error.paragraph()}\n")

    def answer(self, body: bytes | None) -> dict[str, Any]:
        """The answer to a question as plain data; a failure has a message alone."""
        try:
            sql = json.loads(body)["sql"] if body is not None else None
        except (ValueError, KeyError, TypeError):
            sql = None
        if not isinstance(sql, str):
            return {"message": f"Send one statement of at most {MOST_BYTES} bytes."}
        try:
            release = require_current(self._marts)
            frame = query(release, sql, is_flat=True, limits=self._limits)
        except PllError as error:
            return {"message": error.paragraph()}
        most = self._limits.rows
        texts = TextTable.of(frame.columns, frame.head(most).rows())
        rows = "1 row" if frame.height == 1 else f"{frame.height} rows"
        count = rows if frame.height <= most else f"The first {most} rows"
        return {
            "message": f"{count} of release {release.id}.",
            "columns": texts.columns,
            "numbers": sorted(texts.numbers),
            "rows": [[_cut(text) for text in row] for row in texts.rows],
        }


def page(marts: Path) -> str:
    """The page on the current release. Raises `PllError` where there is none."""
    release = require_current(marts)
    found = examples()
    return (
        _environment()
        .get_template("explore.html.j2")
        .render(
            release=release.id,
            is_simulated=release.manifest["is_simulated"],
            style=_own("css"),
            script=_own("js"),
            first=found[0].sql if found else "select * from marts.mart_key_figures limit 20",
            examples=found,
            tables=public_tables(),
        )
    )


def examples(folder: Path = EXAMPLES) -> list[Example]:
    """The questions of the examples, in order; none where the folder was not shipped."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        comment = re.match(r"-- (.+?[?.])(?:\s|$)", sql)
        found.append(Example(comment[1] if comment else path.stem, sql))
    return found


def policy() -> str:
    """What the page may load and run: its own script and style, and answers from this server."""
    hashes = {
        name: base64.b64encode(hashlib.sha256(_own(name).encode()).digest()).decode()
        for name in ("css", "js")
    }
    return (
        f"default-src 'none'; script-src 'sha256-{hashes['js']}'; "
        f"style-src 'sha256-{hashes['css']}'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


def application(marts: Path, port: int) -> Guard:
    """The page behind the guard."""
    return Guard(Explorer(marts), port, PATH)


def run(marts: Path, port: int) -> None:
    """Answer requests until the process is ended."""
    serve(application(marts, port), port)


@cache
def _own(name: str) -> Markup:
    """The script or the style of the page, which have no text of anyone else."""
    text = (_FILES / f"explore.{name}").read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - a file of this package


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_FILES), autoescape=True, undefined=StrictUndefined)


def _cut(text: str) -> str:
    is_long = len(text) > MOST_CHARACTERS
    return f"{text[:MOST_CHARACTERS]} … (cut)" if is_long else text


async def _body(receive: Receive) -> bytes | None:
    """What a request sends; None where that is too much."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MOST_BYTES or message["type"] != "http.request":
            return None
        if not message.get("more_body"):
            return body


async def _send(send: Send, status: int, media_type: str, text: str) -> None:
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-security-policy", policy().encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
