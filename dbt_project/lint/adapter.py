"""dbt's adapter, as sqlfluff needs it to render a model.

Not here: anything but the choice of a macro; dbt itself never reads this folder.
"""

from collections.abc import Callable

_CHOSEN = {
    "type_double": lambda: "double",
    "joined_text": lambda column: f"string_agg({column}, '; ')",
}


def dispatch(macro: str, _package: str) -> Callable[..., str]:
    """The macro of that name for the adapter: those of this project that a model uses."""
    return _CHOSEN[macro]
