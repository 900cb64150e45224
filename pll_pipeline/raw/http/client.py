"""The HTTP client: the session, retries and redirects of one publisher's requests.

Every publisher is asked through `Client`: within limits of bytes and time, and connected only to a
network address that was checked. Not here: which addresses may be asked (`address_guard.py`),
reading a body (`body.py`), what failures mean (`failures.py`), protocols on top of HTTP.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)
from urllib3.exceptions import HTTPError

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http.address_guard import (
    SECRET_HEADERS,
    AddressGuard,
    host_of,
    redirect_target,
)
from pll_pipeline.raw.http.body import read_body
from pll_pipeline.raw.http.failures import (
    FIND_NEW_ADDRESS,
    NotAnswered,
    TryAgain,
    describe_network_error,
    refuse_failure,
)
from pll_pipeline.sources.model import PoliteFetch

USER_AGENT = (
    f"pll-pipeline/{version('pll-pipeline')} (published statistics on Norway's medicine lists)"
)
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
MOST_REDIRECTS = 5
MOST_TRIES = 4
_BACK_OFF = wait_exponential_jitter(initial=1, max=30, jitter=1)
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_BODY_KEEPING_STATUSES = frozenset({307, 308})
_CONDITIONAL_HEADERS = frozenset({"if-none-match", "if-modified-since"})


@dataclass(frozen=True)
class Answer:
    """A whole answer with status 200 or 304.

    `address` is what was asked first, `url` what answered after redirects. `content` is
    decompressed, names of `headers` are in lower case, times are UTC.
    """

    method: str
    address: str
    url: str
    request_headers: Mapping[str, str] = field(repr=False)
    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    asked_at: datetime
    answered_at: datetime

    @property
    def media_type(self) -> str:
        """The media type of the content, as `text/csv`; empty when the publisher names none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def record(self) -> dict[str, Any]:
        """How the content came, for a snapshot's `origin`: without content, keys and cookies."""
        return {
            "method": self.method,
            "address": self.address,
            "url": self.url,
            "request_headers": _without_secrets(self.request_headers),
            "status": self.status,
            "headers": _without_secrets(self.headers),
            "asked_at": self.asked_at.isoformat().replace("+00:00", "Z"),
            "answered_at": self.answered_at.isoformat().replace("+00:00", "Z"),
        }


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    accept: tuple[str, ...]

    @property
    def is_conditional(self) -> bool:
        return any(name.lower() in _CONDITIONAL_HEADERS for name in self.headers)


