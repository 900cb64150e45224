"""An empty data folder for each test. Not here: what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pll_pipeline.config import CHECKOUT, Config
from tests.in_process import read_in_process


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A data folder of its own, with the dbt project of the checkout; readings in this process."""
    read_in_process(monkeypatch)
    return Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")
