"""A visual exported by hand: inspected, kept, checked, and read as the night reads it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter

from pll_pipeline.config import Config
from pll_pipeline.inspection.checking import check, contents_of
from pll_pipeline.inspection.publication import inspect
from pll_pipeline.inspection.starter import starter
from pll_pipeline.raw.archive import keep
from pll_pipeline.raw.by_hand import keep_files
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import register
from pll_pipeline.validated.verdicts import judge_source
from pll_pipeline.vocabulary.codes import load_codes
from tests.in_process import read_in_process

FILTERS = "Brukte filtre: Helseregion er ikke (Tom), Måned er etter 2025-12-01"
NO_FILTERS = "Ingen filtre er i bruk"
HEADER = ["Region", "Aktørtype", "Måned", "Antall i bruk", "Antall som kan ta i bruk"]
ROWS = [["Bergen", "Fastlege", "mars 2026", 198, 312], ["Voss", "Fastlege", "mars 2026", 7, 12]]
MEASURES = ("pll_organisation_in_use_count", "pll_organisation_eligible_count")


def as_csv(filters: str = FILTERS) -> bytes:
    lines = [filters, "", *(",".join(map(str, row)) for row in [HEADER, *ROWS])]
    return ("\ufeff" + "\r\n".join(lines)).encode()


def as_workbook(filters: str = FILTERS, *, is_below: bool = False) -> bytes:
    content = io.BytesIO()
    rows = [[], [], [], HEADER, *ROWS] if not is_below else [HEADER, *ROWS]
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet("Export")
        sheet.write(0 if not is_below else len(rows) + 1, 0, filters)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(number, column, value)
    return content.getvalue()


def below(filters: str = FILTERS) -> bytes:
    return as_workbook(filters, is_below=True)


FORMS = {"csv": ("pll.csv", as_csv), "excel": ("pll.xlsx", as_workbook), "below": ("b.xlsx", below)}
each_form = pytest.mark.parametrize(("file", "make"), FORMS.values(), ids=FORMS)
Make = Callable[..., bytes]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    read_in_process(monkeypatch)
    return replace(Config.from_environment(), data=tmp_path)


def confirmed(config: Config, file: str, content: bytes) -> Source:
    """The starter of an exported file with its CONFIRMs filled in, as one's own source."""
    codes = load_codes(config.seeds)
    text = starter(inspect(content, file, codes, date(2026, 11, 23)).tables[0], "eksport", codes)
    for measure in MEASURES:
        text = text.replace("measure: CONFIRM", f"measure: {measure}", 1)
    text = re.sub(r": CONFIRM$", ": Eksport av PLL", text, flags=re.MULTILINE)
    text = text.replace("is_enabled: false", "is_enabled: true")
    config.own_sources.mkdir(exist_ok=True)
    (config.own_sources / "eksport.yaml").write_text(text, encoding="utf-8")
    return register(config.own_sources)["eksport"]


@each_form
def test_an_exported_visual_is_kept_checked_and_read(
    config: Config, tmp_path: Path, file: str, make: Make
) -> None:
    (tmp_path / file).write_bytes(make())
    source = confirmed(config, file, make())
    kept, is_new = keep_files(
        config.raw, source, [tmp_path / file], received_from="Power BI", note=""
    )
    assert (is_new, kept.origin["method"]) == (True, "archived by hand")
    checked = check(source, contents_of(source, [], config, None), config)
    assert checked.is_accepted, checked.reason
    assert any("Brukte filtre" in entry.example for entry in checked.not_read)
    state, _ = judge_source(config, source)
    assert state.in_use is not None
    assert (state.in_use.snapshot_name, state.in_use.observation_count) == (kept.name, 4)


@each_form
def test_an_export_with_other_filters_is_reported_as_a_change_of_the_publication(
    config: Config, file: str, make: Make
) -> None:
    source = confirmed(config, file, make())
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    keep(config.raw, "eksport", {file: make()}, {}, an_hour_ago)
    keep(config.raw, "eksport", {file: make(NO_FILTERS)}, {})
    state, _ = judge_source(config, source)
    assert state.in_use is not None
    (change,) = state.in_use.drift
    assert FILTERS in change
    assert NO_FILTERS in change
