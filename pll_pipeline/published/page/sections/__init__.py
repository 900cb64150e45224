"""The sections of the page, one module per question, in the order of the page.

Not here: how a section is drawn (`templates/`), where its rows are from (`data.py`).
"""

from pll_pipeline.published.page.sections import (
    changes,
    current_shares,
    curves,
    definitions,
    forecast,
    maps,
    plan,
    published_months,
    ranking,
    source_state,
    spread,
)

SECTIONS = (
    current_shares.section,
    plan.section,
    curves.section,
    spread.section,
    ranking.section,
    maps.section,
    published_months.section,
    forecast.section,
    changes.section,
    source_state.section,
    definitions.section,
)
