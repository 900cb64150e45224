"""A reading in the process of a command has the limits of one in a night."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
import time

import pytest

from pll_pipeline.validated.limits import MOST_SECONDS, TooMuch, limited


def test_a_reading_that_takes_too_long_is_ended_with_its_reason() -> None:
    with (
        pytest.raises(TooMuch, match=r"not done in 0\.05 seconds\. Where: apotek"),
        limited("apotek", seconds=0.05),
    ):
        time.sleep(30)


def test_a_reading_that_needs_too_much_memory_is_ended_with_its_reason() -> None:
    with (
        pytest.raises(TooMuch, match=r"more memory than 0\.25 GB\. Where: apotek"),
        limited("apotek", memory_bytes=2**28),
    ):
        bytearray(2**29)


def test_after_a_reading_the_process_has_its_own_limits_again() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGALRM)
    with limited("apotek"):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > MOST_SECONDS - 60
        assert resource.getrlimit(resource.RLIMIT_AS) != before[0]
    assert (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGALRM)) == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_reading_in_another_thread_is_limited_in_memory() -> None:
    caught: list[BaseException] = []

    def read() -> None:
        try:
            with limited("apotek", memory_bytes=2**28):
                bytearray(2**29)
        except TooMuch as error:
            caught.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_code_that_does_not_return_to_python_ends_the_process() -> None:
    program = (
        "import signal\n"
        "from pll_pipeline.validated import limits\n"
        "limits._GRACE_SECONDS = 0.1\n"
        "with limits.limited('apotek', seconds=0.1):\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\n"
        "    while True:\n"
        "        pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert b"Timeout" in done.stderr
