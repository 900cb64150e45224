r"""Patterns of source files: one engine for all of them, whose time grows with the text only.

It is that of Polars (Rust's regex): no look-around and no back-references, so that no pattern of an
operator hangs on a text of a publisher. `$` is the end of the text, `\d`, `\w` and `\s` are those
of Unicode. Not here: patterns of the package itself, which a test runs on repeated pieces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

LONGEST = 1000  # characters
_REMEMBERED = 2**14
_REASON = re.compile(r"^error: (.+)$", re.MULTILINE)


class UnknownPattern(ValueError):
    """A pattern that the engine cannot run."""


@lru_cache(_REMEMBERED)
def require_known(pattern: str) -> None:
    """Raise `UnknownPattern` for a pattern that the engine cannot run, or one too long."""
    import polars as pl

    if len(pattern) > LONGEST:
        raise UnknownPattern(f"a pattern of {len(pattern)} characters, more than {LONGEST}")
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        reason = _REASON.search(str(error))
        raise UnknownPattern(
            f"not a pattern that is known here: {reason[1] if reason else 'it is too large'};"
            " write it without look-around, back-references and what else only some engines have"
        ) from error


@lru_cache(_REMEMBERED)
def is_found(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere in the text."""
    import polars as pl

    return bool(pl.Series([text]).str.contains(pattern).item())


def first_found(pattern: str, texts: Sequence[str]) -> int | None:
    """The index of the first text that the pattern matches anywhere; None where it matches none."""
    import polars as pl

    found = pl.Series(texts, dtype=pl.String).str.contains(pattern)
    return found.arg_max() if found.any() else None


@lru_cache(_REMEMBERED)
def group_names(pattern: str) -> tuple[str, ...]:
    """The named groups of the pattern, in their order."""
    return tuple(name for name in _groups(pattern) if not name.isdecimal())


@lru_cache(_REMEMBERED)
def groups_in(pattern: str, text: str) -> dict[str, str] | None:
    """The texts of the named groups where the pattern matches first; None where it does not.

    A group that takes no part in the match has the text "".
    """
    import polars as pl

    if not is_found(pattern, text):
        return None
    if not _groups(pattern):
        return {}
    found = pl.Series([text]).str.extract_groups(pattern).item()
    return {name: found[name] or "" for name in group_names(pattern)}


@lru_cache(_REMEMBERED)
def taken_from(pattern: str, text: str) -> str | None:
    """The first group where the pattern matches first, the whole match where it has none.

    None where it does not match; "" where the group takes no part.
    """
    import polars as pl

    if not is_found(pattern, text):
        return None
    return pl.Series([text]).str.extract(pattern, 1 if _groups(pattern) else 0).item() or ""


@lru_cache(_REMEMBERED)
def _groups(pattern: str) -> tuple[str, ...]:
    """The groups of the pattern: names, and numbers of those without one."""
    import polars as pl

    fields = pl.Series([""]).str.extract_groups(pattern).struct.fields
    return tuple(fields)
