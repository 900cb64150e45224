"""A small published table and its source file, for tests that change one thing in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from pll_pipeline.config import Config
from pll_pipeline.sources.model import ObservationTable, Source
from pll_pipeline.validated.mapping import MappedTables, map_tables
from pll_pipeline.validated.readers.table import ROW_REFERENCE, PublishedTable
from pll_pipeline.vocabulary.codes import load_codes

CODES = load_codes(Config.from_environment().seeds)
TAKEN_AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
FILE = "tall.csv"
MEASURE = "sfm_organisation_in_use_count"


def source_of(columns: Sequence[str], **changes: Any) -> Source:
    """A source of one table with these columns; `changes` are of the table."""
    table = {
        "holds": "observations",
        "file": FILE,
        "expected_columns": list(columns),
        "rows": [1, 1000],
        "values": [{"column": "Antall", "measure": MEASURE}],
        "region": {"name": {"column": "Region"}, "level": "f", "levels": {"f": ["fylke", "land"]}},
        "actor_type": "alle",
        "period": {"text": "2026-01"},
        "address": "https://example.no/",
    }
    words = dict.fromkeys(("title", "title_en", "publisher", "licence", "attribution"), "x")
    settings = {"name": "liten", "landing_page": "https://example.no/", "cadence": "monthly"}
    reading = {"fetch": {"kind": "bundled"}, "read": {"kind": "delimited"}, "numbers": "norwegian"}
    return Source.model_validate(
        {**words, **settings, **reading, "max_age_days": 40, "tables": [table | changes]}
    )


def published(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> PublishedTable:
    """A published table of texts."""
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    references = [f"{FILE}:{number}" for number in range(2, frame.height + 2)]
    return PublishedTable(frame.with_columns(pl.Series(ROW_REFERENCE, references, pl.String)))


def table_of(source: Source) -> ObservationTable:
    """The one table of the source."""
    table = source.tables[0]
    assert isinstance(table, ObservationTable)
    return table


def mapped(rows: Sequence[Sequence[str]], columns: Sequence[str], **changes: Any) -> MappedTables:
    """What the rows state under the source file; `changes` are of its table."""
    source = source_of(columns, **changes)
    return map_tables(source, {FILE: published(rows, columns)}, CODES, TAKEN_AT)
