"""The page as people meet it: in a browser, with a screen reader, on a telephone, on paper."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import duckdb
import pytest

from pll_pipeline.published.page.formats import NBSP
from pll_pipeline.published.page.page import FILES
from pll_pipeline.star.model_files import DBT_PROJECT, tables
from tests.night.conftest import World
from tests.outputs.browser import Elements, shown, violations
from tests.outputs.page_statements import PageStatements

MOST_BYTES = 2_000_000
SECTIONS = (
    *("now", "plan", "timeline", "curves", "spread", "ranking", "maps", "published", "forecast"),
    *("changes", "fresh", "about", "areas"),
)
FIGURES = {
    *("actors", "plan", "rollout", "curves", "spread", "ranking", "matrix", "maps", "cells"),
    *("years", "forecast", "timeline"),
}
# A frame as wide as a telephone, and what in it is wider.
WIDE_ELEMENTS = """
<body style="margin:0">
<iframe id="f" src="{address}" style="border:0;width:320px;height:800px"></iframe>
<output id="answer"></output>
<script>
const frame = document.getElementById("f");
frame.onload = () => {{
    const page = frame.contentDocument;
    const width = page.documentElement.clientWidth;
    const wide = [...page.querySelectorAll('body *')]
        .filter(e => !e.closest('.scroll, svg, .unseen'))
        .filter(e => e.getBoundingClientRect().right > width + 1)
        .map(e => e.outerHTML.slice(0, 120));
    const answer = [page.documentElement.scrollWidth, width, wide.slice(0, 5)];
    document.getElementById('answer').textContent = JSON.stringify(answer);
}};
</script>
"""


class Page(Elements):
    """Elements of a page with their attributes, and its text."""

    def __init__(self, path: Path) -> None:
        self.words: list[str] = []
        self._open: list[str] = []
        super().__init__(path)
        self.text = re.sub(r"[ \n\t]+", " ", " ".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._open):
            self.words.append(data)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element with a tag."""
        return [attributes for name, attributes in self.elements if name == tag]


# What the checker of statements must have met.
_SORTS_OF_DEMO = {
    *("value of a figure", "tile", "rank", "percentile", "share in a headline", "lag"),
    "statement of the timeline",
}
_SORTS_OF_RELEASE = {
    *("share in a headline", "claim of absence", "readiness", "statement of the timeline"),
}


def _statements(world: World, page: Path) -> PageStatements:
    return PageStatements(page, world.data / "build" / "build.duckdb")


@pytest.fixture(
    scope="module",
    params=[(world, language) for world in ("demo", "released") for language in FILES],
    ids="-".join,
)
def path(request: pytest.FixtureRequest) -> Path:
    world, language = request.param
    return Path(request.getfixturevalue(world).current / "report" / FILES[language])


@pytest.fixture(scope="module", params=["demo", "released"])
def build_file(request: pytest.FixtureRequest) -> Path:
    world: World = request.getfixturevalue(request.param)
    return world.data / "build" / "build.duckdb"


def test_a_page_is_one_file_that_fetches_nothing(path: Path) -> None:
    page = Page(path)
    assert path.stat().st_size < MOST_BYTES
    fetching = {"link", "img", "iframe", "object", "embed", "video", "audio", "source"}
    assert {tag for tag, _ in page.elements} & (fetching | {"base"}) == set()
    language = next(name for name, file in FILES.items() if file == path.name)
    (search,) = page.attributes("form")
    assert search["action"] == f"{language}/index.html"
    assert {"type": "application/ld+json"} in page.attributes("script")
    assert all(attributes.keys() <= {"type"} for attributes in page.attributes("script"))
    names = {name for _, attributes in page.elements for name in attributes}
    assert {name for name in names if name == "src" or name.startswith("on")} == set()
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|@font-face", text)
    assert "default-src 'none'" in text


def test_every_drawing_has_a_description_or_is_hidden_from_screen_readers(path: Path) -> None:
    page = Page(path)
    drawings = page.attributes("svg")
    assert drawings
    for attributes in drawings:
        has_name = attributes.get("aria-label") or attributes.get("aria-labelledby")
        is_image = attributes.get("role") in ("img", "group") and has_name
        assert is_image or attributes.get("aria-hidden") == "true"
    identities = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identities) == len(set(identities))
    named = {
        name
        for _, attributes in page.elements
        for name in (attributes.get("aria-labelledby") or "").split()
    }
    assert named <= set(identities)


