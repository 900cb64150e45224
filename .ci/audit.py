"""`make audit`: every package that `uv.lock` locks, against advisories.

The advisories are those of the Python package index. Exit code 0: no advisory. 1: advisories,
listed. 4: no advisory service could be reached, so that nothing was audited. A service that does
not know the advisories of an old PyYAML is none: a mirror that answers without them must not look
like a pass. Not here: licences and packages (`sbom.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".uv" / "bin" / "uv"
NOT_AUDITED = 4
# Has had advisories since 2020.
KNOWN_TO_BE_BAD = "pyyaml==5.3"
_EXPORT = (UV, "export", "--quiet", "--locked", "--no-emit-project", "--no-hashes")
_AUDIT = ("--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off")
_SECONDS = 300


def locked() -> str:
    """The packages that are locked for the product, its extras and each group, one a line."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = (f"--extra={name}" for name in project["project"]["optional-dependencies"])
    product = _output([*_EXPORT, "--no-default-groups", *extras])
    groups = (_output([*_EXPORT, "--only-group", name]) for name in project["dependency-groups"])
    return product + "".join(groups)


def _output(command: list[Any]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def advisories(requirements: str) -> tuple[list[str], list[str]] | None:
    """A line per advisory about the packages, and the packages that no service knows.

    None where no service answered.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "requirements.txt")
        file.write_text(requirements, encoding="utf-8")
        command = [Path(sys.executable).with_name("pip-audit"), "--requirement", file, *_AUDIT]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
            packages = json.loads(done.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            return None
    found = [
        f"{package['name']} {package['version']}: {advisory['id']}, fixed in "
        f"{', '.join(advisory['fix_versions']) or 'no version yet'}"
        for package in packages
        for advisory in package.get("vulns", ())
    ]
    return found, [package["name"] for package in packages if "skip_reason" in package]


def main() -> int:
    """Audit, say what was found, and return the exit code."""
    trial = advisories(KNOWN_TO_BE_BAD)
    if trial is None or not trial[0]:
        return _not_audited(
            "No advisory service could be reached, or the one that answered knows nothing about "
            f"{KNOWN_TO_BE_BAD}. Run it on a machine that can reach one."
        )
    packages = locked()
    answer = advisories(packages)
    if answer is None:
        return _not_audited("The advisory service stopped answering. Run it again.")
    found, unknown = answer
    count = len({line.split(";")[0].strip() for line in packages.splitlines() if "==" in line})
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.stdout.write(f"audit: {count} locked packages, {len(found)} advisories\n")
    if unknown:
        sys.stdout.write(f"audit: NOT AUDITED, as no service knows them: {', '.join(unknown)}\n")
    if found:
        return 1
    return NOT_AUDITED if unknown else 0


def _not_audited(reason: str) -> int:
    sys.stdout.write(f"audit: NOTHING WAS AUDITED. {reason}\n")
    return NOT_AUDITED


if __name__ == "__main__":
    raise SystemExit(main())
