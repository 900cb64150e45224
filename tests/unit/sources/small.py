"""A small source file that is right, for tests that spoil it."""

from __future__ import annotations

from pathlib import Path

SMALL = """\
name: {name}
title: Liten kilde
title_en: Small source
publisher: Utgiver
landing_page: https://www.example.no
licence: NLOD 2.0
attribution: "Kilde: utgiver"
cadence: monthly
max_age_days: 40
fetch: {kind: bundled}
read: {kind: delimited}
numbers: norwegian
tables:
  - holds: observations
    file: tall.csv
    expected_columns: [kommune, andel]
    rows: [1, 400]
    values: [{column: andel, measure: eresept_package_share, unit: percent}]
    region: {name: {column: kommune}, level: kommune, levels: {kommune: [kommune]}}
    actor_type: apotek
    period: {text: "2026-01"}
"""


def write(folder: Path, name: str, text: str = SMALL) -> Path:
    """Write a source file of this name."""
    path = folder / f"{name}.yaml"
    path.write_text(text.replace("{name}", name), encoding="utf-8")
    return path