def test_every_figure_has_its_data_and_names_its_sources(path: Path) -> None:
    page = Page(path)
    figure_count = len(page.attributes("figure"))
    downloads = [a["href"] or "" for a in page.attributes("a") if "download" in a]
    tables = [address for address in downloads if address.startswith("data:text/csv")]
    assert len(tables) == figure_count > 0
    pictures = sorted(set(downloads) - set(tables))
    assert [Path(address).suffix for address in pictures] == [".png", ".svg"] * (len(pictures) // 2)
    assert pictures
    assert all((path.parent / address).is_file() for address in pictures)
    tables_and_sources = re.findall(r"csv/(\w+)\.csv(?:\.gz)?\. (Kilde|Source): \S", page.text)
    assert len(tables_and_sources) == figure_count


def test_the_table_that_a_figure_names_is_in_the_release(path: Path) -> None:
    named = set(re.findall(r"csv/\w+\.csv(?:\.gz)?", Page(path).text))
    assert named
    assert all((path.parent.parent / name).is_file() for name in named)


def test_the_description_for_search_engines_is_sound(path: Path) -> None:
    script = re.search(
        r'<script type="application/ld\+json">(.*?)</script>',
        path.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert script
    dataset = json.loads(script[1])
    assert (dataset["@context"], dataset["@type"]) == ("https://schema.org", "Dataset")
    assert dataset["license"]
    assert dataset["creator"]
    assert dataset["isBasedOn"]
    files = [path.parent / part["contentUrl"] for part in dataset["distribution"]]
    assert all(file.resolve().is_file() for file in files)


def test_the_files_that_a_page_links_to_are_there(path: Path) -> None:
    addresses = [attributes["href"] or "" for attributes in Page(path).attributes("a")]
    elsewhere = ("http://", "https://", "data:", "#")
    files = [address for address in addresses if not address.startswith(elsewhere)]
    assert files
    assert all((path.parent / address).is_file() for address in files)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_against_level_aa(
    path: Path, theme: str, chromium: str, npm: Path, tmp_path: Path
) -> None:
    text = path.read_text(encoding="utf-8").replace("<details>", "<details open>")
    if theme == "dark":
        text = text.replace("@media (prefers-color-scheme: dark)", "@media all")
    themed = tmp_path / "themed.html"
    themed.write_text(text, encoding="utf-8")
    broken, kept = violations(themed, chromium, npm, tmp_path)
    assert broken == []
    assert kept > 20


def test_nothing_is_wider_than_a_telephone(path: Path, chromium: str, tmp_path: Path) -> None:
    file = tmp_path / "framed.html"
    file.write_text(WIDE_ELEMENTS.format(address=path.as_uri()), encoding="utf-8")
    document = shown(chromium, tmp_path, file.as_uri())
    answer = re.search(r'<output id="answer">(.*?)</output>', document, re.DOTALL)
    assert answer, document[-2000:]
    scroll_width, width, wide = json.loads(answer[1])
    assert (wide, scroll_width) == ([], width)
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


def test_simulated_figures_are_marked_everywhere(demo: World) -> None:
    for file, banner in (("index.html", "Simulerte tall"), ("en.html", "Simulated figures")):
        path = demo.current / "report" / file
        page, text = Page(path), path.read_text(encoding="utf-8")
        assert f"<strong>{banner}</strong>" in text
        assert re.search(r"<title>SIMUL", text)
        assert 'class="on-paper"' in text
        for publisher in ("Norsk helsenett", "Helsedirektoratet"):
            assert f"Publisert av {publisher}" not in page.text
            assert f"Published by {publisher}" not in page.text


def test_published_figures_have_no_banner(released: World) -> None:
    path = released.current / "report" / "index.html"
    assert 'class="banner"' not in path.read_text(encoding="utf-8")
    assert "imuler" not in Page(path).text


def test_the_page_of_what_is_published_says_what_is_not(released: World) -> None:
    page = Page(released.current / "report" / "index.html")
    for sentence in (
        "Ingen av kildene har publisert hvor stor andel av landet som bruker pasientens "
        "legemiddelliste",
        f"Andel solgte pakninger på e-resept (apotek): 94,8{NBSP}% i desember{NBSP}2023. Tallet er",
        "Nyeste tall om tjenestene gjelder 2025.",
        f"Målene er 25{NBSP}% innen utgangen av juni{NBSP}2026, 50{NBSP}% innen utgangen av 2027 "
        f"og 80{NBSP}% innen utgangen av 2029. Ingen kjent andel kan holdes mot dem",
        "Tallene nedenfor finnes ikke i noen av kildene som denne utgaven er laget av.",
        "104 opplysninger om innføringen: pasientens legemiddelliste (PLL) 2018–2029",
        f"Landet har 5{NBSP}747 fastlegeavtaler, og 197 fastlegelister er uten lege",
    ):
        assert sentence in page.text, sentence


def test_the_page_of_a_full_world_answers_every_question(demo: World) -> None:
    page = Page(demo.current / "report" / "index.html")
    assert [attributes["id"] for attributes in page.attributes("section")] == list(SECTIONS)
    identities = [attributes["id"] or "" for attributes in page.attributes("figure")]
    assert {identity.removeprefix("figure-") for identity in identities} >= FIGURES
    numbers = re.findall(r"Figur (\d+)", page.text)
    assert numbers == [str(number) for number in range(1, len(identities) + 1)]


def test_the_numbers_on_the_page_are_those_of_the_tables(demo: World) -> None:
    """The card of PLL and the country's row of the ranking, compared with the mart."""
    page = Page(demo.current / "report" / "index.html")
    ((count, eligible, share),) = demo.ask(
        "select adoption_count, eligible_count, adoption_share "
        "from marts.mart_adoption_by_region_actor_month "
        "where measure_code = 'pll_organisation_in_use_share' and region_key = 'land:NO' "
        "and actor_type_code = 'legekontor' order by month desc limit 1"
    )
    assert isinstance(share, float)
    written = f"{100 * share:.1f}".replace(".", ",").removesuffix(",0")
    card = f"pasientens legemiddelliste (legekontor): {written}{NBSP}%"
    assert card in page.text
    row = page.text[page.text.index("Norge", page.text.index("Endring, 12 md.")) :][:120]
    numbers = [word for word in row.split(" ") if re.fullmatch(rf"[\d{NBSP}]+", word)]
    assert numbers[:2] == [f"{n:,}".replace(",", NBSP) for n in (count, eligible)]


@pytest.mark.parametrize("world", ["demo", "released"])
def test_every_statement_of_the_page_is_proved(world: str, request: pytest.FixtureRequest) -> None:
    """Values, tiles, ranks, percentiles, headlines and claims, against the bounds of the marts."""
    of_world: World = request.getfixturevalue(world)
    counts, unproved = _statements(of_world, of_world.current / "report" / "index.html").count()
    assert unproved == []
    sorts = {"demo": _SORTS_OF_DEMO, "released": _SORTS_OF_RELEASE}[world]
    assert sorts <= counts.keys()
    assert counts.total() > 100


@pytest.mark.parametrize(
    ("pattern", "changed", "sort"),
    [
        (r'(class="tile" role="img" aria-label="[^:"]+: )[^"]+', r"\g<1>33,3 %", "tile"),
        (
            r'(>Helsefellesskapet [^<]+</a></th><td class="number">)[^<]*',
            r"\g<1>99",
            "rank",
        ),
        (r'(<p class="headline">[^<]*?: )[\d,]+', r"\g<1>61,7", "share in a headline"),
    ],
)
def test_a_false_statement_is_found(
    demo: World, tmp_path: Path, pattern: str, changed: str, sort: str
) -> None:
    text = (demo.current / "report" / "index.html").read_text(encoding="utf-8")
    false, changes = re.subn(pattern, changed, text)
    assert changes
    page = tmp_path / "false.html"
    page.write_text(false, encoding="utf-8")
    _, unproved = _statements(demo, page).count()
    assert sort in {statement.sort for statement in unproved}


@pytest.mark.parametrize("table", tables(DBT_PROJECT, "page"))
def test_a_table_of_the_page_has_one_row_per_its_grain(build_file: Path, table: str) -> None:
    grain = ", ".join(tables(DBT_PROJECT, "page")[table].grain)
    with duckdb.connect(build_file, read_only=True) as connection:
        copies = connection.execute(
            f"select {grain}, count(*) from page.{table} group by all having count(*) > 1"
        ).fetchall()
    assert copies == []


def test_every_figure_has_its_sources_among_the_tables(build_file: Path) -> None:
    """A source for each figure that has rows, and no source without a figure."""
    with duckdb.connect(build_file, read_only=True) as connection:
        rows = connection.execute("select distinct figure_name from page.page_figure_source")
        names = {name for (name,) in rows.fetchall()}
    assert names <= FIGURES | {"points", "readiness"}
    assert names >= {"actors", "plan", "rollout", "years"}
