"""`pll serve`: Dagster's page and daemon as two services of this machine.

`services.py` starts and ends them, `page.py` is the process of the page, `guard.py` decides which
requests it answers. Not here: what a night does, when it runs (`automation.py`).
"""
