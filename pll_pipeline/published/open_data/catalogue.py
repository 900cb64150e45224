"""`catalog.ttl` and `catalog.jsonld`: the release as DCAT-AP-NO 3 describes open data, for catalogues that harvest it.

One dataset, the release, with a distribution per file. Addresses are relative to where the catalogue lies, for nobody here
knows where a release will be put. Who runs this compilation is not known here either, and that is what it says.
Not here: the files' own descriptions of their columns (`descriptor.py`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from duckdb import DuckDBPyConnection
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, PROV, RDF, XSD
from rdflib.term import Identifier

from pll_pipeline.published.descriptor import hash_of
from pll_pipeline.published.duckdb import FILE_NAME as DATABASE
from pll_pipeline.published.duckdb import Table
from pll_pipeline.published.release_info import (
    DESCRIPTION,
    DESCRIPTION_EN,
    SIMULATED,
    SIMULATED_EN,
    TITLE,
    TITLE_EN,
    ReleaseInfo,
    address_of_licence,
    iso,
)

FILES = {"catalog.ttl": "turtle", "catalog.jsonld": "json-ld"}
ADMS, SPDX, VCARD = (
    Namespace(address)
    for address in (
        "http://www.w3.org/ns/adms#",
        "http://spdx.org/rdf/terms#",
        "http://www.w3.org/2006/vcard/ns#",
    )
)
_VERSION = URIRef("http://www.w3.org/ns/dcat#version")  # of DCAT 3, newer than the library's list
_EU = "http://publications.europa.eu/resource/authority"
_MEDIA = "https://www.iana.org/assignments/media-types"
_KEYWORDS = {
    "nb": ("e-resept", "kjernejournal", "SFM", "pasientens legemiddelliste", "e-multidose"),
    "en": ("e-prescription", "summary care record", "medicine list", "multi-dose"),
}
# file name's end → EU's file type, IANA's media type, what it is
_FORMATS = {
    ".parquet": ("PARQUET", "application/vnd.apache.parquet", "{0} som Parquet", "{0} as Parquet"),
    ".csv": ("CSV", "text/csv", "{0} som CSV", "{0} as CSV"),
    ".xlsx": (
        "XLSX",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "Arbeidsbok med martene",
        "Workbook of the marts",
    ),
    ".duckdb": (
        "BIN",
        "application/octet-stream",
        "DuckDB-database med stjernemodell og marter",
        "DuckDB database of star and marts",
    ),
    "adoption.json": (
        "JSON",
        "application/json",
        "Andeler i bruk som JSON-stat 2.0",
        "Shares in use as JSON-stat 2.0",
    ),
}


def write(
    folder: Path, connection: DuckDBPyConnection, tables: tuple[Table, ...], imprint: ReleaseInfo
) -> None:
    """Write the catalogue in both forms. The files it names must be there already."""
    graph = describe(folder, tables, imprint, _months(connection, tables))
    for name, form in FILES.items():
        # a graph has no order, a file that is compared with yesterday's has
        options = (
            {"auto_compact": True, "sort_keys": True, "indent": 1} if form == "json-ld" else {}
        )
        (folder / name).write_text(
            graph.serialize(format=form, **options).strip() + "\n", encoding="utf-8"
        )


def describe(
    folder: Path, tables: tuple[Table, ...], imprint: ReleaseInfo, months: tuple[date, date] | None
) -> Graph:
    """The catalogue as a graph without blank nodes."""
    graph = Graph()
    for prefix, namespace in (
        ("adms", ADMS),
        ("dcat", DCAT),
        ("dct", DCTERMS),
        ("foaf", FOAF),
        ("prov", PROV),
        ("spdx", SPDX),
        ("vcard", VCARD),
    ):
        graph.bind(prefix, namespace)

    def say(subject: Identifier, *facts: tuple[URIRef, Identifier]) -> Identifier:
        for predicate, value in facts:
            graph.add((subject, predicate, value))
        return subject

    def both(predicate: URIRef, nb: str, en: str) -> tuple[tuple[URIRef, Identifier], ...]:
        return (predicate, Literal(nb, lang="nb")), (predicate, Literal(en, lang="en"))

    simulated = imprint.inputs.is_simulated
    title = (f"Simulert: {TITLE}", f"Simulated: {TITLE_EN}") if simulated else (TITLE, TITLE_EN)
    words = (
        (f"{SIMULATED} {DESCRIPTION}", f"{SIMULATED_EN} {DESCRIPTION_EN}")
        if simulated
        else (DESCRIPTION, DESCRIPTION_EN)
    )
    languages = tuple(
        (DCTERMS.language, URIRef(f"{_EU}/language/{code}")) for code in ("NOB", "ENG")
    )
    dates = (
        (DCTERMS.issued, Literal(iso(imprint.built_at), datatype=XSD.dateTime)),
        (DCTERMS.modified, Literal(iso(imprint.built_at), datatype=XSD.dateTime)),
    )
    compiler = say(
        _node("compiler"),
        (RDF.type, FOAF.Agent),
        *both(
            FOAF.name,
            "Den som driver denne sammenstillingen (ikke oppgitt)",
            "Whoever runs this compilation (not stated)",
        ),
    )
    contact = say(
        _node("contact"),
        (RDF.type, VCARD.Organization),
        *both(VCARD.fn, "Den som driver denne sammenstillingen", "Whoever runs this compilation"),
        (VCARD.hasURL, URIRef("report/index.html")),
    )
    dataset = say(
        _node("dataset"),
        (RDF.type, DCAT.Dataset),
        *both(DCTERMS.title, *title),
        *both(DCTERMS.description, *words),
        (DCTERMS.publisher, compiler),
        (DCAT.contactPoint, contact),
        (DCTERMS.identifier, Literal(imprint.release_id)),
        (_VERSION, Literal(imprint.release_id)),
        (DCAT.theme, URIRef(f"{_EU}/data-theme/HEAL")),
        (DCTERMS.accessRights, URIRef(f"{_EU}/access-right/PUBLIC")),
        (DCTERMS.accrualPeriodicity, URIRef(f"{_EU}/frequency/DAILY")),
        (DCTERMS.spatial, URIRef(f"{_EU}/country/NOR")),
        (DCAT.landingPage, URIRef("report/index.html")),
        (FOAF.page, URIRef("dictionary.html")),
        *languages,
        *dates,
        *(
            (DCAT.keyword, Literal(word, lang=language))
            for language, keywords in _KEYWORDS.items()
            for word in keywords
        ),
    )
    if months:
        period = (
            (DCAT.startDate, Literal(months[0].isoformat(), datatype=XSD.date)),
            (DCAT.endDate, Literal(months[1].isoformat(), datatype=XSD.date)),
        )
        say(
            dataset,
            (DCTERMS.temporal, say(_node("temporal"), (RDF.type, DCTERMS.PeriodOfTime), *period)),
        )
    rights = say(
        _node("rights"),
        (RDF.type, DCTERMS.RightsStatement),
        *(
            (DCTERMS.description, Literal(text, lang="nb"))
            for text in (*imprint.licences, *imprint.attributions)
        ),
    )
    for number, source in enumerate(imprint.inputs.sources, 1):
        publisher = say(
            _node(f"publisher-{number}"),
            (RDF.type, FOAF.Agent),
            (FOAF.name, Literal(source["publisher"])),
        )
        licence = address_of_licence(source["licence"])
        origin = say(
            _node(f"source-{source['source_name']}"),
            (RDF.type, DCAT.Dataset),
            *both(DCTERMS.title, source["title"], source["title_en"]),
            *both(DCTERMS.description, source["attribution"], source["attribution"]),
            (DCTERMS.publisher, publisher),
            (DCAT.contactPoint, contact),
            (DCAT.theme, URIRef(f"{_EU}/data-theme/HEAL")),
            (DCAT.landingPage, URIRef(source["landing_page"])),
            (DCTERMS.identifier, Literal(source["source_name"])),
            *([(DCTERMS.license, URIRef(licence))] if licence else []),
        )
        say(dataset, (DCTERMS.source, origin), (PROV.wasDerivedFrom, origin))
    described = {table.name: table for table in tables}
    known = {address_of_licence(text) for text in imprint.licences}
    for path in _published(folder):
        kind, media, nb, en = next(told for end, told in _FORMATS.items() if path.endswith(end))
        table = described.get(Path(path).stem)
        distribution = say(
            _node(f"file-{path.replace('/', '-')}"),
            (RDF.type, DCAT.Distribution),
            *both(DCTERMS.title, nb.format(Path(path).stem), en.format(Path(path).stem)),
            (DCAT.accessURL, URIRef(path)),
            (DCAT.downloadURL, URIRef(path)),
            (DCTERMS["format"], URIRef(f"{_EU}/file-type/{kind}")),
            (DCAT.mediaType, URIRef(f"{_MEDIA}/{media}")),
            (
                DCAT.byteSize,
                Literal((folder / path).stat().st_size, datatype=XSD.nonNegativeInteger),
            ),
            (DCTERMS.rights, rights),
            (ADMS.status, URIRef(f"{_EU}/distribution-status/COMPLETED")),
            *(
                [(DCTERMS.license, URIRef(known_one))]
                if len(known) == 1 and (known_one := next(iter(known)))
                else []
            ),
            *languages,
            *dates,
            *(
                both(
                    DCTERMS.description,
                    table.comment.split(" | ")[-1],
                    table.comment.split(" | ")[0],
                )
                if table and table.comment
                else ()
            ),
        )
        checksum = (
            (SPDX.algorithm, SPDX.checksumAlgorithm_sha256),
            (SPDX.checksumValue, Literal(hash_of(folder / path), datatype=XSD.hexBinary)),
        )
        say(
            distribution,
            (
                SPDX.checksum,
                say(
                    _node(f"checksum-{path.replace('/', '-')}"),
                    (RDF.type, SPDX.Checksum),
                    *checksum,
                ),
            ),
        )
        say(dataset, (DCAT.distribution, distribution))
    say(
        _node("catalogue"),
        (RDF.type, DCAT.Catalog),
        *both(DCTERMS.title, *title),
        *both(DCTERMS.description, *words),
        (DCTERMS.publisher, compiler),
        (DCAT.contactPoint, contact),
        (DCTERMS.identifier, Literal(f"{imprint.release_id} catalogue")),
        (DCAT.dataset, dataset),
        (DCAT.themeTaxonomy, URIRef(f"{_EU}/data-theme")),
        (FOAF.homepage, URIRef("report/index.html")),
        *languages,
        *dates,
        *(
            (DCAT.dataset, _node(f"source-{source['source_name']}"))
            for source in imprint.inputs.sources
        ),
    )
    return graph


def _node(name: str) -> URIRef:
    """A thing the catalogue itself tells of, by an address within it."""
    return URIRef(f"catalog.ttl#{name}")


def _published(folder: Path) -> list[str]:
    files = (
        path.relative_to(folder).as_posix()
        for pattern in ("parquet/*.parquet", "csv/*.csv", "*.xlsx", DATABASE, "adoption.json")
        for path in folder.glob(pattern)
    )
    return sorted(files)


def _months(connection: DuckDBPyConnection, tables: tuple[Table, ...]) -> tuple[date, date] | None:
    if "dim_month" not in {table.name for table in tables}:
        return None
    first, last = connection.execute(
        "select min(month), last_day(max(month)) from release.star.dim_month"
    ).fetchall()[0]
    return (first, last) if first else None
