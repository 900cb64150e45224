"""The model as TMDL, the text form of Power BI's semantic models.

One file per table, one per language.

Not here: what is in the model (`model.py`).
"""

from __future__ import annotations

import re

from pll_pipeline.published.powerbi.model import (
    Hierarchy,
    Measure,
    Model,
    ModelColumn,
    ModelTable,
    Relationship,
    tag,
)
from pll_pipeline.published.powerbi.power_query import FOLDER_PARAMETER, text

COMPATIBILITY = 1601
CULTURES = ("nb-NO", "en-US")
_PLAIN = re.compile(r"[^\W\d]\w*")


def files(model: Model) -> dict[str, str]:
    """File name below `definition/` → its text."""
    written = {
        "database.tmdl": f"database\n\tcompatibilityLevel: {COMPATIBILITY}\n",
        "model.tmdl": _model(model),
        "expressions.tmdl": _parameter(model.folder),
        "relationships.tmdl": "\n".join(map(_relationship, model.relationships)),
    }
    written |= {f"tables/{table.name}.tmdl": _table(table) for table in model.tables}
    return written | {f"cultures/{culture}.tmdl": _culture(culture, model) for culture in CULTURES}


def quoted(name: str) -> str:
    """A name as TMDL writes it: in quotes unless it is a plain word."""
    return name if _PLAIN.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def _model(model: Model) -> str:
    lines = [
        "model Model",
        f"\tculture: {CULTURES[0]}",
        "\tdefaultPowerBIDataSourceVersion: powerBI_V3",
        "\tdiscourageImplicitMeasures",
        f"\tsourceQueryCulture: {CULTURES[0]}",
        "",
        "annotation __PBI_TimeIntelligenceEnabled = 0",
        "",
        *(f"ref table {quoted(table.name)}" for table in model.tables),
        "",
        *(f"ref cultureInfo {culture}" for culture in CULTURES),
        "",
    ]
    return "\n".join(lines)


def _parameter(folder: str) -> str:
    """The parameter with the folder of the Parquet files, in place of a path in each table."""
    meta = 'meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]'
    lines = (
        "/// Mappen med Parquet-filene i utgaven. Sett den til din egen. | "
        "The folder of the release's Parquet files. Set it to yours.",
        f"expression {FOLDER_PARAMETER} = {text(folder)} {meta}",
        f"\tlineageTag: {tag('parameter', FOLDER_PARAMETER)}",
        "",
        "\tannotation PBI_ResultType = Text",
        "",
    )
    return "\n".join(lines)


def _relationship(relationship: Relationship) -> str:
    many = (relationship.from_table, relationship.from_column)
    single = (relationship.to_table, relationship.to_column)
    lines = (
        f"relationship {tag('relationship', *many, *single)}",
        f"\tfromColumn: {'.'.join(map(quoted, many))}",
        f"\ttoColumn: {'.'.join(map(quoted, single))}",
        "",
    )
    return "\n".join(lines)


def _table(table: ModelTable) -> str:
    lines = [
        *_comment(table.description, 0),
        f"table {quoted(table.name)}",
        f"\tlineageTag: {tag('table', table.name)}",
    ]
    lines += ["\tdataCategory: Time"] if table.is_calendar else []
    for measure in table.measures:
        lines += ["", *_measure(measure)]
    for column in table.columns:
        lines += ["", *_column(table, column)]
    for hierarchy in table.hierarchies:
        lines += ["", *_hierarchy(table, hierarchy)]
    lines += [
        "",
        f"\tpartition {quoted(table.name)} = m",
        "\t\tmode: import",
        "\t\tsource =",
        *("\t\t\t\t" + line for line in table.m.split("\n")),
        "",
    ]
    return "\n".join(lines)


def _measure(measure: Measure) -> list[str]:
    dax = measure.dax.split("\n")
    head = (
        [f"\tmeasure {quoted(measure.name)} = {dax[0]}"]
        if len(dax) == 1
        else [f"\tmeasure {quoted(measure.name)} =", *("\t\t\t" + line for line in dax)]
    )
    properties = ([f"\t\tformatString: {measure.format}"] if measure.format else []) + [
        f"\t\tdisplayFolder: {measure.folder}",
        f"\t\tlineageTag: {tag('measure', measure.name)}",
    ]
    return [*_comment(measure.description, 1), *head, *properties]


def _column(table: ModelTable, column: ModelColumn) -> list[str]:
    lines = [
        *_comment(column.description, 1),
        f"\tcolumn {quoted(column.name)}",
        f"\t\tdataType: {column.type}",
    ]
    lines += [f"\t\tformatString: {column.format}"] if column.format else []
    lines += ["\t\tisHidden"] if column.is_hidden else []
    lines += ["\t\tisKey"] if column.is_key else []
    lines += [
        f"\t\tlineageTag: {tag('column', table.name, column.name)}",
        "\t\tsummarizeBy: none",
        f"\t\tsourceColumn: {column.source}",
    ]
    return lines + ([f"\t\tsortByColumn: {quoted(column.sorted_by)}"] if column.sorted_by else [])


def _hierarchy(table: ModelTable, hierarchy: Hierarchy) -> list[str]:
    """A hierarchy; its levels have the names of their columns."""
    lines = [
        f"\thierarchy {quoted(hierarchy.name)}",
        f"\t\tlineageTag: {tag('hierarchy', table.name, hierarchy.name)}",
    ]
    for level in hierarchy.levels:
        lines += [
            "",
            f"\t\tlevel {quoted(level.name)}",
            f"\t\t\tlineageTag: {tag('level', table.name, hierarchy.name, level.name)}",
            f"\t\t\tcolumn: {quoted(level.name)}",
        ]
    return lines


def _comment(text: str, depth: int) -> list[str]:
    """A description, on lines of its own before what it describes."""
    return [f"{chr(9) * depth}/// {line}" for line in " ".join(text.split()).split("\n") if line]


def _culture(culture: str, model: Model) -> str:
    """Captions and descriptions in one language; in the model's own they are those of the model."""
    is_own = culture == CULTURES[0]
    lines = [f"cultureInfo {culture}", "", "\ttranslations", "\t\tmodel Model", ""]
    for table in model.tables:
        lines += _translation(3, "table", table.name, *_texts(table, is_own))
        for measure in table.measures:
            folder = measure.folder if is_own else measure.folder_en
            lines += _translation(4, "measure", measure.name, *_texts(measure, is_own), folder)
        for column in table.columns:
            lines += _translation(4, "column", column.name, *_texts(column, is_own))
        for hierarchy in table.hierarchies:
            caption = hierarchy.name if is_own else hierarchy.name_en
            lines += _translation(4, "hierarchy", hierarchy.name, caption, "")
    return "\n".join(lines)


def _texts(part: ModelTable | Measure | ModelColumn, is_own: bool) -> tuple[str, str]:
    """The name and the description of a part of the model in one language."""
    if is_own:
        return part.name, part.description
    return part.name_en, part.description_en


def _translation(
    depth: int, part: str, name: str, caption: str, description: str, folder: str = ""
) -> list[str]:
    """The lines that give one thing its texts in one language."""
    indent = "\t" * depth
    lines = [f"{indent}{part} {quoted(name)}", f"{indent}\tcaption: {caption}"]
    if description:
        lines.append(f"{indent}\tdescription: {' '.join(description.split())}")
    if folder:
        lines.append(f"{indent}\tdisplayFolder: {folder}")
    return [*lines, ""]
