"""The search for an area: a box, and a script that knows the names of all areas.

The pages of areas share one file of it per language; the page of the country has it in itself, and
allows it by its hash. The script fetches nothing. Without it the box goes to the list of areas.
Not here: how the box looks (`templates/search.html.j2`), the list (`pages.py`).
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.data import LEVELS, AreaData
from pll_pipeline.published.page.scripts import json_in_script

FILE = "search.js"
_PROGRAM = Path(__file__).with_name("search.js")
_MOST_RESULTS = 8
_KOMMUNE = "kommune-"


def script(data: AreaData, texts: AreaTexts, folder: str = "") -> str:
    """The script of a page that is `folder` away from the pages of areas.

    Safe inside a script element.
    """
    words = {
        "folder": folder,
        "levels": {level: texts.level(level) for level in LEVELS},
        "most": _MOST_RESULTS,
        "none": texts.get("search_none"),
        "hits": texts.get("search_hits"),
        "more": texts.get("search_more"),
    }
    arguments = ", ".join(json_in_script(value) for value in (words, index(data)))
    return f"{_program()}({arguments});\n"


def source_of(text: str) -> str:
    """The source by which a policy allows a script in the page: its hash."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def index(data: AreaData) -> str:
    """A line per area: its file, its name, and other names it can be found by.

    The file of a kommune is its code. Nothing in a name separates the index.
    """
    lines = []
    for key, stem in data.stems.items():
        names = data.other_names.get(key, ())
        line = [stem.removeprefix(_KOMMUNE), _plain(data.label(key))]
        if names:
            line.append(";".join(map(_plain, names)))
        lines.append("|".join(line))
    return "\n".join(lines)


def _plain(name: str) -> str:
    """A name without the characters that separate the index."""
    return name.translate({ord(character): " " for character in "|;\n\r"})


@cache
def _program() -> str:
    """The function of two arguments: words, and the index."""
    return _PROGRAM.read_text(encoding="utf-8").rstrip()
