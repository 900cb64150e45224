"""Names of files of areas."""

from __future__ import annotations

import re

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.published.page.area_files import file_stem, file_stems


@pytest.mark.parametrize(
    ("key", "stem"),
    [
        ("kommune:0301", "kommune-0301"),
        ("helsefellesskap:HFS-STA", "helsefellesskap-hfs-sta"),
        ("fylke:../../etc", "fylke-etc"),
        ("kommune:Bø <i>", "kommune-b-i"),
    ],
)
def test_the_name_of_a_file_is_safe_whatever_the_key(key: str, stem: str) -> None:
    assert file_stem(key) == stem
    assert re.fullmatch(r"[a-z0-9-]+", stem)


def test_two_regions_with_the_same_file_are_refused() -> None:
    assert file_stems(["kommune:a-b"]) == {"kommune:a-b": "kommune-a-b"}
    with pytest.raises(PllError, match="kommune:a-b and kommune:A_B"):
        file_stems(["kommune:a-b", "kommune:A_B"])
