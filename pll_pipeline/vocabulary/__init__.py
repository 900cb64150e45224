"""The words of the field: columns, code lists and Norwegian text.

Not here: what a single publisher writes (`sources/`).
"""
