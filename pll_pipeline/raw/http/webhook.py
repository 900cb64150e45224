"""Posting a message to an address that the operator chose, as a chat's webhook.

Not here: what is posted, and when (`automation.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http.address_guard import host_of
from pll_pipeline.raw.http.client import Client
from pll_pipeline.raw.http.failures import Refused, TryAgain
from pll_pipeline.sources.model import PoliteFetch

_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost"})
_LARGEST_REPLY_BYTES = 2**20


def post_json(address: str, payload: Mapping[str, Any], *, seconds: float = 10.0) -> None:
    """Post `payload` as JSON, once, and wait at most `seconds` for the reply.

    The address is https; http is for this machine only. Any status from 200 to 299 is a success.
    Raises `PllError` for every failure. It names the host and never the rest of the address, which
    contains the webhook's secret.
    """
    host = _host(address)
    polite = PoliteFetch(
        allow_local=True, total_seconds=seconds, largest_bytes=_LARGEST_REPLY_BYTES
    )
    try:
        with Client(polite, tries=1) as client:
            client.post(address, json=payload)
    except Refused as refusal:
        if not 200 <= refusal.status < 300:
            raise _failure(host, f"it answers {refusal.status}") from None
    except PllError as error:
        # Raised from nothing: the error this comes from contains the whole address.
        raise _failure(host, _reason(error, address)) from None


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
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    text = text.replace(address, "the address")
    return text.replace(path, "/…") if len(path) > 1 else text
