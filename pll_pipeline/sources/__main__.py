"""`python -m pll_pipeline.sources.register` writes `source.schema.json`."""

from pll_pipeline.sources.register import SCHEMA_FILE, json_schema

SCHEMA_FILE.write_text(json_schema(), encoding="utf-8")
