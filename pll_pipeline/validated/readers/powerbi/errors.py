"""What can go wrong with a saved answer: one base, four kinds, each with what to do next.

Not here: deciding that something is wrong; the modules that read do that.
"""

from __future__ import annotations

from typing import ClassVar

from pll_pipeline.errors import PllError


class PowerBiError(PllError):
    """No table can be had from this answer.

    `code` is the server's own where it gave one, else the name of the error.
    """

    advice: ClassVar[str] = "look at the saved answer"

    def __init__(self, what: str, *, where: str, code: str = "", do: str = "") -> None:
        self.code = code or type(self).__name__
        super().__init__(f"{what} [{self.code}]", where=where, do=do or self.advice)


class QueryFailed(PowerBiError):
    """The server answered with an error.

    `message` is its own text, `retryable` whether the same query may succeed later.
    """

    _later = ("ModelUnavailable", "ErrorLoadingModel", "rsErrorExecutingCommand")
    _smaller = ("rsQueryTimeoutExceeded", "rsQueryMemoryLimitExceeded")

    def __init__(self, message: str, *, where: str, code: str, status: int | None = None) -> None:
        self.message, self.retryable = message, code in self._later
        do = "compare the query with the report as it is now; the same query will fail again"
        if self.retryable:
            do = "ask again later"
        elif code in self._smaller:
            do = "ask for less at a time"
        reason = " ".join(message.split())[:500] or "it gave no reason"
        super().__init__(
            f"The report's server could not answer: {reason}"
            + (f" (status {status})" if status else ""),
            where=where,
            code=code,
            do=do,
        )


class IncompleteAnswer(PowerBiError):
    """The answer is well-formed but is not, or may not be, all there is."""

    advice = "fetch all pages again, with a window large enough, before anything is loaded"


class MalformedAnswer(PowerBiError):
    """The bytes are damaged, or contradict what such an answer states about itself."""

    advice = (
        "fetch the answer again; if it stays like this, the form of the answers has changed and the"
        " reader must follow"
    )


class UnsupportedAnswer(PowerBiError):
    """The answer may be sound, but contains something this reader does not know."""

    advice = (
        "ask for a flat table of plain columns and measures, or extend the reader with a saved"
        " answer as its test"
    )
