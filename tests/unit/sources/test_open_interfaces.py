"""The packaged sources of open interfaces, each asked on loopback in its documented shape."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.inspection.address import inspect_address
from pll_pipeline.inspection.starter import starter
from pll_pipeline.raw.archive import Snapshot
from pll_pipeline.raw.fetching import fetch
from pll_pipeline.sources.model import CONFIRM, Source
from pll_pipeline.sources.register import PACKAGED, known, read_source
from pll_pipeline.validated.judging import judge_contents
from pll_pipeline.vocabulary.codes import load_codes
from tests.loopback import Loopback, ReceivedRequest, Reply, publisher
from tests.unit.raw.test_pxweb import Bank

CODES = load_codes(Config.from_environment().seeds)
TAKEN_AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
KEY = "hemmelig-nokkel-123"


def on_loopback(name: str, folder: Path, changes: Callable[[dict[str, Any]], None]) -> Source:
    """A packaged source, changed as an operator changes it, enabled, and allowed on loopback."""
    settings = yaml.safe_load((PACKAGED / f"{name}.yaml").read_text(encoding="utf-8"))
    settings |= {"is_enabled": True}
    settings["fetch"]["allow_local"] = True
    settings["tables"][0]["rows"] = [1, 100]
    changes(settings)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    return read_source(path)


def observations(source: Source, raw: Path) -> tuple[Snapshot, pl.DataFrame]:
    """What is fetched, and the figures it is read as; the snapshot must be accepted."""
    snapshot, _ = fetch(source, raw)
    contents = {file.name: snapshot.read(file.name) for file in snapshot.files}
    judged = judge_contents(source, contents, [], CODES, TAKEN_AT, source.name)
    assert judged.judgement.reason is None
    return snapshot, judged.judgement.mapped.observations


def figures(frame: pl.DataFrame) -> set[tuple[str, str, str, float]]:
    columns = frame.select("measure_code", "region_key", "period_start", "value")
    return {(m, r, str(start), value) for m, r, start, value in columns.iter_rows()}


@pytest.mark.parametrize(
    "name",
    ["ssb_fastleger_live", "fhi_population", "hdir_quality_indicators", "hdir_digital_monitor"],
)
def test_an_open_interface_is_known_and_takes_no_part_until_it_is_enabled(name: str) -> None:
    assert not known()[name].is_enabled


# --- Statistics Norway


class FastlegeBank(Bank):
    """The table 12005 with two of its contents."""

    def __call__(self, request: ReceivedRequest) -> Reply:
        return super().__call__(replace(request, path=request.path.replace("12005", "07459")))

    def value(self, cell: dict[str, str]) -> Any:
        figures = {("4601", "2025"): 105, ("EKA", "2025"): 1}
        return figures.get((cell["KOKkommuneregion0000"], cell["Tid"]))


def test_gp_lists_are_fetched_from_the_bank_per_kommune(tmp_path: Path) -> None:
    contents = {
        code: code
        for code in (
            *("KOSantallavtaler0000", "KOSantallavtaler0001", "KOSantallavtaler0002"),
            *("KOSantallpasient0000", "KOSantallpasient0001", "KOSaapnelister0000"),
            *("KOSgjsnlisteleng0000", "KOSkapasitet0000", "KOSreservekapasi0000"),
        )
    }
    regions = {"4601": "Bergen", "5501": "Tromsø", "EKA": "Landet", "EAFK46": "Vestland"}
    bank = FastlegeBank(
        variables={
            "KOKkommuneregion0000": (regions, False),
            "ContentsCode": (contents, False),
            "Tid": ({"2017": "2017", "2025": "2025"}, False),
        }
    )
    with publisher() as loopback:
        loopback.handler = bank
        source = on_loopback(
            "ssb_fastleger_live",
            tmp_path,
            lambda s: s["fetch"].update(address=f"{loopback.url}/api"),
        )
        _, frame = observations(source, tmp_path / "raw")
    found = figures(frame)
    assert ("fastlege_agreement_count", "kommune:4601", "2025-12-31", 105.0) in found
    assert ("fastlege_reserve_capacity_ratio", "kommune:4601", "2025-12-31", 1.05) in found
    assert {region for _, region, *_ in found} == {"kommune:4601"}, "a group is no kommune"


# --- FHI


FHI_DIMENSIONS = {
    "GEO": {"0": "Norge", "46": "Vestland", "4601": "Bergen", "460101": "En bydel"},
    "AAR": {"2025_2025": "2025", "2026_2026": "2026"},
    "KJONN": {"0": "Kjønn samlet"},
    "ALDER": {"0": "Alle aldre"},
    "MEASURE_TYPE": {"TELLER": "antall"},
}


def fhi_answer(values: list[int | None]) -> bytes:
    """An answer as FHI's documentation shows it: categories in a list, and `status` a text."""
    dimension = {
        code: {"label": code, "category": {"index": list(labels), "label": labels}}
        for code, labels in FHI_DIMENSIONS.items()
    }
    document = {"class": "dataset", "version": "2.0", "href": None, "label": "Folketall"}
    document |= {"updated": "2026-02-20T11:44:58.7706326+00:00", "source": None, "role": None}
    document |= {"id": list(FHI_DIMENSIONS), "size": [len(d) for d in FHI_DIMENSIONS.values()]}
    document |= {"dimension": dimension, "value": values, "status": ""}
    return json.dumps(document).encode()


