"""The report as people meet it: in a browser, by a screen reader's rules, on a telephone, on paper."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pll_pipeline.published.page.formats import NBSP
from tests.night.conftest import World

PAGES = {"nb": "index.html", "en": "en.html"}
MOST_BYTES = 2_000_000


class Page(HTMLParser):
    """Elements of a page with their attributes, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.text = re.sub(r"[ \n\t]+", " ", " ".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._inside):
            self.words.append(data)


@pytest.fixture(
    scope="module",
    params=[(world, language) for world in ("demo", "released") for language in PAGES],
    ids=lambda param: "-".join(param),
)
def path(request: pytest.FixtureRequest) -> Path:
    world, language = request.param
    return Path(request.getfixturevalue(world).current / "report" / PAGES[language])


def _ask(chromium: str, tmp_path: Path, page: str, *, width: int = 1280) -> str:
    """What a page with scripts of ours has written into itself once it is done."""
    file = tmp_path / "asked.html"
    file.write_text(page, encoding="utf-8")
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=20000",
    ]
    said = subprocess.run(
        [*command, f"--window-size={width},900", "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    found = re.search(r'<output id="told">(.*?)</output>', said.stdout, re.DOTALL)
    assert found, said.stderr[-2000:]
    return found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def test_a_page_is_one_file_that_asks_nobody_for_anything(path: Path) -> None:
    page = Page(path)
    assert path.stat().st_size < MOST_BYTES
    assert not [
        tag
        for tag, _ in page.elements
        if tag
        in ("link", "img", "iframe", "object", "embed", "video", "audio", "source", "base", "form")
    ]
    assert [attributes for tag, attributes in page.elements if tag == "script"] == [
        {"type": "application/ld+json"}
    ]
    assert not [
        attributes
        for _, attributes in page.elements
        if "src" in attributes or any(name.startswith("on") for name in attributes)
    ]
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|@font-face", text)
    assert "default-src 'none'" in text


def test_every_drawing_says_in_words_what_it_shows(path: Path) -> None:
    page = Page(path)
    drawings = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert drawings
    for attributes in drawings:
        assert attributes.get("aria-hidden") == "true" or (
            attributes.get("role") == "img"
            and (attributes.get("aria-label") or attributes.get("aria-labelledby"))
        )
    identities = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identities) == len(set(identities))
    named = {
        name
        for _, attributes in page.elements
        for name in (attributes.get("aria-labelledby") or "").split()
    }
    assert named <= set(identities)


def test_every_figure_can_be_taken_home(path: Path) -> None:
    page = Page(path)
    figures = sum(tag == "figure" for tag, _ in page.elements)
    links = [
        attributes for tag, attributes in page.elements if tag == "a" and "download" in attributes
    ]
    assert len(links) == figures > 0
    assert all((attributes["href"] or "").startswith("data:text/csv") for attributes in links)


def test_the_description_for_search_engines_is_sound(path: Path) -> None:
    found = re.search(
        r'<script type="application/ld\+json">(.*?)</script>',
        path.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert found
    told = json.loads(found[1])
    assert (told["@context"], told["@type"]) == ("https://schema.org", "Dataset")
    assert told["license"] and told["creator"] and told["isBasedOn"]
    assert all(
        (path.parent / part["contentUrl"]).resolve().is_file() for part in told["distribution"]
    )


def test_the_addresses_in_it_that_are_files_are_there(path: Path) -> None:
    addresses = [attributes["href"] or "" for tag, attributes in Page(path).elements if tag == "a"]
    files = [
        address
        for address in addresses
        if not address.startswith(("http://", "https://", "data:", "#"))
    ]
    assert files
    assert all((path.parent / address).is_file() for address in files)


def test_axe_finds_nothing_against_level_aa(
    path: Path, chromium: str, npm: Path, tmp_path: Path
) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text).replace(
        "<details>", "<details open>"
    )
    axe = (npm / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    run = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(r => { const o = document.createElement('output'); o.id = 'told'; o.textContent = JSON.stringify([r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)]), r.passes.length]); document.body.append(o); })"
    for theme in ("light", "dark"):
        drawn = (
            text
            if theme == "light"
            else text.replace("@media (prefers-color-scheme: dark)", "@media all")
        )
        asked = drawn.replace("</body>", f"<script>{axe}</script><script>{run}</script></body>")
        violations, passes = json.loads(_ask(chromium, tmp_path, asked))
        assert violations == [], theme
        assert passes > 20


