"""The sections of the page of an area, each a module with a function `section`.

A section is None where there is nothing that it could show or say. Not here: their order on the
page (`page/areas/pages.py`).
"""
