"""What changed in the text of a page: by sentences, bounded, and shown also for a refused page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pll_pipeline.config import Config
from pll_pipeline.raw.archive import keep
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import PACKAGED, read_source
from pll_pipeline.validated.page_changes import (
    LONGEST_SHOWN,
    MOST_SHOWN,
    Earlier,
    PageText,
    page_text,
)
from pll_pipeline.validated.verdicts import SourceState, judge_source

FILE = "plan.html"
SOURCE = read_source(PACKAGED / "hdir_plan_page.yaml")
# Sentences in the forms that the source file reads, as the page of January 2026 had them.
STATEMENTS = (
    "I 2026 starter nasjonal innføring til fastleger og sykehus, mens utprøving av PLL i kommunal"
    " pleie- og omsorgstjeneste fortsetter.",
    "I 2024–2025 har det pågått utprøving av PLL i fem helsefellesskap.",
    "I 2026 etableres det PLL-prosjekter i de øvrige helseregionene.",
    "Siste faglige endring: 26.01.2026",
)


def at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def page(*paragraphs: str) -> bytes:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"<html><body><main>{text}</main></body></html>".encode()


def compared(now: bytes, before: bytes, text: PageText | None = None) -> PageText:
    earlier = Earlier(contents={FILE: before}, taken_at=at(20), text=text or PageText())
    found = page_text(SOURCE, {FILE: now}, at(24), earlier)
    assert found is not None
    return found


def test_sentences_that_are_new_or_gone_are_named_and_a_moved_one_is_not() -> None:
    change = compared(
        page("Tre er ny.", "En. To er lik."), page("En. To er lik.", "Fire er borte.")
    )
    assert (change.new, change.gone) == (("Tre er ny.",), ("Fire er borte.",))
    assert (change.changed_at, change.before_at) == (at(24), at(20))
    moved = compared(page("To.", "En."), page("En.", "To."))
    assert moved.changed_at is None


def test_text_that_a_reader_does_not_see_is_no_change() -> None:
    hidden = b"<script>var nonce='b'</script><p hidden>Skjult.</p><p>Synlig.</p>"
    assert compared(hidden, page("Synlig.")).new_count == 0


def test_the_change_before_is_remembered_where_only_the_bytes_differ() -> None:
    first = compared(page("Ny."), page("Gammel."))
    again = compared(b"<!-- 2 -->" + page("Ny."), page("Ny."), first)
    assert again == first


def test_the_change_that_is_shown_is_bounded_and_all_of_it_counted() -> None:
    many = page(*(f"Setning {number} {'x' * 500}." for number in range(5_000)))
    change = compared(many, page("En."))
    assert (len(change.new), change.new_count) == (MOST_SHOWN, 5_000)
    assert {len(sentence) for sentence in change.new} == {LONGEST_SHOWN}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Siste faglige endring: 26.01.2026", date(2026, 1, 26)),
        ("Først publisert: 27.01.2025 Siste faglige endring: 26.01.2026", date(2026, 1, 26)),
        ("Sist faglig oppdatert 26. januar 2026", date(2026, 1, 26)),
        ("Sist oppdatert: 2026-01-26", date(2026, 1, 26)),
        ("Sist endret: 02.02.2026. Siste faglige endring: 26.01.2026", date(2026, 1, 26)),
        ("Sist endret: 02.02.2026. Sist oppdatert: 03.02.2026", None),
        ("Siste faglige endring: 31.02.2026", None),
        ("Siste faglige endring i 2026", None),
    ],
)
def test_the_day_that_a_page_states_of_itself_is_read_and_never_guessed(
    text: str, day: date | None
) -> None:
    in_footer = f"<body><p>Tekst.</p><footer><div>{text}</div></footer></body>".encode()
    found = page_text(SOURCE, {FILE: in_footer}, at(24), None)
    assert found == PageText(stated_on=day)


def test_a_source_of_another_form_has_no_text_to_compare() -> None:
    other = read_source(PACKAGED / "apotek.yaml")
    assert page_text(other, {}, at(24), None) is None


# --- verdicts


def _state(config: Config, *pages: bytes, source: Source = SOURCE) -> SourceState:
    for day, content in enumerate(pages, 1):
        keep(config.raw, source.name, {FILE: content}, {}, at(day))
    state, _ = judge_source(config, source)
    return state


def test_the_milestones_of_the_plan_page_are_read_with_what_changed(config: Config) -> None:
    later = (STATEMENTS[0].replace("I 2026", "I 2027"), *STATEMENTS[1:])
    state = _state(config, page(*STATEMENTS), page(*later))
    assert state.newest is not None
    assert state.newest.is_accepted
    assert state.newest.milestone_count == 5
    text = state.newest.page_text
    assert text is not None
    assert (text.gone, text.new) == ((STATEMENTS[0],), (later[0],))


def test_a_page_worded_otherwise_is_refused_and_its_change_is_shown(config: Config) -> None:
    reworded = ("Innføringen til fastleger begynner i 2026.", *STATEMENTS[1:])
    again = b"<!-- other bytes -->" + page(*reworded)
    state = _state(config, page(*STATEMENTS), page(*reworded), again)
    assert [verdict.is_accepted for verdict in state.verdicts] == [True, False, False]
    assert state.newest is not None
    assert "fastlege" in (state.newest.reason or "")
    text = state.newest.page_text
    assert text is not None
    assert (text.gone, text.new, text.changed_at) == ((STATEMENTS[0],), (reworded[0],), at(2))


def test_what_a_page_withholds_now_is_not_shown_as_a_sentence_that_is_gone(config: Config) -> None:
    figures = [{"name": "fastlege", "near": "fastleger", "pattern": r"^(?P<value>\S+( enn \S+)?)"}]
    table = {
        **{"holds": "observations", "file": FILE, "rows": [1, 1], "actor_type": "fastlege"},
        **{"expected_columns": ["name", "value", "context"], "period": {"text": "2025"}},
        "values": [
            {
                "column": "value",
                "measure": "pll_created_patient_count",
                "suppressed": {"færre enn fem": [1, 4]},
            }
        ],
        "region": {"name": "Norge", "level": "land", "levels": {"land": ["land"]}},
    }
    fields = SOURCE.model_dump(mode="json") | {"tables": [table]}
    source = Source.model_validate(
        fields | {"read": {"kind": "prose", "figures": figures}, "tolerance": 1.0}
    )
    state = _state(
        config,
        page("12 fastleger bruker PLL."),
        page("færre enn fem fastleger bruker PLL."),
        source=source,
    )
    assert state.newest is not None
    assert state.newest.observation_count == 1
    assert state.newest.page_text is not None
    assert state.newest.page_text.gone == ()
    assert state.newest.page_text.gone_count == 1
