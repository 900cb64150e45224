"""The pages of areas in one language: the page's texts, and those in `areas/languages/`.

Not here: the texts, what is shown (`sections/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.rows import Row
from pll_pipeline.published.page.texts import texts

FOLDER = Path(__file__).with_name("languages")


class AreaTexts(PageTexts):
    """All that the pages of areas write in one language, given the data that has the names."""

    def __init__(self, language: str, data: PageData) -> None:
        super().__init__(language, data)
        self._texts = {**self._texts, **texts(language, FOLDER)}

    def interval(self, row: Row) -> str:
        """The share of a row with its qualifier, or the bounds between which it lies, or why not.

        Bounds from 0 to 100 % say nothing and are not written.
        """
        share, lower, upper = row["adoption_share"], row["share_lower"], row["share_upper"]
        if share is not None:
            return self.format.qualified(self.format.share(share), row["qualifier"])
        if says_something(lower, upper):
            if lower == upper:
                return self.get("suppressed_at", share=self.format.share(lower))
            key = "suppressed_between" if row["status"] == "suppressed" else "share_from_to"
            bounds = self.format.share(lower), self.format.share(upper)
            return self.get(key, lower=bounds[0], upper=bounds[1])
        return self.share(None, row["status"])

    def ranks(self, best: int | None, worst: int | None) -> str:
        """The ranks that bounds allow: 3, or 3–7; "" where there is none."""
        if best is None or worst is None:
            return ""
        return "–".join(dict.fromkeys(self.format.number(rank) for rank in (best, worst)))

    def levels_of(self, rows: Sequence[Row]) -> str:
        """The name of the level of some areas, in plural."""
        return self.levels(rows[0]["region_level"])

    def dated(self, day: date | None, precision: str | None) -> str:
        """A date as exactly as it is stated: 2024, 2. kvartal 2024, januar 2024, a day."""
        if day is None:
            return ""
        return self.format.period(precision, day, day)


def says_something(lower: float | None, upper: float | None) -> bool:
    """Whether bounds of a share exclude any share."""
    return lower is not None and upper is not None and (lower > 0 or upper < 1)
