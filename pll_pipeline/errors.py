"""The one error a person is expected to read.

Not here: errors of single modules; each derives from `PllError` beside the code that raises it.
"""

from __future__ import annotations


class PllError(Exception):
    """A failure a person must act on: what happened, where, and what to do next.

    Printed as one paragraph by the command line and the failure hook; a traceback only with `--debug`.
    """

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        self.what, self.where, self.do = what, where, do
        super().__init__(self.paragraph())

    def paragraph(self) -> str:
        """The whole message as one paragraph."""
        sentences = [
            self.what,
            f"Where: {self.where}" if self.where else "",
            f"What to do: {self.do}" if self.do else "",
        ]
        return " ".join(s if s.endswith((".", "?", "!")) else f"{s}." for s in sentences if s)
