"""A page for each RHF, helsefellesskap, fylke and kommune, and the list of them.

Not here: the page of the country (`page/page.py`).
"""

from pll_pipeline.published.page.areas.pages import LISTS, listed, write

__all__ = ["LISTS", "listed", "write"]
