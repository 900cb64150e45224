"""Connections: made to a network address that was checked, and ended from outside at a deadline.

Not here: which addresses may be asked (`address_guard.py`), what is sent (`client.py`).
"""

from __future__ import annotations

import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Session(requests.Session):
    """Connects to a given network address and follows no redirect.

    The machine's proxies and passwords are not used.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self._sockets: list[socket.socket] = []
        self._adapter = _PinnedAdapter()
        self._adapter.poolmanager.pool_classes_by_scheme = _pools_that_record(self._sockets)
        for scheme in ("https://", "http://"):
            self.mount(scheme, self._adapter)

    def send_to(
        self, address: str, prepared: requests.PreparedRequest, timeout: tuple[float, float]
    ) -> requests.Response:
        """Send to a network address. `timeout` is seconds to connect and seconds between bytes."""
        self._adapter.address = address
        return self.send(prepared, stream=True, timeout=timeout)

    def cut_off(self) -> None:
        """End every connection at once, so that a thread that reads from one fails."""
        for connected in list(self._sockets):
            try:
                # that of TLS would wait for the other side
                socket.socket.shutdown(connected, socket.SHUT_RDWR)
            except OSError:
                continue

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the whole body of a redirect, however long."""


def _pools_that_record(sockets: list[socket.socket]) -> dict[str, type[HTTPConnectionPool]]:
    """Pools by scheme whose connections add their socket to `sockets` once they are connected.

    The connection itself forgets its socket while an answer is read that ends with it.
    """

    class Connection(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            _record(self.sock, sockets)

    class TlsConnection(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            _record(self.sock, sockets)

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    return {"http": Pool, "https": TlsPool}


def _record(connected: socket.socket | None, sockets: list[socket.socket]) -> None:
    sockets[:] = [known for known in sockets if known.fileno() != -1]
    if connected is not None:
        sockets.append(connected)


class _PinnedAdapter(HTTPAdapter):
    """Connects to the address that was checked, so that a second lookup cannot lead elsewhere."""

    address = ""

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """The parent's, with the checked address; the certificate must still be for the name."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        certified = {"server_hostname": host["host"]} if host["scheme"] == "https" else {}
        return {**host, "host": self.address}, {**pool, **certified}
