"""The assets, layer by layer: `raw`, `validated`, `marts` (dbt: codes to page), `published`.

Each function builds assets for one `Config`, so that tests build a world of their own. Not here:
what the work is (the modules these call), when it runs (`automation.py`).
The modules do without `from __future__ import annotations`: Dagster reads the annotations of steps.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pll_pipeline.errors import paragraph_of, plain_line

LOCK = "night_lock"
# The progress of a night: shown in the terminal, and kept by Dagster, whose home names this logger.
LOG = logging.getLogger("pll")


def _without_control_characters(record: logging.LogRecord) -> bool:
    record.msg, record.args = plain_line(record.getMessage()), ()
    return True


LOG.addFilter(_without_control_characters)

Event = dg.MaterializeResult[None] | dg.AssetCheckResult | dg.Output[None]


@contextmanager
def described_failures(*, tried_again: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Inside a step, turn an error into a failure that Dagster describes by the error's paragraph.

    Such a step is not tried again: the same content would be as wrong the next time. Errors of the
    types `tried_again` pass, for the step's retry policy.
    """
    try:
        yield
    except dg.Failure:
        raise
    except tried_again:
        raise
    except Exception as error:
        raise dg.Failure(description=paragraph_of(error), allow_retries=False) from error
