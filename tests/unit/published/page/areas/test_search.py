"""The script of the search: what it knows, and that nothing in it ends a script element."""

from __future__ import annotations

import base64
import hashlib
import re

from pll_pipeline.published.page.areas.search import index, script, source_of
from tests.unit.published.page import world as page_world
from tests.unit.published.page.areas import world


def _former(key: str, name: str) -> dict[str, object]:
    return page_world.row("area_name", region_key=key, former_name=name)


def test_an_area_is_found_by_its_own_name_its_former_and_its_parallel_ones() -> None:
    areas = [world.area(world.KOMMUNE, region_name_parallel="Bådåddjo - Budeju")]
    data = world.data(area=areas, area_name=[_former(world.KOMMUNE, "Skjerstad")])
    assert index(data) == "1804|Bodø|Skjerstad;Bådåddjo;Budeju"


def test_a_name_cannot_split_the_index_or_end_the_script() -> None:
    evil = "A|B;C\n</script><script>alert(1)</script>\u2028"
    data = world.data(area=[world.area(world.KOMMUNE, region_label=evil)])
    assert index(data).count("\n") == 0
    text = script(data, world.english(data))
    assert not re.search(r"[<>]/?script|\u2028", text)
    assert r"\u003cscript\u003ealert(1)" in text


def test_the_source_of_a_script_is_its_hash() -> None:
    digest = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    assert source_of("x") == f"'sha256-{digest}'"


def test_addresses_begin_where_the_page_is() -> None:
    data = world.data()
    assert '"folder": "en/"' in script(data, world.english(data), "en/")
    assert '"folder": ""' in script(data, world.english(data))
