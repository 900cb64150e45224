"""The text of an element of a web page as a reader sees it.

Hidden and struck text is not there. A raised, linked or marked footnote mark is no part of the text
before it; a raised number after 10 is a power and is written in superscript digits. What a line
break, a paragraph or a list item separates stays apart. Where the shown text cannot be known, the
text has a fault.
Not here: what is hidden (`page_style.py`), tables (`html.py`), sentences (`prose.py`), meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pll_pipeline.validated.readers.page_style import PageStyle, Shown

# Elements within a line of text; any other begins a line of its own. Custom elements are within.
_WITHIN_LINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "basefont", "bdi", "bdo", "big", "button", "cite", "code"),
        *("data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label", "mark", "nobr"),
        *("output", "q", "rb", "rt", "ruby", "s", "samp", "slot", "small", "span", "strike"),
        *("strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
    )
)
NOT_SHOWN = frozenset(
    (
        *("script", "style", "template", "noscript", "head", "title", "datalist", "rp", "iframe"),
        *("object", "audio", "video", "source", "track", "param", "map", "link", "meta", "base"),
    )
)
# Shown, but not as text of the page.
_PICTURES = frozenset(
    (
        *("img", "svg", "canvas", "picture", "input", "select", "textarea", "meter", "progress"),
        *("embed", "math"),
    )
)
# A digit in one of these is of another size or kind than the digit beside it.
_OF_OTHER_KIND = frozenset(("a", "small", "sub", "abbr", "button", "cite", "label", "rt"))
_NOTE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:foot-?notes?|fot-?notes?|note-?refs?|fn|fnref|fn-?ref|reference|endnote)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_MARK = re.compile(r"(?:[\[(]?(?:\d{1,2}|[a-zA-Z])[\])]|\d|[a-zA-Z]|[*†‡§#¤]{1,3}|[¹²³⁴-⁹⁰])")
_NUMBER = re.compile(r"[-−+]?\d+")
_POWER_BASE = re.compile(r"(?<![\d.,])10\s*$")
_SQUARED = re.compile(r"(?<![^\W\d_])(?:[kcdm]?m)$")
_RAISED_CHARACTERS = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
# Soft hyphen, zero-width space and joiners, direction marks, word joiner, byte order mark.
_UNSEEN_CHARACTERS = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF))
BREAK = "\x1d"  # between what is on lines of its own
SEAM = "\x1f"  # between digits that a reader does not see as one number
_SEAM_BETWEEN_DIGITS = re.compile(rf"\d[{SEAM}]+\d")
_GROUP_SPACE = "\u00a0\u202f\u2007\u2009"
_SPACES = re.compile(rf"(?<=\d)([{_GROUP_SPACE}])(?=\d)|[^\S{BREAK}{SEAM}]+")
_BROKEN = re.compile(rf"[\s{BREAK}]*{BREAK}[\s{BREAK}]*")
_TAIL = 48


@dataclass(frozen=True)
class SeenText:
    """The text of an element: `text` as seen, and what is not in it.

    `fault`: why the shown text cannot be known, as a clause, or "". `hidden`, `struck`: the texts
    left out for being so. `marks`: the footnote marks at it.
    """

    text: str
    fault: str = ""
    hidden: tuple[str, ...] = ()
    struck: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass
class _Raised:
    """A raised element that is being read: the text before it is kept by who began it."""

    is_note: bool
    outer: list[str]


@dataclass
class _Walk:
    """What is collected on the way through an element."""

    style: PageStyle
    pieces: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    has_text: bool = False
    has_picture: bool = False


def children(node: Any) -> Iterator[Any]:
    """The nodes directly in a node, texts and comments among them."""
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def seen_text(node: Any, style: PageStyle) -> SeenText:
    """The text of the element as a reader sees it, white space collapsed.

    A break between two texts with digits is a line break, elsewhere a space. Tables within the
    element are not part of its text.
    """
    walk = _Walk(style)
    _walk_children(walk, node, style.shown_in_page(node))
    text = "".join(walk.pieces)
    if _SEAM_BETWEEN_DIGITS.search(text):
        shown = collapsed(text.replace(SEAM, "|"))
        walk.faults.append(f"shows digits beside each other that are not one number: {shown!r}")
    text = collapsed(text)
    if not text and walk.marks:
        text = " ".join(walk.marks).translate(_RAISED_CHARACTERS)
    if not text and walk.has_picture:
        walk.faults.append("shows a picture or a field, and no text")
    fault = walk.faults[0] if walk.faults else ""
    return SeenText(text, fault, tuple(walk.hidden), tuple(walk.struck), tuple(walk.marks))


def collapsed(text: str) -> str:
    """Single spaces; a no-break or thin space between digits stays what it is.

    A break becomes a line break where digits are on both sides of it, else a space.
    """
    plain = text.replace(SEAM, "").translate(_UNSEEN_CHARACTERS)
    spaced = _SPACES.sub(lambda space: space[1] or " ", plain)
    first, *others = _BROKEN.split(spaced)
    for other in others:
        has_digits = any(map(str.isdigit, first)) and any(map(str.isdigit, other))
        first += ("\n" if has_digits else " ") + other
    return first.strip(" \n")


# --- the walk ---------------------------------------------------------------------------------


def _walk_children(walk: _Walk, node: Any, shown: Shown) -> None:
    """Collect what is in the node. By a list of what is left to do: pages may be deep."""
    todo: list[tuple[Any, Shown]] = [(child, shown) for child in children(node)][::-1]
    raised: list[_Raised] = []
    while todo:
        part, within = todo.pop()
        if isinstance(part, str):
            walk.pieces.append(part)
        elif isinstance(part, _Raised):
            _end_raised(walk, raised.pop())
        elif part.is_text_node:
            _add_text(walk, part.text_content or "", within)
        elif part.is_element_node and part.tag not in NOT_SHOWN:
            _enter(walk, part, within, todo, raised)


def _enter(
    walk: _Walk, node: Any, within: Shown, todo: list[tuple[Any, Shown]], raised: list[_Raised]
) -> None:
    """Begin an element: what comes before it, after it, and of it."""
    tag = node.tag
    shown = walk.style.shown(node, within)
    if shown.is_gone:
        _leave_out(walk.hidden, node.text() or "")
        return
    if tag in _PICTURES:
        walk.has_picture = walk.has_picture or node.attributes.get("type") != "hidden"
        if tag == "math":
            walk.faults.append("shows a formula")
        return
    if tag == "table":
        _leave_out_table(walk, node, shown)
        return
    if generated := walk.style.generated(node):
        walk.faults.append(f"shows text that a style of the page adds: {generated!r}")
    edge = _edge(walk, node, shown)
    walk.pieces.append(edge)
    todo.append((edge, shown))  # again where it ends
    if not shown.is_struck and _is_raised(walk, node):
        is_note = _is_note(node) or node.css_first("a") is not None
        raised.append(_Raised(is_note, walk.pieces))
        walk.pieces = []
        todo.append((raised[-1], shown))
    todo.extend([(child, shown) for child in children(node)][::-1])


def _edge(walk: _Walk, node: Any, shown: Shown) -> str:
    """What separates the text of an element from the text beside it."""
    if begins_line(node, walk.style):
        return BREAK
    # what a class does to the size or distance of a digit is in style sheets elsewhere
    has_class = bool(node.attributes.get("class"))
    return SEAM if has_class or shown.is_struck or node.tag in _OF_OTHER_KIND else ""


def begins_line(node: Any, style: PageStyle) -> bool:
    """Whether the text of an element is apart from the text before it."""
    is_within_line = node.tag in _WITHIN_LINE or "-" in node.tag
    return not is_within_line or style.is_block(node)


def _add_text(walk: _Walk, text: str, shown: Shown) -> None:
    if not shown.is_seen:
        _leave_out(walk.hidden, text)
    elif shown.is_struck:
        _leave_out(walk.struck, text)
    else:
        walk.pieces.append(text)
        walk.has_text = walk.has_text or bool(text.strip())
        if shown.doubt and text.strip():
            walk.faults.append(
                f"contains {text.strip()!r} in an element of the class {shown.doubt!r}, which a"
                " style sheet outside the page may hide"
            )


def _leave_out(texts: list[str], text: str) -> None:
    if text.strip():
        texts.append(" ".join(text.split()))


def _leave_out_table(walk: _Walk, node: Any, shown: Shown) -> None:
    """A table within is read as a table of its own; what a reader sees of it is a fault here."""
    walk.pieces.append(BREAK)
    if shown.is_seen and (node.text() or "").strip():
        walk.faults.append("contains a table of its own")


# --- raised text ------------------------------------------------------------------------------


def _is_raised(walk: _Walk, node: Any) -> bool:
    """Whether the element is raised above the line, or a link or class makes it a footnote mark."""
    if walk.style.position(node) == "raised":
        return True
    return walk.has_text and _is_note(node) and bool(_MARK.fullmatch(_plain(node)))


def _plain(node: Any) -> str:
    return " ".join((node.text() or "").split())


def _is_note(node: Any) -> bool:
    """Whether a link to another place of the page, a role or a class makes it a footnote mark."""
    attributes = node.attributes
    if node.tag == "a" and (attributes.get("href") or "").startswith("#"):
        return True
    is_reference = attributes.get("role") in ("doc-noteref", "note")
    return is_reference or bool(_NOTE_CLASS.search(attributes.get("class") or ""))


def _end_raised(walk: _Walk, raised: _Raised) -> None:
    """Decide what a raised text is: a footnote mark, a power, a unit such as m², or text."""
    inner = "".join(walk.pieces)
    walk.pieces = raised.outer
    mark = collapsed(inner)
    before = _tail(walk.pieces)
    if _NUMBER.fullmatch(mark) and not raised.is_note:
        is_part = (
            _POWER_BASE.search(before)
            or len(mark) > 1
            or (mark in "23" and _SQUARED.search(before))
        )
        if is_part:
            walk.pieces.append(mark.translate(_RAISED_CHARACTERS))
            return
    marks = re.split(r"[,;\s]+", mark)
    if mark and (raised.is_note or all(_MARK.fullmatch(one) for one in marks)):
        walk.marks.append(mark)
        walk.pieces.append(SEAM)
    else:
        walk.pieces.append(inner)


def _tail(pieces: list[str]) -> str:
    """The end of what has been collected, as it is seen."""
    tail = ""
    for piece in reversed(pieces):
        tail = piece.replace(SEAM, "").translate(_UNSEEN_CHARACTERS) + tail
        if len(tail) >= _TAIL:
            break
    return tail
