"""Which elements of a web page a reader does not see, and which are struck out, raised or lowered.

Known from the elements themselves, their `hidden` and `style` attributes, and the rules in the
`<style>` elements of the page, by the order of the cascade. Style sheets of their own are not
fetched: of classes defined there, those that only screen readers notice are known by name, and a
class whose name suggests hiding is a doubt. `aria-hidden` hides nothing from a reader who sees.
What a control of the page opens, as a tab, an accordion or `<details>`, counts as shown.
Not here: the text of elements (`page_text.py`), tables (`html.py`), sentences (`prose.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pll_pipeline.errors import PllError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_MOST_PARTS = 60  # of a selector
_DEEPEST = 32  # blocks of a style within each other
MOST_STYLE = 4 * 2**20  # characters of style
_LOOK = "look at the page: it has become another, or was made to do harm"
SCREEN_WIDTH = 1280  # CSS pixels of the screen that media queries are evaluated for

_STRUCK_TAGS = frozenset(("s", "del", "strike"))
# Text that only screen readers notice, by the names that style libraries give its class.
_SCREEN_READER_CLASS = re.compile(
    r"(?<!not-)\b(?:sr-only|sr-text|visually-?hidden|screen-?reader(?:-only|-text)?|sortkey"
    r"|element-invisible|offscreen|assistive-text)\b",
    re.IGNORECASE,
)
# Names that style libraries give to hidden elements, and other pages to other things.
_DOUBTFUL_CLASSES = frozenset(
    ("hidden", "d-none", "hide", "is-hidden", "u-hidden", "invisible", "display-none", "ng-hide")
)
# What moves, shrinks or turns an element: digits in it may not be what they are beside.
_MOVING = frozenset(
    (
        *("font-size", "position", "float", "order", "z-index", "margin", "margin-left"),
        *("margin-right", "transform", "translate", "scale", "rotate", "zoom", "filter"),
        *("opacity", "line-height", "letter-spacing", "mask", "mask-image", "flex-direction"),
    )
)
_PROPERTIES = _MOVING | frozenset(
    (
        "display",
        "visibility",
        "content-visibility",
        "opacity",
        "text-decoration",
        "text-decoration-line",
        "vertical-align",
        "font-size",
        "font-variant-position",
        "position",
        "left",
        "right",
        "top",
        "bottom",
        "text-indent",
        "clip",
        "clip-path",
        "overflow",
        "width",
        "height",
        "max-width",
        "max-height",
        "content",
        "color",
        "background",
        "background-color",
        "direction",
        "unicode-bidi",
    )
)
_LINE = "text-decoration-line"
_ALIASES = {"text-decoration": _LINE}
_IMPORT = re.compile(r"@import\s+(?:url)?([^;\s]+)", re.IGNORECASE)
_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|(?:rgb|hsl)a?\([^)]*\)|\b[a-z]+\b")
_COLOUR_NAMES = {"#fff": "white", "#ffffff": "white", "#000": "black", "#000000": "black"}
_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_GENERATED = re.compile(r"::?(?:before|after)$")
# Of a pointer or a control: what a page looks like before anyone touches it has none of them.
_STATE = re.compile(r":(?:hover|focus|active|target|checked|visited|open)\b|:has\(")
_LENGTH = re.compile(r"(-?(?:\d++(?:\.\d++)?+|\.\d++))(px|pt|em|rem|%|vw|vh|)$")
_FAR = -900.0
_LEAST_SEEN = 0.05
# scale(0), translate(-9999px), opacity(0)
_GONE = re.compile(
    r"(?:scale[xy]?|opacity)\(\s*0(?:\.0+)?%?\s*[,)]|translate(?:3d|[xy])?\([^)]*-?\d{4,}px"
)

Position = Literal["raised", "lowered", ""]


@dataclass(frozen=True)
class Shown:
    """How an element is shown.

    `is_gone`: neither it nor anything in it. `is_invisible`, `is_without_size`: not its own text,
    though an element in it may be shown again. `doubt`: the class that may hide it. `colour` and
    `background` are of its text and what is behind it; "" where they are not known.
    """

    is_gone: bool = False
    is_invisible: bool = False
    is_without_size: bool = False
    is_struck: bool = False
    doubt: str = ""
    colour: str = ""
    background: str | None = None

    @property
    def is_seen(self) -> bool:
        """Whether a reader sees text that is directly in the element."""
        return not (self.is_gone or self.is_invisible or self.is_without_size or self.is_blended)

    @property
    def is_blended(self) -> bool:
        """Whether the text has no colour, or that of what is behind it."""
        return self.colour == "transparent" or bool(self.colour and self.colour == self.background)


@dataclass(frozen=True)
class _Own:
    """What an element declares of itself. None: it is as the element it lies in."""

    is_gone: bool = False
    is_invisible: bool | None = None
    is_without_size: bool | None = None
    is_struck: bool = False
    is_block: bool = False
    position: Position = ""
    doubt: str = ""
    colour: str | None = None
    background: str | None = None
    is_turned: bool = False
    is_moved: bool = False
    parts_its_children: bool = False


_PLAIN = _Own()
_Rank = tuple[bool, bool, int, int]
_Declared = dict[str, tuple[_Rank, str]]


class PageStyle:
    """The styles of one page. Keeps the page, whose elements it knows by identity."""

    def __init__(self, page: LexborHTMLParser, where: str) -> None:
        self._page = page
        self._declared: dict[int, _Declared] = {}
        self._generated: dict[int, str] = {}
        self._shown: dict[int, Shown] = {}
        self._own_of: dict[int, _Own] = {}
        self._own_by_attributes: dict[tuple[object, ...], _Own] = {}
        self._panels = {panel.mem_id for panel in _panels(page)}
        self._has_other_sheets = bool(other_sheets(page))
        self._first_background = "" if self._has_other_sheets else "white"
        for order, (selector, declarations) in enumerate(_rules_of(page, where)):
            self._apply(selector, declarations, order)

    def shown(self, node: Any, within: Shown) -> Shown:
        """How an element is shown that lies in one shown as `within`."""
        own = self._own(node)
        if within.is_gone or own is _PLAIN or node.mem_id in self._panels:
            return within
        return Shown(
            is_gone=own.is_gone,
            is_invisible=_first(own.is_invisible, within.is_invisible),
            is_without_size=_first(own.is_without_size, within.is_without_size),
            is_struck=within.is_struck or own.is_struck,
            doubt=within.doubt or own.doubt,
            colour=within.colour if own.colour is None else own.colour,
            background=self._background(own, within),
        )

    def _background(self, own: _Own, within: Shown) -> str | None:
        """What is behind the text: its element's, else that around it, else the empty page."""
        if own.background is not None:
            return own.background
        return self._first_background if within.background is None else within.background

    def shown_in_page(self, node: Any) -> Shown:
        """How an element is shown, by all the elements it lies in."""
        line = []
        above = node
        while above is not None and above.mem_id not in self._shown:
            line.append(above)
            above = above.parent
        shown = Shown() if above is None else self._shown[above.mem_id]
        for element in reversed(line):
            if element.is_element_node:
                shown = self.shown(element, shown)
            self._shown[element.mem_id] = shown
        return shown

    def position(self, node: Any) -> Position:
        """Whether the element is raised above the line, lowered below it, or neither."""
        return self._own(node).position

    def is_block(self, node: Any) -> bool:
        """Whether a style makes the element a block of its own."""
        return self._own(node).is_block

    def is_moved(self, node: Any) -> bool:
        """Whether a style moves, shrinks or turns the element."""
        return self._own(node).is_moved

    def parts_its_children(self, node: Any) -> bool:
        """Whether the elements in the element are apart from each other, in an order of styles."""
        return self._own(node).parts_its_children

    def is_turned(self, node: Any) -> bool:
        """Whether the element shows its signs in another order than it stores them."""
        return self._own(node).is_turned

    def generated(self, node: Any) -> str:
        """The text that a rule of the page puts before or after the element's own."""
        return self._generated.get(node.mem_id, "") if self._generated else ""

    def adds_nothing(self, node: Any) -> bool:
        """Whether no style makes the element show something else than its text."""
        return not self.generated(node) and not self.is_turned(node)

    def _own(self, node: Any) -> _Own:
        """What the element declares."""
        own = self._own_of.get(node.mem_id)
        if own is None:
            own = self._own_of[node.mem_id] = self._worked_out(node)
        return own

    def _worked_out(self, node: Any) -> _Own:
        """The same; worked out once for all elements that declare the same."""
        attributes = node.attributes
        declared = self._declared.get(node.mem_id)
        if declared is not None:
            return self._evaluated(node.tag, attributes, declared)
        key = (
            node.tag,
            attributes.get("class"),
            attributes.get("style"),
            attributes.get("role"),
            attributes.get("color"),
            attributes.get("size"),
            attributes.get("bgcolor"),
            "hidden" in attributes,
            "open" in attributes,
        )
        if key not in self._own_by_attributes:
            self._own_by_attributes[key] = self._evaluated(node.tag, attributes, {})
        return self._own_by_attributes[key]

    def _evaluated(self, tag: str, attributes: dict[str, Any], declared: _Declared) -> _Own:
        style = _default_style(tag, attributes)
        ranked = dict(declared)
        for name, value, is_important in _declarations(attributes.get("style") or ""):
            _keep(ranked, name, value, (is_important, True, 0, 0))
        style.update((name, value) for name, (_, value) in ranked.items())
        own = _Own(
            is_gone=_is_out_of_sight(style) or _is_for_screen_readers(attributes),
            is_invisible=_own_value(style, "visibility", _is_hidden_value),
            is_without_size=_own_value(style, "font-size", _is_zero),
            is_struck=tag in _STRUCK_TAGS or "line-through" in style.get(_LINE, ""),
            is_block=style.get("display", "") not in ("", "inline", "contents", "ruby"),
            position=_position(tag, style),
            doubt=_doubt(attributes, style) if self._has_other_sheets else "",
            colour=_colour(style.get("color", "inherit")),
            background=_background(style),
            is_turned=_is_turned(tag, style),
            is_moved=not _MOVING.isdisjoint(style),
            parts_its_children=style.get("display", "").endswith(("flex", "grid")),
        )
        return _PLAIN if own == _PLAIN else own

    def _apply(self, selector: str, declarations: list[tuple[str, str, bool]], order: int) -> None:
        """Add the declarations of a rule to the elements that its selector matches."""
        is_generated = _GENERATED.search(selector)
        plain = _GENERATED.sub("", selector) or "*"
        if _STATE.search(plain):
            return
        specificity = _specificity(plain)
        for node in _matching(self._page, plain):
            for name, value, is_important in declarations:
                if is_generated:
                    if name == "content" and (text := _generated_text(value)):
                        self._generated[node.mem_id] = text
                elif name != "content":
                    declared = self._declared.setdefault(node.mem_id, {})
                    _keep(declared, name, value, (is_important, False, specificity, order))


