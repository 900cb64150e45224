"""The data of a figure: its rows as CSV, and the sources that they are from.

Not here: which figures there are (`sections/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

import polars as pl

from pll_pipeline.published.page.data import PageData
from pll_pipeline.published.page.page_texts import PageTexts
from pll_pipeline.published.page.parts import Figure
from pll_pipeline.published.page.rows import Row, without


def with_data(
    figure: Figure,
    rows: Sequence[Row],
    data: PageData,
    texts: PageTexts,
    left_out: Sequence[str] = (),
) -> Figure:
    """A figure with its rows as CSV and the line that names their sources.

    `left_out` are columns that the CSV goes without. Raises `LookupError` for a figure without a
    source.
    """
    return replace(
        figure,
        sources=texts.sources(data.sources_of(figure.name)),
        csv=csv_address(without(rows, "source_name", *left_out)),
    )


def csv_address(rows: Sequence[Row]) -> str:
    """Rows as the address of a CSV that is in the page itself.

    Comma, ISO dates, point decimals, shares rounded to four decimals.
    """
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col(pl.Float64).round(4))
    return "data:text/csv;charset=utf-8," + quote(frame.write_csv(), safe=",:;.+/=_()-")
