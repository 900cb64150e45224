"""Texts in two languages, from comments."""

from __future__ import annotations

from pll_pipeline.published.bilingual import Bilingual, from_comment
from pll_pipeline.vocabulary.columns import COLUMNS


def test_a_comment_is_english_before_its_bar_and_norwegian_after() -> None:
    assert from_comment("The figure. | Tallet.") == Bilingual(nb="Tallet.", en="The figure.")


def test_a_comment_in_one_language_is_the_same_in_both() -> None:
    assert from_comment("Tall.") == Bilingual("Tall.", "Tall.")


def test_every_column_of_the_vocabulary_has_both() -> None:
    texts = [from_comment(column.description) for column in COLUMNS.values()]
    assert all(text.nb and text.en and text.nb != text.en for text in texts)
