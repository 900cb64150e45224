"""Hostile web pages, as tables and as running text.

Not here: what a case is (`case.py`), how it is tried (`reading.py`).
"""

from __future__ import annotations

from functools import partial

from pll_pipeline.sources.model import Html, Prose, ProseFigure
from tests.hostile.case import HEADER, ROW, Case

PAGE = Html(kind="html", header=["metric", "value"], caption=None)
FIGURE = ProseFigure(name="apotek", near="apotek i landet", pattern=r"(?P<value>\d+) apotek")
PROSE = Prose(kind="prose", figures=[FIGURE])
_HEAD = "<tr>" + "".join(f"<th>{name}" for name in HEADER)
_ROW = "<tr>" + "".join(f"<td>{cell}" for cell in ROW)
_SENTENCE = "<p>Det er 1001 apotek i landet.</p>"
page_case = partial(Case, how=PAGE)
prose_case = partial(Case, how=PROSE, columns=("name", "value", "context"))


def _page(
    before: str = "", rows: str = "", cell: str = "", attributes: str = "", after: str = ""
) -> bytes:
    row = _ROW.replace("<td>1001", f"<td {attributes}>1001{cell}")
    table = f"<table>{_HEAD}{row}{rows}</table>"
    return f"<html><body>{before}{table}{after}</body></html>".encode()


def _text(before: str = "", after: str = "") -> bytes:
    return f"<html><body>{before}{_SENTENCE}{after}</body></html>".encode()


def _styled(rules: int) -> bytes:
    sheet = "".join(f".c{n} .d{n} {{display:none}}" for n in range(rules))
    divs = "".join(f'<div class="c{n}"><p class="d{n}">x</div>' for n in range(rules))
    return _page(before=f"<style>{sheet}</style>{divs}")


def _hard_selector(links: int) -> bytes:
    sheet = "div " * links + "p {display:none}"
    return _page(before=f"<style>{sheet}</style>" + "<div>" * 500 + "<p>x" + "</div>" * 500)


