"""A table of a simulated statistics bank, as PxWebApi 2 publishes it.

Not here: other ways of publishing (`publications.py`), sockets (`publisher.py`).
"""

from __future__ import annotations

import json
import math
from itertools import product
from typing import Any

import polars as pl

from pll_pipeline.simulation.exchange import Request, Response
from pll_pipeline.simulation.publications import NOT_STATISTICS, publication_day

MAX_DATA_CELLS = 100_000
CONTENTS = {"Ibruk": "I bruk", "Kan": "Kan ta i bruk"}
_CONFIGURATION = {
    "apiVersion": "2.0.0",
    "maxDataCells": MAX_DATA_CELLS,
    "maxCallsPerTimeWindow": 100,
    "timeWindow": 1,
}
_NO_SUCH_CELL = "."


class PxWebTable:
    """The table at `<path>/tables/<table>`: region, actor type, what is counted, month."""

    def __init__(self, cells: pl.DataFrame, *, path: str, table: str) -> None:
        self._path, self._table = path.rstrip("/"), table
        months = [f"{month:%Y}M{month:%m}" for month in cells["month"].unique().sort()]
        self._dimensions: dict[str, dict[str, str]] = {
            "Region": _labels(cells, "region_key", "region_name"),
            "Aktortype": _labels(cells, "actor_type_code", "actor_type_name"),
            "ContentsCode": CONTENTS,
            "Tid": {month: month for month in months},
        }
        self._cells = _texts_by_code(cells)
        self._updated = f"{publication_day(cells):%Y-%m-%d}T07:00:00Z"

    def __call__(self, request: Request) -> Response:
        """The bank's response, as a `Publication`."""
        rest = request.path.removeprefix(self._path).strip("/").split("/")
        match request.method, rest:
            case "GET", ["config"]:
                return _json(_CONFIGURATION)
            case "GET", ["tables", table, "metadata"] if table == self._table:
                everything = {name: list(codes) for name, codes in self._dimensions.items()}
                return _json(self._dataset(everything))
            case "POST", ["tables", table, "data"] if table == self._table:
                return self._data(request.body)
        return _problem("Not found", "Not found", 404)

    def _data(self, body: bytes) -> Response:
        selection = json.loads(body)["selection"]
        asked = {variable["variableCode"]: variable["valueCodes"] for variable in selection}
        if not self._has(asked):
            return _problem("Parameter error", "Non-existent value", 400)
        if math.prod(map(len, asked.values())) > MAX_DATA_CELLS:
            return _problem("Parameter error", "Too many cells selected", 403)
        wanted = {
            name: [code for code in codes if code in set(asked[name])]
            for name, codes in self._dimensions.items()
        }
        texts = [self._cells.get(key, _NO_SUCH_CELL) for key in product(*wanted.values())]
        dataset = self._dataset(wanted)
        dataset["value"] = [int(text) if text.isdigit() else None for text in texts]
        marks = {str(index): text for index, text in enumerate(texts) if not text.isdigit()}
        if marks:
            dataset["status"] = marks
        return _json(dataset)

    def _has(self, asked: dict[str, list[str]]) -> bool:
        """Whether every variable is asked for, and only codes that there are."""
        return asked.keys() == self._dimensions.keys() and all(
            set(codes) <= self._dimensions[name].keys() for name, codes in asked.items()
        )

    def _dataset(self, selection: dict[str, list[str]]) -> dict[str, Any]:
        return {
            "version": "2.0",
            "class": "dataset",
            "label": f"Kjernejournal i bruk. {NOT_STATISTICS}",
            "source": "Simulert utgiver",
            "updated": self._updated,
            "id": list(selection),
            "size": [len(codes) for codes in selection.values()],
            "dimension": {name: self._dimension(name, codes) for name, codes in selection.items()},
            "role": {"time": ["Tid"], "metric": ["ContentsCode"], "geo": ["Region"]},
        }

    def _dimension(self, name: str, codes: list[str]) -> dict[str, Any]:
        labels = self._dimensions[name]
        category = {
            "index": {code: index for index, code in enumerate(codes)},
            "label": {code: labels[code] for code in codes},
        }
        return {"label": name, "category": category, "extension": {"elimination": False}}


def _labels(cells: pl.DataFrame, code: str, name: str) -> dict[str, str]:
    return dict(cells.select(code, name).unique().sort(code).iter_rows())


def _texts_by_code(cells: pl.DataFrame) -> dict[tuple[str, ...], str]:
    """The published texts, by the codes of the dimensions in their order."""
    shown = cells.select(
        "region_key",
        "actor_type_code",
        pl.col("month").dt.strftime("%YM%m"),
        "in_use_text",
        "eligible_text",
    )
    return {
        (region, actor_type, content, month): text
        for region, actor_type, month, *texts in shown.iter_rows()
        for content, text in zip(CONTENTS, texts, strict=True)
    }


def _problem(problem_type: str, title: str, status: int) -> Response:
    return _json({"type": problem_type, "title": title, "status": status}, status)


def _json(document: object, status: int = 200) -> Response:
    content = json.dumps(document, ensure_ascii=False).encode()
    return Response(content, "application/json; charset=utf-8", status)
