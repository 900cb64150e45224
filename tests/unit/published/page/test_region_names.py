"""Short names and the order of names."""

from __future__ import annotations

import csv

import pytest

from pll_pipeline.published.page.region_names import collation_key, short_name, tile_name
from pll_pipeline.published.page.tile_layout import lines_of
from pll_pipeline.star.model_files import DBT_PROJECT

LONGEST = 11  # letters in a line of a tile
TILE_LEVELS = ("fylke", "helsefellesskap")


def test_names_are_in_norwegian_order() -> None:
    names = ["Ås", "Ørsta", "Ærø", "Aasen", "asker", "Zoo", "Åmot", "Karasjok", "Kárášjohka"]
    ordered = sorted(names, key=collation_key)
    assert ordered[:4] == ["asker", "Kárášjohka", "Karasjok", "Zoo"]
    assert ordered[4:] == ["Ærø", "Ørsta", "Åmot", "Ås", "Aasen"]


def test_a_region_without_a_short_name_goes_by_its_name() -> None:
    assert short_name("kommune:0301", "Oslo") == "Oslo"


def test_a_short_name_shows_no_mark_of_a_break() -> None:
    name = ("helsefellesskap:HFS-BER", "Helsefellesskapet i bergensområdet")
    assert short_name(*name) == "Bergensområdet"
    assert lines_of(tile_name(*name)) == ("Bergens-", "området")


def _regions(level: str) -> list[tuple[str, str]]:
    with (DBT_PROJECT / "seeds" / "region.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["region_level"] == level]
    return [(row["region_key"], row["region_name"]) for row in rows if not row["valid_to"]]


@pytest.mark.parametrize("level", TILE_LEVELS)
def test_every_name_on_a_tile_fits_whole_and_is_like_no_other(level: str) -> None:
    regions = _regions(level)
    lines = [lines_of(tile_name(*region)) for region in regions]
    assert len(regions) > 10
    assert [line for pair in lines for line in pair if len(line) > LONGEST or line[-1] == "."] == []
    assert len({short_name(*region) for region in regions}) == len(regions)
