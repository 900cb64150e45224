"""Definitions and sources: what services, measures and terms mean, and where figures are from.

Not here: how fresh sources are (`source_state.py`).
"""

from __future__ import annotations

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import Definition, Definitions, Note, Section
from pll_pipeline.published.page.rows import Row, distinct, known

_TERMS = ("share", "series", "suppressed", "level", "tiles")
# Tables whose measures are defined, in the order of their first row on the page.
_WITH_MEASURES = ("series", "newest_figure", "target", "point")


def section(data: PageData, texts: PageTexts) -> Section:
    """What services, measures and terms mean, and where figures are from."""
    lists = (
        Definitions(texts.get("about_services"), _services(data, texts)),
        Definitions(texts.get("about_measures"), _measures(data, texts)),
        Definitions(texts.get("about_terms"), _terms(data, texts)),
        Definitions(texts.get("about_sources"), _sources(data, texts)),
    )
    note = Note(texts.get("cite", release=data.release.release_id))
    filled = (definitions for definitions in lists if definitions.entries)
    return Section("about", texts.get("about"), (), (*filled, note))


def _services(data: PageData, texts: PageTexts) -> tuple[Definition, ...]:
    column = texts.of_language("service_description")
    return tuple(
        Definition(texts.service(row["service_code"]), (row[column],)) for row in data["service"]
    )


def _measures(data: PageData, texts: PageTexts) -> tuple[Definition, ...]:
    """The measures that are on the page."""
    by_code = {row["measure_code"]: row for row in data["measure"]}
    rows = [row for table in _WITH_MEASURES for row in data[table]]
    return tuple(_measure(by_code[code], data, texts) for code in distinct(rows, "measure_code"))


def _measure(measure: Row, data: PageData, texts: PageTexts) -> Definition:
    sentences = [measure[texts.of_language("definition")]]
    if not data.is_simulated:
        sentences.append(texts.get("owned_by", owner=measure["owner"]))
    sentences.append(texts.get("reviewed", day=texts.format.day(measure["reviewed_on"])))
    return Definition(
        texts.measure(measure["measure_code"]),
        tuple(sentences),
        texts.get("definition_from"),
        measure["definition_url"],
    )


def _terms(data: PageData, texts: PageTexts) -> tuple[Definition, ...]:
    """Terms of the page; one of them names the actor types in the order of preference."""
    ranked = known(data["actor_type"], "page_rank")
    actor_types = texts.format.listed([texts.actor_type(row["actor_type_code"]) for row in ranked])
    return tuple(
        Definition(texts.get(f"term_{term}"), (texts.get(f"term_{term}_text", actors=actor_types),))
        for term in _TERMS
    )


def _sources(data: PageData, texts: PageTexts) -> tuple[Definition, ...]:
    return tuple(
        Definition(
            texts.source(name),
            (
                f"{source['publisher']}. {source['attribution']}",
                texts.get("licence", licence=source["licence"]),
            ),
            "",
            source["landing_page"],
        )
        for name, source in data.sources.items()
    )
