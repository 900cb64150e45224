"""The scale that the texts around a table state, as "Tall i tusen", against the source file.

Not here: units in a heading or beside a figure (`figures.py`).
"""

from __future__ import annotations

import re

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import ObservationTable
from pll_pipeline.validated.readers.table import PublishedTable
from pll_pipeline.vocabulary.norwegian.text import words_of

_SCALES = {
    "thousand": r"(?:tusen|thousands?|1[ .,]?000(?![ .,]?[0-9]))",
    "million": r"(?:mill(?:ion(?:er|ar|s)?)?\b\.?|1[ .,]000[ .,]000)",
}
# forms: tall i hele tusen, alle tall er i 1 000, figures in millions, a scale in brackets
_STATED = {
    unit: re.compile(
        rf"\b(?:tall(?:ene)?|antall|beløp|verdier|figures|numbers|values)\b[^.;:()]{{0,60}}"
        rf"\b(?:i|in) (?:hele )?{scale}(?![0-9])|\((?:(?:tall )?i |in )?(?:hele )?{scale}\)"
    )
    for unit, scale in _SCALES.items()
}


def scale_stated_around(published: PublishedTable) -> tuple[str, str] | None:
    """The scale that a title or note of the table states, and the text; None where none does."""
    for text in published.texts_around:
        words = words_of(text)
        for unit, stated in _STATED.items():
            if stated.search(words):
                return unit, text
    return None


def refuse_other_scale(table: ObservationTable, published: PublishedTable) -> None:
    """Raise `PllError` where the texts around the table state a scale no value column states.

    A unit that the source file takes from the publication is compared row by row, not here.
    """
    units = {value.unit for value in table.values if isinstance(value.unit, str)}
    if len(units) < len(table.values) or not units or "count" not in units:
        return
    stated = scale_stated_around(published)
    if stated is None or stated[0] in units:
        return
    unit, text = stated
    raise PllError(
        f"The text {text!r} beside the table states figures in {unit}, the source file states"
        " plain numbers",
        where=table.file,
        do=f"add to the value columns it is about in the source file: unit: {unit}",
    )
