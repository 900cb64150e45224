"""Fingerprints of code are the content of folders: what makes a release counts, nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pll_pipeline.config import CHECKOUT, PACKAGE, Config
from pll_pipeline.sources.register import register
from pll_pipeline.validated.fingerprints import reading_fingerprint, release_fingerprint

APOTEK = register()["apotek"]
MAKES_READINGS = (
    "vocabulary/columns.py",
    "vocabulary/norwegian/numbers.py",
    "sources/model.py",
    "validated/rules.py",
    "validated/readers/workbook.py",
    "validated/readers/powerbi/json_text.py",
)
MAKES_RELEASES = (
    *MAKES_READINGS,
    "star/forecasting.py",
    "published/workbook.py",
    *(
        path.relative_to(PACKAGE).as_posix()
        for path in (PACKAGE / "published").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ),
)
MAKES_NEITHER = (
    "cli.py",
    "console.py",
    "automation.py",
    "simulation/plan.py",
    "inspection/publication.py",
    "assets/raw.py",
    "raw/archive.py",
    "sources/rollout_facts.yaml",
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that a test may change."""
    copy = tmp_path / "pll_pipeline"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "console.py").touch()
    return copy


@pytest.fixture
def own(tmp_path: Path) -> Config:
    """A configuration with a copy of the dbt project that a test may change."""
    project = tmp_path / "dbt_project"
    by_products = shutil.ignore_patterns("target", "logs")
    shutil.copytree(CHECKOUT / "dbt_project", project, ignore=by_products)
    return Config(data=tmp_path / "data", dbt_project=project)


def _change(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("\n")


@pytest.mark.parametrize("file", MAKES_READINGS)
def test_code_that_reads_counts_for_the_reading_and_for_the_release(
    own: Config, package: Path, file: str
) -> None:
    reading = reading_fingerprint(own, APOTEK, package)
    release = release_fingerprint(own, package)
    _change(package / file)
    assert reading_fingerprint(own, APOTEK, package) != reading
    assert release_fingerprint(own, package) != release


@pytest.mark.parametrize("file", sorted(set(MAKES_RELEASES) - set(MAKES_READINGS)))
def test_code_templates_and_data_files_of_outputs_count_for_the_release_only(
    own: Config, package: Path, file: str
) -> None:
    reading = reading_fingerprint(own, APOTEK, package)
    release = release_fingerprint(own, package)
    _change(package / file)
    assert reading_fingerprint(own, APOTEK, package) == reading
    assert release_fingerprint(own, package) != release


@pytest.mark.parametrize("file", MAKES_NEITHER)
def test_code_that_makes_no_release_counts_for_nothing(
    own: Config, package: Path, file: str
) -> None:
    reading = reading_fingerprint(own, APOTEK, package)
    release = release_fingerprint(own, package)
    _change(package / file)
    assert reading_fingerprint(own, APOTEK, package) == reading
    assert release_fingerprint(own, package) == release


def test_the_outputs_have_templates_that_the_test_above_changes() -> None:
    assert any(name.endswith(".j2") for name in MAKES_RELEASES)


def test_a_new_file_counts_wherever_it_is_put(own: Config, package: Path) -> None:
    reading = reading_fingerprint(own, APOTEK, package)
    (package / "validated" / "readers" / "new_reader.py").write_text("")
    assert reading_fingerprint(own, APOTEK, package) != reading


def test_by_products_of_python_and_dbt_do_not_count(own: Config, package: Path) -> None:
    release = release_fingerprint(own, package)
    for path in (
        package / "published" / "__pycache__" / "csv.cpython-311.pyc",
        own.dbt_project / "target" / "manifest.json",
        own.dbt_project / "logs" / "dbt.log",
        own.dbt_project / ".user.yml",
    ):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    assert release_fingerprint(own, package) == release


@pytest.mark.parametrize("file", ["models/star/dim_service.sql", "models/columns.md"])
def test_the_dbt_project_counts_for_the_release_only(own: Config, file: str) -> None:
    reading, release = reading_fingerprint(own, APOTEK), release_fingerprint(own)
    _change(own.dbt_project / file)
    assert reading_fingerprint(own, APOTEK) == reading
    assert release_fingerprint(own) != release


def test_code_lists_count_for_both(own: Config) -> None:
    reading, release = reading_fingerprint(own, APOTEK), release_fingerprint(own)
    _change(own.seeds / "measure.csv")
    assert reading_fingerprint(own, APOTEK) != reading
    assert release_fingerprint(own) != release


def test_a_source_file_and_its_corrections_count_for_their_source_alone(own: Config) -> None:
    other = register()["ssb_population"]
    before = reading_fingerprint(own, APOTEK), reading_fingerprint(own, other)
    own.corrections.mkdir(parents=True)
    own.corrections_of("apotek").write_text("[]", encoding="utf-8")
    assert reading_fingerprint(own, APOTEK) != before[0]
    assert reading_fingerprint(own, other) == before[1]
    tolerant = other.model_copy(update={"tolerance": 0.1})
    assert reading_fingerprint(own, tolerant) != before[1]


def test_where_bytes_are_fetched_does_not_count(own: Config) -> None:
    source = register()["ssb_population"]
    moved = source.model_copy(update={"fetch": APOTEK.fetch.model_copy(update={"kind": "moved"})})
    assert reading_fingerprint(own, moved) == reading_fingerprint(own, source)
