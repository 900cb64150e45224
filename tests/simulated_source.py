"""The description of a simulated source that tests put in a register of their own.

Not here: what its tables are; each test says so itself.
"""

from __future__ import annotations

from typing import Any


def source_description(name: str, *tables: dict[str, Any], **changes: object) -> dict[str, Any]:
    """A bundled source of delimited files, with `changes` in its keys; never out of date."""
    return {
        "name": name,
        "title": name,
        "title_en": name,
        "publisher": "Simulert utgiver",
        "landing_page": "https://www.example.no",
        "licence": "Ikke statistikk",
        "attribution": "Simulerte tall",
        "cadence": "irregular",
        "max_age_days": 40_000,
        "is_simulated": True,
        "fetch": {"kind": "bundled"},
        "read": {"kind": "delimited"},
        "numbers": "point",
        "tables": list(tables),
        **changes,
    }
