"""A browser that is used by keyboard: real keys, under the policies of the pages themselves.

It speaks the DevTools protocol with Chromium. Not here: pages that only run scripts (`browser.py`).
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

_WAIT_SECONDS = 60
_KEYS = {"Tab": 9, "Enter": 13}


class Keyboard:
    """One page of a browser, its keys, and the addresses it has asked for."""

    def __init__(self, connection: ClientConnection) -> None:
        self.requests: list[str] = []
        self._connection = connection
        self._numbers = count(1)
        for domain in ("Page", "Network", "Runtime"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **values: Any) -> dict[str, Any]:
        """The answer to a command. Raises `AssertionError` where the browser refuses it."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": values}))
        while True:
            message = json.loads(self._connection.recv(timeout=_WAIT_SECONDS))
            if message.get("method") == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            if message.get("id") == number:
                assert "error" not in message, message
                return dict(message["result"])

    def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def go(self, address: str) -> None:
        """Open an address and wait for it."""
        self.send("Page.navigate", url=address)
        self.wait(f"location.href === {json.dumps(address)} && document.readyState === 'complete'")

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        code = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", **code, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", **code)

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self.send("Input.insertText", text=text)

    def tab_to(self, identity: str) -> None:
        """Press Tab until the element with an identity has the focus."""
        for _ in range(30):
            if self.value("document.activeElement.id") == identity:
                return
            self.press("Tab")
        raise AssertionError(f"Tab does not reach {identity}")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true in the page."""
        end = time.monotonic() + _WAIT_SECONDS
        while not self.value(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.05)


@contextmanager
def keyboard(chromium: str, folder: Path) -> Iterator[Keyboard]:
    """A browser with a profile of its own in a folder; closed at the end."""
    profile = folder / "keyboard"
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
    process = subprocess.Popen(
        [*command, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port, path = _listening(profile / "DevToolsActivePort")
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as browser:
            browser.send(
                json.dumps(
                    {"id": 1, "method": "Target.createTarget", "params": {"url": "about:blank"}}
                )
            )
            target = json.loads(browser.recv(timeout=_WAIT_SECONDS))["result"]["targetId"]
            address = f"ws://127.0.0.1:{port}/devtools/page/{target}"
            with connect(address, max_size=None) as page:
                yield Keyboard(page)
    finally:
        process.terminate()
        process.wait(_WAIT_SECONDS)


def _listening(file: Path) -> tuple[str, str]:
    """The port and the path on which a browser listens, as soon as it does."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        lines = file.read_text(encoding="ascii").splitlines() if file.is_file() else []
        if len(lines) == 2:
            return lines[0], lines[1]
        assert time.monotonic() < end, "the browser does not listen"
        time.sleep(0.05)
