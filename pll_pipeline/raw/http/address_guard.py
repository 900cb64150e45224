"""Which addresses may be asked: the scheme, the host, the network, and where redirects may lead.

A source file comes from outside as much as a redirect does, so both are checked in the same way.
Not here: making requests (`client.py`).
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import SplitResult, urljoin

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http.failures import FIND_NEW_ADDRESS, TryAgain
from pll_pipeline.sources.model import PoliteFetch

# Sent only to the host they were given for, and never written to a file.
SECRET_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "x-powerbi-resourcekey"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_CORRECT_ADDRESS = "correct the address in the source file"


class AddressGuard:
    """Checks the first address of a request and each address it is redirected to.

    `first_url` and `first_host` are what the source file names; redirects may lead to that host
    and to those in `polite.hosts`, where `.nhn.no` is every host of nhn.no.
    """

    def __init__(self, polite: PoliteFetch, first_url: str, first_host: str) -> None:
        self._allow_local = polite.allow_local
        self._further_hosts = {name.lower() for name in polite.hosts}
        self._first_url = first_url
        self._first_host = first_host

    def is_first_host(self, parts: SplitResult) -> bool:
        """Whether an address has the host of the first one, which secret headers were meant for."""
        return host_of(parts) == self._first_host

    def network_addresses(self, parts: SplitResult, url: str) -> list[str]:
        """The network addresses at which `url`, here split into `parts`, may be asked.

        Raises `PllError` for an address that may not be asked, and `TryAgain` where the name of
        the host has no network address now.
        """
        where = url if url == self._first_url else f"{self._first_url} → {url}"
        self._refuse_password(parts)
        self._refuse_scheme(parts, where)
        self._refuse_host(parts, where)
        host = host_of(parts)
        addresses = look_up(host, parts.port or _DEFAULT_PORTS[parts.scheme])
        if not self._allow_local and not all(is_public(address) for address in addresses):
            raise PllError(
                f"{host} is not on the public network ({', '.join(addresses)})",
                where=where,
                do="correct the address; a publisher inside the network is asked with allow_local",
            )
        return addresses

    @staticmethod
    def _refuse_password(parts: SplitResult) -> None:
        if parts.username is not None or parts.password is not None:
            raise PllError(
                "The address contains a user name or password",
                where=parts.netloc.rpartition("@")[2],
                do="leave it out of the address",
            )

    def _refuse_scheme(self, parts: SplitResult, where: str) -> None:
        if parts.scheme == "https" or (parts.scheme == "http" and self._allow_local):
            return
        raise PllError(
            f"The address is {parts.scheme}, not https",
            where=where,
            do="give the publisher's https address; http is for local publishers with allow_local",
        )

    def _refuse_host(self, parts: SplitResult, where: str) -> None:
        host = host_of(parts)
        is_named = any(_is_host(host, further) for further in self._further_hosts)
        if host != self._first_host and not is_named:
            raise PllError(
                f"The address leads to another host, {host}",
                where=where,
                do="if the publisher moved there, name the host under fetch.hosts in the source"
                " file",
            )


def _is_host(host: str, named: str) -> bool:
    """Whether a host is the named one; with a dot before it, that or one below it."""
    return host == named.removeprefix(".") or (named.startswith(".") and host.endswith(named))


def host_of(parts: SplitResult) -> str:
    """The host of an address, without the dot that may end it; empty where it names none."""
    return (parts.hostname or "").rstrip(".")


def redirect_target(url: str, location: str) -> str:
    """The address that a redirect from `url` leads to. Raises `PllError` where it is none."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise PllError(
            f"The publisher leads to an address that cannot be read: {location!r}",
            where=url,
            do=FIND_NEW_ADDRESS,
        ) from error


def look_up(host: str, port: int) -> list[str]:
    """Every network address of a host, in the order the system prefers.

    Raises `TryAgain` where the host has none now, `PllError` where it cannot be a host's name.
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TryAgain(f"no address of {host} was found ({error.strerror})") from error
    except UnicodeError as error:
        raise PllError(f"{host!r} cannot be the name of a host", do=_CORRECT_ADDRESS) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))


def is_public(address: str) -> bool:
    """Whether a network address means the same computer everywhere on the internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        # a private address may be written inside an IPv6 address that looks public
        embedded = ip.ipv4_mapped or ip.sixtofour
        if embedded:
            return is_public(str(embedded))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)
