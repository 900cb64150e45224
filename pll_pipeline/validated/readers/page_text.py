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
from dataclasses import dataclass
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
_FIELDS = frozenset(("input", "select", "textarea", "meter", "progress"))
_UNWRITTEN_FIELDS = ("hidden", "checkbox", "radio", "submit", "button", "reset", "image", "file")
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
RAISED_CHARACTERS = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_LOWERED_CHARACTERS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
# Soft hyphen, zero-width space and joiners, direction marks, word joiner, byte order mark.
_UNSEEN_CHARACTERS = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF))
BREAK = "\x1d"  # between what is on lines of its own
SEAM = "\x1f"  # where an element begins or ends that may look other than the text beside it
HARD_SEAM = "\x1c"  # where one does: it is smaller, lowered, linked or struck, or was a mark
_SEAMS = SEAM + HARD_SEAM
_GROUP_SPACE = "\u00a0\u202f\u2007\u2009"
_RAISED_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉"
_GAP = f"[ \t\r\n{_GROUP_SPACE}{_SEAMS}]*"
_SEAM = f"[{_SEAMS}]"
_ANY_SEAMS = re.compile(f"{_SEAM}+")
_RAISED = f"[{_RAISED_DIGITS}]"
_EITHER = f"[{_SEAMS}{_RAISED_DIGITS}]"
# Digits on both sides of a seam, or of raised digits, are not one number.
SEAM_BETWEEN_DIGITS = re.compile(
    "|".join(
        (
            rf"\d{_SEAM}+\d",  # beside each other
            rf"(?<!\d)\d{{1,3}}{_GAP}{_EITHER}+{_GAP}\d{{3}}(?!\d)",  # as groups of three
            rf"\d{_GAP}{HARD_SEAM}{_GAP}[-−–+]{_GAP}\d",  # as the ends of a range
            rf"\d{_GAP}[-−–+]{_GAP}{HARD_SEAM}{_GAP}\d",
            rf"\d{_SEAM}*{_RAISED}{_EITHER}*[.,\-−–+]?{_EITHER}*\d",  # around raised digits
        )
    )
)
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_SPACES = re.compile(rf"(?<=\d)([{_GROUP_SPACE}])(?=\d)|[^\S{BREAK}{_SEAMS}]+")
_BROKEN = re.compile(rf"[\s{BREAK}]*{BREAK}[\s{BREAK}]*")
_TAIL = 48
_MOST_PIECES = 50  # that the end of what was collected is looked for in
_MOST_RAISED = 8  # raised or lowered elements within each other


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


def children(node: Any) -> Iterator[Any]:
    """The nodes directly in a node, texts and comments among them."""
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def seen_text(node: Any, style: PageStyle, shown: Shown | None = None) -> SeenText:
    """The text of the element as a reader sees it, white space collapsed.

    `shown`: how the element is shown, where that is known already.
    A break between two texts with digits is a line break, elsewhere a space. Tables within the
    element are not part of its text.
    """
    shown = shown or style.shown_in_page(node)
    if style.adds_nothing(node) and (text := _plain_text(node, shown)) is not None:
        return SeenText(text)
    walk = Walk(style)
    walk.refuse_what_style_adds(node)
    walk.go_through(node, shown)
    text = visible("".join(walk.pieces))
    if has_seam_between_digits(text):
        walk.add_fault(fault_of_seam(text))
    text = collapsed(text)
    if not text and walk.marks:
        text = " ".join(walk.marks).translate(RAISED_CHARACTERS)
    if not text and walk.has_picture:
        walk.add_fault("shows a picture or a field, and no text")
    fault = walk.faults[0] if walk.faults else ""
    return SeenText(text, fault, tuple(walk.hidden), tuple(walk.struck), tuple(walk.marks))


def _plain_text(node: Any, shown: Shown) -> str | None:
    """The text of an element that has one text of plain signs, which is seen as it is; else None.

    Most cells are so, and the walk would take three times as long for them.
    """
    child = node.first_child
    if child is None or not child.is_text_node or child.next is not None:
        return None
    text: str = child.text_content or ""
    is_as_it_is = shown.is_seen and not shown.is_struck and not shown.doubt
    return text.strip(" ") if is_as_it_is and _is_plain(text) and text.strip(" ") else None


def _is_plain(text: str) -> bool:
    """Whether all signs of a text show what they are, and no spaces are beside each other."""
    return text.isascii() and text.isprintable() and "  " not in text


def has_seam_between_digits(text: str) -> bool:
    """Whether a text has a seam between digits that are not one number.

    Of white space, and of seams beside each other, one is enough to know.
    """
    single = _ANY_SEAMS.sub(_one_seam, _WHITE_SPACE.sub(" ", text))
    return SEAM_BETWEEN_DIGITS.search(single) is not None


