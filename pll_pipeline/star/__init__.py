"""What the star schema needs from Python: facts that are fitted, and dbt's files of its tables.

Not here: facts that SQL computes (`dbt_project/models/star/`).
"""
