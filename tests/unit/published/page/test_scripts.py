"""The script of the page, and the policy that allows it."""

from __future__ import annotations

import json
import re

from pll_pipeline.published.page.areas.search import source_of
from pll_pipeline.published.page.page import html
from pll_pipeline.published.page.scripts import figure_script, json_in_script
from tests.unit.published.page import world

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')


def test_every_script_of_the_page_is_allowed_by_its_hash_and_no_other() -> None:
    page = html("nb", world.data())
    policy = _POLICY.search(page)
    assert policy
    allowed = set(re.findall(r"'sha256-[^']+'", policy[1]))
    scripts = _SCRIPT.findall(page)
    assert figure_script() in scripts
    assert {source_of(script) for script in scripts} == allowed
    assert "unsafe-inline" not in policy[1].partition("script-src")[2]


def test_the_script_asks_no_address() -> None:
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|fetch\(|import\(", figure_script())


def test_a_value_in_a_script_cannot_end_the_script_or_its_line() -> None:
    value = {"name": "</script><!-- & \u2028\u2029 Herøy"}
    written = json_in_script(value)
    assert json.loads(written) == value
    assert not set("<>&\u2028\u2029") & set(written)
    assert "Herøy" in written
