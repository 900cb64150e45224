"""The page that project leaders look at, drawn from private tables of the build file.

Not here: anything that a reader of the public tables needs.
"""

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.page.data import READS
from pll_pipeline.published.page.files import FEEDS, FILES, FOLDER, LISTS

__all__ = ["FEEDS", "FILES", "FOLDER", "LISTS", "READS", "write"]


def write(draft: Draft) -> None:
    """Write the page; what draws it is loaded when it is drawn."""
    from pll_pipeline.published.page import page

    page.write(draft)
