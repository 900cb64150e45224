"""The first sheet, which says what the workbook is, and the last, which explains each column.

Not here: figures.
"""

from __future__ import annotations

from pll_pipeline.published.bilingual import from_comment
from pll_pipeline.published.release_info import DESCRIPTION, SIMULATED, TITLE, iso
from pll_pipeline.published.workbook.book import CHART, CROSS_TABLE, Book
from pll_pipeline.published.workbook.shown_rows import columns_of
from pll_pipeline.vocabulary.code_labels import labels_of
from pll_pipeline.vocabulary.columns import COLUMNS

_HOW_TO_READ = (
    "I arbeidsboken vises andeler som prosent. Overskriftene er forklart på arket Kolonner. "
    "Koder, nøkler og det bare programmer trenger, er "
    "skjult til høyre på hvert ark: trykk på + over kolonnene. Stjernemodellen og de samme "
    "tabellene som CSV, Parquet og DuckDB, også med engelske navn, ligger i samme mappe."
)
_OWN_SHEETS = (
    (CROSS_TABLE, "Nyeste tall for hver region og tjeneste, med intervall der tall er skjermet"),
    (CHART, "Landets nyeste andeler som tabell og søylediagram"),
)
_WIDTHS_OF_COLUMNS = (32, 26, 26, 100)
_WIDTHS = (34, 32, 90, 50, 50)
_HEADINGS = (
    ("Ark", "Rader", "Hva det inneholder", "Utelatt"),
    ("Kilde", "Utgiver", "Lisens", "Kildehenvisning", "Nettside"),
    ("Kilder med eldre tall", "Hvorfor", "Tallene er hentet"),
)


def write_columns(book: Book) -> None:
    """The last sheet: each column of each mart with its heading and description."""
    sheet = book.columns
    lines = [("Ark", "Overskrift", "Kolonne", "Hva den sier")]
    lines += [
        (
            book.sheets[mart.name].name,
            COLUMNS[column.name].label,
            column.name,
            _meaning(column.name, from_comment(column.comment).nb),
        )
        for mart in book.marts
        for column in columns_of(mart)
    ]
    book.write_headings(sheet, lines[0], _WIDTHS_OF_COLUMNS)
    for row, line in enumerate(lines[1:], 1):
        book.write_texts(sheet, row, line, _WIDTHS_OF_COLUMNS)
    book.set_widths(sheet, _WIDTHS_OF_COLUMNS)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(lines) - 1, 3)


def _meaning(column: str, description: str) -> str:
    """What a column says, and the codes that its Norwegian words have in the other outputs."""
    labels = labels_of(column)
    codes = "; ".join(f"{label.nb} ({code})" for code, label in labels.items())
    return f"{description} {codes}." if labels else description


def write(book: Book, left_out: dict[str, str]) -> None:
    """The first sheet: the release, its sheets, its sources."""
    sheet = book.about
    for row, line in enumerate(_about(book, left_out)):
        if row == 0:
            sheet.write_string(row, 0, TITLE, book.formats["title"])
        elif line in _HEADINGS or line == (SIMULATED,):
            for position, text in enumerate(line):
                sheet.write_string(row, position, str(text), book.formats["bold"])
        elif len(line) <= 1:
            sheet.write_string(row, 0, "".join(map(str, line)))
        else:
            book.write_texts(sheet, row, line, _WIDTHS)
    book.set_widths(sheet, _WIDTHS)


def _about(book: Book, left_out: dict[str, str]) -> list[tuple[str | int, ...]]:
    """The lines of the first sheet."""
    facts, inputs = book.draft.info.facts, book.draft.info.inputs
    sheets, sources, stale = _HEADINGS
    simulated = [(SIMULATED,)] if inputs.is_simulated else []
    lines: list[tuple[str | int, ...]] = [
        (TITLE,),
        *simulated,
        (DESCRIPTION,),
        (_HOW_TO_READ,),
        (),
        ("Utgave", facts["release_id"]),
        ("Laget", f"{book.draft.info.built_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Kontrakt", facts["contract_version"]),
        ("Kode", facts["code_version"]),
        ("Simulert", "ja" if inputs.is_simulated else "nei"),
        (),
        sheets,
    ]
    lines += [(name, "", text) for name, text in _OWN_SHEETS]
    for mart in book.marts:
        description = from_comment(mart.comment).nb
        name = book.sheets[mart.name].name
        lines.append((name, mart.rows, description, left_out[mart.name]))
    lines += [(), sources]
    for source in inputs.sources:
        fields = ("title", "publisher", "licence", "attribution", "landing_page")
        lines.append(tuple(source[field] for field in fields))
    if inputs.stale_sources:
        lines += [(), stale]
        for source in inputs.stale_sources:
            taken = str(iso(source["snapshot_at"]) or "aldri")
            lines.append((source["source_name"], source["reason"], taken))
    return lines
