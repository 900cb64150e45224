"""`make sbom`: the product's packages as CycloneDX, with hashes and licences, and as a list.

`dist/sbom.cdx.json` is uv's own export of `uv.lock` with the licence that each installed package
states; `dist/licences.md` is the list. Both are of the checkout, which `release.json` names by its
code version. Not here: advisories (`audit.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
UV = ROOT / ".uv" / "bin" / "uv"
_EXPORT = ("export", "--quiet", "--locked", "--no-default-groups", "--format", "cyclonedx1.5")
_UNKNOWN = "not stated"


def exported() -> dict[str, Any]:
    """What `uv.lock` locks for the product, as uv exports it."""
    done = subprocess.run([UV, *_EXPORT], cwd=ROOT, capture_output=True, text=True, check=True)
    bill: dict[str, Any] = json.loads(done.stdout)
    return bill


def licences() -> dict[str, str]:
    """The licence that each package of the product's environment states, by its name."""
    command = [Path(sys.executable).with_name("pip-licenses"), "--format", "json", "--from", "all"]
    done = subprocess.run(
        [*command, "--python", ROOT / ".venv" / "bin" / "python"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {normal(entry["Name"]): licence(entry) for entry in json.loads(done.stdout)}


def licence(entry: dict[str, str]) -> str:
    """The most exact of what a package states: an SPDX expression, classifiers, or a short text."""
    stated = (entry.get(f"License-{key}", "") for key in ("Expression", "Classifier", "Metadata"))
    short = [text.splitlines()[0] for text in stated if text and text != "UNKNOWN"]
    return next((text for text in short if len(text) < 120), _UNKNOWN)


def normal(name: str) -> str:
    """The name of a package as the package index writes it."""
    return name.lower().replace("_", "-").replace(".", "-")


def with_licences(bill: dict[str, Any], stated: dict[str, str]) -> dict[str, Any]:
    """The bill with the licence of each component; those not installed here have none."""
    for component in bill["components"]:
        if (name := stated.get(normal(component["name"]), _UNKNOWN)) != _UNKNOWN:
            component["licenses"] = [{"license": {"name": name}}]
    return bill


def as_list(bill: dict[str, Any]) -> str:
    """The components as a table in Markdown."""
    rows = ["| package | version | licence |", "|---|---|---|"]
    for component in sorted(bill["components"], key=lambda one: str(one["name"])):
        stated = component.get("licenses", [{"license": {"name": _UNKNOWN}}])
        name = stated[0]["license"]["name"]
        rows.append(f"| {component['name']} | {component['version']} | {name} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Write both files."""
    bill = with_licences(exported(), licences())
    DIST.mkdir(exist_ok=True)
    text = json.dumps(bill, ensure_ascii=False, indent=2) + "\n"
    (DIST / "sbom.cdx.json").write_text(text, encoding="utf-8")
    (DIST / "licences.md").write_text(as_list(bill), encoding="utf-8")
    count = len(bill["components"])
    sys.stdout.write(f"sbom: {count} packages in dist/sbom.cdx.json and dist/licences.md\n")


if __name__ == "__main__":
    main()
