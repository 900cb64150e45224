"""Looking at a publication in a process of its own, with the limits of a night's reading.

Bytes of a publisher can hang or kill whatever reads them. A command that reads goes on in a fork,
made before anything heavy is imported, so that it answers as fast; one that looks at many
publications starts a process for each, and loses no more than that one. Not here: the limits
(`validated/limits.py`), what is read.
"""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from pll_pipeline.errors import PllError, paragraph_of
from pll_pipeline.validated.child import how_it_died
from pll_pipeline.validated.limits import MOST_BYTES, MOST_SECONDS, become_limited, too_much

T = TypeVar("T")
# Imported once, before the processes of `done_apart` are forked.
_PRELOADED = ["pll_pipeline.inspection.address"]


def go_on_apart(where: str, seconds: float = MOST_SECONDS, memory_bytes: int = MOST_BYTES) -> None:
    """Go on in a fork that has the limits; this process waits for it and ends as it does.

    Where threads have been started no fork is safe: then the process goes on itself. Raises
    `TooMuch`, in the process that waits, where the fork was late or died.
    """
    if threading.active_count() > 1 or "polars" in sys.modules:
        return
    own = os.getpid()
    ended, alive = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(ended)
        become_limited(own, seconds, memory_bytes)
        return
    os.close(alive)
    try:
        # the fork has the other end until it has ended
        is_late = not select.select([ended], [], [], seconds)[0]
    except BaseException:
        _end(child)
        raise
    code = _end(child) if is_late else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if is_late:
        raise too_much(f"The reading was not done in {seconds:g} seconds", where)
    if code < 0:
        raise too_much(f"The process of the reading died: {how_it_died(code)}", where)
    raise SystemExit(code)


def _end(child: int) -> int:
    """End a child that is not waited for yet; its exit code."""
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def done_apart(
    task: Callable[[], T], where: str, seconds: float, memory_bytes: int = MOST_BYTES
) -> T:
    """What a task gives, done in a process of its own with the limits.

    Task and result are sent between processes. Raises `PllError` as the task does, and where it was
    late, failed or died.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    answers, sender = context.Pipe(duplex=False)
    process = context.Process(target=_do, args=(sender, task, seconds, memory_bytes), daemon=True)
    process.start()
    sender.close()
    try:
        with answers:
            if not answers.poll(seconds):
                raise too_much(f"The reading was not done in {seconds:g} seconds", where)
            result, refusal = answers.recv()
    except EOFError:
        process.join()
        died = how_it_died(process.exitcode or 0)
        raise too_much(f"The process of the reading died: {died}", where) from None
    finally:
        process.kill()
        process.join()
    if refusal is not None:
        what, error_where, do = refusal
        raise PllError(what, where=error_where, do=do)
    given: T = result
    return given


def _do(sender: Connection, task: Callable[[], Any], seconds: float, memory_bytes: int) -> None:
    become_limited(os.getppid(), seconds, memory_bytes)
    try:
        answer: tuple[Any, Any] = (task(), None)
    except PllError as error:
        answer = (None, (error.what, error.where, error.do))
    except MemoryError:
        answer = (
            None,
            (f"The reading needed more memory than {memory_bytes / 2**30:g} GB", "", ""),
        )
    except Exception as error:
        answer = (None, (paragraph_of(error), "", ""))
    sender.send(answer)
