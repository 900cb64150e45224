"""How fast the readers are, and how much memory they take, each in a process of its own.

Bounds, as ratios inside one run:
- Power BI, a million rows of eight columns: reading, parsing included, takes at most 2.0 times as
  long as `json.loads` of the same bytes, and at most 6 bytes of memory per byte of the answer;
- delimited text, a million rows: at most 1.5 times as long as `polars.read_csv` and casting;
- a workbook of 200 000 cells with formats: at most 1.5 times as long as plain read-only iteration
  by openpyxl, and at most 6 bytes of memory per byte of its unpacked content;
- a page with a table of 20 000 rows: at most 20 times as long as parsing it and taking the text of
  every cell by selectolax, which knows no styles, footnotes or joined cells.

Exits 1 when one is exceeded. Not here: the night (`bench_night.py`), seconds as a promise.
"""

from __future__ import annotations

import csv
import json
import random
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.bench.measure import ROOT, Bound, check, print_machine

ROUNDS = 3
ROWS = 1_000_000
WORKBOOK_ROWS = 25_000
PAGE_ROWS = 20_000
FORMATS = (None, "mmm yyyy", None, "#,##0", "0", "0.0%", None, None)

_MEASURE = """
import json, sys, time
from pathlib import Path
{imports}

def peak():
    # of this process alone: the resource module counts that of its parent too
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024

before = peak()
content = Path(sys.argv[1]).read_bytes()
started = time.perf_counter()
kept = {work}
print(json.dumps([time.perf_counter() - started, peak() - before]))
"""


@dataclass(frozen=True)
class Reading:
    """Wall seconds, and the peak memory after imports in bytes."""

    seconds: float
    memory: int


def main() -> int:
    """Measure every reader, print the ratios, and return 1 when a bound is exceeded."""
    print_machine()
    return check([*powerbi(), *delimited(), *workbook(), *page()])


def powerbi() -> list[Bound]:
    """The Power BI reader against `json.loads` of the same bytes."""
    imports = (
        "from pll_pipeline.validated.readers.powerbi import read",
        "from pll_pipeline.sources.model import PowerBi",
    )
    work = "read(content, PowerBi(kind='powerbi'), where='answer.json')"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.json"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(powerbi_answer(ROWS))
        ours, theirs = compared(imports, work, ("import json",), "json.loads(content)", path)
        size = path.stat().st_size
    return [
        Bound("Power BI / json.loads", ours.seconds / theirs.seconds, 2.0),
        Bound("Power BI: memory / bytes", ours.memory / size, 6.0),
    ]


def delimited() -> list[Bound]:
    """The reader of delimited text against `polars.read_csv` and casting."""
    imports = (
        "import polars as pl",
        "from pll_pipeline.validated.readers.delimited import read",
        "from pll_pipeline.sources.model import Delimited",
    )
    casting = (
        "pl.read_csv(content, infer_schema=False)"
        ".with_columns(pl.col('k3', 'k4', 'k6').cast(pl.Int64), pl.col('k5').cast(pl.Float64))"
    )
    work = "read(content, Delimited(kind='delimited'), where='table.csv')"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(_table(ROWS))
        ours, theirs = compared(imports, work, imports, casting, path)
    return [Bound("delimited / polars.read_csv, casting", ours.seconds / theirs.seconds, 1.5)]


