"""The examples that analysts start from, run as they run them; dbt's documentation; the chart."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from pll_pipeline.console import FIRST_QUESTION
from pll_pipeline.published.outputs import OUTPUTS
from pll_pipeline.published.workbook.book import CHART, CROSS_TABLE
from tests.night.conftest import ROOT, World
from tests.outputs.browser import shown
from tests.tools import program

EXAMPLES = ROOT / "data" / "marts" / "examples"
QUESTIONS = sorted(EXAMPLES.glob("*.sql"))


def test_there_are_ten_questions_in_both_languages() -> None:
    assert len(QUESTIONS) == 10
    for path in QUESTIONS:
        lines = path.read_text(encoding="utf-8").splitlines()
        comments = [line for line in lines if line.startswith("-- ")]
        assert len(comments) >= 2, path.name
        assert re.fullmatch(r"-- .+[?.] -- .+[?.]", " ".join(comments)), path.name


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_a_question_has_an_answer(path: Path, demo: World) -> None:
    answer = demo.ask(path.read_text(encoding="utf-8"))
    assert answer
    assert any(cell is not None for row in answer for cell in row)


def test_the_question_that_a_night_ends_with_has_an_answer_that_fits_a_terminal(
    released: World,
) -> None:
    command = [f"  {line}" for line in FIRST_QUESTION.splitlines()]
    assert max(map(len, command)) <= 80
    done = released.pll("query", FIRST_QUESTION)
    assert (done.returncode, done.stderr) == (0, "")
    headings, _, *rows = done.stdout.splitlines()
    assert headings.split() == ["phase", "areas", "residents"]
    assert max(map(len, done.stdout.splitlines())) <= 80
    phases = {row.split()[0]: int(row.split()[2]) for row in rows}
    assert phases.keys() >= {"utproving", "innforing"}
    residents = released.ask(
        "select sum(resident_count) from marts.mart_readiness_by_area "
        "where region_level = 'helsefellesskap' and pll_planned_phase is not null"
    )
    assert sum(phases.values()) == residents[0][0]


def test_the_question_that_a_night_ends_with_has_an_answer_in_the_demo(demo: World) -> None:
    rows = demo.ask(FIRST_QUESTION.replace(" mart_", " marts.mart_"))
    assert any(phase and areas for phase, areas, _ in rows)


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_a_question_to_what_is_published_has_rows_or_says_that_it_needs_the_demo(
    path: Path, released: World
) -> None:
    text = path.read_text(encoding="utf-8")
    needs_demo = "-- Needs the demo" in text
    assert needs_demo == ("-- Trenger demoen" in text)
    assert bool(released.ask(text)) != needs_demo
    assert path.stem == "06_alle_aktortyper" or not needs_demo


def test_no_example_takes_a_percentile_of_the_known_regions_only() -> None:
    for path in EXAMPLES.iterdir():
        text = path.read_text(encoding="utf-8").lower()
        assert not re.search(r"\b(median|quantile\w*|percentile_cont)\(", text), path.name


def test_an_area_whose_phase_is_not_known_is_not_called_on_time(released: World) -> None:
    question = (EXAMPLES / "07_etter_planen.sql").read_text(encoding="utf-8")
    answers = {row[0]: row for row in released.ask(question)}
    assert set(answers) <= {"etter planen", "ikke etter planen", "ikke kjent"}
    assert answers["ikke kjent"][6] is None, "no observed phase"


@pytest.mark.parametrize("name", ["01_hvor_er_vi", "06_alle_aktortyper"])
def test_no_share_of_the_examples_is_more_than_all(name: str, demo: World) -> None:
    rows = demo.ask((EXAMPLES / f"{name}.sql").read_text(encoding="utf-8"))
    shares = [row[4] for row in rows]
    assert shares
    assert all(isinstance(share, float) and 0 <= share <= 1 for share in shares)


THREE_QUESTIONS = ["1. Hvor er vi?", "2. Mot planen", "3. Utviklingen"]


@pytest.mark.parametrize(
    ("name", "region"), [("demo", "Helsefellesskapet"), ("released", "Bergen")]
)
def test_the_python_example_runs_on_the_parquet_files(
    name: str, region: str, request: pytest.FixtureRequest
) -> None:
    world: World = request.getfixturevalue(name)
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "med_polars.py"), str(world.current / "parquet")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.split("\n") if re.match(r"\d\.", line)] == THREE_QUESTIONS
    assert region in done.stdout.partition(THREE_QUESTIONS[2])[2]


@pytest.mark.parametrize("is_packed", [False, True])
def test_the_r_example_without_packages_runs_on_the_csv_files(
    released: World, tmp_path: Path, *, is_packed: bool
) -> None:
    rscript = program(("Rscript",), "apt install r-base-core")
    shutil.copytree(released.current / "csv", tmp_path / "csv")
    if is_packed:
        for file in (tmp_path / "csv").iterdir():
            (tmp_path / "csv" / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        for file in (tmp_path / "csv").glob("*.csv"):
            file.unlink()
    done = subprocess.run(
        [rscript, str(EXAMPLES / "csv.R"), str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.split("\n") if re.match(r"\d\.", line)] == THREE_QUESTIONS
    assert "0.948" in done.stdout
    assert re.search(r"Bergen .*\n.*2023-12-01|24000", done.stdout)


def test_the_r_example_is_r(tmp_path: Path) -> None:
    rscript = program(("Rscript",), "apt install r-base-core")
    done = subprocess.run(
        [rscript, "-e", f"parse('{EXAMPLES / 'arrow.R'}')"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr


def test_the_excel_example_is_m(npm: Path) -> None:
    text = (EXAMPLES / "excel.pq").read_text(encoding="utf-8")
    done = subprocess.run(
        ["node", str(Path(__file__).parent / "powerquery.js"), str(npm)],
        input=json.dumps([text]),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == []
    columns = {name for line in text.split("\n") for name in re.findall(r"\[(\w+_\w+)\]", line)}
    assert columns == {
        "release_id",
        "region_key",
        "adoption_share",
        "target_kind",
        "measure_code",
        "actor_type_code",
        "region_level",
    }


def test_dbts_documentation_is_one_file_about_every_table_and_nothing_of_the_machine(
    demo: World,
) -> None:
    text = (demo.current / "dbt_docs.html").read_text(encoding="utf-8")
    assert "INLINE DATA" not in text
    for (table,) in demo.ask(
        "select table_name from duckdb_tables() where schema_name in ('star', 'marts')"
    ):
        assert f'"model.pll.{table}"' in text
    for output in OUTPUTS:
        assert (f'"exposure.pll.{output.name}"' in text) == bool(output.reads)
    assert str(demo.data) not in text
    assert str(ROOT) not in text
    assert not re.search(r'"/(?:home|root|Users|tmp|work|var)/', text)


def test_dbts_documentation_opens(demo: World, chromium: str, tmp_path: Path) -> None:
    address = (demo.current / "dbt_docs.html").as_uri() + "#!/model/model.pll.mart_target_status"
    document = shown(chromium, tmp_path, address)
    assert "the pace still needed" in document
    assert "pace_needed_per_month" in document


def test_the_workbook_has_one_chart_of_the_newest_shares(demo: World) -> None:
    path = demo.current / "pll.xlsx"
    with zipfile.ZipFile(path) as files:
        names = files.namelist()
        assert [name for name in names if name.startswith("xl/charts/")] == ["xl/charts/chart1.xml"]
        assert CHART in files.read("xl/charts/chart1.xml").decode()
    book = openpyxl.load_workbook(path, read_only=True)
    assert book.sheetnames[:3] == ["Om", CROSS_TABLE, CHART]
    rows = book[CHART].iter_rows(min_row=2, max_col=2, values_only=True)
    shown_shares = [row[1] for row in rows if row[1] is not None]
    newest = demo.ask(
        "select adoption_share from marts.mart_adoption_latest "
        "where region_key = 'land:NO' and adoption_share is not null"
    )
    shares = sorted(float(str(share)) for (share,) in newest)
    assert sorted(float(str(share)) for share in shown_shares) == pytest.approx(shares)
    assert len(shares) > 3
