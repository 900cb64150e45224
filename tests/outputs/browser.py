"""Pages as a browser and as a parser see them.

Not here: the pages of single outputs.
"""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

ACCESSIBILITY = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_ANSWER = re.compile(r'<output id="answer">(.*?)</output>', re.DOTALL)
# What is wrong, as pairs of a rule and an element. Axe leaves text in the colour of its ground
# undecided; it is wrong here.
WRONG = """
const wrongOf = result => {
    const isUnseen = node => node.any.some(check => check.data?.messageKey === 'equalRatio');
    const unseen = result.incomplete.flatMap(rule => rule.nodes.filter(isUnseen));
    return [
        ...result.violations.map(rule => [rule.id, rule.nodes[0].html.slice(0, 200)]),
        ...unseen.map(node => ['text in the colour of its ground', node.html.slice(0, 200)]),
    ];
};
"""
_AXE = (
    WRONG
    + """
axe.run(document, {runOnly: %s}).then(result => {
    const output = document.createElement('output');
    output.id = 'answer';
    const violations = wrongOf(result);
    output.textContent = JSON.stringify([violations, result.passes.length]);
    document.body.append(output);
})
"""
)


class Elements(HTMLParser):
    """The elements of a page in order, with their attributes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def shown(chromium: str, folder: Path, address: str, *, width: int = 1280) -> str:
    """The document at an address after its scripts ran; the browser's profile is in `folder`."""
    done = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--allow-file-access-from-files",
            f"--user-data-dir={folder / 'profile'}",
            "--virtual-time-budget=20000",
            f"--window-size={width},900",
            "--dump-dom",
            address,
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def violations(page: Path, chromium: str, npm: Path, folder: Path) -> tuple[list[Any], int]:
    """What axe finds wrong with the accessibility of a page, and how many rules the page keeps."""
    axe = (npm / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    text = _POLICY.sub("", page.read_text(encoding="utf-8"))
    scripts = f"<script>{axe}</script><script>{_AXE % json.dumps(ACCESSIBILITY)}</script>"
    copy = folder / "checked.html"
    copy.write_text(text.replace("</body>", f"{scripts}</body>"), encoding="utf-8")
    document = shown(chromium, folder, copy.as_uri())
    answer = _ANSWER.search(document)
    assert answer, document[-2000:]
    plain = answer[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    wrong, passes = json.loads(plain)
    return wrong, passes
