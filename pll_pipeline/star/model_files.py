"""dbt's YAML files, written from the table descriptions and the column vocabulary.

`python -m pll_pipeline.star.model_files` (part of `make generated`) writes them. A file in
`dbt_project/tables/` says of each table of a layer what one row is, its grain, its columns in order
and its rules; the vocabulary says of each column its type, description, allowed values, range and
the dimension it refers to. So each fact is written once, and contract, comments and tests of data
follow from it. Not here: SQL, and what a column means (`vocabulary/columns.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pll_pipeline.config import CHECKOUT
from pll_pipeline.vocabulary.columns import COLUMNS, Column, ColumnType, dbt_docs

DBT_PROJECT = CHECKOUT / "dbt_project"
# Where the description of each layer's tables is written to.
FILES = {
    "codes": "seeds/_codes.yml",
    "star": "models/star/_star.yml",
    "marts": "models/marts/_marts.yml",
    "page": "models/page/_page.yml",
}
# Layers whose tables have a contract only: each row is made of rows that are tested.
UNTESTED = ("page",)
_HEAD = (
    "# Written by `make generated` from dbt_project/tables/{layer}.yml and the column vocabulary.\n"
    "# Change those; a test compares.\n\n"
)

_SHORT = 60  # characters of a list that fits on a line


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


class Rule(_Strict):
    """A condition that is true, or unknown, in every row, with rows that break it."""

    rule: str
    columns: tuple[str, ...]
    condition: str
    broken_by: dict[str, Any] | list[dict[str, Any]]

    @property
    def breaking_rows(self) -> list[dict[str, Any]]:
        """The rows that break the rule, as values by column."""
        return self.broken_by if isinstance(self.broken_by, list) else [self.broken_by]


class OwnColumn(_Strict):
    """A column that only one code list has, or that means something else there."""

    type: ColumnType
    en: str
    nb: str
    allowed: tuple[str, ...] = ()
    refers_to: str = ""


class Table(_Strict):
    """A table as described in `dbt_project/tables/`.

    `columns` are in order; a `?` after a name says that the column may be empty. A table without a
    `grain` says why in `no_grain`. `unrelated` names columns whose values need not be in the
    dimension they usually refer to, with the reason.
    """

    en: str
    nb: str
    grain: tuple[str, ...] = ()
    no_grain: str = ""
    columns: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    own_columns: dict[str, OwnColumn] = Field(default_factory=dict)
    unrelated: dict[str, str] = Field(default_factory=dict)
    as_many_rows_as: str | None = None
    rules: tuple[Rule, ...] = ()
    warnings: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _has_a_grain_or_says_why_not(self) -> Self:
        if bool(self.grain) == bool(self.no_grain):
            raise ValueError("give the columns of `grain`, or the reason in `no_grain`")
        return self

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return [name.removesuffix("?") for name in self.columns]

    @property
    def required(self) -> list[str]:
        """The columns that are never empty."""
        return [name for name in self.columns if not name.endswith("?")]

    def column(self, name: str) -> Column:
        """A column's facts: the table's own, else those of the vocabulary."""
        own = self.own_columns.get(name)
        if own is None:
            return COLUMNS[name]
        return Column(name, own.type, "", own.en, own.nb, own.allowed, own.refers_to)


def tables(project: Path, layer: str) -> dict[str, Table]:
    """The tables of a layer by name.

    Raises `pydantic.ValidationError` where a description is not well-formed.
    """
    described = yaml.safe_load((project / "tables" / f"{layer}.yml").read_text(encoding="utf-8"))
    return {name: Table.model_validate(table) for name, table in described.items()}


def generated(project: Path) -> dict[str, str]:
    """The text of every generated file, by its path in the dbt project."""
    files = {
        path: _HEAD.format(layer=layer) + _yaml(_model_file(layer, tables(project, layer)))
        for layer, path in FILES.items()
    }
    return files | {"models/columns.md": dbt_docs()}


def rule_arguments(layer: str, name: str, table: Table) -> dict[str, Any]:
    """The arguments of a table's test `keeps_its_rules`, without what the contract enforces."""
    columns = [table.column(column) for column in table.names]
    arguments = {
        "grain": list(table.grain),
        "required": table.required if layer == "codes" else [],
        "accepted_values": {c.name: list(c.allowed) for c in columns if c.allowed},
        "ranges": {c.name: list(c.range) for c in columns if c.range},
        "relationships": _relationships(layer, name, table),
        "conditions": [_condition(rule) for rule in table.rules],
        "as_many_rows_as": f"ref('{table.as_many_rows_as}')" if table.as_many_rows_as else None,
    }
    return {argument: value for argument, value in arguments.items() if value}


