"""The sentences of Norwegian text.

Not here: where the text comes from (`page_blocks.py`), figures in it (`prose.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# an end mark with what closes after it, a space, and with what opens before it a word that could
# start a sentence
_END = re.compile(
    r"(?<![.!?…])(?P<marks>[.!?…]++)[»\"”’)\]⁰¹²³⁴-⁹]*+"
    r"[ \n](?=[«\"“”‘(\[–— -]*+(?P<next>[^\W_]++))"
)
_OPENING = '«"“”‘’([–—-'
# No sentence ends after these: something always follows them.
_ABBREVIATIONS = frozenset(
    (
        *("abs", "adm", "ang", "anm", "anv", "apr", "art", "ass", "att", "aug", "avd", "bd"),
        *("bl.a", "ca", "cand", "des", "dir", "dok", "d.d", "dr", "dvs", "d.v.s", "eks"),
        *("ekskl", "etg", "ev", "evt", "febr", "feb", "f.eks", "fig", "fom", "f.o.m"),
        *("forts", "gj", "gjsn", "gj.sn", "gnr", "hhv", "i.e", "ift", "ifm", "iflg", "iht"),
        *("ind", "inkl", "inst", "int", "jan", "jf", "jfr", "jnr", "kap", "kgl", "kl", "kom"),
        *("komm", "korr", "kst", "kv", "m.a", "maks", "m.h.t", "mht", "m.o.t", "ndf", "nov"),
        *("nr", "okt", "omg", "omkr", "oppr", "org", "pga", "p.g.a", "pkt", "pr", "prof"),
        *("ref", "reg", "res", "resp", "saml", "sekr", "sep", "sept", "s.k", "spm", "st"),
        *("str", "t.d", "t.h", "tilsv", "tlf", "t.o.m", "t.v", "u.a", "utg", "vedk", "vedl"),
        *("vedr", "vg", "vgs", "vol", "vs"),
    )
)
# These may also be last in a sentence, and are where a capital follows.
_ALSO_LAST = frozenset(
    (
        *("dgr", "e.l", "etc", "innb", "kr", "m.fl", "mfl", "mill", "m.m", "mnd", "mrd"),
        *("m.v", "mv", "o.a", "o.fl", "o.l", "osb", "osv", "o.s.v", "pst", "stk", "årl"),
    )
)
_AFTER_ORDINAL = re.compile(
    "(?:januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember"
    "|jan|feb|febr|apr|jun|jul|aug|sep|sept|okt|nov|des"
    "|kvartal|tertial|halvår|årgang|utgave|plass|runde|fase|trinn|uke|veke)",
    re.IGNORECASE,
)


def sentences(block: str) -> Iterator[str]:
    """The sentences of a block of text, which loses nothing but the space between them."""
    start = 0
    for end in _END.finditer(block):
        word = max(start, *(block.rfind(space, start, end.start()) + 1 for space in " \n"))
        before = block[word : end.start()].lstrip(_OPENING)
        if _ends(before, end["marks"], end["next"], is_first=word == start):
            yield block[start : end.end() - 1]
            start = end.end()
    if start < len(block):
        yield block[start:]


def _ends(before: str, marks: str, following: str, *, is_first: bool) -> bool:
    """Whether a sentence ends at the marks after the word `before` and before `following`.

    `is_first`: the word before is the first of its sentence.
    """
    starts_with_digit, starts_with_capital = following[0].isdigit(), following[0].isupper()
    if not starts_with_digit and not starts_with_capital:
        return False
    if marks != ".":
        return True
    # an ordinal, a date in digits, the number of a list item
    if before.isdecimal() and len(before) <= 2:
        return not (is_first or starts_with_digit or _AFTER_ORDINAL.fullmatch(following))
    word = before.casefold()
    if word in _ALSO_LAST:
        return starts_with_capital
    return not (word in _ABBREVIATIONS or _is_initials(before))


def _is_initials(word: str) -> bool:
    """`A`, `H.C`, `b.l.a`: single letters, or short parts with a point between and one letter."""
    parts = word.split(".")
    is_short = all(part.isalpha() and len(part) <= 3 for part in parts)
    return is_short and any(len(part) == 1 for part in parts)
