"""What other systems harvest: the catalogue, the JSON-stat cube, the data dictionary."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pyshacl import validate
from rdflib import Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, DCTERMS, RDF, SH, SKOS

from pll_pipeline.sources.model import JsonStat
from pll_pipeline.validated.readers import jsonstat
from tests.night.conftest import World
from tests.outputs.browser import Elements, violations

SHAPES = Path(__file__).resolve().parent / "dcat_ap_no.shacl.ttl"
OFFICIAL_NO = Path(__file__).resolve().parent / "dcat_ap_no_2.00"
OFFICIAL = Path(__file__).resolve().parent / "dcat_ap_3.0.1"
VOCABULARIES = {  # what a harvester has loaded: the class of each address in these vocabularies
    "http://publications.europa.eu/resource/authority/language/": DCTERMS.LinguisticSystem,
    "http://publications.europa.eu/resource/authority/frequency/": DCTERMS.Frequency,
    "http://publications.europa.eu/resource/authority/file-type/": DCTERMS.MediaTypeOrExtent,
    "http://publications.europa.eu/resource/authority/access-right/": DCTERMS.RightsStatement,
    "http://publications.europa.eu/resource/authority/country/": DCTERMS.Location,
    "http://publications.europa.eu/resource/authority/data-theme/": SKOS.Concept,
    "http://publications.europa.eu/resource/authority/distribution-status/": SKOS.Concept,
    "https://www.iana.org/assignments/media-types/": DCTERMS.MediaType,
    "http://publications.europa.eu/resource/authority/licence/": DCTERMS.LicenseDocument,
}
BASE = "https://example.org/"


@pytest.fixture(scope="module", params=["demo", "released"])
def release(request: pytest.FixtureRequest) -> Path:
    world: World = request.getfixturevalue(request.param)
    return world.current


def _graph(release: Path) -> Graph:
    return Graph().parse(release / "catalog.ttl", publicID=f"{BASE}catalog.ttl")


def test_the_catalogue_is_as_dcat_ap_no_asks(release: Path) -> None:
    conforms, _, report = validate(
        _graph(release), shacl_graph=Graph().parse(SHAPES), advanced=True
    )
    assert conforms, report


def _with_vocabularies(graph: Graph) -> Graph:
    themes = URIRef("http://publications.europa.eu/resource/authority/data-theme")
    graph.add((themes, RDF.type, SKOS.ConceptScheme))
    graph.add((themes, DCTERMS.title, Literal("Data theme", lang="en")))
    for address in {node for node in graph.objects() if isinstance(node, URIRef)}:
        for start, of_class in VOCABULARIES.items():
            if address.startswith(start):
                graph.add((address, RDF.type, of_class))
                graph.add((address, SKOS.prefLabel, Literal("label", lang="en")))
    return graph


@pytest.mark.parametrize("shapes", ["shapes.ttl", "range.ttl"])
def test_the_catalogue_conforms_to_the_official_shapes_of_dcat_ap(
    release: Path, shapes: str
) -> None:
    graph = _with_vocabularies(_graph(release))
    conforms, _, report = validate(graph, shacl_graph=Graph().parse(OFFICIAL / shapes))
    assert conforms, report


# What version 3 asks otherwise than the published shapes of version 2, by property: SHA-256 and any
# integer of bytes, EU's list of statuses; a series is no order of datasets, so none is its first.
# Files that are made from sources of several licences have the terms of each.
OF_VERSION_3 = {
    "http://spdx.org/rdf/terms#algorithm",
    "http://www.w3.org/ns/adms#status",
    "http://www.w3.org/ns/dcat#byteSize",
    "http://www.w3.org/ns/dcat#first",
}


def _broken(graph: Graph) -> set[str]:
    """The properties for which the shapes of DCAT-AP-NO 2.00 find a violation."""
    for address in {node for node in graph.objects() if "/resource/authority/" in str(node)}:
        graph.add((address, SKOS.inScheme, URIRef(str(address).rsplit("/", 1)[0])))
    shapes = Graph().parse(OFFICIAL_NO / "shapes.ttl")
    _, report, _ = validate(graph, shacl_graph=shapes, advanced=True)
    assert isinstance(report, Graph)
    violations = report.subjects(SH.resultSeverity, SH.Violation)
    paths = {str(report.value(violation, SH.resultPath)) for violation in violations}
    return paths - {str(SKOS.inScheme)}  # which only repeats why a value is not of its list


def test_the_catalogue_conforms_to_the_official_shapes_of_dcat_ap_no(release: Path) -> None:
    graph = _with_vocabularies(_graph(release))
    own_terms = (None, RDF.type, DCTERMS.LicenseDocument)
    has_own = any("#licence" in str(node) for node, _, _ in graph.triples(own_terms))
    licence = {str(DCTERMS.license)} if has_own else set()
    assert _broken(graph) == OF_VERSION_3 | licence


def test_a_dataset_without_a_publisher_breaks_the_official_shapes_of_dcat_ap_no(
    released: World,
) -> None:
    graph = _with_vocabularies(_graph(released.current))
    graph.remove((None, DCTERMS.publisher, None))
    assert str(DCTERMS.publisher) in _broken(graph)


def test_a_distribution_without_an_address_breaks_the_official_shapes(demo: World) -> None:
    graph = _with_vocabularies(_graph(demo.current))
    graph.remove((None, DCAT.accessURL, None))
    assert not validate(graph, shacl_graph=Graph().parse(OFFICIAL / "shapes.ttl"))[0]


@pytest.mark.parametrize(
    "predicate",
    [
        DCTERMS.title,
        DCTERMS.publisher,
        DCAT.contactPoint,
        DCAT.theme,
        DCAT.accessURL,
        DCTERMS["format"],
    ],
)
def test_a_catalogue_without_what_is_mandatory_would_be_refused(
    demo: World, predicate: URIRef
) -> None:
    graph = _graph(demo.current)
    graph.remove((None, predicate, None))
    assert not validate(graph, shacl_graph=Graph().parse(SHAPES), advanced=True)[0]


def test_both_forms_of_the_catalogue_say_the_same(release: Path) -> None:
    assert isomorphic(
        _graph(release),
        Graph().parse(
            release / "catalog.jsonld", format="json-ld", publicID=f"{BASE}catalog.jsonld"
        ),
    )


def test_every_file_the_catalogue_lists_is_there_with_its_size_and_hash(release: Path) -> None:
    graph = _graph(release)
    listed = set()
    for distribution in graph.subjects(RDF.type, DCAT.Distribution):
        address = str(graph.value(distribution, DCAT.downloadURL))
        path = release / address.removeprefix(BASE)
        listed.add(path.relative_to(release).as_posix())
        assert int(str(graph.value(distribution, DCAT.byteSize))) == path.stat().st_size
        checksum = graph.value(distribution, URIRef("http://spdx.org/rdf/terms#checksum"))
        assert (
            str(graph.value(checksum, URIRef("http://spdx.org/rdf/terms#checksumValue")))
            == hashlib.sha256(path.read_bytes()).hexdigest()
        )
    there = {
        path.relative_to(release).as_posix()
        for pattern in ("parquet/*", "csv/*", "csv-excel/*", "pll.*", "adoption.json")
        for path in release.glob(pattern)
    }
    assert listed == there


def test_the_catalogue_has_each_source_with_its_publisher_and_what_to_write_beside_its_figures(
    released: World,
) -> None:
    graph = _graph(released.current)
    sources = released.ask(
        "select title, publisher, attribution, licence from star.dim_source order by title"
    )
    assert sources
    texts = {str(text) for text in graph.objects(None, None)}
    for source in sources:
        assert {*source} <= texts


def _cube(release: Path) -> dict[str, Any]:
    cube: dict[str, Any] = json.loads((release / "adoption.json").read_text(encoding="utf-8"))
    return cube


def test_the_cube_is_json_stat_2(release: Path) -> None:
    cube = _cube(release)
    assert (cube["version"], cube["class"]) == ("2.0", "dataset")
    assert set(cube["id"]) == set(cube["dimension"])
    assert len(cube["id"]) == len(cube["size"])
    product = 1
    for name, size in zip(cube["id"], cube["size"], strict=True):
        category = cube["dimension"][name]["category"]
        assert len(category["index"]) == len(set(category["index"])) == size
        assert set(category["label"]) == set(category["index"])
        assert all(category["label"].values())
        product *= size
    assert {name for names in cube["role"].values() for name in names} <= set(cube["id"])
    assert all(0 <= int(position) < product for position in (*cube["value"], *cube["status"]))
    assert all(
        isinstance(value, int | float) and 0 <= value <= 1 for value in cube["value"].values()
    )
    assert set(cube["status"].values()) <= set(cube["extension"]["status_label"])
    without_value = {position for position, mark in cube["status"].items() if mark in (":", "..")}
    assert not without_value & set(cube["value"]), "a cell that is not shown has no value"


def test_the_cube_read_back_by_a_reader_is_the_mart(demo: World) -> None:
    table = jsonstat.read(
        (demo.current / "adoption.json").read_bytes(),
        JsonStat(kind="jsonstat"),
        where="adoption.json",
    )
    cells = {
        (row["measure"], row["region"], row["actor_type"], row["month"]): float(row["value"])
        for row in table.frame.iter_rows(named=True)
        if row["value"]
    }
    mart = demo.ask(
        """
        select
            measure_code, region_key, actor_type_code, strftime(month, '%Y-%m'), adoption_share
        from marts.mart_adoption_by_region_actor_month
        join star.dim_measure using (measure_code)
        where unit = 'share' and adoption_share is not null
        """
    )
    assert cells == {row[:4]: row[4] for row in mart}


def test_the_dictionary_describes_every_column_in_both_languages(release: Path) -> None:
    text = (release / "dictionary.html").read_text(encoding="utf-8")
    package = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
    row = re.compile(
        r'<tr><th scope="row"><code>(\w+)</code></th><td><code>[^<]+</code></td><td>[^<]*</td>'
        r'<td>([^<]+)</td><td lang="en" class="en">([^<]+)</td></tr>'
    )
    rows = row.findall(text)
    assert len(rows) == sum(len(resource["schema"]["fields"]) for resource in package["resources"])
    assert all(nb.strip() and en.strip() and nb != en for _, nb, en in rows)
    for resource in package["resources"]:
        assert f'<h2 id="{resource["name"]}">' in text


def test_the_addresses_in_the_dictionary_are_there(release: Path) -> None:
    elements = Elements(release / "dictionary.html").elements
    ids = {attributes["id"] for _, attributes in elements if "id" in attributes}
    addresses = [attributes["href"] or "" for tag, attributes in elements if tag == "a"]
    inside = {address[1:] for address in addresses if address.startswith("#")}
    assert inside <= ids
    files = [address for address in addresses if not address.startswith(("#", "http"))]
    assert len(files) > 1
    assert all((release / file).is_file() for file in files)


def test_axe_finds_nothing_in_the_dictionary(
    release: Path, chromium: str, npm: Path, tmp_path: Path
) -> None:
    wrong, passes = violations(release / "dictionary.html", chromium, npm, tmp_path)
    assert wrong == []
    assert passes > 10
