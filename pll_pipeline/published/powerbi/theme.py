"""The report's theme: the colours of the page of the release.

Not here: the colours (`page/colours.py`).
"""

from __future__ import annotations

from typing import Any

from pll_pipeline.published.page.colours import LIGHT, STEPS

FILE_NAME = "PLL.json"
# Lines of several series. Each has contrast with the paper; none means more than another.
_SERIES = ("#005f78", "#b35900", "#51606c", "#7a4a9e", "#1d7690", "#8a6d00", "#a33a4f", "#2f6b3a")


def theme() -> dict[str, Any]:
    """The theme as Power BI reads it."""
    text = {"color": LIGHT["ink"]}
    return {
        "name": "PLL",
        "dataColors": list(_SERIES),
        "background": LIGHT["paper"],
        "secondaryBackground": LIGHT["wash"],
        "foreground": LIGHT["ink"],
        "foregroundNeutralSecondary": LIGHT["muted"],
        "foregroundNeutralTertiary": LIGHT["line"],
        "backgroundLight": LIGHT["wash"],
        "backgroundNeutral": LIGHT["rule"],
        "tableAccent": LIGHT["accent"],
        "hyperlink": LIGHT["accent"],
        "minimum": LIGHT["step-1"],
        "center": LIGHT[f"step-{STEPS // 2 + 1}"],
        "maximum": LIGHT[f"step-{STEPS}"],
        "textClasses": {
            "title": {"fontFace": "Segoe UI Semibold", "fontSize": 11, **text},
            "label": {"fontFace": "Segoe UI", "fontSize": 10, **text},
            "callout": {"fontFace": "Segoe UI Semibold", "fontSize": 24, **text},
        },
    }
