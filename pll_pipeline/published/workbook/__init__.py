"""`pll.xlsx`: the marts with Norwegian headings, for those who work in a spreadsheet.

The first sheet says what the workbook is. The second has the newest figure of each region and
service, the third draws the newest shares of the country, the last explains each column. Between
are the marts, the most useful first. Cells contain values only, never formulas.
Not here: the star tables (they are for models, not for reading).
"""

from __future__ import annotations

from pll_pipeline.published.draft import Draft

__all__ = ["FILE_NAME", "write"]

FILE_NAME = "pll.xlsx"


def write(draft: Draft) -> None:
    """Write the workbook. The first sheet says what is left out and how much.

    What draws it is loaded when it is written.
    """
    from pll_pipeline.published.workbook import about, chart, cross_table, mart_sheets
    from pll_pipeline.published.workbook.book import Book

    book = Book(draft, draft.folder / FILE_NAME)
    cross_table.write(book)
    chart.write(book)
    left_out = {mart.name: mart_sheets.write(book, mart) for mart in book.marts}
    about.write_columns(book)
    about.write(book, left_out)
    book.file.close()
