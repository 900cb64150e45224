"""Releases: what others open, made from the built database and nothing before it.

Not here: how the tables are computed (`dbt_project/`).
"""