def test_fhis_open_statistics_are_asked_with_a_question_and_read(tmp_path: Path) -> None:
    values = [5_594_340, 5_627_400, 652_000, 655_000, None, 294_860, 7, 8]
    content = codecs.BOM_UTF8 + fhi_answer(values)  # as it is sent
    reply = Reply(content, headers={"Content-Type": "application/json; charset=utf-8"})
    with publisher(reply) as loopback:
        source = on_loopback(
            "fhi_population",
            tmp_path,
            lambda s: s["fetch"].update(
                files={"table.json": f"{loopback.url}/nokkel/Table/1/data"}
            ),
        )
        _, frame = observations(source, tmp_path / "raw")
        assert fetch(source, tmp_path / "raw")[1] is False, "the same answer is no new snapshot"
        asked = loopback.received[0]
    assert asked.method == "POST"
    question = json.loads(asked.body)
    assert [d["code"] for d in question["dimensions"]] == list(FHI_DIMENSIONS)
    assert question["response"]["format"] == "json-stat2"
    assert figures(frame) == {
        ("population", "land:NO", "2025-01-01", 5_594_340.0),
        ("population", "land:NO", "2026-01-01", 5_627_400.0),
        ("population", "fylke:46", "2025-01-01", 652_000.0),
        ("population", "fylke:46", "2026-01-01", 655_000.0),
        ("population", "kommune:4601", "2026-01-01", 294_860.0),
    }


def test_a_mark_in_place_of_a_figure_is_no_figure(tmp_path: Path) -> None:
    values: list[Any] = [5_594_340, 5_627_400, 652_000, 655_000, 1, ":", 7, 8]
    reply = Reply(fhi_answer(values), headers={"Content-Type": "application/json"})
    with publisher(reply) as loopback:
        source = on_loopback(
            "fhi_population",
            tmp_path,
            lambda s: (
                s.update(tolerance=0.3)
                or s["fetch"].update(files={"table.json": f"{loopback.url}/data"})
            ),
        )
        _, frame = observations(source, tmp_path / "raw")
    assert not any(
        start == "2026-01-01" and region == "kommune:4601" for _, region, start, _ in figures(frame)
    )


@pytest.mark.parametrize("ending", ["", "/data", "/query"])
def test_a_table_of_fhi_is_inspected_by_asking_for_its_dimensions_first(
    ending: str, tmp_path: Path
) -> None:
    proposed = {
        "dimensions": [{"code": c, "filter": "item", "values": ["x"]} for c in FHI_DIMENSIONS]
    }

    def handle(request: ReceivedRequest) -> Reply:
        is_query = (request.method, request.path[-6:]) == ("GET", "/query")
        content = json.dumps(proposed).encode() if is_query else fhi_answer([*range(8)])
        return Reply(codecs.BOM_UTF8 + content, headers={"Content-Type": "application/json"})

    with publisher() as loopback:
        loopback.handler = handle
        table = f"{loopback.url}/api/open/v1/nokkel/Table/187"
        seen = inspect_address(table + ending, CODES, TAKEN_AT.date(), allow_local=True).tables[0]
        asked = [(request.method, request.path) for request in loopback.received]
    assert asked == [
        ("GET", f"{table}/query".removeprefix(loopback.url)),
        ("POST", f"{table}/data".removeprefix(loopback.url)),
    ]
    assert seen.rows == 8
    settings = yaml.safe_load(starter(seen, "fhi_tall", CODES))
    assert settings["fetch"]["files"] == {"table.json": f"{table}/data"}
    question = settings["fetch"]["questions"]["table.json"]
    assert [dimension["code"] for dimension in question["dimensions"]] == list(FHI_DIMENSIONS)
    (tmp_path / "fhi_tall.yaml").write_text(starter(seen, "fhi_tall", CODES), encoding="utf-8")
    assert not read_source(tmp_path / "fhi_tall.yaml").is_enabled


