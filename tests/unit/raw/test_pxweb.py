"""A statistics bank is asked for what a source names, in parts, and only after a change."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw import pxweb
from pll_pipeline.raw.archive import Snapshot, keep
from pll_pipeline.raw.http.failures import NotAnswered
from pll_pipeline.raw.pxweb.description import USUAL_MAX_CELLS, USUAL_PAUSE_SECONDS
from pll_pipeline.sources.model import JsonStat, PxWeb, Source
from pll_pipeline.sources.register import known
from pll_pipeline.validated.mapping import map_tables
from pll_pipeline.validated.readers import read_table
from pll_pipeline.vocabulary.codes import load_codes
from tests.loopback import Loopback, ReceivedRequest, Reply, publisher

EARLIER = datetime(2026, 1, 5, 3, tzinfo=UTC)
YEARS = [str(year) for year in range(2015, 2027)]
REGIONS = {
    "0": "Hele landet",
    "03": "Oslo",
    "0301": "Oslo kommune",
    "1103": "Stavanger",
    "4601": "Bergen",
    "5501": "Tromsø",
    "0104": "Moss (-2019)",
    "F-03": "En gruppering",
}
POPULATION = {
    ("0", "2026"): 5_627_400,
    ("03", "2026"): 728714,
    ("0301", "2017"): 666759,
    ("0301", "2026"): 728714,
    ("4601", "2026"): 294860,
    ("5501", "2026"): 79943,
}


@dataclass
class Bank:
    """A statistics bank with one table, 07459, that replies as PxWebApi 2 does."""

    updated: str = "2026-02-24T07:00:00Z"
    limits: dict[str, Any] = field(
        default_factory=lambda: {
            "maxDataCells": 800_000,
            "maxCallsPerTimeWindow": 30,
            "timeWindow": 60,
        }
    )
    variables: dict[str, tuple[dict[str, str], bool]] = field(
        default_factory=lambda: {
            "Region": (REGIONS, True),
            "Kjonn": ({"1": "Menn", "2": "Kvinner"}, True),
            "ContentsCode": ({"Personer1": "Personer", "Andel": "Andel"}, False),
            "Tid": ({year: year for year in YEARS}, False),
        }
    )
    paths: list[str] = field(default_factory=list)
    selections: list[dict[str, list[str]]] = field(default_factory=list)

    def __call__(self, request: ReceivedRequest) -> Reply:
        path, _, query = request.path.partition("?")
        self.paths.append(path)
        if path == "/api/config":
            return self.reply(self.limits)
        assert query == "lang=no&outputFormat=json-stat2"
        if (request.method, path) == ("GET", "/api/tables/07459/metadata"):
            everything = {name: list(labels) for name, (labels, _) in self.variables.items()}
            return self.reply(self.dataset(everything))
        assert (request.method, path) == ("POST", "/api/tables/07459/data")
        return self.cells(json.loads(request.body)["selection"])

    def cells(self, asked: list[dict[str, Any]]) -> Reply:
        """The cells of a selection; refused where they are more than the limit."""
        selection = {variable["variableCode"]: variable["valueCodes"] for variable in asked}
        self.selections.append(selection)
        if math.prod(map(len, selection.values())) > self.limits.get("maxDataCells", 150_000):
            return Reply(status=403)
        cells = [
            dict(zip(selection, codes, strict=True))
            for codes in itertools.product(*selection.values())
        ]
        values = [self.value(cell) for cell in cells]
        return self.reply(self.dataset(selection) | {"value": values})

    def value(self, cell: dict[str, str]) -> int:
        return POPULATION.get((cell.get("Region", "0"), cell["Tid"]), 0)

    def dataset(self, selection: dict[str, list[str]]) -> dict[str, Any]:
        dimensions = {
            name: {
                "label": name.lower(),
                "category": {
                    "index": {code: position for position, code in enumerate(codes)},
                    "label": {code: self.variables[name][0][code] for code in codes},
                },
                "extension": {"elimination": self.variables[name][1]},
            }
            for name, codes in selection.items()
        }
        return {
            "version": "2.0",
            "class": "dataset",
            "label": "07459: Befolkning",
            "updated": self.updated,
            "role": {"time": ["Tid"], "metric": ["ContentsCode"]},
            "id": list(selection),
            "size": [len(codes) for codes in selection.values()],
            "dimension": dimensions,
        }

    def reply(self, document: dict[str, Any]) -> Reply:
        return Reply(
            json.dumps(document, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json"},
        )


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def loopback(bank: Bank) -> Iterator[Loopback]:
    with publisher() as running:
        running.handler = bank
        yield running


def _source(loopback: Loopback, **fetch: Any) -> Source:
    live = known()["ssb_population_live"]
    return live.model_copy(
        update={
            "fetch": live.fetch.model_copy(
                update={"address": f"{loopback.url}/api", "allow_local": True, **fetch}
            )
        }
    )


def _fetch(
    source: Source, raw: Path, sleep: Callable[[float], None] = lambda _: None
) -> tuple[Snapshot, bool]:
    assert isinstance(source.fetch, PxWeb)
    return pxweb.fetch(source, source.fetch, raw, sleep=sleep)


# --- what is kept


def test_the_live_population_is_fetched_and_read(loopback: Loopback, tmp_path: Path) -> None:
    source = _source(loopback)
    snapshot, is_new = _fetch(source, tmp_path)
    assert is_new
    table = read_table(snapshot.read("table.json"), source.read, where="table.json")
    assert set(source.tables[0].expected_columns) <= set(table.columns)
    reading = map_tables(
        source,
        {"table.json": table},
        load_codes(Config.from_environment().seeds),
        snapshot.taken_at,
    )
    figures = {
        (row["region_key"], row["period_start"]): row["value"]
        for row in reading.observations.iter_rows(named=True)
    }
    assert figures == {
        ("kommune:0301", date(2017, 1, 1)): 666759,
        ("kommune:0301", date(2026, 1, 1)): 728714,
        ("kommune:4601", date(2026, 1, 1)): 294860,
        ("kommune:5501", date(2026, 1, 1)): 79943,
        ("fylke:03", date(2026, 1, 1)): 728714,
        ("land:NO", date(2026, 1, 1)): 5_627_400,
    }
    assert set(reading.observations["measure_code"]) == {"population"}
    assert reading.quarantine.height == 0


def test_the_bank_is_asked_for_codes_in_one_question(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    _fetch(_source(loopback), tmp_path)
    assert bank.paths == ["/api/tables/07459/metadata", "/api/config", "/api/tables/07459/data"]
    assert bank.selections == [
        {"Region": list(REGIONS), "ContentsCode": ["Personer1"], "Tid": YEARS[2:]}
    ], "sexes are summed over by the bank"


def test_one_answer_is_kept_byte_for_byte_with_how_it_came(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    snapshot, _ = _fetch(
        _source(loopback, values={"Tid": ["TOP(1)"], "ContentsCode": ["Personer1"]}), tmp_path
    )
    assert (
        snapshot.read("table.json")
        == bank.reply(
            bank.dataset({"ContentsCode": ["Personer1"], "Tid": ["2026"]}) | {"value": [5_627_400]}
        ).body
    )
    assert snapshot.origin["method"] == "pxweb"
    assert snapshot.origin["asked"]["selection"] == {"ContentsCode": ["Personer1"], "Tid": ["2026"]}
    assert [request["method"] for request in snapshot.origin["requests"]] == ["GET", "GET", "POST"]


def test_a_large_table_is_asked_for_in_parts_and_reads_as_if_it_were_not(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    whole = _fetch(_source(loopback), tmp_path / "whole")[0].read("table.json")
    bank.limits["maxDataCells"] = 25
    divided = _fetch(_source(loopback), tmp_path / "divided")[0].read("table.json")
    assert len(json.loads(divided)["parts"]) == len(bank.selections) - 1 > 1

    def rows(content: bytes) -> list[tuple[str, ...]]:
        return sorted(
            read_table(content, JsonStat(kind="jsonstat"), where="table.json")
            .frame.drop("row_reference")
            .iter_rows()
        )

    assert rows(divided) == rows(whole)


def test_parts_are_kept_verbatim(bank: Bank, loopback: Loopback, tmp_path: Path) -> None:
    bank.limits["maxDataCells"] = 4
    values = {"ContentsCode": ["Personer1"], "Tid": ["TOP(5)"]}
    content = _fetch(_source(loopback, values=values), tmp_path)[0].read("table.json")
    for years in (YEARS[-5:-1], YEARS[-1:]):
        part = bank.dataset({"ContentsCode": ["Personer1"], "Tid": years}) | {
            "value": [POPULATION.get(("0", year), 0) for year in years]
        }
        assert bank.reply(part).body in content


@pytest.mark.parametrize(
    ("limits", "pause"),
    [
        ({"maxCallsPerTimeWindow": 30, "timeWindow": 60}, 2.0),
        ({"maxCallsPerTimeWindow": 1, "timeWindow": 60}, 10.0),
        ({"maxCallsPerTimeWindow": 0, "timeWindow": 0}, 1.0),
        ({}, 1.0),
    ],
)
def test_the_bank_is_left_in_peace_between_questions(
    limits: dict[str, int], pause: float, bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    bank.limits = {"maxDataCells": 48, **limits}
    pauses: list[float] = []
    _fetch(_source(loopback), tmp_path, sleep=pauses.append)
    assert pauses == [pause, pause]


def test_a_bank_without_a_limit_is_asked_for_no_more_than_others_allow(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    bank.limits = {}
    bank.variables["Region"] = ({str(code): "" for code in range(20_000)}, True)
    _fetch(_source(loopback), tmp_path)
    assert [math.prod(map(len, selection.values())) for selection in bank.selections] == [
        150_000,
        50_000,
    ]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_bank_without_a_configuration_is_asked_within_the_usual_limits(
    status: int, bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    bank.variables["Region"] = ({str(code): "" for code in range(20_000)}, True)
    loopback.handler = lambda request: (
        Reply(status=status) if request.path == "/api/config" else bank(request)
    )
    pauses: list[float] = []
    snapshot, is_new = _fetch(_source(loopback), tmp_path, sleep=pauses.append)
    assert is_new
    assert [math.prod(map(len, selection.values())) for selection in bank.selections] == [
        USUAL_MAX_CELLS,
        50_000,
    ]
    assert pauses == [USUAL_PAUSE_SECONDS] * 2
    assert snapshot.origin["limits"] == {"cells": USUAL_MAX_CELLS, "pause_seconds": 1.0}


def test_a_configuration_that_may_come_later_is_waited_for(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.handler = lambda request: (
        Reply(status=503) if request.path == "/api/config" else bank(request)
    )
    with pytest.raises(NotAnswered, match="503"):
        _fetch(_source(loopback), tmp_path)
    assert bank.selections == []


def test_the_newest_year_is_asked_for_where_the_bank_lists_years_newest_first(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    bank.variables["Tid"] = ({year: year for year in reversed(YEARS)}, False)
    values = {"Tid": ["TOP(1)"], "ContentsCode": ["Personer1"]}
    _fetch(_source(loopback, values=values), tmp_path)
    assert [selection["Tid"] for selection in bank.selections] == [["2026"]]
    bank.selections.clear()
    _fetch(_source(loopback), tmp_path / "since 2017")
    assert [selection["Tid"] for selection in bank.selections] == [YEARS[:1:-1]], "FROM(2017)"


def test_the_newest_of_a_variable_that_is_not_declared_as_time_is_not_asked_for(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    values = {"Tid": ["2026"], "ContentsCode": ["TOP(1)"]}
    with pytest.raises(PllError, match=r"does not declare the variable 'ContentsCode' as time"):
        _fetch(_source(loopback, values=values), tmp_path)
    assert bank.selections == []


def test_a_look_takes_the_newest_period_only(bank: Bank, loopback: Loopback) -> None:
    bank.variables["Tid"] = ({year: year for year in reversed(YEARS)}, False)
    settings = _source(loopback).fetch
    assert isinstance(settings, PxWeb)
    content = pxweb.look(settings)
    (selection,) = bank.selections
    assert (selection["Tid"], selection["Region"]) == (["2026"], list(REGIONS))
    assert content == bank.reply(json.loads(content)).body


def test_a_table_that_has_not_been_updated_is_not_asked_for_again(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    first, _ = _fetch(_source(loopback), tmp_path)
    bank.paths.clear()
    assert _fetch(_source(loopback), tmp_path) == (first, False)
    assert bank.paths == ["/api/tables/07459/metadata"]


def test_the_bytes_of_an_unchanged_snapshot_are_left_for_its_verdict(
    loopback: Loopback, tmp_path: Path
) -> None:
    snapshot, _ = _fetch(_source(loopback), tmp_path)
    (snapshot.folder / "table.json").unlink()
    assert _fetch(_source(loopback), tmp_path) == (snapshot, False)


def _kept_earlier(source: Source, raw: Path) -> dict[str, Any]:
    """Keep a snapshot that came from this bank some time ago, and return what was asked for it."""
    asked: dict[str, Any] = _fetch(source, raw / "then")[0].origin["asked"]
    keep(raw, source.name, {"table.json": b"{}"}, {"method": "pxweb", "asked": asked}, EARLIER)
    return asked


def test_an_updated_table_is_asked_for_again(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    source = _source(loopback)
    _kept_earlier(source, tmp_path)
    bank.updated = "2027-02-23T07:00:00Z"
    snapshot, is_new = _fetch(source, tmp_path)
    assert (is_new, snapshot.origin["asked"]["updated"]) == (True, "2027-02-23T07:00:00Z")


def test_another_selection_of_the_same_table_is_asked_for(
    loopback: Loopback, tmp_path: Path
) -> None:
    _kept_earlier(_source(loopback), tmp_path)
    assert _fetch(
        _source(loopback, values={"Tid": ["TOP(1)"], "ContentsCode": ["Personer1"]}), tmp_path
    )[1]


def test_a_table_that_never_says_when_it_was_updated_is_asked_for_every_time(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    bank.updated = ""
    source = _source(loopback)
    _fetch(source, tmp_path)
    assert _fetch(source, tmp_path)[1] is False, "the same bytes are no news"
    assert len(bank.selections) == 2


def test_a_table_updated_while_it_was_fetched_in_parts_may_be_whole_another_time(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    bank.limits["maxDataCells"] = 40

    def update(_: float) -> None:
        bank.updated = "2027-02-23T07:00:00Z"

    with pytest.raises(NotAnswered, match="updated while it was fetched"):
        _fetch(_source(loopback), tmp_path, sleep=update)
    assert list(tmp_path.iterdir()) == []


# --- replies that are refused

_PROBLEM = (
    b'{"type": "Parameter error", "title": "Missing selection for mandatory variable",'
    b' "status": 400}'
)


@pytest.mark.parametrize("where", ["metadata", "config", "data"])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<!DOCTYPE html><p>Stengt", "web page instead of data"),
        (b"Stengt", "not what was asked for"),
        (b'{"maxDataCells": 0, "id": []}', "not what was asked for"),
    ],
)
def test_a_reply_of_another_kind_is_refused_wherever_it_comes(
    where: str, body: bytes, message: str, bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.handler = lambda request: Reply(body) if where in request.path else bank(request)
    with pytest.raises(PllError, match=message):
        _fetch(_source(loopback), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["metadata", "data"])
def test_a_problem_sent_with_status_200_is_quoted(
    where: str, bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.handler = lambda request: Reply(_PROBLEM) if where in request.path else bank(request)
    with pytest.raises(PllError, match="Missing selection for mandatory variable"):
        _fetch(_source(loopback), tmp_path)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"Region": ["0"], "ContentsCode": ["Personer1"], "Tid": YEARS[2:]},
        {"ContentsCode": ["Personer1"], "Tid": YEARS[2:]},
    ],
)
def test_an_answer_with_less_than_was_asked_for_is_refused(
    spoiled: dict[str, list[str]], bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.handler = lambda request: (
        bank.reply(bank.dataset(spoiled)) if request.method == "POST" else bank(request)
    )
    with pytest.raises(PllError, match=r"other values of 'Region'|without Region"):
        _fetch(_source(loopback), tmp_path)


def test_a_variable_that_was_left_out_may_come_back_as_its_total(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    def with_total(request: ReceivedRequest) -> Reply:
        reply = bank(request)
        if request.method != "POST":
            return reply
        document = json.loads(reply.body)
        document["id"].append("Kjonn")
        document["size"].append(1)
        document["dimension"]["Kjonn"] = {"category": {"label": {"0": "Begge kjønn"}}}
        return bank.reply(document)

    loopback.handler = with_total
    content = _fetch(_source(loopback), tmp_path)[0].read("table.json")
    assert "Kjonn" in read_table(content, JsonStat(kind="jsonstat"), where="x").columns


def test_a_table_that_would_take_too_many_questions_is_refused_before_the_first(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    bank.limits["maxDataCells"] = 1
    bank.variables["Region"] = ({str(code): "" for code in range(60)}, True)
    with pytest.raises(PllError, match="more than 500 questions"):
        _fetch(_source(loopback), tmp_path)
    assert bank.selections == []


def test_parts_that_are_too_large_together_are_refused(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    bank.limits["maxDataCells"] = 10
    with pytest.raises(PllError, match="larger than 5000 bytes"):
        _fetch(_source(loopback, largest_bytes=5000), tmp_path)


def test_a_table_that_is_gone_is_named(loopback: Loopback, tmp_path: Path) -> None:
    loopback.replies(Reply(status=404))
    with pytest.raises(PllError, match=r"withdrawn or moved.*tables/07459"):
        _fetch(_source(loopback), tmp_path)
