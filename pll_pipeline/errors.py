"""The one error a person is expected to read, the paragraph that is shown for any error, and text
without what a terminal would obey.

Not here: errors of single modules; each derives from `PllError` beside the code that raises it.
"""

from __future__ import annotations

_LONGEST_TEXT = 500
LONGEST_SENTENCE = 4000  # characters of each sentence of a paragraph
# What a terminal obeys or hides: C0 and C1 but tab and line feed, marks of direction, separators of
# lines, halves of characters, tags.
_OBEYED = (
    *(code for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)),
    0x061C,
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
)
_PICTURES: dict[int, int] = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_SHOWN = {code: _PICTURES.get(code, 0xFFFD) for code in _OBEYED}


def plain(text: str) -> str:
    """Text as a terminal or a log may have it: what it would obey is shown as a picture or as �.

    Line feeds and tabs are kept.
    """
    return text.translate(_SHOWN)


def plain_line(text: str) -> str:
    """The same on one line, so that no text can look like a line of ours."""
    return plain(text.replace("\n", " ").replace("\t", " "))


class PllError(Exception):
    """A failure a person must act on: what happened, where, and what to do next.

    The command line and the failure hook show it as one paragraph; a traceback only with `--debug`.
    """

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        self.what, self.where, self.do = what, where, do
        super().__init__(self.paragraph())

    def paragraph(self) -> str:
        """The whole message as one paragraph, on one line and without control characters."""
        sentences = [
            self.what,
            f"Where: {self.where}" if self.where else "",
            f"What to do: {self.do}" if self.do else "",
        ]
        cut = (s if len(s) <= LONGEST_SENTENCE else f"{s[:LONGEST_SENTENCE]}…" for s in sentences)
        ended = (s if s.endswith((".", "?", "!")) else f"{s}." for s in cut if s)
        return plain_line(" ".join(ended))


def paragraph_of(error: BaseException) -> str:
    """One paragraph about any error, also one that no code foresaw."""
    if isinstance(error, PllError):
        return error.paragraph()
    text = " ".join(str(error).split())[:_LONGEST_TEXT]
    return PllError(
        f"Not foreseen: {type(error).__name__}: {text}",
        do="run again with `pll --debug`, and report what it shows",
    ).paragraph()
