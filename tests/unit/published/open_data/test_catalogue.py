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


def test_each_table_is_a_dataset_of_one_series_with_a_lasting_identifier(graph: Graph) -> None:
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    (series,) = graph.subjects(RDF.type, DCAT.DatasetSeries)
    mart = URIRef("https://example.org/catalog.ttl#dataset-mart_key_figures")
    assert {(catalogue, DCAT.dataset, node) in graph for node in (series, mart)} == {True}
    assert (mart, DCAT.inSeries, series) in graph
    assert list(graph.objects(mart, DCTERMS.identifier)) == [Literal("pll/mart_key_figures")]
    assert list(graph.objects(mart, DCAT.version)) == [Literal("2026-11-23T030004Z")]


def test_every_file_is_a_distribution_of_one_dataset(graph: Graph, release: Path) -> None:
    patterns = ("parquet/*", "csv/*", "csv-excel/*", "pll.*", "adoption.json")
    files = [path for pattern in patterns for path in release.glob(pattern)]
    pairs = list(graph.subject_objects(DCAT.distribution))
    assert len(pairs) == len({file for _, file in pairs}) == len(files)
    assert {file for _, file in pairs} == set(graph.subjects(RDF.type, DCAT.Distribution))
    mart = URIRef("https://example.org/catalog.ttl#dataset-mart_key_figures")
    addresses = {
        str(graph.value(file, DCAT.downloadURL)) for file in graph.objects(mart, DCAT.distribution)
    }
    assert addresses == {
        f"https://example.org/{path}"
        for path in (
            "parquet/mart_key_figures.parquet",
            "csv/mart_key_figures.csv",
            "csv-excel/mart_key_figures.csv",
        )
    }


def test_a_world_without_months_has_no_period(graph: Graph) -> None:
    assert list(graph.triples((None, DCTERMS.temporal, None))) == []


def test_files_made_from_sources_under_several_terms_have_the_terms_of_each_as_licence(
    graph: Graph,
) -> None:
    terms = URIRef("https://example.org/catalog.ttl#licence")
    licences = {
        licence
        for file in graph.subjects(RDF.type, DCAT.Distribution)
        for licence in graph.objects(file, DCTERMS.license)
    }
    assert licences == {terms}
    assert (terms, RDF.type, DCTERMS.LicenseDocument) in graph
    assert len(list(graph.objects(terms, DCTERMS.description))) > 1


def test_the_catalogue_states_that_the_operator_is_not_known(graph: Graph) -> None:
    names = set(graph.objects(URIRef("https://example.org/catalog.ttl#compiler"), FOAF.name))
    assert Literal("The operator of this compilation (not stated)", lang="en") in names