def _one_seam(seams: re.Match[str]) -> str:
    return HARD_SEAM if HARD_SEAM in seams[0] else SEAM


def fault_of_seam(text: str) -> str:
    """What is wrong with a text that has a seam between digits."""
    shown = collapsed(re.sub(f"[{_SEAMS}]", "|", text))
    return f"shows digits beside each other that are not one number: {shown!r}"


def visible(text: str) -> str:
    """The text without characters that show nothing and separate nothing."""
    return text.translate(_UNSEEN_CHARACTERS)


def collapsed(text: str) -> str:
    """Single spaces; a no-break or thin space between digits stays what it is.

    A break becomes a line break where digits are on both sides of it, else a space.
    """
    if _is_plain(text):
        return text.strip(" ")
    plain = visible(_ANY_SEAMS.sub("", text))
    spaced = _SPACES.sub(lambda space: space[1] or " ", plain)
    pieces: list[str] = []
    has_digits_before = False
    for line in _BROKEN.split(spaced):
        has_digits = any(map(str.isdigit, line))
        pieces += ("\n" if has_digits and has_digits_before else " ", line)
        has_digits_before = has_digits_before or has_digits
    return "".join(pieces).strip(" \n")


# --- the walk ---------------------------------------------------------------------------------


class Walk:
    """The way through an element, and what is collected on it."""

    def __init__(self, style: PageStyle) -> None:
        self.style = style
        self.pieces: list[str] = []
        self.hidden: list[str] = []
        self.struck: list[str] = []
        self.marks: list[str] = []
        self.faults: list[str] = []
        self.has_text = False
        self.has_picture = False
        self._off_the_line = 0
        self._todo: list[tuple[Any, Shown]] = []

    def go_through(self, node: Any, shown: Shown) -> None:
        """Collect what is in the node. By a list of what is left to do: pages may be deep."""
        self._push_children(node, shown)
        while self._todo:
            part, within = self._todo.pop()
            if callable(part):
                part()
            elif part.is_text_node:
                self.add_text(part.text_content or "", within)
            elif part.is_element_node and part.tag not in NOT_SHOWN:
                self._enter(part, within)

    def _push_children(self, node: Any, shown: Shown) -> None:
        self._todo.extend([(child, shown) for child in children(node)][::-1])

    def _enter(self, node: Any, within: Shown) -> None:
        """Go into an element, or leave it out."""
        shown = self.style.shown(node, within)
        if shown.is_gone:
            leave_out(self.hidden, node.text() or "")
        elif node.tag in _PICTURES:
            self.has_picture = self.has_picture or node.attributes.get("type") != "hidden"
            if node.tag == "math":
                self.add_fault("shows a formula")
            elif node.tag in _FIELDS and _has_value(node):
                self.add_fault("shows a field with a value of its own")
        elif not self.is_left_out(node, shown):
            self._go_into(node, shown)

    def _go_into(self, node: Any, shown: Shown) -> None:
        self.refuse_what_style_adds(node)
        self.begin(node, shown)
        self._todo.append((lambda: self.end(node, shown), shown))
        self._move_off_the_line(node, shown)
        self._push_children(node, shown)

    def _move_off_the_line(self, node: Any, shown: Shown) -> None:
        """Collect what is raised or lowered apart, and decide at its end what it is."""
        outer = self.pieces
        is_raised = not shown.is_struck and self._is_raised(node)
        if not is_raised and self.style.position(node) != "lowered":
            return
        self._off_the_line += 1
        if self._off_the_line > _MOST_RAISED:
            self._off_the_line -= 1
            self.add_fault(
                f"has more than {_MOST_RAISED} raised or lowered texts within each other"
            )
            return
        self.pieces = []
        if is_raised:
            is_note = _is_note(node) or node.css_first("a") is not None
            self._todo.append((lambda: self._end_raised(outer, is_note=is_note), shown))
        else:
            self._todo.append((lambda: self._end_lowered(outer), shown))

    def refuse_what_style_adds(self, node: Any) -> None:
        """Add a fault where a style makes the element show something else than its text."""
        if generated := self.style.generated(node):
            self.add_fault(f"shows text that a style of the page adds: {generated!r}")
        if self.style.is_turned(node):
            self.add_fault("shows its signs from right to left")

    # what differs between the text of a cell and the text of a page

    def is_left_out(self, node: Any, shown: Shown) -> bool:
        """Whether the element is read elsewhere: a table within, whose seen text is a fault."""
        if node.tag != "table":
            return False
        self.pieces.append(BREAK)
        if shown.is_seen and (node.text() or "").strip():
            self.add_fault("contains a table of its own")
        return True

    def begin(self, node: Any, shown: Shown) -> None:
        """Separate the element from the text before it."""
        self.pieces.append(self.edge(node, shown))

    def end(self, node: Any, shown: Shown) -> None:
        """Separate the element from the text after it."""
        self.pieces.append(self.edge(node, shown))

    def edge(self, node: Any, shown: Shown) -> str:
        """What separates the text of an element from the text beside it."""
        if begins_line(node, self.style):
            return BREAK
        # what a class does to the size or distance of a digit is in style sheets elsewhere
        if shown.is_struck or node.tag in _OF_OTHER_KIND or self.style.position(node):
            return HARD_SEAM
        return SEAM if node.attributes.get("class") or self.style.is_moved(node) else ""

    def add_text(self, text: str, shown: Shown) -> None:
        """Add a text of the page, where a reader sees it."""
        if not shown.is_seen:
            leave_out(self.hidden, text)
        elif shown.is_struck:
            leave_out(self.struck, text)
        else:
            self.pieces.append(text)
            self.has_text = self.has_text or bool(text.strip())
            if shown.doubt and text.strip():
                self.add_fault(
                    f"contains {text.strip()!r} in an element of the class {shown.doubt!r}, which"
                    " a style sheet outside the page may hide"
                )

    def add_mark(self, mark: str) -> None:
        """Add a footnote mark, which is no part of the text."""
        self.marks.append(mark)
        self.pieces.append(HARD_SEAM)

    def add_fault(self, fault: str) -> None:
        """Add a reason why the shown text cannot be known."""
        self.faults.append(fault)

    # raised text

    def _is_raised(self, node: Any) -> bool:
        """Whether the element is above the line, or a link or class makes it a footnote mark."""
        if self.style.position(node) == "raised":
            return True
        is_mark = self.has_text and _is_note(node)
        return is_mark and bool(_MARK.fullmatch(" ".join((node.text() or "").split())))

    def _back_on_the_line(self, outer: list[str]) -> str:
        """What was collected apart; collecting goes on in `outer`."""
        inner, self.pieces = "".join(self.pieces), outer
        self._off_the_line -= 1
        return inner

    def _end_raised(self, outer: list[str], *, is_note: bool) -> None:
        """Decide what a raised text is: a footnote mark, a power, a unit such as m², or text."""
        inner = self._back_on_the_line(outer)
        mark = collapsed(inner)
        is_number = bool(_NUMBER.fullmatch(mark))
        if is_number and not is_note and _is_part_of_text(mark, _tail(outer)):
            self.pieces.append(mark.translate(RAISED_CHARACTERS))
        elif mark and (is_note or all(map(_MARK.fullmatch, re.split(r"[,;\s]+", mark)))):
            self.add_mark(mark)
        else:
            self.pieces.append(inner)

    def _end_lowered(self, outer: list[str]) -> None:
        """Write lowered digits as such, but for those after a letter, as in CO2."""
        inner = self._back_on_the_line(outer)
        is_after_letter = _tail(outer)[-1:].isalpha()
        self.pieces.append(inner if is_after_letter else inner.translate(_LOWERED_CHARACTERS))


