"""The page of `pll explore` in a browser: a question is answered, and axe finds nothing."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from pll_pipeline.server.explore import application, examples
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


@pytest.fixture(scope="module")
def document(address: str, chromium: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page after its first question was answered."""
    return shown(chromium, tmp_path_factory.mktemp("explore"), address)


def _opened(document: str, folder: Path, theme: str) -> Path:
    """The answered page as a file, with every table open, and in a theme."""
    text = re.sub(r"<script>.*?</script>", "", document, flags=re.DOTALL)
    text = text.replace("<details>", "<details open>")
    if theme == "dark":
        text = text.replace("@media (prefers-color-scheme: dark)", "@media all")
    file = folder / "explore.html"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_against_level_aa(
    theme: str, document: str, chromium: str, npm: Path, tmp_path: Path
) -> None:
    broken, kept = violations(_opened(document, tmp_path, theme), chromium, npm, tmp_path)
    assert broken == []
    assert kept > 10


def test_the_page_fits_a_window_of_320_pixels(document: str, chromium: str, tmp_path: Path) -> None:
    _opened(document, tmp_path, "light")
    (tmp_path / "narrow.html").write_text(
        """<iframe src="explore.html" width="320" height="900" onload="
        document.body.append('width=' + this.contentDocument.documentElement.scrollWidth)">
        </iframe>""",
        encoding="utf-8",
    )
    narrow = shown(chromium, tmp_path, (tmp_path / "narrow.html").as_uri())
    width = re.search(r"width=(\d+)", narrow.partition("</iframe>")[2])
    assert width
    assert int(width[1]) <= 320


def test_an_answer_is_drawn_with_a_bar_for_each_of_its_numbers(
    document: str, released: World
) -> None:
    drawn = re.search(r'<svg [^>]*aria-label="(.*?)">(.*?)</svg>', document)
    assert drawn
    assert drawn[1] == "adoption_share by measure_name"
    shares = [float(share) for share in re.findall(r"</rect><text [^>]*>([^<]+)<", drawn[2])]
    first = examples()[0].sql
    assert shares == [row[4] for row in released.ask(first)]
    caption = re.search(r'<figcaption id="caption">(.*?)</figcaption>', document)
    assert caption
    assert caption[1].startswith(f"{len(shares)} of {len(shares)} rows are drawn")


def test_a_question_is_answered_in_the_browser_under_the_pages_own_policy(
    document: str, released: World
) -> None:
    outcome = re.search(r'<p id="outcome" role="status">(.*?)</p>', document)
    assert outcome
    assert f"of release {released.releases()[-1]}." in outcome[1]
    assert "<td" in document
    assert "Andel solgte pakninger på e-resept" in document
