"""Requests to Dagster's page: those of its own pages are answered, those of other pages refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pll_pipeline.server.guard import Guard, Message

OWN = ("host", "127.0.0.1:3000")
JSON = ("content-type", "application/json")
Headers = list[tuple[str, str]]


async def _page(_: Message, __: Any, send: Any) -> None:
    """The page behind the guard: answers everything."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"figures"})


def _sent(scope: dict[str, Any], port: int = 3000) -> list[Message]:
    """What is sent in answer to a request or a web socket."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Guard(_page, port)(scope, receive, send))
    return sent


def _scope(headers: Headers, path: str = "/", method: str = "GET", **more: Any) -> dict[str, Any]:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": raw}
    return scope | more


def _status(headers: Headers, path: str = "/", method: str = "GET", **more: Any) -> int:
    return int(_sent(_scope(headers, path, method, **more))[0]["status"])


@pytest.mark.parametrize(
    ("headers", "path", "method"),
    [
        ([OWN], "/", "GET"),
        ([("host", "localhost:3000")], "/runs", "GET"),
        ([("Host", "LOCALHOST:3000")], "/", "HEAD"),
        ([OWN, ("origin", "http://127.0.0.1:3000"), JSON], "/graphql", "POST"),
        ([OWN, ("content-type", "application/json; charset=utf-8")], "/graphql", "POST"),
        ([OWN, ("sec-fetch-site", "same-origin"), JSON], "/graphql", "POST"),
        ([OWN, ("sec-fetch-site", "none")], "/", "GET"),
    ],
)
def test_a_request_of_the_page_itself_is_answered(headers: Headers, path: str, method: str) -> None:
    assert _status(headers, path, method) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:3000",
        "127.0.0.1",
        "127.0.0.1:3001",
        "127.0.0.1:3000.evil.example",
        "localhost.evil.example:3000",
        "[::1]:3000",
        "0.0.0.0:3000",
        "",
    ],
)
def test_a_page_whose_name_points_here_is_refused(host: str) -> None:
    assert _status([("host", host)]) == 403


@pytest.mark.parametrize("hosts", [[], [OWN, OWN], [OWN, ("host", "evil.example")]])
def test_a_request_names_its_host_once(hosts: Headers) -> None:
    assert _status(hosts) == 403


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://evil.example:3000",
        "https://127.0.0.1:3000",
        "http://127.0.0.1:3001",
        "http://localhost",
        "null",
        "file://",
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_request_or_web_socket_of_another_page_is_refused(kind: str, origin: str) -> None:
    sent = _sent(_scope([OWN, ("origin", origin)], "/graphql", type=kind))
    assert sent[0].get("status", sent[0].get("code")) in (403, 1008)
    assert b"figures" not in [message.get("body") for message in sent]


def test_a_web_socket_of_the_page_itself_is_answered() -> None:
    headers = [OWN, ("origin", "http://127.0.0.1:3000")]
    assert _sent(_scope(headers, "/graphql", type="websocket"))[1]["body"] == b"figures"


@pytest.mark.parametrize(
    "type_",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""],
)
def test_what_a_form_of_another_page_can_post_is_refused(type_: str) -> None:
    assert _status([OWN, ("content-type", type_)], "/graphql", "POST") == 403


@pytest.mark.parametrize("path", ["/graphql", "/graphql/"])
def test_a_question_in_an_address_is_refused(path: str) -> None:
    assert _status([OWN], path, query_string=b"query=mutation{a}") == 403


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/report_asset_materialization/raw/apotek", "POST"),
        ("/report_asset_check/raw/apotek", "POST"),
        ("/graphql", "PUT"),
        ("/", "DELETE"),
        ("/graphql", "OPTIONS"),
    ],
)
def test_only_questions_are_posted(path: str, method: str) -> None:
    assert _status([OWN, JSON], path, method) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_may_link_here_and_nothing_else(site: str) -> None:
    link = [OWN, ("sec-fetch-site", site), ("sec-fetch-mode", "navigate")]
    assert _status([*link, ("sec-fetch-dest", "document")]) == 200
    assert _status([*link, ("sec-fetch-dest", "iframe")]) == 403
    assert _status([*link, ("sec-fetch-dest", "document")], "/graphql") == 403
    assert _status([OWN, ("sec-fetch-site", site), ("sec-fetch-mode", "no-cors")]) == 403


def test_no_other_page_may_frame_or_use_the_page() -> None:
    headers = dict(_sent(_scope([OWN]))[0]["headers"])
    assert headers[b"x-frame-options"] == b"DENY"
    assert headers[b"cross-origin-resource-policy"] == b"same-origin"


def test_a_host_needs_no_port_where_it_is_that_of_http() -> None:
    assert _sent(_scope([("host", "localhost")]), port=80)[0]["status"] == 200


def test_the_server_may_start() -> None:
    assert _sent({"type": "lifespan"})[0]["status"] == 200
