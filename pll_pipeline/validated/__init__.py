"""Snapshots read into typed, checked tables, with a verdict each.

Not here: fetching (`raw/`), marts (`dbt_project/`).
"""