class Client:
    """Asks one publisher, within the limits of `polite`. A context manager; not thread-safe.

    A failure that may pass is tried again, `tries` times in all, with `sleep` in between. `get` and
    `post` raise `NotAnswered` when the last try failed or the publisher asks for a long wait, and
    `PllError` for what waiting does not repair: an address that may not be asked, an answer that is
    too large, of another media type, or a refusal.
    """

    def __init__(
        self,
        polite: PoliteFetch,
        *,
        tries: int = MOST_TRIES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._polite = polite
        self._session = _Session()
        self._tries = tries
        self._retrying = Retrying(
            stop=stop_after_attempt(tries),
            wait=_wait_seconds,
            retry=retry_if_exception_type(TryAgain),
            sleep=sleep,
            reraise=True,
        )

    def __enter__(self) -> Client:
        """The client itself, with no connection yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._session.close()

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, accept: Iterable[str] = ()
    ) -> Answer:
        """What is at an address; status 304 only where `headers` contain a condition.

        Where `accept` names media types, an answer of another one is refused.
        """
        return self._ask(_Request("GET", url, headers or {}, None, tuple(accept)))

    def post(
        self,
        url: str,
        *,
        json: Any,
        headers: Mapping[str, str] | None = None,
        accept: Iterable[str] = (),
    ) -> Answer:
        """The answer to `json`, sent as the body of the request.

        Where `accept` names media types, an answer of another one is refused.
        """
        all_headers = {"Content-Type": "application/json", **(headers or {})}
        return self._ask(_Request("POST", url, all_headers, _as_json(json), tuple(accept)))

    def _ask(self, request: _Request) -> Answer:
        try:
            return self._retrying(self._follow, request)
        except TryAgain as last:
            number = "1 try" if self._tries == 1 else f"{self._tries} tries"
            raise NotAnswered(
                f"The publisher did not answer in {number}: {last.reason}",
                where=request.url,
                do="run again later; if it lasts, open the address in a browser and see whether"
                " the publisher has moved it",
            ) from last

    def _follow(self, request: _Request) -> Answer:
        """One try: the answer at the end of the redirects, each checked like the first address."""
        asked_at, deadline = datetime.now(UTC), time.monotonic() + self._polite.total_seconds
        first_host = host_of(self._prepared(request)[1])
        guard = AddressGuard(self._polite, request.url, first_host)
        step = request
        for _ in range(MOST_REDIRECTS + 1):
            prepared, addresses = self._checked(step, guard)
            with self._send(prepared, addresses, deadline) as response:
                location = _location(response)
                if location is None:
                    refuse_failure(response, request.url, is_conditional=request.is_conditional)
                    content = self._content(response, deadline)
                    return _answer(request, prepared, response, content, asked_at)
            _refuse_lost_body(step, response.status_code, location)
            step = replace(step, url=redirect_target(str(prepared.url), location))
        raise PllError(
            f"The address leads from one to the next more than {MOST_REDIRECTS} times",
            where=request.url,
            do=FIND_NEW_ADDRESS,
        )

    def _checked(
        self, step: _Request, guard: AddressGuard
    ) -> tuple[requests.PreparedRequest, list[str]]:
        """The request as it will be sent, and the network addresses it may be sent to."""
        prepared, parts = self._prepared(step)
        addresses = guard.network_addresses(parts, step.url)
        if not guard.is_first_host(parts):
            for name in [name for name in prepared.headers if name.lower() in SECRET_HEADERS]:
                del prepared.headers[name]
        prepared.headers["Host"] = parts.netloc
        return prepared, addresses

    def _prepared(self, request: _Request) -> tuple[requests.PreparedRequest, SplitResult]:
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": ", ".join(request.accept) or "*/*",
            "Accept-Encoding": "gzip, deflate",
            **request.headers,
        }
        try:
            prepared = self._session.prepare_request(
                requests.Request(request.method, request.url, headers=headers, data=request.body)
            )
            parts = urlsplit(str(prepared.url))
            if not parts.hostname:
                raise ValueError("it names no host")
        except ValueError as error:
            raise PllError(
                f"The address cannot be read: {error}",
                where=request.url,
                do="correct the address in the source file",
            ) from error
        return prepared, parts

    def _send(
        self, prepared: requests.PreparedRequest, addresses: list[str], deadline: float
    ) -> requests.Response:
        """The answer, its body not yet read, from the first address that can be connected to."""
        failure: Exception | None = None
        for address in addresses:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            timeout = (min(CONNECT_SECONDS, left), min(READ_SECONDS, left))
            try:
                return self._session.send_to(address, prepared, timeout)
            except (requests.ConnectionError, requests.Timeout, HTTPError) as error:
                failure = error
        reason = describe_network_error(failure) if failure else "the time for it was used up"
        raise TryAgain(reason) from failure

    def _content(self, response: requests.Response, deadline: float) -> bytes:
        if response.status_code == 304:
            return b""
        return read_body(response, self._polite.largest_bytes, deadline)


class _Session(requests.Session):
    """Connects to a given network address and follows no redirect.

    The machine's proxies and passwords are not used.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self._adapter = _PinnedAdapter()
        for scheme in ("https://", "http://"):
            self.mount(scheme, self._adapter)

    def send_to(
        self, address: str, prepared: requests.PreparedRequest, timeout: tuple[float, float]
    ) -> requests.Response:
        """Send to a network address. `timeout` is seconds to connect and seconds between bytes."""
        self._adapter.address = address
        return self.send(prepared, stream=True, timeout=timeout)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the whole body of a redirect, however long."""


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


def _as_json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _location(response: requests.Response) -> str | None:
    """Where a redirect leads; None for an answer that is no redirect."""
    if response.status_code not in _REDIRECT_STATUSES:
        return None
    return response.headers.get("Location")


def _refuse_lost_body(step: _Request, status: int, location: str) -> None:
    """Raise where a redirect would turn a POST into a GET, which asks for nothing."""
    if step.method == "POST" and status not in _BODY_KEEPING_STATUSES:
        raise PllError(
            "The question was led to another address, without what it asks",
            where=f"{step.url} → {location}",
            do=FIND_NEW_ADDRESS,
        )


def _answer(
    request: _Request,
    prepared: requests.PreparedRequest,
    response: requests.Response,
    content: bytes,
    asked_at: datetime,
) -> Answer:
    answer = Answer(
        method=request.method,
        address=request.url,
        url=str(prepared.url),
        request_headers=dict(prepared.headers),
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        content=content,
        asked_at=asked_at,
        answered_at=datetime.now(UTC),
    )
    _refuse_other_media_type(answer, request.accept)
    return answer


def _refuse_other_media_type(answer: Answer, accept: tuple[str, ...]) -> None:
    media_types = [media_type.lower() for media_type in accept]
    if media_types and answer.status == 200 and answer.media_type not in media_types:
        actual = answer.media_type or "something it does not name"
        raise PllError(
            f"The publisher answers with {actual} instead of {' or '.join(media_types)}",
            where=answer.url,
            do="open the address in a browser and see what became of the publication",
        )


def _wait_seconds(state: RetryCallState) -> float:
    """The longer of our own back-off and what the publisher asked for."""
    failure = state.outcome.exception() if state.outcome else None
    asked_for = failure.wait_seconds if isinstance(failure, TryAgain) else 0.0
    return max(_BACK_OFF(state), asked_for)


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    names = {name: name.lower() for name in headers}
    return {low: headers[name] for name, low in names.items() if low not in SECRET_HEADERS}
