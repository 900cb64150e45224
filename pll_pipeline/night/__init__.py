"""How a night ended, and who hears of it.

`record` writes down when a night began and how it ended, `report` sends what went wrong to the log
and the operator, `watch` ends a night that takes too long and hears one that was killed. Not here:
what a night does (`assets/`), when it runs (`automation.py`).
"""
