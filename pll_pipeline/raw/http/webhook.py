"""Messages to addresses that the operator chose: a chat's webhook, and a monitor of silence.

Not here: what is sent, and when (`reporting.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http.address_guard import host_of
from pll_pipeline.raw.http.client import Client
from pll_pipeline.raw.http.failures import Refused, TryAgain
from pll_pipeline.sources.addresses import HIDDEN
from pll_pipeline.sources.model import PoliteFetch

TRIES = 3
TRY_SECONDS = 10.0
ALL_SECONDS = 45.0
_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost"})


def post_json(
    address: str,
    payload: Mapping[str, Any],
    *,
    seconds: float = TRY_SECONDS,
    tries: int = TRIES,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Post `payload` as JSON, and try again where the receiver is busy or does not answer.

    The address is https; http is for this machine only. Any status from 200 to 299 is a success,
    whatever follows it; a redirect is a failure. A try takes at most `seconds`, all together
    `ALL_SECONDS`. Raises `PllError` for every failure. It names the host and never the rest of the
    address, which contains the webhook's secret.
    """
    _deliver(address, payload, _limits(seconds), tries, sleep)


def ping(
    address: str,
    *,
    seconds: float = TRY_SECONDS,
    tries: int = TRIES,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Get an address, so that its owner knows that all is well. Limits and errors as above."""
    _deliver(address, None, _limits(seconds), tries, sleep)


def _limits(seconds: float) -> PoliteFetch:
    return PoliteFetch(allow_local=True, total_seconds=seconds, source_seconds=ALL_SECONDS)


def _deliver(
    address: str,
    payload: Mapping[str, Any] | None,
    limits: PoliteFetch,
    tries: int,
    sleep: Callable[[float], None],
) -> None:
    address = address.strip()
    host = _host(address)
    try:
        with Client(limits, tries=tries, sleep=sleep) as client:
            client.deliver(address, json=payload)
    except Refused as refusal:
        raise _failure(host, f"it answers {refusal.status}") from None
    except PllError as error:
        # Raised from nothing: the error this comes from contains the whole address.
        raise _failure(host, _reason(error, address)) from None
    except Exception as error:
        raise _failure(host, f"not foreseen: {type(error).__name__}") from None


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = host_of(parts)
    except ValueError:
        raise _failure("the address", "it is no address") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK_HOSTS):
        raise _failure(host or "the address", "only https addresses are posted to")
    return host


def _failure(where: str, reason: str) -> PllError:
    return PllError(
        f"The message could not be posted: {reason}",
        where=where,
        do="check the webhook's address, and whether its service is up",
    )


def _reason(error: PllError, address: str) -> str:
    """Why it failed, without the part of the address that is a secret."""
    cause = error.__cause__
    text = cause.reason if isinstance(cause, TryAgain) else error.what
    parts = urlsplit(address)
    for secret in (address, parts.path, parts.query):
        text = text.replace(secret, HIDDEN) if len(secret) > 1 else text
    return text
