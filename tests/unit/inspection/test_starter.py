"""A starter source file: what was seen, and CONFIRM where a person must decide."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pll_pipeline.config import Config
from pll_pipeline.inspection.publication import inspect
from pll_pipeline.inspection.starter import starter
from pll_pipeline.sources.model import CONFIRM
from pll_pipeline.sources.register import BadSourceFile, read_source
from pll_pipeline.vocabulary.codes import load_codes

CODES = load_codes(Config.from_environment().seeds)
TODAY = date(2026, 11, 23)


def _starter(content: str | bytes, file: str = "tall.csv", name: str = "ny_kilde") -> str:
    raw = content.encode() if isinstance(content, str) else content
    return starter(inspect(raw, file, CODES, TODAY).tables[0], name, CODES)


def _table(text: str) -> dict[str, Any]:
    table = yaml.safe_load(text)["tables"][0]
    assert isinstance(table, dict)
    return table


def test_a_starter_is_a_source_file_that_takes_no_part(tmp_path: Path) -> None:
    text = _starter("Kommune;Måned;Antall\nBergen;januar 2025;12\n")
    path = tmp_path / "ny_kilde.yaml"
    path.write_text(text, encoding="utf-8")
    source = read_source(path)
    assert not source.is_enabled
    assert _table(text)["values"] == [{"column": "Antall", "measure": CONFIRM}]
    assert _table(text)["region"] == {
        "name": {"column": "Kommune"},
        "level": "kommune",
        "levels": {"kommune": ["kommune"]},
    }


def test_an_enabled_starter_is_refused_until_it_is_confirmed(tmp_path: Path) -> None:
    text = _starter("Kommune;Måned;Antall\nBergen;januar 2025;12\n")
    path = tmp_path / "ny_kilde.yaml"
    path.write_text(text.replace("is_enabled: false", "is_enabled: true"), encoding="utf-8")
    with pytest.raises(BadSourceFile, match=CONFIRM):
        read_source(path)


def test_a_starter_cannot_be_named_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "observation.yaml"
    path.write_text(_starter("Antall\n12\n", name="observation"), encoding="utf-8")
    with pytest.raises(BadSourceFile, match="another"):
        read_source(path)


def test_how_the_file_is_read_is_written_down() -> None:
    text = "Tittel om SFM\n\nKommune;Antall\nBergen;2\nKilde: NHN\n"
    written = _starter(text.encode("windows-1252"))
    assert yaml.safe_load(written)["read"] == {
        "kind": "delimited",
        "separator": ";",
        "header": ["Kommune", "Antall"],
        "ends_at": "^Kilde",
    }
    assert "# not read: lines above the header (1), tall.csv, line 1" in written


def test_the_convention_of_each_column_is_written_down() -> None:
    written = _starter("a;Antall;Andel;Sum\nx;12;1,5;1.5\ny;13;2,5;2.5\n")
    source = yaml.safe_load(written)
    assert source["numbers"] == "norwegian"
    assert [value.get("numbers") for value in source["tables"][0]["values"]] == [
        None,
        None,
        "point",
    ]


@pytest.mark.parametrize(("text", "convention"), [("1.000", "norwegian"), ("1,000", "point")])
def test_a_number_with_two_readings_is_refused_until_it_is_confirmed(
    text: str, convention: str
) -> None:
    written = _starter(f"a;Antall\nx;{text}\n")
    assert yaml.safe_load(written)["numbers"] == convention
    assert f"# CONFIRM: Antall has '{text}', a thousand" in written


def test_marks_are_to_be_declared_by_a_person() -> None:
    written = _starter("a;Antall\nx;12\ny;:\nz;<5\n")
    assert "# CONFIRM: ':' in 1 cell, '<5' in 1 cell instead of a number" in written
    assert "suppressed" not in _table(written)["values"][0]


def test_measures_are_proposed_by_the_heading_and_the_title() -> None:
    written = _starter("Kommune;Kan ta i bruk\nBergen;12\n", "kjernejournal.csv")
    assert "# perhaps kjernejournal_organisation_eligible_count: Virksomheter" in written
    assert _table(written)["values"][0]["measure"] == CONFIRM


def test_periods_in_headings_become_columns_by_pattern(tmp_path: Path) -> None:
    header = "Kommune;1. kvartal 2026 / Legekontor;1. kvartal 2026 / Sykehus"
    written = _starter(f"{header}\nBergen;1;2\n")
    table = _table(written)
    assert table["expected_columns"] == ["Kommune"]
    assert table["values"] == [
        {"columns": "^(?P<period>.+) / (?P<actor_type>.+)$", "measure": CONFIRM}
    ]
    assert table["period"] == {"text": {"heading": "period"}}
    assert table["actor_type"] == {"heading": "actor_type"}
    path = tmp_path / "ny_kilde.yaml"
    path.write_text(written, encoding="utf-8")
    assert not read_source(path).is_enabled


@pytest.mark.parametrize(
    ("days", "pattern"),
    [
        (("2026-09-01T00:00:00", "2026-10-01T00:00:00"), r"^(\d{4}-\d\d)"),
        (("2026-09-01", "2026-09-15"), r"^(\d{4}-\d\d-\d\d)"),
    ],
)
def test_days_are_taken_by_their_pattern(days: tuple[str, str], pattern: str) -> None:
    written = _starter("Måned;Antall\n" + "".join(f"{day};7\n" for day in days))
    assert _table(written)["period"]["text"] == {"column": "Måned", "pattern": pattern}


def test_labels_written_once_per_group_are_pointed_out() -> None:
    written = _starter("År;Kommune;Antall\n2024;Bergen;1\n;Voss;2\n")
    assert "# CONFIRM: empty cells; is the label above meant? as_above: [År]" in written


def test_a_table_as_long_as_an_export_is_refused_until_it_is_confirmed() -> None:
    text = "a;b\n" + "".join(f"{n};{n}\n" for n in range(30_000))
    assert _table(_starter(text))["row_limit"] == 30_000


def test_a_per_cent_sign_in_cells_proposes_the_unit() -> None:
    written = _starter("Kommune;Andel\nBergen;12,5 %\n")
    assert _table(written)["values"][0]["unit"] == "percent"
    assert "# CONFIRM: cells have a per cent sign" in written


def test_every_guess_has_a_comment_or_is_to_be_replaced() -> None:
    lines = _starter("Antall\n12\n").splitlines()
    for key in ("numbers:", "region:", "actor_type:"):
        index = next(i for i, line in enumerate(lines) if line.strip().startswith(key))
        assert CONFIRM in lines[index - 1]


def test_any_text_of_a_publication_is_written_as_one_line(tmp_path: Path) -> None:
    names = ["Kom: mune", "# Antall", "'Andel'", "- x", "[a]", "æøå", '"q"']
    row = [json.dumps(name, ensure_ascii=False).replace('\\"', '""') for name in names]
    written = _starter(";".join(row) + "\n" + ";".join("1" for _ in names) + "\n")
    path = tmp_path / "ny_kilde.yaml"
    path.write_text(written, encoding="utf-8")
    assert read_source(path).tables[0].expected_columns == names
