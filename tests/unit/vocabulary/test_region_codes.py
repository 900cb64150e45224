"""The region code lists: the checks they were made with, and the population figures.

Read as text, as dbt gets them. Not here: how a name is matched to a code.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
SEEDS = ROOT / "dbt_project" / "seeds"
YEARS = range(2017, 2027)
Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seed(name: str) -> list[Row]:
    return read(SEEDS / f"{name}.csv")


def raw(source: str, file: str) -> list[Row]:
    """The file in the newest snapshot of the source."""
    return read(max((ROOT / "data" / "raw" / source).glob("*/" + file)))


def holds(row: Row, day: str) -> bool:
    return row["valid_from"] <= day and (not row["valid_to"] or day < row["valid_to"])


def last_day(row: Row) -> str:
    return row["valid_to"] or "9999-12-31"


REGIONS = seed("region")
REGION = {row["region_key"]: row for row in REGIONS}
NAMES = seed("region_name")
PARTS = seed("region_part")
AREAS = seed("kommune_hospital_area")


def level(name: str) -> list[Row]:
    return [row for row in REGIONS if row["region_level"] == name]


def codes_on(name: str, day: str) -> set[str]:
    return {row["region_code"] for row in level(name) if holds(row, day)}


def population() -> dict[tuple[str, int], int]:
    return {
        (row["kommune_code"], int(row["year"])): int(row["value"])
        for row in raw("ssb_population", "population.csv")
    }


def modulus_11_holds(number: str) -> bool:
    weighted = sum(
        int(digit) * weight for digit, weight in zip(number, (3, 2, 7, 6, 5, 4, 3, 2), strict=False)
    )
    return len(number) == 9 and (11 - weighted % 11) % 11 == int(number[8])


# --- the list of regions


def test_every_level_has_the_regions_it_should_have() -> None:
    counts = Counter(row["region_level"] for row in REGIONS)
    expected = {
        "land": 1,
        "rhf": 4,
        "hf": 20,
        "helsefellesskap": 19,
        "fylke": 33,
        "bydel": 18,
        "sykehus": 5,
    }
    assert {name: counts[name] for name in expected} == expected
    assert [counts[name] for name in ("svalbard", "jan_mayen", "uoppgitt")] == [1, 1, 1]


def test_a_region_key_is_its_level_and_its_code() -> None:
    assert len(REGION) == len(REGIONS)
    for row in REGIONS:
        prefix, _, code = row["region_key"].partition(":")
        assert prefix == row["region_level"].replace("_", "-")
        assert row["region_code"] in ("", code)
        assert row["region_code"] or row["region_level"] in ("sykehus", "gruppe")


def test_codes_keep_their_leading_zeros() -> None:
    lengths = {"fylke": 2, "kommune": 4, "bydel": 6, "svalbard": 4, "jan_mayen": 4, "uoppgitt": 4}
    for row in REGIONS:
        if row["region_level"] in lengths:
            assert row["region_code"].isdigit()
            assert len(row["region_code"]) == lengths[row["region_level"]]
    assert REGION["kommune:0301"]["region_name"] == "Oslo"


def test_kommuner_per_1_january() -> None:
    counts = [len(codes_on("kommune", f"{year}-01-01")) for year in YEARS]
    assert counts == [426, 422, 422, 356, 356, 356, 356, 357, 357, 357]


def test_fylker_per_1_january() -> None:
    counts = [len(codes_on("fylke", f"{year}-01-01")) for year in YEARS]
    assert counts == [19, 18, 18, 11, 11, 11, 11, 15, 15, 15]


def test_a_kommune_lies_in_a_fylke_of_its_own_time() -> None:
    for row in level("kommune"):
        assert row["fylke_key"] == f"fylke:{row['region_code'][:2]}"
        fylke = REGION[row["fylke_key"]]
        assert fylke["valid_from"] <= max(row["valid_from"], "2017-01-01")
        assert last_day(row) <= last_day(fylke)


def test_organisation_numbers_pass_modulus_11() -> None:
    numbers = [
        row["region_code"]
        for row in REGIONS
        if row["region_level"] in ("rhf", "hf", "sykehus") and row["region_code"]
    ]
    assert len(numbers) == 27
    assert [number for number in numbers if not modulus_11_holds(number)] == []


@pytest.mark.parametrize(
    "column", ["fylke_key", "helsefellesskap_key", "hf_key", "rhf_key", "successor_key"]
)
def test_a_parent_exists_and_is_of_the_level_its_column_names(column: str) -> None:
    for row in REGIONS:
        if row[column]:
            # private hospitals have catchments of their own, so a bydel may lie in one of theirs
            special = {"hf_key": {"hf", "sykehus"}, "successor_key": {row["region_level"]}}
            assert REGION[row[column]]["region_level"] in special.get(
                column, {column.removesuffix("_key")}
            ), row["region_key"]


def test_every_kommune_has_all_its_parents_and_they_agree() -> None:
    for row in level("kommune") + level("bydel"):
        assert row["fylke_key"]
        assert row["helsefellesskap_key"]
        assert REGION[row["hf_key"]]["rhf_key"] == row["rhf_key"]
        assert REGION[row["helsefellesskap_key"]]["rhf_key"] == row["rhf_key"]
        # Sande's hospital was at Drammen, and its helsefellesskap is that of Holmestrand
        if row["region_level"] == "kommune" and row["region_code"] != "0713":
            assert REGION[row["helsefellesskap_key"]]["hf_key"] == row["hf_key"], row["region_key"]


def test_a_successor_is_a_code_of_today_or_one_that_was_split_later() -> None:
    for row in REGIONS:
        if row["successor_key"]:
            assert row["valid_to"]
            successor = REGION[row["successor_key"]]
            assert not successor["valid_to"] or not successor["successor_key"]


def test_a_region_that_went_to_several_has_no_successor() -> None:
    without = [row["region_key"] for row in REGIONS if row["valid_to"] and not row["successor_key"]]
    split_kommuner = ["kommune:1507", "kommune:1850", "kommune:5012"]
    split_fylker = [f"fylke:{code}" for code in ("01", "05", "06", "07", "14", "30", "38", "54")]
    assert without == split_fylker + split_kommuner
    assert REGION["fylke:12"]["successor_key"] == "fylke:46"
    assert REGION["kommune:1201"]["successor_key"] == "kommune:4601"


def test_every_kommune_fylke_helsefellesskap_and_rhf_of_today_has_a_tile_of_its_own() -> None:
    for name, count in {"kommune": 357, "fylke": 15, "helsefellesskap": 19, "rhf": 4}.items():
        current = [row for row in level(name) if not row["valid_to"]]
        assert (
            len({(row["tile_column"], row["tile_row"]) for row in current if row["tile_row"]})
            == count
            == len(current)
        )
        assert all(row["is_tile_row_offset"] in ("true", "false") for row in current)
    assert not [row for row in REGIONS if row["valid_to"] and row["tile_row"]]


# --- reforms


def test_changes_per_date_and_type() -> None:
    changes = seed("kommune_change")
    per_date = {
        "2017-01-01": 4,
        "2018-01-01": 54,
        "2019-01-01": 1,
        "2020-01-01": 312,
        "2024-01-01": 115,
    }
    assert Counter(row["change_date"] for row in changes) == per_date
    assert Counter(row["change_type"] for row in changes) == {
        "recode": 362,
        "merge": 115,
        "split_and_merge": 7,
        "split": 2,
    }
    for row in changes:
        assert row["new_code"] in codes_on("kommune", row["change_date"])


def test_the_shares_of_a_changed_kommune_sum_to_1() -> None:
    shares: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in seed("kommune_change"):
        shares[row["change_date"], row["old_code"]].append(row["share"])
    unknown = [key for key, values in shares.items() if "" in values]
    assert unknown == [
        ("2017-01-01", "0720")
    ]  # Stokke was split before the first year of population figures
    assert all(
        sum(map(float, values)) == pytest.approx(1)
        for key, values in shares.items()
        if key not in unknown
    )


def test_the_shares_of_every_old_kommune_sum_to_1_and_lead_to_codes_of_2024() -> None:
    shares: dict[str, float] = defaultdict(float)
    for row in seed("kommune_reform"):
        shares[row["old_code"]] += float(row["share"])
        assert row["code_2024"] in codes_on("kommune", "2024-01-01")
    assert shares.keys() == set().union(
        *(codes_on("kommune", f"{year}-01-01") for year in range(2017, 2024))
    )
    assert len(shares) == 720
    assert all(total == pytest.approx(1) for total in shares.values())


def test_the_years_of_a_reform_row_are_the_years_of_the_old_code() -> None:
    for row in seed("kommune_reform"):
        region = REGION[f"kommune:{row['old_code']}"]
        years = [year for year in range(2017, 2024) if holds(region, f"{year}-01-01")]
        assert [int(row["first_year"]), int(row["last_year"])] == [years[0], years[-1]]


def test_the_shares_of_every_old_fylke_sum_to_1_and_lead_to_codes_of_2024() -> None:
    shares: dict[str, float] = defaultdict(float)
    for row in seed("fylke_reform"):
        shares[row["old_code"]] += float(row["population_share"])
        assert row["code_2024"] in codes_on("fylke", "2024-01-01")
    assert shares.keys() == set().union(
        *(codes_on("fylke", f"{year}-01-01") for year in range(2017, 2024))
    )
    assert all(total == pytest.approx(1) for total in shares.values())


# --- health geography


def test_kommuner_per_health_trust() -> None:
    assert Counter(REGION[row["hf_key"]]["region_name"] for row in AREAS) == {
        "Akershus universitetssykehus HF": 21,
        "Finnmarkssykehuset HF": 18,
        "Helgelandssykehuset HF": 18,
        "Helse Bergen HF": 18,
        "Helse Fonna HF": 16,
        "Helse Førde HF": 17,
        "Helse Møre og Romsdal HF": 27,
        "Helse Nord-Trøndelag HF": 19,
        "Helse Stavanger HF": 15,
        "Nordlandssykehuset HF": 20,
        "Oslo universitetssykehus HF": 1,
        "St. Olavs hospital HF": 19,
        "Sykehuset Innlandet HF": 42,
        "Sykehuset Telemark HF": 17,
        "Sykehuset i Vestfold HF": 6,
        "Sykehuset Østfold HF": 13,
        "Sørlandet sykehus HF": 25,
        "Universitetssykehuset Nord-Norge HF": 24,
        "Vestre Viken HF": 21,
    }


def test_every_kommune_of_today_has_one_hospital_area_and_the_health_trust_of_it() -> None:
    assert len(AREAS) == 357
    assert {row["kommune_code"] for row in AREAS} == codes_on("kommune", "2026-01-01")
    assert all(REGION[f"kommune:{row['kommune_code']}"]["hf_key"] == row["hf_key"] for row in AREAS)


def test_only_oslo_and_holmestrand_are_split_between_health_trusts() -> None:
    split = [row["kommune_code"] for row in AREAS if row["is_split"] == "true"]
    assert [REGION[f"kommune:{code}"]["region_name"] for code in split] == ["Oslo", "Holmestrand"]
    count = population()
    parts: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in seed("kommune_hf_share"):
        assert row["hf_key"] in REGION
        parts[row["kommune_code"], int(row["year"])].append(row)
    today = {
        ("3802", 2026): ("3903", 2026)
    }  # Holmestrand under its code of 2020 to 2023: the same area
    past = {("1850", 2019)}  # Tysfjord, which was divided in 2020: shares are estimates
    assert parts.keys() == {("0301", 2025), ("0301", 2026), ("3903", 2026), *today, *past}
    for key, rows in parts.items():
        residents = count[today.get(key, key)]
        assert sum(int(row["population"]) for row in rows) == residents
        exactly = 0.001 if key in past else 0.00005
        assert all(
            abs(float(row["share"]) - int(row["population"]) / residents) <= exactly for row in rows
        )
    for earlier, now in today.items():
        shares = [{row["hf_key"]: row["share"] for row in parts[key]} for key in (earlier, now)]
        assert shares[0] == shares[1]


def _residents(level_key: str, year: int, on: str) -> dict[str, float]:
    """The residents of the kommuner of a year by the whole they lie in; `on` chooses the codes."""
    shares: dict[str, list[tuple[str, float]]] = defaultdict(list)
    split = "kommune_hf_share" if level_key == "hf_key" else "kommune_helsefellesskap_share"
    for row in seed(split):
        if row.get("year", "2026") != "2025":
            shares[row["kommune_code"]].append((row[level_key], float(row["share"])))
    residents: dict[str, float] = defaultdict(float)
    count = population()
    for code in codes_on("kommune", on):
        whole = [(REGION[f"kommune:{code}"][level_key], 1.0)]
        for key, share in shares.get(code, whole):
            residents[key] += share * count[code, year]
    return residents


@pytest.mark.parametrize("level_key", ["hf_key", "helsefellesskap_key"])
@pytest.mark.parametrize("year", [2018, 2020, 2024])
def test_no_one_changes_hospital_or_helsefellesskap_by_a_change_of_codes(
    level_key: str, year: int
) -> None:
    before = _residents(level_key, year - 1, f"{year - 1}-12-31")
    after = _residents(level_key, year, f"{year}-01-01")
    assert before.keys() == after.keys()
    # residents of a year; births, deaths and moves make less than this
    changed = {key: after[key] / before[key] - 1 for key in after}
    assert {key: change for key, change in changed.items() if abs(change) > 0.025} == {}


def test_a_kommune_that_one_other_took_over_has_it_as_its_successor() -> None:
    successors: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in seed("kommune_change"):
        successors[row["old_code"], row["change_date"]].add(row["new_code"])
    without = {
        row["region_key"]
        for row in level("kommune")
        if row["valid_to"] and not row["successor_key"]
    }
    split = {f"kommune:{code}" for (code, _), others in successors.items() if len(others) > 1}
    assert without <= split
    assert REGION["kommune:1613"]["successor_key"] == "kommune:5012"


def test_there_are_19_helsefellesskap_and_each_counts_its_kommuner() -> None:
    names = {row["region_key"]: row["region_name"] for row in level("rhf")}
    assert Counter(names[row["rhf_key"]] for row in level("helsefellesskap")) == {
        "Helse Midt-Norge RHF": 3,
        "Helse Nord RHF": 4,
        "Helse Vest RHF": 4,
        "Helse Sør-Øst RHF": 8,
    }
    members = Counter(row["helsefellesskap_key"] for row in level("kommune") if not row["valid_to"])
    assert members == {
        row["helsefellesskap_key"]: int(row["kommune_count"]) for row in seed("helsefellesskap")
    }
    assert members.total() == 357


def test_every_bydel_belongs_to_one_hospital_at_a_time_and_alna_moved_in_2026() -> None:
    rows = seed("bydel_hf")
    for day in ("2025-12-31", "2026-01-01"):
        assert sorted(row["bydel_code"] for row in rows if holds(row, day)) == sorted(
            codes_on("bydel", day)
        )
    current = {row["bydel_code"]: row["hf_key"] for row in rows if holds(row, "2026-01-01")}
    assert current == {row["region_code"]: row["hf_key"] for row in level("bydel")}
    alna = {
        day: next(r["hf_key"] for r in rows if r["bydel_code"] == "030112" and holds(r, day))
        for day in ("2025-12-31", "2026-01-01")
    }
    assert [REGION[key]["region_name"] for key in alna.values()] == [
        "Akershus universitetssykehus HF",
        "Oslo universitetssykehus HF",
    ]


def test_the_known_moves_between_health_trusts_name_codes_that_exist() -> None:
    moves = seed("hf_catchment_change")
    assert len(moves) == 10
    for row in moves:
        assert {row["from_hf_key"], row["to_hf_key"]} <= {hf["region_key"] for hf in level("hf")}
        assert set(row["kommune_codes"].split("|")) <= codes_on("kommune", "2026-01-01")
        date.fromisoformat(row["change_date"])


# --- names


def test_every_region_is_found_by_its_name() -> None:
    for region in REGIONS:
        own = [row for row in NAMES if row["region_key"] == region["region_key"]]
        assert region["region_name"] in {row["region_label"] for row in own}
        assert {row["region_level"] for row in own} == {region["region_level"]}


def test_a_name_is_in_use_only_while_its_region_is_and_is_listed_once() -> None:
    for row in NAMES:
        region = REGION[row["region_key"]]
        assert region["valid_from"] <= row["valid_from"]
        assert last_day(row) <= last_day(region)
    keys = Counter(
        (row["region_label"], row["region_level"], row["region_key"], row["valid_from"])
        for row in NAMES
    )
    assert keys.total() == len(keys)


def test_a_kommune_is_found_by_its_klass_label_and_by_each_sami_and_kven_name() -> None:
    found = {
        row["region_label"]: row["name_kind"]
        for row in NAMES
        if row["region_key"] == "kommune:5540"
    }
    expected = {
        "Kåfjord": "official",
        "Gáivuotna - Kåfjord - Kaivuono": "klass",
        "Gáivuotna": "parallel",
        "Kaivuono": "parallel",
    }
    assert found == expected
    for region in level("kommune") + level("fylke"):
        names = {row["region_label"] for row in NAMES if row["region_key"] == region["region_key"]}
        assert set(filter(None, region["region_name_parallel"].split(" - "))) <= names


def test_a_sami_name_holds_from_its_own_day() -> None:
    rows = [
        row
        for row in NAMES
        if row["region_key"] == "kommune:5001" and row["region_label"] == "Tråante"
    ]
    assert [(row["valid_from"], row["valid_to"]) for row in rows] == [("2023-01-01", "")]


def test_health_trusts_are_found_with_and_without_their_suffix() -> None:
    labels = {(row["region_level"], row["region_label"]): row["region_key"] for row in NAMES}
    for name, suffix in {"rhf": " RHF", "hf": " HF", "sykehus": " AS"}.items():
        for region in level(name):
            if region["region_code"]:
                assert region["region_name"].endswith(suffix)
                assert (
                    labels[name, region["region_name"].removesuffix(suffix)] == region["region_key"]
                )


def test_only_the_known_kommuner_share_a_name_at_the_same_time() -> None:
    same: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in NAMES:
        same[row["region_level"], row["region_label"].casefold()].append(row)
    shared = [
        (one["region_label"], one["region_key"], other["region_key"])
        for rows in same.values()
        for one, other in combinations(rows, 2)
        if one["region_key"] != other["region_key"]
        and max(one["valid_from"], other["valid_from"]) < min(last_day(one), last_day(other))
    ]
    # each of them has a name of its own in SSB Klass, "Herøy (Nordland)"
    assert sorted(shared) == [
        ("Bø", "kommune:0821", "kommune:1867"),
        ("Herøy", "kommune:1515", "kommune:1818"),
        ("Nes", "kommune:0236", "kommune:0616"),
        ("Os", "kommune:0441", "kommune:1243"),
        ("Sande", "kommune:0713", "kommune:1514"),
        ("Våler", "kommune:0137", "kommune:0426"),
        ("Våler", "kommune:3018", "kommune:3419"),
        ("Våler", "kommune:3114", "kommune:3419"),
    ]
    klass = {
        row["region_key"]
        for row in NAMES
        if row["name_kind"] == "klass" and row["region_label"].endswith(")")
    }
    assert {key for _, *keys in shared for key in keys} <= klass


# --- groups


def test_every_group_has_parts_that_existed_at_the_same_time() -> None:
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in PARTS:
        assert row["is_whole"] in ("true", "false")
        parts[row["region_key"]].append(REGION[row["part_key"]])
    assert parts.keys() == {row["region_key"] for row in level("gruppe")}
    for members in parts.values():
        assert not [row for row in members if row["region_level"] == "gruppe"]
        assert max(row["valid_from"] for row in members) < min(map(last_day, members))
    assert len({(row["region_key"], row["part_key"]) for row in PARTS}) == len(PARTS)


def test_a_group_of_fylker_consists_of_the_fylker_of_its_time() -> None:
    def parts(key: str) -> dict[str, str]:
        return {row["part_key"]: row["is_whole"] for row in PARTS if row["region_key"] == key}

    assert parts("gruppe:hordaland-og-vestfold") == {"fylke:12": "true", "fylke:07": "true"}
    assert parts("gruppe:trondelagsfylkene") == {"fylke:16": "true", "fylke:17": "true"}
    assert parts("gruppe:bergen-eidsvag-legekontor") == {"kommune:4601": "false"}


def test_which_five_helsefellesskap_try_out_pll_is_inferred_and_nothing_else_is() -> None:
    trial = {
        row["helsefellesskap_key"]
        for row in seed("helsefellesskap")
        if row["pll_trial_2024_2025"] == "inferred_yes"
    }
    assert len(trial) == 5
    inferred = {
        (row["region_key"], row["part_key"]) for row in PARTS if row["is_inferred"] == "true"
    }
    assert inferred == {("gruppe:fem-helsefellesskap-ikke-navngitt", key) for key in trial}


def published_regions() -> list[tuple[str, list[str], str]]:
    """Every (label, allowed levels, day) of the two lists of statements, without headings."""
    facts = yaml.safe_load(
        (ROOT / "pll_pipeline" / "sources" / "rollout_facts.yaml").read_text(encoding="utf-8")
    )
    figures = yaml.safe_load(
        (ROOT / "pll_pipeline" / "sources" / "published_figures.yaml").read_text(encoding="utf-8")
    )
    of_facts, of_figures = facts["tables"][0]["region"], figures["tables"][0]["region"]["levels"]
    stated = [
        (row["area"], of_facts["levels"][row["region"]], row["start"] or row["end"])
        for row in raw("rollout_facts", "rollout_facts.csv")
        if row["area"] not in of_facts["names"]
    ]
    stated += [
        (row["region_name"], of_figures[row["region_level"]], row["period"])
        for row in raw("published_figures", "figures.csv")
        if row["region_level"] != "apotekkjede"  # a chain is a kind of actor
    ]
    # a month or a year means its last day, an undated statement the day the lists were made
    ends = {0: "2026-11-22", 4: "-12-31", 7: "-28", 10: ""}
    last = [(label, levels, period.split("/")[-1]) for label, levels, period in stated]
    return [(label, levels, period + ends[len(period)]) for label, levels, period in last]


def test_every_region_and_area_of_the_published_statements_is_exactly_one_region() -> None:
    for label, levels, day in published_regions():
        found = {
            row["region_key"]
            for row in NAMES
            if row["region_label"] == label.removesuffix(" kommune")
            and row["region_level"] in levels
            and holds(row, day)
        }
        assert len(found) == 1, (label, levels, day, found)


def test_every_group_is_named_by_a_published_statement() -> None:
    stated = {label for label, _, _ in published_regions()}
    groups = {
        row["region_key"]
        for row in NAMES
        if row["region_level"] == "gruppe" and row["region_label"] in stated
    }
    assert groups == {row["region_key"] for row in level("gruppe")}


# --- compared with population figures


def test_kommuner_with_a_population_are_the_kommuner_of_the_year() -> None:
    count = population()
    for year in YEARS:
        assert {code for code, of in count if of == year} == codes_on("kommune", f"{year}-01-01")


def test_kommuner_sum_to_the_national_series_every_year() -> None:
    sums: Counter[int] = Counter()
    for (_, year), value in population().items():
        sums[year] += value
    assert sums == {
        int(row["year"]): int(row["value"])
        for row in raw("ssb_population", "population_national.csv")
    }


def test_fylker_of_2024_are_the_sums_of_their_kommuner_every_year() -> None:
    goes_to: dict[str, list[tuple[str, float]]] = {
        code: [(code, 1.0)] for code in codes_on("kommune", "2024-01-01")
    }
    for row in seed("kommune_reform"):
        goes_to[row["old_code"]] = []
    for row in seed("kommune_reform"):
        goes_to[row["old_code"]].append((row["code_2024"], float(row["share"])))
    sums: dict[tuple[str, int], float] = defaultdict(float)
    for (old, year), value in population().items():
        for new, share in goes_to[old]:
            sums[new[:2], year] += value * share
    published = raw("ssb_population", "population_fylke_2024codes.csv")
    assert sums == pytest.approx(
        {(row["fylke_code"], int(row["year"])): int(row["value"]) for row in published}
    )


def test_bydeler_sum_to_oslo_every_year() -> None:
    count = population()
    sums: Counter[int] = Counter()
    for row in raw("ssb_population", "population_oslo_bydel.csv"):
        assert row["bydel_code"] in codes_on("bydel", "2026-01-01")
        sums[int(row["year"])] += int(row["value"])
    assert sums == {year: count["0301", year] for year in YEARS}


def test_health_trusts_have_the_population_of_their_kommuner_and_bydeler() -> None:
    """The series is defined on today's catchments: only Alna is dated, Holmestrand is whole.

    Sande, which became a part of it, is counted with it there.
    """
    trust = {row["region_code"]: row["hf_key"] for row in level("kommune")}
    trust["0713"] = trust["3903"]
    tysfjord = {
        trust[row["code_2024"]]: float(row["share"])
        for row in seed("kommune_reform")
        if row["old_code"] == "1850"
    }
    sums: Counter[tuple[str, int]] = Counter()
    for (code, year), value in population().items():
        if code != "0301":  # Oslo is counted by bydel; Tysfjord was split between two trusts
            for key, share in (tysfjord if code == "1850" else {trust[code]: 1.0}).items():
                sums[key, year] += round(value * share)
    catchments = seed("bydel_hf")
    for row in raw("ssb_population", "population_oslo_bydel.csv"):
        (hospital,) = (
            b["hf_key"]
            for b in catchments
            if b["bydel_code"] == row["bydel_code"] and holds(b, f"{row['year']}-01-01")
        )
        sums[hospital, int(row["year"])] += int(row["value"])
    key_of = {row["region_code"]: row["region_key"] for row in level("hf") + level("sykehus")}
    published = raw("ssb_population", "population_hf.csv")
    assert sums == {
        (key_of[row["hf_orgnr"]], int(row["year"])): int(row["value"]) for row in published
    }


def test_17_hospital_areas_agree_with_ssb_to_the_person() -> None:
    """SSB table 13982, 2026, without Vestfold and Drammen: they gave the split of Holmestrand."""
    count = population()
    sums: Counter[str] = Counter()
    for row in AREAS:
        if row["kommune_code"] != "0301":
            sums[row["hospital_area_name"]] += count[row["kommune_code"], 2026]
    area_of = {
        "hf:983971636": "Akershus",
        "hf:993467049": "Oslo universitetssykehus",
        "sykehus:965985166": "Lovisenberg",
        "sykehus:982791952": "Diakonhjemmet",
    }
    hospital = {row["region_code"]: row["hf_key"] for row in level("bydel")}
    for row in raw("ssb_population", "population_oslo_bydel.csv"):
        if row["year"] == "2026":
            sums[area_of[hospital[row["bydel_code"]]]] += int(row["value"])
    expected = {
        "Kongsberg": 56_835,
        "Ringerike": 88_376,
        "Lovisenberg": 173_338,
        "Diakonhjemmet": 148_715,
        "Akershus": 515_927,
        "Kongsvinger": 66_848,
        "Elverum-Hamar": 146_764,
        "Gjøvik": 113_213,
        "Lillehammer": 71_979,
        "Tynset": 15_095,
        "Østfold": 336_615,
        "Arendal": 98_144,
        "Flekkefjord": 40_191,
        "Kristiansand": 185_595,
        "Notodden": 43_192,
        "Skien": 134_731,
        "Oslo universitetssykehus": 343_586,
    }
    assert {name: sums[name] for name in expected} == expected
