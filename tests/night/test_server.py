"""`pll serve` as it really runs: the page, its guard, the schedule, and the end of it all."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from pll_pipeline.server.page import ALLOW_CHANGES
from tests.night.world import ROOT

PLL = Path(sys.executable).with_name("pll")
REPOSITORY = {
    "repositoryName": "__repository__",
    "repositoryLocationName": "pll_pipeline.definitions",
}
SCHEDULE = """
query($selector: ScheduleSelector!) { scheduleOrError(scheduleSelector: $selector) {
  ... on Schedule { scheduleState { id status } } } }
"""
STOP = """
mutation($id: String!) { stopRunningSchedule(id: $id) { __typename } }
"""
LAUNCH = """
mutation($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename } }
"""


@dataclass(frozen=True)
class Page:
    """A page that is being served, and the file of what its process prints."""

    port: int
    process: subprocess.Popen[bytes]
    output: Path

    def asked(self, path: str = "/server_info", body: bytes | None = None, **headers: str) -> Any:
        """The status of an answer and its text; headers are named with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(address, body, named)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - on loopback
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def question(self, query: str, **variables: Any) -> Any:
        """The answer to a question of GraphQL, as the page itself asks."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        _, text = self.asked("/graphql", body, Content_Type="application/json")
        return json.loads(text)["data"]

    def schedule(self) -> dict[str, str]:
        """Id and status of the schedule."""
        selector = {**REPOSITORY, "scheduleName": "every_night"}
        state = self.question(SCHEDULE, selector=selector)["scheduleOrError"]["scheduleState"]
        return {"id": state["id"], "status": state["status"]}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _served(data: Path, *words: str) -> Iterator[Page]:
    """A page served by a command; the command ends with it."""
    port, output = _free_port(), data / "output.txt"
    command = [word.format(port=port) for word in words]
    with output.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=_environment(data), stdout=out, stderr=out
        )
        page = Page(port, process, output)
        try:
            _wait_until_it_answers(page)
            yield page
        finally:
            process.terminate()
            process.wait(60)


def _environment(data: Path) -> dict[str, str]:
    return {**os.environ, "PLL_DATA": str(data), "DAGSTER_HOME": str(data / "dagster")}


def _wait_until_it_answers(page: Page) -> None:
    deadline = time.monotonic() + 180
    while True:
        assert page.process.poll() is None, page.output.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, page.output.read_text(encoding="utf-8")
        try:
            page.asked()
        except OSError:
            time.sleep(0.2)
        else:
            return


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose schedule was turned off by hand, on a page that allows changes."""
    data = tmp_path_factory.mktemp("served")
    code = "from pll_pipeline.automation import make_store; from pll_pipeline.config import Config;"
    made = [sys.executable, "-c", f"{code} make_store(Config.from_environment())"]
    subprocess.run(made, cwd=ROOT, env=_environment(data), check=True)
    alone = (sys.executable, "-m", "pll_pipeline.server.page", "{port}", ALLOW_CHANGES)
    with _served(data, *alone) as page:
        assert "(0 3 * * * Europe/Oslo) is on." in page.output.read_text(encoding="utf-8")
        page.question(STOP, id=page.schedule()["id"])
        assert page.schedule()["status"] == "STOPPED"
    return data


@pytest.fixture(scope="module")
def page(data: Path) -> Iterator[Page]:
    with _served(data, str(PLL), "serve", "--port", "{port}") as page:
        yield page


def test_the_page_answers_itself_and_no_other_page(page: Page) -> None:
    port = page.port
    assert page.asked()[0] == 200
    assert page.asked(Origin=f"http://localhost:{port}")[0] == 200
    assert page.asked(Host=f"evil.example:{port}")[0] == 403
    assert page.asked(Origin="https://evil.example")[0] == 403
    question = json.dumps({"query": "{version}"}).encode()
    assert page.asked("/graphql", question, Content_Type="text/plain")[0] == 403
    assert page.asked("/graphql?query=%7Bversion%7D")[0] == 403
    assert page.asked("/report_asset_materialization/raw/apotek", b"{}")[0] == 403


def test_a_web_socket_of_another_page_is_refused(page: Page) -> None:
    def first_line(origin: str) -> str:
        lines = (
            "GET /graphql HTTP/1.1",
            f"Host: 127.0.0.1:{page.port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol: graphql-ws",
            f"Origin: {origin}",
        )
        with socket.create_connection(("127.0.0.1", page.port), timeout=30) as connection:
            connection.sendall("\r\n".join((*lines, "", "")).encode())
            return connection.recv(200).decode().splitlines()[0]

    assert first_line(f"http://127.0.0.1:{page.port}").startswith("HTTP/1.1 101")
    assert first_line("http://evil.example").startswith("HTTP/1.1 403")


def test_the_page_is_read_only(page: Page) -> None:
    params = {"selector": {**REPOSITORY, "pipelineName": "night"}, "mode": "default"}
    answer = page.question(LAUNCH, params=params)
    assert answer["launchRun"]["__typename"] == "UnauthorizedError"
    page.question(STOP, id=page.schedule()["id"])
    assert page.schedule()["status"] == "RUNNING"


def test_a_schedule_that_was_turned_off_by_hand_is_on_again_and_named(page: Page) -> None:
    assert page.schedule()["status"] == "RUNNING"
    shown = page.output.read_text(encoding="utf-8")
    assert "The schedule every_night (0 3 * * * Europe/Oslo) was turned off by hand" in shown


def test_a_signal_ends_page_daemon_and_code_servers(page: Page) -> None:
    children = psutil.Process(page.process.pid).children(recursive=True)
    assert len(children) >= 3
    page.process.send_signal(signal.SIGTERM)
    assert page.process.wait(60) == 0
    gone, alive = psutil.wait_procs(children, timeout=20)
    assert len(gone) == len(children)
    assert alive == []
