"""`pll explore`: answers, limits, what is refused, and what the page may load."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.published import releases
from pll_pipeline.published.query import Limits
from pll_pipeline.published.releases import Release
from pll_pipeline.server import explore
from pll_pipeline.server.explore import Explorer, application, examples, page, policy
from pll_pipeline.server.guard import Message
from tests.unit.published.conftest import RELEASE_ID, release

__all__ = ["release"]

OWN = [(b"host", b"127.0.0.1:3001"), (b"content-type", b"application/json")]
FEW = Limits(seconds=20, rows=3)


@pytest.fixture
def marts(release: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of releases whose current release is the small one."""
    current = Release(RELEASE_ID, release)
    monkeypatch.setattr(explore, "require_current", lambda _: current)
    return release.parent


def _asked(marts: Path, sql: object, limits: Limits = FEW) -> dict[str, Any]:
    return Explorer(marts, limits).answer(json.dumps({"sql": sql}).encode())


def _sent(marts: Path, method: str, path: str, body: bytes, headers: Any) -> list[Message]:
    """What is sent in answer to a request, through the guard."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b""}
    asyncio.run(application(marts, 3001)(scope | {"headers": headers}, receive, send))
    return sent


def test_an_answer_has_its_columns_as_text_and_the_numbers_marked(marts: Path) -> None:
    answer = _asked(marts, "select region_name, 1.5::double as x, null as y from dim_region")
    assert answer["columns"] == ("region_name", "x", "y")
    assert answer["numbers"] == [1]
    assert len(answer["rows"]) == 3
    assert answer["rows"][0][1:] == ["1.5", ""]
    assert answer["message"] == f"The first 3 rows of release {RELEASE_ID}."
    assert _asked(marts, "select 1 as x")["message"] == f"1 row of release {RELEASE_ID}."


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("delete from marts.mart_key_figures", "The query failed: "),
        ("create table marts.mine as select 1 as x", "The query failed: "),
        ("select * from read_text('/etc/hostname')", "The query failed: "),
        ("copy (select 1) to '/tmp/x.csv'", "The query failed: "),
        ("set enable_external_access = true", "The query failed: "),
        ("set memory_limit = '99GB'", "The query failed: "),
        ("attach 'http://127.0.0.1:9/a.duckdb'", "The query failed: "),
        ("select 1; select 2", "The query failed: there are 2 statements"),
        ("", "There is no statement to run"),
        (7, "Send one statement"),
        (None, "Send one statement"),
    ],
)
def test_what_would_write_or_reach_out_is_refused_in_words(
    marts: Path, sql: object, message: str
) -> None:
    answer = _asked(marts, sql)
    assert set(answer) == {"message"}
    assert answer["message"].startswith(message)
    releases.verify(explore.require_current(marts))


def test_a_statement_that_takes_too_long_is_ended(marts: Path) -> None:
    slow = "from range(999999) a, range(999999) b select count(*) as n where hash(a, b) % 3 = 0"
    answer = _asked(marts, slow, Limits(seconds=0.2, rows=3))
    assert answer["message"].startswith("The query failed: it took more than 0.2 seconds")


def test_a_statement_that_wants_too_much_memory_fails_in_words(marts: Path) -> None:
    large = "select count(*) as n from (select distinct range from range(3000000))"
    answer = _asked(marts, large, Limits(20, 3, "5MB"))
    assert answer["message"].startswith("The query failed: Out of Memory")


def test_long_texts_are_cut_and_say_so(marts: Path) -> None:
    ((text,),) = _asked(marts, "select repeat('x', 5000) as x")["rows"]
    assert text == "x" * 2000 + " … (cut)"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"q": 1}', b"x" * (2**16 + 1)])
def test_a_body_that_is_no_question_is_refused(marts: Path, body: bytes) -> None:
    _, sent = _sent(marts, "POST", "/query", body, OWN)
    assert json.loads(sent["body"])["message"].startswith("Send one statement")


def test_the_page_of_another_host_or_origin_is_refused(marts: Path) -> None:
    body = b'{"sql": "select 1 as x"}'
    assert _sent(marts, "POST", "/query", body, OWN)[0]["status"] == 200
    for headers in (
        [(b"host", b"evil.example:3001"), OWN[1]],
        [*OWN, (b"origin", b"http://evil.example")],
        [*OWN, (b"sec-fetch-site", b"cross-site")],
        [OWN[0], (b"content-type", b"text/plain")],
    ):
        assert _sent(marts, "POST", "/query", body, headers)[0]["status"] == 403
    assert _sent(marts, "POST", "/graphql", body, OWN)[0]["status"] == 403
    assert _sent(marts, "GET", "/other", b"", OWN)[0]["status"] == 404


def test_the_page_runs_its_own_script_only_and_loads_nothing_from_elsewhere(marts: Path) -> None:
    start, body = _sent(marts, "GET", "/", b"", OWN)
    allowed = dict(start["headers"])[b"content-security-policy"].decode()
    assert allowed == policy()
    assert "default-src 'none'" in allowed
    text = body["body"].decode()
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in allowed
    assert not re.search(r"\b(?:src|href|style|onclick)=", text)


def test_tables_columns_and_examples_are_at_hand(marts: Path) -> None:
    text = page(marts)
    assert "<code>marts.mart_target_status</code>" in text
    assert "<code>pace_needed_per_month</code>" in text
    statements = [
        html.unescape(sql) for sql in re.findall(r'lang="nb" data-sql="(.*?)"', text, re.S)
    ]
    assert statements == [example.sql for example in examples()]
    assert examples()[0].title == "Hvor er vi?"
    assert len(statements) == 10


def test_without_examples_the_page_still_has_a_first_question(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examples(tmp_path) == []
    monkeypatch.setattr(explore, "examples", lambda: [])
    assert "<h2>Examples</h2>" not in page(marts)


def test_without_a_release_the_page_says_what_to_do(tmp_path: Path) -> None:
    start, body = _sent(tmp_path, "GET", "/", b"", OWN)
    assert start["status"] == 500
    assert b"pll run" in body["body"]
    question = Explorer(tmp_path).answer(b'{"sql": "select 1"}')
    assert "pll run" in question["message"]
