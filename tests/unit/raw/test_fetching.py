"""Each way of publishing has a function that fetches it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import keep
from pll_pipeline.raw.fetching import FETCHERS, fetch
from pll_pipeline.sources.model import Fetching
from pll_pipeline.sources.register import known


def test_every_kind_of_fetching_has_a_function() -> None:
    union, _ = get_args(Fetching)
    assert set(FETCHERS) == set(get_args(union))


def test_a_bundled_source_is_never_new(tmp_path: Path) -> None:
    source = next(s for s in known().values() if s.fetch.kind == "bundled")
    with pytest.raises(PllError, match=f"{source.name} has no snapshot.*pll archive"):
        fetch(source, tmp_path)
    kept, _ = keep(tmp_path, source.name, {"f.csv": b"a"}, {})
    assert fetch(source, tmp_path) == (kept, False)
