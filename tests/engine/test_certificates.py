"""A Spark on another machine must show a certificate of its own name. Not here: a cluster."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest
from dbt.adapters.spark import connections
from thrift.transport.TTransport import TTransportException

from pll_pipeline.assets.dbt_process import check_certificates


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for `localhost`, with its key beside it."""
    assert shutil.which("openssl"), "a certificate is made with openssl"
    path = tmp_path / "localhost.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", "rsa:2048"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture
def port(certificate: Path) -> int:
    """Where a server with that certificate takes two connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    server = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        for _ in range(2):
            client, _ = server.accept()
            try:
                context.wrap_socket(client, server_side=True).close()
            except OSError:
                client.close()
        server.close()

    threading.Thread(target=answer, daemon=True).start()
    return int(server.getsockname()[1])


def _connect(host: str, port: int) -> bool:
    """Whether the connection opens that dbt-spark would open, before it logs in."""
    transport = connections.build_ssl_transport(host, port, "pll", "NOSASL", "")
    transport.open()
    is_open = bool(transport.isOpen())
    transport.close()
    return is_open


def test_dbt_spark_by_itself_takes_any_certificate(port: int) -> None:
    assert _connect("127.0.0.1", port)


def test_a_certificate_that_no_authority_signed_is_refused(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "ssl", connections.ssl)
    check_certificates()
    with pytest.raises(TTransportException, match="Could not connect"):
        _connect("localhost", port)


def test_a_certificate_of_another_name_is_refused_and_one_of_the_own_name_taken(
    port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(connections, "ssl", connections.ssl)
    check_certificates()
    with pytest.raises(TTransportException, match="Could not connect"):
        _connect("127.0.0.1", port)
    assert _connect("localhost", port)
