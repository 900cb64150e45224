"""What `pll` prints about a night and about sources that are not up to date."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from pll_pipeline import console
from pll_pipeline.automation import Night
from pll_pipeline.sources.register import register
from pll_pipeline.validated.verdicts import SnapshotVerdict, SourceState

APOTEK = register()["apotek"]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is folded."""
    for stream in (console.OUT, console.ERR):
        monkeypatch.setattr(stream, "width", 4000)


def state_of(*reasons: str | None) -> SourceState:
    """A source with one snapshot per reason; None is an accepted one."""
    verdicts = tuple(
        SnapshotVerdict(
            source_name="apotek",
            snapshot_name=f"2026-11-{day:02}T000000Z",
            taken_at=datetime(2026, 11, day, tzinfo=UTC),
            sha256="0",
            fingerprint="0",
            is_accepted=reason is None,
            reason=reason,
        )
        for day, reason in enumerate(reasons, 1)
    )
    return SourceState(source=APOTEK, verdicts=verdicts)


def _excluded(state: SourceState, day: int) -> SourceState:
    """The same source with one more snapshot, which is excluded from use."""
    return state.model_copy(update={"excluded": {f"2026-11-{day:02}T000000Z": "two zeros more"}})


EXCLUDED = "The snapshot 2026-11-09T000000Z is excluded from use: two zeros more"


def _warnings(night: Night, capsys: pytest.CaptureFixture[str]) -> list[str]:
    console.show_night(night)
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("state", "unanswered", "warnings"),
    [
        (state_of(None), {}, []),
        (state_of(None, "Cut off."), {}, ["apotek keeps an earlier snapshot. Cut off."]),
        (
            state_of(None),
            {"apotek": "It does not answer."},
            ["apotek keeps an earlier snapshot. It does not answer."],
        ),
        (state_of("Cut off."), {}, ["apotek is left out. Cut off."]),
        (
            state_of(),
            {"apotek": "It does not answer."},
            ["apotek is left out. It does not answer."],
        ),
        (state_of(), {}, ["apotek is left out. No snapshot of it was ever archived."]),
        (_excluded(state_of(), 9), {}, [f"apotek is left out. {EXCLUDED}"]),
        (_excluded(state_of(None), 9), {}, [f"apotek keeps an earlier snapshot. {EXCLUDED}"]),
    ],
)
def test_a_source_that_is_not_up_to_date_is_named_with_the_reason(
    state: SourceState,
    unanswered: dict[str, str],
    warnings: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    night = Night(None, None, [state], unanswered, None)
    assert _warnings(night, capsys) == warnings
    assert night.exit_code == (3 if warnings else 0)


def test_a_failed_night_shows_its_paragraph_and_what_is_current(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _warnings(Night(None, None, [], {}, "It failed."), capsys) == [
        "It failed.",
        "Nothing was published. There is no release yet.",
    ]


def test_texts_of_publishers_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console.show_failure("a column named [red]")
    console.show_table(pl.DataFrame({"[bold]": ["[/]", None]}))
    shown = capsys.readouterr()
    assert "[red]" in shown.err
    assert "[bold]" in shown.out
    assert "[/]" in shown.out


def test_a_path_is_never_folded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.OUT, "width", 20)
    path = "/a/long/path/" * 10
    console.show(path)
    assert capsys.readouterr().out == path + "\n"
