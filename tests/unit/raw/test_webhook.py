"""A message is posted until it is delivered, and no failure discloses the secret in its address."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http.webhook import ping, post_json
from tests.loopback import ReceivedRequest, Reply, publisher

PATH = "/services/T0/hemmelig?token=nokkel"


def test_a_message_is_posted_as_json() -> None:
    with publisher(Reply(b"ok")) as loopback:
        post_json(loopback.url + PATH, {"text": "Kilden svarer ikke på Ås"})
    (request,) = loopback.received
    assert (request.method, request.path) == ("POST", PATH)
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {"text": "Kilden svarer ikke på Ås"}


@pytest.mark.parametrize("status", [201, 202, 204])
def test_every_status_of_success_is_accepted(status: int) -> None:
    with publisher(Reply(status=status)) as loopback:
        post_json(loopback.url, {"text": "a"})
    assert len(loopback.received) == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(status=404), "it answers 404"),
        (Reply(status=500), "the publisher answers 500"),
        (Reply(status=429, headers={"Retry-After": "3600"}), "left alone"),
        (Reply(status=302, headers={"Location": "/elsewhere"}), "it answers 302"),
        (Reply(status=307, headers={"Location": "/elsewhere"}), "it answers 307"),
    ],
)
def test_a_failure_is_an_error_without_the_secret(reply: Reply, reason: str) -> None:
    with (
        publisher(reply) as loopback,
        pytest.raises(PllError, match=f"could not be posted.*{reason}") as failure,
    ):
        post_json(loopback.url + PATH, {"text": "a"}, tries=1)
    assert len(loopback.received) == 1, "no redirect is followed"
    assert failure.value.where == "127.0.0.1"
    assert "hemmelig" not in str(failure.value)
    assert failure.value.__cause__ is None


def test_a_service_that_is_down_is_an_error_without_the_secret() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}{PATH}"
    with pytest.raises(PllError, match="the connection failed") as failure:
        post_json(address, {"text": "a"}, tries=1)
    assert "hemmelig" not in str(failure.value)


def test_a_busy_receiver_is_posted_to_again_until_it_takes_the_message() -> None:
    waits: list[float] = []
    with publisher(Reply(status=503), Reply(status=429), Reply(status=204)) as loopback:
        post_json(loopback.url + PATH, {"text": "a"}, sleep=waits.append)
    assert (len(loopback.received), len(waits)) == (3, 2)


@pytest.mark.parametrize("reply", [Reply(b"x", length=5), Reply(b"x" * 3, length=None, pieces=3)])
def test_a_message_that_was_taken_is_delivered_whatever_follows(reply: Reply) -> None:
    with publisher(reply) as loopback:
        post_json(loopback.url + PATH, {"text": "a"}, sleep=pytest.fail)
    assert len(loopback.received) == 1


def test_a_ping_gets_the_address_and_follows_nothing() -> None:
    with publisher(Reply(b"ok"), Reply(status=302, headers={"Location": "/a"})) as loopback:
        ping(loopback.url + PATH)
        with pytest.raises(PllError, match="it answers 302"):
            ping(loopback.url + PATH)
    assert [(request.method, request.path) for request in loopback.received] == [("GET", PATH)] * 2


@pytest.mark.parametrize(
    "address",
    ["https://hooks example/hemmelig", "https://127.0.0.1:x/hemmelig", "https://[::1]x/hemmelig"],
)
def test_an_address_that_is_none_is_an_error_without_the_secret(address: str) -> None:
    with pytest.raises(PllError, match="could not be posted") as failure:
        post_json(address, {"text": "a"}, sleep=lambda _: None)
    assert "hemmelig" not in str(failure.value)


def test_a_service_that_does_not_reply_in_time_is_given_up() -> None:
    silence = threading.Event()

    def wait(_: ReceivedRequest) -> Reply:
        silence.wait(5)
        return Reply()

    with publisher() as loopback:
        loopback.handler = wait
        with pytest.raises(PllError, match="took too long"):
            post_json(loopback.url, {"text": "a"}, seconds=0.05, tries=1)
    silence.set()


@pytest.mark.parametrize(
    "address", ["http://chat.example/hemmelig", "ftp://127.0.0.1/hemmelig", "hemmelig", "http://[:"]
)
def test_only_https_is_posted_to_beyond_this_machine(address: str) -> None:
    with pytest.raises(PllError, match=r"only https|no address") as failure:
        post_json(address, {"text": "a"})
    assert "hemmelig" not in str(failure.value)
