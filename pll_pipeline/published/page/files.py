"""The files of the page: its folder, and the names within it.

Not here: what is in them (`page.py`, `areas/`), so that names are known without what draws.
"""

from __future__ import annotations

FOLDER = "report"
FILES = {"nb": "index.html", "en": "en.html"}
# The list of all areas in each language, below the folder of the page.
LIST_FILE = "index.html"
LISTS = {language: f"{language}/{LIST_FILE}" for language in FILES}
# The feed of the country in each language.
FEEDS = {"nb": "feed.xml", "en": "feed.en.xml"}
