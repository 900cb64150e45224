"""The script of the page's figures.

Not here: the search for an area, and the hash that allows a script (`areas/search.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("figures.js")


@cache
def figure_script() -> str:
    """The script as it is in the page. Raises `ValueError` where it would end its element."""
    text = FILE.read_text(encoding="utf-8")
    if "</" in text or "<!--" in text:
        raise ValueError(f"{FILE.name} has text that ends a script element")
    return text
