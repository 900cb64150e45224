"""Tables in web pages: the one that is meant, as a reader sees it, every fault with its row."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Html
from pll_pipeline.validated.readers import html, page_tables
from pll_pipeline.validated.readers.table import NotRead, PublishedTable


def _how(*header: str, **more: str) -> Html:
    return Html(kind="html", header=list(header), **more)


def _table(head: str, *body: str) -> str:
    rows = "".join(f"<tr>{row}</tr>" for row in body)
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _rows(page: str, *header: str, **more: str) -> list[tuple[str, ...]]:
    return _read(page, *header, **more).frame.rows()


def _read(page: str, *header: str, **more: str) -> PublishedTable:
    return html.read(page.encode(), _how(*header, **more), where="s/t/side.html")


def _cell(inner: str) -> str:
    return _rows(_table("<tr><th>A<th>B</tr>", f"<td>{inner}<td>x"), "A")[0][0]


def _refusal(page: str | bytes, *header: str, **more: str) -> str:
    with pytest.raises(PllError) as refused:
        html.read(
            page if isinstance(page, bytes) else page.encode(),
            _how(*header, **more),
            where="s/t/side.html",
        )
    return str(refused.value)


def test_every_cell_stays_text_and_every_row_knows_its_table_and_row() -> None:
    page = "<table><tr><td>meny</table>" + _table(
        "<tr><th>kode<th>tall</tr>", "<td>0301<td>12,5", "<td>0101<td>"
    )
    assert html.read(page.encode(), _how("kode"), where="s/t/side.html").frame.to_dicts() == [
        {"kode": "0301", "tall": "12,5", "row_reference": "side.html:table 2 row 2"},
        {"kode": "0101", "tall": "", "row_reference": "side.html:table 2 row 3"},
    ]


def test_a_table_without_a_head_begins_with_its_heading_cells_or_its_first_row() -> None:
    assert _rows("<table><tr><th>A<th>B<tr><th>1<td>2</table>", "A") == [
        ("1", "2", "side.html:table 1 row 2")
    ]
    assert _rows("<table><tr><td>A<td>B<tr><td>1<td>2</table>", "A", "B") == [
        ("1", "2", "side.html:table 1 row 2")
    ]
    two = html.read(
        b"<table><tr><th rowspan=2>A<th>2024<tr><th>B<tr><th>1<td>2</table>",
        _how("B"),
        where="side.html",
    )
    assert two.columns == ["A", "2024 / B"]


def test_header_rows_are_joined_and_spanned_headings_count_for_every_column() -> None:
    head = "<tr><th rowspan=2>Region<th colspan=2>2024</tr><tr><th>Antall<th>Andel</tr>"
    table = html.read(
        _table(head, "<td>Oslo<td>1<td>2").encode(),
        _how("Region", "2024 / Andel"),
        where="side.html",
    )
    assert table.columns == ["Region", "2024 / Antall", "2024 / Andel"]
    assert html.read(
        _table(head, "<td>Oslo<td>1<td>2").encode(), _how("Antall"), where="side.html"
    ).frame.equals(table.frame)


def test_a_joined_heading_must_stand_above_one_column() -> None:
    head = "<tr><th>2023<th>2024</tr><tr><th>Antall<th>Andel</tr>"
    assert "No table has a header with '2023 / Andel'" in _refusal(
        _table(head, "<td>1<td>2"), "2023 / Andel"
    )


def test_spanned_cells_count_for_every_row_and_column_they_cover() -> None:
    page = _table(
        "<tr><th>A<th>B<th>C</tr>",
        "<td rowspan=2>x<td>1<td>2",
        "<td colspan=2>3",
        "<td rowspan=0>y<td>4<td>5",
        "<td>6<td>7",
    )
    assert [row[:3] for row in _rows(page, "A")] == [
        ("x", "1", "2"),
        ("x", "3", "3"),
        ("y", "4", "5"),
        ("y", "6", "7"),
    ]


def test_a_cell_does_not_reach_beyond_its_part_of_the_table() -> None:
    page = (
        "<table><tr><th>A<th>B</tr><tbody><tr><td rowspan=9>x<td>1</tr></tbody>"
        "<tbody><tr><td>y<td>2</tr></tbody></table>"
    )
    assert [row[:2] for row in _rows(page, "A")] == [("x", "1"), ("y", "2")]


def test_a_row_that_is_all_spanned_or_empty_is_no_row_of_its_own() -> None:
    page = _table(
        "<tr><th>A<th>B</tr>",
        "<td rowspan=2>x<td rowspan=2>1",
        "",
        "",
        "<td>&nbsp;<td>",
        "<td>y<td>2",
    )
    assert _rows(page, "A") == [
        ("x", "1", "side.html:table 1 row 2"),
        ("y", "2", "side.html:table 1 row 6"),
    ]


def test_figures_in_the_foot_are_rows_and_notes_in_the_foot_are_not() -> None:
    foot = "<tfoot><tr><td>Sum<td>3</tr><tr><td colspan=2>Kilde: etaten</tr></tfoot></table>"
    page = _table("<tr><th>A<th>B</tr>", "<td>x<td>3").replace("</table>", foot)
    assert [row[:2] for row in _rows(page, "A")] == [("x", "3"), ("Sum", "3")]


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("12<sup>1)</sup>", "12"),
        ("12<sup><a href='#n'>se note</a></sup>", "12"),
        ("12<sup>foreløpig</sup>", "12foreløpig"),
        ("en<br>to", "en to"),
        ("<p>en</p><div>to</div>tre", "en to tre"),
        ("e<b>n</b>", "en"),
        (" en \n\t to ", "en to"),
        ("1&nbsp;234&#8239;567", "1\u00a0234\u202f567"),
        ("&nbsp;Helse&nbsp;Nord ", "Helse Nord"),
        ("&nbsp;", ""),
        ("&aelig;&lt;&amp;&#x2264;5", "æ<&≤5"),
        ("12<script>x()</script><style>td{}</style><!-- 13 --><template>14</template>", "12"),
        ("ute<table><tr><td>inne</table>", "ute"),
        ("<a href='x'>12</a> %", "12 %"),
    ],
)
def test_a_cell_says_what_a_reader_sees(inner: str, text: str) -> None:
    assert _cell(inner) == text


def test_a_deeply_nested_cell_is_read() -> None:
    assert _cell("<div>" * 4_000 + "x") == "x"


def test_a_table_inside_a_layout_table_is_a_table_of_its_own() -> None:
    page = f"<table><tr><td>meny<td>{_table('<tr><th>A<th>B</tr>', '<td>1<td>2')}</table>"
    assert _rows(page, "A", "B") == [("1", "2", "side.html:table 2 row 2")]


def test_header_texts_are_compared_without_regard_to_white_space() -> None:
    page = _table("<tr><th> Antall&nbsp;\n brukere <th>B</tr>", "<td>1<td>2")
    assert html.read(page.encode(), _how("Antall  brukere"), where="side.html").columns == [
        "Antall brukere",
        "B",
    ]


def test_the_caption_or_the_nearest_heading_before_it_decides_between_tables() -> None:
    one, two = (
        _table("<tr><th>A<th>B</tr>", "<td>1<td>1"),
        _table("<tr><th>A<th>B</tr>", "<td>2<td>2"),
    )
    page = f"<h2>Eldre</h2><h3>Året 2023</h3>{one}<h3>Året <em>2024</em></h3><p>Tekst</p>{two}"
    assert _rows(page, "A", caption="2024$")[0][0] == "2"
    captioned = (one + two).replace("<table>", "<table><caption>Nye<br>tall</caption>", 1)
    assert _rows(captioned, "A", caption="Nye tall")[0][0] == "1"
    assert (
        "No table has a header with 'A' and a caption or heading that matches 'Eldre'"
        in _refusal(page, "A", caption="Eldre")
    )


def test_no_table_or_several_are_refused_with_a_list_of_what_there_is() -> None:
    tables = (_table("<tr><th>A<th>B</tr>", f"<td>1<td>{n}") for n in range(2))
    page = "<h2>Tall</h2>" + "".join(tables)
    assert (
        "2 tables have a header with 'A'; the page has table 1 'Tall' with 'A', 'B';"
        " table 2 'Tall' with 'A', 'B'" in _refusal(page, "A")
    )
    assert "No table has a header with 'C'; the page has table 1 'Tall' with 'A', 'B'" in _refusal(
        page, "C"
    )
    assert "the page has no tables" in _refusal("", "A")
    assert "and 8 more" in _refusal(page * 10, "C")


def test_the_declared_encoding_is_used() -> None:
    page = _table("<tr><th>navn<th>tall</tr>", "<td>Tromsø<td>1")
    assert (
        html.read(
            page.encode("cp1252"), _how("navn", encoding="windows-1252"), where="side.html"
        ).frame.row(0)[0]
        == "Tromsø"
    )
    assert (
        html.read(b"\xef\xbb\xbf" + page.encode(), _how("navn"), where="side.html").columns[0]
        == "navn"
    )
    assert "not utf-8: byte" in _refusal(b"<p>\n" + page.encode("cp1252"), "navn")
    assert "line 2" in _refusal(b"<p>\n" + page.encode("cp1252"), "navn")


@pytest.mark.parametrize(
    ("head", "body", "says"),
    [
        (
            "<th>A<th>B",
            "<td>1<td>2</tr><tr><td>3",
            "has 1 cells, the header 2. Where: s/t/side.html, table 1, row 3",
        ),
        ("<th>A<th>B", "<td>1<td>2<td>3", "has 3 cells, the header 2"),
        ("<th>A<th>B", "<td colspan=3>1", "has 3 cells, the header 2"),
        ("<th>A<th>A", "<td>1<td>2", "'A' occurs twice"),
        ("<th colspan=2>A", "<td>1<td>2", "'A' occurs twice"),
        ("<th>A<th>row_reference", "<td>1<td>2", "'row_reference' occurs twice"),
        ("<th>A<th><th>", "<td>1<td>2<td>3", "Two columns have no heading"),
        ("<th>A<th>B</tr><tr><th>C", "<td>1<td>2", "header rows have 1 and 2 cells"),
        ("<th>A<th>B", "", "no rows"),
        ("<th>A<th>B", "<td colspan=1001>1", "spans 1001 rows or columns.*row 2"),
        ("<th>A<th>B", "<td rowspan=99999999999999999>1<td>2", "more than 1000"),
        (
            "<th>A<th>B<th>C",
            "<td>1<td rowspan=2>2<td>3</tr><tr><td colspan=2>4",
            "cover the same place.*row 3",
        ),
    ],
)
def test_a_table_that_cannot_be_read_says_what_and_where(head: str, body: str, says: str) -> None:
    with pytest.raises(PllError, match=f"(?s){says}"):
        html.read(_table(f"<tr>{head}</tr>", body).encode(), _how("A"), where="s/t/side.html")


def test_spans_that_would_fill_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_tables, "MOST_CELLS", 5000)
    assert "more than 5000 cells" in _refusal(
        _table("<tr><th>A</tr>", "<td colspan=1000>" * 6), "A"
    )


def test_a_page_with_a_strange_table_elsewhere_is_read() -> None:
    assert (
        _rows("<table><tr><td colspan=99999>meny</table>" + _table("<tr><th>A</tr>", "<td>1"), "A")[
            0
        ][0]
        == "1"
    )


# --- what is seen of a table ------------------------------------------------------------------

HEAD = "<tr><th>Region<th>Antall</tr>"


def _seen(page: str) -> list[tuple[str, ...]]:
    return [row[:-1] for row in _rows(page, "Region", "Antall")]


@pytest.mark.parametrize(
    "hidden",
    [
        "<tr style='display:none'><td>Troms<td>7</tr>",
        "<tr hidden><td>Troms<td>7</tr>",
        "<tr style='visibility: collapse'><td>Troms<td>7</tr>",
        "</tbody><tbody style='display: none'><tr><td>Troms<td>7</tr></tbody><tbody>",
        "<tr class=borte><td>Troms<td>7</tr>",
    ],
)
def test_a_hidden_row_is_not_read_and_is_counted(hidden: str) -> None:
    page = "<style>.borte { display: none }</style>" + _table(HEAD, "<td>Oslo<td>5").replace(
        "</tbody>", f"{hidden}<tr><td>Nordland<td>8</tr></tbody>"
    )
    table = _read(page, "Region", "Antall")
    assert _seen(page) == [("Oslo", "5"), ("Nordland", "8")]
    assert table.not_read == (NotRead("side.html, table 1", "hidden rows", 1, "Troms 7"),)
    assert table.frame["row_reference"].to_list()[1].endswith("row 4")


def test_a_hidden_column_moves_no_other() -> None:
    page = "<style>tr > :nth-child(2) { display: none }</style>" + _table(
        "<tr><th>Region<th>Kode<th>Antall</tr>", "<td>Oslo<td>03<td>5"
    )
    assert _seen(page) == [("Oslo", "5")]


def test_a_cell_that_is_invisible_keeps_its_place_and_says_nothing() -> None:
    page = _table(HEAD, "<td>Oslo<td style='visibility:hidden'>5")
    assert _seen(page) == [("Oslo", "")]
    assert _read(page, "Region").not_read[0].what == "hidden texts in cells"


def test_what_is_left_out_of_cells_is_counted_by_kind() -> None:
    page = _table(
        HEAD,
        "<td>Oslo<td><span hidden>9</span>87<sup>1)</sup>",
        "<td>Troms<td><del>6</del> 77<sup>2)</sup>",
    ).replace("</table>", "<tfoot><tr><td colspan=2>1) Foreløpig</tr></tfoot></table>")
    assert _seen(page) == [("Oslo", "87"), ("Troms", "77")]
    assert [(n.what, n.count, n.example) for n in _read(page, "Region").not_read] == [
        ("hidden texts in cells", 1, "9"),
        ("struck texts in cells", 1, "6"),
        ("footnote marks in cells", 2, "1)"),
        ("notes in the foot of the table", 1, "1) Foreløpig"),
    ]


def test_a_cell_over_several_rows_or_columns_is_marked_as_joined() -> None:
    page = _table(
        "<tr><th>År<th>Region<th>Antall<th>Andel</tr>",
        "<td rowspan=2>2024<td>Oslo<td rowspan=2>5<td>1",
        "<td>Troms<td>2",
        "<td rowspan=3>2025<td>Oslo<td colspan=2>8",
    )
    table = _read(page, "Region")
    joined = {name: mask.to_list() for name, mask in table.joined_cells.items()}
    assert joined == {
        "År": [True, True, False],
        "Antall": [True, True, True],
        "Andel": [False, False, True],
    }


def test_a_cell_whose_text_cannot_be_known_is_a_fault_there() -> None:
    page = _table(HEAD, "<td>Oslo<td>5", "<td>Troms<td>12<small>3</small>")
    assert _read(page, "Region").faults == {
        (1, "Antall"): "shows digits beside each other that are not one number: '12|3|'"
    }


def test_the_header_once_more_within_the_table_is_no_row() -> None:
    page = _table(HEAD, "<td>Oslo<td>5", "<th>Region<th>Antall", "<td>Troms<td>7")
    assert _seen(page) == [("Oslo", "5"), ("Troms", "7")]
    assert _read(page, "Region").not_read[0].what == "rows that repeat the header"


def test_a_column_without_heading_or_value_is_none() -> None:
    page = _table("<tr><th>Region<th><th>Antall<th></tr>", "<td>Oslo<td><td>5<td>")
    assert _seen(page) == [("Oslo", "5")]


def test_columns_can_be_named_in_the_source_file() -> None:
    page = _table("<tr><th><th><th>Antall</tr>", "<td>Oslo<td>2026<td>5")
    how = Html(kind="html", header=["Antall"], columns=["Region", "År", "Antall"])
    assert html.read(page.encode(), how, where="side.html").columns == ["Region", "År", "Antall"]
    with pytest.raises(PllError, match=r"3 columns, read\.columns 1"):
        html.read(page.encode(), how.model_copy(update={"columns": ["a"]}), where="side.html")


# --- headers apart from their rows ------------------------------------------------------------

ROWS = "<tr><td>Oslo<td>5</tr><tr><td>Troms<td>7</tr>"
FIXED = f"<div><table><thead>{HEAD}</thead></table></div>"


@pytest.mark.parametrize(
    "body",
    [
        f"<table><thead>{HEAD}</thead>{ROWS}</table>",
        f"<table><thead><tr><th><th></tr></thead>{ROWS}</table>",
        f"<table>{ROWS}</table>",
        "<table><thead><tr style='height:0'><th><div style='height:0;overflow:hidden'>Region</div>"
        f"<th><div style='height:0;overflow:hidden'>Antall</div></tr></thead>{ROWS}</table>",
    ],
    ids=["repeated", "emptied", "none", "of no height"],
)
def test_a_header_that_does_not_scroll_belongs_to_the_rows_after_it(body: str) -> None:
    page = f"{FIXED}<div>{body}</div>"
    assert _seen(page) == [("Oslo", "5"), ("Troms", "7")]
    assert html.headers(page.encode(), "utf-8", where="x") == [("", ["Region", "Antall"])]


def test_a_header_without_rows_of_its_width_is_refused() -> None:
    assert "no rows" in _refusal(FIXED + "<table><tr><td>1<td>2<td>3</table>", "Region")
    assert "no rows" in _refusal(FIXED, "Region")


def test_two_tables_that_show_the_same_cells_are_one() -> None:
    table = _table(HEAD, "<td>Oslo<td>5")
    assert _seen(f"<div>{table}</div><div>{table}</div>") == [("Oslo", "5")]


def test_a_hidden_table_is_not_read() -> None:
    table = _table(HEAD, "<td>Oslo<td>5")
    old = _table(HEAD, "<td>Oslo<td>4")
    assert _seen(f"<div style='display:none'>{old}</div>{table}") == [("Oslo", "5")]
    assert "is hidden on the page" in _refusal(f"<div hidden>{old}</div>", "Region")
    other = _table("<tr><th>A<th>B</tr>", "<td>1<td>2")
    page = f"<h2>Før</h2><div hidden>{old}</div><h2>Nå</h2>{table}{other}"
    assert _read(page, "Region").not_read == (
        NotRead("side.html", "hidden tables", 1, "Før"),
        NotRead("side.html", "other tables", 1, "Nå"),
    )


@pytest.mark.parametrize(
    "page",
    [
        "<button aria-controls=p>Tall</button><div id=p hidden>{}</div>",
        "<a href='#p'>Tall</a><section id=p style='display:none'>{}</section>",
        "<div role=tabpanel style='display:none'>{}</div>",
        "<details><summary>Tall</summary>{}</details>",
    ],
)
def test_a_table_that_a_control_of_the_page_opens_is_read(page: str) -> None:
    assert _seen(page.format(_table(HEAD, "<td>Oslo<td>5"))) == [("Oslo", "5")]


_CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cf")),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=6))
def test_any_text_written_to_a_page_is_read_back(cells: list[tuple[str, str]]) -> None:
    page = _table(
        "<tr><th>A<th>B</tr>", *(f"<td>{escape(one)}<td>{escape(two)}" for one, two in cells)
    )
    assert [row[:2] for row in _rows(page, "A", "B")] == cells


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_spans_expand_to_a_full_rectangle(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    grid: dict[tuple[int, int], str] = {}
    rows = []
    for row in range(height):
        cells = []
        for column in range(width):
            if (row, column) in grid:
                continue
            free = next((c for c in range(column, width) if (row, c) in grid), width) - column
            down, across = data.draw(st.integers(1, height - row)), data.draw(st.integers(1, free))
            text = f"r{row}c{column}"
            grid |= {
                (r, c): text for r in range(row, row + down) for c in range(column, column + across)
            }
            cells.append(f"<td rowspan={down} colspan={across}>{text}")
        rows.append("".join(cells))
    page = _table("<tr>" + "".join(f"<th>K{column}" for column in range(width)) + "</tr>", *rows)
    expected = [
        tuple(grid[row, column] for column in range(width)) for row in range(height) if rows[row]
    ]
    assert [row[:-1] for row in _rows(page, "K0")] == expected


_PIECES = [
    "<table>",
    "</table>",
    "<thead>",
    "<tr>",
    "<td>",
    "<th rowspan=3>",
    "<td colspan=2>",
    "A",
    "<tfoot>",
    "<caption>",
    "<sup>",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=40))
def test_any_page_is_read_or_refused_in_words(pieces: list[str]) -> None:
    refusals = []
    try:
        height = _read("".join(pieces), "A").frame.height
    except PllError as refusal:
        height = 0
        refusals = [refusal.where]
    assert height > 0 or refusals[0].startswith("s/t/side.html")
