"""Norwegian text, read: numbers, periods and names.

Pure functions on single texts. Not here: files, tables, which publisher writes numbers in which way
(`sources/`), which names exist (`vocabulary/codes.py`), whether a figure is plausible
(`validated/rules.py`).
"""
