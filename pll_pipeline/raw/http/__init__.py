"""The HTTP client of the pipeline.

Not here: protocols on top of HTTP (`raw/pxweb/`, `raw/powerbi/`).
"""