def test_nothing_is_wider_than_a_telephone(path: Path, chromium: str, tmp_path: Path) -> None:
    inner = "const d = f.contentDocument; const w = d.documentElement.clientWidth; const wide = [...d.querySelectorAll('body *')].filter(e => !e.closest('.scroll, svg, .unseen') && e.getBoundingClientRect().right > w + 1).map(e => e.outerHTML.slice(0, 120)); document.getElementById('told').textContent = JSON.stringify([d.documentElement.scrollWidth, w, wide.slice(0, 5)])"
    asked = f'<body style="margin:0"><iframe id="f" src="{path.as_uri()}" style="border:0;width:320px;height:800px"></iframe><output id="told"></output><script>const f = document.getElementById("f"); f.onload = () => {{ {inner} }}</script>'
    scroll, width, wide = json.loads(_ask(chromium, tmp_path, asked))
    assert (wide, scroll) == ([], width)
    assert 300 <= width <= 320


def test_it_prints(path: Path, chromium: str, tmp_path: Path) -> None:
    paper = tmp_path / "page.pdf"
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--print-to-pdf={paper}",
        path.as_uri(),
    ]
    subprocess.run(command, capture_output=True, timeout=180, check=False)
    content = paper.read_bytes()
    assert content.startswith(b"%PDF-")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 40


def test_simulated_figures_are_named_so_wherever_one_looks(demo: World) -> None:
    for file, banner in (("index.html", "Simulerte tall"), ("en.html", "Simulated figures")):
        path = demo.current / "report" / file
        page, text = Page(path), path.read_text(encoding="utf-8")
        assert f"<strong>{banner}</strong>" in text
        assert re.search(r"<title>SIMUL", text)
        assert 'class="on-paper"' in text
        for publisher in (
            "Publisert av Norsk helsenett",
            "Published by Norsk helsenett",
            "Publisert av Helsedirektoratet",
            "Published by Helsedirektoratet",
        ):
            assert publisher not in page.text


def test_published_figures_carry_no_banner(released: World) -> None:
    text = (released.current / "report" / "index.html").read_text(encoding="utf-8")
    assert 'class="banner"' not in text
    assert "imuler" not in Page(released.current / "report" / "index.html").text


def test_the_page_of_what_is_published_says_what_is_not(released: World) -> None:
    page = Page(released.current / "report" / "index.html")
    for sentence in (
        f"Andel solgte pakninger på e-resept er 94,8{NBSP}% (apotek) i desember{NBSP}2023.",
        f"Målene er 25{NBSP}% innen juni{NBSP}2026, 50{NBSP}% innen 2027 og 80{NBSP}% innen 2029. Ingen har publisert tall som kan holdes mot dem",
        "Ingen tjeneste har tall for nok regioner til et kart.",
    ):
        assert sentence in page.text, sentence


def test_the_page_of_a_full_world_answers_every_question(demo: World) -> None:
    page = Page(demo.current / "report" / "index.html")
    assert [attributes["id"] for tag, attributes in page.elements if tag == "section"] == [
        "now",
        "plan",
        "curves",
        "spread",
        "ranking",
        "maps",
        "published",
        "forecast",
        "changes",
        "fresh",
        "about",
    ]
    figures = {
        (attributes["id"] or "").removeprefix("figure-")
        for tag, attributes in page.elements
        if tag == "figure"
    }
    assert figures >= {
        "actors",
        "plan",
        "rollout",
        "curves",
        "spread",
        "ranking",
        "matrix",
        "maps",
        "cells",
        "years",
        "forecast",
    }


def test_the_numbers_on_the_page_are_those_of_the_tables(demo: World) -> None:
    """The card of PLL and the country's row of the ranking, read from the page and asked of the mart."""
    page = Page(demo.current / "report" / "index.html")
    ((count, eligible, share),) = demo.ask(
        """select adoption_count, eligible_count, adoption_share from marts.mart_adoption_by_region_actor_month
           where measure_code = 'pll_organisation_in_use_share' and region_key = 'land:NO' and actor_type_code = 'legekontor' order by month desc limit 1"""
    )
    assert isinstance(share, float)
    written = f"{100 * share:.1f}".replace(".", ",").removesuffix(",0")
    assert (
        f"Andel virksomheter som bruker pasientens legemiddelliste er {written}{NBSP}%" in page.text
    )
    row = page.text[page.text.index("Norge", page.text.index("Endring, 12 md.")) :][:120]
    assert [word for word in re.split(r"[ ]+", row) if re.fullmatch(rf"[\d{NBSP}]+", word)][:2] == [
        f"{n:,}".replace(",", NBSP) for n in (count, eligible)
    ]
