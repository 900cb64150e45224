"""An empty data folder for each test. Not here: what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pll_pipeline.config import CHECKOUT, Config


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A data folder of its own, with the dbt project of the checkout."""
    return Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")
