"""Who tells the page in one language: its words, its numbers, the names of members, and the numbering of figures.

Not here: what is told (`nation.py`, `regions.py`, `care.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

import polars as pl

from pll_pipeline.published.page.figures import Figures
from pll_pipeline.published.page.formats import Formatter
from pll_pipeline.published.page.texts import TEXTS
from pll_pipeline.published.page.view import Cell, Figure, Table, csv_of
from pll_pipeline.published.release_info import ReleaseInfo

_ABBREVIATED = (
    "Helsefellesskapet i ",
    "Helsefellesskapet ",
    "Helse ",
    "Universitetssykehuset ",
    "Sykehuset ",
)


class Teller:
    """Tells the figures of a release in one language."""

    def __init__(self, language: str, figures: Figures, imprint: ReleaseInfo) -> None:
        self.language, self.figures, self.imprint = language, figures, imprint
        self.write = Formatter(language)
        self._numbers = count(1)
        suffix = "" if language == "nb" else "_en"
        self._names = {
            kind: {
                row[f"{key}_code"]: row[f"{key}_name{suffix}"] or row[f"{key}_name"]
                for row in figures[kind].iter_rows(named=True)
            }
            for kind, key in (
                ("services", "service"),
                ("actors", "actor_type"),
                ("measures", "measure"),
            )
        }
        self.measures = {
            row["measure_code"]: row for row in figures["measures"].iter_rows(named=True)
        }
        self.sources = {row["source_name"]: row for row in figures["sources"].iter_rows(named=True)}

    def say(self, key: str, **told: Any) -> str:
        """The words of `key`, its braces filled. Raises `KeyError` for a key or a brace that is not there."""
        return TEXTS[self.language][key].format(**told) if told else TEXTS[self.language][key]

    def service(self, code: str) -> str:
        return self._names["services"].get(code, code)

    def actor(self, code: str) -> str:
        """An actor type as it stands within a sentence."""
        name = self._names["actors"].get(code, code)
        return name[:1].lower() + name[1:] if name[1:2].islower() else name

    def of_actor(self, code: str | None) -> str:
        """The actor type in brackets after what is told of it; nothing where it is all of them."""
        return "" if code in (None, "alle") else self.say("of_actor", actor=self.actor(code))

    def measure(self, code: str) -> str:
        return self._names["measures"].get(code, code)

    def level(self, level: str, *, many: bool = False) -> str:
        return self.say(f"level_{level}_many" if many else f"level_{level}")

    def source_titles(self, names: Iterable[str | None]) -> str:
        """The titles of sources, each once."""
        field = "title" if self.language == "nb" else "title_en"
        titles = [
            self.sources[name][field] for name in dict.fromkeys(names) if name in self.sources
        ]
        return self.say("source", sources="; ".join(titles)) if titles else ""

    def figure(
        self,
        name: str,
        headline: str,
        subtitle: str,
        *,
        data: pl.DataFrame,
        table: str,
        sources: Iterable[str | None],
        **parts: Any,
    ) -> Figure:
        """A figure with the next number, its data as CSV, and the table of the release it was made from."""
        return Figure(
            name=name,
            number=next(self._numbers),
            headline=headline,
            subtitle=subtitle,
            csv=csv_of(data),
            table=table,
            sources=self.source_titles(sources),
            **parts,
        )

    def share(
        self,
        share: float | None,
        status: str | None = None,
        lower: float | None = None,
        upper: float | None = None,
    ) -> str:
        """A share, or in words why there is none."""
        if share is not None:
            return self.write.share(share)
        if status == "suppressed":
            if lower is not None and upper is not None:
                return self.say(
                    "suppressed_between",
                    lower=self.write.share(lower),
                    upper=self.write.share(upper),
                )
            return self.say("suppressed")
        return self.say("not_published")

    def phase(self, phase: str | None) -> str:
        return self.say(f"phase_{phase}") if phase else "–"


def short(name: str) -> str:
    """A region's name without the words all of its level begin with."""
    for start in _ABBREVIATED:
        if name.startswith(start):
            rest = name.removeprefix(start)
            return rest[:1].upper() + rest[1:]
    return name.removesuffix(" HF")


def rows_of(frame: pl.DataFrame, **only: Any) -> list[dict[str, Any]]:
    """Rows of a frame as dictionaries, only those whose columns have the given values."""
    chosen = (
        frame.filter(*(pl.col(column) == value for column, value in only.items()))
        if only
        else frame
    )
    return list(chosen.iter_rows(named=True))


def table(
    caption: str,
    heads: Sequence[tuple[str, str]],
    rows: Iterable[Iterable[str | Cell]],
    foot: int = 0,
) -> Table:
    """A table from headings, each with the kind of its column, and rows as texts or cells."""
    body = tuple(
        tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows
    )
    return Table(
        caption, tuple(head for head, _ in heads), tuple(kind for _, kind in heads), body, foot
    )
