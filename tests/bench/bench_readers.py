"""How fast the readers are, as ratios inside one run, each in a process of its own on a table made for it.

Bounds: a Power BI answer of a million rows and eight columns is read, parsed and as text, in at most 2.0 times what
`json.loads` takes for its bytes, and in at most 6 times its bytes of memory, the bytes themselves among them; delimited
text and workbooks in at most 1.5 times what Polars' own readers take. Exits 1 when one is passed. Not here: the night (`bench.py`), seconds as a promise.
"""

from __future__ import annotations

import csv
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3
ROWS = 1_000_000
Bound = tuple[str, float, float]

_MEASURE = """
import json, resource, sys, time
from pathlib import Path
{imports}
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
content = Path(sys.argv[1]).read_bytes()
started = time.perf_counter()
kept = {work}
print(json.dumps([time.perf_counter() - started, (peak() - before) / len(content)]))
"""


@dataclass(frozen=True)
class Run:
    """Wall seconds, and the peak memory after imports in bytes per byte of the file."""

    seconds: float
    memory: float


def main() -> int:
    """Measure every reader, print the ratios, and say whether every bound held."""
    bounds = [*powerbi(), *delimited(), *workbook()]
    print(f"{'':44}{'ratio':>7}{'bound':>7}")
    for name, ratio, bound in bounds:
        print(f"{name:44}{ratio:7.2f}{bound:7.2f}  {'holds' if ratio <= bound else 'TOO MUCH'}")
    return int(any(ratio > bound for _, ratio, bound in bounds))


def powerbi() -> list[Bound]:
    """The Power BI reader against `json.loads` of the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.json"
        with path.open(
            "w", encoding="utf-8"
        ) as file:  # written in parts: a child's peak memory begins at that of its parent
            file.writelines(powerbi_answer(ROWS))
        imports = "import pll_pipeline.validated.readers.powerbi as reader; from pll_pipeline.sources.model import PowerBi"
        parse, read = [], []
        for _ in range(ROUNDS):
            parse.append(measured("", "json.loads(content)", path))
            read.append(
                measured(
                    imports,
                    "reader.read(content, PowerBi(kind='powerbi'), where='answer.json')",
                    path,
                )
            )
    return [
        ("Power BI: read / json.loads", median(read).seconds / median(parse).seconds, 2.0),
        ("Power BI: peak memory / bytes of the answer", median(read).memory, 6.0),
    ]


def delimited() -> list[Bound]:
    """The reader of delimited text against `polars.read_csv`, a million rows and eight columns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(_table(ROWS))
        ours = "read(content, Delimited(kind='delimited'), where='table.csv')"
        imports = "import polars as pl\nfrom pll_pipeline.validated.readers.delimited import read\nfrom pll_pipeline.sources.model import Delimited"
        return [
            _against(
                "delimited / polars.read_csv",
                imports,
                ours,
                "pl.read_csv(content, infer_schema=False)",
                path,
            )
        ]


def workbook() -> list[Bound]:
    """The reader of workbooks against `polars.read_excel`, fifty thousand rows and eight columns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.xlsx"
        with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
            sheet = book.add_worksheet("Tall")
            for number, row in enumerate(_table(ROWS // 20)):
                sheet.write_row(number, 0, row)
        ours = "read(content, Workbook(kind='workbook', header=['k0', 'k1']), where='table.xlsx')"
        imports = "import io\nimport polars as pl\nfrom pll_pipeline.validated.readers.workbook import read\nfrom pll_pipeline.sources.model import Workbook"
        return [
            _against(
                "workbook / polars.read_excel",
                imports,
                ours,
                "pl.read_excel(io.BytesIO(content))",
                path,
            )
        ]


def _against(name: str, imports: str, ours: str, theirs: str, path: Path) -> Bound:
    runs = [(measured(imports, ours, path), measured(imports, theirs, path)) for _ in range(ROUNDS)]
    return (
        name,
        median([our for our, _ in runs]).seconds / median([their for _, their in runs]).seconds,
        1.5,
    )


def _table(rows: int) -> Iterator[list[Any]]:
    """A header and rows as publications have them: names that repeat, months, counts and shares."""
    draws = random.Random(7)
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


def powerbi_answer(rows: int) -> Iterator[str]:
    """A flat answer, in parts: three texts, a month, two counts and two doubles, with repeats and nulls as a report has them."""
    chance = random.Random(1)
    words = [
        [f"Fylke nummer {n}" for n in range(15)],
        [f"Kommune {n} på landet" for n in range(100)],
        [f"Aktørtype {n}" for n in range(6)],
    ]
    ids = [
        ("G0", 1, "D0"),
        ("G1", 1, "D1"),
        ("G2", 1, "D2"),
        ("G3", 7),
        ("M0", 4),
        ("M1", 4),
        ("M2", 3),
        ("M3", 3),
    ]
    schema = json.dumps([dict(zip(("N", "T", "DN"), one, strict=False)) for one in ids])
    select = [
        {"Kind": 1 + (one[0][0] == "M"), "Value": one[0], "Name": f"t.{one[0]}"} for one in ids
    ]
    described = {
        "Version": 2,
        "Select": select,
        "Expressions": {"Primary": {"Groupings": [{"Keys": [], "Member": "DM0"}]}},
    }
    metrics = {"Events": [{"Metrics": {"RowCount": rows}}]}
    yield f'{{"jobIds":["j"],"results":[{{"jobId":"j","result":{{"data":{{"descriptor":{json.dumps(described)},"metrics":{json.dumps(metrics)},'
    yield '"dsr":{"Version":2,"DS":[{"N":"DS0","PH":[{"DM0":['
    before: list[Any] = []
    for number in range(rows):
        place = number // 432 % 2300
        doubles = chance.random(), float(chance.randrange(1000)), round(chance.random() * 1000, 2)
        values = [
            place // 160,
            place if place < 100 else f"Kommune {place} på landet",
            number // 72 % 6,
            1577836800000 + number % 72 * 2592000000,
        ]
        values += [
            chance.randrange(20000),
            chance.choice((None, None, chance.randrange(9))),
            chance.choice(doubles),
            chance.choice((None, doubles[0] * 100)),
        ]
        yield ("," if before else "") + _instance(values, before, schema)
        before = values
    yield f']}}],"IC":true,"HAD":true,"ValueDicts":{json.dumps(dict(zip(("D0", "D1", "D2"), words, strict=True)))}}}]}}}}}}}}]}}'


def _instance(values: list[Any], before: list[Any], schema: str) -> str:
    repeated = sum(1 << n for n, value in enumerate(values) if before and before[n] == value)
    null = sum(1 << n for n, value in enumerate(values) if value is None and not repeated >> n & 1)
    written = [value for n, value in enumerate(values) if not (repeated | null) >> n & 1]
    listed = json.dumps(
        [repr(one) if isinstance(one, float) and len(repr(one)) > 15 else one for one in written],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    masks = (f',"R":{repeated}' if repeated else "") + (f',"Ø":{null}' if null else "")
    return "{" + ("" if before else f'"S":{schema},') + f'"C":{listed}{masks}}}'


def measured(imports: str, work: str, path: Path) -> Run:
    """Run `work` on the bytes of a file, as `content`, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(imports=imports, work=work), str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{work} failed:\n{done.stderr}")
    return Run(*json.loads(done.stdout))


def median(runs: list[Run]) -> Run:
    """The median time and the largest memory."""
    return Run(statistics.median(run.seconds for run in runs), max(run.memory for run in runs))


if __name__ == "__main__":
    raise SystemExit(main())
