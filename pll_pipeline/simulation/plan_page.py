"""The simulated publisher's page from which everything else is reached, as the real plan page is.

It links to a public report, a page with an embedded one, a workbook, a CSV, pages and a table of a
statistics bank, and states in words what is under way. Not here: what is behind the links
(`publications.py`, `embedded_report.py`, `statistics_bank.py`).
"""

from __future__ import annotations

from datetime import date
from html import escape

from babel.dates import format_date

from pll_pipeline.simulation.exchange import Publication
from pll_pipeline.simulation.publications import NOT_STATISTICS, document

PATH = "/plan"
EMBEDDED = "/statistikk/innforing"
_PAGE = """<!doctype html><html lang=nb><head><meta charset=utf-8>
<meta name="simulated" content="true"><title>Plan og status for innføring</title></head><body>
<nav><a href="/kontakt.html">Kontakt oss</a></nav><main>
<h1>Plan og status for innføring av pasientens legemiddelliste</h1><p><strong>{note}</strong></p>
<h2>Status</h2><p>I {year} fortsetter innføringen av PLL til legekontor i hele landet.</p>
<p>Tallene er oppdatert til og med {month}.</p><h2>Statistikk</h2>
<p>Her finner du <a href="{report}">tall for innføringen av PLL (PowerBI)</a>.</p>
<p><a href="{embedded}">Statistikk vist på siden (PowerBI)</a></p>
<ul><li><a href="/nokkeltall.html">Nøkkeltall</a></li>
<li><a href="/emultidose.html">Statistikk for elektronisk multidose</a></li>
<li><a href="/sfm.xlsx">Bruk av SFM (Excel)</a></li>
<li><a href="/eresept.csv">Bruk av e-resept (CSV)</a></li>
<li><a href="/pxweb/v2/tables/KJ01">Kjernejournal i statistikkbanken</a></li></ul>
<p>Siste faglige endring: {changed:%d.%m.%Y}</p></main></body></html>
"""


def plan_page(view_address: str, newest: date, changed: date) -> Publication:
    """The page, with a link to the public report at its view address.

    `newest` is the first day of the newest month of figures, `changed` when it was last changed.
    """
    values = {
        "note": NOT_STATISTICS,
        "report": escape(view_address),
        "embedded": EMBEDDED,
        "year": newest.year,
        "month": format_date(newest, "MMMM y", locale="nb_NO"),
        "changed": changed,
    }
    return document(_PAGE.format(**values).encode(), "text/html; charset=utf-8")
