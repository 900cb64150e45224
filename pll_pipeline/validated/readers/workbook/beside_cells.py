"""What a sheet shows that is in no cell: comments, pictures, charts and boxes of text.

None of it is read; it is counted, with the first example, so that a person can look. Not here:
cells (`sheet.py`), columns and rows beside the table (`table.py`).
"""

from __future__ import annotations

from pll_pipeline.validated.readers.table import NotRead
from pll_pipeline.validated.readers.workbook.package import Attributes, Package

_KINDS = {
    "comment": "comments on cells",
    "threadedComment": "comments on cells",
    "pic": "pictures",
    "graphicFrame": "charts and other drawings",
    "sp": "boxes of text and shapes",
}
_PARTS = ("comments", "threadedComment", "drawing")
_LONGEST_EXAMPLE = 80


def beside_cells(package: Package, part: str, sheet: str) -> list[NotRead]:
    """A note on each kind of thing that lies on the sheet beside its cells."""
    relations = list(package.relations(part).values())
    # threaded comments are there as plain ones too, for older programs
    kinds = {kind for kind, _ in relations}
    reader = _ThingReader()
    for kind, target in relations:
        is_copy = kind == "comments" and "threadedComment" in kinds
        if kind in _PARTS and not is_copy and package.has(target):
            package.parse(target, reader)
    return [
        NotRead(f"sheet {sheet!r}", what, len(examples), _shortened(examples[0]))
        for what, examples in reader.things.items()
    ]


def _shortened(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_EXAMPLE]


class _ThingReader:
    """Collects the things by kind, each with its text, or else with its name."""

    def __init__(self) -> None:
        self.things: dict[str, list[str]] = {}
        self._open = ""
        self._name = ""
        self._texts: list[str] = []
        self._collects = False

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        if not self._open and name in _KINDS:
            self._open, self._name, self._texts = name, attributes.get("ref", ""), []
        elif name == "cNvPr" and not self._name:
            self._name = attributes.get("descr") or attributes.get("name", "")
        self._collects = bool(self._open) and name.rpartition(":")[2] in ("t", "text")

    def end(self, name: str) -> None:
        """An element ends."""
        self._collects = False
        if name == self._open:
            example = "".join(self._texts).strip() or self._name
            self.things.setdefault(_KINDS[name], []).append(example)
            self._open = self._name = ""

    def text(self, text: str) -> None:
        """Text within an element."""
        if self._collects:
            self._texts.append(text)
