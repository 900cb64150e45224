"""dbt's own macros, as sqlfluff needs them to render a model: DuckDB's spelling of each.

Not here: macros of this project (`dbt_project/macros/`); dbt itself never reads this folder.
"""


def type_string() -> str:
    """The type of text."""
    return "varchar"


def date_trunc(part: str, day: str) -> str:
    """The first day of the month, quarter or year of a day."""
    return f"date_trunc('{part}', {day})"


def dateadd(part: str, number: object, day: str) -> str:
    """A day so many days, months or years later."""
    return f"({day} + {number} * interval 1 {part})"


def datediff(first: str, second: str, part: str) -> str:
    """The days, months or years from one day to another."""
    return f"date_diff('{part}', {first}, {second})"
