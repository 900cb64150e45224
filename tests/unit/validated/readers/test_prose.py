"""Figures in running text: one sentence, one match, and the sentence kept beside the figure."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from pydantic import ValidationError

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Prose, ProseFigure
from pll_pipeline.validated.readers import page_blocks, prose
from pll_pipeline.validated.readers.page_text import collapsed
from pll_pipeline.validated.readers.sentences import sentences as sentences_of
from pll_pipeline.validated.readers.table import NotRead
from pll_pipeline.vocabulary.page_depth import refuse_depth

SENTENCE = (
    "I 2023 ble det sendt over 33 millioner e-resepter til apotek, dvs. ca. 60 prosent av alle."
)
BOKMAL = """<!DOCTYPE html><html lang="nb"><head><title>E-resept i tall</title>
<style>p { color: red }</style></head><body>
<header><p>Over 99 millioner e-resepter i toppen</p></header>
<nav><ul><li>Over 98 millioner e-resepter i menyen</li></ul></nav>
<h1>E-resept i tall</h1>
<p>I 2023 ble det sendt <b>over 33&nbsp;millioner</b> e-resepter
   til apotek, dvs. ca. 60 prosent av alle. Om lag 2&#8239;300&nbsp;legekontor er med.</p>
<ul><li>Ordningen startet 1. januar 2024 i tre kommuner</li>
<li>Multidose: 33,5 mill. resepter (bl.a. i Oslo)</li></ul>
<script>document.write("<p>over 97 millioner e-resepter</p>")</script>
<footer><p>Over 96 millioner e-resepter nederst</p></footer></body></html>"""

NYNORSK = """<html lang="nn"><body><h2>Kjernejournal</h2>
<p>I fjor vart det gjort meir enn 12,4 mill. oppslag i kjernejournal.
Kring 60 prosent av sjukeheimane er med, t.d. i Førde.</p>
<p>Ordninga kjem til Vestlandet 3. kvartal 2025.
Då vil drygt 1.200 tilsette få tilgang.</p></body></html>"""


def page(*texts: str) -> str:
    return "<html><body>" + "".join(f"<p>{text}</p>" for text in texts) + "</body></html>"


def figure(near: str, pattern: str = r"(?P<value>\d+)", name: str = "tall") -> ProseFigure:
    return ProseFigure(name=name, near=near, pattern=pattern)


def rows(
    content: str | bytes,
    *figures: ProseFigure,
    encoding: str = "utf-8",
    where: str = "nhn/2024/side.html",
) -> list[dict[str, str]]:
    settings = {"kind": "prose", "encoding": encoding, "figures": list(figures)}
    how = Prose.model_validate(settings)
    raw = content.encode(encoding) if isinstance(content, str) else content
    return prose.read(raw, how, where=where).frame.to_dicts()


def sentences(content: str) -> list[str]:
    blocks = page_blocks.blocks_of_page(content, "side.html")
    return [s for s in prose._sentences_of(blocks.texts, "side.html") if not blocks.faults_in(s)]


def refused(content: str | bytes, *figures: ProseFigure, encoding: str = "utf-8") -> str:
    with pytest.raises(PllError) as error:
        rows(content, *figures, encoding=encoding)
    assert "\n" not in str(error.value), "an error is one paragraph"
    assert error.value.where.startswith("nhn/2024/side.html")
    assert error.value.do
    return str(error.value)


# --- figures ---------------------------------------------------------------------------------


def test_a_bokmal_page_gives_a_row_for_each_figure_with_its_hedge_and_sentence() -> None:
    found = rows(
        BOKMAL,
        figure("e-resepter", r"(?P<value>(?:over )?[\d ,]+ mill(?:ioner|\.))", "resepter"),
        figure("legekontor", r"(?P<value>(?:Om lag )?\d[\d\s]*)", "kontor"),
        figure("^Multidose", r"(?P<value>[\d,]+ mill\.)", "multidose"),
    )
    assert found == [
        {
            "name": "resepter",
            "value": "over 33 millioner",
            "context": SENTENCE,
            "row_reference": "side.html:sentence 2",
        },
        {
            "name": "kontor",
            "value": "Om lag 2\u202f300 ",
            "context": "Om lag 2\u202f300 legekontor er med.",
            "row_reference": "side.html:sentence 3",
        },
        {
            "name": "multidose",
            "value": "33,5 mill.",
            "context": "Multidose: 33,5 mill. resepter (bl.a. i Oslo)",
            "row_reference": "side.html:sentence 5",
        },
    ]


def test_a_nynorsk_page_is_read_the_same_way() -> None:
    found = rows(
        NYNORSK,
        figure("oppslag", r"(?P<value>(?:meir enn )?[\d,]+ mill\.)", "oppslag"),
        figure("sjukeheimane", r"(?P<value>Kring \d+ prosent)", "sjukeheimar"),
        figure("tilsette", r"(?P<value>drygt [\d.]+)", "tilsette"),
    )
    assert [row["value"] for row in found] == [
        "meir enn 12,4 mill.",
        "Kring 60 prosent",
        "drygt 1.200",
    ]
    assert found[1]["context"] == "Kring 60 prosent av sjukeheimane er med, t.d. i Førde."


def test_groups_are_columns_in_order_and_a_group_that_takes_no_part_is_empty() -> None:
    text = page("Oslo har 30 legekontor i 2023.", "40 apotek finst i Førde.")
    first = figure("legekontor", r"(?P<place>\w+) har (?P<value>\d+) .* i (?P<year>\d{4})", "a")
    second = figure(
        "apotek", r"(?P<value>\d+) (?:x(?P<year>\d+))?apotek finst i (?P<place>\w+)", "b"
    )
    assert [tuple(row.items())[:4] for row in rows(text, first, second)] == [
        (("name", "a"), ("place", "Oslo"), ("value", "30"), ("year", "2023")),
        (("name", "b"), ("place", "Førde"), ("value", "40"), ("year", "")),
    ]
    assert list(rows(text, first)[0]) == [
        "name",
        "place",
        "value",
        "year",
        "context",
        "row_reference",
    ]


def test_two_figures_may_stand_in_the_same_sentence() -> None:
    text = page("I 2023 ble 30 resepter og 40 timer registrert.")
    found = rows(
        text,
        figure("resepter", r"(?P<value>\d+) resepter", "a"),
        figure("resepter", r"(?P<value>\d+) timer", "b"),
    )
    assert [row["value"] for row in found] == ["30", "40"]
    places = [row["row_reference"].partition(":")[2] for row in found]
    assert places == ["sentence 1, figure 1", "sentence 1, figure 2"], "each row has its own"


def test_words_that_no_sentence_has_show_the_three_most_similar_sentences() -> None:
    text = page(
        "Helsenett i tall.",
        "Antall e-resepter sendt er 30.",
        "Antall oppslag er 40.",
        "Antall timer sendt er 50.",
        "Ingenting.",
    )
    message = refused(text, figure(r"(?i)\bantall\s+e-resepter sendt i fjor", name="resepter"))
    assert 'No sentence matches the words of the figure "resepter"' in message
    assert (
        "2: «Antall e-resepter sendt er 30.»; 4: «Antall timer sendt er 50.»;"
        " 3: «Antall oppslag er 40.»" in message
    )
    assert "Helsenett" not in message


def test_words_that_nothing_on_the_page_resembles_are_reported_to_be_so() -> None:
    assert "none shares a word" in refused(page("Siden er flyttet."), figure("e-resepter"))


def test_words_that_several_sentences_have_show_them() -> None:
    message = refused(page("Vi har 30 kontor.", "Vi har 40 kontor.", "Slutt."), figure("kontor"))
    assert (
        '2 sentences match the words of the figure "tall" (kontor):'
        " 1: «Vi har 30 kontor.»; 2: «Vi har 40 kontor.»" in message
    )


def test_a_long_sentence_is_cut_where_it_is_shown() -> None:
    message = refused(page("Vi har " + "mange " * 100 + "kontor."), figure("har 30"))
    assert "…»" in message
    assert len(message) < 600


@pytest.mark.parametrize(
    ("text", "pattern", "says"),
    [
        ("Vi har 30 kontor.", r"(?P<value>\d+) apotek", "matches nowhere in «Vi har 30 kontor.»"),
        ("Vi har 30 kontor av 40.", r"(?P<value>\d+)", "matches 2 times, not once, in"),
        ("Vi har mange kontor.", r"har (?P<value>\d*)", "takes no value from"),
    ],
)
def test_a_pattern_must_match_its_sentence_exactly_once(text: str, pattern: str, says: str) -> None:
    message = refused(page(text), figure("kontor", pattern, "kontor"))
    assert 'figure "kontor"' in message
    assert says in message
    assert "side.html, sentence 1" in message


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (r"(\d+)", 'figure "andre" has no group named value'),
        (r"(?P<value>\d+) (?P<what>\w+)", 'the groups value, what, that of "tall" value'),
        (r"(?P<value>\d+)(?P<context>.*)", "a group context, a column of every figure"),
        (r"(?P<value>\d+)(?P<row_reference>.*)", "a group row_reference"),
    ],
)
def test_patterns_without_a_value_or_with_other_groups_are_refused(pattern: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Prose(kind="prose", figures=[figure("kontor"), figure("kontor", pattern, "andre")])


def test_the_modules_are_light_until_something_is_read() -> None:
    script = (
        "import sys; from pll_pipeline.validated.readers import jsonstat, prose;"
        "print({'polars', 'selectolax'} & sys.modules.keys())"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "set()"
    )


@pytest.mark.parametrize(
    ("near", "pattern"), [("kontor", r"(?<!x)(?P<value>\d+)"), (r"(o)\1", r"(?P<value>\d+)")]
)
def test_a_pattern_that_cannot_be_run_in_bounded_time_is_refused(near: str, pattern: str) -> None:
    with pytest.raises(ValidationError, match=r"not a pattern that is known here.*not supported"):
        figure(near, pattern)


def test_a_pattern_with_catastrophic_backtracking_does_not_hang() -> None:
    start = time.monotonic()
    message = refused(page("a" * 19_000 + " kontor."), figure("kontor", r"(?P<value>(?:a+)+)b"))
    assert "matches nowhere" in message
    refused(page("a" * 19_000), figure("(?:a|aa)+b"))
    assert time.monotonic() - start < 5


# --- the page --------------------------------------------------------------------------------


def test_only_running_text_is_read_and_not_what_surrounds_it() -> None:
    assert sentences(BOKMAL) == [
        "E-resept i tall",
        SENTENCE,
        "Om lag 2\u202f300 legekontor er med.",
        "Ordningen startet 1. januar 2024 i tre kommuner",
        "Multidose: 33,5 mill. resepter (bl.a. i Oslo)",
    ]


@pytest.mark.parametrize(
    "tag",
    ["p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "figcaption", "dd", "summary"],
)
def test_every_kind_of_text_block_is_read(tag: str) -> None:
    assert sentences(f"<body>ut <{tag}>Vi har 30 kontor</{tag}> ut <div>ut</div>") == [
        "Vi har 30 kontor"
    ]


def test_the_cells_of_a_table_are_blocks() -> None:
    assert sentences("<table><tr><th>År</th><td>2023</td><td>Vi har 30</td></tr></table>") == [
        "2023",
        "Vi har 30",
    ]


def test_a_block_within_a_block_is_read_once_and_apart() -> None:
    assert sentences(
        "<ul><li>Ytre <b>tekst</b><ul><li>Indre en</li><li><p>Indre to</p></li></ul>etter</li></ul>"
    ) == [
        "Ytre tekst",
        "Indre en",
        "Indre to",
        "etter",
    ]
    assert sentences("<blockquote><div>Første</div><div>Andre</div></blockquote>") == [
        "Første",
        "Andre",
    ]


def test_white_space_is_collapsed_but_stays_within_numbers() -> None:
    text = page(
        "Vi\n   har\u00a01\u00a0200\u2009300 og 2\u202f000\u00a0kontor<br>i   Oslo,\tder"
        " e-re\u00adsept er a\u030aret rundt"
    )
    assert sentences(text) == [
        "Vi har 1\u00a0200\u2009300 og 2\u202f000 kontor i Oslo, der e-resept er året rundt"
    ]


def test_a_footnote_mark_is_no_digit_of_the_number_before_it_and_struck_text_is_gone() -> None:
    text = page("Vi har <del>20</del> 33<sup>1</sup> kontor.<sup>2</sup> Slutt.")
    assert sentences(text) == ["Vi har 33¹ kontor.²", "Slutt."]
    assert rows(text, figure("kontor"))[0]["value"] == "33"


def test_an_element_within_a_word_does_not_split_it() -> None:
    assert sentences(page("e-<b>resept</b>er<!-- x -->, 3<i>0</i>")) == ["e-resepter, 30"]


def test_the_declared_encoding_is_used_whatever_the_page_says() -> None:
    text = '<meta charset="utf-8">' + page("Tromsø har 30 kontor.")
    assert (
        rows(text, figure("Tromsø"), encoding="windows-1252")[0]["context"]
        == "Tromsø har 30 kontor."
    )
    assert rows(text.encode("utf-8-sig"), figure("Tromsø"))[0]["value"] == "30"


def test_bytes_in_another_encoding_name_their_line() -> None:
    message = refused(("<p>\n" + page("Tromsø")).encode("cp1252"), figure("kontor"))
    assert "not utf-8: byte" in message
    assert "line 2" in message


@pytest.mark.parametrize(
    "content", ["", "<html><body><div id=app></div></body></html>", '{"error": "json"}']
)
def test_a_page_without_running_text_is_refused(content: str) -> None:
    assert "no running text" in refused(content, figure("kontor"))


def test_a_page_with_too_much_text_is_refused() -> None:
    assert "more than 8388608 characters of text" in refused(
        page(*["Ord. " * 4000] * 420), figure("kontor")
    )


def test_a_sentence_that_is_too_long_is_refused_with_its_number() -> None:
    assert sentences(page("a" * 20_000)) == ["a" * 20_000]
    message = refused(page("Først.", "a" * 20_001), figure("kontor"))
    assert "has 20001 characters, more than 20000" in message
    assert "side.html, sentence 2" in message


def test_too_many_sentences_are_refused() -> None:
    assert "more than 200000 sentences" in refused(page("Ja! " * 200_001), figure("kontor"))


def test_elements_too_deep_within_each_other_are_refused_before_they_take_time() -> None:
    start = time.monotonic()
    assert "more than 5000 elements within each other" in refused(
        "<div>" * 200_000 + "<p>Vi har 30 kontor", figure("kontor")
    )
    assert sentences("<div>" * 4_000 + "<p>Vi har 30 kontor") == ["Vi har 30 kontor"]
    assert sentences("<div><br></div>" * 20_000 + "<p>Vi har 30 kontor") == ["Vi har 30 kontor"]
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "text",
    [
        "." * 400_000,
        ". ((((" * 60_000,
        "a. " * 130_000,
        "». " * 130_000,
        ". " + "(" * 400_000,
        "1\u00a0" * 200_000,
        "<a" * 200_000,
    ],
    ids=[
        "points",
        "openings",
        "initials",
        "closings",
        "one long opening",
        "one long number",
        "tags",
    ],
)
def test_odd_text_is_split_in_a_time_that_grows_with_its_length_only(text: str) -> None:
    start = time.monotonic()
    list(sentences_of(collapsed(text)))
    with suppress(PllError):  # the tags are within each other
        refuse_depth(text, "page")
    assert time.monotonic() - start < 3


# --- sentences -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Det er ca. 30 kontor og ca. Oslo.",
        "Den kom 1. januar 2024 og går til 31. Desember.",
        "Den kom 1. 1. 2024 og 31. 12. 2024.",
        "Vi er med, bl.a. Oslo, f.eks. Bergen, t.d. Førde, m.a. Voss og t.o.m. Bodø.",
        "Det er 33,5 mill. resepter, 2,3 mrd. kroner og 40 pst. av alle.",
        "Det er 33,5 mill. 2023-kroner.",
        "Det er 2.300 kontor og 1.234.567 brukere.",
        "Kl. 12 møtte dr. Hansen og prof. Olsen på St. Olavs, jf. § 3 nr. 4 og kap. 5.",
        "Ordninga kjem 3. kvartal 2025, 2. Halvår eller 1. tertial.",
        "Tallet er hentet fra helsenorge.no i dag.",
        "Vi spurte J. Hansen og H.C. Andersen om tlf. 800 HELSE.",
        "Kommuner, sykehus osv. er med, pr. 31. desember.",
        "1. Resepter på papir",
        "Vi venter ... men ikke lenge.",
        "Er det nok? spurte legen.",
        "Oslo, Bergen m.fl. 30 kommuner",
    ],
)
def test_no_sentence_ends_at_an_abbreviation_an_ordinal_or_within_a_number(text: str) -> None:
    assert list(sentences_of(text)) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "Det er nok.|Det er slutt!|Er det?|Ja.",
        "Det gjelder 2023.|Det gjelder 30.|Da er vi klare.",
        "Vi er 2.300.|Andelen er 33,5.|Slutt.",
        "Alle er med.|30 prosent er nye.|– Det er bra, sier han.",
        "Kommuner, sykehus osv.|Det er 33,5 mill.|Neste år blir det 40 mrd. kroner.",
        "«Det er nok.»|«Vi er klare!»|(Se helsenorge.no.)|Slutt …|Ja.",
        "Sjukeheimane er med.|Òg legane.|Åtte er att.",
        "I 2023.|2024 blir bedre.",
    ],
)
def test_a_sentence_ends_at_its_mark(text: str) -> None:
    parts = text.split("|")
    assert list(sentences_of(" ".join(parts))) == parts


def test_splitting_loses_nothing_but_the_space_between() -> None:
    for block in (re.sub(r"<[^>]+>", " ", BOKMAL), NYNORSK):
        plain = collapsed(block)
        assert " ".join(sentences_of(plain)) == plain


# --- what a reader sees -----------------------------------------------------------------------

COUNT = figure("kontor", r"har (?P<value>\d+)", "kontor")


@pytest.mark.parametrize(
    "inner",
    [
        "<span style='display:none'>9</span>33",
        "<b hidden>9</b>33",
        "<b class=borte>9</b>33",
        "<b class='visually-hidden'>9</b>33",
        "<s>9</s> 33",
        "<span style='text-decoration:line-through'>9</span> 33",
        "33<sup>1</sup>",
        "33<a href='#fn1'>1</a>",
        "33<a href='#fn1'>[1]</a>",
        "33<span style='vertical-align:super'>1</span>",
    ],
)
def test_only_the_number_that_a_reader_sees_is_taken(inner: str) -> None:
    style = "<style>.borte { display: none }</style>"
    text = style + page(f"Vi har {inner} kontor.")
    assert rows(text, COUNT)[0]["value"] == "33"


def test_a_hidden_paragraph_is_no_text_and_is_counted() -> None:
    text = "<p hidden>Vi har 32 kontor.</p>" + page("Vi har 33 kontor. <s>Og 1 til.</s>")
    how = Prose(kind="prose", figures=[COUNT])
    table = prose.read(text.encode(), how, where="nhn/2024/side.html")
    assert table.frame["value"].to_list() == ["33"]
    assert table.not_read == (
        NotRead("side.html", "hidden texts", 1, "Vi har 32 kontor."),
        NotRead("side.html", "struck texts", 1, "Og 1 til."),
    )


def test_a_paragraph_that_a_control_of_the_page_opens_is_text() -> None:
    text = "<button aria-controls=p>Mer</button><div id=p hidden><p>Vi har 33 kontor.</p></div>"
    assert rows(text, COUNT)[0]["value"] == "33"


@pytest.mark.parametrize(
    ("inner", "longer"),
    [
        ("10<sup>6</sup>", "10⁶"),
        ("3 × 10<sup>6</sup>", "3 × 10⁶"),
        ("12,5", "12,5"),
        ("1&nbsp;234", "1\u00a0234"),
        ("1.234", "1.234"),
        ("1234", "1234"),
    ],
)
def test_a_value_that_is_a_part_of_a_longer_number_is_refused(inner: str, longer: str) -> None:
    wanted = figure("kontor", r"har (?P<value>\d\d?)", "kontor")
    message = refused(page(f"Vi har {inner} kontor."), wanted)
    assert f"out of {longer!r}" in message


@pytest.mark.parametrize("inner", ["1 234", "12,234", "1&#8239;234", "1.234"])
def test_a_value_that_is_the_end_of_a_longer_number_is_refused(inner: str) -> None:
    wanted = figure("kontor", r"(?P<value>\d{3}) kontor", "kontor")
    assert "takes '234' out of" in refused(page(f"Vi har {inner} kontor."), wanted)


@pytest.mark.parametrize(
    "text", ["I 2023 300 kontor.", "I 2023, 300 kontor.", "Hele 300 kontor i 2023.", "300 kontor"]
)
def test_a_year_beside_a_value_is_another_number(text: str) -> None:
    wanted = figure("kontor", r"(?P<value>\d{3}) kontor", "kontor")
    assert rows(page(text), wanted)[0]["value"] == "300"


def test_a_power_is_taken_whole() -> None:
    wanted = figure("resepter", r"(?P<value>[\d,]+ · 10⁶)", "resepter")
    text = page("Det er 3,2 · 10<sup>6</sup> resepter.")
    assert rows(text, wanted)[0]["value"] == "3,2 · 10⁶"


def test_numbers_on_two_lines_stay_on_them() -> None:
    wanted = figure("kontor", r"har (?P<value>[\d\s]+)", "kontor")
    assert rows(page("Vi har 33<br>45 kontor."), wanted)[0]["value"] == "33\n45 "


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        ("33<small>1</small>", "not one number: '3|1'"),
        ("33<span class='x'>1</span>", "not one number"),
        ("33<math><mn>1</mn></math>", "shows a formula"),
    ],
)
def test_a_sentence_whose_shown_text_cannot_be_known_is_refused(inner: str, why: str) -> None:
    text = page(f"Vi har {inner} kontor. Vi har 12 apotek.")
    assert why in refused(text, COUNT)
    assert rows(text, figure("apotek"))[0]["value"] == "12"


def test_characters_that_mark_faults_do_no_harm_in_a_page() -> None:
    assert rows(page("Vi har \U00100000 33 kontor."), figure("kontor"))[0]["value"] == "33"