def other_sheets(page: LexborHTMLParser) -> list[str]:
    """The addresses of the style sheets that the page takes from elsewhere."""
    linked = []
    for link in page.css("link[rel]"):
        words = (link.attributes.get("rel") or "").lower().split()
        is_used = "stylesheet" in words and "alternate" not in words
        if is_used and _applies(link.attributes.get("media") or ""):
            linked.append(link.attributes.get("href") or "")
    for element in page.css("style"):
        linked += [match[1].strip(" '\"()") for match in _IMPORT.finditer(element.text() or "")]
    return linked


def _panels(page: LexborHTMLParser) -> Iterator[Any]:
    """The blocks that a tab, a button or a link of the page opens."""
    yield from page.css("[role=tabpanel]")
    names: set[str] = set()
    for control in page.css("[aria-controls], [data-target], [data-bs-target], a[href^='#']"):
        attributes = control.attributes
        names.update((attributes.get("aria-controls") or "").split())
        for name in ("data-target", "data-bs-target", "href"):
            names.add((attributes.get(name) or "").removeprefix("#"))
    if names:
        for block in page.css("div[id], section[id], article[id], dd[id], li[id]"):
            if block.attributes.get("id") in names:
                yield block


def _keep(declared: dict[str, tuple[_Rank, str]], name: str, value: str, rank: _Rank) -> None:
    """Keep the value where no declaration of a higher rank is there already."""
    if name not in declared or declared[name][0] <= rank:
        declared[name] = (rank, value)


