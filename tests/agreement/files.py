"""The files that the agreement tests read. Not here: the rules."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "pll_pipeline"
MODULES = sorted(PACKAGE.rglob("*.py"))
HELPERS = sorted((ROOT / "tests").glob("*.py"))  # what several tests use


def name_of(path: Path) -> str:
    """The path of a file relative to the checkout, as a test id."""
    return path.relative_to(ROOT).as_posix()


@cache
def tracked_texts() -> dict[str, str]:
    """Every text file that git tracks or would track, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    texts = {}
    for name in listed:
        try:
            texts[name] = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
    return texts
