"""Files and order of areas: a safe name of a file from each region's key, Norwegian collation.

Not here: names of regions (in the release), what a page shows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pll_pipeline.errors import PllError

_UNSAFE = re.compile(r"[^a-z0-9]+")
# Letters after z, by characters of ASCII that come after it.
_LAST_LETTERS = {"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"}


def file_stem(region_key: str) -> str:
    """The name of an area's files without an ending: lower-case ASCII letters, digits, hyphens.

    `kommune:0301` is `kommune-0301`.
    """
    return _UNSAFE.sub("-", region_key.lower()).strip("-")


def file_stems(region_keys: Iterable[str]) -> dict[str, str]:
    """The names of the files of all areas by key. Raises `PllError` where two would be the same."""
    stems: dict[str, str] = {}
    owners: dict[str, str] = {}
    for key in region_keys:
        stem = file_stem(key)
        other = owners.setdefault(stem, key)
        if other != key:
            raise PllError(
                f"Two regions would have the same page: {other} and {key}",
                where=f"{stem}.html",
                do="give one of them another key in `dbt_project/seeds/region.csv`",
            )
        stems[key] = stem
    return stems


def norwegian_order(name: str) -> str:
    """What names are sorted by: æ, ø and å after z; other marks and capitals make no difference."""
    return "".join(_LAST_LETTERS.get(letter) or _base(letter) for letter in name.casefold())


def _base(letter: str) -> str:
    """A letter without its marks: á is a."""
    return unicodedata.normalize("NFD", letter)[:1]