def _default_style(tag: str, attributes: dict[str, Any]) -> dict[str, str]:
    """What a browser declares of an element by itself."""
    style = {}
    if "hidden" in attributes or (tag == "dialog" and "open" not in attributes):
        style["display"] = "none"
    if tag == "font" and (colour := attributes.get("color")):
        style["color"] = colour.lower()
    if tag == "font" and (size := attributes.get("size")):
        style["font-size"] = f"size {size}"
    if colour := attributes.get("bgcolor"):
        style["background-color"] = colour.lower()
    return style


# --- what values mean -------------------------------------------------------------------------


def _first(own: bool | None, inherited: bool) -> bool:
    return inherited if own is None else own


def _own_value(style: dict[str, str], name: str, is_hiding: Callable[[str], bool]) -> bool | None:
    value = style.get(name, "inherit")
    return None if value in ("inherit", "unset") else is_hiding(value)


def _colour(value: str) -> str | None:
    """A colour in one form; None where it is that of the element around, "" where not known."""
    if value in ("inherit", "unset", "initial", "currentcolor"):
        return None
    match = _COLOUR.fullmatch(value)
    if not match:
        return ""
    if re.fullmatch(r"rgba?\(.*[,/]\s*0?\.?0+%?\s*\)", value) and value.count(",") != 2:
        return "transparent"
    if parts := re.fullmatch(r"rgb\((\d+)[,\s]\s*(\d+)[,\s]\s*(\d+)\)", value):
        value = "#" + "".join(f"{min(int(part), 255):02x}" for part in parts.groups())
    return _COLOUR_NAMES.get(value, value)


