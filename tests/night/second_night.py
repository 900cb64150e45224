"""A second night, in which much happens: bad publications, rows that break rules, new sources.

One night serves several files of tests, because a night is what costs most. Not here: what the
tests expect of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from pll_pipeline.config import Config
from pll_pipeline.simulation.demo import publish
from pll_pipeline.simulation.demo import world as simulated_cells
from pll_pipeline.simulation.embedded_report import EmbeddedReport
from pll_pipeline.simulation.powerbi_report import Report
from pll_pipeline.simulation.publications import document
from pll_pipeline.simulation.publisher import Publisher
from tests.night.world import ROOT, Done, World, done_of, note_of

FIGURES, OFFICES, REPORT = "published_figures", "legekontor_eresept", "pll_rapport"
REFUSED = ("apotek", "rollout_facts", "ssb_fastleger", "ssb_population")
LEFT_OUT = "ny_kilde"
LINK = "PLL rapport"  # a starter is named after the link
REQUESTS_PER_TOKEN = 3  # fewer than a night makes, so that a token expires while it asks
TOLERANCE = 0.1
# As programs export it: a title, semicolons, Windows-1252, decimal commas, Norwegian months, a mark
# where a figure is withheld, a source line.
OFFICES_CSV = """Bruk av e-resept

Kommune;Måned;Aktør;Andel legekontor
Tromsø;november 2025;Fastlege;61,5
Tromsø;desember 2025;Fastlege;64,0
Bodø;november 2025;Fastlege;:
Bodø;desember 2025;Fastlege;58,25
Ålesund;desember 2025;Fastlege;om lag 70
Kilde: En utgiver
"""
_DESCRIBED = {
    "publisher": "En utgiver",
    "licence": "NLOD 2.0",
    "attribution": "Kilde: En utgiver",
    "is_enabled": True,
}
Row = dict[str, str]


@dataclass(frozen=True)
class SecondNight:
    """The world after its second night, and the commands that led there."""

    world: World
    offices_inspected: Done
    offices_too_early: Done
    offices_starter: str
    report_inspected: Done
    report_starter: str
    night: Done
    same_night_again: Done


def second_night_of(world: World, notes: dict[str, Any]) -> SecondNight:
    """The second night from its world and the notes about its commands."""
    made = {name: done_of(note) if isinstance(note, list) else note for name, note in notes.items()}
    return SecondNight(world=world, **made)


def run_second_night(world: World) -> dict[str, Any]:
    """Prepare the second night and run it; notes about the commands, as plain data."""
    _archive_bad_publications(world)
    _archive_rows_that_break_rules(world)
    _archive_a_new_source_with_an_unexpected_column(world)
    notes = _add_offices(world)
    with Publisher() as publisher:
        cells = simulated_cells(Config.from_environment(), scale=0.01, months=2)
        page, embedded = _page_of_a_report(publisher, publish(publisher, cells))
        notes |= _add_report(world, page)
        embedded.requests_per_token = REQUESTS_PER_TOKEN
        ask = ("run", "--source", OFFICES, "--source", REPORT)
        notes["night"] = note_of(world.pll(*ask))
        notes["same_night_again"] = note_of(world.pll(*ask))
    return notes


def _page_of_a_report(publisher: Publisher, report: Report) -> tuple[str, EmbeddedReport]:
    """The address of a page that links to a page in which the report is embedded with a token."""
    embedded = EmbeddedReport(report)
    publisher.publish("/bi", embedded)
    publisher.publish("/explore", embedded)
    page = f'<p>Se <a href="/bi">{LINK}</a>.</p><a href="https://www.example.no/">Annet</a>'
    publisher.publish("/side", document(page.encode(), "text/html; charset=utf-8"))
    return f"{publisher.address}/side", embedded


def _archive_bad_publications(world: World) -> None:
    """Another encoding, a renamed column twice, and a text where a number is expected."""
    world.archive_changed("rollout_facts", lambda text: text.decode().encode("iso-8859-1"))
    world.archive_changed("apotek", _replaced(b"metric,date,value", b"metric,date,number"))
    world.archive_changed("ssb_fastleger", _with_renamed_first_column)
    world.archive_changed("ssb_population", _replaced(b",5258317", b",ganske mange"))


def _replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old, new)


def _with_renamed_first_column(content: bytes) -> bytes:
    first, rest = content.split(b",", 1)
    assert b"\n" not in first
    return b"something_else," + rest


def _archive_rows_that_break_rules(world: World) -> None:
    """One revised figure; and rows that break a rule each, within the tolerance of the source."""
    packaged = ROOT / "pll_pipeline" / "sources" / f"{FIGURES}.yaml"
    text = packaged.read_text(encoding="utf-8")
    tolerant = text.replace("numbers: point", f"numbers: point\ntolerance: {TOLERANCE}", 1)
    own = world.data / "sources" / f"{FIGURES}.yaml"
    own.parent.mkdir()
    own.write_text(tolerant, encoding="utf-8")
    world.archive_changed(FIGURES, _with_bad_rows)


def _archive_a_new_source_with_an_unexpected_column(world: World) -> None:
    """A source whose first snapshot will be refused."""
    packaged = ROOT / "pll_pipeline" / "sources" / "apotek.yaml"
    text = packaged.read_text(encoding="utf-8").replace("name: apotek", f"name: {LEFT_OUT}", 1)
    (world.data / "sources" / f"{LEFT_OUT}.yaml").write_text(text, encoding="utf-8")
    whole = ROOT / "data" / "raw" / "apotek" / "2026-11-22T120000Z" / "denominators_national.csv"
    file = world.data.parent / whole.name
    file.write_bytes(whole.read_bytes().replace(b"metric", b"number", 1))
    archived = world.quick("archive", LEFT_OUT, str(file))
    assert archived.returncode == 0, archived.stderr


def _with_bad_rows(content: bytes) -> bytes:
    """An unknown measure, region and actor type, 140 %, month 13, and a key with two values."""
    reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
    rows = list(reader)
    revised = next(row for row in rows if row["value"] == "94.8")
    revised["value"] = "94.9"
    good = next(row for row in rows if _is_national_pharmacy_count(row))
    share = {"indicator_no": "Andel e-resepter", "unit": "prosent"}
    changes: list[Row] = [
        {"indicator_no": "Antall hester"},
        {"region_name": "Narnia", "region_level": "fylke", "period": "2023-11"},
        {"actor_type": "trollmann", "period": "2023-10"},
        share | {"value": "140", "period": "2023-09"},
        {"period": "2023-13"},
        {"value": str(int(good["value"]) + 1)},
    ]
    rows += [good | change for change in changes]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, reader.fieldnames or [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _is_national_pharmacy_count(row: Row) -> bool:
    return row["indicator_no"] == "Antall apotek" and row["region_name"] == "Norge"


def _add_offices(world: World) -> dict[str, Any]:
    """From a file received by hand to an archived snapshot, by one source file."""
    file = world.data.parent / "legekontor.csv"
    file.write_bytes(OFFICES_CSV.encode("windows-1252"))
    inspected = world.quick("inspect", str(file), "--write", OFFICES)
    too_early = world.quick("run", "--source", OFFICES)
    path = world.data / "sources" / f"{OFFICES}.yaml"
    text = path.read_text(encoding="utf-8")
    starter = yaml.safe_load(text)
    source = starter | _DESCRIBED | {"title": "Legekontor", "title_en": "GP offices"}
    value = {
        "column": "Andel legekontor",
        "measure": "eresept_gp_office_share",
        "unit": "percent",
        "suppressed": {":": [0, 1]},
    }
    source["tables"] = [starter["tables"][0] | {"values": [value]}]
    path.write_text(yaml.safe_dump(source, allow_unicode=True), encoding="utf-8")
    archived = world.quick("archive", OFFICES, str(file), "--from", "utgiveren")
    assert archived.returncode == 0, archived.stderr
    return {
        "offices_inspected": note_of(inspected),
        "offices_too_early": note_of(too_early),
        "offices_starter": text,
    }


def _add_report(world: World, page: str) -> dict[str, Any]:
    """From the page that leads to a Power BI report to a source that is asked."""
    inspected = world.quick("discover", page, "--allow-local")
    path = world.data / "sources" / f"{REPORT}.yaml"
    text = path.read_text(encoding="utf-8")
    starter = yaml.safe_load(text)
    source = starter | _DESCRIBED | {"title": "PLL", "title_en": "PLL"}
    source["tables"] = [starter["tables"][0] | report_mapping(starter["tables"][0])]
    path.write_text(yaml.safe_dump(source, allow_unicode=True), encoding="utf-8")
    return {"report_inspected": note_of(inspected), "report_starter": text}


def report_mapping(table: dict[str, Any]) -> dict[str, Any]:
    """What a person adds to the starter of the report's table."""
    levels = {
        "Land": ["land"],
        "Regionalt helseforetak": ["rhf"],
        "Helseforetak": ["hf", "sykehus"],
        "Helsefellesskap": ["helsefellesskap"],
        "Kommune": ["kommune"],
    }
    other_services = {
        "column": "Bruk.Tjeneste",
        "matches": "^[^P]",
        "because": "Another service",
    }
    is_by_service = "Bruk.Tjeneste" in table["expected_columns"]
    return {
        "values": [
            {
                "column": "Bruk.I bruk",
                "measure": "pll_organisation_in_use_count",
                "suppressed": {"<5": [1, 4], ":": [0, None]},
            },
            {"column": "Bruk.Kan ta i bruk", "measure": "pll_organisation_eligible_count"},
        ],
        "region": {
            "name": {"column": "Region.Region nummer"},
            "level": {"column": "Region.Region nivå"},
            "levels": levels,
            "valid_on": "2026-01-01",
        },
        "leave_out": [other_services] if is_by_service else [],
    }
