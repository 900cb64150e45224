"""The one error a person is expected to read, and the paragraph that is shown for any error.

Not here: errors of single modules; each derives from `PllError` beside the code that raises it.
"""

from __future__ import annotations

_LONGEST_TEXT = 500


class PllError(Exception):
    """A failure a person must act on: what happened, where, and what to do next.

    The command line and the failure hook show it as one paragraph; a traceback only with `--debug`.
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


def paragraph_of(error: BaseException) -> str:
    """One paragraph about any error, also one that no code foresaw."""
    if isinstance(error, PllError):
        return error.paragraph()
    text = " ".join(str(error).split())[:_LONGEST_TEXT]
    return PllError(
        f"Not foreseen: {type(error).__name__}: {text}",
        do="run again with `pll --debug`, and report what it shows",
    ).paragraph()
