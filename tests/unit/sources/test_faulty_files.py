"""A faulty source file: named with file, line and what to do, and no other source suffers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.definitions import build_definitions
from pll_pipeline.sources.register import (
    LAST_READ,
    BadSourceFile,
    read_register,
    read_source,
    register,
    remember,
)
from tests.unit.sources.small import SMALL, write

FAULTS = {
    "text that is no YAML": (SMALL + "tables: [", "line"),
    "a tab in the indent": (SMALL.replace("  - holds", "\t- holds"), "line 14"),
    "a column that is not expected": (
        SMALL.replace("column: kommune", "column: fylke"),
        "line 19.*'fylke' is not among expected_columns",
    ),
    "an unknown key": (SMALL + "cadense: daily\n", "no such key.*line 22"),
    "a number without a number": (
        SMALL.replace("max_age_days: 40", "max_age_days: førti"),
        "line 9",
    ),
    **{
        f"a constant with {text}": (
            SMALL.replace("levels: {kommune", f"levels: {{'{text}'"),
            "line 19",
        )
        for text in ("{}", "{L}", "{0!r}", "@", "%s")
    },
    "a column without a name": (SMALL.replace("column: andel", "column: ''"), "line 18"),
    "a mark in two spellings": (
        SMALL.replace("unit: percent", "suppressed: {'<5': [1, 4]}, missing: ['< 5']"),
        "the mark '<5' is given twice.*line 18",
    ),
    "an empty mark twice": (
        SMALL.replace("unit: percent", "suppressed: {'': [1, 4]}, missing: [' ']"),
        "the mark '' is given twice.*line 18",
    ),
    "a zero that is not seen": (
        SMALL.replace("unit: percent", "zero: ['\u00ad']"),
        "never zero.*line 18",
    ),
    "a bound beyond belief": (
        SMALL.replace("unit: percent", "suppressed: {':': [1, 1.0e+300]}"),
        "larger than 10,000,000,000,000.*line 18",
    ),
    "a template without a place": (
        SMALL.replace('text: "2026-01"', "text: {column: kommune, template: '2026'}"),
        "no {}.*line 21",
    ),
    "a column named twice": (
        SMALL.replace("kind: delimited", "kind: delimited, columns: [a, b, a]"),
        "line 11.*'a' is given twice",
    ),
    "figures of text without a value": (
        SMALL.replace("kind: delimited", "kind: prose, figures: [{name: a, near: b, pattern: c}]"),
        'figure "a" has no group named value.*line 11',
    ),
    "a region that cannot be found": (
        SMALL.replace(", level: kommune, levels: {kommune: [kommune]}", ""),
        "no region can be found.*line 19",
    ),
    "no text at all": ("", "keys and values are expected"),
    "a list": ("- a\n", "keys and values are expected"),
    "brackets without end": ("[" * 5_000, "line 1"),
    "deep mappings": ("{a: " * 5_000 + "1" + "}" * 5_000, "line 1"),
    "a megabyte of brackets": ("[" * 1_000_000, "line 1"),
    "a name of another source": (SMALL.replace("{name}", "apotek"), "named 'apotek'"),
    "a word of the warehouse": (SMALL.replace("{name}", "quarantine"), "word of the warehouse"),
}


@pytest.mark.parametrize(("text", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_file_is_left_out_with_its_reason_and_the_others_are_read(
    text: str, reason: str, tmp_path: Path
) -> None:
    write(tmp_path, "egen_kilde")
    write(tmp_path, "defekt", text)
    read = read_register(tmp_path)
    assert {"apotek", "egen_kilde"} <= set(read.sources)
    assert list(read.left_out) == ["defekt"]
    paragraph = read.left_out["defekt"]
    assert paragraph.startswith(("The source", "It is"))
    assert f"{tmp_path.name}/defekt.yaml" in paragraph
    assert str(tmp_path) not in paragraph, "it is published, and the path of a machine is not"
    assert "What to do:" in paragraph
    with pytest.raises(BadSourceFile, match=f"(?s){reason}"):
        read_source(tmp_path / "defekt.yaml")


@pytest.mark.parametrize("kind", ["folder", "pipe", "nowhere", "itself", "bytes", "large"])
def test_a_file_that_cannot_be_opened_is_left_out(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "defekt.yaml"
    makers = {
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "nowhere": lambda: path.symlink_to(tmp_path / "none"),
        "itself": lambda: path.symlink_to(path),
        "bytes": lambda: path.write_bytes(b"name: \xff\xfe"),
        "large": lambda: path.write_bytes(b"# " + b"x" * 2**20),
    }
    makers[kind]()
    assert list(read_register(tmp_path).left_out) == ["defekt"]
    assert "apotek" in register(tmp_path)


def test_a_file_with_another_ending_is_named(tmp_path: Path) -> None:
    write(tmp_path, "egen_kilde").rename(tmp_path / "egen_kilde.yml")
    assert "rename it to egen_kilde.yaml" in read_register(tmp_path).left_out["egen_kilde.yml"]


def test_hidden_files_of_editors_are_no_source_files(tmp_path: Path) -> None:
    (tmp_path / ".#egen_kilde.yaml").symlink_to("someone@machine:1")
    assert read_register(tmp_path).left_out == {}


def test_a_faulty_own_file_does_not_bring_the_packaged_source_back(tmp_path: Path) -> None:
    (tmp_path / "apotek.yaml").write_text("name: [", encoding="utf-8")
    read = read_register(tmp_path)
    assert "apotek" not in read.sources
    assert list(read.left_out) == ["apotek"]


def test_a_source_whose_file_becomes_faulty_is_what_it_last_was(tmp_path: Path) -> None:
    path = write(tmp_path, "egen_kilde")
    remember(tmp_path)
    path.write_text("name: [", encoding="utf-8")
    remember(tmp_path)
    read = read_register(tmp_path)
    assert read.left_out == {}
    source = read.sources["egen_kilde"]
    assert source.title == "Liten kilde"
    assert source.fault
    assert "egen_kilde.yaml, line 2" in source.fault
    write(tmp_path, "egen_kilde", SMALL.replace("Liten", "Ny"))
    assert register(tmp_path)["egen_kilde"].fault is None
    assert register(tmp_path)["egen_kilde"].title == "Ny kilde"


def test_a_file_that_is_deleted_is_forgotten(tmp_path: Path) -> None:
    path = write(tmp_path, "egen_kilde")
    remember(tmp_path)
    path.unlink()
    remember(tmp_path)
    assert list((tmp_path / LAST_READ).iterdir()) == []
    path.write_text("name: [", encoding="utf-8")
    assert list(read_register(tmp_path).left_out) == ["egen_kilde"]


def test_a_source_that_took_no_part_when_it_was_last_read_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, "egen_kilde", SMALL + "is_enabled: false\n")
    remember(tmp_path)
    path.write_text("name: [", encoding="utf-8")
    assert list(read_register(tmp_path).left_out) == ["egen_kilde"]


def test_nothing_is_remembered_where_there_are_no_own_files(tmp_path: Path) -> None:
    remember(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_stops_no_night(tmp_path: Path) -> None:
    write(tmp_path, "egen_kilde")
    (tmp_path / LAST_READ).write_text("a file in its place", encoding="utf-8")
    remember(tmp_path)
    assert list(read_register(tmp_path).left_out) == []


def test_dagster_loads_all_other_sources(tmp_path: Path) -> None:
    config = Config(data=tmp_path, dbt_project=CHECKOUT / "dbt_project")
    config.own_sources.mkdir()
    (config.own_sources / "defekt.yaml").write_text("name: [", encoding="utf-8")
    sources = {"apotek": register(config.own_sources)["apotek"]}
    keys = build_definitions(config, sources).resolve_all_asset_keys()
    assert any(key.path == ["validated", "apotek"] for key in keys)
    assert not any("defekt" in key.path for key in keys)


ADDRESSES = [
    'https://www.example.no/"a"',
    "https://www.example.no/a b",
    "https://www.example.no/<a>",
    "https://www.example.no/{a}",
    "https://www.example.no/a\\b",
    "https://www.example.no/a|b",
    "https://www.example.no/a^b",
    "https://www.example.no/`",
    "https://",
    "https://[::1",
    "https://www.example.no:0/",
    "https://www.example.no:99999/",
    "https://www.example.no:port/",
    "https://" + "a" * 70 + ".no/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_a_later_step_would_refuse_is_refused_when_it_is_read(
    address: str, tmp_path: Path
) -> None:
    quoted = "'" + address + "'"
    text = SMALL.replace("https://www.example.no", quoted)
    with pytest.raises(BadSourceFile, match="landing_page"):
        read_source(write(tmp_path, "egen_kilde", text))
    licence = SMALL.replace("NLOD 2.0", quoted)
    with pytest.raises(BadSourceFile, match="licence"):
        read_source(write(tmp_path, "egen_kilde", licence))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('text: "2026-01"', 'text: "2026-13"', "period.text"),
        ('text: "2026-01"', 'text: "i fjor"', "period.text"),
        ("file: tall.csv", "file: ../tall.csv", "file"),
        ("file: tall.csv", "file: tall og mer.csv", "file"),
        ("file: tall.csv", "file: snapshot.json", "file"),
        ("unit: percent", "unit: prosent", "unit"),
        ("eresept_package_share", "no_such_measure", "measure"),
        ("actor_type: apotek", "actor_type: bakeri", "actor_type"),
        ("name: {column: kommune}", "name: Atlantis", "region.name"),
        ("max_age_days: 40", "max_age_days: 999999999999", "max_age_days"),
        ("title: Liten kilde", 'title: "Liten\\e[2J"', "title"),
        ("title: Liten kilde", 'title: "Liten\\0kilde"', "title"),
        ("title: Liten kilde", 'title: "Liten\\nkilde"', "title"),
        ("unit: percent}", "unit: percent, suppressed: {x: [.nan, 4]}}", "suppressed"),
        ("unit: percent}", "unit: percent, suppressed: {x: [0, .inf]}}", "suppressed"),
        ("numbers: norwegian", "numbers: norwegian\ntolerance: .nan", "tolerance"),
        ("cadence: monthly", "cadence: monthly\nnumbers: norwegian", "numbers"),
        ("publisher: Utgiver", 'publisher: " "', "publisher"),
        ("percent}", "percent, footnotes: {}, suppressed: {'x': [9, 1]}}", "suppressed|'x'"),
        ("level: kommune,", "level: bydel,", "level"),
        ("{column: andel,", "{columns: '(', numbers: point,", "columns"),
        ('period: {text: "2026-01"}', 'period: {text: "2026-01"}\n    rounded_to: ti', "rounded"),
        ('period: {text: "2026-01"}', 'period: {text: "2026-01"}\n    address: "www.a b"', "addr"),
    ],
)
def test_what_a_later_step_needs_is_checked_when_the_file_is_read(
    old: str, new: str, key: str, tmp_path: Path
) -> None:
    assert old in SMALL
    with pytest.raises(BadSourceFile, match=f"(?s){key}.*line|line.*{key}"):
        read_source(write(tmp_path, "egen_kilde", SMALL.replace(old, new)))


def test_every_packaged_file_and_the_small_one_pass(tmp_path: Path) -> None:
    read = read_register()
    assert read.left_out == {}
    assert read_source(write(tmp_path, "egen_kilde")).fault is None


def test_an_empty_cell_may_be_declared_as_not_published(tmp_path: Path) -> None:
    text = SMALL.replace("unit: percent", "unit: percent, missing: ['']")
    assert read_source(write(tmp_path, "egen_kilde", text)).tables[0].file == "tall.csv"
