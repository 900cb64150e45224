"""Source files: what they may state is checked, and refused in clear words."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from pll_pipeline.sources.model import Http, PowerBiReport, PxWeb
from pll_pipeline.sources.register import (
    PACKAGED,
    BadSourceFile,
    enable,
    known,
    read_source,
    register,
    source_path,
)
from tests.unit.sources.small import SMALL, write

PAGE = "https://www.example.no/statistikk"


def test_the_packaged_sources_hold() -> None:
    assert sorted(register()) == [
        "apotek",
        "published_figures",
        "region_list",
        "rollout_facts",
        "ssb_fastleger",
        "ssb_population",
    ]


def test_an_operators_source_joins_and_wins_over_a_packaged_one(tmp_path: Path) -> None:
    write(tmp_path, "egen_kilde")
    write(tmp_path, "apotek")
    sources = register(tmp_path)
    assert "egen_kilde" in sources
    assert sources["apotek"].title == "Liten kilde"
    assert source_path("apotek", tmp_path) == tmp_path / "apotek.yaml"


def test_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, "egen_kilde", SMALL + "cadense: daily\n")
    with pytest.raises(BadSourceFile, match="cadense") as refusal:
        read_source(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize("name", ["observation", "snapshot", "quarantine"])
def test_a_source_cannot_take_the_name_of_a_table(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSourceFile, match="a word of the warehouse"):
        read_source(write(tmp_path, name))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name: {name}", "name: ../x", "name"),
        ("landing_page: https", "landing_page: file", "landing_page"),
        ("numbers: norwegian", "numbers: guess", "numbers"),
        ("max_age_days: 40", "max_age_days: 0", "max_age_days"),
        ("levels: {kommune: [kommune]}", "levels: {kommune: [by]}", "levels"),
        ('period: {text: "2026-01"}', "period: {text: {column: m, pattern: '('}}", "pattern"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in SMALL
    with pytest.raises(BadSourceFile, match=says):
        read_source(write(tmp_path, "egen_kilde", SMALL.replace(old, new)))


def test_a_file_that_is_not_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSourceFile, match="not readable YAML"):
        read_source(write(tmp_path, "egen_kilde", "name: ["))


def test_the_file_and_the_source_have_one_name(tmp_path: Path) -> None:
    path = write(tmp_path, "egen_kilde")
    with pytest.raises(BadSourceFile, match="'annen'"):
        read_source(path.rename(tmp_path / "annen.yaml"))


def test_the_json_schema_accepts_every_packaged_source_and_refuses_an_unknown_key() -> None:
    schema = json.loads((PACKAGED / "source.schema.json").read_text(encoding="utf-8"))
    for path in PACKAGED.glob("*.yaml"):
        document = json.loads(
            json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str)
        )
        jsonschema.validate(document, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document | {"cadense": "daily"}, schema)


def test_a_source_that_is_not_enabled_is_known_and_takes_no_part() -> None:
    assert "ssb_population_live" in known()
    assert "ssb_population_live" not in register()


@pytest.mark.parametrize("name", ["nhn_key_figures", "pll_power_bi"])
def test_a_source_that_is_looked_up_on_a_page_needs_no_address(tmp_path: Path, name: str) -> None:
    assert name not in register()
    enable(name, tmp_path, None)
    fetch = register(tmp_path)[name].fetch
    assert isinstance(fetch, Http | PowerBiReport)
    assert fetch.found_on is not None
    assert fetch.found_on.page.endswith("/plan-for-utproving")


def test_a_report_that_is_given_is_asked_there_and_looked_up_nowhere(tmp_path: Path) -> None:
    view = "https://app.powerbi.example.no/view?r=eyJrIjoi"
    for address, place in ((view, (view, None)), (PAGE, (None, PAGE))):
        enable("pll_power_bi", tmp_path, address)
        fetch = register(tmp_path)["pll_power_bi"].fetch
        assert isinstance(fetch, PowerBiReport)
        assert (fetch.address, fetch.embedded_on) == place
        assert fetch.found_on is None


def test_a_source_with_neither_address_nor_page_cannot_take_part(tmp_path: Path) -> None:
    settings = yaml.safe_load((PACKAGED / "nhn_key_figures.yaml").read_text(encoding="utf-8"))
    settings["fetch"].pop("found_on")
    (tmp_path / "nhn_key_figures.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    with pytest.raises(BadSourceFile, match="give the address"):
        enable("nhn_key_figures", tmp_path, None)


def test_where_own_sources_are_simulated_packaged_ones_are_not_known(tmp_path: Path) -> None:
    write(tmp_path, "sim_en", SMALL + "is_simulated: true\n")
    assert list(known(tmp_path)) == ["sim_en"]
    write(tmp_path, "egen_kilde")
    with pytest.raises(BadSourceFile, match="Simulated and published"):
        known(tmp_path)


def test_enabling_writes_the_operators_own_file_with_the_address(tmp_path: Path) -> None:
    path = enable("ssb_population_live", tmp_path, "https://pxweb.example.no/api/v2")
    source = register(tmp_path)["ssb_population_live"]
    assert path == tmp_path / "ssb_population_live.yaml"
    assert isinstance(source.fetch, PxWeb)
    assert source.fetch.address == "https://pxweb.example.no/api/v2"
    assert source.fetch.table == "07459", "a code is a text, leading zero and all"


@pytest.mark.parametrize(
    "address", ["ftp://example.no/", "not an address", "https://user@example.no/"]
)
def test_an_address_that_cannot_be_asked_is_refused_and_nothing_is_written(
    tmp_path: Path, address: str
) -> None:
    with pytest.raises(BadSourceFile, match="address"):
        enable("ssb_population_live", tmp_path, address)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_source_cannot_be_enabled(tmp_path: Path) -> None:
    with pytest.raises(BadSourceFile, match="ssb_population_live"):
        enable("ukjent", tmp_path, None)
