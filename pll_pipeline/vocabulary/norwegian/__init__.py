"""Norwegian text, read and written: numbers, periods and names.

Pure functions on single texts. Not here: files, tables, which publisher writes how (`sources/`), which names exist
(`vocabulary/codes.py`), whether a figure is plausible (`validated/rules.py`).
"""
