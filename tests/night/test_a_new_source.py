"""A new publication: inspected, described in one file, archived, and in the marts, by commands."""

from __future__ import annotations

from datetime import date

import yaml

from pll_pipeline.config import Config
from pll_pipeline.simulation.demo import publish, world
from pll_pipeline.simulation.publisher import Publisher
from tests.night.conftest import World

# As programs export it: a title, semicolons, Windows-1252, decimal commas, Norwegian months, a mark
# for what is withheld, a source line.
PUBLISHED = """Bruk av e-resept

Kommune;Måned;Aktør;Andel legekontor
Tromsø;november 2025;Fastlege;61,5
Tromsø;desember 2025;Fastlege;64,0
Bodø;november 2025;Fastlege;:
Bodø;desember 2025;Fastlege;58,25
Ålesund;desember 2025;Fastlege;om lag 70
Kilde: En utgiver
"""


def test_from_a_file_to_rows_in_the_marts_with_one_source_file(own_world: World) -> None:
    file = own_world.data.parent / "legekontor.csv"
    file.write_bytes(PUBLISHED.encode("windows-1252"))

    looked = own_world.pll("inspect", str(file), "--write", "legekontor_eresept")
    assert looked.returncode == 0, looked.stderr
    seen = {
        line.split("│")[1].strip(): line.split("│")[2].strip()
        for line in looked.stdout.split("\n")
        if line.startswith("│")
    }
    assert seen == {
        "Kommune": "region kommune",
        "Måned": "period",
        "Aktør": "actor_type",
        "Andel legekontor": "number norwegian",
    }

    early = own_world.pll("run", "--source", "legekontor_eresept")
    assert early.returncode == 2, "a starter takes no part before it is confirmed"

    path = own_world.data / "sources" / "legekontor_eresept.yaml"
    starter = path.read_text(encoding="utf-8")
    assert "CONFIRM: ':' in 1 cell instead of a number" in starter
    assert "perhaps eresept_gp_office_share" in starter
    source = yaml.safe_load(starter)
    assert source["read"] == {
        "kind": "delimited",
        "encoding": "windows-1252",
        "separator": ";",
        "header": ["Kommune", "Måned", "Aktør", "Andel legekontor"],
        "ends_at": "^Kilde",
    }
    assert source["numbers"] == "norwegian"
    source |= {
        "title": "Legekontor",
        "title_en": "GP offices",
        "publisher": "En utgiver",
        "licence": "NLOD 2.0",
        "attribution": "Kilde: En utgiver",
        "is_enabled": True,
    }
    source["tables"][0]["values"] = [
        {
            "column": "Andel legekontor",
            "measure": "eresept_gp_office_share",
            "unit": "percent",
            "suppressed": {":": [0, 1]},
        }
    ]
    path.write_text(yaml.safe_dump(source, allow_unicode=True), encoding="utf-8")

    assert (
        own_world.pll("archive", "legekontor_eresept", str(file), "--from", "utgiveren").returncode
        == 0
    )
    night = own_world.pll("run", "--source", "legekontor_eresept")
    assert night.returncode == 0, night.stdout + night.stderr

    rows = own_world.ask(
        """
        select
            region_name, month, adoption_share, share_lower, share_upper, qualifier, status,
            change_1m, rank_in_level
        from marts.mart_adoption_by_region_actor_month
        where source_name = 'legekontor_eresept'
        order by region_name, month
        """
    )
    november, december = date(2025, 11, 1), date(2025, 12, 1)
    assert rows == [
        ("Bodø", november, None, 0.0, 1.0, "exact", "suppressed", None, None),
        ("Bodø", december, 0.5825, 0.5825, 0.5825, "exact", "observed", None, 3),
        ("Tromsø", november, 0.615, 0.615, 0.615, "exact", "observed", None, 1),
        ("Tromsø", december, 0.64, 0.64, 0.64, "exact", "observed", 0.025, 2),
        ("Ålesund", december, 0.7, None, None, "approx", "observed", None, 1),
    ]
    coverage = own_world.ask(
        """
        select month, expected_count, published_count, suppressed_count, missing_count
        from marts.mart_coverage_by_source_month
        where source_name = 'legekontor_eresept'
        order by month
        """
    )
    assert coverage == [(november, 2, 1, 1, 0), (december, 3, 3, 0, 0)]


def test_from_the_address_of_a_report_to_rows_in_the_marts_with_one_source_file(
    own_world: World,
) -> None:
    with Publisher() as publisher:
        address = publish(
            publisher, world(Config.from_environment(), scale=0.01, months=2)
        ).view_address(publisher.address)
        looked = own_world.pll("inspect", address, "--allow-local", "--write", "pll_rapport")
        assert looked.returncode == 0, looked.stderr
        assert "table Region: " in looked.stdout
        assert "saved filters" in looked.stderr

        path = own_world.data / "sources" / "pll_rapport.yaml"
        source = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert source["fetch"]["kind"] == "powerbi"
        source |= {
            "title": "PLL",
            "title_en": "PLL",
            "publisher": "En utgiver",
            "licence": "NLOD 2.0",
            "attribution": "Kilde: En utgiver",
            "is_enabled": True,
        }
        table = source["tables"][0]
        table["values"] = [
            {
                "column": "Bruk.I bruk",
                "measure": "pll_organisation_in_use_count",
                "suppressed": {"<5": [1, 4], ":": [0, None]},
            },
            {"column": "Bruk.Kan ta i bruk", "measure": "pll_organisation_eligible_count"},
        ]
        levels = {
            "Land": ["land"],
            "Regionalt helseforetak": ["rhf"],
            "Helseforetak": ["hf", "sykehus"],
            "Helsefellesskap": ["helsefellesskap"],
            "Kommune": ["kommune"],
        }
        table["region"] = {
            "name": {"column": "Region.Region nummer"},
            "level": {"column": "Region.Region nivå"},
            "levels": levels,
            "valid_on": "2026-01-01",
        }
        table["leave_out"] = (
            [
                {
                    "column": "Bruk.Tjeneste",
                    "matches": "^(?!Pasientens)",
                    "because": "Another service",
                }
            ]
            if "Bruk.Tjeneste" in table["expected_columns"]
            else []
        )
        path.write_text(yaml.safe_dump(source, allow_unicode=True), encoding="utf-8")
        night = own_world.pll("run", "--source", "pll_rapport")
        assert night.returncode == 0, night.stdout + night.stderr

        again = own_world.pll("run", "--source", "pll_rapport")
        assert "pll_rapport: unchanged" in again.stdout, (
            "what was not refreshed is not asked for again"
        )
    figures = own_world.ask(
        """
        select count(*), count(distinct region_key)
        from marts.mart_key_figures
        where source_name = 'pll_rapport'
        """
    )
    assert figures[0][0] > 500
    national = own_world.ask(
        """
        select adoption_count, eligible_count, basis
        from marts.mart_adoption_latest
        where
            source_name = 'pll_rapport' and region_key = 'land:NO'
            and actor_type_code = 'legekontor'
        """
    )
    assert [(count > 5, count < eligible, basis) for count, eligible, basis in national] == [
        (True, True, "derived")
    ]
