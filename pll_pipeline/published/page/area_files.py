"""Files of areas: a safe name from each region's key.

Not here: names of regions (in the release), their order (`page/region_names.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pll_pipeline.errors import PllError

_UNSAFE = re.compile(r"[^a-z0-9]+")


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
