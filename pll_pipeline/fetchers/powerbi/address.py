"""From the address people are given to the address that answers: token, view page, cluster, host.

Everything read here comes from outside, so the host the key is sent to is held against a list. Not here: asking.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from pll_pipeline.config import PllError

_CLUSTER = re.compile(r"\bresolvedClusterUri\s*=\s*'([^'\\]*)'")
_RECORD = re.compile(r"\bclusterAssignmentRecord\s*=\s*(\{.*?\})\s*;", re.DOTALL)
_FALLBACK = re.compile(r"\bclusterUri\s*=\s*'([^'\\]*)'")


@dataclass(frozen=True)
class Token:
    """What a view address carries: the key to the report, its only credential, and the tenant it belongs to."""

    key: str = field(repr=False)
    tenant: str


def token_of(address: str) -> Token:
    """The token in a view address. Raises `PllError` when there is none that could be one."""
    texts = parse_qs(urlsplit(address).query).get("r", [""])
    # base64 of both alphabets, padded or not; a plus may have come as a blank
    text = texts[0].replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        said = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
        return Token(str(UUID(str(said["k"]))), str(UUID(str(said["t"]))) if said.get("t") else "")
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PllError(
            "The view address carries no key to a report", where=urlsplit(address)._replace(query="r=…").geturl(), do="copy the whole address of the report, from https:// to its end"
        ) from error


def cluster_of(page: str) -> str | None:
    """The cluster a view page names; None where it names none, as after a change of the page or for a withdrawn report."""
    if (found := _CLUSTER.search(page)) and found[1]:
        return found[1]
    if found := _RECORD.search(page):
        return _fixed_cluster(found[1])
    return None


def routing_address(page: str, tenant: str, suffixes: Iterable[str], *, allow_local: bool) -> str | None:
    """Where the page itself would ask for the cluster of a tenant, if it says where."""
    found = _FALLBACK.search(page)
    return f"{api_of(found[1], suffixes, allow_local=allow_local)}/public/routing/cluster/{tenant}" if found and found[1] and tenant else None


def _fixed_cluster(text: str | bytes) -> str | None:
    try:
        said: Any = json.loads(text)
    except ValueError:
        return None
    return str(said.get("FixedClusterUri") or "") or None if isinstance(said, dict) else None


def cluster_of_record(content: bytes) -> str | None:
    """The cluster a routing answer names."""
    return _fixed_cluster(content)


def api_of(cluster: str, suffixes: Iterable[str], *, allow_local: bool) -> str:
    """The API address of a cluster, without a slash at its end.

    In the first label of the host, `-redirect` and `global-` go and `-api` comes; an address in numbers is its own API.
    Raises `PllError` for a host that ends in none of `suffixes`, and for anything but https: no key goes there.
    """
    try:
        parts = urlsplit(cluster.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise PllError(f"The report's cluster is no address: {cluster[:200]!r}", do=_ELSEWHERE) from error
    if parts.scheme != "https" and not (allow_local and parts.scheme == "http"):
        raise PllError(f"The report's cluster is not asked over https: {cluster[:200]!r}", do=_ELSEWHERE)
    if parts.username is not None or not any(host == s or (s.startswith(".") and host.endswith(s)) for s in (suffix.lower() for suffix in suffixes)):
        raise PllError(f"The report's cluster is on a host the key may not be sent to: {host or cluster[:200]!r}", do=_ELSEWHERE)
    at = "" if port is None else f":{port}"
    if _is_in_numbers(host):
        return f"{parts.scheme}://{host}{at}"
    first, dot, rest = host.partition(".")
    return f"{parts.scheme}://{first.replace('-redirect', '').replace('global-', '')}-api{dot}{rest}{at}"


def _is_in_numbers(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_ELSEWHERE = "if the publisher's cloud is another one, name the end of its host under fetch.host_suffixes in the source file, or give fetch.cluster"
