"""The page of `pll explore` in a browser: a question is answered, and axe finds nothing."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from pll_pipeline.server.explore import application, page
from tests.night.conftest import World
from tests.outputs.browser import shown, violations


@pytest.fixture(scope="module")
def address(released: World) -> Iterator[str]:
    """The page on the published figures, at a port of its own."""
    config = uvicorn.Config(lambda *_: None, host="127.0.0.1", port=0, log_level="error")
    listener = config.bind_socket()
    port = listener.getsockname()[1]
    config.app = application(released.data / "marts", port)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(30)


def _opened(released: World, folder: Path, theme: str) -> Path:
    """The page as a file, with every table open, and in a theme."""
    text = page(released.data / "marts").replace("<details>", "<details open>")
    if theme == "dark":
        text = text.replace("@media (prefers-color-scheme: dark)", "@media all")
    answer = '<table><thead><tr><th scope="col">x</th></tr></thead><tr><td>1</td></tr></table>'
    text = text.replace("hidden></div>", f">{answer}</div>")
    file = folder / "explore.html"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_against_level_aa(
    theme: str, released: World, chromium: str, npm: Path, tmp_path: Path
) -> None:
    broken, kept = violations(_opened(released, tmp_path, theme), chromium, npm, tmp_path)
    assert broken == []
    assert kept > 10


def test_a_question_is_answered_in_the_browser_under_the_pages_own_policy(
    address: str, released: World, chromium: str, tmp_path: Path
) -> None:
    document = shown(chromium, tmp_path, address)
    outcome = re.search(r'<p id="outcome" role="status">(.*?)</p>', document)
    assert outcome
    assert f"of release {released.releases()[-1]}." in outcome[1]
    assert "<td" in document
    assert "Andel solgte pakninger på e-resept" in document