def _background(style: dict[str, str]) -> str | None:
    """The colour behind the text; None where the element adds none, "" where it is not known."""
    value = style.get("background-color", style.get("background", "none"))
    if value in ("none", "transparent", "inherit", "unset", "initial"):
        return None
    return _colour(value)


def _is_turned(tag: str, style: dict[str, str]) -> bool:
    is_overridden = tag == "bdo" or "override" in style.get("unicode-bidi", "")
    return is_overridden and (tag == "bdo" or style.get("direction") == "rtl")


def _is_for_screen_readers(attributes: dict[str, Any]) -> bool:
    names = attributes.get("class")
    is_tooltip = attributes.get("role") == "tooltip"
    return is_tooltip or bool(names and _SCREEN_READER_CLASS.search(names))


def _doubt(attributes: dict[str, Any], style: dict[str, str]) -> str:
    """The class that another style sheet may hide the element by."""
    if "display" in style or "visibility" in style:
        return ""
    names = (attributes.get("class") or "").split()
    return next((name for name in names if name in _DOUBTFUL_CLASSES), "")


def _position(tag: str, style: dict[str, str]) -> Position:
    if tag in ("sup", "sub"):  # whatever a style sheet does with its line
        return "raised" if tag == "sup" else "lowered"
    variant, aligned = style.get("font-variant-position"), style.get("vertical-align")
    lift = _length(style, "vertical-align")
    if style.get("position") == "relative":
        lift += _length(style, "bottom") - _length(style, "top")
    if "super" in (variant, aligned) or lift > 0:
        return "raised"
    return "lowered" if "sub" in (variant, aligned) or lift < 0 else ""


