"""A publisher's texts in the terminal: nothing that a terminal obeys comes through any verb."""

from __future__ import annotations

import logging
import re
import sys
import unicodedata
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pll_pipeline import cli, console
from pll_pipeline.assets import LOG
from pll_pipeline.errors import PllError, paragraph_of, plain, plain_line
from pll_pipeline.inspection.explanation import Step
from pll_pipeline.sources.register import register
from tests.unit.test_console import state_of

# the screen cleared, a title of the window set, a line overwritten, text turned around, C1, a tag
HOSTILE = "a\x1b[2J\x1b]0;owned\x07\rb\x08\x00\x9b31m\u202egnp.exe\u2066\u2028x\x7f\U000e0041"
SOURCE = """\
name: fiendtlig
title: Tall
title_en: Figures
publisher: Utgiver # \u202e
landing_page: https://www.example.no
licence: NLOD 2.0
attribution: "Kilde"
cadence: monthly
max_age_days: 40
fetch: {kind: bundled}
read: {kind: delimited}
numbers: norwegian
tables:
  - holds: observations
    file: tall.csv
    expected_columns: [kommune, andel]
    rows: [1, 400]
    values: [{column: andel, measure: eresept_package_share, unit: percent}]
    region: {name: {column: kommune}, level: kommune, levels: {kommune: [kommune]}}
    actor_type: apotek
    period: {text: "2026-01"}
"""
# What rich itself writes: colours and styles, and nothing else.
_STYLES = re.compile(r"\x1b\[[0-9;]*m")


def _obeyed(shown: str) -> list[str]:
    """The characters of a text, besides colours, that a terminal would obey."""
    rest = _STYLES.sub("", shown)
    return [
        repr(letter)
        for letter in rest
        if letter not in "\n\t" and unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp", "Cs")
    ]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a source of the operator's own, whose texts are hostile."""
    monkeypatch.setenv("PLL_DATA", str(tmp_path))
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "fiendtlig.yaml").write_text(SOURCE, encoding="utf-8")
    faulty = SOURCE.replace("fiendtlig", "defekt").replace("title: Tall", 'title: "a\\e[2J"')
    (tmp_path / "sources" / "defekt.yaml").write_text(faulty, encoding="utf-8")
    cells = HOSTILE.replace("\r", "").replace("\x00", "")
    text = f"kommune,andel\n{cells},12\nOslo,{cells}\n"
    (tmp_path / "tall.csv").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ["sources"],
        ["sources", "fiendtlig"],
        ["inspect", "{data}/tall.csv"],
        ["check", "fiendtlig", "{data}/tall.csv"],
        ["check", "fiendtlig", "{data}/\x1b[2Jnone.csv"],
        ["status"],
    ],
    ids=" ".join,
)
def test_no_verb_sends_what_a_terminal_obeys(words: list[str], data: Path) -> None:
    done = CliRunner().invoke(cli.app, [word.format(data=data) for word in words])
    assert done.output
    assert _obeyed(done.output) == []


def test_no_answer_explanation_status_or_failure_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    answer = pl.DataFrame({HOSTILE: [HOSTILE]})
    console.show_table(answer)
    console.write_text(answer.write_csv())
    console.show_explanation([Step(HOSTILE, HOSTILE, {HOSTILE: HOSTILE})])
    console.show_status(None, [console.SourceStatus(register()["apotek"], None, state_of(HOSTILE))])
    console.show(HOSTILE)
    console.show_warning(HOSTILE)
    console.show_failure(paragraph_of(ValueError(HOSTILE)))
    console.show_traceback(ValueError(HOSTILE))
    console.Progress()(HOSTILE)
    shown = capsys.readouterr()
    assert "owned" in shown.out
    assert "owned" in shown.err
    assert _obeyed(shown.out + shown.err) == []


def test_an_answer_for_another_program_is_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    console.write_text(HOSTILE)
    assert capsys.readouterr().out == HOSTILE


def test_parquet_is_not_written_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(PllError, match="not for a terminal"):
        console.write_parquet(pl.DataFrame({"a": [1]}))


def test_a_line_of_the_log_is_one_line_without_control_characters(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, LOG.name):
        LOG.info("%s: %s", "apotek", f"{HOSTILE}\n03:00 a good night")
    assert _obeyed(caplog.messages[0]) == []
    assert "\n" not in caplog.messages[0]


def test_a_paragraph_is_one_line() -> None:
    paragraph = PllError(f"It says {HOSTILE}\n2026-11-25 forged", where="a\nb", do="c").paragraph()
    assert _obeyed(paragraph) == []
    assert "\n" not in paragraph


@pytest.mark.parametrize(
    "text", ["Tromsø – Romsa", "Guovdageaidnu", "1 000\u00a0000", "«å»\u00adx"]
)
def test_letters_spaces_and_soft_hyphens_are_as_published(text: str) -> None:
    assert plain(text) == plain_line(text) == text


def test_a_mark_up_of_pictures_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    console.show_table(pl.DataFrame({"a": [":warning:"]}))
    assert ":warning:" in capsys.readouterr().out
