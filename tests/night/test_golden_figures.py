"""Golden figures: what the publishers' pages state, compared with the release.

A reader can check each at its address. Read 2026-11-22. When a figure here fails, either the
warehouse is wrong or the page has changed: look before changing.
"""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.night.conftest import World

MONITOR = "https://www.ehelse.no/strategi/e-helsemonitor/"
ERESEPT_2023 = MONITOR + "tilgjengelig-informasjon-og-styrket-samhandling/e-resept"
ERESEPT_2021 = (
    MONITOR + "bedre-sammenheng-i-pasientforlop/e-resept?id=se-dine-legemidler-pa-helsenorge"
)
KJERNEJOURNAL = (
    MONITOR
    + "aktiv-medvirkning-i-egen-og-n%C3%A6res-helse/kjernejournal"
    + "?id=innbyggeres-oppslag-i-kjernejournal"
)
NORDLAND = (
    "https://www.statsforvalteren.no/Nordland/Helse-omsorg-og-sosialtjenester/Helsetjenester/"
    "Bedre-pasientsikkerhet-med-e-resepkt/"
)
HARALDSPLASS = (
    "https://www.haraldsplass.no/om-haraldsplass/arsrapport/Kvalitet-og-pasientsikkerhet/"
)
PROGRAMME = (
    "https://www.ehelse.no/nasjonal-e-helseportefolje/tiltak-i-nasjonal-e-helseportefolje/"
    "program-pasientens-legemiddelliste"
)
PLAN = (
    "https://www.ehelse.no/strategi/plan-for-digitalisering-pa-legemiddelomradet/"
    "pasientens-legemiddelliste"
)
APOTEK = "https://www.apotek.no/"

DAGENS_MEDISIN = (
    "https://dagensmedisin.no/artikler/2022/12/05/"
    "blandede-erfaringer-med-pasientens-legemiddelliste"
)
OSTFOLD = (
    "https://www.sykehuset-ostfold.no/nyheter/"
    "795-prosent-av-alle-resepter-fra-sykehuset-ostfold-er-elektroniske/"
)
HOSPITALS = "https://ehelse.no/nasjonale-prosjekter/innfore-e-resept-pa-sykehus"
TIDSSKRIFTET = (
    "https://tidsskriftet.no/en/2020/09/kort-rapport/prescription-drugs-are-not-dispensed"
)
ADRESSA = (
    "http://www.adressa.no/nyheter/innenriks/2017/03/20/"
    "Flere-feil-funnet-i-helsejournaler-p%C3%A5-nett-14472808.ece"
)
MALVIK = "https://www.malvik.kommune.no/godt-i-gang-med-kjernejournal.5405354-167943.html"
SSB_CONSULTATIONS = "https://www.ssb.no/helse/helsetjenester/statistikk/allmennlegetjenesten"

