"""Names of folders: those that every library can read, and those that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError


@pytest.mark.parametrize(
    "name", ['it\'s "a" ø;$HOME', "a%b", "a&b", "a b", "a%41b", "~", "-x", "a:b@c=d,e!f(g)+h^i"]
)
def test_a_folder_may_have_any_other_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("/srv") / name / "data"
    monkeypatch.setenv("PLL_DATA", str(folder))
    assert Config.from_environment().data == folder


@pytest.mark.parametrize(
    "name", ["{x}", "a{", "b}", "[1]", "a?b", "a#b", "a*", "a\\b", "a\nb", "\x1b[2J", "a\udcffb"]
)
def test_a_name_that_a_library_takes_for_a_pattern_is_refused_in_one_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PLL_DATA", str(tmp_path / name))
    with pytest.raises(PllError, match=r"^The name of the folder has .*rename the folder") as error:
        Config.from_environment()
    assert error.value.paragraph().isprintable()
