"""The body of an answer: read within limits of bytes and time, and decompressed.

Not here: what the bytes mean (`validated/`).
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import requests
from urllib3 import HTTPHeaderDict
from urllib3.exceptions import HTTPError

from pll_pipeline.errors import PllError
from pll_pipeline.raw.http.failures import TryAgain, describe_network_error

PIECE_BYTES = 64 * 1024
_LENGTH = re.compile(r"[0-9]{1,18}")
_LONGEST_SHOWN = 300
_GZIP_BITS = zlib.MAX_WBITS + 16
_PAGE_BEGINS = re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_COMMENT_BEGINS, _COMMENT_ENDS = b"<!--", b"-->"


def read_body(response: requests.Response, most_bytes: int, deadline: float) -> bytes:
    """The whole content, decompressed.

    Neither what is sent nor what it decompresses to is read beyond `most_bytes`. `deadline` is a
    time of `time.monotonic()`. Raises `PllError` for a longer content and for a compression that
    was not asked for, `TryAgain` for one that is damaged, cut off or late.
    """
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding not in _DECOMPRESSION:
        raise PllError(
            f"The answer is packed as {coding}, which was not asked for",
            where=response.url,
            do="report it to the publisher; gzip and deflate can be read",
        )
    length = response.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length) > most_bytes:
        raise _too_large(response, most_bytes)
    content = bytearray()
    try:
        for piece in _DECOMPRESSION[coding](_sent_pieces(response, most_bytes, deadline)):
            content += piece
            if len(content) > most_bytes:
                raise _too_large(response, most_bytes)
    except zlib.error as error:
        raise TryAgain("the answer is damaged: it cannot be unpacked") from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise TryAgain(describe_network_error(error)) from error
    return bytes(content)


def refuse_framing(response: requests.Response) -> None:
    """Raise `PllError` where the headers leave open where the answer ends.

    That is a length that is no number, several that differ, and any transfer coding but one
    `chunked`; a length beside `chunked` does not count.
    """
    headers = HTTPHeaderDict(getattr(response.raw, "headers", None))
    codings = [coding.strip().lower() for coding in headers.getlist("Transfer-Encoding")]
    lengths = {
        length.strip()
        for header in headers.getlist("Content-Length")
        for length in header.split(",")
    }
    if codings not in ([], ["chunked"]):
        what = f"The answer is sent in a coding that cannot be read: {', '.join(codings)}"
    elif not codings and (
        len(lengths) > 1 or any(not _LENGTH.fullmatch(length) for length in lengths)
    ):
        what = f"The answer states its length as {' and '.join(sorted(lengths))}"
    else:
        return
    raise PllError(
        what[:_LONGEST_SHOWN],
        where=str(response.url),
        do="report it to the publisher; where the answer ends cannot be known",
    )


def is_web_page(content: bytes) -> bool:
    """Whether bytes begin as a web page does, whatever media type they were sent as."""
    head = content.removeprefix(b"\xef\xbb\xbf")[:PIECE_BYTES]
    position = _after_spaces(head, 0)
    while head.startswith(_COMMENT_BEGINS, position):
        end = head.find(_COMMENT_ENDS, position + len(_COMMENT_BEGINS))
        if end < 0:
            return False
        position = _after_spaces(head, end + len(_COMMENT_ENDS))
    return _PAGE_BEGINS.match(head, position) is not None


def _after_spaces(content: bytes, position: int) -> int:
    while content[position : position + 1].isspace():
        position += 1
    return position


def decompressed(pieces: Iterable[bytes], window_bits: int | None) -> Iterator[bytes]:
    """What the pieces decompress to, in pieces of at most `PIECE_BYTES`.

    `window_bits` as zlib has them, None for deflate with or without zlib's header. Several
    compressed streams may follow each other. Raises `TryAgain` where the last one is cut off.
    """
    stream = None
    for piece in pieces:
        rest = piece
        while rest:
            if stream is None:
                stream = zlib.decompressobj(window_bits or _deflate_bits(rest))
            elif stream.eof:
                stream = zlib.decompressobj(window_bits or zlib.MAX_WBITS)
            yield stream.decompress(rest, PIECE_BYTES)
            rest = stream.unconsumed_tail or stream.unused_data
    if stream is not None:
        yield stream.flush()
        if not stream.eof:
            raise TryAgain("the answer was cut off")


def _deflate_bits(content: bytes) -> int:
    """Deflate should come with the header of zlib, and often comes without."""
    has_header = content[0] & 0x0F == zlib.DEFLATED
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS


def _sent_pieces(response: requests.Response, most_bytes: int, deadline: float) -> Iterator[bytes]:
    """The content as it is sent, at most what the network has ready at a time."""
    received = 0
    while piece := response.raw.read1(PIECE_BYTES, decode_content=False):
        received += len(piece)
        if received > most_bytes:
            raise _too_large(response, most_bytes)
        if time.monotonic() > deadline:
            raise TryAgain(f"the answer was not whole in time, {received} bytes had come")
        yield piece


def _unchanged(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return pieces


def _from_gzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return decompressed(pieces, _GZIP_BITS)


def _from_deflate(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return decompressed(pieces, None)


_DECOMPRESSION: Mapping[str, Callable[[Iterator[bytes]], Iterator[bytes]]] = {
    "": _unchanged,
    "identity": _unchanged,
    "gzip": _from_gzip,
    "x-gzip": _from_gzip,
    "deflate": _from_deflate,
}


def _too_large(response: requests.Response, most_bytes: int) -> PllError:
    return PllError(
        f"The answer is larger than {most_bytes} bytes",
        where=str(response.url),
        do="look at the publication; if it has grown, allow more under fetch.largest_bytes in"
        " the source file",
    )
