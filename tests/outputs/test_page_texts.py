"""What publishers change in the text of their pages, from the demo's two nights to a release."""

from __future__ import annotations

import re

import pytest

from tests.night.world import World


def test_the_difference_names_the_sentences_that_the_plan_page_changed(demo: World) -> None:
    difference = (demo.current / "difference.md").read_text(encoding="utf-8")
    texts = difference.partition("## Sidetekster")[2].partition("\n## ")[0]
    change = r"`sim_planside`: siste faglige endring 2026-\d\d-\d\d, før 2026-\d\d-\d\d\.\n"
    assert re.search(change, texts)
    for word in ("ny", "borte"):
        assert re.search(rf"  - {word}: Tallene er oppdatert til og med \w+ 2026\.", texts)


@pytest.mark.parametrize(
    ("file", "words"),
    [("index.html", "Det som er endret i teksten"), ("en.html", "What changed in the text")],
)
def test_the_page_shows_them_with_the_day_that_the_publisher_states(
    demo: World, file: str, words: str
) -> None:
    html = (demo.current / "report" / file).read_text(encoding="utf-8")
    assert words in html
    assert html.count("Tallene er oppdatert til og med") == 2
