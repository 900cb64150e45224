"""The examples analysts start from, run as they run them; and dbt's documentation as one file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from pll_pipeline.published.workbook import CHART_SHEET
from tests.night.conftest import ROOT, World
from tests.tools import program

EXAMPLES = ROOT / "data" / "marts" / "examples"
QUESTIONS = sorted(EXAMPLES.glob("*.sql"))


def test_there_are_ten_questions_in_both_languages() -> None:
    assert len(QUESTIONS) == 10
    for path in QUESTIONS:
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        assert re.fullmatch(r"-- .+[?.] \| .+[?.]", first), path.name


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_a_question_has_an_answer(path: Path, demo: World) -> None:
    answer = demo.ask(path.read_text(encoding="utf-8"))
    assert answer
    assert any(cell is not None for row in answer for cell in row)


def test_a_question_to_what_is_published_runs_too(released: World) -> None:
    answered = {path.stem for path in QUESTIONS if released.ask(path.read_text(encoding="utf-8"))}
    assert answered >= {
        "01_hvor_er_vi",
        "02_mot_planen",
        "07_etter_planen",
        "09_hva_mangler",
        "10_slik_det_ble_sagt",
    }


def test_no_share_of_the_examples_is_more_than_all(demo: World) -> None:
    for name, place in (("01_hvor_er_vi", 4), ("06_alle_aktortyper", 4)):
        shares = [
            row[place] for row in demo.ask((EXAMPLES / f"{name}.sql").read_text(encoding="utf-8"))
        ]
        assert shares and all(isinstance(share, float) and 0 <= share <= 1 for share in shares)


def test_the_python_example_runs_on_the_parquet_files(demo: World) -> None:
    said = subprocess.run(
        [sys.executable, str(EXAMPLES / "med_polars.py"), str(demo.current / "parquet")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert said.returncode == 0, said.stderr
    assert [line for line in said.stdout.split("\n") if re.match(r"\d\.", line)] == [
        "1. Hvor er vi?",
        "2. Mot planen",
        "3. Utviklingen",
    ]
    assert "Helsefellesskapet" in said.stdout


def test_the_r_example_is_r(tmp_path: Path) -> None:
    rscript = program(("Rscript",), "apt install r-base-core")
    said = subprocess.run(
        [rscript, "-e", f"parse('{EXAMPLES / 'arrow.R'}')"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert said.returncode == 0, said.stderr


def test_the_excel_example_is_m(npm: Path) -> None:
    text = (EXAMPLES / "excel.pq").read_text(encoding="utf-8")
    said = subprocess.run(
        ["node", str(Path(__file__).parent / "powerquery.js"), str(npm)],
        input=json.dumps([text]),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(said.stdout) == []
    columns = {name for line in text.split("\n") for name in re.findall(r"\[(\w+_\w+)\]", line)}
    assert columns == {
        "region_key",
        "adoption_share",
        "target_kind",
        "measure_code",
        "actor_type_code",
        "region_level",
    }


def test_dbts_documentation_is_one_file_that_tells_of_every_table_and_nothing_of_the_machine(
    demo: World,
) -> None:
    text = (demo.current / "dbt_docs.html").read_text(encoding="utf-8")
    assert "INLINE DATA" not in text
    for (table,) in demo.ask(
        "select table_name from duckdb_tables() where schema_name in ('star', 'marts')"
    ):
        assert f'"model.pll.{table}"' in text
    for exposure in ("report", "power_bi", "workbook", "open_data"):
        assert f'"exposure.pll.{exposure}"' in text
    assert str(demo.data) not in text and str(ROOT) not in text
    assert not re.search(r'"/(?:home|root|Users|tmp|work|var)/', text)


def test_dbts_documentation_opens(demo: World, chromium: str, tmp_path: Path) -> None:
    address = (demo.current / "dbt_docs.html").as_uri() + "#!/model/model.pll.mart_target_status"
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=15000",
        "--dump-dom",
        address,
    ]
    said = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert "the pace still needed" in said.stdout
    assert "pace_needed_per_month" in said.stdout


def test_the_workbook_has_one_chart_of_the_newest_shares_and_says_what_it_is_first(
    demo: World,
) -> None:
    book = openpyxl.load_workbook(demo.current / "pll.xlsx")
    assert book.sheetnames[:2] == ["Om", CHART_SHEET]
    charts = {sheet.title: len(sheet._charts) for sheet in book if getattr(sheet, "_charts", None)}
    assert charts == {CHART_SHEET: 1}
    rows = [
        row
        for row in book[CHART_SHEET].iter_rows(min_row=2, max_col=2, values_only=True)
        if row[1] is not None
    ]
    asked = demo.ask(
        "select adoption_share from marts.mart_adoption_latest where region_key = 'land:NO' and adoption_share is not null"
    )
    assert sorted(round(float(str(row[1])), 6) for row in rows) == sorted(
        round(float(str(row[0])), 6) for row in asked
    )
