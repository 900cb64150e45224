"""Files for systems that harvest: the DCAT catalogue, the JSON-stat cube and the data dictionary.

Not here: tables.
"""