# measure, region, actor type, last day of the period, grain, value, qualifier, address
GOLDEN = [
    (
        "pll_created_patient_count",
        "kommune:4601",
        "alle",
        date(2022, 11, 30),
        "month",
        6_500,
        "exact",
        DAGENS_MEDISIN,
    ),
    (
        "pll_gp_office_count",
        "kommune:4601",
        "legekontor",
        date(2022, 11, 30),
        "month",
        20,
        "exact",
        DAGENS_MEDISIN,
    ),
    (
        "pll_physician_in_use_count",
        "kommune:4601",
        "fastlege",
        date(2022, 11, 30),
        "month",
        85,
        "approx",
        DAGENS_MEDISIN,
    ),
    (
        "eresept_hospital_prescription_share",
        "hf:983971768",
        "sykehus",
        date(2016, 7, 31),
        "month",
        0.795,
        "exact",
        OSTFOLD,
    ),
    (
        "prescriptions_hospital_share",
        "land:NO",
        "sykehus",
        date(2016, 12, 31),
        "year",
        0.2,
        "approx",
        HOSPITALS,
    ),
    (
        "eresept_expired_undispensed_count",
        "land:NO",
        "alle",
        date(2018, 3, 1),
        "span",
        5_934_589,
        "exact",
        TIDSSKRIFTET,
    ),
    (
        "kjernejournal_opted_out_count",
        "land:NO",
        "innbygger",
        date(2017, 3, 31),
        "month",
        4_500,
        "approx",
        ADRESSA,
    ),
    (
        "kjernejournal_opted_out_share",
        "land:NO",
        "innbygger",
        date(2019, 3, 31),
        "month",
        0.001,
        "at_most",
        TIDSSKRIFTET,
    ),
    (
        "kjernejournal_trial_health_personnel_count",
        "gruppe:trondheim-melhus-malvik-og-klaebu",
        "alle",
        date(2014, 1, 31),
        "month",
        308,
        "exact",
        MALVIK,
    ),
    (
        "gp_consultation_count",
        "land:NO",
        "fastlege",
        date(2023, 12, 31),
        "year",
        16_884_831,
        "exact",
        SSB_CONSULTATIONS,
    ),
    (
        "pharmacy_visit_count",
        "land:NO",
        "apotek",
        date(2022, 12, 31),
        "year",
        58_500_000,
        "exact",
        APOTEK + "%C3%A5rsrapport-2022/statistikk",
    ),
    (
        "residents_per_pharmacy",
        "land:NO",
        "apotek",
        date(2023, 12, 31),
        "month",
        5_311,
        "exact",
        APOTEK + "%C3%A5rsrapport-2023/statistikk",
    ),
    (
        "eresept_package_share",
        "land:NO",
        "apotek",
        date(2023, 12, 31),
        "month",
        0.948,
        "exact",
        ERESEPT_2023,
    ),
    (
        "eresept_package_share",
        "land:NO",
        "apotek",
        date(2021, 12, 31),
        "month",
        0.936,
        "exact",
        ERESEPT_2021,
    ),
    (
        "eresept_package_share_adjusted",
        "land:NO",
        "apotek",
        date(2023, 12, 31),
        "year",
        0.985,
        "exact",
        ERESEPT_2023,
    ),
    (
        "eresept_pharmacy_share",
        "land:NO",
        "apotek",
        date(2021, 12, 31),
        "year",
        0.925,
        "exact",
        APOTEK + "statistikk/apotekstatistikk/kunden",
    ),
    (
        "eresept_pharmacy_share",
        "land:NO",
        "apotek",
        date(2020, 12, 31),
        "year",
        0.913,
        "exact",
        APOTEK + "statistikk/apotekstatistikk/kunden",
    ),
    (
        "eresept_issued_count",
        "land:NO",
        "alle",
        date(2023, 12, 31),
        "year",
        33_000_000,
        "at_least",
        ERESEPT_2023,
    ),
    (
        "eresept_dispensed_count",
        "land:NO",
        "apotek",
        date(2023, 12, 31),
        "year",
        55_000_000,
        "at_least",
        ERESEPT_2023,
    ),
    (
        "eresept_prescribing_organisation_count",
        "land:NO",
        "alle",
        date(2021, 12, 31),
        "month",
        2471,
        "exact",
        ERESEPT_2021,
    ),
    (
        "eresept_gp_office_share",
        "fylke:18",
        "legekontor",
        date(2012, 12, 11),
        "day",
        0.60,
        "exact",
        NORDLAND,
    ),
    (
        "eresept_gp_office_share",
        "fylke:19",
        "legekontor",
        date(2012, 12, 11),
        "day",
        0.79,
        "exact",
        NORDLAND,
    ),
    (
        "eresept_gp_office_share",
        "fylke:20",
        "legekontor",
        date(2012, 12, 11),
        "day",
        0.77,
        "exact",
        NORDLAND,
    ),
    (
        "kjernejournal_municipality_in_use_or_ready_count",
        "land:NO",
        "kommunal_helse_omsorg",
        date(2023, 12, 31),
        "month",
        274,
        "exact",
        KJERNEJOURNAL,
    ),
    (
        "kjernejournal_health_personnel_count",
        "land:NO",
        "alle",
        date(2023, 12, 31),
        "month",
        43_000,
        "at_least",
        KJERNEJOURNAL,
    ),
    (
        "kjernejournal_health_personnel_count",
        "land:NO",
        "yrkesgruppe:lege",
        date(2023, 12, 31),
        "month",
        27_000,
        "at_most",
        KJERNEJOURNAL,
    ),
    (
        "kjernejournal_health_personnel_count",
        "land:NO",
        "alle",
        date(2022, 12, 31),
        "month",
        36_000,
        "at_least",
        KJERNEJOURNAL,
    ),
    (
        "kjernejournal_lookups_per_week",
        "land:NO",
        "alle",
        date(2023, 12, 31),
        "year",
        51_000,
        "at_least",
        KJERNEJOURNAL,
    ),
    (
        "kjernejournal_lookups_per_week",
        "land:NO",
        "alle",
        date(2022, 12, 31),
        "year",
        44_000,
        "approx",
        KJERNEJOURNAL,
    ),
    (
        "kjernejournal_critical_information_share",
        "land:NO",
        "innbygger",
        date(2022, 12, 31),
        "month",
        0.35,
        "exact",
        KJERNEJOURNAL,
    ),
    (
        "sfm_full_office_count",
        "land:NO",
        "legekontor+avtalespesialist",
        date(2023, 12, 31),
        "month",
        200,
        "at_least",
        PROGRAMME,
    ),
    (
        "pll_created_patient_count",
        "kommune:4601",
        "alle",
        date(2023, 12, 31),
        "month",
        24_000,
        "exact",
        HARALDSPLASS,
    ),
    (
        "pll_connected_physician_count",
        "kommune:4601",
        "fastlege",
        date(2023, 12, 31),
        "month",
        200,
        "at_most",
        HARALDSPLASS,
    ),
    (
        "pll_connected_physician_count",
        "sykehus:984027737",
        "sykehus",
        date(2023, 12, 31),
        "month",
        130,
        "exact",
        HARALDSPLASS,
    ),
    (
        "multidose_user_count",
        "land:NO",
        "alle",
        date(2021, 9, 30),
        "month",
        96_750,
        "exact",
        APOTEK + "statistikk/apotekstatistikk/kunden",
    ),
    (
        "pharmacy_count",
        "land:NO",
        "apotek",
        date(2013, 2, 5),
        "day",
        737,
        "exact",
        "http://www.cw.no/artikkel/nett-tjenester/norge-klar-med-e-resept",
    ),
]


