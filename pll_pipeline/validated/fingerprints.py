"""Fingerprints: one hash over all that a result depends on. Equal means: nothing to do again.

A fingerprint of code is the content of folders, never a list of files. *Reading* covers the folders
that turn bytes into rows; *release* covers those and the folders that turn rows into outputs. A
source file counts for its own source alone. Not here: what is done when a fingerprint differs
(`verdicts.py`, `assets/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pll_pipeline.config import PACKAGE, Config
from pll_pipeline.raw.archive import hash_of_files
from pll_pipeline.sources.model import Source

READING = ("vocabulary", "sources", "validated")
RELEASE = (*READING, "star", "published")
# what Python and dbt write while they run
_BY_PRODUCTS = {"__pycache__", "target", "logs"}


def reading_fingerprint(config: Config, source: Source, package: Path = PACKAGE) -> str:
    """One hash over what decides how a source's snapshots are read.

    The code, the code lists, the source file without its addresses, and the recorded corrections.
    """
    corrections = config.corrections_of(source.name)
    return one_hash(
        _hash_of_package(READING, package),
        hash_of_folder(config.seeds),
        source.model_dump_json(exclude={"fetch"}),
        corrections.read_text(encoding="utf-8") if corrections.is_file() else "",
    )


def release_fingerprint(config: Config, package: Path = PACKAGE) -> str:
    """One hash over the code of a release: the folders that make it, and the dbt project."""
    return one_hash(_hash_of_package(RELEASE, package), hash_of_folder(config.dbt_project))


def hash_of_folder(folder: Path) -> str:
    """One hash over the files of a folder, without hidden files and by-products of Python and
    dbt.
    """
    return hash_of_files(_content(folder), folder)


def one_hash(*texts: str) -> str:
    """One SHA-256 over several texts, in their order."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _hash_of_package(folders: Iterable[str], package: Path) -> str:
    source_files = package / "sources"
    files = (
        path
        for folder in folders
        for path in _content(package / folder)
        if not (path.parent == source_files and path.suffix == ".yaml")
    )
    return hash_of_files(files, package)


def _content(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(map(_is_by_product, path.relative_to(folder).parts))
    ]


def _is_by_product(name: str) -> bool:
    return name.startswith(".") or name in _BY_PRODUCTS
