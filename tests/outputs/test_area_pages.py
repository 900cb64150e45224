"""The pages of areas as people meet them: by browser, keyboard and telephone, without script."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pll_pipeline.published.page.files import FEEDS, FILES
from tests.night.conftest import World
from tests.outputs.browser import ACCESSIBILITY, WRONG, Elements, shown
from tests.outputs.keyboard import Keyboard, keyboard

MOST_BYTES = 60_000
ALL_BYTES = 25_000_000
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
# Each page runs axe and measures its width in a frame as wide as a telephone.
_IN_FRAME = f"""
<script>%s</script><script>{WRONG}
axe.run(document, {{runOnly: %s}}).then(result => parent.postMessage(JSON.stringify([
    location.pathname.split('/').slice(-3).join('/'),
    wrongOf(result),
    document.documentElement.scrollWidth - document.documentElement.clientWidth,
    result.passes.length,
]), '*'));
</script></body>
"""
_FRAMES = """
<body>%s<output id="answer"></output><script>
const answers = [];
addEventListener('message', event => {
    answers.push(JSON.parse(event.data));
    document.getElementById('answer').textContent = JSON.stringify(answers);
});
</script>
"""


@pytest.fixture(scope="module", params=["demo", "released"])
def report(request: pytest.FixtureRequest) -> Path:
    world: World = request.getfixturevalue(request.param)
    return Path(world.current / "report")


def _areas(report: Path, language: str) -> list[Path]:
    """The pages of areas of a language, the smallest first."""
    pages = [path for path in (report / language).glob("*.html") if path.name != "index.html"]
    return sorted(pages, key=lambda path: (path.stat().st_size, path.name))


def test_each_area_has_a_page_of_bounded_size_that_loads_its_own_folder_only(report: Path) -> None:
    files = [path for path in report.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < ALL_BYTES
    for language in FILES:
        pages = _areas(report, language)
        assert 390 < len(pages) < 410
        for path in pages:
            text = path.read_text(encoding="utf-8")
            assert len(text.encode()) < MOST_BYTES
            assert "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'" in text
            loaded = re.findall(r'<(?:link|script|img|iframe)[^>]*(?:src|href)="([^"]*)"', text)
            assert loaded == ["../area.css", "search.js"], path.name
            assert not re.search(r"url\(|@import| on\w+=", text)


def test_every_address_of_a_file_leads_to_one(report: Path) -> None:
    for language in FILES:
        pages = _areas(report, language)
        for path in (pages[0], pages[-1], report / language / "index.html"):
            addresses = [a["href"] or "" for tag, a in Elements(path).elements if tag == "a"]
            own = [a for a in addresses if not a.startswith(("http://", "https://", "#"))]
            assert own
            assert [a for a in own if not (path.parent / a).is_file()] == []


def test_the_list_of_areas_has_a_link_to_every_page(report: Path) -> None:
    for language in FILES:
        text = (report / language / "index.html").read_text(encoding="utf-8")
        linked = set(re.findall(r'<li><a href="([a-z0-9-]+\.html)">', text))
        assert linked == {path.name for path in _areas(report, language)}


def test_the_feeds_are_sound_and_as_many_as_areas(report: Path) -> None:
    feeds = [report / file for file in FEEDS.values()]
    feeds += [path.with_suffix(".xml") for path in _areas(report, "nb")]
    identities = set()
    for path in feeds:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - written by the code that is tried
        atom = "{http://www.w3.org/2005/Atom}"
        assert root.tag == f"{atom}feed"
        assert root.findtext(f"{atom}updated")
        identities.add(root.findtext(f"{atom}id"))
    assert len(identities) == len(feeds)


def _copy(path: Path, folder: Path, script: str, theme: str) -> Path:
    """A page with a script in it, beside the style in one theme, as a browser is to check it."""
    copy = folder / theme / path.parent.name / path.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    text = POLICY.sub("", path.read_text(encoding="utf-8")).replace("</body>", script)
    copy.write_text(text, encoding="utf-8")
    style = (path.parent.parent / "area.css").read_text(encoding="utf-8")
    if theme == "dark":
        style = style.replace("@media (prefers-color-scheme: dark)", "@media all")
    (folder / theme / "area.css").write_text(style, encoding="utf-8")
    return copy


def test_axe_finds_nothing_on_small_and_large_pages_of_the_width_of_a_telephone(
    report: Path, chromium: str, npm: Path, tmp_path: Path
) -> None:
    axe = (npm / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    script = _IN_FRAME % (axe, json.dumps(ACCESSIBILITY))
    copies = []
    for language in FILES:
        pages = _areas(report, language)
        tried = (pages[0], pages[len(pages) // 2], pages[-1], report / language / "index.html")
        copies += [
            _copy(path, tmp_path, script, theme) for path in tried for theme in ("light", "dark")
        ]
    frames = "".join(
        f'<iframe src="{copy.as_uri()}" style="border:0;width:320px;height:800px"></iframe>'
        for copy in copies
    )
    file = tmp_path / "frames.html"
    file.write_text(_FRAMES % frames, encoding="utf-8")
    document = shown(chromium, tmp_path, file.as_uri())
    answer = re.search(r'<output id="answer">(.*?)</output>', document, re.DOTALL)
    assert answer, document[-2000:]
    plain = answer[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    answers = json.loads(plain)
    assert len(answers) == len(copies)
    assert [(name, broken) for name, broken, _, _ in answers if broken] == []
    assert [(name, more) for name, _, more, _ in answers if more > 0] == []
    assert all(kept > 10 for *_, kept in answers)


def _search(page: Keyboard, text: str) -> None:
    page.tab_to("search-name")
    page.type(text)
    page.press("Enter")


def test_an_area_is_reached_by_keyboard_from_the_page_of_the_country_and_from_another_area(
    released: World, chromium: str, tmp_path: Path
) -> None:
    report = (released.current / "report").resolve()
    with keyboard(chromium, tmp_path) as page:
        page.go((report / "index.html").as_uri())
        _search(page, "bodø")
        page.wait("document.querySelector('h1').textContent === 'Bodø'")
        # two of that name: the first match has the focus, and the status counts them
        _search(page, "heroy")
        page.wait("document.activeElement.textContent.startsWith('Herøy')")
        assert page.value("document.getElementById('search-status').textContent") == "Treff: 2"
        page.press("Enter")
        page.wait("document.querySelector('h1').textContent.startsWith('Herøy')")
        # a former name
        _search(page, "skedsmo")
        page.wait("document.querySelector('h1').textContent === 'Lillestrøm'")
        assert all(address.startswith(("file:///", "data:")) for address in page.requests)
        assert page.requests


def test_without_script_the_search_leads_to_the_list_of_areas(
    released: World, chromium: str, tmp_path: Path
) -> None:
    report = (released.current / "report").resolve()
    with keyboard(chromium, tmp_path) as page:
        page.send("Emulation.setScriptExecutionDisabled", value=True)
        page.go((report / "index.html").as_uri())
        _search(page, "bodø")
        page.wait("location.pathname.endsWith('/nb/index.html')")
        page.wait("document.readyState === 'complete'")
        assert page.value("document.querySelectorAll('main a[href^=kommune-]').length") > 350


def test_an_area_without_figures_says_so_and_has_what_there_is_to_introduce(
    released: World,
) -> None:
    text = (released.current / "report" / "nb" / "kommune-1804.html").read_text(encoding="utf-8")
    assert "Ingen av kildene har publisert tall om tjenestene i Bodø." in text
    assert re.search(r"Bodø har [\d\u00a0]+ innbyggere og [\d\u00a0]+ fastlegeavtaler\.", text)
