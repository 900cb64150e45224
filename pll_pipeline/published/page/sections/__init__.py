"""The sections of the page, one module per question, in the order of the page.

A section without figures is None: `missing.py` says what is not published.

Not here: how a section is drawn (`templates/`), where its rows are from (`data.py`).
"""

from pll_pipeline.published.page.sections import (
    changes,
    current_shares,
    curves,
    definitions,
    forecast,
    maps,
    missing,
    plan,
    published_months,
    ranking,
    readiness,
    source_state,
    spread,
    timeline,
)

SECTIONS = (
    current_shares.section,
    plan.section,
    timeline.section,
    readiness.section,
    curves.section,
    spread.section,
    ranking.section,
    maps.section,
    missing.section,
    published_months.section,
    forecast.section,
    changes.section,
    source_state.section,
    definitions.section,
)
