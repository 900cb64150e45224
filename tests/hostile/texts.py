"""Hostile CSV files.

Not here: what a case is (`case.py`), how it is tried (`reading.py`).
"""

from __future__ import annotations

import gzip
from functools import partial

from pll_pipeline.sources.model import Delimited
from tests.hostile.case import HEADER, ROW, Case

CSV = Delimited(kind="delimited", ends_at=None)
ENDING = Delimited(kind="delimited", ends_at="^Kilde")
NAMED = Delimited(kind="delimited", ends_at=None, header=["metric", "value"])
_HEAD = (",".join(HEADER) + "\n").encode()
_ROW = (",".join(ROW) + "\n").encode()
_QUOTED = (",".join(f'"{cell}"' for cell in ROW) + "\n").encode()
csv_case = partial(Case, how=CSV)


def _columns(number: int) -> bytes:
    names = ",".join(f"c{index}" for index in range(number))
    return f"{names}\n{','.join('1' * number)}\n".encode()


def _with(before: bytes = b"", within: bytes = b"", after: bytes = b"") -> bytes:
    return before + _HEAD + _ROW + within + after


def _value(text: bytes) -> bytes:
    return _HEAD + _ROW.replace(b"1001", text)


def _months(number: int) -> bytes:
    dates = (
        f"{1900 + n // 12 % 120}-{n % 12 + 1:02}-{n // 1440 % 28 + 1:02}" for n in range(number)
    )
    return _HEAD + b"".join(f'apotek,"{date}",1,x\n'.encode() for date in dates)


