"""The page in one language: its texts, numbers, and the names of services, measures and regions.

Not here: the texts (`languages/`), what is shown (`sections/`).
"""

from __future__ import annotations

from collections.abc import Iterable

from pll_pipeline.published.page.area_files import file_stem
from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.formats import Formatter
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.texts import texts


class PageTexts:
    """All that the page writes in one language, given the data that has the names."""

    def __init__(self, language: str, data: PageData) -> None:
        self.language = language
        self.format = Formatter(language)
        self._texts = texts(language)
        self._suffix = "" if language == "nb" else "_en"
        self._services = self._names(data["service"], "service_code", "service_name")
        self._actors = self._names(data["actor_type"], "actor_type_code", "actor_type_name")
        self._measures = self._names(data["measure"], "measure_code", "measure_name")
        self._of_measure = {row["measure_code"]: row for row in data["measure"]}
        self._areas = {row["region_key"] for row in data["area"]}
        self._refusals = self._names(data["refusal_reason"], "refusal_code", "refusal_short")
        self._sources = self._names(data.sources.values(), "source_name", "title")

    def get(self, key: str, **values: object) -> str:
        """The text of a key, its placeholders filled.

        Raises `KeyError` for a key that no text has, and for a placeholder without a value.
        """
        return self._texts[key].format(**values)

    def of_language(self, column: str) -> str:
        """The column that has a text in the page's language: `definition_en` for `definition`."""
        return column + self._suffix

    def service(self, code: str) -> str:
        """The name of a service, as a title or at the start of a sentence."""
        return self._services[code]

    def service_within(self, code: str) -> str:
        """The name of a service within a sentence."""
        return lowered(self._services[code])

    def services_within(self, codes: Iterable[str]) -> str:
        """The names of services within a sentence, as a list."""
        return self.format.listed([self.service_within(code) for code in codes])

    def measure(self, code: str) -> str:
        """The name of a measure."""
        return self._measures[code]

    def actor_type(self, code: str) -> str:
        """The name of an actor type within a sentence."""
        return lowered(self._actors[code])

    def short_actor_type(self, code: str) -> str:
        """A short name of an actor type within a sentence, written by hand where it is long."""
        return self._texts.get(f"short_actor_{code}") or self.actor_type(code)

    def in_brackets(self, actor_type: str | None) -> str:
        """An actor type in brackets, to follow the name of a measure; nothing for all of them."""
        if actor_type in (None, "alle"):
            return ""
        return self.get("in_brackets", actor=self.actor_type(str(actor_type)))

    def series(self, measure: str, actor_type: str) -> str:
        """The name of a measure with its actor type."""
        return self.measure(measure) + self.in_brackets(actor_type)

    def share_name(self, measure: str, actor_type: str) -> str:
        """The name of a share of a measure, with its actor type; that of a count is no name of it.

        A share of a count is of its denominator, where the measure has one.
        """
        of_measure = self._of_measure[measure]
        if of_measure["unit"] == "share":
            return self.series(measure, actor_type)
        numerator = lowered(self.measure(measure))
        denominator = self._measures.get(of_measure["denominator_code"])
        name = self.get("share_of_count", numerator=numerator)
        if denominator:
            name = self.get(
                "share_of_denominator", numerator=numerator, denominator=lowered(denominator)
            )
        return name + self.in_brackets(actor_type)

    def level(self, level: str) -> str:
        """The name of a level of regions, for one region."""
        return self.get(f"level_{level}")

    def levels(self, level: str) -> str:
        """The name of a level of regions, for several."""
        return self.get(f"level_{level}_many")

    def phase(self, phase: str | None) -> str:
        """The name of a phase of the roll-out."""
        return self.get(f"phase_{phase}") if phase else "–"

    def area_address(self, region_key: str) -> str:
        """Where the page of a region is, from the page of the country; "" where it has none."""
        has_page = region_key in self._areas
        return f"{self.language}/{file_stem(region_key)}.html" if has_page else ""

    def refusal(self, code: str) -> str:
        """Why a series is not forecast, within a sentence."""
        return self._refusals[code]

    def source(self, name: str) -> str:
        """The title of a source; the name of one that the release is not made from."""
        return self._sources.get(name, name)

    def sources(self, names: Iterable[str]) -> str:
        """The line that names the sources of a figure."""
        titles = [self.source(name) for name in names]
        return self.get("source", sources="; ".join(titles))

    def share(
        self,
        share: float | None,
        status: str | None = None,
        lower: float | None = None,
        upper: float | None = None,
    ) -> str:
        """A share, or in words why there is none."""
        if share is not None:
            return self.format.share(share)
        if status != "suppressed":
            return self.get("not_published")
        if lower is None or upper is None or is_unbounded(lower, upper):
            return self.get("suppressed")
        bounds = self.format.share(lower), self.format.share(upper)
        return self.get("suppressed_between", lower=bounds[0], upper=bounds[1])

    def share_between(self, lower: float, upper: float) -> str:
        """A share that is known to lie between two bounds; one share where they meet."""
        bounds = [self.format.share(bound) for bound in (lower, upper)]
        return bounds[0] if lower == upper else "–".join(bounds)

    def _names(self, rows: Iterable[Row], code: str, name: str) -> dict[str, str]:
        """The names of rows by their codes."""
        return {row[code]: row[self.of_language(name)] for row in rows}


def is_unbounded(lower: float | None, upper: float | None) -> bool:
    """Whether the bounds of a share say nothing of it."""
    return (lower is None or lower <= 0) and (upper is None or upper >= 1)


def drawn_bounds(row: Row) -> tuple[float, float] | None:
    """The bounds of a share that is withheld; None where it is known or they say nothing of it."""
    lower, upper = row["share_lower"], row["share_upper"]
    if row["adoption_share"] is not None or is_unbounded(lower, upper):
        return None
    return (0.0 if lower is None else lower), (1.0 if upper is None else upper)


def lowered(text: str) -> str:
    """A name within a sentence: its first letter small, unless its first word is an acronym."""
    first_word = text.split(" ", maxsplit=1)[0]
    is_acronym = any(letter.isupper() or letter.isdigit() for letter in first_word[1:])
    return text if is_acronym else text[:1].lower() + text[1:]


def capitalised(text: str) -> str:
    """A text with a capital first letter."""
    return text[:1].upper() + text[1:]
