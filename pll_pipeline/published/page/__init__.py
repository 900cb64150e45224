"""The page that project leaders look at, drawn from private tables of the build file.

Not here: anything that a reader of the public tables needs.
"""

from pll_pipeline.published.page.areas import LISTS
from pll_pipeline.published.page.data import READS
from pll_pipeline.published.page.page import FILES, FOLDER, write

__all__ = ["FILES", "FOLDER", "LISTS", "READS", "write"]
