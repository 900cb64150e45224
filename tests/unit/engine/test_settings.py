"""Which engine the settings name, and what is refused before anything is asked or built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pll_pipeline.cli import EngineName
from pll_pipeline.config import ENGINES, Config
from pll_pipeline.engine import engine_of, spark
from pll_pipeline.engine.embedded import DuckDb
from pll_pipeline.engine.spark import Spark
from pll_pipeline.errors import PllError


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings of a Spark that could be used, the adapter taken as installed."""
    for name in [name for name in os.environ if name.startswith(("PLL_SPARK", "PLL_ENGINE"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(spark, "find_spec", lambda name: name)
    monkeypatch.setenv("PLL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PLL_ENGINE", "spark")
    monkeypatch.setenv("PLL_ENGINE_FOLDER", str(tmp_path))
    monkeypatch.setenv("PLL_SPARK_HOST", "spark.example.no")
    return monkeypatch


def _engine() -> Spark:
    engine = engine_of(Config.from_environment())
    assert isinstance(engine, Spark)
    return engine


def test_without_settings_duckdb_builds(settings: pytest.MonkeyPatch) -> None:
    settings.delenv("PLL_ENGINE")
    assert isinstance(engine_of(Config.from_environment()), DuckDb)


def test_the_command_offers_the_engines_that_the_settings_know() -> None:
    assert tuple(EngineName) == ENGINES


@pytest.mark.parametrize(
    ("variable", "value", "refusal"),
    [
        ("PLL_ENGINE", "flink", "'flink' is no engine"),
        ("PLL_ENGINE_FOLDER", "shared", "'shared' is no absolute name of a folder"),
        ("PLL_ENGINE_FOLDER", "/no/such/folder", "The folder of the engine is not there"),
        ("PLL_ENGINE_FOLDER", "/a*b", "The name of the folder has"),
        ("PLL_ENGINE_FOLDER", "", "The engine spark needs PLL_ENGINE_FOLDER"),
        ("PLL_SPARK_HOST", "", "The engine spark needs PLL_SPARK_HOST"),
        ("PLL_SPARK_PREFIX", "x; drop schema y", "cannot begin the names of schemas"),
        ("PLL_SPARK_PREFIX", "9a", "cannot begin the names of schemas"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused_with_its_name(
    variable: str, value: str, refusal: str, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv(variable, value)
    with pytest.raises(PllError, match=refusal) as error:
        _engine()
    assert value.startswith("/") or variable in error.value.paragraph()


def test_an_adapter_that_is_not_installed_is_named_with_the_extra(
    settings: pytest.MonkeyPatch,
) -> None:
    settings.setattr(spark, "find_spec", lambda _: None)
    with pytest.raises(PllError, match=r"dbt-spark, which is not installed.*pll-pipeline\[spark\]"):
        _engine()


@pytest.mark.parametrize(
    ("host", "tls"),
    [
        ("127.0.0.1", "False"),
        ("127.1.2.3", "False"),
        ("::1", "False"),
        ("localhost", "False"),
        ("10.0.0.1", "True"),
        ("localhost.example.no", "True"),
        ("127.0.0.1.example.no", "True"),
        ("0.0.0.0", "True"),  # noqa: S104 - an address that is refused, not bound
    ],
)
def test_only_a_connection_to_this_machine_goes_without_tls(
    host: str, tls: str, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("PLL_SPARK_HOST", host)
    settings.setenv("PLL_SPARK_TLS", "False" if tls == "True" else "True")
    assert _engine().environment()["PLL_SPARK_TLS"] == tls


def test_the_password_is_passed_on_by_a_name_that_dbt_writes_to_no_log(
    settings: pytest.MonkeyPatch,
) -> None:
    settings.setenv("PLL_SPARK_PASSWORD", "hemmelig")
    named = [name for name, value in _engine().environment().items() if value == "hemmelig"]
    assert [name.startswith("DBT_ENV_SECRET_") for name in named] == [True]
    assert "hemmelig" not in repr(_engine())


def test_two_warehouses_have_folders_of_their_own_in_the_shared_one(
    settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = _engine().folder
    settings.setenv("PLL_DATA", str(tmp_path / "other"))
    there = _engine().folder
    assert {here.parent, there.parent} == {tmp_path}
    assert here != there


@pytest.mark.usefixtures("settings")
def test_the_folder_of_a_build_that_died_is_emptied_and_the_own_one_removed(
    tmp_path: Path,
) -> None:
    engine = _engine()
    (engine.folder / "tables" / "old").mkdir(parents=True)
    (tmp_path / "build-of-another").mkdir()
    with engine.prepared():
        assert sorted(path.name for path in engine.folder.iterdir()) == [
            "fitted",
            "landed",
            "tables",
        ]
        assert list((engine.folder / "tables").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["build-of-another"]
