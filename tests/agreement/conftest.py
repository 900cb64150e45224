"""What the agreement tests read: dbt's manifest, and Dagster's definitions on an empty folder.

Not here: the rules.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pll_pipeline.assets.marts import manifest as parse
from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.definitions import build_definitions
from pll_pipeline.sources.register import register


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config(data=tmp_path_factory.mktemp("agreement"), dbt_project=CHECKOUT / "dbt_project")


@pytest.fixture(scope="session")
def manifest(config: Config) -> dict[str, Any]:
    return json.loads(Path(parse(config)).read_bytes())


@pytest.fixture(scope="session")
def definitions(config: Config) -> dg.Definitions:
    return build_definitions(config, register())
