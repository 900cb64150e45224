"""The terms of the catalogue, filled with the facts of a release."""

from __future__ import annotations

from pathlib import Path
from string import Formatter

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF

from pll_pipeline.published.open_data.catalogue import _filled, _vocabulary


@pytest.fixture(scope="module")
def graph(release: Path) -> Graph:
    return Graph().parse(release / "catalog.ttl", publicID="https://example.org/catalog.ttl")


def test_a_line_is_left_out_repeated_or_filled_by_its_placeholder() -> None:
    assert list(_filled("eu:x", {})) == ["eu:x"]
    assert list(_filled("{a}", {"a": None})) == []
    assert list(_filled("{a} b", {"a": ["1", "2"]})) == ["1 b", "2 b"]
    assert list(_filled("{a}/{b}", {"a": "1", "b": "2"})) == ["1/2"]


def test_every_predicate_and_type_has_a_known_prefix() -> None:
    vocabulary = _vocabulary()
    for lines in vocabulary.terms.values():
        for predicate, object_type, value in lines:
            assert predicate.partition(":")[0] in vocabulary.prefixes
            assert object_type.partition(":")[0] in {"iri", "node", "nb", "en", "text", "xsd"}
            assert value
            names = [name for _, name, _, _ in Formatter().parse(value) if name is not None]
            assert all(names)


def test_a_dataset_is_the_release_with_a_distribution_per_file(graph: Graph, release: Path) -> None:
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    dataset = URIRef("https://example.org/catalog.ttl#dataset")
    assert (catalogue, DCAT.dataset, dataset) in graph
    assert (dataset, DCTERMS.identifier, Literal("2026-11-23T030004Z")) in graph
    files = [*release.glob("parquet/*"), *release.glob("csv/*")]
    distributions = set(graph.objects(dataset, DCAT.distribution))
    assert len(distributions) == len(files) + 3
    assert distributions == set(graph.subjects(RDF.type, DCAT.Distribution))


def test_a_world_without_months_has_no_period(graph: Graph) -> None:
    assert list(graph.triples((None, DCTERMS.temporal, None))) == []


def test_files_made_from_sources_under_several_terms_have_no_licence_of_their_own(
    graph: Graph,
) -> None:
    licensed = set(graph.subjects(DCTERMS.license, None))
    assert licensed == {URIRef("https://example.org/catalog.ttl#source-population")}


def test_the_catalogue_states_that_the_operator_is_not_known(graph: Graph) -> None:
    names = set(graph.objects(URIRef("https://example.org/catalog.ttl#compiler"), FOAF.name))
    assert Literal("The operator of this compilation (not stated)", lang="en") in names