@pytest.mark.parametrize(
    ("measure", "region", "actor", "until", "grain", "value", "qualifier", "address"), GOLDEN
)
def test_a_published_figure_is_in_the_release_as_on_its_page(
    released: World,
    measure: str,
    region: str,
    actor: str,
    until: date,
    grain: str,
    value: float,
    qualifier: str,
    address: str,
) -> None:
    rows = released.ask(
        """
        select value, qualifier, statement_address from marts.mart_key_figures
        where
            measure_code = ? and region_key = ? and actor_type_code = ?
            and period_end = ? and period_grain = ? and source_name = 'published_figures'
        """,
        measure,
        region,
        actor,
        until,
        grain,
    )
    assert rows == [(value, qualifier, address)]


def test_the_plan_says_25_50_and_80_percent(released: World) -> None:
    rows = released.ask(
        """
        select due_end, target_value, target_status, newest_value, statement_address
        from marts.mart_target_status where service_code = 'pll' order by due_end
        """
    )
    assert rows == [
        (date(2026, 6, 30), 0.25, "not_measured", None, PLAN),
        (date(2027, 12, 31), 0.50, "not_measured", None, PLAN),
        (date(2029, 12, 31), 0.80, "not_measured", None, PLAN),
    ]


def test_the_plan_of_a_trial_helsefellesskap_is_inferred_only_where_a_source_names_the_area(
    released: World,
) -> None:
    rows = released.ask(
        """
        select
            region_name, actor_type_code, planned_phase, planned_basis,
            observed_phase, observed_basis, reported_phase, is_behind_plan
        from marts.mart_rollout_by_area_month
        where service_code = 'pll' and month = '2024-12-01' and region_level in ('kommune', 'land')
        order by all
        """
    )
    # a report older than twelve months shows no phase of today, and no one is behind an inference
    no_report = ("utproving", "inferred", None, None, None, None)
    in_trial = ("utproving", "inferred", "utproving", "report", "utproving", None)
    preparing = ("utproving", "inferred", "forberedelse", "report", "forberedelse", None)
    assert rows == [
        ("Bergen", "avtalespesialist", *no_report),
        ("Bergen", "fastlege", *no_report),
        ("Bergen", "kommunal_helse_omsorg", *in_trial),
        ("Bergen", "sykehjem+hjemmetjeneste", *no_report),
        ("Hammerfest", "kommunal_helse_omsorg", *preparing),
        ("Norge", "alle", "utproving", "stated", None, None, None, None),
        ("Rana", "kommunal_helse_omsorg", *preparing),
        ("Tromsø", "kommunal_helse_omsorg", *preparing),
    ]


