"""What keeps a night from beginning is heard as a night that failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pll_pipeline import cli, definitions
from pll_pipeline.errors import PllError
from pll_pipeline.night.hearing import settings_of_night
from pll_pipeline.raw.http import webhook
from tests.unit.sources.small import SMALL, write

WRONG = {
    "PLL_LONGEST_NIGHT_HOURS": "mange",
    "PLL_BASE_URL": "ingen adresse",
}


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The texts that were posted by nights in an empty folder."""
    texts: list[str] = []
    monkeypatch.setattr(webhook, "post_json", lambda _, message: texts.append(message["text"]))
    monkeypatch.setenv("PLL_ALERT_WEBHOOK", "https://receiver.example.no/")
    monkeypatch.setenv("PLL_DATA", str(tmp_path / "data"))
    return texts


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_a_setting_that_is_wrong_reaches_log_and_webhook(
    name: str, value: str, posted: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(name, value)
    for _ in range(2):
        with pytest.raises(PllError, match=value):
            settings_of_night("night")
    assert len(posted) == 1
    assert value in posted[0]
    assert value in (tmp_path / "data" / "logs" / "failures.log").read_text(encoding="utf-8")
    record = json.loads((tmp_path / "data" / "night.json").read_bytes())
    assert (record["kind"], record["exit"]) == ("night", 1)


def test_a_folder_whose_name_a_library_cannot_bear_is_heard(
    posted: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PLL_DATA", str(tmp_path / "data[1]"))
    with pytest.raises(PllError, match="rename the folder"):
        settings_of_night("night")
    assert "rename the folder" in posted[0]


def test_a_register_that_the_services_cannot_load_is_heard(
    posted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PllError("Simulated and published sources are in one folder")

    monkeypatch.setattr(definitions, "register", refuse)
    with pytest.raises(PllError):
        definitions.defs.load_fn()  # type: ignore[attr-defined]  # what Dagster calls
    assert "in one folder" in posted[0]


@pytest.mark.parametrize("words", [["run", "--source", "finnes_ikke"], ["run", "--offline"]])
def test_a_night_that_cannot_begin_is_heard(
    words: list[str], posted: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if "--offline" in words:
        own = tmp_path / "data" / "sources"
        own.mkdir(parents=True)
        write(own, "ekte")
        write(own, "simulert", SMALL + "is_simulated: true\n")
    monkeypatch.setattr("sys.argv", ["pll", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code
    assert len(posted) == 1
