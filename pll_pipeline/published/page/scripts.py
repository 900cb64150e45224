"""The script of the page's figures, and values as a script element may have them.

Not here: the search for an area, and the hash that allows a script (`areas/search.py`).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("figures.js")
# What ends a script element, or a line of a script.
_NOT_IN_SCRIPTS = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


@cache
def figure_script() -> str:
    """The script as it is in the page. Raises `ValueError` where it would end its element."""
    text = FILE.read_text(encoding="utf-8")
    if "</" in text or "<!--" in text:
        raise ValueError(f"{FILE.name} has text that ends a script element")
    return text


def json_in_script(value: object) -> str:
    """A value as JSON; no text in it ends a script element."""
    return json.dumps(value, ensure_ascii=False).translate(_NOT_IN_SCRIPTS)