def test_no_area_is_behind_a_plan_that_is_not_over_or_not_its_own(released: World) -> None:
    behind = released.ask(
        "select count(*) from marts.mart_rollout_by_area_month where is_behind_plan"
    )
    assert behind == [(0,)]


def test_a_corrected_date_of_the_second_edition_is_a_revision(released: World) -> None:
    """1.5 million residents with kjernejournal had no date; the second edition gives March 2015."""
    rows = released.ask(
        """
        select value, period_end, known_from < '2026-11-24', known_to is null
        from star.fct_observation_revision
        where measure_code = 'kjernejournal_resident_count' and value = 1500000
        order by known_from
        """
    )
    assert rows == [(1_500_000, None, True, False), (1_500_000, date(2015, 3, 31), False, True)]


def test_a_sum_over_two_years_is_never_a_year(released: World) -> None:
    rows = released.ask(
        """
        select value, period_start, period_grain from marts.mart_key_figures
        where measure_code = 'eresept_registered_in_kjernejournal_count'
        """
    )
    assert rows == [(47_771_233, date(2016, 3, 1), "span")]


def test_taken_into_use_and_connected_to_the_trial_are_two_measures(released: World) -> None:
    rows = released.ask(
        """
        select measure_code, actor_type_code, period_end, value from marts.mart_key_figures
        where
            measure_code in ('pll_physician_in_use_count', 'pll_connected_physician_count')
            and region_key = 'kommune:4601' and actor_type_code in ('fastlege', 'avtalespesialist')
        order by period_end, value
        """
    )
    assert rows == [
        ("pll_physician_in_use_count", "avtalespesialist", date(2022, 11, 30), 7),
        ("pll_physician_in_use_count", "fastlege", date(2022, 11, 30), 85),
        ("pll_connected_physician_count", "avtalespesialist", date(2023, 12, 31), 27),
        ("pll_connected_physician_count", "fastlege", date(2023, 12, 31), 200),
    ]


def test_two_rows_of_one_figure_are_a_range_of_look_ups(released: World) -> None:
    rows = released.ask(
        """
        select value, lower_bound, upper_bound from marts.mart_key_figures
        where measure_code = 'kjernejournal_lookups_per_week' and region_key = 'kommune:1505'
        """
    )
    assert rows == [(None, 80, 100)]


def test_what_is_ready_or_created_is_no_adoption_of_the_country(released: World) -> None:
    """274 kommuner use kjernejournal *or are technically ready*; 24 000 lists are *created*.

    No publisher gives a denominator of the lists in Bergen.
    """
    ready = released.ask(
        """
        select count(*) from marts.mart_adoption_by_region_actor_month
        where measure_code = 'kjernejournal_municipality_in_use_or_ready_count'
        """
    )
    assert ready == [(0,)]
    created = released.ask(
        """
        select region_key, adoption_count, adoption_share, eligible_count
        from marts.mart_adoption_by_region_actor_month
        where measure_code = 'pll_created_patient_count' and month = '2023-12-01'
        """
    )
    assert created == [("kommune:4601", 24_000, None, None)]


def test_a_range_on_the_page_is_a_range_here(released: World) -> None:
    rows = released.ask(
        """
        select value, lower_bound, upper_bound from marts.mart_key_figures
        where region_as_published = 'De fleste andre fylker med e-resept'
        """
    )
    assert rows == [(None, 0.85, 0.9)]


def test_a_figure_two_publishers_state_is_one_figure_with_both_addresses(released: World) -> None:
    rows = released.ask(
        """
        select statement_address, also_stated_at, revision_number from marts.mart_key_figures
        where measure_code = 'eresept_package_share_adjusted'
        """
    )
    assert rows == [(ERESEPT_2023, APOTEK + "statistikk/apotekstatistikk/kunden/e-resept", 1)]


