"""Names of codes in two languages."""

from __future__ import annotations

import pytest

from pll_pipeline.vocabulary.code_labels import labels_of
from pll_pipeline.vocabulary.columns import COLUMNS, Column

CODED = [column for column in COLUMNS.values() if column.allowed]


@pytest.mark.parametrize("column", CODED, ids=lambda column: column.name)
def test_every_code_of_a_column_has_a_name_of_its_own_in_both_languages(column: Column) -> None:
    labels = labels_of(column.name)
    assert len({label.nb for label in labels.values()}) == len(labels) > 1
    assert len({label.en for label in labels.values()}) == len(labels)


def test_a_column_without_codes_has_no_names() -> None:
    assert labels_of("value") == {}


def test_a_suppressed_figure_is_skjermet() -> None:
    assert labels_of("status")["suppressed"] == ("skjermet", "suppressed")
