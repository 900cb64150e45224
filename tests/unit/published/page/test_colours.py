"""Contrast of the colours, and the step of a share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.published.page.colours import PAIRS, STEPS, THEMES, contrast, step_of


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("above", "ground", "least"), PAIRS, ids=str)
def test_what_is_drawn_can_be_seen_on_its_ground(
    theme: str, above: str, ground: str, least: float
) -> None:
    assert contrast(THEMES[theme][above], THEMES[theme][ground]) >= least


def test_contrast_is_counted_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(st.floats(0, 1, allow_nan=False))
def test_a_step_grows_with_the_share(share: float) -> None:
    assert 1 <= step_of(share) <= STEPS
    assert step_of(share) <= step_of(min(share + 0.2, 1))
