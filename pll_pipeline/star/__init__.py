"""Facts of the star schema that are fitted in Python.

Not here: facts that SQL computes (`dbt_project/models/star/`).
"""
