"""What a row of a mart was made of, one step before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from pll_pipeline.inspection.origins import Origin, origins
from pll_pipeline.vocabulary.columns import READINESS_MEASURES

DAY, DAY_BEFORE = date(2025, 12, 31), date(2024, 12, 31)
NOTHING = {
    f"{prefix}_{column}": None
    for prefix in READINESS_MEASURES
    for column in ("as_of", "part_count")
}


@dataclass(frozen=True)
class Frames:
    """Tables in memory."""

    frames: dict[str, pl.DataFrame]

    def rows(self, table: str, key: Mapping[str, Any]) -> pl.DataFrame:
        return self.frames[table].filter(
            *(pl.col(column).eq_missing(value) for column, value in key.items())
        )


def _figure(region_key: str, period_end: date, measure_code: str) -> dict[str, Any]:
    return {"region_key": region_key, "period_end": period_end, "measure_code": measure_code}


def _part(part_key: str, valid_to: date | None = None) -> dict[str, Any]:
    whole = {"whole_key": "fylke:31", "part_level": "kommune", "relation": "level"}
    return {**whole, "part_key": part_key, "valid_from": None, "valid_to": valid_to}


AGREEMENTS = READINESS_MEASURES["gp_agreement"]
TABLES = Frames(
    {
        "star.fct_observation": pl.DataFrame(
            [
                _figure("fylke:31", DAY, "population"),
                _figure("fylke:31", DAY_BEFORE, "population"),
                _figure("kommune:a", DAY, AGREEMENTS),
                _figure("kommune:b", DAY, AGREEMENTS),
                _figure("kommune:b", DAY_BEFORE, AGREEMENTS),
                _figure("kommune:old", DAY, AGREEMENTS),
            ]
        ),
        "star.dim_region_part": pl.DataFrame(
            [_part("kommune:a"), _part("kommune:b"), _part("kommune:old", date(2020, 1, 1))],
            schema_overrides={"valid_from": pl.Date, "valid_to": pl.Date},
        ),
    }
)


def _of(**area: Any) -> list[Origin]:
    row = {**NOTHING, "region_key": "fylke:31", **area}
    return list(origins(TABLES, "marts.mart_readiness_by_area", row))


def test_what_is_published_for_an_area_is_traced_to_its_figure_of_that_day() -> None:
    assert _of(resident_as_of=DAY) == [
        Origin("star.fct_observation", _figure("fylke:31", DAY, "population"))
    ]


def test_a_sum_is_traced_to_the_kommuner_of_the_area_on_that_day() -> None:
    found = _of(gp_agreement_as_of=DAY, gp_agreement_part_count=2)
    assert [origin.row["region_key"] for origin in found] == ["kommune:a", "kommune:b"]
    assert {origin.row["period_end"] for origin in found} == {DAY}
    assert all(origin.is_part for origin in found)


def test_an_area_without_figures_has_no_origin() -> None:
    assert _of() == []
