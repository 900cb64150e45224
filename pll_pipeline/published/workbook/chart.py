"""The sheet with a bar chart of the country's newest shares, the highest first.

Bars are of figures at most a year older than the newest; older ones are in the table alone.
Not here: shares of other regions.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pll_pipeline.published.sql import statement
from pll_pipeline.published.workbook.book import CHART, Book, qualified, with_qualifier, writer
from pll_pipeline.published.workbook.series import COLUMNS, JOINS, Series

_MOST_BARS = 40  # a longer bar chart is not readable
_NATION = "land:NO"
_TEXT = (
    "Søylediagram over radene øverst i tabellen til venstre: nyeste publiserte andel i landet "
    "per mål og aktørtype, høyest først."
)
_OLDER = "Eldre enn ett år før det nyeste, ikke i figuren"
_NONE = "Ingen andel for landet er publisert."
_NEWEST_SHARES = statement(
    "select {columns}, figures.adoption_share, figures.month, figures.qualifier, "
    "figures.month >= max(figures.month) over () - interval 12 months as is_recent "
    "from release.marts.mart_adoption_latest as figures {joins} "
    "where figures.region_key = ? and figures.adoption_share is not null "
    "order by is_recent desc, figures.adoption_share desc, figures.measure_name, figures.month, "
    "figures.actor_type_code",
    columns=COLUMNS,
    joins=JOINS,
)
Row = tuple[str, float, date, str | None]


def write(book: Book) -> None:
    """The newest shares of the country as a table and a bar chart of the recent ones."""
    sheet, formats = book.chart, book.formats
    recent, older = _shares(book)
    headings = ("Mål, aktørtype", "Andel i landet", "Måned")
    for position, (heading, width) in enumerate(zip(headings, (60, 14, 12), strict=True)):
        sheet.write_string(0, position, heading, formats["heading"])
        sheet.set_column(position, position, width)
    sheet.freeze_panes(1, 0)
    _write_rows(book, 1, recent)
    if older:
        sheet.write_string(len(recent) + 2, 0, _OLDER, formats["bold"])
        _write_rows(book, len(recent) + 3, older)
    if recent:
        bars = min(len(recent), _MOST_BARS)
        sheet.insert_chart(
            1, 4, _bars(book, recent[:bars], _title(book, recent, bars)), {"description": _TEXT}
        )
    else:
        sheet.write_string(1, 0, _NONE)


def _shares(book: Book) -> tuple[list[Row], list[Row]]:
    """The newest shares of the country, and those that are more than a year older."""
    recent: list[Row] = []
    older: list[Row] = []
    rows = book.draft.connection.execute(_NEWEST_SHARES, [_NATION]).fetchall()
    for *series, share, month, qualifier, is_recent in rows:
        shares = recent if is_recent else older
        shares.append((Series(*series).name(is_share=True), share, month, qualifier))
    return recent, older


def _write_rows(book: Book, first: int, rows: list[Row]) -> None:
    write_text = writer(book.chart, "VARCHAR", book.formats)
    for row, (label, share, month, qualifier) in enumerate(rows, first):
        write_text(row, 0, label)
        book.chart.write_number(row, 1, share, book.formats[qualified("share", qualifier)])
        book.chart.write_datetime(row, 2, month, book.formats["month"])


def _title(book: Book, recent: list[Row], bars: int) -> str:
    """The title, with the time that the figures are about and how many bars have no room."""
    months = sorted({f"{month:%Y-%m}" for _, _, month, _ in recent[:bars]})
    time = months[0] if len(months) == 1 else f"{months[0]} til {months[-1]}"
    title = f"Nyeste andel i landet, {time}"
    if bars < len(recent):
        title += f" (de {bars} høyeste av {len(recent)})"
    return f"SIMULERTE TALL: {title}" if book.draft.info.inputs.is_simulated else title


def _bars(book: Book, shown: list[Row], title: str) -> Any:
    """A bar chart of the first rows of its sheet, each with its share and qualifier."""
    chart = book.file.add_chart({"type": "bar"})
    rows = len(shown)
    texts = [with_qualifier(_per_cent(share), qualifier) for _, share, _, qualifier in shown]
    chart.add_series(
        {
            "name": "Andel i landet",
            "categories": [CHART, 1, 0, rows, 0],
            "values": [CHART, 1, 1, rows, 1],
            "fill": {"color": "#005f78"},
            "gap": 40,
            "data_labels": {"value": True, "custom": [{"value": text} for text in texts]},
        }
    )
    chart.set_title({"name": title, "name_font": {"size": 12}})
    gridlines = {"visible": True, "line": {"color": "#d3dbe0"}}
    chart.set_x_axis({"min": 0, "max": 1, "num_format": "0 %", "major_gridlines": gridlines})
    chart.set_y_axis({"reverse": True})
    chart.set_legend({"none": True})
    chart.set_size({"width": 860, "height": 140 + 26 * rows})
    return chart


def _per_cent(share: float) -> str:
    return f"{share * 100:.1f} %".replace(".", ",")
