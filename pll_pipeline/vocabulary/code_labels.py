"""What the codes of the tables are called in Norwegian and English, for readers of outputs.

The tables themselves have the codes. Not here: names of members (`star.dim_*`), and sentences.
"""

from __future__ import annotations

from typing import NamedTuple

from pll_pipeline.vocabulary.columns import COLUMNS


class Label(NamedTuple):
    """The name of one code."""

    nb: str
    en: str


def labels_of(column: str) -> dict[str, Label]:
    """Code → its name, for every code that the column may have; empty for a column without."""
    return {code: _LABELS[code] for code in COLUMNS[column].allowed}


_LABELS = {
    code: Label(nb, en)
    for code, nb, en in (
        ("count", "antall", "count"),
        ("share", "andel", "share"),
        ("count_change", "endring i antall", "change of a count"),
        ("count_per_week", "antall per uke", "count per week"),
        ("mean_count", "gjennomsnittlig antall", "mean count"),
        ("ratio", "forholdstall", "ratio"),
        ("relative_change", "relativ endring", "relative change"),
        ("adoption", "utbredelse", "adoption"),
        ("denominator", "nevner", "denominator"),
        ("background", "bakgrunn", "background"),
        ("stock", "beholdning", "stock"),
        ("flow", "i løpet av perioden", "flow"),
        ("cumulative", "til sammen siden starten", "cumulative"),
        ("rolling", "løpende periode", "rolling"),
        ("land", "Landet", "Country"),
        ("rhf", "Regionalt helseforetak", "Regional health authority"),
        ("hf", "Helseforetak", "Health trust"),
        ("helsefellesskap", "Helsefellesskap", "Health community"),
        ("fylke", "Fylke", "County"),
        ("kommune", "Kommune", "Municipality"),
        ("bydel", "Bydel", "City district"),
        ("sykehus", "Sykehus", "Hospital"),
        ("svalbard", "Svalbard", "Svalbard"),
        ("jan_mayen", "Jan Mayen", "Jan Mayen"),
        ("uoppgitt", "Uoppgitt region", "Region not stated"),
        ("gruppe", "Gruppe av regioner", "Group of regions"),
        ("all", "alle", "all"),
        ("actor", "aktørtype", "actor type"),
        ("profession", "yrkesgruppe", "profession"),
        ("combination", "kombinasjon", "combination"),
        ("chain", "apotekkjede", "pharmacy chain"),
        ("vendor", "leverandør", "vendor"),
        ("official", "offisiell kode", "official code"),
        ("closest", "nærmeste offisielle kode", "closest official code"),
        ("none", "ingen offisiell kode", "no official code"),
        ("day", "dag", "day"),
        ("month", "måned", "month"),
        ("quarter", "kvartal", "quarter"),
        ("tertial", "tertial", "four months"),
        ("half_year", "halvår", "half-year"),
        ("season", "sesong", "season"),
        ("year", "år", "year"),
        ("span", "tidsrom", "span of days"),
        ("exact", "nøyaktig", "exact"),
        ("approx", "omtrent", "approximate"),
        ("at_least", "minst", "at least"),
        ("at_most", "høyst", "at most"),
        ("estimate", "anslag", "estimate"),
        ("observed", "observert", "observed"),
        ("suppressed", "skjermet", "suppressed"),
        ("provisional", "foreløpig", "provisional"),
        ("missing", "mangler", "missing"),
        ("revised", "rettet", "revised"),
        ("withdrawn", "trukket", "withdrawn"),
        ("correction", "rettelse", "correction"),
        ("late_arrival", "kom senere", "late arrival"),
        ("withdrawal", "trukket tilbake", "withdrawal"),
        ("reinstatement", "satt inn igjen", "reinstatement"),
        ("irregular", "uregelmessig", "irregular"),
        ("daily", "daglig", "daily"),
        ("monthly", "månedlig", "monthly"),
        ("quarterly", "kvartalsvis", "quarterly"),
        ("yearly", "årlig", "yearly"),
        ("target", "mål", "target"),
        ("rule", "regel", "rule"),
        ("published", "publisert", "published"),
        ("derived", "regnet ut av teller og nevner", "from numerator and denominator"),
        ("aggregated", "summert av deler", "summed from parts"),
        ("reached", "nådd", "reached"),
        ("reached_late", "nådd etter fristen", "reached late"),
        ("open", "fristen er ikke nådd", "not due"),
        ("missed", "ikke nådd", "missed"),
        ("unknown", "ukjent", "unknown"),
        ("not_measured", "ikke målt", "not measured"),
        ("forberedelse", "forberedelse", "preparation"),
        ("utproving", "utprøving", "trial"),
        ("innforing", "innføring", "roll-out"),
        ("i_drift", "i drift", "in operation"),
        ("reported", "meldt", "reported"),
        ("state", "tilstand", "state"),
        ("planned", "planlagt", "planned"),
        ("superseded", "erstattet", "superseded"),
        ("stated", "oppgitt", "stated"),
        ("inherited", "arvet", "inherited"),
        ("inferred", "utledet", "inferred"),
        ("figure", "etter tall", "by a figure"),
        ("report", "etter melding", "by a report"),
        ("level", "regionnivå", "level"),
        ("recode", "ny kode", "new code"),
        ("reform", "reform", "reform"),
        ("agrees", "stemmer", "agrees"),
        ("within_tolerance", "innenfor avrunding", "within tolerance"),
        ("differs", "avviker", "differs"),
        ("incomplete", "ikke alle deler", "incomplete"),
        ("not_comparable", "kan ikke sammenlignes", "not comparable"),
        ("only_bounds", "bare grenser er kjent", "only bounds are known"),
        ("few_reported", "for få har rapportert", "too few reported"),
        ("too_small", "for liten nevner", "too small"),
        ("too_old", "for gamle tall", "too old"),
        ("too_few_months", "for få måneder", "too few months"),
        ("newest_suppressed", "nyeste tall er skjermet", "newest figure is suppressed"),
        ("not_begun", "ikke begynt", "not begun"),
    )
}
