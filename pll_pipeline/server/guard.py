"""Which requests the page answers: those of its own pages, and of programs on this machine.

Dagster's page has no login. A browser on this machine sends it requests for any web page that
asks, and a page whose name is made to point at 127.0.0.1 could read the answers. So the host that a
request names must be ours, and so must the page it comes from (OWASP: DNS rebinding, CSRF, web
socket hijacking). Not here: who may use this machine; every user of it can open the page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HOST = "127.0.0.1"
QUESTIONS = "/graphql"
_SECONDS_TO_CLOSE = 5
_HTTP_PORT = 80
_READING = ("GET", "HEAD")
# No other page may show this one in a frame, or use its files.
_HEADERS = (
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)


def serve(app: Guard, port: int) -> None:
    """Answer requests at a port of this machine, for no other, until the process is ended."""
    uvicorn.run(
        app,
        host=HOST,
        port=port,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_CLOSE,
    )


class Guard:
    """The page at a port of this machine, behind the check of every request and web socket.

    `questions` is the one path that is posted to.
    """

    def __init__(self, app: App, port: int, questions: str = QUESTIONS) -> None:
        self._app, self._questions = app, questions
        names = (HOST, "localhost")
        self._hosts = {f"{name}:{port}" for name in names}
        if port == _HTTP_PORT:
            self._hosts.update(names)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it with 403 and the reason."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif reason := self.refusal(scope):
            await _refuse(scope, receive, send, reason)
        else:
            await self._app(scope, receive, _with_headers(send))

    def refusal(self, scope: Message) -> str | None:
        """Why a request is refused; None where it is answered."""
        headers = _Headers(scope)
        hosts = headers.all(b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return f"this page is at {' and '.join(sorted(self._hosts))} only"
        allowed = {f"http://{host}" for host in self._hosts}
        if any(origin.lower() not in allowed for origin in headers.all(b"origin")):
            return "other web pages may not use this page"
        if any(site not in ("same-origin", "none") for site in headers.all(b"sec-fetch-site")):
            is_link = _is_link(scope, headers) and not self._asks(scope)
            return None if is_link else "other web pages may not use this page"
        return self._wrong_form(scope, headers) if scope["type"] == "http" else None

    def _asks(self, scope: Message) -> bool:
        return str(scope["path"]).rstrip("/") == self._questions

    def _wrong_form(self, scope: Message, headers: _Headers) -> str | None:
        """Why a request has a form that the page itself does not send.

        A browser sends JSON to another page only after it has asked that page, and never for a
        form.
        """
        if scope["method"] in _READING:
            has_question = self._asks(scope) and scope["query_string"]
            return "a question is posted as JSON" if has_question else None
        if scope["method"] != "POST" or not self._asks(scope):
            return f"only {self._questions} is posted to"
        types = [text.partition(";")[0].strip().lower() for text in headers.all(b"content-type")]
        return None if types == ["application/json"] else "a question is posted as JSON"


class _Headers:
    """The headers of a request, each as often as it was sent."""

    def __init__(self, scope: Message) -> None:
        self._pairs = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]

    def all(self, name: bytes) -> list[str]:
        return [value for found, value in self._pairs if found == name]


def _is_link(scope: Message, headers: _Headers) -> bool:
    """Whether a person followed a link to a page, which the page with the link cannot read."""
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and headers.all(b"sec-fetch-mode") == ["navigate"]
        and headers.all(b"sec-fetch-dest") == ["document"]
    )


def _with_headers(send: Send) -> Send:
    """Send answers with the headers that keep other pages away."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
        await send(message)

    return guarded


async def _refuse(scope: Message, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": f"Refused: {reason}\n".encode()})