PAGE_CASES = (
    # depth
    page_case(
        "deep page",
        content=lambda n: _page("<div>" * n),
        size=20_000,
        larger_size=10**6,
        words="within each other",
    ),
    page_case(
        "deep lists",
        content=lambda n: _page("<ul><li>" * n),
        size=20_000,
        larger_size=10**6,
        words="within each other",
    ),
    page_case(
        "deep tables",
        content=lambda n: _page("<table><tr><td>" * n),
        size=10_000,
        larger_size=10**6,
        words="within each other",
    ),
    page_case(
        "deep, as deep as is allowed",
        content=lambda n: _page("<div>" * n),
        size=4000,
        larger_size=4900,
        words="",
    ),
    page_case(
        "deep table cells",
        content=lambda n: _page(cell="<b>" * n),
        size=2000,
        larger_size=4900,
        words="",
    ),
    page_case(
        "deep paragraphs that are closed by others",
        content=lambda n: _page("<p>" * n),
        size=10**4,
        larger_size=10**6,
        words="",
    ),
    page_case(
        "deep links that are not closed",
        content=lambda n: _page("<a><b>" * n),
        size=5000,
        larger_size=10**6,
        words="within each other",
    ),
    page_case(
        "deep rows",
        content=lambda n: _page("<table>" + "<tr><td><table>" * n),
        size=5000,
        larger_size=10**5,
        words="within each other",
    ),
    # spans
    page_case(
        "wide span",
        content=lambda n: _page(attributes=f"colspan={n}"),
        size=10**6,
        larger_size=10**9,
        words="spans",
    ),
    page_case(
        "high span",
        content=lambda n: _page(attributes=f"rowspan={n}"),
        size=10**6,
        larger_size=10**9,
        words="spans",
    ),
    page_case(
        "wide spans of many rows",
        content=lambda n: _page(rows="<tr><td colspan=1000>x" * n),
        size=2000,
        larger_size=200_000,
        words="cells, the header|more than",
    ),
    page_case(
        "high spans of many columns",
        content=lambda n: _page(rows=("<tr>" + "<td rowspan=1000>x" * n) + "<tr>" * 999),
        size=300,
        larger_size=5000,
        words="cells, the header|more than",
    ),
    page_case(
        "wide spans of many tables",
        content=lambda n: _page(
            before="<table><tr><th>metric<th>value<td colspan=1000>" * 1
            + "</table>"
            + f"<table>{_HEAD}<tr><td colspan=1000>x</table>" * n
        ),
        size=500,
        larger_size=20_000,
        words="tables have|more than|cells",
    ),
    page_case(
        "wide headers of many tables",
        content=lambda n: _page(
            before="<table><tr>"
            + "<th colspan=1000>metric" * 20
            + "<th>value<tr><td>x</table>" * 1
            + ("<table><tr>" + "<th colspan=1000>metric" * 20 + "<th>value<tr><td>x</table>") * n
        ),
        size=100,
        larger_size=2000,
        words="tables have|more than|cells",
    ),
    page_case(
        "spans of no number",
        content=lambda n: _page(attributes=f"colspan={'9' * n}"),
        size=10**4,
        larger_size=10**6,
        words="spans",
    ),
    page_case(
        "spans of zero",
        content=lambda n: _page(rows="<tr>" + "<td rowspan=0>x" * 4 + "<tr>" * n),
        size=5000,
        larger_size=10**5,
        words="cannot be used|cells",
        seconds=30,
        megabytes=1000,
    ),
    page_case(
        "a long text that spans many rows",
        content=lambda n: _page(rows="<tr>" + f"<td rowspan=1000>{'x' * n}" * 4 + "<tr>" * 999),
        size=200,
        larger_size=10**6,
        words="cannot be used|characters together",
        megabytes=1500,
    ),
    page_case(
        "a long heading that spans many columns",
        content=lambda n: _page(
            before=f"<table><tr><th>metric<th>value<th colspan=990>{'x' * n}<tr><td>1</table>"
        ),
        size=200,
        larger_size=10**6,
        words="tables have|characters together|cells",
        megabytes=1500,
    ),
    # many
    page_case(
        "breaks in a cell",
        content=lambda n: _page(cell="<br>x" * n),
        size=10_000,
        larger_size=300_000,
        words="cannot be used|no number|more than",
        seconds=30,
        megabytes=1000,
    ),
    page_case(
        "many rows",
        content=lambda n: _page(rows=_ROW * n),
        size=3000,
        larger_size=200_000,
        words="^$|cannot be used",
        seconds=60,
        megabytes=1500,
    ),
    page_case(
        "many columns",
        content=lambda n: _page(rows="<tr>" + "<td>1" * n),
        size=10_000,
        larger_size=10**6,
        words="cells, the header",
        megabytes=1500,
        seconds=30,
    ),
    page_case(
        "many columns of a header",
        content=lambda n: _page(
            before="<table><tr>"
            + "".join(f"<th>c{i}" for i in range(n))
            + "<tr>"
            + "<td>1" * n
            + "</table>"
        ),
        size=5000,
        larger_size=200_000,
        words="",
        megabytes=1500,
        seconds=30,
    ),
    page_case(
        "many tables",
        content=lambda n: _page(before="<table><tr><th>a<tr><td>1</table>" * n),
        size=2000,
        larger_size=10**5,
        words="",
        seconds=60,
        megabytes=1000,
    ),
    page_case(
        "many tables that fit",
        content=lambda n: _page(before=f"<table>{_HEAD}{_ROW}</table>" * n),
        size=1000,
        larger_size=50_000,
        words="^$",
        seconds=60,
        megabytes=1500,
    ),
    page_case(
        "many headings",
        content=lambda n: _page(before="<h1>x" * n),
        size=5000,
        larger_size=4 * 10**5,
        words="^$|within",
        seconds=30,
    ),
    page_case(
        "many captions",
        content=lambda n: _page(before="<table><caption>x" * 1 + "<caption>x" * n + "</table>"),
        size=5000,
        larger_size=10**6,
        words="within each other",
        seconds=30,
        megabytes=1000,
    ),
    page_case(
        "many elements in a cell",
        content=lambda n: _page(cell="<b>1</b>" * n),
        size=3000,
        larger_size=3 * 10**5,
        words="cannot be used",
        seconds=30,
    ),
    page_case(
        "many line breaks in a cell",
        content=lambda n: _page(cell="<br>" * n),
        size=5000,
        larger_size=10**6,
        words="^$|cannot",
        seconds=30,
    ),
    page_case(
        "many raised marks",
        content=lambda n: _page(cell="<sup>1</sup>" * n),
        size=3000,
        larger_size=10**5,
        words="^$|cannot",
        seconds=30,
    ),
    page_case(
        "many hidden elements in a cell",
        content=lambda n: _page(cell="<i hidden>9</i>" * n),
        size=3000,
        larger_size=3 * 10**5,
        words="^$",
        seconds=30,
    ),
    page_case(
        "many attributes",
        content=lambda n: _page(attributes=" ".join(f"a{i}=1" for i in range(n))),
        size=5000,
        larger_size=10**5,
        words="^$|attributes",
    ),
    page_case(
        "one attribute many times",
        content=lambda n: _page(attributes="class=a " * n),
        size=10_000,
        larger_size=10**5,
        words="attributes",
    ),
    page_case(
        "an attribute without end",
        content=lambda n: _page(attributes=f'class="{"a " * n}"'),
        size=10**5,
        larger_size=5 * 10**6,
        words="attributes",
    ),
    page_case(
        "a style without end",
        content=lambda n: _page(attributes=f'style="{"color:red;" * n}"'),
        size=5000,
        larger_size=10**6,
        words="",
    ),
    page_case(
        "many rules of style", content=_styled, size=200, larger_size=3000, words="", seconds=60
    ),
    page_case(
        "a selector without end",
        content=_hard_selector,
        size=30,
        larger_size=3000,
        words="^$|parts",
    ),
    page_case(
        "brackets of a style sheet",
        content=lambda n: _page(before=f"<style>{'@media all {' * n}</style>"),
        size=5000,
        larger_size=10**6,
        words="blocks within each other|characters",
    ),
    page_case(
        "variables of a style sheet",
        content=lambda n: _page(
            before="<style>"
            + "".join(f":root{{--v{i}:var(--v{i + 1})}}" for i in range(n))
            + "</style>"
        ),
        size=500,
        larger_size=10_000,
        words="",
        seconds=30,
    ),
    page_case(
        "comments of a style that are not closed",
        content=lambda n: _page(before="<style>" + "/* " * n + "</style>"),
        size=10**4,
        larger_size=10**6,
        words="",
    ),
    page_case(
        "brackets of a selector",
        content=lambda n: _page(before="<style>" + "a(" * n + "{display:none}</style>"),
        size=10**4,
        larger_size=10**6,
        words="",
    ),
    page_case(
        "brackets of a media query",
        content=lambda n: _page(before="<style>@media " + "(" * n + "{a{display:none}}</style>"),
        size=10**4,
        larger_size=10**6,
        words="",
    ),
    page_case(
        "deep raised text",
        content=lambda n: _page(cell="<sup>" * n + "9" * n),
        size=1000,
        larger_size=4900,
        words="raised or lowered",
    ),
    # text
    page_case(
        "comments",
        content=lambda n: _page(before="<!---->" * n),
        size=5000,
        larger_size=10**6,
        words="",
    ),
    page_case(
        "comments in a cell",
        content=lambda n: _page(cell="<!-- 1 -->" * n),
        size=5000,
        larger_size=10**6,
        words="^$",
    ),
    page_case(
        "comments that are not closed",
        content=lambda n: _page(before="<!--" * n),
        size=10**4,
        larger_size=10**6,
        words="No table",
    ),
    page_case(
        "marks of tags",
        content=lambda n: _page(before="<" * n),
        size=10**5,
        larger_size=5 * 10**6,
        words="^$",
    ),
    page_case(
        "tags that are not closed",
        content=lambda n: _page(before="<a" * n),
        size=10**5,
        larger_size=3 * 10**6,
        words="within each other",
    ),
    page_case(
        "end tags",
        content=lambda n: _page(before="</div>" * n),
        size=10**4,
        larger_size=10**6,
        words="",
    ),
    page_case(
        "references to characters",
        content=lambda n: _page(cell="&amp;" * n),
        size=10**4,
        larger_size=10**6,
        words="cannot be used",
    ),
    page_case(
        "references to entities of its own",
        content=lambda n: (
            (
                "<!DOCTYPE html [<!ENTITY a 'aaaaaaaaaa'>"
                + "".join(
                    f"<!ENTITY {'a' * (i + 2)} '&{'a' * (i + 1)};&{'a' * (i + 1)};'>"
                    for i in range(n)
                )
                + "]>"
            ).encode()
            + _page(cell=f"&{'a' * (n + 1)};")
        ),
        size=30,
        larger_size=300,
        words="cannot be used",
    ),
    page_case(
        "references to no character",
        content=lambda n: _page(cell="&#x110000;" * n),
        size=10**4,
        larger_size=10**6,
        words="cannot be used",
    ),
    page_case(
        "characters of value zero",
        content=lambda n: _page(cell="\0" * n),
        size=10**4,
        larger_size=10**6,
        words="value zero",
    ),
    page_case(
        "references to zero",
        content=lambda n: _page(cell="&#0;" * n),
        size=10**4,
        larger_size=10**6,
        words="cannot be used",
    ),
    page_case(
        "spaces",
        content=lambda n: _page(cell=" &nbsp;" * n),
        size=10**4,
        larger_size=10**6,
        words="^$|cannot be used",
    ),
    page_case(
        "digits without end",
        content=lambda n: _page(cell="9" * n),
        size=10**5,
        larger_size=10**7,
        words="cannot be used",
    ),
    page_case(
        "a script",
        content=lambda n: _page(before=f"<script>{'<table>' * n}</script>"),
        size=3000,
        larger_size=10**6,
        words="^$|within",
    ),
    page_case(
        "frames",
        content=lambda n: _page(before="<iframe src=x></iframe>" * n),
        size=5000,
        larger_size=3 * 10**5,
        words="",
    ),
    page_case(
        "tables by role",
        content=lambda n: _page(before="<div role=table>" * n + "<i role=row>x</i>" + "</div>" * n),
        size=500,
        larger_size=4000,
        words="",
        seconds=30,
    ),
    # running text
    prose_case(
        "many sentences",
        content=lambda n: _text("<p>Ja. Nei. " * n),
        size=5000,
        larger_size=3 * 10**5,
        words="cannot|expected|more than",
        seconds=30,
        megabytes=1000,
    ),
    prose_case(
        "the sentence again and again",
        content=lambda n: _text(_SENTENCE * n),
        size=3000,
        larger_size=150_000,
        words="sentences match",
        seconds=30,
        megabytes=1000,
    ),
    prose_case(
        "a sentence without end",
        content=lambda n: _text("ja " * n),
        size=10**5,
        larger_size=5 * 10**6,
        words="characters, more than|expected",
    ),
    prose_case(
        "points",
        content=lambda n: _text("." * n),
        size=10**4,
        larger_size=10**6,
        words="cannot|expected|more than",
        seconds=30,
    ),
    prose_case(
        "abbreviations",
        content=lambda n: _text("bl.a. " * n),
        size=3000,
        larger_size=10**6,
        words="cannot|expected|more than",
        seconds=30,
    ),
    prose_case(
        "deep running text",
        content=lambda n: _text("<b>" * n),
        size=20_000,
        larger_size=10**6,
        words="within each other",
    ),
    prose_case(
        "deep running text, as deep as is allowed",
        content=lambda n: _text("<div>" * n),
        size=2000,
        larger_size=4900,
        words="cannot|expected",
        seconds=30,
    ),
    prose_case(
        "seams",
        content=lambda n: _text("1<b>0</b>" * n),
        size=1500,
        larger_size=10**6,
        words="characters, more|cannot|expected",
        seconds=30,
        megabytes=1200,
    ),
    prose_case(
        "hidden running text",
        content=lambda n: _text("<p hidden>Det er 9 apotek i landet.</p>" * n),
        size=2000,
        larger_size=10**5,
        words="cannot|expected",
        seconds=30,
    ),
    prose_case(
        "no running text",
        content=lambda n: b"<script>" + b"x. " * n + b"</script>",
        size=10**5,
        larger_size=10**7,
        words="no running text",
    ),
)
