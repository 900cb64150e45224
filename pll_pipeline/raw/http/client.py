"""The HTTP client: retries, redirects and deadlines of one publisher's requests.

Every publisher is asked through `Client`: within limits of bytes and time, connected only to a
network address that was checked, and with no key of an address in any text. Not here: which
addresses may be asked (`address_guard.py`), connections (`session.py`), reading a body (`body.py`),
what failures mean (`failures.py`), protocols on top of HTTP.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
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
from pll_pipeline.raw.http.body import read_body, refuse_framing
from pll_pipeline.raw.http.deadline import TooLate, finished_by
from pll_pipeline.raw.http.failures import (
    FIND_NEW_ADDRESS,
    NotAnswered,
    TryAgain,
    describe_network_error,
    refuse_failure,
)
from pll_pipeline.raw.http.session import Session
from pll_pipeline.sources.addresses import AddressKeys, without_keys
from pll_pipeline.sources.model import PoliteFetch

# Its warnings contain whole addresses, and would be shown where no log is set up.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

USER_AGENT = (
    f"pll-pipeline/{version('pll-pipeline')} (published statistics on Norway's medicine lists)"
)
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
MOST_REDIRECTS = 5
MOST_TRIES = 4
_LONGEST_TEXT = 600
_BACK_OFF = wait_exponential_jitter(initial=1, max=30, jitter=1)
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_BODY_KEEPING_STATUSES = frozenset({307, 308})
_CONDITIONAL_HEADERS = frozenset({"if-none-match", "if-modified-since"})


@dataclass(frozen=True)
class Answer:
    """A whole answer with status 200 or 304.

    `address` is what was asked first, `url` what answered after redirects, both without keys.
    `content` is decompressed, names of `headers` are in lower case, times are UTC.
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
    accept: tuple[str, ...] = ()
    is_delivery: bool = False

    @property
    def is_conditional(self) -> bool:
        return any(name.lower() in _CONDITIONAL_HEADERS for name in self.headers)


