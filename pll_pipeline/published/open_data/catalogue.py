"""`catalog.ttl` and `catalog.jsonld`: the release as DCAT-AP-NO 3 describes open data.

For catalogues that harvest. A series with one dataset per public table and one of the whole
release, each with a lasting identifier, the release as its version, and a distribution per file.
Addresses are relative to the catalogue unless `PLL_BASE_URL` states where the release is served;
who runs this compilation is not stated unless `PLL_PUBLISHER` does.
Not here: the terms and their texts (`catalogue.yaml`), the columns of the files (`descriptor.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import yaml
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCAT, FOAF, RDF
from rdflib.term import Identifier, Node

from pll_pipeline.published.bilingual import from_comment
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.release_info import ReleaseInfo, iso, listed_licence

TURTLE, JSON_LD = "catalog.ttl", "catalog.jsonld"
_TERMS = Path(__file__).with_name("catalogue.yaml")
_BOUND = ("adms", "dcat", "dct", "foaf", "prov", "spdx", "vcard")  # prefixes in the files
# The value of a placeholder; None leaves its line out, a list repeats it.
Facts = Mapping[str, str | list[str] | None]


@dataclass(frozen=True)
class _Vocabulary:
    """What `catalogue.yaml` contains."""

    prefixes: dict[str, str]
    terms: dict[str, list[tuple[str, str, str]]]
    files: list[dict[str, str]]

    def expanded(self, address: str) -> URIRef:
        """A prefixed address in full; any other as it is."""
        prefix, _, name = address.partition(":")
        return URIRef(self.prefixes[prefix] + name if prefix in self.prefixes else address)


@cache
def _vocabulary() -> _Vocabulary:
    return _Vocabulary(**yaml.safe_load(_TERMS.read_text(encoding="utf-8")))


def write(draft: Draft) -> None:
    """Write the catalogue in both forms. The files that it lists must be there already."""
    graph = _described(draft)
    # a graph has no order; the files have one, so that two nights can be compared
    written = {
        TURTLE: graph.serialize(format="turtle"),
        JSON_LD: graph.serialize(format="json-ld", auto_compact=True, sort_keys=True, indent=1),
    }
    for name, text in written.items():
        (draft.folder / name).write_text(text.strip() + "\n", encoding="utf-8")


def _described(draft: Draft) -> Graph:
    """The catalogue as a graph without blank nodes."""
    graph = Graph(bind_namespaces="none")
    for prefix in _BOUND:
        graph.bind(prefix, _vocabulary().prefixes[prefix])
    info = draft.info
    period = _period(draft)
    sources = {f"source-{source['source_name']}": source for source in info.inputs.sources}
    files = {_node_of_file(path): path for path in _files(draft.folder)}
    datasets = _datasets(draft, list(files.values()))
    facts: dict[str, str | list[str] | None] = {
        **_facts(info),
        **period,
        "temporal": "temporal" if period["first_day"] else None,
        "sources": list(sources),
        "datasets": list(datasets),
    }
    for term in ("compiler", "contact", "series", "rights", "catalogue"):
        _add(graph, term, term, facts)
    if facts["licence_node"]:
        _add(graph, "licence", "licence", facts)
    for node, of_dataset in datasets.items():
        _add(graph, node, "dataset", facts | of_dataset)
    if facts["temporal"]:
        _add(graph, "temporal", "temporal", facts)
    for number, (node, source) in enumerate(sources.items(), 1):
        of_source = {"base": facts["base"], **_facts_of_source(source, f"publisher-{number}")}
        _add(graph, f"publisher-{number}", "publisher", of_source)
        _add(graph, node, "source", of_source)
    for node, path in files.items():
        of_file = facts | _facts_of_file(draft, path)
        _add(graph, node, "distribution", of_file)
        _add(graph, f"checksum-{path.replace('/', '-')}", "checksum", of_file)
    for page in _pages(graph):
        graph.add((page, RDF.type, FOAF.Document))
    return graph


def _pages(graph: Graph) -> set[Node]:
    """The addresses of pages that the catalogue refers to."""
    predicates = (DCAT.landingPage, FOAF.page, FOAF.homepage)
    return {page for predicate in predicates for page in graph.objects(None, predicate)}


def _add(graph: Graph, node: str, term: str, facts: Facts) -> None:
    """Add a thing to the graph, with the lines of its term."""
    for predicate, object_type, value in _vocabulary().terms[term]:
        for text in _filled(value, facts):
            base = str(facts["base"])
            subject = _node(node, base)
            graph.add(
                (subject, _vocabulary().expanded(predicate), _object(object_type, text, base))
            )


def _filled(value: str, facts: Facts) -> Iterator[str]:
    """The texts of a value: none, one, or one per item of a list."""
    names = [name for _, name, _, _ in Formatter().parse(value) if name]
    if not names:
        yield value
        return
    fact = facts[names[0]]
    items = fact if isinstance(fact, list) else [] if fact is None else [fact]
    for item in items:
        yield value.format(**{**facts, names[0]: item})


def _node(name: str, base: str) -> URIRef:
    """A thing that the catalogue itself describes, by an address within it."""
    return URIRef(f"{base}{TURTLE}#{name}")


def _object(object_type: str, text: str, base: str) -> Identifier:
    if object_type == "node":
        return _node(text, base)
    if object_type == "iri":
        return _vocabulary().expanded(text)
    if object_type in ("nb", "en"):
        return Literal(text, lang=object_type)
    if object_type == "text":
        return Literal(text)
    return Literal(text, datatype=_vocabulary().expanded(object_type))


def _node_of_file(path: str) -> str:
    return f"file-{path.replace('/', '-')}"


def _datasets(draft: Draft, files: list[str]) -> dict[str, dict[str, str | list[str] | None]]:
    """The facts of each dataset by its node: one per public table, and one of the whole release.

    Identifiers are the same in every release.
    """
    info, name = draft.info, _name(draft.info)
    of_table = [path for path in files if "/" in path]
    datasets: dict[str, dict[str, str | list[str] | None]] = {
        "dataset": {
            "identifier": name,
            "dataset_title_nb": info.title.nb,
            "dataset_title_en": info.title.en,
            "dataset_description_nb": info.description.nb,
            "dataset_description_en": info.description.en,
            "files": [_node_of_file(path) for path in files if path not in of_table],
        }
    }
    for table in draft.tables:
        text = from_comment(table.comment)
        own = [path for path in of_table if Path(path).name.split(".")[0] == table.name]
        datasets[f"dataset-{table.name}"] = {
            "identifier": f"{name}/{table.name}",
            "dataset_title_nb": f"{table.name} – {info.title.nb}",
            "dataset_title_en": f"{table.name} – {info.title.en}",
            "dataset_description_nb": text.nb,
            "dataset_description_en": text.en,
            "files": [_node_of_file(path) for path in own],
        }
    return datasets


def _name(info: ReleaseInfo) -> str:
    return "pll-simulated" if info.inputs.is_simulated else "pll"


def _facts(info: ReleaseInfo) -> dict[str, str | list[str] | None]:
    """Facts about the release as a whole."""
    codes = {listed_licence(text) for text in info.licences}
    code = codes.pop() if len(codes) == 1 else None
    publisher = info.inputs.publisher
    return {
        "base": info.inputs.base_url or "",
        "compiler_nb": publisher or "Den som driver denne sammenstillingen (ikke oppgitt)",
        "compiler_en": publisher or "The operator of this compilation (not stated)",
        "identifier": f"{_name(info)}/catalogue",
        "series_identifier": f"{_name(info)}/series",
        "licence_node": None if code else "licence",
        "title_nb": info.title.nb,
        "title_en": info.title.en,
        "description_nb": info.description.nb,
        "description_en": info.description.en,
        "release_id": info.release_id,
        "built_at": iso(info.built_at),
        "licences": list(info.licences),
        "attributions": list(info.attributions),
        # files are made from all sources, so they have a licence only where all sources share it
        "licence_code": code,
    }


def _facts_of_source(source: dict[str, Any], publisher: str) -> Facts:
    return {
        "title": source["title"],
        "title_en": source["title_en"],
        "publisher": source["publisher"],
        "publisher_node": publisher,
        "attribution": source["attribution"],
        "landing_page": source["landing_page"],
        "source_name": source["source_name"],
        "licence_code": listed_licence(source["licence"]),
    }


def _facts_of_file(draft: Draft, path: str) -> dict[str, str | list[str] | None]:
    file, name = draft.folder / path, Path(path).name.split(".")[0]
    form = next(form for form in _vocabulary().files if Path(path).match(form["pattern"]))
    comments = {table.name: table.comment for table in draft.tables}
    description = from_comment(comments[name]) if "/" in path else None
    return {
        "path": path,
        "file_type": form["file_type"],
        "media_type": form["media_type"],
        "title_nb": form["title_nb"].format(name=name),
        "title_en": form["title_en"].format(name=name),
        "description_nb": description.nb if description else None,
        "description_en": description.en if description else None,
        "bytes": str(file.stat().st_size),
        "sha256": draft.sha256(path),
        "checksum": f"checksum-{path.replace('/', '-')}",
    }


def _files(folder: Path) -> list[str]:
    """The files of the release that a harvester may fetch."""
    patterns = [form["pattern"] for form in _vocabulary().files]
    paths = [path for pattern in patterns for path in folder.glob(pattern)]
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def _period(draft: Draft) -> dict[str, str | None]:
    """The first and the last day that any figure is about; empty without figures."""
    ((first, last),) = draft.connection.execute(
        "select min(month), last_day(max(month)) from release.star.dim_month"
    ).fetchall()
    return {
        "first_day": first.isoformat() if first else None,
        "last_day": last.isoformat() if last else None,
    }
