"""A table of a PxWeb statistics bank: its description is asked for first, then its cells.

The interface is PxWebApi 2, described at
https://www.pxtools.net/PxWebApi/documentation/user-guide and, as Statistics Norway runs it, at
https://www.ssb.no/en/api/statbank-pxwebapi-user-guide. `description` reads what the bank says,
`selection` decides which codes are asked for. Not here: connections (`http/`), what the cells mean
(`validated/readers/`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pll_pipeline.errors import PllError
from pll_pipeline.raw.archive import Snapshot, keep, newest_snapshot
from pll_pipeline.raw.http.client import Answer, Client
from pll_pipeline.raw.http.failures import NotAnswered, Refused
from pll_pipeline.raw.pxweb.description import (
    BYTE_ORDER_MARK,
    Limits,
    TableDescription,
    read_document,
)
from pll_pipeline.raw.pxweb.selection import Selection, newest_period, parts, select
from pll_pipeline.sources.model import PxWeb, Source

MOST_PARTS = 500
MOST_CELLS_TO_LOOK_AT = 5_000
_FORM = "lang=no&outputFormat=json-stat2"


def fetch(
    source: Source, settings: PxWeb, raw: Path, *, sleep: Callable[[float], None] = time.sleep
) -> tuple[Snapshot, bool]:
    """The newest snapshot after asking the bank, and whether it is new.

    Where neither the table nor what is asked of it has changed, no cell is asked for. One answer is
    kept byte for byte, several as `{"parts": [answer, …]}`. Raises `PllError` for a variable or
    code that the table does not have and for an answer that is not what was asked, `NotAnswered`
    when the bank may answer at another time.
    """
    newest = newest_snapshot(raw, source.name)
    with Client(settings, sleep=sleep) as client:
        bank = _Bank(client, settings, sleep)
        table = bank.description()
        selection = select(
            table.variables(), settings.values, where=f"{source.name}, {bank.table_url}"
        )
        asked = {"table": bank.table_url, "updated": table.updated, "selection": selection}
        if newest and table.updated and _is_answer_to(newest, asked, settings.file):
            return newest, False
        limits = bank.limits()
        answers = bank.cells(selection, limits)
        if len(answers) > 1:
            bank.refuse_update(since=table)
    origin = {
        "method": "pxweb",
        "asked": asked,
        "limits": {"cells": limits.most_cells, "pause_seconds": limits.pause_seconds},
        "requests": [answer.record() for answer in bank.answers],
    }
    return keep(raw, source.name, {settings.file: _joined(answers)}, origin)


def look(settings: PxWeb) -> bytes:
    """A part of the newest period, of at most `MOST_CELLS_TO_LOOK_AT` cells, which is not kept.

    Raises as `fetch` does.
    """
    with Client(settings) as client:
        bank = _Bank(client, settings, time.sleep)
        variables = bank.description().variables()
        selection = {v.name: newest_period(v) if v.is_time else list(v.codes) for v in variables}
        return bank.ask(next(parts(selection, MOST_CELLS_TO_LOOK_AT))).content


class _Bank:
    """One table of one bank. `answers` are those to everything asked, in order."""

    def __init__(self, client: Client, settings: PxWeb, sleep: Callable[[float], None]) -> None:
        self._client, self._settings, self._sleep = client, settings, sleep
        self._url = settings.address.rstrip("/")
        self.table_url = f"{self._url}/tables/{settings.table}"
        self.answers: list[Answer] = []

    def description(self) -> TableDescription:
        """What the bank says of the table now."""
        return read_document(self._get(f"{self.table_url}/metadata?{_FORM}"), TableDescription)

    def limits(self) -> Limits:
        """The bank's limits, or those assumed of a bank that does not publish any."""
        try:
            answer = self._get(f"{self._url}/config")
        except Refused:
            # The bank has just described its table: only the address of its limits is missing.
            return Limits()
        return read_document(answer, Limits)

    def cells(self, selection: Selection, limits: Limits) -> list[Answer]:
        """The answers for all cells of a selection, in order.

        Raises `PllError` where they are too many, or not those that were asked for.
        """
        wanted = list(_refuse_too_many(parts(selection, limits.most_cells), self.table_url))
        most_bytes, received = self._settings.largest_bytes, 0
        answers: list[Answer] = []
        for part in wanted:
            self._sleep(limits.pause_seconds)
            answer = self.ask(part)
            _refuse_other_selection(read_document(answer, TableDescription), part, answer.url)
            answers.append(answer)
            received += len(answer.content)
            if received > most_bytes:
                raise PllError(
                    f"The table is larger than {most_bytes} bytes",
                    where=self.table_url,
                    do="ask for less under fetch.values, or allow more under fetch.largest_bytes"
                    " in the source file",
                )
        return answers

    def ask(self, part: Selection) -> Answer:
        """The answer with the cells of a selection."""
        variables = [{"variableCode": name, "valueCodes": codes} for name, codes in part.items()]
        url = f"{self.table_url}/data?{_FORM}"
        answer = self._client.post(url, json={"selection": variables})
        self.answers.append(answer)
        return answer

    def refuse_update(self, *, since: TableDescription) -> None:
        """Raise `NotAnswered` where the table was updated after it was described."""
        if self.description().updated != since.updated:
            raise NotAnswered(
                "The table was updated while it was fetched in parts",
                where=self.table_url,
                do="run again",
            )

    def _get(self, url: str) -> Answer:
        answer = self._client.get(url)
        self.answers.append(answer)
        return answer


def _is_answer_to(snapshot: Snapshot, asked: dict[str, Any], file: str) -> bool:
    """Whether a snapshot is what the same question was answered with."""
    return snapshot.origin.get("asked") == asked and [f.name for f in snapshot.files] == [file]


def _joined(answers: list[Answer]) -> bytes:
    if len(answers) == 1:
        return answers[0].content
    documents = (answer.content.removeprefix(BYTE_ORDER_MARK) for answer in answers)
    return b'{"parts": [' + b",\n".join(documents) + b"]}\n"


def _refuse_too_many(wanted: Iterable[Selection], table_url: str) -> Iterator[Selection]:
    for number, part in enumerate(wanted, 1):
        if number > MOST_PARTS:
            raise PllError(
                f"The table would take more than {MOST_PARTS} questions",
                where=table_url,
                do="ask for less under fetch.values in the source file",
            )
        yield part


def _refuse_other_selection(answered: TableDescription, part: Selection, where: str) -> None:
    """Raise where an answer has other variables or codes than were asked for."""
    do = "run again; if it lasts, compare what was asked with the bank's own documentation"
    for variable in answered.variables():
        # a variable that was left out may come back as its one total
        if set(variable.codes) != set(part.get(variable.name, variable.codes[:1])):
            raise PllError(
                f"The statistics bank answers with other values of {variable.name!r} than were"
                " asked for",
                where=where,
                do=do,
            )
    if missing := part.keys() - set(answered.id):
        names = ", ".join(sorted(missing))
        raise PllError(f"The statistics bank answers without {names}", where=where, do=do)
