"""The report: what project leaders look at. `write` draws it from a release. Not here: anything a reader of the tables needs."""

from pll_pipeline.published.page.page import FILES, FOLDER, write

__all__ = ["FILES", "FOLDER", "write"]