def workbook() -> list[Bound]:
    """The reader of workbooks against plain iteration by openpyxl."""
    imports = (
        "import polars as pl",
        "from pll_pipeline.validated.readers.workbook import read",
        "from pll_pipeline.sources.model import Workbook",
    )
    work = "read(content, Workbook(kind='workbook', header=['k0', 'k1']), where='table.xlsx')"
    iterating = (
        "[row for row in openpyxl.load_workbook(io.BytesIO(content), read_only=True,"
        " data_only=True).worksheets[0].iter_rows(values_only=True)]"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.xlsx"
        write_workbook(path)
        ours, theirs = compared(imports, work, ("import io, openpyxl",), iterating, path)
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    return [
        Bound("workbook / openpyxl, read-only", ours.seconds / theirs.seconds, 1.5),
        Bound("workbook: memory / unpacked bytes", ours.memory / size, 6.0),
    ]


def page() -> list[Bound]:
    """The reader of tables in web pages against the text of every cell by selectolax."""
    imports = (
        "import polars as pl",
        "from pll_pipeline.validated.readers.html import read",
        "from pll_pipeline.sources.model import Html",
    )
    work = "read(content, Html(kind='html', header=['k0', 'k1']), where='page.html')"
    texts = (
        "[[cell.text() for cell in row.css('td')]"
        " for row in LexborHTMLParser(content.decode()).css('tr')]"
    )
    their_imports = ("from selectolax.lexbor import LexborHTMLParser",)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(web_page(PAGE_ROWS), encoding="utf-8")
        ours, theirs = compared(imports, work, their_imports, texts, path)
    return [Bound("page / text of cells by selectolax", ours.seconds / theirs.seconds, 20.0)]


def web_page(rows: int) -> str:
    """A page with a style and one table, in which every eighth figure has a footnote mark."""
    header, *body = _table(rows)
    lines = [f"<tr>{''.join(f'<th>{name}' for name in header)}</tr>"]
    for number, row in enumerate(body):
        mark = "<sup>1</sup>" if number % 8 == 0 else ""
        lines.append(
            f"<tr>{''.join(f'<td>{cell}</td>' for cell in row[:-1])}<td>PLL{mark}</td></tr>"
        )
    style = "<style>td { padding: 1px } .note { display: none }</style>"
    return f"<!doctype html>{style}<h1>Tall</h1><table>{''.join(lines)}</table>"


def write_workbook(path: Path) -> None:
    """A sheet of 200 000 cells: shared texts, months, counts with groups, shares in per cent."""
    with xlsxwriter.Workbook(path) as book:
        formats = [book.add_format({"num_format": code} if code else {}) for code in FORMATS]
        sheet = book.add_worksheet("Tall")
        for number, row in enumerate(_table(WORKBOOK_ROWS)):
            for column, value in enumerate(row):
                if number and column == 1:
                    year, month = str(value).split("-")
                    sheet.write_datetime(number, 1, date(int(year), int(month), 1), formats[1])
                else:
                    sheet.write(number, column, value, formats[column])


def compared(
    imports: tuple[str, ...], work: str, their_imports: tuple[str, ...], their_work: str, path: Path
) -> tuple[Reading, Reading]:
    """The median of our reader and of what it is compared with, measured in turns."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(measured(imports, work, path))
        theirs.append(measured(their_imports, their_work, path))
    return median(ours), median(theirs)


def _table(rows: int) -> Iterator[list[Any]]:
    """A header and rows as publications have them: names that repeat, months, counts and shares."""
    draws = random.Random(7)  # noqa: S311 - the same table each time, no secret
    yield [f"k{column}" for column in range(8)]
    for number in range(rows):
        yield [
            f"Kommune {number % 357}",
            f"{2019 + number % 8}-{number % 12 + 1:02}",
            "Legekontor",
            draws.randrange(2000),
            draws.randrange(9),
            round(draws.random(), 4),
            f"{number}",
            "PLL",
        ]


FIELDS = (
    ("G0", 1, "D0"),
    ("G1", 1, "D1"),
    ("G2", 1, "D2"),
    ("G3", 7),
    ("M0", 4),
    ("M1", 4),
    ("M2", 3),
    ("M3", 3),
)


def powerbi_answer(rows: int) -> Iterator[str]:
    """A flat answer, in parts: three texts, a month, two counts and two doubles.

    It has repeats and nulls as a report has them.
    """
    chance = random.Random(1)  # noqa: S311 - the same answer each time, no secret
    schema = json.dumps([dict(zip(("N", "T", "DN"), field, strict=False)) for field in FIELDS])
    yield '{"jobIds":["j"],"results":[{"jobId":"j","result":{"data":{"descriptor":'
    yield json.dumps(_descriptor())
    yield ',"metrics":' + json.dumps({"Events": [{"Metrics": {"RowCount": rows}}]})
    yield ',"dsr":{"Version":2,"DS":[{"N":"DS0","PH":[{"DM0":['
    before: list[Any] = []
    for number in range(rows):
        values = _values(number, chance)
        yield ("," if before else "") + _instance(values, before, schema)
        before = values
    yield ']}],"IC":true,"HAD":true,"ValueDicts":'
    yield json.dumps(_dictionaries()) + "}]}}}}]}"


def _descriptor() -> dict[str, Any]:
    """What the answer says of its columns."""
    select = [
        {"Kind": 1 + (field[0][0] == "M"), "Value": field[0], "Name": f"t.{field[0]}"}
        for field in FIELDS
    ]
    groupings = [{"Keys": [], "Member": "DM0"}]
    return {
        "Version": 2,
        "Select": select,
        "Expressions": {"Primary": {"Groupings": groupings}},
    }


def _dictionaries() -> dict[str, list[str]]:
    return {
        "D0": [f"Fylke nummer {n}" for n in range(15)],
        "D1": [f"Kommune {n} på landet" for n in range(100)],
        "D2": [f"Aktørtype {n}" for n in range(6)],
    }


def _values(number: int, chance: random.Random) -> list[Any]:
    """The values of one row, as the answer writes them."""
    kommune = number // 432 % 2300
    doubles = chance.random(), float(chance.randrange(1000)), round(chance.random() * 1000, 2)
    return [
        kommune // 160,
        kommune if kommune < 100 else f"Kommune {kommune} på landet",
        number // 72 % 6,
        1577836800000 + number % 72 * 2592000000,
        chance.randrange(20000),
        chance.choice((None, None, chance.randrange(9))),
        chance.choice(doubles),
        chance.choice((None, doubles[0] * 100)),
    ]


def _instance(values: list[Any], before: list[Any], schema: str) -> str:
    repeated = sum(1 << n for n, value in enumerate(values) if before and before[n] == value)
    null = sum(1 << n for n, value in enumerate(values) if value is None and not repeated >> n & 1)
    written = [value for n, value in enumerate(values) if not (repeated | null) >> n & 1]
    listed = json.dumps(
        [repr(v) if isinstance(v, float) and len(repr(v)) > 15 else v for v in written],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    masks = (f',"R":{repeated}' if repeated else "") + (f',"Ø":{null}' if null else "")
    return "{" + ("" if before else f'"S":{schema},') + f'"C":{listed}{masks}}}'


def measured(imports: tuple[str, ...], work: str, path: Path) -> Reading:
    """Run `work` on the bytes of a file, as `content`, in a process of its own."""
    program = _MEASURE.format(imports="\n".join(imports), work=work)
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{work} failed:\n{done.stderr}")
    return Reading(*json.loads(done.stdout))


def median(readings: list[Reading]) -> Reading:
    """The median time and the largest memory."""
    seconds = statistics.median(reading.seconds for reading in readings)
    return Reading(seconds, max(reading.memory for reading in readings))


if __name__ == "__main__":
    raise SystemExit(main())
