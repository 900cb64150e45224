"""The texts of the page in each language: the files in `languages/`, by key.

Braces in a text are placeholders, filled by `PageTexts`. Not here: the texts themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter

import yaml

from pll_pipeline.errors import PllError
from pll_pipeline.published.page.formats import LANGUAGES

FOLDER = Path(__file__).with_name("languages")


@cache
def texts(language: str, folder: Path = FOLDER) -> Mapping[str, str]:
    """The texts of a language.

    Raises `PllError` when a file lacks a text or a placeholder that another language has.
    """
    by_language = {name: _read(folder / f"{name}.yaml") for name in LANGUAGES}
    for name, others in by_language.items():
        _compare(folder / f"{language}.yaml", by_language[language], f"{name}.yaml", others)
    return by_language[language]


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _read(path: Path) -> dict[str, str]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    wrong = [key for key, text in content.items() if not isinstance(text, str)]
    if wrong:
        raise PllError(
            f"These keys have no text: {', '.join(map(str, wrong))}",
            where=str(path),
            do="write each text in quotes",
        )
    return dict(content)


def _compare(path: Path, own: Mapping[str, str], other: str, others: Mapping[str, str]) -> None:
    """Refuse a file that lacks a key or a placeholder of another one."""
    missing = [key for key in others if key not in own]
    if missing:
        raise PllError(
            f"Texts are missing that {other} has: {', '.join(missing)}",
            where=str(path),
            do="write them",
        )
    different = [key for key in others if placeholders(own[key]) != placeholders(others[key])]
    if different:
        raise PllError(
            f"Texts have other placeholders than in {other}: {', '.join(different)}",
            where=str(path),
            do="use the same names in braces in every language",
        )
