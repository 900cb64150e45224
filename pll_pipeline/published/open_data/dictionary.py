"""`dictionary.html`: every table, column and measure with its definition in Norwegian and English, to look things up in.

Made from the comments in `pll.duckdb`, which are dbt's own descriptions, and from `dim_measure`. Not here: the texts themselves.
"""

from __future__ import annotations

from pathlib import Path

from duckdb import DuckDBPyConnection
from jinja2 import Environment, PackageLoader, StrictUndefined

from pll_pipeline.published.duckdb import Column, Table
from pll_pipeline.published.page.colours import THEMES
from pll_pipeline.published.release_info import SIMULATED, TITLE, ReleaseInfo
from pll_pipeline.vocabulary.columns import COLUMNS

FILE_NAME = "dictionary.html"
_MEASURE = (
    "measure_code",
    "measure_name",
    "measure_name_en",
    "service_code",
    "unit",
    "time_kind",
    "numerator_code",
    "denominator_code",
    "definition",
    "definition_en",
    "definition_url",
    "owner",
)


def write(
    folder: Path, connection: DuckDBPyConnection, tables: tuple[Table, ...], imprint: ReleaseInfo
) -> None:
    """Write the page: self-contained, one language beside the other."""
    measures = []
    if any(table.name == "dim_measure" for table in tables):
        rows = connection.execute(
            f"select {', '.join(_MEASURE)} from release.star.dim_measure order by service_code nulls last, measure_code"
        ).fetchall()
        measures = [dict(zip(_MEASURE, row, strict=True)) for row in rows]
    environment = Environment(
        loader=PackageLoader("pll_pipeline.published.open_data", package_path=""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("dictionary.html.j2").render(
        title=TITLE,
        simulated=SIMULATED if imprint.inputs.is_simulated else "",
        tables=[
            (table, *_words(table.comment), [_column(column) for column in table.columns])
            for table in tables
        ],
        measures=measures,
        release_id=imprint.release_id,
        themes=THEMES,
    )
    (folder / FILE_NAME).write_text(page, encoding="utf-8")


def _words(comment: str) -> tuple[str, str]:
    """Norwegian and English of a comment "English. | Norsk."."""
    english, _, norwegian = comment.partition(" | ")
    return norwegian or english, english


def _column(column: Column) -> tuple[str, str, str, str, str]:
    known = COLUMNS.get(column.name)
    return column.name, column.type.lower(), known.label if known else "", *_words(column.comment)