CSV_CASES = (
    # columns
    csv_case(
        "many columns",
        content=_columns,
        size=50_000,
        larger_size=400_000,
        words="columns, more than",
    ),
    csv_case(
        "one column many times",
        content=lambda n: b"a," * n + b"a\n",
        size=4000,
        larger_size=4999,
        words="occurs twice",
    ),
    csv_case(
        "columns without a name",
        content=lambda n: b"," * n + b"a\n" + b"1," * n + b"1\n",
        size=4000,
        larger_size=4999,
        words="no heading",
    ),
    csv_case(
        "a name of a column without end",
        content=lambda n: b"a" * n + b",b\n1,2\n",
        size=10**5,
        larger_size=10**7,
        words="not the expected ones|field limit",
    ),
    csv_case(
        "only separators",
        content=lambda n: b"," * n,
        size=10**5,
        larger_size=10**7,
        words="no rows",
    ),
    csv_case(
        "a row of separators",
        content=lambda n: _with(within=b"," * n),
        size=10**5,
        larger_size=10**7,
        words="^$",
    ),
    csv_case(
        "many rows of separators",
        content=lambda n: _with(within=b",,,\n" * n),
        size=20_000,
        larger_size=2 * 10**6,
        words="",
    ),
    csv_case(
        "a long heading over many columns",
        how=Delimited(kind="delimited", ends_at=None, header_rows=2, header=["c1"]),
        content=lambda n: b"x" * n + b"," * 4999 + b"\n" + _columns(5000),
        size=300,
        larger_size=130_000,
        words="characters together|not the expected",
    ),
    # quotes
    csv_case(
        "a quote that is not closed",
        content=lambda n: b'a,b\n"' + b"x" * n,
        size=10**5,
        larger_size=10**7,
        words="well-formed",
    ),
    csv_case(
        "a quote that is not closed, and lines",
        content=lambda n: _HEAD + b'"' + _ROW * n,
        size=3000,
        larger_size=3 * 10**5,
        words="well-formed",
    ),
    csv_case(
        "doubled quotes",
        content=lambda n: _HEAD + b'"' + b'""' * n + b'",1,2,3\n',
        size=10**5,
        larger_size=10**7,
        words="cannot be used|well-formed",
    ),
    csv_case(
        "a quote in mid-cell",
        content=lambda n: _HEAD + b'"a"b,1,2,3\n' * n,
        size=10**4,
        larger_size=10**6,
        words="well-formed",
    ),
    csv_case(
        "lines within quotes",
        content=lambda n: _HEAD + b'apotek,2021-01-01,1001,"' + b"\n" * n + b'"\n',
        size=10**5,
        larger_size=10**6,
        words="^$|field limit",
    ),
    csv_case(
        "many quoted rows of one key",
        content=lambda n: _HEAD + _QUOTED * n,
        size=5000,
        larger_size=5 * 10**5,
        words="^$",
        seconds=30,
        megabytes=1500,
    ),
    csv_case(
        "many quoted rows",
        content=_months,
        size=5000,
        larger_size=40_000,
        words="period_is_recent",
        seconds=20,
        megabytes=1000,
    ),
    # zero and other characters
    csv_case(
        "characters of value zero",
        content=lambda n: b"a,b\n" + b"\0" * n,
        size=10**5,
        larger_size=10**7,
        words="zero",
    ),
    csv_case(
        "UTF-16 without a mark",
        content=lambda n: (_HEAD + _ROW * n).decode().encode("utf-16-le"),
        size=1000,
        larger_size=10**5,
        words="zero",
    ),
    csv_case(
        "mark of UTF-16",
        content=lambda n: b"\xff\xfe" + _with(within=_ROW * n),
        size=1000,
        larger_size=10**5,
        words="byte order mark",
    ),
    csv_case(
        "mark of UTF-32",
        content=lambda n: b"\xff\xfe\0\0" + _with(within=_ROW * n),
        size=1000,
        larger_size=10**5,
        words="byte order mark",
    ),
    csv_case(
        "many marks",
        content=lambda n: b"\xef\xbb\xbf" * n + _with(),
        size=10**4,
        larger_size=10**6,
        words="^$|field limit",
    ),
    csv_case(
        "marks within",
        content=lambda n: _value(b"\xef\xbb\xbf" * n + b"1001"),
        size=10**4,
        larger_size=10**6,
        words="^$",
    ),
    csv_case(
        "half a character at the end",
        content=lambda n: _with(
            within=_ROW.replace(b"2021", b"2022") + b"\n" * n, after=b"\xe2\x82"
        ),
        size=1000,
        larger_size=10**6,
        words="not utf-8",
    ),
    csv_case(
        "halves of pairs",
        content=lambda n: _value(b"\xed\xa0\x80" * n),
        size=1000,
        larger_size=10**6,
        words="not utf-8",
    ),
    csv_case(
        "control characters",
        content=lambda n: _value(b"\x1b[2J" * n),
        size=10**4,
        larger_size=10**6,
        words="cannot be used",
    ),
    csv_case(
        "combining characters",
        content=lambda n: _value(b"e" + b"\xcc\x81" * n),
        size=10**4,
        larger_size=10**6,
        words="cannot be used",
    ),
    csv_case(
        "invisible characters",
        content=lambda n: _value(b"\xe2\x80\x8b" * n),
        size=10**4,
        larger_size=10**6,
        words="cannot be used",
    ),
    # lines
    csv_case(
        "only line ends",
        content=lambda n: b"\n" * n,
        size=10**6,
        larger_size=10**7,
        words="no rows",
    ),
    csv_case(
        "only returns", content=lambda n: b"\r" * n, size=10**6, larger_size=10**7, words="no rows"
    ),
    csv_case(
        "only mixed line ends",
        content=lambda n: b"\n\r" * n,
        size=10**6,
        larger_size=5 * 10**6,
        words="no rows",
    ),
    csv_case(
        "line ends above the header",
        content=lambda n: b"\n" * n + _with(),
        size=10**6,
        larger_size=10**7,
        words="",
    ),
    csv_case(
        "returns above the header",
        content=lambda n: b"\r" * n + _with(),
        size=10**6,
        larger_size=10**7,
        words="",
    ),
    csv_case(
        "line ends below the rows",
        content=lambda n: _with(after=b"\n" * n),
        size=10**6,
        larger_size=10**7,
        words="",
    ),
    csv_case(
        "mixed line ends below the rows",
        content=lambda n: _with(after=b"\r\n\n\r" * n),
        size=3 * 10**5,
        larger_size=3 * 10**6,
        words="",
    ),
    csv_case(
        "spaces above the header",
        content=lambda n: b" \n" * n + _with(),
        size=10**5,
        larger_size=5 * 10**6,
        words="",
    ),
    csv_case(
        "titles above the header",
        content=lambda n: b"a title\n" * n + _with(),
        how=NAMED,
        size=10**5,
        larger_size=10**6,
        words="more than 10000 lines",
    ),
    csv_case(
        "titles and no header",
        content=lambda n: b"a title\n" * n,
        how=NAMED,
        size=10**5,
        larger_size=10**6,
        words="more than|No line",
    ),
    csv_case(
        "the header again and again",
        content=lambda n: _HEAD * n,
        size=10**4,
        larger_size=500_000,
        words="cannot be used",
        seconds=30,
        megabytes=1500,
    ),
    csv_case(
        "notes below the end",
        content=lambda n: _with(within=b"Kilde: a\n" * n),
        how=ENDING,
        size=10**4,
        larger_size=10**6,
        words="",
    ),
    csv_case(
        "saved filters",
        content=lambda n: _with(within=b"Applied filters: a,,,\n" * n),
        size=10**4,
        larger_size=10**6,
        words="",
        megabytes=900,
    ),
    csv_case(
        "separator lines",
        content=lambda n: b"sep=,\n" * n + _with(),
        size=10**4,
        larger_size=10**6,
        words="line has|expected|more",
    ),
    csv_case(
        "a line without end",
        content=lambda n: _HEAD + _ROW[:-1] + b"x" * n,
        size=10**6,
        larger_size=5 * 10**6,
        words="",
    ),
    csv_case(
        "rows of other widths",
        content=lambda n: _with(within=_ROW * n + b"1,2\n"),
        size=10**4,
        larger_size=10**6,
        words="The line has 2 cells",
        megabytes=1200,
    ),
    # values
    csv_case(
        "digits without end",
        content=lambda n: _value(b"9" * n),
        size=10**5,
        larger_size=10**7,
        words="cannot be used",
    ),
    csv_case(
        "groups of digits without end",
        content=lambda n: _value(b"1" + b" 000" * n),
        size=10**5,
        larger_size=10**6,
        words="cannot be used",
    ),
    csv_case(
        "points without end",
        content=lambda n: _value(b"1." * n),
        size=10**5,
        larger_size=10**6,
        words="cannot be used",
    ),
    csv_case(
        "a date without end",
        content=lambda n: _HEAD + _ROW.replace(b"2021-01-01", b"2021-" * n),
        size=10**4,
        larger_size=10**6,
        words="cannot be used",
    ),
    csv_case(
        "an exponent",
        content=lambda n: _value(b"1e" + b"4" * n),
        size=3,
        larger_size=10**6,
        words="cannot be used",
    ),
    csv_case(
        "no number", content=lambda _: _value(b"NaN"), size=1, larger_size=1, words="cannot be used"
    ),
    csv_case(
        "many kinds of rubbish",
        content=lambda n: _HEAD + b"".join(b"a%d,b%d,c%d,d\n" % (i, i, i) for i in range(n)),
        size=2000,
        larger_size=200_000,
        words="cannot be used",
        seconds=60,
        megabytes=1500,
    ),
    # other forms
    csv_case(
        "packed with gzip",
        content=lambda n: gzip.compress(b"0" * n),
        size=10**6,
        larger_size=10**8,
        words="gzip",
    ),
    csv_case(
        "a page in place of it",
        content=lambda n: b"<html>" + b"<p>" * n,
        size=10**5,
        larger_size=10**6,
        words="field limit",
    ),
)
