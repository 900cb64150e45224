"""A statistics bank is asked for what a source names, in no larger questions than it takes, and not at all when nothing changed."""

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
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.raw import pxweb
from pll_pipeline.raw.archive import Snapshot, SnapshotDamaged, keep
from pll_pipeline.raw.http.failures import NotAnswered
from pll_pipeline.raw.pxweb import Variable, expanded, parts, selected
from pll_pipeline.sources.model import JsonStat, PxWeb, Source
from pll_pipeline.sources.register import known
from pll_pipeline.validated.mapping import read_tables
from pll_pipeline.validated.readers import read_table
from pll_pipeline.vocabulary.codes import load_codes
from tests.loopback import ReceivedRequest, Loopback, Reply, publisher

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
    """A statistics bank with one table, 07459, that answers as PxWebApi 2 does. `dataset` may spoil what it answers."""

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

    def __call__(self, asked: ReceivedRequest) -> Reply:
        path, _, query = asked.path.partition("?")
        self.paths.append(path)
        if path == "/api/config":
            return self.told(self.limits)
        assert query == "lang=no&outputFormat=json-stat2"
        if (asked.method, path) == ("GET", "/api/tables/07459/metadata"):
            return self.told(
                self.dataset({name: list(labels) for name, (labels, _) in self.variables.items()})
            )
        assert (asked.method, path) == ("POST", "/api/tables/07459/data")
        selection = {
            one["variableCode"]: one["valueCodes"] for one in json.loads(asked.body)["selection"]
        }
        self.selections.append(selection)
        if math.prod(map(len, selection.values())) > self.limits.get("maxDataCells", 150_000):
            return Reply(status=403)
        cells = [
            dict(zip(selection, codes, strict=True))
            for codes in itertools.product(*selection.values())
        ]
        return self.told(self.dataset(selection) | {"value": [self.value(cell) for cell in cells]})

    def value(self, cell: dict[str, str]) -> int:
        return POPULATION.get((cell.get("Region", "0"), cell["Tid"]), 0)

    def dataset(self, selection: dict[str, list[str]]) -> dict[str, Any]:
        dimensions = {
            name: {
                "label": name.lower(),
                "category": {
                    "index": {code: place for place, code in enumerate(codes)},
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

    def told(self, document: dict[str, Any]) -> Reply:
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


# --- what is asked

REGION = Variable("Region", ["0", "03", "0301", "1103", "4601"])
TIME = Variable("Tid", ["2022", "2023", "2024", "2025", "2026"], is_time=True)


@pytest.mark.parametrize(
    ("expressions", "codes"),
    [
        (["*"], TIME.codes),
        (["2024", "2022"], ["2022", "2024"]),
        (["20?4"], ["2024"]),
        (["*5", "2025"], ["2025"]),
        (["TOP(2)"], ["2025", "2026"]),
        (["top(2,1)"], ["2024", "2025"]),
        (["BOTTOM(2)"], ["2022", "2023"]),
        (["TOP(99)"], TIME.codes),
        (["FROM(2024)"], ["2024", "2025", "2026"]),
        (["TO(2023)", "2026"], ["2022", "2023", "2026"]),
        (["RANGE(2023,2025)"], ["2023", "2024", "2025"]),
        (["RANGE(2025, 2023)"], ["2023", "2024", "2025"]),
    ],
)
def test_expressions_mean_what_the_bank_means_by_them(
    expressions: list[str], codes: list[str]
) -> None:
    assert expanded(TIME, expressions, where="x") == codes


def test_the_top_of_a_variable_that_is_not_time_is_its_first_codes() -> None:
    assert expanded(REGION, ["TOP(2)"], where="x") == ["0", "03"]
    assert expanded(REGION, ["BOTTOM(2)"], where="x") == ["1103", "4601"]


def test_a_code_that_looks_like_an_expression_is_itself() -> None:
    assert expanded(Variable("x", ["TOP(1)", "a", "*"]), ["*"], where="x") == ["*"]
    assert expanded(Variable("x", ["a", "TOP(1)"]), ["TOP(1)"], where="x") == ["TOP(1)"]


@pytest.mark.parametrize("said", ["2027", "FROM(2027)", "TO(2027)", "RANGE(2024,2027)"])
def test_a_code_that_is_not_there_is_named_with_the_nearest(said: str) -> None:
    with pytest.raises(
        PllError,
        match=r"'Tid' has nothing that is '2027'; the nearest are .*202\d.*Where: here.*fetch\.values",
    ):
        expanded(TIME, [said], where="here")


@pytest.mark.parametrize(
    "said",
    ["19*", "RANGE(2024)", "FROM(2024,2025)", "TOP(0)", "TOP(x)", "top 2", "", "FROM()", "[2]*"],
)
def test_an_expression_that_finds_nothing_is_told(said: str) -> None:
    with pytest.raises(PllError, match="'Tid' has nothing that is"):
        expanded(TIME, [said], where="here")


def test_a_variable_of_which_nothing_is_asked_is_told() -> None:
    with pytest.raises(PllError, match="Nothing is asked of the variable 'Tid'"):
        expanded(TIME, [], where="here")


def test_a_variable_the_table_does_not_have_is_named_with_those_it_has() -> None:
    with pytest.raises(PllError, match="no variable 'Regon'; it has Region, Tid"):
        selected([REGION, TIME], {"Regon": ["*"]}, where="here")


def test_a_variable_that_is_not_named_is_left_out_if_it_can_be_and_else_taken_whole() -> None:
    variables = [REGION._replace(can_be_eliminated=True), Variable("Contents", ["a", "b"]), TIME]
    assert selected(variables, {"Tid": ["TOP(1)"]}, where="x") == {
        "Contents": ["a", "b"],
        "Tid": ["2026"],
    }


CODES = st.lists(
    st.text("0123456789F-", min_size=1, max_size=4), min_size=1, max_size=20, unique=True
)


@st.composite
def _asked_of_a_variable(draw: st.DrawFn) -> tuple[Variable, list[str]]:
    variable = Variable("x", draw(CODES), draw(st.booleans()))
    code, number = st.sampled_from(variable.codes), st.integers(1, 30)
    one = st.one_of(
        code,
        st.just("*"),
        number.map("TOP({})".format),
        number.map("BOTTOM({})".format),
        code.map("FROM({})".format),
        code.map("TO({})".format),
        st.tuples(code, code).map(lambda two: "RANGE({},{})".format(*two)),
        code.map(lambda c: f"{c[0]}*"),
        code.map(lambda c: "?" * len(c)),
    )
    return variable, draw(st.lists(one, min_size=1, max_size=4))


@given(_asked_of_a_variable())
def test_what_expressions_mean_is_some_of_the_codes_each_once_in_their_order(
    asked: tuple[Variable, list[str]],
) -> None:
    variable, expressions = asked
    found = expanded(variable, expressions, where="x")
    assert found
    assert found == [code for code in variable.codes if code in found]
    assert set(found) == set().union(*(expanded(variable, [one], where="x") for one in expressions))


@given(
    st.dictionaries(st.text("abcd", min_size=1, max_size=2), CODES, min_size=1, max_size=4),
    st.integers(1, 200),
)
def test_parts_hold_every_cell_once_and_none_is_too_large(
    selection: dict[str, list[str]], most: int
) -> None:
    found = list(parts(selection, most))
    assert all(math.prod(map(len, part.values())) <= most for part in found)
    cells = [cell for part in found for cell in itertools.product(*part.values())]
    assert sorted(cells) == sorted(itertools.product(*selection.values()))


# --- what is kept


def test_the_live_population_is_fetched_and_read(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    source = _source(loopback)
    snapshot, is_new = _fetch(source, tmp_path)
    assert is_new
    table = read_table(snapshot.read("table.json"), source.read, where="table.json")
    assert set(source.tables[0].expected_columns) <= set(table.columns)
    reading = read_tables(
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
        == bank.told(
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
        assert bank.told(part).body in content


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


def test_a_bank_that_does_not_tell_its_limit_is_asked_for_no_more_than_others_allow(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    bank.limits = {}
    bank.variables["Region"] = ({str(code): "" for code in range(20_000)}, True)
    _fetch(_source(loopback), tmp_path)
    assert [math.prod(map(len, selection.values())) for selection in bank.selections] == [
        150_000,
        50_000,
    ]


def test_a_table_that_has_not_been_updated_is_not_asked_for_again(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    first, _ = _fetch(_source(loopback), tmp_path)
    bank.paths.clear()
    assert _fetch(_source(loopback), tmp_path) == (first, False)
    assert bank.paths == ["/api/tables/07459/metadata"]


def test_what_is_held_must_be_whole_to_count_as_unchanged(
    loopback: Loopback, tmp_path: Path
) -> None:
    snapshot, _ = _fetch(_source(loopback), tmp_path)
    (snapshot.folder / "table.json").write_bytes(b"tampered")
    with pytest.raises(SnapshotDamaged):
        _fetch(_source(loopback), tmp_path)


def _held_earlier(source: Source, raw: Path) -> dict[str, Any]:
    """Keep a snapshot that came from this bank some time ago, and return what was asked for it."""
    asked: dict[str, Any] = _fetch(source, raw / "then")[0].origin["asked"]
    keep(raw, source.name, {"table.json": b"{}"}, {"method": "pxweb", "asked": asked}, EARLIER)
    return asked


def test_an_updated_table_is_asked_for_again(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    source = _source(loopback)
    _held_earlier(source, tmp_path)
    bank.updated = "2027-02-23T07:00:00Z"
    snapshot, is_new = _fetch(source, tmp_path)
    assert (is_new, snapshot.origin["asked"]["updated"]) == (True, "2027-02-23T07:00:00Z")


def test_another_selection_of_the_same_table_is_asked_for(
    loopback: Loopback, tmp_path: Path
) -> None:
    _held_earlier(_source(loopback), tmp_path)
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


# --- answers that are none

_PROBLEM = b'{"type": "Parameter error", "title": "Missing selection for mandatory variable", "status": 400}'


@pytest.mark.parametrize("where", ["metadata", "config", "data"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<!DOCTYPE html><p>Stengt", "web page instead of data"),
        (b"Stengt", "not what was asked for"),
        (b'{"maxDataCells": 0, "id": []}', "not what was asked for"),
    ],
)
def test_an_answer_that_is_none_is_refused_wherever_it_comes(
    where: str, body: bytes, told: str, bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.handler = lambda asked: Reply(body) if where in asked.path else bank(asked)
    with pytest.raises(PllError, match=told):
        _fetch(_source(loopback), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["metadata", "data"])
def test_a_bank_that_says_what_is_wrong_as_if_all_were_well_is_quoted(
    where: str, bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    loopback.handler = lambda asked: Reply(_PROBLEM) if where in asked.path else bank(asked)
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
    loopback.handler = lambda asked: (
        bank.told(bank.dataset(spoiled))
        if "data?" in asked.path and asked.method == "POST"
        else bank(asked)
    )
    with pytest.raises(PllError, match=r"other values of 'Region'|without Region"):
        _fetch(_source(loopback), tmp_path)


def test_a_variable_that_was_left_out_may_come_back_as_its_total(
    bank: Bank, loopback: Loopback, tmp_path: Path
) -> None:
    def with_total(asked: ReceivedRequest) -> Reply:
        told = bank(asked)
        if asked.method != "POST":
            return told
        document = json.loads(told.body)
        document["id"].append("Kjonn")
        document["size"].append(1)
        document["dimension"]["Kjonn"] = {"category": {"label": {"0": "Begge kjønn"}}}
        return bank.told(document)

    loopback.handler = with_total
    assert (
        "Kjonn"
        in read_table(
            _fetch(_source(loopback), tmp_path)[0].read("table.json"),
            JsonStat(kind="jsonstat"),
            where="x",
        ).columns
    )


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


def test_a_table_that_is_gone_is_told(loopback: Loopback, tmp_path: Path) -> None:
    loopback.replies(Reply(status=404))
    with pytest.raises(PllError, match=r"withdrawn or moved.*tables/07459"):
        _fetch(_source(loopback), tmp_path)
