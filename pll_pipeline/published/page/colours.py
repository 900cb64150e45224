"""The page's colours in light and in dark, by their role, and which are drawn on which.

There is one accent, and no meaning by hue alone. Charts and style sheet name roles (`var(--ink)`),
never a colour, so that one drawing serves both. Not here: sizes, shapes.
"""

from __future__ import annotations

LIGHT = {
    "paper": "#ffffff",
    "wash": "#f3f6f7",
    "ink": "#14212b",
    "muted": "#51606c",
    "rule": "#d3dbe0",
    "line": "#7d8a95",
    "accent": "#005f78",
    "on-accent": "#ffffff",
    "band": "#d5e6eb",
    "alarm": "#ffd84d",
    "on-alarm": "#1a1500",
    "step-1": "#e0eef2",
    "step-2": "#b3d6e0",
    "step-3": "#74b2c5",
    "step-4": "#1d7690",
    "step-5": "#00485c",
    "on-step-1": "#14212b",
    "on-step-2": "#14212b",
    "on-step-3": "#14212b",
    "on-step-4": "#ffffff",
    "on-step-5": "#ffffff",
}
DARK = {
    "paper": "#10181e",
    "wash": "#18232b",
    "ink": "#e9eff2",
    "muted": "#a9b6bf",
    "rule": "#33424d",
    "line": "#74838f",
    "accent": "#6cc6de",
    "on-accent": "#10181e",
    "band": "#21424e",
    "alarm": "#ffd84d",
    "on-alarm": "#1a1500",
    "step-1": "#1b2f38",
    "step-2": "#245061",
    "step-3": "#2f7a92",
    "step-4": "#5fb7cf",
    "step-5": "#bfe9f5",
    "on-step-1": "#e9eff2",
    "on-step-2": "#e9eff2",
    "on-step-3": "#ffffff",
    "on-step-4": "#10181e",
    "on-step-5": "#10181e",
}
THEMES = {"light": LIGHT, "dark": DARK}
STEPS = 5

TEXT, GRAPHIC = 4.5, 3.0  # WCAG 2.2: 1.4.3 and 1.4.11

# What is drawn on what, and the least contrast it must have. `rule`, `band` and the fills of steps
# mean nothing alone: an outline in `line` or a number does.
PAIRS: tuple[tuple[str, str, float], ...] = (
    *((text, ground, TEXT) for text in ("ink", "muted", "accent") for ground in ("paper", "wash")),
    ("ink", "band", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-alarm", "alarm", TEXT),
    *((f"on-step-{step}", f"step-{step}", TEXT) for step in range(1, STEPS + 1)),
    *(
        (graphic, ground, GRAPHIC)
        for graphic in ("ink", "line", "accent")
        for ground in ("paper", "wash")
    ),
    ("accent", "band", GRAPHIC),
)


def contrast(first: str, second: str) -> float:
    """WCAG's contrast of two colours written #rrggbb, 1 to 21."""
    brighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def step_of(share: float) -> int:
    """The step of a share from 1, less than 20 %, to 5, 80 % and more."""
    return min(int(share * STEPS + 1e-9) + 1, STEPS)
