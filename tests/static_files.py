"""A web server of static files that answers range requests, as those that serve releases do.

Not here: what is served; each test says that itself.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass
class StaticFiles:
    """A running server: its `url`, and the bytes it has `sent` of each path."""

    url: str = ""
    sent: dict[str, int] = field(default_factory=dict)
    ranges: int = 0


@contextmanager
def serving(folder: Path) -> Iterator[StaticFiles]:
    """Serve a folder on 127.0.0.1 while the block runs."""
    files = StaticFiles()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, files, folder))
    files.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, files: StaticFiles, folder: Path, *arguments: Any) -> None:
        self.files = files
        super().__init__(*arguments, directory=str(folder))

    def do_HEAD(self) -> None:
        """The head of a file."""
        self._answer(with_body=False)

    def do_GET(self) -> None:
        """A file, or the part of it that is asked for."""
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        try:
            content = Path(self.translate_path(self.path)).read_bytes()
        except OSError:
            self.send_error(404)
            return
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        start, end = _part(asked, len(content)) if asked else (0, len(content))
        self.send_response(206 if asked else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end - start))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        self.end_headers()
        if with_body:
            self.files.ranges += bool(asked)
            self.files.sent[self.path] = self.files.sent.get(self.path, 0) + end - start
            self.wfile.write(content[start:end])

    def log_message(self, *_: Any) -> None:
        """Print nothing: a test says what it needs to know."""


def _part(asked: re.Match[str], size: int) -> tuple[int, int]:
    """The first byte and the one after the last of a range, as HTTP counts them."""
    first, last = asked.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1, size) if last else size