@pytest.mark.parametrize(
    "proposed", [b"[]", b"{}", b'{"dimensions": [1]}', b"x", b'{"dimensions": []}']
)
def test_an_interface_that_proposes_no_question_is_refused(proposed: bytes) -> None:
    with publisher(Reply(proposed, headers={"Content-Type": "application/json"})) as loopback:
        table = f"{loopback.url}/api/open/v1/nokkel/Table/187"
        with pytest.raises(PllError, match="proposes no question"):
            inspect_address(table, CODES, TAKEN_AT.date(), allow_local=True)


# --- Helsedirektoratet


LEVEL = "Kommune/Helseforetak/Legevakt/Helsefellesskap"
INDICATORS = f"""\
Tidsperiode,Kvalitetsindikator,Måltall,Lokasjon,Verdi,Sektor,Nivå,QualityIndicatorID,LocationId
2025,E-resept hos legekontor,Andel legekontor,Norge,"95,4%",Kommune,Nasjonalt,K-001,1
2025,E-resept hos legekontor,Andel legekontor,Bergen,"88,1%",Kommune,{LEVEL},K-001,964338531
2025,E-resept hos legekontor,Andel legekontor,Voss,,Kommune,{LEVEL},K-001,2
2025,Ventetid,Antall dager,Norge,57,Spesialist,Nasjonalt,S-002,1
"""


def confirmed(settings: dict[str, Any], address: str) -> None:
    table = settings["tables"][0]
    settings["fetch"]["files"] = {"kvalitetsindikatorer.csv": address}
    table["leave_out"][0]["matches"] = "^Ventetid"
    table["values"][0]["measure"]["codes"] = {"Andel legekontor": "eresept_gp_office_share"}


def test_an_export_of_quality_indicators_is_read_with_its_composite_levels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLL_HELSEDIREKTORATET_KEY", KEY)
    with publisher(Reply(INDICATORS.encode(), headers={"Content-Type": "text/csv"})) as loopback:
        address = f"{loopback.url}/innhold/x.csv?subscription-key=${{PLL_HELSEDIREKTORATET_KEY}}"
        source = on_loopback("hdir_quality_indicators", tmp_path, lambda s: confirmed(s, address))
        snapshot, frame = observations(source, tmp_path / "raw")
        assert f"subscription-key={KEY}" in loopback.received[0].path
    assert figures(frame.drop_nulls("value")) == {
        ("eresept_gp_office_share", "land:NO", "2025-01-01", 0.954),
        ("eresept_gp_office_share", "kommune:4601", "2025-01-01", 0.881),
    }
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(KEY.encode() in content for content in written)
    assert snapshot.origin["method"] == "http"


def test_a_key_written_into_a_source_file_is_refused(tmp_path: Path) -> None:
    address = "https://api.helsedirektoratet.no/x.csv?subscription-key=1234567890"
    with pytest.raises(PllError, match="is a key"):
        on_loopback("hdir_quality_indicators", tmp_path, lambda s: confirmed(s, address))


MONITOR = (
    "<h1>Besøk på Helsenorge</h1><p>Indikatoren viser antall besøk.</p>"
    "<p>I 2025 var 94,8 prosent av pakningene på e-resept.</p><p>Om tallene: ny metode.</p>"
)


def test_a_page_of_the_monitor_is_read_once_its_sentence_is_named(tmp_path: Path) -> None:
    def named(loopback: Loopback) -> Callable[[dict[str, Any]], None]:
        def change(settings: dict[str, Any]) -> None:
            settings["fetch"]["files"] = {"indikator.html": f"{loopback.url}/indikator"}
            settings["read"]["figures"][0] |= {
                "near": "pakningene på e-resept",
                "pattern": r"(?P<value>\d+,\d prosent)",
            }
            table = settings["tables"][0]
            table["values"][0] |= {"measure": "eresept_package_share", "unit": "percent"}
            table["period"] = {"text": "2025"}

        return change

    page = Reply(MONITOR.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
    with publisher(page) as loopback:
        source = on_loopback("hdir_digital_monitor", tmp_path, named(loopback))
        _, frame = observations(source, tmp_path / "raw")
    assert figures(frame) == {("eresept_package_share", "land:NO", "2025-01-01", 0.948)}


@pytest.mark.parametrize("name", ["hdir_quality_indicators", "hdir_digital_monitor"])
def test_what_a_person_must_say_is_marked_in_the_file(name: str) -> None:
    assert CONFIRM in (PACKAGED / f"{name}.yaml").read_text(encoding="utf-8")
