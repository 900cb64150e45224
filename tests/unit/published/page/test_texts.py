"""The texts of the page: the same in every language, none missing, none unused."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published import page
from pll_pipeline.published.page.formats import LANGUAGES
from pll_pipeline.published.page.texts import FOLDER, placeholders, texts
from pll_pipeline.star.model_files import DBT_PROJECT
from pll_pipeline.vocabulary import columns

PACKAGE = Path(page.__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def write(**content: str) -> Path:
        for language, text in content.items():
            (tmp_path / f"{language}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_both_languages_have_the_same_keys_with_the_same_placeholders() -> None:
    nb, en = texts("nb"), texts("en")
    assert nb.keys() == en.keys()
    assert {key for key in nb if placeholders(nb[key]) != placeholders(en[key])} == set()
    assert {path.stem for path in FOLDER.iterdir()} == set(LANGUAGES)


def test_a_file_that_lacks_a_text_is_refused(folder: Callable[..., Path]) -> None:
    written = folder(nb='title: "Tittel"\nshare: "Andel"', en='title: "Title"')
    with pytest.raises(PllError, match=r"Texts are missing that nb\.yaml has: share"):
        texts("en", written)


def test_a_file_that_lacks_a_placeholder_is_refused(folder: Callable[..., Path]) -> None:
    written = folder(nb='value: "{share} nå"', en='value: "now"')
    with pytest.raises(PllError, match=r"other placeholders than in nb\.yaml: value"):
        texts("en", written)


def test_a_key_without_text_is_refused(folder: Callable[..., Path]) -> None:
    written = folder(nb="no_month: no", en='no_month: "none"')
    with pytest.raises(PllError, match="These keys have no text: no_month"):
        texts("nb", written)


def test_every_text_is_used() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*")
        if path.suffix in (".py", ".j2")
    )
    used = set(re.findall(r"""["'](\w+)["']""", code)) | _used_for_values()
    assert set(texts("nb")) - used == set()


def _actor_types() -> list[str]:
    with (DBT_PROJECT / "seeds" / "actor_type.csv").open(encoding="utf-8", newline="") as file:
        return [row["actor_type_code"] for row in csv.DictReader(file)]


def _used_for_values() -> set[str]:
    """Keys that are put together from a prefix and a value of the vocabulary."""
    values = {
        "status": columns.TARGET_STATUSES,
        "phase": columns.PHASES,
        "kind": columns.CHANGE_KINDS,
        "statement": columns.STATEMENTS,
        "missing_head": ("service", "what", "owner", "shows"),
        "readiness": ("residents", "agreements", "without_doctor", "free_capacity"),
        "short_actor": _actor_types(),
        "cadence": columns.CADENCES,
        "basis": ("inherited", "inferred", *columns.BASES),
        "level": ("helsefellesskap", "hf", "fylke", "rhf", "kommune"),
        "fresh": (
            *("source", "read", "newest", "cadence", "published", "suppressed", "missing"),
            "quarantined",
        ),
        "term": ("share", "series", "suppressed", "level", "tiles"),
    }
    keys = {f"{prefix}_{value}" for prefix, of_prefix in values.items() for value in of_prefix}
    shows = {f"missing_{name}_shows" for name in ("country", "regions", "months", "forecast")}
    return keys | shows | {f"{key}_many" for key in keys} | {f"{key}_text" for key in keys}


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("status", columns.TARGET_STATUSES),
        ("phase", columns.PHASES),
        ("kind", columns.CHANGE_KINDS),
        ("statement", columns.STATEMENTS),
        ("basis", columns.BASES),
        ("cadence", columns.CADENCES),
    ],
)
def test_every_value_of_the_vocabulary_has_a_text(prefix: str, values: tuple[str, ...]) -> None:
    assert {f"{prefix}_{value}" for value in values} <= texts("nb").keys()
