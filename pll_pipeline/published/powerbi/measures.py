"""The measures of the model, from the templates in `model.yaml`.

Not here: the templates.
"""

from __future__ import annotations

from typing import Any

from duckdb import DuckDBPyConnection

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.frames import frame_of
from pll_pipeline.published.page.colours import LIGHT, STEPS
from pll_pipeline.published.powerbi.model import RELEASE_ID, Measure, Names, definition

_SHARES = """
    select
        measure.measure_code as code,
        measure.measure_name as name,
        measure.measure_name_en as name_en,
        service.service_name, service.service_name_en,
        coalesce(measure.definition, '') as description,
        coalesce(measure.definition_en, '') as description_en
    from release.star.dim_measure as measure
    inner join release.star.dim_service as service on measure.service_code = service.service_code
    where
        measure.is_adoption and measure.unit = 'share' and measure.measure_code in (
            select measure_code from release.marts.mart_adoption_by_region_actor_month
        )
    order by service.service_name, measure.measure_name, measure.measure_code
"""


def measures(draft: Draft, names: dict[str, Names]) -> tuple[Measure, ...]:
    """Every measure, with its DAX on the tables and columns under the names they have in the model.

    Those of the figures, one per share that has rows, and those of the control table.
    """
    ids = (f"DISTINCT({table[RELEASE_ID]})" for table in names.values())
    facts: dict[str, Any] = {
        **names,
        "release_ids": f"UNION({', '.join(ids)})",
        "release_of_project": draft.info.release_id,
    }
    facts |= {f"step_{step}": LIGHT[f"step-{step}"] for step in range(1, STEPS + 1)}
    facts["unknown"] = LIGHT["rule"]
    facts |= {name: dax.format(**facts) for name, dax in definition()["fragments"].items()}
    figures = [_filled(template, facts) for template in definition()["measures"]]
    control = [_filled(template, facts) for template in definition()["control_measures"]]
    return (*figures, *_per_share(draft.connection, facts), *control)


def _filled(template: dict[str, str], facts: dict[str, Any]) -> Measure:
    return Measure(**(template | {"dax": template["dax"].format(**facts)}))


def _per_share(connection: DuckDBPyConnection, facts: dict[str, Any]) -> list[Measure]:
    """A measure for every share that has rows; where two have one name, the second has its code."""
    template = definition()["measure_per_share"]
    shares: dict[str, Measure] = {}
    for row in frame_of(connection.sql(_SHARES)).to_dicts():
        name = row["name"] if row["name"] not in shares else f"{row['name']} ({row['code']})"
        filled = {key: text.format(**facts, **row) for key, text in template.items()}
        shares[name] = Measure(
            name=name,
            name_en=row["name_en"],
            description=row["description"],
            description_en=row["description_en"],
            **filled,
        )
    return list(shares.values())