def _is_hidden_value(value: str) -> bool:
    return value in ("hidden", "collapse")


def _is_zero(value: str) -> bool:
    length = _LENGTH.fullmatch(value)
    return bool(length and float(length[1]) == 0)


def _is_out_of_sight(style: dict[str, str]) -> bool:
    """Whether an element of this style, with all that is in it, is not on the screen."""
    if style.get("display") == "none" or style.get("content-visibility") == "hidden":
        return True
    if _length(style, "opacity", 1.0) < _LEAST_SEEN or _is_zero(style.get("zoom", "")):
        return True
    if any(_length(style, name) <= _FAR for name in ("text-indent", "margin-left")):
        return True
    if _GONE.search(f"{style.get('transform', '')} {style.get('filter', '')}"):
        return True
    is_taken_out = style.get("position") in ("absolute", "fixed")
    if is_taken_out and any(_length(style, side) <= _FAR for side in ("left", "right", "top")):
        return True
    clip = style.get("clip", "") + style.get("clip-path", "")
    if re.search(r"rect\(\s*[01](px)?[\s,]|inset\(\s*(50|100)%", clip):
        return True
    is_cut = style.get("overflow", "").split(" ")[0] in ("hidden", "clip")
    sizes = ("width", "height", "max-width", "max-height")
    return is_cut and any(0 <= _length(style, size, 99.0) <= 1 for size in sizes)


def _length(style: dict[str, str], name: str, otherwise: float = 0.0) -> float:
    """A length in its own unit, rough: only far away and next to nothing make a difference."""
    length = _LENGTH.fullmatch(style.get(name, ""))
    if not length:
        return otherwise
    # -100em and -100% are as far out as -1600px
    return float(length[1]) * (16 if length[2] in ("em", "rem", "%", "vw", "vh") else 1)


def _generated_text(value: str) -> str:
    """The text that `content` adds, where it may belong to a figure: letters, digits, signs."""
    if "attr(" in value or "counter" in value:
        return value
    text = "".join(quoted[0][1:-1] for quoted in _QUOTED.finditer(value))
    return text if re.search(r"[\w%‰<>≤≥±*,.−-]", re.sub(r"\\[0-9a-fA-F]+", "", text)) else ""


# --- style sheets -----------------------------------------------------------------------------


def _rules_of(
    page: LexborHTMLParser, where: str
) -> Iterator[tuple[str, list[tuple[str, str, bool]]]]:
    """The rules of the page's own style elements that say anything that matters here, in order."""
    length = 0
    for element in page.css("style"):
        css = element.text() or ""
        length += len(css)
        if length > MOST_STYLE:
            what = f"The styles of the page have more than {MOST_STYLE} characters"
            raise PllError(what, where=where, do=_LOOK)
        if not _applies(element.attributes.get("media") or ""):
            continue
        plain = _QUOTED.sub(_without_braces, re.sub(r"(?s)/\*.*?(?:\*/|\Z)|<!--|-->", " ", css))
        for selectors, body in _blocks(plain, where):
            if declarations := list(_declarations(body)):
                for selector in _split_at_commas(selectors):
                    _refuse_long_selector(selector, where)
                    yield selector, declarations


def _refuse_long_selector(selector: str, where: str) -> None:
    """Raise `PllError` for a selector that may be tried on elements in very many ways."""
    if len(re.split(r"[\s>+~]+", selector)) > _MOST_PARTS:
        what = f"A style of the page has a selector of more than {_MOST_PARTS} parts"
        raise PllError(what, where=where, do=_LOOK)


