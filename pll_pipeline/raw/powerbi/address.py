"""From the address that people are given to the address that answers: token, cluster, host.

Everything read here comes from outside, so the host that gets the key is compared with a list. Not
here: making requests (`conversation.py`).
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
from urllib.parse import SplitResult, parse_qs, urlsplit
from uuid import UUID

from pll_pipeline.errors import PllError

_CLUSTER = re.compile(r"""\bresolvedClusterUri\s*=\s*(['"])([^'"\\]+)\1""")
_RECORD = re.compile(r"\bclusterAssignmentRecord\s*=\s*(\{.*?\})\s*;", re.DOTALL)
_ROUTING = re.compile(r"""\bclusterUri\s*=\s*(['"])([^'"\\]+)\1""")
_OTHER_CLOUD = (
    "if the publisher's cloud is another one, name the end of its host under fetch.host_suffixes in"
    " the source file, or give fetch.cluster"
)


@dataclass(frozen=True)
class Token:
    """What a view address contains: the key to the report, and the tenant it belongs to.

    The key is the only credential. `text` is the encoded form in the address.
    """

    key: str = field(repr=False)
    tenant: str
    text: str = field(repr=False)

    def struck_from(self, content: bytes) -> bytes:
        """The content without the key and the token, however an address writes them."""
        written = f"{_percent_pattern(self.text)}|{_percent_pattern(self.key)}"
        return re.sub(written.encode(), b"KEY", content, flags=re.IGNORECASE)


def token_of(address: str) -> Token:
    """The token in a view address. Raises `PllError` when it contains none."""
    texts = parse_qs(urlsplit(address).query).get("r", [""])
    # a plus sign may have become a space
    text = texts[0].replace(" ", "+").rstrip("=")
    try:
        fields = json.loads(_from_base64(text))
        tenant = str(UUID(str(fields["t"]))) if fields.get("t") else ""
        return Token(str(UUID(str(fields["k"]))), tenant, text)
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


def _from_base64(text: str) -> bytes:
    """The bytes of base64 in either alphabet, padded or not."""
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    return base64.b64decode(padded, validate=True)


def cluster_of(page: str) -> str | None:
    """The cluster that a view page names.

    None where it names none: the page has changed, or the report is withdrawn.
    """
    if match := _CLUSTER.search(page):
        return match[2]
    match = _RECORD.search(page)
    return cluster_of_record(match[1]) if match else None


def cluster_of_record(content: str | bytes) -> str | None:
    """The cluster in a record of the view page, or in the answer of the routing address."""
    try:
        record: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return str(record.get("FixedClusterUri") or "") or None if isinstance(record, dict) else None


def routing_address(
    page: str, tenant: str, hosts: Iterable[str], *, allow_local: bool
) -> str | None:
    """Where the page itself would ask for the cluster of a tenant.

    None where the page does not say, or names no host of the report's cloud.
    """
    match = _ROUTING.search(page)
    if match is None or not tenant:
        return None
    try:
        api = api_of(match[2], hosts, allow_local=allow_local)
    except PllError:
        # the page of a withdrawn report names a general host, which does not know its cluster
        return None
    return f"{api}/public/routing/cluster/{tenant}"


def loopback_hosts(addresses: Iterable[str | None]) -> list[str]:
    """Host and port of those addresses that are on this machine."""
    all_parts = [urlsplit(address) for address in addresses if address]
    return [parts.netloc for parts in all_parts if _is_loopback(parts)]


def _is_loopback(parts: SplitResult) -> bool:
    ip = _ip(parts.hostname or "")
    return ip is not None and ip.is_loopback


def api_of(cluster: str, hosts: Iterable[str], *, allow_local: bool) -> str:
    """The API address of a cluster, without a slash at its end.

    In the first label of the host, `-redirect` and `global-` go and `-api` comes; a host that is a
    network address is its own API. `hosts` are ends of hosts, which begin with a dot, and whole
    hosts, with a port or without. Raises `PllError` for a host that is none of these and for
    anything but https (http with `allow_local`): the key is not sent there.
    """
    parts = _checked_cluster(cluster, hosts, allow_local=allow_local)
    host = parts.hostname or ""
    if _ip(host):
        return f"{parts.scheme}://{parts.netloc}"
    first, dot, rest = host.partition(".")
    api_host = first.replace("-redirect", "").replace("global-", "") + "-api" + dot + rest
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{api_host}{port}"


def checked_cluster(cluster: str, hosts: Iterable[str], *, allow_local: bool) -> str:
    """The cluster's own address, without a slash at its end. Raises as `api_of` does."""
    parts = _checked_cluster(cluster, hosts, allow_local=allow_local)
    return f"{parts.scheme}://{parts.netloc}"


def _checked_cluster(cluster: str, hosts: Iterable[str], *, allow_local: bool) -> SplitResult:
    """The parts of a cluster's address that the key may be sent to; raises as `api_of` does."""
    shown = cluster[:200]
    try:
        parts = urlsplit(cluster.strip())
        host = parts.hostname or ""
        _ = parts.port  # raises ValueError where it is no number
    except ValueError as error:
        raise PllError(f"The report's cluster is no address: {shown!r}", do=_OTHER_CLOUD) from error
    if parts.scheme != "https" and not (allow_local and parts.scheme == "http"):
        raise PllError(f"The report's cluster is not asked over https: {shown!r}", do=_OTHER_CLOUD)
    is_allowed = any(_is_host(parts, allowed.lower()) for allowed in hosts)
    if not is_allowed or parts.username is not None:
        raise PllError(
            f"The report's cluster is on a host the key may not be sent to: {host or shown!r}",
            do=_OTHER_CLOUD,
        )
    return parts


def _is_host(parts: SplitResult, allowed: str) -> bool:
    """Whether an address has an allowed host: a whole one, or one that ends so."""
    host = parts.hostname or ""
    is_end = allowed.startswith(".") and host.endswith(allowed)
    return is_end or allowed in (host, parts.netloc.lower())


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _percent_pattern(text: str) -> str:
    """A pattern for a text whose punctuation may be percent-encoded."""
    return "".join(c if c.isalnum() else f"(?:{re.escape(c)}|%{ord(c):02x})" for c in text)
