"""One YAML file per publication, and the register that reads them.

Not here: fetching or reading what a file describes.
"""
