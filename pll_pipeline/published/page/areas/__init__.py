"""A page for each RHF, helsefellesskap, fylke and kommune, and the list of them.

Not here: the page of the country (`page/page.py`).
"""

from pll_pipeline.published.page.areas.pages import listed, write

__all__ = ["listed", "write"]
