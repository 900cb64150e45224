"""What a failed request means: whether it may pass, how long to wait, and its wording.

Not here: making requests (`client.py`), which addresses may be asked (`address_guard.py`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from pll_pipeline.errors import PllError

LONGEST_WAIT_SECONDS = 120.0
FIND_NEW_ADDRESS = "open the address in a browser, and give the source the address it leads to"
_PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})
_GONE_STATUSES = frozenset({404, 410})


class NotAnswered(PllError, OSError):
    """The publisher did not answer properly, and may do so at another time.

    It is an `OSError` too, so that what tries again after input and output errors catches it.
    """


class Refused(PllError):
    """The publisher refuses a request for good.

    `status` is the HTTP status; `headers` has names in lower case.
    """

    def __init__(
        self, what: str, *, where: str, do: str, status: int, headers: Mapping[str, str]
    ) -> None:
        self.status, self.headers = status, headers
        super().__init__(what, where=where, do=do)


class TryAgain(Exception):
    """One try failed in a way that may pass. `wait_seconds` is what the publisher asked for."""

    def __init__(self, reason: str, wait_seconds: float = 0.0) -> None:
        self.reason, self.wait_seconds = reason, wait_seconds
        super().__init__(reason)


def refuse_failure(response: requests.Response, url: str, *, is_conditional: bool) -> None:
    """Accept status 200, and 304 where the request was conditional; raise for any other.

    Raises `TryAgain` for a failure that may pass, `NotAnswered` where the publisher asks for a
    wait longer than `LONGEST_WAIT_SECONDS`, and `Refused` for everything else.
    """
    status = response.status_code
    if status == 200 or (status == 304 and is_conditional):
        return
    if status in _PASSING_STATUSES:
        raise _passing_failure(response, url)
    headers = {name.lower(): value for name, value in response.headers.items()}
    if status in _GONE_STATUSES:
        raise Refused(
            f"{_status_text(response)}: what was there is withdrawn or moved",
            where=url,
            do="find the publication's new address and write it into the source file",
            status=status,
            headers=headers,
        )
    raise Refused(
        _status_text(response),
        where=url,
        do="open the address in a browser, and ask the publisher whether others may still read it",
        status=status,
        headers=headers,
    )


def _passing_failure(response: requests.Response, url: str) -> TryAgain | NotAnswered:
    text = _status_text(response)
    wait_seconds = retry_after_seconds(response.headers.get("Retry-After", ""))
    if wait_seconds <= LONGEST_WAIT_SECONDS:
        return TryAgain(text[0].lower() + text[1:], wait_seconds)
    may_ask_at = datetime.fromtimestamp(time.time() + wait_seconds, UTC)
    return NotAnswered(
        f"{text} and asks to be left alone for {wait_seconds:.0f} seconds",
        where=url,
        do=f"run again after {may_ask_at:%Y-%m-%d %H:%M:%S} UTC",
    )


def _status_text(response: requests.Response) -> str:
    reason = f" {response.reason}" if response.reason else ""
    return f"The publisher answers {response.status_code}{reason}"


def retry_after_seconds(text: str) -> float:
    """The wait that a `Retry-After` header asks for: a number or a date; 0 for anything else."""
    if re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def describe_network_error(error: Exception) -> str:
    """A network error in plain words, with the library's own text in brackets."""
    if isinstance(error, requests.exceptions.SSLError):
        cause = "its certificate cannot be trusted"
    elif isinstance(error, requests.Timeout) or "timed out" in str(error):
        cause = "it took too long"
    elif "IncompleteRead" in str(error) or "InvalidChunk" in str(error):
        cause = "the answer was cut off"
    else:
        cause = "the connection failed"
    return f"{cause} ({' '.join(str(error).split())})"