def test_more_was_dispensed_than_issued_and_no_rate_is_computed_from_it(released: World) -> None:
    rows = released.ask(
        """
        select numerator_code, denominator_code from star.dim_measure
        where measure_code in ('eresept_issued_count', 'eresept_dispensed_count')
        """
    )
    assert rows == [(None, None), (None, None)]


def test_every_row_of_the_bundled_sources_ends_somewhere(released: World) -> None:
    """171 published figures and 104 roll-out facts.

    Each is an observation, a target, a milestone or in quarantine.
    """
    ended = {
        "figures.csv": released.ask(
            """
            select row_reference from star.fct_observation where source_name = 'published_figures'
            union all select row_reference from star.fct_target
            """
        ),
        "rollout_facts.csv": released.ask("select row_reference from star.fct_milestone"),
    }
    lines = {
        file: {
            int(part.split(":")[1])
            for (references,) in rows
            for part in str(references).split("; ")
        }
        for file, rows in ended.items()
    }
    assert lines["figures.csv"] == set(range(2, 173))
    assert lines["rollout_facts.csv"] == set(range(2, 106))
    assert released.ask(
        "select coalesce(sum(quarantined_count), 0) from marts.mart_coverage_by_source_month"
    ) == [(0,)]


def test_every_row_of_the_denominators_ends_as_figures(released: World) -> None:
    rows = dict(
        released.ask(
            "select source_name, count(distinct row_reference) from star.fct_observation group by 1"
        )
    )
    assert {name: rows[name] for name in ("ssb_population", "ssb_fastleger", "apotek")} == {
        "ssb_population": 4280,
        "ssb_fastleger": 2321,
        "apotek": 9,
    }


def test_a_count_of_kommuner_is_a_share_of_the_kommuner_of_its_date(released: World) -> None:
    assert released.ask(
        """
        select month, adoption_count, eligible_count, basis
        from marts.mart_adoption_by_region_actor_month
        where measure_code = 'kjernejournal_municipality_in_use_share' and region_key = 'land:NO'
        """
    ) == [(date(2020, 12, 1), 6, 356, "derived")]


def test_the_first_kommuner_with_eresept_are_shares_of_those_there_were(released: World) -> None:
    """33 kommuner in Hordaland, 14 in Vestfold and 18 in Telemark; 430 in the country in 2011."""
    rows = released.ask(
        """
        select measure_code, region_key, adoption_count, eligible_count, round(adoption_share, 4)
        from marts.mart_adoption_by_region_actor_month
        where measure_code like 'eresept_%municipality_count' and basis <> 'aggregated'
        order by month
        """
    )
    used, connected = "eresept_municipality_count", "eresept_connected_municipality_count"
    assert rows == [
        (used, "fylke:12", 31, 33, 0.9394),
        (connected, "land:NO", 32, 430, 0.0744),
        (used, "gruppe:hordaland-og-vestfold", 40, 47, 0.8511),
        (used, "gruppe:hordaland-vestfold-og-telemark", 55, 65, 0.8462),
    ]


def test_in_use_or_ready_is_no_adoption(released: World) -> None:
    assert released.ask(
        """
        select count(*) from marts.mart_adoption_by_region_actor_month
        where measure_code like '%_in_use_or_ready_%'
        """
    ) == [(0,)]


@pytest.mark.parametrize(("year", "population"), [(2017, 5_258_317), (2026, 5_627_400)])
def test_the_kommuner_sum_to_the_country(released: World, year: int, population: int) -> None:
    sums = released.ask(
        """
        select dim_region.region_level, sum(fct_observation.value)
        from star.fct_observation
        inner join star.dim_region on fct_observation.region_key = dim_region.region_key
        where
            fct_observation.measure_code = 'population'
            and fct_observation.period_start = ?
            and dim_region.region_level in ('land', 'kommune')
        group by 1 order by 1
        """,
        date(year, 1, 1),
    )
    assert sums == [("kommune", population), ("land", population)]


def test_the_release_names_every_snapshot_it_comes_from(released: World) -> None:
    manifest = json.loads((released.current / "release.json").read_text(encoding="utf-8"))
    assert {s["source_name"] for s in manifest["snapshots"]} == {
        "apotek",
        "published_figures",
        "region_list",
        "rollout_facts",
        "ssb_fastleger",
        "ssb_population",
    }
    assert manifest["is_simulated"] is False
    assert manifest["stale_sources"] == []