class Client:
    """Asks one publisher, within the limits of `polite`. A context manager; not thread-safe.

    A failure that may pass is tried again, `tries` times in all, with `sleep` in between. No try
    takes longer than `total_seconds`, and everything together not longer than `source_seconds`
    after the client was made. `get` and `post` raise `NotAnswered` when the last try failed, the
    time is used up or the publisher asks for a long wait, and `PllError` for what waiting does not
    repair: an address that may not be asked, an answer that is too large, of another media type, or
    a refusal. Variables in an address are replaced by the keys of the environment only in what is
    sent; no answer and no error contains one.
    """

    def __init__(
        self,
        polite: PoliteFetch,
        *,
        tries: int = MOST_TRIES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._polite, self._tries = polite, tries
        self._session = Session()
        self._ends_at = time.monotonic() + polite.source_seconds
        self._retrying = Retrying(
            stop=self._is_last_try,
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

    def deliver(self, url: str, *, json: Any = None) -> None:
        """Post `json`, or get where there is none, for the effect alone.

        Any status from 200 to 299 is a success, and no redirect is followed. Of the reply nothing
        but its status is read.
        """
        if json is None:
            request = _Request("GET", url, {}, None, is_delivery=True)
        else:
            headers = {"Content-Type": "application/json"}
            request = _Request("POST", url, headers, _as_json(json), is_delivery=True)
        self._ask(request)

    def _ask(self, request: _Request) -> Answer:
        """The answer to a request; what it and errors say of the address is without keys."""
        keys = AddressKeys.of(request.url, self._polite.secret_parameters)
        with_keys = replace(request, url=keys.put_into(request.url))
        try:
            answer = self._retried(with_keys)
        except PllError as error:
            _strike_keys(error, keys)
            raise error from (None if keys.values else error.__cause__)
        if keys.are_in(answer.content):
            raise PllError(
                "The answer repeats the key that is in its address, so it cannot be kept",
                where=keys.without(request.url),
                do="ask the publisher for an address without a key; or get the file by hand,"
                " and keep it with `pll archive`",
            )
        return replace(
            answer,
            address=without_keys(request.url, keys.declared),
            url=keys.without(answer.url),
            request_headers=_struck(answer.request_headers, keys),
            headers=_struck(answer.headers, keys),
        )

    def _retried(self, request: _Request) -> Answer:
        if time.monotonic() >= self._ends_at:
            raise self._not_answered(request, "was not asked", is_used_up=True)
        try:
            return self._retrying(self._try, request)
        except TryAgain as last:
            number = self._retrying.statistics["attempt_number"]
            tries = "1 try" if number == 1 else f"{number} tries"
            what = f"did not answer in {tries}: {last.reason}"
            is_used_up = number < self._tries
            raise self._not_answered(request, what, is_used_up=is_used_up) from last

    def _not_answered(self, request: _Request, what: str, *, is_used_up: bool) -> NotAnswered:
        seconds = f"the {self._polite.source_seconds:g} seconds for this source are used up"
        used_up = f"; {seconds}" if is_used_up else ""
        return NotAnswered(
            f"The publisher {what}{used_up}",
            where=request.url,
            do="run again later; if it lasts, open the address in a browser and see whether"
            " the publisher has moved it",
        )

    def _is_last_try(self, state: RetryCallState) -> bool:
        """Whether there were enough tries, or the time for the source ends before the next."""
        is_too_late = time.monotonic() + state.upcoming_sleep >= self._ends_at
        return is_too_late or state.attempt_number >= self._tries

    def _try(self, request: _Request) -> Answer:
        """One try, which ends at its deadline whatever the publisher sends."""
        deadline = min(time.monotonic() + self._polite.total_seconds, self._ends_at)
        session = self._session
        try:
            return finished_by(
                deadline, lambda: self._follow(session, request, deadline), session.cut_off
            )
        except TooLate:
            # The one before may still be in use by the thread that was left behind.
            self._session = Session()
            raise TryAgain("it took too long; the time for one try was used up") from None

    def _follow(self, session: Session, request: _Request, deadline: float) -> Answer:
        """The answer at the end of the redirects, each checked like the first address."""
        asked_at = datetime.now(UTC)
        first_host = host_of(self._prepared(request)[1])
        guard = AddressGuard(self._polite, request.url, first_host)
        step = request
        for _ in range(MOST_REDIRECTS + 1):
            prepared, addresses = self._checked(step, guard)
            with _send(session, prepared, addresses, deadline) as response:
                location = None if request.is_delivery else _location(response)
                if location is None:
                    content = self._content(request, response, deadline)
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

    def _content(self, request: _Request, response: requests.Response, deadline: float) -> bytes:
        """What an answer contains; raises for one that is a failure."""
        if request.is_delivery and 200 <= response.status_code < 300:
            return b""
        refuse_failure(response, request.url, is_conditional=request.is_conditional)
        if response.status_code == 304:
            return b""
        return read_body(response, self._polite.largest_bytes, deadline)


def _send(
    session: Session, prepared: requests.PreparedRequest, addresses: list[str], deadline: float
) -> requests.Response:
    """The answer, its body not yet read, from the first address that can be connected to."""
    failure: Exception | None = None
    for address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        timeout = (min(CONNECT_SECONDS, left), min(READ_SECONDS, left))
        try:
            response = session.send_to(address, prepared, timeout)
        except requests.exceptions.InvalidHeader as error:
            raise PllError(
                f"The headers of the answer contradict each other: {error}",
                where=str(prepared.url),
                do="report it to the publisher; how long the answer is cannot be known",
            ) from error
        except (requests.RequestException, HTTPError) as error:
            failure = error
        else:
            refuse_framing(response)
            return response
    reason = describe_network_error(failure) if failure else "the time for it was used up"
    raise TryAgain(reason) from failure


def _strike_keys(error: PllError, keys: AddressKeys) -> None:
    # Shortened only now: of a key that was cut in two, neither part would be known.
    error.what = keys.without(error.what)[:_LONGEST_TEXT]
    error.where, error.do = keys.without(error.where), keys.without(error.do)
    error.args = (error.paragraph(),)
    if isinstance(error.__cause__, TryAgain):
        error.__cause__.reason = keys.without(error.__cause__.reason)


def _struck(headers: Mapping[str, str], keys: AddressKeys) -> dict[str, str]:
    return {name: keys.without(value) for name, value in headers.items()}


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
