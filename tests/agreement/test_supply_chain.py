"""What is installed and what it is built with: locked with hashes, listed, and audited honestly."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from types import ModuleType
from typing import Any

import pytest

from tests.agreement.files import ROOT

LOCK: dict[str, Any] = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
PROJECT = "pll-pipeline"


def _script(name: str) -> ModuleType:
    """A script of `.ci/`, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


AUDIT, SBOM = _script("audit"), _script("sbom")


def _locked_for_the_product() -> set[tuple[str, str]]:
    """Name and version of every package that the product's own requirements lead to."""
    waiting: list[tuple[dict[str, Any], str | None]] = []
    for package in LOCK["package"]:
        if package["name"] == PROJECT:
            waiting.append((package, None))
    seen: set[tuple[str, str, str | None]] = set()
    while waiting:
        package, extra = waiting.pop()
        key = (package["name"], package["version"], extra)
        if key in seen:
            continue
        seen.add(key)
        optional = package.get("optional-dependencies", {})
        for needed in [*package.get("dependencies", ()), *optional.get(extra, ())]:
            waiting += [
                (candidate, name)
                for candidate in LOCK["package"]
                if candidate["name"] == needed["name"]
                and candidate["version"] == needed.get("version", candidate["version"])
                for name in (None, *needed.get("extra", ()))
            ]
    return {(name, version) for name, version, _ in seen if name != PROJECT}


def test_the_bill_of_materials_lists_exactly_what_is_locked_for_the_product() -> None:
    bill = SBOM.exported()
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    assert listed == _locked_for_the_product()
    assert len(listed) > 100
    assert bill["bomFormat"] == "CycloneDX"
    for part in bill["components"]:
        assert part["purl"] == f"pkg:pypi/{part['name']}@{part['version']}"
        hashes = [given["hashes"] for given in part["externalReferences"]]
        assert hashes, part["name"]
        assert all(given[0]["alg"] == "SHA-256" for given in hashes)


def test_no_package_for_tests_or_tools_is_in_the_bill() -> None:
    listed = {part["name"] for part in SBOM.exported()["components"]}
    assert listed.isdisjoint({"pytest", "hypothesis", "ruff", "mypy", "pip-audit", "openpyxl"})


def test_a_component_has_the_licence_that_its_package_states() -> None:
    entries = [
        {"License-Expression": "MIT", "License-Classifier": "MIT License"},
        {"License-Expression": "UNKNOWN", "License-Classifier": "BSD License"},
        {"License-Expression": "UNKNOWN", "License-Classifier": "UNKNOWN"},
        {"License-Metadata": "x" * 4000},
    ]
    assert [SBOM.licence(entry) for entry in entries] == [
        "MIT",
        "BSD License",
        "not stated",
        "not stated",
    ]
    bill = {"components": [{"name": "Typing_Extensions", "version": "1"}, {"name": "b"}]}
    first, second = SBOM.with_licences(bill, {"typing-extensions": "PSF-2.0"})["components"]
    assert first["licenses"] == [{"license": {"name": "PSF-2.0"}}]
    assert "licenses" not in second


def test_every_locked_file_has_a_hash_and_one_index() -> None:
    for package in LOCK["package"]:
        if package["name"] == PROJECT:
            continue
        assert list(package["source"]) == ["registry"], package["name"]
        files = [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]
        assert files, package["name"]
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", file["hash"]) for file in files)


def test_building_needs_only_uv_in_the_version_that_is_pinned_by_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pins = (ROOT / ".ci" / "uv.txt").read_text(encoding="utf-8")
    pinned = re.findall(r"^(\S+)==(\S+) \\$", pins, re.MULTILINE)
    assert [name for name, _ in pinned] == ["uv"]
    assert project["build-system"]["requires"] == [f"uv_build=={pinned[0][1]}"]
    assert pins.count("--hash=sha256:") >= 10


Answer = tuple[list[str], list[str]] | None


@pytest.mark.parametrize(
    ("trial", "answer", "code", "words"),
    [
        (None, None, 4, "NOTHING WAS AUDITED"),
        (([], ["pyyaml"]), None, 4, "NOTHING WAS AUDITED"),
        ((["pyyaml 5.3: A"], []), None, 4, "stopped answering"),
        ((["pyyaml 5.3: A"], []), ([], []), 0, "1 locked packages, 0 advisories"),
        ((["pyyaml 5.3: A"], []), (["polars 2: B"], []), 1, "polars 2: B"),
        ((["pyyaml 5.3: A"], []), ([], ["polars"]), 4, "NOT AUDITED.*polars"),
    ],
)
def test_an_audit_says_when_it_audited_nothing(
    trial: Answer,
    answer: Answer,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def asked(text: str) -> Answer:
        return trial if "pyyaml" in text else answer

    monkeypatch.setattr(AUDIT, "advisories", asked)
    monkeypatch.setattr(AUDIT, "locked", lambda: "polars==2\n")
    assert AUDIT.main() == code
    assert re.search(words, capsys.readouterr().out)


def test_an_audit_is_of_all_that_is_locked() -> None:
    names = {line.split("==")[0] for line in AUDIT.locked().splitlines() if "==" in line}
    assert names == {package["name"] for package in LOCK["package"]} - {PROJECT}
