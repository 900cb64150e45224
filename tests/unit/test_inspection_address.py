"""What is published at an address: asked once, told as a file would be, and the starter asks there again."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from pll_pipeline.codes import load_codes
from pll_pipeline.config import Config, PllError
from pll_pipeline.inspection import starter
from pll_pipeline.inspection.address import inspect_address, is_address
from tests.loopback import Told, publisher

CODES = load_codes(Config.from_environment().seeds)
TODAY = date(2026, 11, 23)
FIGURES = "Kommune;Måned;Antall\nBergen;januar 2025;1 234\nTromsø;februar 2025;7\n".encode()


@pytest.mark.parametrize(
    ("path", "media_type", "file"),
    [("/ut/tall.csv?v=2", "text/plain", "tall.csv"), ("/ut", "text/csv", "publication.csv"), ("/", "application/octet-stream", "publication.txt"), ("/..%2f.csv", "text/csv", "publication.csv")],
)
def test_the_file_is_named_after_the_address_or_else_after_what_it_is(path: str, media_type: str, file: str) -> None:
    with publisher(Told(FIGURES, headers={"Content-Type": media_type})) as loopback:
        table = inspect_address(loopback.url + path, CODES, TODAY, allow_local=True).tables[0]
    assert table.file == file
    assert [column.looks_like for column in table.columns] == ["region", "period", "number"]
    said = yaml.safe_load(starter(table, "tall"))
    assert said["fetch"] == {"kind": "http", "files": {file: loopback.url + path}, "allow_local": True}
    assert said["tables"][0]["file"] == file


def test_an_address_on_a_private_network_is_looked_at_only_when_that_is_meant() -> None:
    with publisher(Told(FIGURES)) as loopback, pytest.raises(PllError, match="not https"):
        inspect_address(loopback.url, CODES, TODAY)
    assert loopback.asked == []


def test_an_address_is_told_from_a_file() -> None:
    assert is_address("https://www.example.no/tall.csv")
    assert not is_address("tall.csv")
