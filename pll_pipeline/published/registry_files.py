"""Files that repeat the registry of outputs: dbt's exposures, and the tables in two documents.

`python -m pll_pipeline.published.registry_files` (part of `make generated`) writes them; a test
compares. Not here: the registry (`outputs.py`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from pll_pipeline.config import CHECKOUT
from pll_pipeline.published.bilingual import SEPARATOR
from pll_pipeline.published.outputs import OUTPUTS, Output

EXPOSURES = Path("dbt_project", "models", "exposures.yml")
README, GUIDE = Path("README.md"), Path("data", "marts", "README.md")
# Documents with a table of the outputs, between the two marks.
DOCUMENTS = (README, GUIDE)
_BLOCK = re.compile(
    r"(?P<begin><!-- outputs: generated -->\n).*?(?P<end><!-- outputs: end -->)", re.DOTALL
)
_HEAD = (
    "# Written by `make generated` from pll_pipeline/published/outputs.py.\n"
    "# Change that; a test compares.\n\n"
)


def outputs_table(*, is_short: bool = False) -> str:
    """The outputs as a Markdown table: their files, and what they are.

    The short table describes those that people open first, and names the files of the others.
    """
    rows = ["| file | what it is |", "|---|---|"]
    described = [output for output in OUTPUTS if output.is_opened_first or not is_short]
    rows += [f"| {_files(output)} | {output.description.en} |" for output in described]
    others = [_files(output) for output in OUTPUTS if output not in described]
    if others:
        rows.append(f"| {', '.join(others)} | see [{GUIDE.as_posix()}]({GUIDE.as_posix()}) |")
    return "\n".join(rows) + "\n"


def _files(output: Output) -> str:
    return ", ".join(f"`{file}`" for file in output.files)


def exposures() -> str:
    """dbt's YAML of the outputs that are made of some of the tables."""
    listed = [_exposure(output) for output in OUTPUTS if output.reads]
    content = {"version": 2, "exposures": listed}
    return _HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def generated(root: Path) -> dict[Path, str]:
    """The text of every file that is written from the registry, by its path below `root`.

    Raises `ValueError` for a document without marks.
    """
    texts = {EXPOSURES: exposures()}
    for path in DOCUMENTS:
        text = (root / path).read_text(encoding="utf-8")
        table = outputs_table(is_short=path == README).replace("\\", "\\\\")
        filled, count = _BLOCK.subn(rf"\g<begin>{table}\g<end>", text)
        if count != 1:
            raise ValueError(f"{path} has {count} blocks of outputs, expected 1")
        texts[path] = filled
    return texts


def _exposure(output: Output) -> dict[str, Any]:
    files = " and ".join(output.files)
    text = output.description
    label = output.title.removeprefix("the ")
    return {
        "name": output.name,
        "label": label[0].upper() + label[1:],
        "type": output.exposure_type,
        "maturity": "high",
        "owner": {"name": "The operator of this compilation"},
        "description": f"{files}: {text.en}.{SEPARATOR}{text.nb}.",
        "depends_on": [f"ref('{name}')" for name in output.reads()] if output.reads else [],
    }


def main() -> None:
    """Write every file that repeats the registry."""
    for path, text in generated(CHECKOUT).items():
        (CHECKOUT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
