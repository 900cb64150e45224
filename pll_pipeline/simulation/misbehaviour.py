"""What may go wrong at a publisher: on the way (any publication), or in a Power BI report.

Not here: how each is carried out (`publisher.py`, `powerbi_report.py`).
"""

from __future__ import annotations

from enum import Enum


class Misbehaviour(Enum):
    """One way of misbehaving. `AT_ANY_ADDRESS` and `OF_A_REPORT` say who is able to."""

    TOO_MANY_REQUESTS = "429, with a Retry-After"
    UNAVAILABLE = "503"
    SLOW = "the answer drips"
    CUT_OFF = "the connection ends before the answer does"
    WRONG_LENGTH = "Content-Length says less than there is"
    WEB_PAGE = "a web page with status 200 instead of data"
    WITHDRAWN = "404: the publisher took the publication away"
    REDIRECT_LOOP = "302 to itself"
    INCOMPLETE = "an answer lacks its last rows and says that a limit cut it"
    RESTART_LOOP = "every page points back to its own beginning"
    ERROR_IN_ANSWER = "a query fails inside an HTTP 200"
    RENAMED_FIELD = "the measure `I bruk` has another name, and the same stable name"
    HIDDEN_FIELD = "the measure `I bruk` is hidden"
    REFRESHED_BETWEEN_PAGES = "the data is refreshed after every query"
    ONLY_SAVED_QUERIES = (
        "a query not saved with a visual is refused, and the newer layout saves none;"
        " pages of a saved one may be asked for"
    )


AT_ANY_ADDRESS = frozenset(
    {
        Misbehaviour.TOO_MANY_REQUESTS,
        Misbehaviour.UNAVAILABLE,
        Misbehaviour.SLOW,
        Misbehaviour.CUT_OFF,
        Misbehaviour.WRONG_LENGTH,
        Misbehaviour.WEB_PAGE,
        Misbehaviour.WITHDRAWN,
        Misbehaviour.REDIRECT_LOOP,
    }
)
OF_A_REPORT = (frozenset(Misbehaviour) - AT_ANY_ADDRESS) | {Misbehaviour.WITHDRAWN}
