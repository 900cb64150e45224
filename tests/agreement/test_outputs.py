"""The registry of outputs, and everything that repeats it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.published.outputs import OUTPUTS, Output
from pll_pipeline.published.registry_files import DOCUMENTS, EXPOSURES, generated
from tests.agreement.files import ROOT


@pytest.mark.parametrize("path", [EXPOSURES, *DOCUMENTS], ids=str)
def test_a_file_that_repeats_the_registry_is_as_generated(path: Path) -> None:
    written = (ROOT / path).read_text(encoding="utf-8")
    assert written == generated(ROOT)[path], "run `make generated`, and change outputs.py"


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.name)
def test_an_output_is_an_exposure_where_it_is_made_of_some_of_the_tables(
    output: Output, manifest: dict[str, Any]
) -> None:
    exposures = {
        exposure["name"]: {name.split(".")[-1] for name in exposure["depends_on"]["nodes"]}
        for exposure in manifest["exposures"].values()
    }
    assert exposures.get(output.name) == (set(output.reads()) if output.reads else None)


def test_every_exposure_is_an_output(manifest: dict[str, Any]) -> None:
    names = {exposure["name"] for exposure in manifest["exposures"].values()}
    assert names <= {output.name for output in OUTPUTS}
    assert len(names) > 2


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.name)
def test_an_output_is_described_in_both_languages(output: Output) -> None:
    for text in output.description:
        assert text
        assert not text.endswith(".")
    assert output.description.nb != output.description.en
