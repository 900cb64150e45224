"""Work that ends in time, whatever the other side sends.

A socket's own timeout begins anew with each byte, and the lookup of a name has none. So a request
runs on a thread of its own, is cut off at the deadline, and is left behind.
Not here: what the work is (`client.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import TypeVar

# The work looks at the clock too, and then says more exactly what was late.
GRACE_SECONDS = 0.25

_Result = TypeVar("_Result")


class TooLate(Exception):
    """The work was not done at its deadline."""


def finished_by(
    deadline: float, work: Callable[[], _Result], cut_off: Callable[[], None]
) -> _Result:
    """The result of `work`, or what it raises.

    `deadline` is a time of `time.monotonic()`. Shortly after it `cut_off` is called, which must
    make the work fail, and `TooLate` is raised; the thread that works is not waited for.
    """
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="request", daemon=True).start()
    left = deadline - time.monotonic()
    done, _ = wait([future], timeout=max(0.0, left) + GRACE_SECONDS)
    if not done:
        cut_off()
        raise TooLate
    return future.result()
