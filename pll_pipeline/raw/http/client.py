"""Files at addresses: asked for politely, with conditional requests, and never beyond the bounds of the source.

`Client` is how every publisher is asked: bounded in bytes and time, and connected only to an address that was checked.
Not here: what a publisher's own interface wants to be asked (`pxweb.py`, `powerbi.py`), what the bytes mean.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from json import dumps
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

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
from pll_pipeline.raw.archive import Snapshot, keep, newest_snapshot, verify
from pll_pipeline.sources.model import Http, Source, _Polite

USER_AGENT = (
    f"pll-pipeline/{version('pll-pipeline')} (published statistics on Norway's medicine lists)"
)
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
MOST_REDIRECTS = 5
MOST_TRIES = 4
LONGEST_WAIT_SECONDS = 120.0
PIECE = 64 * 1024
_BACK_OFF = wait_exponential_jitter(initial=1, max=30, jitter=1)
_BETTER_LATER = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPING_THE_METHOD = frozenset({307, 308})
_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
_SECRETS = frozenset({"authorization", "cookie", "set-cookie", "x-powerbi-resourcekey"})
_WEB_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_PAGE_BEGINS = re.compile(
    rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)


class NotAnswered(PllError, OSError):
    """The publisher did not answer as it should, and may another time: for the person, and for whoever tries again."""


class Refused(PllError):
    """The publisher answered that it will not give this. `status` is its HTTP status, `headers` has names in lower case."""

    def __init__(
        self, what: str, *, where: str, do: str, status: int, headers: Mapping[str, str]
    ) -> None:
        self.status, self.headers = status, headers
        super().__init__(what, where=where, do=do)


class _Again(Exception):
    """One try failed in a way that may pass. `wait` is what the publisher asked for, in seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        self.reason, self.wait = reason, wait
        super().__init__(reason)


@dataclass(frozen=True)
class _Question:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    accept: tuple[str, ...]

    @property
    def is_conditional(self) -> bool:
        return any(name.lower() in _CONDITIONS for name in self.headers)


@dataclass(frozen=True)
class Answer:
    """A whole answer with status 200 or 304: `content` unpacked, names of `headers` in lower case, times in UTC.

    `address` is what was asked first, `url` what answered after redirects.
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
        """What the publisher calls the content, as `text/csv`; empty when it does not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def record(self) -> dict[str, Any]:
        """How the content came, for a snapshot's `origin`: everything but the content, keys and cookies."""
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


