"""Pages that this machine serves to itself.

`pll serve` is Dagster's page and daemon: `services.py` starts and ends them, `page.py` is the
process of the page. `pll explore` is `explore.py`, a page for SQL. `guard.py` decides which
requests both answer. Not here: what a night does, when it runs (`automation.py`).
"""
