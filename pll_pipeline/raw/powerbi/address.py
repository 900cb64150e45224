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

from pll_pipeline.errors import PllError

_CLUSTER = re.compile(r"""\bresolvedClusterUri\s*=\s*(['"])([^'"\\]+)\1""")
_RECORD = re.compile(r"\bclusterAssignmentRecord\s*=\s*(\{.*?\})\s*;", re.DOTALL)
_ROUTING = re.compile(r"""\bclusterUri\s*=\s*(['"])([^'"\\]+)\1""")


@dataclass(frozen=True)
class Token:
    """What a view address carries: the key to the report, its only credential, and the tenant it belongs to; `text` is how it says so."""

    key: str = field(repr=False)
    tenant: str
    text: str = field(repr=False)

    def struck_from(self, content: bytes) -> bytes:
        """The content without the key and the token that holds it, however an address writes them."""
        return re.sub(
            f"{_written(self.text)}|{_written(self.key)}".encode(),
            b"KEY",
            content,
            flags=re.IGNORECASE,
        )


def token_of(address: str) -> Token:
    """The token in a view address. Raises `PllError` when there is none that could be one."""
    texts = parse_qs(urlsplit(address).query).get("r", [""])
    # base64 of both alphabets, padded or not; a plus may have come as a blank
    text = texts[0].replace(" ", "+").rstrip("=")
    try:
        said = json.loads(
            base64.b64decode(
                text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True
            )
        )
        return Token(
            str(UUID(str(said["k"]))), str(UUID(str(said["t"]))) if said.get("t") else "", text
        )
    except (
        binascii.Error,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise PllError(
            "The view address carries no key to a report",
            where=urlsplit(address)._replace(query="r=…").geturl(),
            do="copy the whole address of the report, from https:// to its end",
        ) from error


def cluster_of(page: str) -> str | None:
    """The cluster a view page names; None where it names none, as after a change of the page or for a withdrawn report."""
    if found := _CLUSTER.search(page):
        return found[2]
    return cluster_of_record(found[1]) if (found := _RECORD.search(page)) else None


def cluster_of_record(content: str | bytes) -> str | None:
    """The cluster a record of the view page names, or the answer of the routing address."""
    try:
        said: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return str(said.get("FixedClusterUri") or "") or None if isinstance(said, dict) else None


def routing_address(
    page: str, tenant: str, hosts: Iterable[str], *, allow_local: bool
) -> str | None:
    """Where the page itself would ask for the cluster of a tenant; None where it does not say, or names no host of the report's cloud."""
    found = _ROUTING.search(page)
    if found is None or not tenant:
        return None
    try:
        return f"{api_of(found[2], hosts, allow_local=allow_local)}/public/routing/cluster/{tenant}"
    except PllError:
        # a page of a withdrawn report names a general host here, which knows nothing of its cluster
        return None


def loopback_hosts(addresses: Iterable[str | None]) -> list[str]:
    """Host and port of those addresses that lie on this machine."""
    parts = [urlsplit(address) for address in addresses if address]
    return [one.netloc for one in parts if (ip := _ip(one.hostname or "")) and ip.is_loopback]


def api_of(cluster: str, hosts: Iterable[str], *, allow_local: bool) -> str:
    """The API address of a cluster, without a slash at its end.

    In the first label of the host, `-redirect` and `global-` go and `-api` comes; an address in numbers is its own API.
    `hosts` are ends of hosts, which begin with a dot, and whole hosts, with a port or without. Raises `PllError` for a host
    that is none of these, and for anything but https (http with `allow_local`): no key goes there.
    """
    try:
        parts = urlsplit(cluster.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise PllError(
            f"The report's cluster is no address: {cluster[:200]!r}", do=_ELSEWHERE
        ) from error
    if parts.scheme != "https" and not (allow_local and parts.scheme == "http"):
        raise PllError(
            f"The report's cluster is not asked over https: {cluster[:200]!r}", do=_ELSEWHERE
        )
    is_known = any(
        known in (host, parts.netloc.lower()) or (known.startswith(".") and host.endswith(known))
        for known in map(str.lower, hosts)
    )
    if not is_known or parts.username is not None:
        raise PllError(
            f"The report's cluster is on a host the key may not be sent to: {host or cluster[:200]!r}",
            do=_ELSEWHERE,
        )
    if _ip(host):
        return f"{parts.scheme}://{parts.netloc}"
    first, dot, rest = host.partition(".")
    return f"{parts.scheme}://{first.replace('-redirect', '').replace('global-', '')}-api{dot}{rest}{'' if port is None else f':{port}'}"


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _written(text: str) -> str:
    return "".join(c if c.isalnum() else f"(?:{re.escape(c)}|%{ord(c):02x})" for c in text)


_ELSEWHERE = "if the publisher's cloud is another one, name the end of its host under fetch.host_suffixes in the source file, or give fetch.cluster"
