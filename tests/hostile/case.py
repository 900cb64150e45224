"""What a hostile file is: its bytes by size, how it is read, and what must become of it.

Not here: the files (`texts.py`, `pages.py`, `cubes.py`, `workbooks.py`, `answers.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pll_pipeline.sources.model import ReaderSettings

HEADER = ("metric", "date", "value", "source")
ROW = ("apotek", "2021-01-01", "1001", "apotek.no")


@dataclass(frozen=True)
class Case:
    """A hostile file, made when it is needed.

    `words`: a pattern of the reason it is refused for, "" where it must be accepted. `size` is that
    of `make test`, `larger_size` that of `make attack`; for the latter `seconds` of processors and
    `megabytes` beyond those of an empty reading are the most it may use, for the former `SECONDS`
    and `MEGABYTES`.
    """

    name: str
    how: ReaderSettings
    content: Callable[[int], bytes]
    size: int
    larger_size: int
    words: str
    seconds: float = 10.0
    megabytes: int = 500
    columns: tuple[str, ...] = HEADER


SECONDS, MEGABYTES = 1.5, 150