def _relationships(layer: str, name: str, table: Table) -> dict[str, dict[str, str]]:
    """What each column refers to: of a code list, the code list that the dimension copies."""
    related: dict[str, dict[str, str]] = {}
    for column in (table.column(column) for column in table.names):
        to, _, field = column.refers_to.partition(".")
        to = to.removeprefix("dim_") if layer == "codes" else to
        is_own_key = (to, field) == (name, column.name)
        if to and not is_own_key and column.name not in table.unrelated:
            related[column.name] = _Inline(to=f"ref('{to}')", field=field)
    return related


def _condition(rule: Rule) -> dict[str, Any]:
    return {"rule": rule.rule, "columns": list(rule.columns), "condition": rule.condition}


def _model_file(layer: str, described: dict[str, Table]) -> dict[str, Any]:
    key = "seeds" if layer == "codes" else "models"
    return {"version": 2, key: [_described(layer, name, t) for name, t in described.items()]}


def _described(layer: str, name: str, table: Table) -> dict[str, Any]:
    """A table as dbt describes it: a seed with its columns' types, a model with a contract."""
    described: dict[str, Any] = {"name": name, "description": f"{table.en} | {table.nb}"}
    if layer == "codes":
        types = {column: table.column(column).type for column in table.names}
        described["config"] = {"column_types": types}
    arguments = {} if layer in UNTESTED else rule_arguments(layer, name, table)
    tests = [_test(f"{name}_keeps_its_rules", arguments)] if arguments else []
    if table.warnings:
        warned = {"conditions": [_condition(rule) for rule in table.warnings]}
        tests.append(_test(f"{name}_gives_no_warning", warned, severity="warn"))
    if tests:
        described["data_tests"] = tests
    described["columns"] = [_column(layer, table, column) for column in table.names]
    return described


def _test(name: str, arguments: dict[str, Any], **config: str) -> dict[str, Any]:
    test = {"name": name, "arguments": arguments} | ({"config": config} if config else {})
    return {"keeps_its_rules": test}


def _column(layer: str, table: Table, name: str) -> dict[str, Any]:
    is_own = name in table.own_columns
    facts = table.column(name)
    column: dict[str, Any] = {"name": name}
    if layer != "codes":
        column["data_type"] = facts.type
    column["description"] = facts.description if is_own else f"{{{{ doc('{name}') }}}}"
    if layer != "codes" and name in table.required:
        column["constraints"] = [_Inline(type="not_null")]
    return column


class _Inline(dict[str, str]):
    """A mapping written on one line."""


class _Dumper(yaml.SafeDumper):
    """Block style; short lists and `_Inline` on one line; templates in double quotes."""

    def increase_indent(
        self,
        flow: bool = False,
        indentless: bool = False,  # noqa: ARG002 - lists are indented, always
    ) -> None:
        """Indent lists too."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, _: Any) -> bool:
        """Repeat what is used twice."""
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """A text, in double quotes where it has a template."""
        style = '"' if "{{" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def represent_list_by_length(self, items: list[Any]) -> yaml.SequenceNode:
        """A list, on one line where it is short."""
        is_short = not any(isinstance(item, dict) for item in items)
        is_short = is_short and len(", ".join(map(str, items))) < _SHORT
        return self.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=is_short)

    def represent_inline(self, mapping: _Inline) -> yaml.MappingNode:
        """A mapping on one line."""
        return self.represent_mapping("tag:yaml.org,2002:map", mapping, flow_style=True)


_Dumper.add_representer(str, _Dumper.represent_text)
_Dumper.add_representer(list, _Dumper.represent_list_by_length)
_Dumper.add_representer(_Inline, _Dumper.represent_inline)


def _yaml(content: dict[str, Any]) -> str:
    return yaml.dump(
        content,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=88,  # a line is folded after the word that passes it
    )


def main() -> None:
    """Write every generated file of the dbt project."""
    for path, text in generated(DBT_PROJECT).items():
        (DBT_PROJECT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
