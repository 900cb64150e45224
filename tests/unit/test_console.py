"""What `pll` prints about a night and about sources that are not up to date."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from pll_pipeline import cli, console
from pll_pipeline.automation import Night
from pll_pipeline.night.record import Health
from pll_pipeline.raw.archive import Snapshot
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


# --- status ---------------------------------------------------------------------------------------

LONG_NAME = "a_source_of_" + "x" * 45


def _status_of(taken_at: datetime, name: str = LONG_NAME) -> console.SourceStatus:
    source = APOTEK.model_copy(update={"name": name})
    folder = Path(taken_at.strftime("%Y-%m-%dT%H%M%SZ"))
    newest = Snapshot(name, taken_at, folder, (), {})
    return console.SourceStatus(source, newest, SourceState(source=source, verdicts=()))


@pytest.mark.parametrize("width", [80, 40])
def test_status_cuts_no_name_however_narrow_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console.OUT, "width", width)
    now = datetime.now(UTC)
    console.show_status(None, [_status_of(now), _status_of(now - timedelta(1000), "apotek")])
    lines = capsys.readouterr().out.splitlines()
    columns = [LONG_NAME, f"{now:%Y-%m-%dT%H%M%SZ}", "0 of 400 days", "", "not read yet"]
    assert re.split(r"\s{2,}", lines[2].strip()) == [text for text in columns if text]
    assert f"  {'apotek':<{len(LONG_NAME)}}  " in lines[3]


def _coloured(status: console.SourceStatus, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal with colours gets."""
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, color_system="standard", width=4000)
    monkeypatch.setattr(console, "OUT", terminal)
    console.show_status(None, [status])
    return stream.getvalue()


def test_a_snapshot_dated_after_the_clock_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    red = "\x1b[31mafter the clock"
    assert red in _coloured(_status_of(datetime.now(UTC) + timedelta(days=1500)), monkeypatch)
    assert red not in _coloured(_status_of(datetime.now(UTC) + timedelta(seconds=60)), monkeypatch)


@pytest.mark.parametrize(("is_failed", "colour"), [(True, "\x1b[31m"), (False, "\x1b[32m")])
def test_a_last_night_that_failed_is_red(
    is_failed: bool, colour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    terminal = Console(file=stream, force_terminal=True, color_system="standard", width=4000)
    monkeypatch.setattr(console, "OUT", terminal)
    console.show_last_night(Health(is_failed, ("The last night.", "It was so [red].")))
    assert stream.getvalue().startswith(f"{colour}The last night.")
    assert "  It was so [red]." in stream.getvalue()


def test_a_source_file_is_shown_without_keys(capsys: pytest.CaptureFixture[str]) -> None:
    console.show_source_file('files: {a.csv: "https://a.no/f?x=1&sig=hemmelig"}\n')
    console.show_source_file('files: {a.csv: "https://a.no/f?sig=${PLL_EXPORT}"}\n')
    shown = capsys.readouterr().out
    assert "hemmelig" not in shown
    assert "x=1&sig=…" in shown
    assert "sig=${PLL_EXPORT}" in shown


def test_a_source_file_is_shown_as_it_is_and_no_line_is_cut(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = f"title: {'lang ' * 30}tittel\n"
    console.show_source_file(text)
    assert capsys.readouterr().out == text


# --- check ----------------------------------------------------------------------------------------


def _figures(**columns: list[object]) -> pl.DataFrame:
    """Rows with the columns that `pll check` shows of figures; empty but for those given."""
    height = len(next(iter(columns.values())))
    empty: list[object] = [None] * height
    return pl.DataFrame({name: columns.get(name, empty) for name in console.FIGURE})


def test_what_all_checked_rows_have_in_common_is_shown_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = _figures(measure_code=["population", "population"], value=[1.0, 2.0])
    console.show_first("figures", rows, console.FIGURE)
    assert capsys.readouterr().out.splitlines() == [
        "",
        "The first 2 of 2 figures:",
        "  measure_code = population  (in all of them)",
        "value",
        "-----",
        "  1.0",
        "  2.0",
    ]


def test_checked_rows_that_are_too_wide_are_a_few_records(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console.OUT, "width", 30)
    codes: list[object] = [f"a_measure_with_a_long_name_{n}" for n in range(9)]
    console.show_first("figures", _figures(measure_code=codes, value=codes), console.FIGURE)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:4] == [
        "The first 5 of 9 figures:",
        f"measure_code = {codes[0]}",
        f"       value = {codes[0]}",
    ]


def test_no_checked_rows_show_nothing_and_rows_that_are_all_alike_show_that(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.show_first("figures", _figures(value=[]), console.FIGURE)
    assert capsys.readouterr().out == ""
    console.show_first("figures", _figures(value=[1.0, 1.0]), console.FIGURE)
    assert capsys.readouterr().out == "\nAll figures:\n  value = 1.0  (in all of them)\n"


# --- inspect --------------------------------------------------------------------------------------


def test_no_name_of_an_inspected_column_is_cut_however_narrow_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.OUT, "width", 40)
    file = tmp_path / "tall.csv"
    file.write_text(f"{LONG_NAME};value\nOslo;1\nBergen;2\n", encoding="utf-8")
    done = CliRunner().invoke(cli.app, ["inspect", str(file)])
    cells = [line.split("│")[1].strip() for line in done.output.splitlines() if "│" in line]
    assert "".join(cells).startswith(LONG_NAME)
    assert "…" not in done.output
