"""Short names of regions, and the order of names in Norwegian.

Not here: the names that publishers use (`dim_region`), the short names themselves
(`short_names.yaml`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("short_names.yaml")
BREAK = "~"  # where a tile may break a word
# As the macro `collation_key` of dbt does: æ, ø and å are the last letters.
_LETTERS = str.maketrans("æäøöåáàèéêüčđŋšŧž", "{{||}aaeeeycdnstz")


def collation_key(name: str) -> str:
    """What a name is sorted by in Norwegian: æ, ø, å after z, aa as å, no capitals."""
    return name.lower().replace("aa", "å").translate(_LETTERS)


def short_name(region_key: str, region_name: str) -> str:
    """The short name of a region, or its name where none is written."""
    return _short_names().get(region_key, region_name).replace(BREAK, "")


def tile_name(region_key: str, region_name: str) -> str:
    """The short name of a region, with `BREAK` where a tile may break a word."""
    return _short_names().get(region_key, region_name)


@cache
def _short_names() -> Mapping[str, str]:
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))
