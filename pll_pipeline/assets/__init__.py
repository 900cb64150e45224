"""The assets, layer by layer: `raw`, `validated`, `marts` (dbt: codes, staging, star, marts), `published`.

Each function builds assets for one `Config`, so that tests build a world of their own. Not here: what the work is
(the modules these call), when it runs (`automation.py`).
"""

import logging

LOCK = "night_lock"
# what a night tells: to the terminal, and to Dagster, whose home names it as a logger to keep
LOG = logging.getLogger("pll")
