"""`dictionary.html`: every table, column and measure with its definition in Norwegian and English.

Made from the comments in `pll.duckdb`, which are dbt's own descriptions, and from `dim_measure`.
Not here: the descriptions themselves.
"""

from __future__ import annotations

from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from pll_pipeline.published.bilingual import Bilingual, from_comment
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.duckdb import Column, Table
from pll_pipeline.published.frames import frame_of
from pll_pipeline.published.page.colours import THEMES
from pll_pipeline.published.release_info import SIMULATED, TITLE
from pll_pipeline.vocabulary.columns import COLUMNS

FILE_NAME = "dictionary.html"
_MEASURES = """
    select
        measure_code, measure_name, measure_name_en, service_code, unit, time_kind, numerator_code,
        denominator_code, definition, definition_en, definition_url, owner
    from release.star.dim_measure
    order by service_code nulls last, measure_code
"""


class _Column(NamedTuple):
    """A column as the page lists it."""

    name: str
    type: str
    label: str
    description: Bilingual


class _Table(NamedTuple):
    """A table as the page lists it."""

    name: str
    schema: str
    rows: int
    description: Bilingual
    columns: list[_Column]


def write(draft: Draft) -> None:
    """Write the page: self-contained, one language beside the other."""
    measures = frame_of(draft.connection.sql(_MEASURES)).to_dicts()
    environment = Environment(
        loader=PackageLoader("pll_pipeline.published.open_data", package_path=""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("dictionary.html.j2").render(
        title=TITLE,
        simulated=SIMULATED if draft.info.inputs.is_simulated else "",
        tables=[_table(table) for table in draft.tables],
        measures=measures,
        release_id=draft.info.release_id,
        themes=THEMES,
    )
    (draft.folder / FILE_NAME).write_text(page, encoding="utf-8")


def _table(table: Table) -> _Table:
    columns = [_column(column) for column in table.columns]
    return _Table(table.name, table.schema, table.rows, from_comment(table.comment), columns)


def _column(column: Column) -> _Column:
    label = COLUMNS[column.name].label
    return _Column(column.name, column.type.lower(), label, from_comment(column.comment))
