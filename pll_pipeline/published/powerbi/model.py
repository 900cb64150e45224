"""What a semantic model consists of, and the content of `model.yaml`.

Norwegian names, English beside. Names, own tables and measures are data: `model.yaml`.
Not here: how a model follows from a release (`build.py`), how it is written (`tmdl.py`), how its
tables are loaded (`power_query.py`), the report on it (`report.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

RELEASE_ID = "release_id"


@dataclass(frozen=True)
class ModelColumn:
    """A column of the model; `source` is its name in the data, `sorted_by` another column."""

    name: str
    name_en: str
    source: str
    type: str
    description: str = ""
    description_en: str = ""
    format: str = ""
    is_hidden: bool = False
    is_key: bool = False
    sorted_by: str = ""


@dataclass(frozen=True)
class Measure:
    """A measure: its expression in DAX, its format string and its folder in the fields list."""

    name: str
    name_en: str
    dax: str
    folder: str
    folder_en: str
    description: str
    description_en: str
    format: str = ""


@dataclass(frozen=True)
class Hierarchy:
    """Columns of one table to open level by level, the widest first."""

    name: str
    name_en: str
    levels: tuple[ModelColumn, ...]


@dataclass(frozen=True)
class ModelTable:
    """A table of the model, and the M that loads it.

    `source` is the table of the release, empty for a table of the model's own.
    """

    name: str
    name_en: str
    source: str
    m: str
    columns: tuple[ModelColumn, ...]
    description: str = ""
    description_en: str = ""
    measures: tuple[Measure, ...] = ()
    is_calendar: bool = False
    hierarchies: tuple[Hierarchy, ...] = ()


@dataclass(frozen=True)
class Relationship:
    """Many rows of one table point at one row of another, by these columns."""

    from_table: str
    from_column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Model:
    """The whole model; `folder` is the default of the parameter with the Parquet folder."""

    tables: tuple[ModelTable, ...]
    relationships: tuple[Relationship, ...]
    folder: str = field(default="C:\\pll\\marts\\current\\parquet")

    def table(self, name: str) -> ModelTable:
        """The table of that name in the model."""
        return next(table for table in self.tables if table.name == name)


@dataclass(frozen=True)
class Names:
    """One table of the release under the names it has in the model, for templates of DAX.

    `{use.table}` in a template is the table, `{use[month]}` a column.
    """

    name: str
    name_en: str
    source: str
    columns: dict[str, str]

    @property
    def table(self) -> str:
        """The table as DAX writes it."""
        return f"'{self.name}'"

    def __getitem__(self, column: str) -> str:
        """A column as DAX writes it."""
        return f"{self.table}[{self.columns[column].replace(']', ']]')}]"


@cache
def definition() -> dict[str, Any]:
    """The content of `model.yaml`."""
    text = Path(__file__).with_name("model.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


# Tables of the release that are in the model → their Norwegian names there.
TABLES: dict[str, str] = {t["source"]: t["name"] for t in definition()["tables"].values()}
CALENDAR, CONTROL, MEASURES = (
    definition()["own_tables"][table]["name"] for table in ("calendar", "control", "measures")
)


def tag(*words: str) -> str:
    """An identity that is the same every night, so that reports on the model stay bound to it."""
    return str(uuid5(NAMESPACE_URL, "/".join(("pll", *words))))