def _without_braces(quoted: re.Match[str]) -> str:
    return re.sub("[{};]", "", quoted[0])


def _blocks(css: str, where: str, depth: int = 1) -> Iterator[tuple[str, str]]:
    """Selector list and declarations of each rule, those within media queries that apply too."""
    if depth > _DEEPEST:
        raise PllError(
            f"A style of the page has more than {_DEEPEST} blocks within each other",
            where=where,
            do=_LOOK,
        )
    start = 0
    while (opening := css.find("{", start)) >= 0:
        closing = _closing(css, opening)
        prelude = css[start:opening].rsplit(";", 1)[-1].strip()
        body = css[opening + 1 : closing]
        if prelude.startswith("@"):
            if _is_condition_met(prelude):
                yield from _blocks(body, where, depth + 1)
        else:
            yield prelude, body.partition("{")[0]
        start = closing + 1


def _closing(css: str, opening: int) -> int:
    """Where the block that opens at `opening` closes; the end of the text where it does not."""
    depth = 0
    for brace in re.compile("[{}]").finditer(css, opening):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.start()
    return len(css)


def _is_condition_met(prelude: str) -> bool:
    word, _, condition = prelude.partition(" ")
    if word.lower() == "@media":
        return _applies(condition)
    return word.lower() == "@layer" or (word.lower() == "@supports" and "not" not in condition)


def _applies(queries: str) -> bool:
    """Whether a list of media queries fits a screen of the usual width."""
    return not queries.strip() or any(map(_fits_screen, queries.lower().split(",")))


def _fits_screen(query: str) -> bool:
    media = re.match(r"\s*(?:only\s+)?(not\b|[a-z]+)?", query)
    if media and media[1] not in (None, "all", "screen", "and"):
        return False
    return all(_has_feature(feature) for feature in re.findall(r"\(([^)]*+)(?:\)|\Z)", query))


def _has_feature(feature: str) -> bool:
    name, _, value = (part.strip() for part in feature.partition(":"))
    length = _LENGTH.fullmatch(value)
    if length and name in ("min-width", "max-width"):
        pixels = float(length[1]) * (16 if length[2] in ("em", "rem") else 1)
        return pixels <= SCREEN_WIDTH if name == "min-width" else pixels >= SCREEN_WIDTH
    return (name, value) in (("hover", "hover"), ("pointer", "fine"), ("orientation", "landscape"))


def _declarations(body: str) -> Iterator[tuple[str, str, bool]]:
    """Property, value and whether it is important, of the properties that matter here."""
    for declaration in body.split(";"):
        name, colon, value = declaration.partition(":")
        name = name.strip().lower()
        if not colon or name not in _PROPERTIES:
            continue
        plain, important, _ = value.strip().lower().partition("!important")
        yield _ALIASES.get(name, name), plain.strip(), bool(important)


def _split_at_commas(selectors: str) -> list[str]:
    """The selectors of a list; a comma within brackets is part of its selector."""
    parts = re.findall(r"(?:[^,(\[]|\([^)]*+(?:\)|\Z)|\[[^\]]*+(?:\]|\Z))+", selectors)
    return [part.strip() for part in parts if part.strip()]


def _specificity(selector: str) -> int:
    """Ids before classes, attributes and pseudo-classes before elements, as one number."""
    ids = len(re.findall(r"#[\w-]+", selector))
    classes = len(re.findall(r"\.[\w-]+|\[|(?<!:):(?!not|is|where)[\w-]+", selector))
    elements = len(re.findall(r"(?:^|[\s>+~(])[a-zA-Z]", selector))
    return ids * 1_000_000 + classes * 1_000 + elements


def _matching(page: LexborHTMLParser, selector: str) -> list[Any]:
    from selectolax.lexbor import SelectolaxError

    try:
        return page.css(selector)
    except SelectolaxError:
        return []  # as a browser does with a selector it does not know
