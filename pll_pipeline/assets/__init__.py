"""The assets, layer by layer: `raw`, `validated`, `marts` (dbt: codes, staging, star, marts), `published`.

Each function builds assets for one `Config`, so that tests build a world of their own. Not here: what the work is
(the modules these call), when it runs (`automation.py`).
"""

LOCK = "night_lock"