class Client:
    """Asks one publisher, within the bounds of `polite`. A context manager; not for use by several threads.

    A failure that may pass is tried again, `MOST_TRIES` times in all, waiting by `sleep` in between. `get` and `post` raise
    `NotAnswered` when the last try failed or the publisher asks for a longer wait, and `PllError` for what waiting does not
    mend: an address that may not be asked, an answer that is too large, of another kind, or says that there is nothing.
    """

    def __init__(self, polite: _Polite, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._polite = polite
        self._session = _Session()
        self._retrying = Retrying(
            stop=stop_after_attempt(MOST_TRIES),
            wait=_wait,
            retry=retry_if_exception_type(_Again),
            sleep=sleep,
            reraise=True,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, accept: Iterable[str] = ()
    ) -> Answer:
        """What is at an address; status 304 only where `headers` set a condition. Media types in `accept` are asked for and insisted on."""
        return self._ask(_Question("GET", url, headers or {}, None, tuple(accept)))

    def post(
        self,
        url: str,
        *,
        json: Any,
        headers: Mapping[str, str] | None = None,
        accept: Iterable[str] = (),
    ) -> Answer:
        """The answer to a question put as JSON. Media types in `accept` are asked for and insisted on."""
        body = dumps(json, ensure_ascii=False).encode()
        return self._ask(
            _Question(
                "POST",
                url,
                {"Content-Type": "application/json", **(headers or {})},
                body,
                tuple(accept),
            )
        )

    def _ask(self, question: _Question) -> Answer:
        try:
            return self._retrying(self._follow, question)
        except _Again as last:
            raise NotAnswered(
                f"The publisher did not answer in {MOST_TRIES} tries: {last.reason}",
                where=question.url,
                do="run again later; if it lasts, open the address in a browser and see whether the publisher has moved it",
            ) from last

    def _follow(self, question: _Question) -> Answer:
        """One try: the answer at the end of the redirects, each of which is checked like the first address."""
        asked_at, deadline = datetime.now(UTC), time.monotonic() + self._polite.total_seconds
        asking, home = question, _host(self._prepared(question)[1])
        for _ in range(MOST_REDIRECTS + 1):
            request, addresses = self._checked(asking, home, question.url)
            response = self._send(request, addresses, deadline)
            with response:
                location = (
                    response.headers.get("Location") if response.status_code in _REDIRECTS else None
                )
                if location is None:
                    _refuse_failure(response, question)
                    content = (
                        b""
                        if response.status_code == 304
                        else _body(response, self._polite.largest_bytes, deadline)
                    )
                    return _of_a_kind_asked_for(
                        _answer(question, request, response, content, asked_at), question
                    )
            if question.method == "POST" and response.status_code not in _KEEPING_THE_METHOD:
                raise PllError(
                    "The question was led to another address, without what it asks",
                    where=f"{asking.url} → {location}",
                    do=_MOVED,
                )
            asking = replace(asking, url=_led(str(request.url), location))
        raise PllError(
            f"The address leads from one to the next more than {MOST_REDIRECTS} times",
            where=question.url,
            do=_MOVED,
        )

    def _checked(
        self, asking: _Question, home: str, first_url: str
    ) -> tuple[requests.PreparedRequest, list[str]]:
        """The request as it will be sent, and the addresses it may be sent to. `home` is the host asked first."""
        is_local = self._polite.allow_local
        request, parts = self._prepared(asking)
        where = asking.url if asking.url == first_url else f"{first_url} → {asking.url}"
        host = _host(parts)
        if parts.username is not None or parts.password is not None:
            raise PllError(
                "The address holds a user name or password",
                where=parts.netloc.rpartition("@")[2],
                do="leave it out of the address",
            )
        if parts.scheme not in (("http", "https") if is_local else ("https",)):
            raise PllError(
                f"The address is {parts.scheme}, not https",
                where=where,
                do="give the publisher's https address; http is for local publishers with allow_local",
            )
        if host != home:
            if host not in {name.lower() for name in self._polite.hosts}:
                raise PllError(
                    f"The address leads to another host, {host}",
                    where=where,
                    do="if the publisher moved there, name the host under fetch.hosts in the source file",
                )
            for name in [name for name in request.headers if name.lower() in _SECRETS]:
                del request.headers[name]
        addresses = _addresses(host, parts.port or {"http": 80, "https": 443}[parts.scheme])
        if not is_local and not all(map(_is_public, addresses)):
            raise PllError(
                f"{host} is not on the public network ({', '.join(addresses)})",
                where=where,
                do="correct the address; a publisher inside the network is asked with allow_local",
            )
        request.headers["Host"] = parts.netloc
        return request, addresses

    def _prepared(self, question: _Question) -> tuple[requests.PreparedRequest, SplitResult]:
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": ", ".join(question.accept) or "*/*",
            "Accept-Encoding": "gzip, deflate",
            **question.headers,
        }
        try:
            request = self._session.prepare_request(
                requests.Request(question.method, question.url, headers=headers, data=question.body)
            )
            parts = urlsplit(str(request.url))
            if not parts.hostname:
                raise ValueError("it names no host")
        except ValueError as error:
            raise PllError(
                f"The address cannot be read: {error}",
                where=question.url,
                do="correct the address in the source file",
            ) from error
        return request, parts

    def _send(
        self, request: requests.PreparedRequest, addresses: list[str], deadline: float
    ) -> requests.Response:
        """The answer, its content not yet read, from the first of the addresses that can be connected to."""
        failure: Exception | None = None
        for address in addresses:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                return self._session.send_to(
                    address, request, (min(CONNECT_SECONDS, left), min(READ_SECONDS, left))
                )
            except (requests.ConnectionError, requests.Timeout, HTTPError) as error:
                failure = error
        raise _Again(_told(failure) if failure else "the time for it was used up") from failure


class _Session(requests.Session):
    """Connects where it is told to, follows nothing, and takes neither proxies nor passwords from its surroundings."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self._pinned = _Pinned()
        for scheme in ("https://", "http://"):
            self.mount(scheme, self._pinned)

    def send_to(
        self, address: str, request: requests.PreparedRequest, timeout: tuple[float, float]
    ) -> requests.Response:
        self._pinned.address = address
        return self.send(request, stream=True, timeout=timeout)

    def get_redirect_target(self, resp: requests.Response) -> None:
        # requests would read the whole content of a redirect, however long
        return None


class _Pinned(HTTPAdapter):
    """Connects to the address that was checked, so that asking for the name once more cannot lead elsewhere."""

    address = ""

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        # the certificate is still held against the name
        named = {"server_hostname": host["host"]} if host["scheme"] == "https" else {}
        return {**host, "host": self.address}, {**pool, **named}


_MOVED = "open the address in a browser, and give the source the address it leads to"


def fetch(
    source: Source, raw: Path, *, sleep: Callable[[float], None] = time.sleep
) -> tuple[Snapshot, bool]:
    """The newest snapshot after asking for each file of the source, and whether it is new.

    A file the publisher says is unchanged is taken from the newest snapshot. Raises `PllError` for an answer that cannot be
    the file, and `NotAnswered` when the publisher may answer another time.
    """
    how = source.fetch
    assert isinstance(how, Http)
    newest = newest_snapshot(raw, source.name)
    files: dict[str, bytes] = {}
    records: dict[str, Any] = {}
    unchanged = 0
    with Client(how, sleep=sleep) as client:
        for file, address in how.files.items():
            if address is None:
                raise PllError(
                    f"{source.name} has no address for {file}",
                    where=source.landing_page,
                    do=f"run `pll sources enable {source.name} --address ADDRESS`",
                )
            held = _held(newest, file, address)
            answer = client.get(address, headers=_conditions(held), accept=how.content_types)
            if answer.status == 304 and newest is not None:
                unchanged += 1
                files[file], records[file] = newest.read(file), held
            else:
                _refuse_what_is_no_file(answer, source, how)
                files[file], records[file] = answer.content, answer.record()
    if newest is not None and unchanged == len(how.files) == len(newest.files):
        verify(newest)
        return newest, False
    return keep(raw, source.name, files, {"method": "http", "requests": records})


def _held(newest: Snapshot | None, file: str, address: str) -> Mapping[str, Any]:
    """How the file of the newest snapshot came, if it came from this address."""
    if newest is None or all(f.name != file for f in newest.files):
        return {}
    record = newest.origin.get("requests", {}).get(file, {})
    return record if record.get("address") == address else {}


def _conditions(record: Mapping[str, Any]) -> dict[str, str]:
    remembered = record.get("headers", {})
    asked = {
        "If-None-Match": remembered.get("etag"),
        "If-Modified-Since": remembered.get("last-modified"),
    }
    return {name: value for name, value in asked.items() if value}


def _refuse_what_is_no_file(answer: Answer, source: Source, how: Http) -> None:
    if not answer.content:
        raise PllError(
            "The publisher answers with nothing at all",
            where=answer.url,
            do="open the address in a browser; if the file is empty there too, tell the publisher",
        )
    is_declared_page = not how.content_types and answer.media_type in _WEB_PAGES
    if source.read.kind not in ("html", "prose") and (
        is_declared_page or is_web_page(answer.content)
    ):
        raise PllError(
            "The publisher answers with a web page instead of data",
            where=answer.url,
            do="open the address in a browser: the file may have moved, or a page may ask for something first; then correct the address in the source file",
        )


def is_web_page(content: bytes) -> bool:
    """Whether bytes begin as a web page does, whatever they are called."""
    return _PAGE_BEGINS.match(content.removeprefix(b"\xef\xbb\xbf")[:PIECE]) is not None


# --- where may be asked ---------------------------------------------------------------------------------------------


def _led(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise PllError(
            f"The publisher leads to an address that cannot be read: {location[:200]!r}",
            where=url,
            do=_MOVED,
        ) from error


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".")


def _addresses(host: str, port: int) -> list[str]:
    """Every address of a host, in the order the system prefers."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise _Again(f"no address of {host} was found ({error.strerror})") from error
    except UnicodeError as error:
        raise PllError(
            f"{host!r} cannot be the name of a host", do="correct the address in the source file"
        ) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _is_public(address: str) -> bool:
    """Whether an address is one that anybody on the internet could mean."""
    ip = ipaddress.ip_address(address)
    # a private address may travel inside one that looks public
    inner = (ip.ipv4_mapped or ip.sixtofour) if isinstance(ip, ipaddress.IPv6Address) else None
    return (
        _is_public(str(inner))
        if inner
        else ip.is_global and not (ip.is_multicast or ip.is_reserved)
    )


# --- what came ------------------------------------------------------------------------------------------------------


def _refuse_failure(response: requests.Response, question: _Question) -> None:
    """Raises for every status but 200, and 304 where it was asked for."""
    status = response.status_code
    if status == 200 or (status == 304 and question.is_conditional):
        return
    told = f"The publisher answers {status}{f' {response.reason}' if response.reason else ''}"
    if status in _BETTER_LATER:
        wait = _retry_after(response.headers.get("Retry-After", ""))
        if wait > LONGEST_WAIT_SECONDS:
            back = datetime.fromtimestamp(time.time() + wait, UTC)
            raise NotAnswered(
                f"{told} and asks to be left alone for {wait:.0f} seconds",
                where=question.url,
                do=f"run again after {back:%Y-%m-%d %H:%M:%S} UTC",
            )
        raise _Again(told[0].lower() + told[1:], wait)
    headers = {name.lower(): value for name, value in response.headers.items()}
    if status in (404, 410):
        raise Refused(
            f"{told}: what was there is withdrawn or moved",
            where=question.url,
            do="find the publication's new address and write it into the source file",
            status=status,
            headers=headers,
        )
    do = "open the address in a browser, and ask the publisher whether others may still read it"
    raise Refused(told, where=question.url, do=do, status=status, headers=headers)


def _retry_after(text: str) -> float:
    """Seconds to wait, from a number or a date; 0 for anything else."""
    if re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def _wait(state: RetryCallState) -> float:
    again = state.outcome.exception() if state.outcome else None
    return max(_BACK_OFF(state), again.wait if isinstance(again, _Again) else 0.0)


def _answer(
    question: _Question,
    request: requests.PreparedRequest,
    response: requests.Response,
    content: bytes,
    asked_at: datetime,
) -> Answer:
    return Answer(
        method=question.method,
        address=question.url,
        url=str(request.url),
        request_headers=dict(request.headers),
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        content=content,
        asked_at=asked_at,
        answered_at=datetime.now(UTC),
    )


def _of_a_kind_asked_for(answer: Answer, question: _Question) -> Answer:
    kinds = [kind.lower() for kind in question.accept]
    if kinds and answer.status == 200 and answer.media_type not in kinds:
        raise PllError(
            f"The publisher answers with {answer.media_type or 'something it does not name'} instead of {' or '.join(kinds)}",
            where=answer.url,
            do="open the address in a browser and see what became of the publication",
        )
    return answer


def _body(response: requests.Response, most: int, deadline: float) -> bytes:
    """The whole content, unpacked. Neither what travels nor what it unpacks to is read beyond `most` bytes."""
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding not in _UNPACKING:
        raise PllError(
            f"The answer is packed as {coding}, which was not asked for",
            where=response.url,
            do="tell the publisher; gzip and deflate can be read",
        )
    length = response.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length) > most:
        raise _too_large(response, most)
    content = bytearray()
    try:
        for piece in _UNPACKING[coding](_pieces(response, most, deadline)):
            content += piece
            if len(content) > most:
                raise _too_large(response, most)
    except zlib.error as error:
        raise _Again("the answer is damaged: it cannot be unpacked") from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise _Again(_told(error)) from error
    return bytes(content)


def _pieces(response: requests.Response, most: int, deadline: float) -> Iterator[bytes]:
    """The content as it travels, at most what the network has ready at a time."""
    travelled = 0
    while piece := response.raw.read1(PIECE, decode_content=False):
        travelled += len(piece)
        if travelled > most:
            raise _too_large(response, most)
        if time.monotonic() > deadline:
            raise _Again(f"the answer was not whole in time, {travelled} bytes had come")
        yield piece


def _unpacked(pieces: Iterable[bytes], wbits: int | None) -> Iterator[bytes]:
    """What the pieces unpack to, in pieces of bounded size, however much they hold."""
    unpacker = None
    for piece in pieces:
        while piece:
            if unpacker is None:
                # deflate comes with the header of zlib, as it should, or without
                unpacker = zlib.decompressobj(
                    wbits
                    or (zlib.MAX_WBITS if piece[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS)
                )
            elif unpacker.eof:
                unpacker = zlib.decompressobj(wbits or zlib.MAX_WBITS)
            yield unpacker.decompress(piece, PIECE)
            piece = unpacker.unconsumed_tail or unpacker.unused_data
    if unpacker is not None:
        yield unpacker.flush()
        if not unpacker.eof:
            raise _Again("the answer was cut off")


_UNPACKING: Mapping[str, Callable[[Iterator[bytes]], Iterable[bytes]]] = {
    "": lambda pieces: pieces,
    "identity": lambda pieces: pieces,
    "gzip": lambda pieces: _unpacked(pieces, zlib.MAX_WBITS + 16),
    "x-gzip": lambda pieces: _unpacked(pieces, zlib.MAX_WBITS + 16),
    "deflate": lambda pieces: _unpacked(pieces, None),
}


def _too_large(response: requests.Response, most: int) -> PllError:
    do = "look at the publication; if it has grown, allow more under fetch.largest_bytes in the source file"
    return PllError(f"The answer is larger than {most} bytes", where=str(response.url), do=do)


def _told(error: Exception) -> str:
    """A failure of the network in plain words, with what the library says of it."""
    if isinstance(error, requests.exceptions.SSLError):
        word = "its certificate cannot be trusted"
    elif isinstance(error, requests.Timeout) or "timed out" in str(error):
        word = "it took too long"
    elif "IncompleteRead" in str(error) or "InvalidChunk" in str(error):
        word = "the answer was cut off"
    else:
        word = "the connection failed"
    return f"{word} ({' '.join(str(error).split())[:300]})"


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in _SECRETS}