def leave_out(texts: list[str], text: str) -> None:
    """Keep a text that is not read, where there is any."""
    if text.strip():
        texts.append(" ".join(text.split()))


def _has_value(node: Any) -> bool:
    """Whether a field shows something: what is written in it, or the size of a bar."""
    if node.tag == "input" and node.attributes.get("type") in _UNWRITTEN_FIELDS:
        return False
    return bool((node.attributes.get("value") or node.text() or "").strip())


def begins_line(node: Any, style: PageStyle) -> bool:
    """Whether the text of an element is apart from the text before it."""
    is_within_line = node.tag in _WITHIN_LINE or "-" in node.tag
    is_apart = node.parent is not None and style.parts_its_children(node.parent)
    return not is_within_line or is_apart or style.is_block(node)


def _is_note(node: Any) -> bool:
    """Whether a link to another place of the page, a role or a class makes it a footnote mark."""
    attributes = node.attributes
    if node.tag == "a" and (attributes.get("href") or "").startswith("#"):
        return True
    is_reference = attributes.get("role") in ("doc-noteref", "note")
    return is_reference or bool(_NOTE_CLASS.search(attributes.get("class") or ""))


def _is_part_of_text(number: str, before: str) -> bool:
    """Whether a raised number belongs to the text before it: 10⁶, m², or too long for a mark."""
    is_unit = number in ("2", "3") and _SQUARED.search(before)
    return bool(_POWER_BASE.search(before) or len(number) > 1 or is_unit)


def _tail(pieces: list[str]) -> str:
    """The end of what has been collected, as it is seen."""
    tail = ""
    for piece in reversed(pieces[-_MOST_PIECES:]):
        tail = visible(re.sub(f"[{_SEAMS}]", "", piece)) + tail
        if len(tail) >= _TAIL:
            break
    return tail
