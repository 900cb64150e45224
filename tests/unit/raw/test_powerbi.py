"""A public report, from its view address to kept answers: what is asked, and what is refused."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot
from pll_pipeline.raw.http.failures import NotAnswered
from pll_pipeline.raw.powerbi import fetch, look
from pll_pipeline.raw.powerbi.address import api_of, cluster_of, token_of
from pll_pipeline.raw.powerbi.report import read_metadata, read_schema
from pll_pipeline.simulation.exchange import Publication, Request, Response
from pll_pipeline.simulation.misbehaviour import Misbehaviour
from pll_pipeline.simulation.powerbi_report import Report
from pll_pipeline.simulation.publisher import Publisher
from pll_pipeline.sources.model import PowerBiReport, Source
from pll_pipeline.validated.readers.powerbi import decode
from tests.loopback import ReceivedRequest, Reply, publisher

CAPTURES = Path(__file__).resolve().parents[4] / "shared" / "powerbi" / "captures"
needs_captures = pytest.mark.skipif(
    not CAPTURES.is_dir(),
    reason="the captures of real answers (shared/powerbi/captures) are not beside this checkout",
)
MICROSOFT = (".analysis.windows.net", ".analysis.usgovcloudapi.net")
KEY = UUID("11111111-2222-3333-4444-555555555555")
GROUPS = [
    {"entity": "Region", "property": "Region"},
    {"entity": "Aktørtype", "property": "Aktørtype"},
    {"entity": "Dato", "property": "Måned"},
]
VALUES = [{"entity": "Bruk", "property": "I bruk"}, {"entity": "Bruk", "property": "Kan ta i bruk"}]


# --- addresses


def _token(fields: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(fields).encode()).decode()


@pytest.mark.parametrize(
    "query",
    [
        "r={token}",
        "r={token}&pageName=ReportSection",
        "navContentPaneEnabled=false&r={token}",
        "r={bare}",
        "r={quoted}",
        "r={url_safe}",
    ],
)
def test_a_token_is_read_however_it_was_copied(query: str) -> None:
    token = _token(
        {"k": str(KEY), "t": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "c": 8, "x": "~~~???"}
    )
    forms = {
        "token": token.replace("+", "%2B"),
        "bare": token.rstrip("=").replace("+", "%2B"),
        "quoted": token.replace("=", "%3D").replace("+", "%2B"),
        "url_safe": token.replace("+", "-").replace("/", "_"),
    }
    found = token_of(f"https://app.powerbi.com/view?{query.format(**forms)}")
    assert (found.key, found.tenant) == (str(KEY), "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "abc",
        _token({"k": "no-uuid"}),
        _token({"t": str(KEY)}),
        base64.b64encode(b"[1]").decode(),
        "%00",
    ],
)
def test_an_address_without_a_key_is_refused_without_being_repeated(token: str) -> None:
    with pytest.raises(PllError, match="carries no key") as refusal:
        token_of(f"https://app.powerbi.com/view?r={token}")
    assert not token or token not in str(refusal.value)


@pytest.mark.parametrize(
    ("cluster", "api"),
    [
        (
            "https://wabi-north-europe-j-primary-redirect.analysis.windows.net/",
            "https://wabi-north-europe-j-primary-api.analysis.windows.net",
        ),
        (
            "https://wabi-us-gov-virginia-redirect.analysis.usgovcloudapi.net",
            "https://wabi-us-gov-virginia-api.analysis.usgovcloudapi.net",
        ),
        (
            "https://global-wabi-west.analysis.windows.net/",
            "https://wabi-west-api.analysis.windows.net",
        ),
        (
            "https://wabi-redirect-redirect.x-redirect.analysis.windows.net/",
            "https://wabi-api.x-redirect.analysis.windows.net",
        ),
    ],
)
def test_the_api_is_named_after_the_first_label_of_the_cluster(cluster: str, api: str) -> None:
    assert api_of(cluster, MICROSOFT, allow_local=False) == api


@pytest.mark.parametrize(
    "cluster",
    [
        "https://evil.example.com/",
        "https://analysis.windows.net.evil.example/",
        "https://evilanalysis.windows.net/",
        "http://x.analysis.windows.net/",
        "https://user@x.analysis.windows.net/",
        "ftp://x.analysis.windows.net/",
        "//x.analysis.windows.net",
        "https://[::1",
        "https://127.0.0.1/",
        "",
    ],
)
def test_the_key_is_sent_to_no_other_host(cluster: str) -> None:
    with pytest.raises(PllError, match="cluster"):
        api_of(cluster, MICROSOFT, allow_local=False)


@needs_captures
def test_real_view_addresses_and_pages_are_read() -> None:
    folder = CAPTURES / "p13-view-page"
    for row in csv.DictReader((folder / "view_urls.csv").open(encoding="utf-8")):
        found = token_of(row["url"])
        assert (found.key, found.tenant) == (row["k"], row["t"])
    for row in csv.DictReader((folder / "host_rewrites.csv").open(encoding="utf-8")):
        assert api_of(row["resolved_cluster"], MICROSOFT, allow_local=False) == row["api_base"]
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert (
        cluster_of((folder / "view_page_excerpt.html").read_text(encoding="utf-8"))
        == expected["resolved_cluster"]
    )


@pytest.mark.parametrize(
    ("page", "cluster"),
    [
        ("var resolvedClusterUri='https://a/';", "https://a/"),
        (
            "var resolvedClusterUri = ''; var clusterAssignmentRecord = "
            '{"FixedClusterUri": "https://b/", "Clients": []};',
            "https://b/",
        ),
        ("var resolvedClusterUri = '';", None),
        ("var clusterAssignmentRecord = {broken};", None),
        ("<h1>Gone</h1>", None),
    ],
)
def test_the_cluster_is_found_in_the_page_or_not_at_all(page: str, cluster: str | None) -> None:
    assert cluster_of(page) == cluster


# --- what a report says of itself


@needs_captures
@pytest.mark.parametrize("name", ["p10-report-metadata-legacy", "p11-report-metadata-pbir"])
def test_real_metadata_of_both_layouts_is_read(name: str) -> None:
    folder = CAPTURES / name
    report = read_metadata((folder / "modelsAndExploration.json").read_bytes(), where=name)
    expected = json.loads((folder / "expected_meta.json").read_text(encoding="utf-8"))
    assert {
        "model_id": report.model_id,
        "dataset_id": report.dataset_id,
        "report_object_id": report.report_id,
        "report_display_name": report.title,
        "last_refresh_time": report.last_refresh,
        "pages": len(report.pages),
        "visuals": len(list(report.visuals)),
        "format": report.layout,
    } == expected
    seen = [
        (
            p.name,
            v.name,
            v.kind or "\\N",
            str(v.command is not None).lower(),
            " | ".join(v.references),
        )
        for p in report.pages
        for v in p.visuals
    ]
    rows = csv.DictReader((folder / "expected_visuals.csv").open(encoding="utf-8"))
    assert sorted(seen) == sorted(
        (r["page_name"], r["visual_name"], r["visual_type"], r["has_embedded_query"], r["fields"])
        for r in rows
    )
    properties = read_schema(
        (folder / "conceptualschema.json").read_bytes(), report.model_id, where=name
    )
    entities = list(csv.DictReader((folder / "expected_entities.csv").open(encoding="utf-8")))
    assert [
        (p.entity, p.name, "measure" if p.is_measure else "column", str(p.data_type))
        for p in properties
    ] == [(e["entity"], e["property"], e["kind"], e["data_type"]) for e in entities]
    assert [p.is_hidden for p in properties] == [
        "true" in (e["property_hidden"], e["entity_hidden_or_private"]) for e in entities
    ]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"models": [], "exploration": {}}', b"<html>"]
)
def test_what_is_no_metadata_is_refused(content: bytes) -> None:
    with pytest.raises(PllError, match="not metadata of a report"):
        read_metadata(content, where="x")


def test_a_schema_that_is_an_error_is_refused() -> None:
    with pytest.raises(PllError, match=r"does not give its schema: .*Gone"):
        read_schema(
            json.dumps({"schemas": [{"modelId": 1, "error": {"code": "Gone"}}]}).encode(),
            1,
            where="x",
        )


# --- a whole report


def _report(rows: int = 40, **options: Any) -> Report:
    table = pl.DataFrame(
        {
            "Tjeneste": "PLL",
            "Region nivå": "Kommune",
            "Region nummer": [f"{n:04}" for n in range(rows)],
            "Region": [f"Kommune {n:04}" for n in range(rows)],
            "Aktørtype": "Legekontor",
            "Måned": datetime(2026, 10, 1),
            "I bruk": ["<5" if n % 7 == 0 else str(n) for n in range(rows)],
            "Antall som kan ta i bruk": [n + 5 for n in range(rows)],
        }
    )
    return Report(
        table,
        key=KEY,
        tenant=UUID(int=7),
        last_refresh=datetime(2026, 11, 5, 6, tzinfo=UTC),
        **options,
    )


class RecordingReport:
    """A report at an `address`, with every request it received."""

    def __init__(self, report: Report) -> None:
        self.report: Publication = report
        self.requests: list[Request] = []
        self.address = ""
        self.view_path = report.view_address("")

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return self.report(request)

    @property
    def view_address(self) -> str:
        return self.address + self.view_path

    def queries(self) -> list[dict[str, Any]]:
        """The queries for data, as commands."""
        return [_command(r.body) for r in self.requests if r.path.endswith("querydata")]


def _command(body: bytes) -> dict[str, Any]:
    """The command in the body of a request for data."""
    query = json.loads(body)["queries"][0]["Query"]
    command: dict[str, Any] = query["Commands"][0]["SemanticQueryDataShapeCommand"]
    return command


@pytest.fixture
def recording() -> Iterator[RecordingReport]:
    recording = RecordingReport(_report())
    with Publisher() as server:
        server.publish("/", recording)
        recording.address = server.address
        yield recording


def a_source(address: str | None, **fetching: Any) -> Source:
    table = {"groups": GROUPS, "values": VALUES} | fetching.pop("table", {})
    return Source.model_validate(
        {
            "name": "rapport",
            "title": "x",
            "title_en": "x",
            "publisher": "x",
            "landing_page": "https://x.no",
            "licence": "x",
            "attribution": "x",
            "cadence": "monthly",
            "max_age_days": 40,
            "fetch": {
                "kind": "powerbi",
                "address": address,
                "host_suffixes": ["127.0.0.1"],
                "allow_local": True,
                "tables": {"pll.json": table},
            }
            | fetching,
            "read": {"kind": "powerbi"},
            "numbers": "point",
            "tables": [
                {
                    "holds": "observations",
                    "file": "pll.json",
                    "expected_columns": ["x"],
                    "rows": [1, 9],
                    "values": [{"column": "x", "measure": "x"}],
                    "region": {"name": "Norge", "level": "land", "levels": {"land": ["land"]}},
                    "actor_type": "alle",
                    "period": {"text": "2026"},
                }
            ],
        }
    )


def _fetched(source: Source, raw: Path) -> tuple[Snapshot, bool]:
    assert isinstance(source.fetch, PowerBiReport)
    return fetch(source, source.fetch, raw, sleep=lambda _: None)


def _fetch(recording: RecordingReport, raw: Path, **fetching: Any) -> tuple[Snapshot, bool]:
    return _fetched(a_source(recording.view_address, **fetching), raw)


@pytest.mark.parametrize("layout", ["legacy", "pbir"])
def test_a_report_is_asked_whole_and_every_page_is_kept(
    layout: Any, recording: RecordingReport, tmp_path: Path
) -> None:
    recording.report = _report(layout=layout)
    snapshot, is_new = _fetch(recording, tmp_path, rows_per_page=15)
    assert is_new
    assert [f.name for f in snapshot.files] == ["metadata.json", "pll.json", "schema.json"]
    kept = json.loads(snapshot.read("pll.json"))
    assert len(kept["pages"]) == 3
    decoded = decode([json.dumps(page).encode() for page in kept["pages"]], where="pll.json")
    assert decoded.columns == (
        "Region.Region",
        "Aktørtype.Aktørtype",
        "Dato.Måned",
        "Bruk.I bruk",
        "Bruk.Kan ta i bruk",
    )
    assert [row[0] for row in decoded.rows] == [f"Kommune {n:04}" for n in range(40)]
    assert decode([json.dumps(kept["totals"]).encode()], where="t").rows[0][-1] == sum(
        n + 5 for n in range(40)
    )


def test_the_question_is_flat_ordered_by_every_group_and_a_window_at_a_time(
    recording: RecordingReport, tmp_path: Path
) -> None:
    _fetch(recording, tmp_path)
    rows, totals = recording.queries()
    assert rows["Binding"] == {
        "Primary": {"Groupings": [{"Projections": [0, 1, 2, 3, 4]}]},
        "Version": 1,
        "DataReduction": {"DataVolume": 4, "Primary": {"Window": {"Count": 30000}}},
    }
    assert [order["Expression"]["Column"]["Property"] for order in rows["Query"]["OrderBy"]] == [
        "Region",
        "Aktørtype",
        "Måned",
    ]
    assert [next(iter(select)) for select in rows["Query"]["Select"]] == [
        "Column",
        "Column",
        "Column",
        "Measure",
        "Measure",
    ]
    assert [select["Name"] for select in totals["Query"]["Select"]] == [
        "Bruk.I bruk",
        "Bruk.Kan ta i bruk",
    ]


def test_a_column_that_is_summed_up_is_asked_by_function_and_called_as_visuals_call_it(
    recording: RecordingReport, tmp_path: Path
) -> None:
    _fetch(
        recording,
        tmp_path,
        allow_unseen_fields=True,
        table={
            "values": [
                {"entity": "Bruk", "property": "Antall som kan ta i bruk", "aggregation": "sum"}
            ]
        },
    )
    select = recording.queries()[0]["Query"]["Select"][-1]
    assert (select["Aggregation"]["Function"], select["Name"]) == (
        0,
        "Sum(Bruk.Antall som kan ta i bruk)",
    )


def test_every_request_carries_the_key_and_an_id_of_its_own_and_the_record_only_the_id(
    recording: RecordingReport, tmp_path: Path
) -> None:
    snapshot, _ = _fetch(recording, tmp_path)
    asked = [request.headers for request in recording.requests if request.path != "/view"]
    assert {headers["x-powerbi-resourcekey"] for headers in asked} == {str(KEY)}
    assert len({headers["requestid"] for headers in asked}) == len(asked)
    assert len({headers["activityid"] for headers in asked}) == 1
    kept = "".join(path.read_text(encoding="utf-8") for path in snapshot.folder.iterdir())
    assert str(KEY) not in kept
    assert _token({"k": str(KEY)})[:30] not in kept
    assert all(headers["requestid"] in kept for headers in asked)


def test_a_report_that_was_not_refreshed_is_not_asked_for_data(
    recording: RecordingReport, tmp_path: Path
) -> None:
    first, _ = _fetch(recording, tmp_path)
    recording.requests.clear()
    first.folder.rename(first.folder.with_name("2026-01-01T000000Z"))
    again, is_new = _fetch(recording, tmp_path)
    assert (again.sha256, is_new) == (first.sha256, False)
    assert recording.queries() == []
    _, is_new = _fetch(recording, tmp_path, table={"groups": GROUPS[:1], "values": VALUES[1:]})
    assert recording.queries() != [], "something else is asked, so it is asked for"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (
            {"groups": [{"entity": "Region", "property": "Regjon"}]},
            r"no field Region\.Regjon; the nearest are Region\.Region",
        ),
        ({"values": [{"entity": "Bruk", "property": "Radnummer", "aggregation": "max"}]}, "hidden"),
        ({"groups": [{"entity": "Dato", "property": "År"}]}, "No visual of the report uses"),
        ({"groups": [{"entity": "Bruk", "property": "I bruk"}]}, "is a measure"),
        ({"values": [{"entity": "Region", "property": "Region"}]}, "is a column"),
    ],
)
def test_a_field_that_may_not_be_asked_for_is_refused_before_any_data_are(
    table: dict[str, Any], says: str, recording: RecordingReport, tmp_path: Path
) -> None:
    with pytest.raises(PllError, match=says):
        _fetch(recording, tmp_path, table=table)
    assert recording.queries() == []
    assert list(tmp_path.iterdir()) == []


def test_a_renamed_field_is_refused_with_its_new_name_once_it_was_known(
    recording: RecordingReport, tmp_path: Path
) -> None:
    _fetch(recording, tmp_path)
    renamed = _report(misbehaviour=Misbehaviour.RENAMED_FIELD)
    renamed.last_refresh = datetime(2026, 12, 5, tzinfo=UTC)
    recording.report = renamed
    with pytest.raises(PllError, match=r"Bruk\.I bruk was renamed to Bruk\."):
        _fetch(recording, tmp_path)


def test_a_report_that_is_refreshed_while_it_is_read_is_left_for_another_time(
    recording: RecordingReport, tmp_path: Path
) -> None:
    recording.report = _report(misbehaviour=Misbehaviour.REFRESHED_BETWEEN_PAGES)
    with pytest.raises(PllError, match="being refreshed"):
        _fetch(recording, tmp_path, rows_per_page=15)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_never_ends_is_given_up(recording: RecordingReport, tmp_path: Path) -> None:
    recording.report = _report(misbehaviour=Misbehaviour.RESTART_LOOP)
    with pytest.raises(PllError, match="same restart token again"):
        _fetch(recording, tmp_path, rows_per_page=15)
    recording.report = _report()
    with pytest.raises(PllError, match="more than 2 pages"):
        _fetch(recording, tmp_path, rows_per_page=15, most_pages=2)


def test_where_our_own_query_is_refused_the_saved_one_is_asked_and_recorded(
    recording: RecordingReport, tmp_path: Path
) -> None:
    recording.report = _report(misbehaviour=Misbehaviour.ONLY_SAVED_QUERIES)
    with pytest.raises(
        PllError, match=r"refuses our own query .* name a visual that has one"
    ) as refusal:
        _fetch(recording, tmp_path)
    settings = a_source(recording.view_address).fetch
    assert isinstance(settings, PowerBiReport)
    visuals = look(settings)[0].visuals
    saved = next(v for v in visuals if v.command and v.name in str(refusal.value))
    snapshot, _ = _fetch(recording, tmp_path, table={"visual": saved.name})
    assert snapshot.origin["asked_with"]["pll.json"] == {
        "query": f"saved with the visual {saved.name}",
        "filters": saved.filters,
    }
    kept = json.loads(snapshot.read("pll.json"))
    assert kept.get("filters", "") == saved.filters


def test_a_page_that_leads_to_another_host_gets_no_key(tmp_path: Path) -> None:
    with publisher() as evil, publisher() as front:
        front.replies(
            Reply(
                f"<script>var resolvedClusterUri = '{evil.url}/';</script>".encode(),
                headers={"Content-Type": "text/html"},
            )
        )
        address = f"{front.url}/view?r={_token({'k': str(KEY)})}"
        with pytest.raises(PllError, match="may not be sent to"):
            _fetched(
                a_source(address, host_suffixes=[".analysis.windows.net"]),
                tmp_path,
            )
        assert evil.received == []
        assert not any("x-powerbi-resourcekey" in request.headers for request in front.received)


def test_a_page_without_a_cluster_is_refused_unless_the_source_names_one(
    recording: RecordingReport, tmp_path: Path
) -> None:
    with publisher(Reply(b"<h1>Noe annet</h1>", headers={"Content-Type": "text/html"})) as changed:
        address = changed.url + recording.view_path
        with pytest.raises(PllError, match="does not name the report's cluster"):
            _fetched(a_source(address), tmp_path)
        assert _fetched(a_source(address, cluster=recording.address), tmp_path)[1]


def _replacing(report: Publication, part: str, *responses: Response) -> Publication:
    """The report, with these responses first for paths that contain a part."""
    left = list(responses)

    def respond(request: Request) -> Response:
        return left.pop(0) if part in request.path and left else report(request)

    return respond


REFUSED_INFO = {"X-PowerBI-Error-Info": "Info"}
UNAUTHORIZED = Response(b"", status=401, headers=REFUSED_INFO)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, r"withdrawn or moved: asked for the metadata, it answers 404, Info"),
        (401, r"does not accept its key \(401, Info\): it was withdrawn"),
        (403, r"will not give the metadata \(403, Info\)"),
    ],
)
def test_a_refusal_says_what_it_means_and_not_the_key(
    status: int, message: str, recording: RecordingReport, tmp_path: Path
) -> None:
    refusals = [Response(b"", status=status, headers=REFUSED_INFO)] * 2
    recording.report = _replacing(recording.report, "modelsAndExploration", *refusals)
    with pytest.raises(PllError, match=message) as refusal:
        _fetch(recording, tmp_path)
    assert str(KEY) not in str(refusal.value)
    assert recording.view_path not in str(refusal.value)


def test_a_report_that_moved_to_another_cluster_is_looked_up_again(
    recording: RecordingReport, tmp_path: Path
) -> None:
    recording.report = _replacing(recording.report, "modelsAndExploration", UNAUTHORIZED)
    assert _fetch(recording, tmp_path)[1]
    assert [request.path for request in recording.requests].count("/view") == 2


def test_a_web_page_instead_of_a_description_is_refused(
    recording: RecordingReport, tmp_path: Path
) -> None:
    page = Response(b"<!doctype html><title>Vedlikehold</title>", "text/html")
    recording.report = _replacing(recording.report, "conceptualschema", page)
    with pytest.raises(PllError, match="web page instead of the schema"):
        _fetch(recording, tmp_path)


def test_a_view_page_that_does_not_answer_is_named_without_the_key(
    recording: RecordingReport, tmp_path: Path
) -> None:
    busy = [Response(b"", status=503)] * 4
    recording.report = _replacing(recording.report, "/view", *busy)
    with pytest.raises(NotAnswered, match="503") as failure:
        _fetch(recording, tmp_path)
    assert failure.value.where.endswith("/view?r=…")
    assert recording.view_path.split("r=")[1] not in str(failure.value)
    assert failure.value.__suppress_context__, "what it comes from contains the address"


def test_a_source_without_an_address_says_how_to_give_one(tmp_path: Path) -> None:
    source = a_source("http://127.0.0.1:1/view?r=x")
    assert isinstance(source.fetch, PowerBiReport)
    settings = source.fetch.model_copy(update={"address": None})
    with pytest.raises(PllError, match=r"no view address.*pll sources enable rapport"):
        fetch(source, settings, tmp_path)


def test_the_cluster_is_asked_for_where_the_page_says_whom_to_ask(
    recording: RecordingReport, tmp_path: Path
) -> None:
    page = f"var clusterUri = '{recording.address}/';".encode()
    recording.report = _replacing(recording.report, "/view", Response(page, "text/html"))
    assert _fetch(recording, tmp_path)[1]
    assert any("/public/routing/cluster/" in request.path for request in recording.requests)


def test_totals_that_are_refused_say_how_to_do_without(
    recording: RecordingReport, tmp_path: Path
) -> None:
    report = recording.report

    def without_totals(request: Request) -> Response:
        if request.path.endswith("querydata") and "OrderBy" not in _command(request.body)["Query"]:
            info = {"X-PowerBI-Error-Info": "PowerBINotAuthorizedException"}
            return Response(b"", status=401, headers=info)
        return report(request)

    recording.report = without_totals
    with pytest.raises(PllError, match=r"refuses the query for pll\.json, totals.*check_totals"):
        _fetch(recording, tmp_path)
    table = {"groups": GROUPS, "values": VALUES, "check_totals": False}
    assert _fetch(recording, tmp_path, table=table)[1]


SERVER_ERROR = {"code": "rsErrorExecutingCommand", "message": {"value": "no"}}
DETAIL = {"Code": "InvalidUnconstrainedJoin", "Message": "m"}
SHAPE_ERROR = {
    "odata.error": {"code": "rsX", "azure:values": [{"additionalMessages": [DETAIL]}]},
}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"results": [{"result": {"error": {"code": "ModelUnavailable"}}}]}, "ModelUnavailable"),
        (
            {"results": [{"error": SERVER_ERROR}]},
            "rsErrorExecutingCommand",
        ),
        ({"results": [{"result": {"asyncResult": {}}}]}, "answer later"),
        ({"results": []}, "not one to a query"),
        (
            {"results": [{"result": {"data": {"dsr": {"DataShapes": [SHAPE_ERROR]}}}}]},
            "InvalidUnconstrainedJoin",
        ),
    ],
)
def test_an_error_inside_an_answer_is_an_error(
    answer: dict[str, Any], says: str, recording: RecordingReport, tmp_path: Path
) -> None:
    report = recording.report

    def failing(request: Request) -> Response:
        if request.path.endswith("querydata"):
            return Response(json.dumps(answer).encode())
        return report(request)

    recording.report = failing
    with pytest.raises(PllError, match=says):
        _fetch(recording, tmp_path)


def _restart_tokens(command: dict[str, Any]) -> Any:
    return command["Binding"]["DataReduction"]["Primary"]["Window"].get("RestartTokens")


@needs_captures
def test_real_pages_come_through_the_whole_client_as_they_were(tmp_path: Path) -> None:
    """A server replays a report: real metadata and schema, and the pages of one real answer."""
    p11, p12 = CAPTURES / "p11-report-metadata-pbir", CAPTURES / "p12-paging-derived"
    pages = [path.read_bytes() for path in sorted(p12.glob("page*.response.json"))]

    def reply(request: ReceivedRequest) -> Reply:
        if request.path.startswith("/view"):
            return Reply(
                f"var resolvedClusterUri = '{server.url}/';".encode(),
                headers={"Content-Type": "text/html"},
            )
        if "modelsAndExploration" in request.path:
            return Reply((p11 / "modelsAndExploration.json").read_bytes())
        if "conceptualschema" in request.path:
            return Reply((p11 / "conceptualschema.json").read_bytes())
        return Reply(pages[sum("querydata" in before.path for before in server.received) - 1])

    groups = [
        {"entity": "Query1", "property": name}
        for name in ("farmer_address_prv", "farmer_address_mun", "Generation")
    ]
    table = {
        "groups": groups,
        "values": [{"entity": "Query1", "property": "rsbsa_no", "aggregation": "count_distinct"}],
        "check_totals": False,
    }
    with publisher() as server:
        server.handler = reply
        address = f"{server.url}/view?r={_token({'k': str(KEY)})}"
        snapshot, _ = _fetched(
            a_source(address, table=table, rows_per_page=100, allow_unseen_fields=True),
            tmp_path,
        )
        asked = [_command(r.body) for r in server.received if "querydata" in r.path]
    real = [_command(path.read_bytes()) for path in sorted(p12.glob("page*.request.json"))]
    assert list(map(_restart_tokens, asked)) == list(map(_restart_tokens, real))
    kept = json.loads(snapshot.read("pll.json"))["pages"]
    assert kept == [json.loads(page) for page in pages]
    expected = list(csv.reader((p12 / "expected.csv").open(encoding="utf-8", newline="")))
    assert [
        [str(cell) for cell in row]
        for row in decode([json.dumps(page).encode() for page in kept], where="p12").rows
    ] == expected[1:]
