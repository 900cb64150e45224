"""Everything that `pll` prints: results on standard output, warnings and failures on standard
error.

Functions take what a verb got and return nothing. All text passes `errors.plain`, so that nothing
a publisher writes can steer a terminal. Not here: getting it, options and exit codes
(`cli.py`).
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pll_pipeline.config import CHECKOUT
from pll_pipeline.errors import PllError, plain, plain_line
from pll_pipeline.raw.archive import CLOCK_TOLERANCE
from pll_pipeline.sources.addresses import variables_in, without_keys
from pll_pipeline.text_tables import TextTable, cell_text

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.automation import Night
    from pll_pipeline.inspection.checking import Check
    from pll_pipeline.inspection.columns import ColumnSeen
    from pll_pipeline.inspection.discovery import Found, Survey
    from pll_pipeline.inspection.doctor import Examination
    from pll_pipeline.inspection.explanation import Step
    from pll_pipeline.inspection.publication import Inspection, TableSeen
    from pll_pipeline.night.record import Health
    from pll_pipeline.published.releases import Release
    from pll_pipeline.published.rolled_back import Rollback
    from pll_pipeline.raw.archive import Snapshot
    from pll_pipeline.raw.discovery import Discovery
    from pll_pipeline.sources.model import Source
    from pll_pipeline.star.model_files import Table as PublicTable
    from pll_pipeline.validated.mapping import MappedTables
    from pll_pipeline.validated.verdicts import SnapshotVerdict, SourceState
    from pll_pipeline.vocabulary.codes import Measure


class _PlainConsole(Console):
    """A console that shows control characters of a text instead of sending them."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Every text that is printed, also one in a table."""
        return super().render_str(plain(text), **options)


# Public for tests, which widen them so that no line is folded.
OUT, ERR = _PlainConsole(emoji=False), _PlainConsole(stderr=True, emoji=False)
# What `pll run` ends with: both the command and its answer fit into 80 columns.
FIRST_QUESTION = """select pll_planned_phase as phase, count(*) as areas,
    sum(resident_count) as residents
  from mart_readiness_by_area
  where region_level = 'helsefellesskap' group by 1 order by 2 desc"""
_CHECKED_ROWS, _CHECKED_RECORDS = 20, 5
# What a person compares with the publication; `--format json` has all columns.
FIGURE = (
    *("measure_code", "region_key", "actor_type_code", "period_grain", "period_end"),
    *("value", "lower_bound", "upper_bound", "qualifier", "status", "published_text"),
)
_TARGET = (
    *("measure_code", "region_key", "actor_type_code", "due_end", "value", "published_text"),
)
_MILESTONE = ("service_code", "region_key", "actor_type_code", "phase", "starts_on", "statement")
_REFUSED_ROW = ("row_reference", "rule", "column_name", "value", "reason")


# --- any verb -------------------------------------------------------------------------------------


def show(text: str) -> None:
    """One line of plain text, never folded, so that a path or command in it can be copied."""
    OUT.print(escape(plain_line(text)), soft_wrap=True, highlight=False)


def show_failure(paragraph: str) -> None:
    """A failure, on standard error."""
    ERR.print(f"[red]{escape(plain_line(paragraph))}[/]", highlight=False)


def show_traceback(error: BaseException) -> None:
    """All that Python knows of a failure, on standard error."""
    ERR.print(escape("".join(format_exception(error))), soft_wrap=True, highlight=False)


def show_warning(text: str) -> None:
    """A warning, on standard error."""
    ERR.print(f"[yellow]{escape(plain_line(text))}[/]", highlight=False)


# --- the night ------------------------------------------------------------------------------------


class Progress:
    """Lines about the steps of a night, each after the seconds since it began.

    They go to standard output as it was then, also while dbt's own lines go to its log.
    """

    def __init__(self) -> None:
        self._began = datetime.now(UTC)
        self._stream = sys.stdout

    def __call__(self, line: str) -> None:
        """Show one line."""
        seconds = (datetime.now(UTC) - self._began).total_seconds()
        with redirect_stdout(self._stream):
            text = f"[dim]{seconds:6.1f} s[/]  {escape(plain_line(line))}"
            OUT.print(text, highlight=False, soft_wrap=True)


def show_simulated() -> None:
    """The warning that no publisher published these figures."""
    OUT.print(
        "[bold yellow]SIMULATED FIGURES[/]: no publisher published them; they are never statistics."
    )


def show_night(night: Night) -> None:
    """How a night ended: the snapshots it used, the sources that are behind, the release."""
    if night.failure:
        show_failure(night.failure)
        release = night.current
        now = f"Release {release.id} is still current." if release else "There is no release yet."
        ERR.print(f"Nothing was published. {now}")
        return
    if night.published:
        _show_snapshots_used(night.states)
    for what, reason in night.behind.values():
        ERR.print(f"[yellow]{escape(what)}[/] {escape(plain_line(reason))}", highlight=False)
    if night.published:
        _show_release(night.published)
    elif night.current:
        release_id = f"[bold]{night.current.id}[/]"
        OUT.print(f"Nothing new: release {release_id} already has what the sources publish.")


def _show_snapshots_used(states: Iterable[SourceState]) -> None:
    head = ("source", "snapshot used", "read as")
    rows = [tuple(f"[bold]{cell}[/]" for cell in head)]
    for state in states:
        used = state.in_use
        name = used.snapshot_name if used else "none"
        rows.append((state.source.name, name, _counts(used) if used else ""))
    _show_aligned(rows)


def _counts(verdict: SnapshotVerdict) -> str:
    counts = {
        "figures": verdict.observation_count,
        "targets": verdict.target_count,
        "milestones": verdict.milestone_count,
        "in quarantine": verdict.quarantine_count,
    }
    return ", ".join(f"{count} {rows}" for rows, count in counts.items() if count)


def _show_release(release: Release) -> None:
    """A new release, and how to open it."""
    files = release.manifest["files"]
    rows = [file["rows"] for file in files if file["path"].startswith("parquet/")]
    OUT.print(f"Published release [bold]{release.id}[/]: {len(rows)} tables, {sum(rows)} rows.")
    current = release.folder.parent.parent / "current"
    data = current.parent.parent
    variables = "" if data == CHECKOUT / "data" else f"PLL_DATA={shlex.quote(str(data))} "
    show(f"  The page      {variables}.venv/bin/pll report --open")
    show(f"  The workbook  {current / 'pll.xlsx'}")
    show(f"  The database  {current / 'pll.duckdb'}")
    show("  A question: which phase of PLL is each helsefellesskap planned to be in,")
    show("  and how many people live there?")
    show(f'  {variables}.venv/bin/pll query "')
    for line in f'{FIRST_QUESTION}"'.splitlines():
        show(f"  {line}")


def show_rolled_back(before: Release, now: Release, rollback: Rollback | None) -> None:
    """Which release is current after a rollback, for how long, and what made the other differ."""
    from pll_pipeline.published.rolled_back import snapshots_not_in

    show(f"Release {now.id} is current again.")
    if rollback is None:
        return
    show("It stays so until the inputs change, or `pll run --again`.")
    try:
        snapshots = snapshots_not_in(before.manifest, now.manifest)
    except PllError as error:
        show_warning(error.paragraph())
        return
    for used in snapshots:
        show(
            f"Release {before.id} used the snapshot {used.snapshot_name} of {used.source_name}, "
            f"which {now.id} did not. If it is wrong: {used.exclude_command}"
        )
    if not snapshots:
        show(
            f"Both releases used the same snapshots; their code is {now.manifest['code_version']} "
            f"and {before.manifest['code_version']}."
        )


def show_examination(examination: Examination) -> None:
    """What is damaged and the command that repairs each thing; or that nothing is."""
    for damage in examination.damages:
        show_warning(f"{damage.part}: {damage.what}")
        show(f"  where: {damage.where}")
        show(f"  repair: {damage.command}")
    if examination.is_healthy:
        show("Healthy: archive, verdicts, store, build, releases and `current` are whole.")


def show_state_of_current(rollback: Rollback | None, fault: str | None) -> None:
    """A rollback that is in force, and anything wrong with the link `current`."""
    if rollback:
        show_warning(
            f"Rolled back from {rollback.left} at {rollback.at}: release {rollback.current} stays "
            "current until the inputs change, or `pll run --again`."
        )
    if fault:
        show_warning(f"`current` {fault}. `pll doctor` says what to do.")


# --- status, sources, archive ---------------------------------------------------------------------


@dataclass(frozen=True)
class SourceStatus:
    """A source, its newest snapshot, and the verdicts there are of its snapshots."""

    source: Source
    newest: Snapshot | None
    state: SourceState


def show_status(release: Release | None, sources: Iterable[SourceStatus]) -> None:
    """The current release, and each source with the age and verdict of its newest snapshot."""
    if release is None:
        OUT.print("No release yet. `pll run` makes one.")
    else:
        _show_current_release(release)
    head = ("source", "newest snapshot", "age", "in quarantine", "outcome")
    _show_aligned([tuple(f"[bold]{cell}[/]" for cell in head), *map(_status_row, sources)])


def show_last_night(health: Health) -> None:
    """How the last night ended; red where it failed."""
    colour = "red" if health.is_failed else "green"
    first, *others = health.sentences
    OUT.print(f"[{colour}]{escape(first)}[/]", soft_wrap=True, highlight=False)
    for sentence in others:
        show(f"  {sentence}")


def _show_aligned(rows: Sequence[tuple[str, ...]]) -> None:
    """Cells with markup, in columns that are never cut, however narrow the terminal."""
    texts = [[Text.from_markup(plain_line(cell)) for cell in row] for row in rows]
    widths = [max(text.cell_len for text in column) for column in zip(*texts, strict=True)]
    for row in texts:
        line = Text("  ")
        for text, width in zip(row, widths, strict=True):
            line.append_text(text).append(" " * (width - text.cell_len + 2))
        line.rstrip()
        OUT.print(line, soft_wrap=True, highlight=False)


def show_left_out(left_out: Mapping[str, str]) -> None:
    """The source files that cannot be used: name → why."""
    for name, reason in left_out.items():
        show_warning(f"{name} is left out. {reason}")


def _show_current_release(release: Release) -> None:
    built_at = release.manifest["built_at"]
    OUT.print(
        f"Release [bold]{release.id}[/], built {built_at}, in {escape(str(release.folder))}",
        soft_wrap=True,
    )
    for stale in release.manifest["stale_sources"]:
        outcome = "keeps an earlier snapshot" if stale["snapshot_at"] else "is left out"
        reason = escape(stale["reason"] or "")
        OUT.print(f"  [yellow]{stale['source_name']} {outcome}[/]: {reason}", soft_wrap=True)


def _status_row(status: SourceStatus) -> tuple[str, ...]:
    name, newest = status.source.name, status.newest
    fault = f"[red]{escape(status.state.fault)}[/]" if status.state.fault else ""
    if newest is None:
        return name, "none", "", "", fault or "[yellow]no snapshot[/]"
    shown_age = _age(newest, status.source.max_age_days)
    verdict = status.state.newest
    if verdict is None or verdict.snapshot_name != newest.name:
        return name, newest.name, shown_age, "", "[yellow]not read yet[/]"
    reason = f"[red]refused[/]: {escape(verdict.reason or '')}"
    outcome = fault or ("accepted" if verdict.is_accepted else reason)
    return name, newest.name, shown_age, str(verdict.quarantine_count), outcome


def _age(newest: Snapshot, most_days: int) -> str:
    """How old the newest snapshot is, red where its time is still to come."""
    now = datetime.now(UTC)
    if newest.taken_at > now + CLOCK_TOLERANCE:
        return "[red]after the clock[/]"
    days = max(0, (now - newest.taken_at).days)
    age = f"{days} of {most_days} days"
    return age if days <= most_days else f"[yellow]{age}[/]"


def show_register(sources: Collection[Source]) -> None:
    """All sources, and whether each takes part in a night; the name is first and never cut."""
    head = ("name", "takes part", "cadence", "title")
    rows = [tuple(f"[bold]{cell}[/]" for cell in head)]
    for source in sources:
        takes_part = "yes" if source.is_enabled else "[yellow]no[/]"
        if source.fault:
            takes_part = "[red]as last read[/]"
        rows.append((source.name, takes_part, source.cadence, escape(source.title)))
    _show_aligned(rows)
    for source in sources:
        if source.fault:
            show_warning(f"{source.name} is used as it was last read. {source.fault}")
    show("`pll sources NAME` shows one whole, with its publisher and licence.")


def show_source_file(text: str) -> None:
    """A source file as it is, but for keys in its addresses."""
    from rich.syntax import Syntax

    code = Syntax("", "yaml", background_color="default").highlight(plain(without_keys(text)))
    OUT.print(code, soft_wrap=True, end="")


def show_measures(measures: Iterable[Measure]) -> None:
    """Measures as records: the code first, so that it can be copied from a narrow terminal."""
    for measure in measures:
        OUT.print(f"[bold]{escape(measure.code)}[/]  {measure.unit}", soft_wrap=True)
        OUT.print(f"    {escape(measure.name)}", soft_wrap=True)
        OUT.print(f"    {escape(measure.definition)}", soft_wrap=True)


def show_tables(tables: Mapping[str, PublicTable]) -> None:
    """The public tables as `schema.name`, and what one row of each is."""
    for name, table in tables.items():
        OUT.print(f"[bold]{name}[/]", soft_wrap=True)
        show(f"    {table.en}")
    show("`pll tables NAME` shows the columns of one.")


def show_one_table(name: str, table: PublicTable) -> None:
    """A public table: what one row is, its key, and each column with type, unit and description."""
    from pll_pipeline.inspection.public_tables import unit_of

    OUT.print(f"[bold]{name}[/]", soft_wrap=True)
    show(f"    {table.en}")
    key = ", ".join(table.grain) or f"none; {table.no_grain}"
    show(f"    key: {key}")
    for column in map(table.column, table.names):
        facts = [column.type, unit_of(column)]
        facts.append("" if column.name in table.required else "may be empty")
        facts.append(f"refers to {column.refers_to}" if column.refers_to else "")
        text = ", ".join(filter(None, facts))
        OUT.print(f"[bold]{column.name}[/]  {text}", soft_wrap=True, highlight=False)
        values = f" ({', '.join(column.allowed)})" if column.allowed else ""
        show(f"    {column.en}{values}")


def show_archived(snapshot: Snapshot, *, is_new: bool) -> None:
    """What became of files received by hand."""
    outcome = "Kept as" if is_new else "Unchanged since"
    OUT.print(
        f"{outcome} snapshot [bold]{snapshot.name}[/] of {snapshot.source_name}, "
        f"{len(snapshot.files)} files."
    )


# --- answers --------------------------------------------------------------------------------------


def show_answer(answer: pl.DataFrame) -> None:
    """The answer of a query as a table, or as records where it is wider than the terminal."""
    if answer.is_empty() or _text_table(answer).is_table_in(OUT.width):
        show_table(answer)
    else:
        show_records(answer)


def show_table(answer: pl.DataFrame) -> None:
    """The answer of a query as a table, however wide; in a terminal with its number of rows."""
    head, *lines = _text_table(answer).as_table()
    OUT.print(f"[bold]{escape(head)}[/]", soft_wrap=True, highlight=False)
    show_lines(lines)
    _show_count(answer.height)


def show_records(answer: pl.DataFrame) -> None:
    """The answer of a query as records; in a terminal with their number."""
    show_lines(_text_table(answer).as_records())
    _show_count(answer.height)


def show_lines(lines: Iterable[str]) -> None:
    """Lines that are plain text already."""
    write_text("".join(f"{line}\n" for line in lines))


def _text_table(answer: pl.DataFrame) -> TextTable:
    return TextTable.of(answer.columns, answer.rows())


def _show_count(count: int) -> None:
    """The number of rows, for a person; another program gets the rows alone."""
    if OUT.is_terminal or not count:
        show("(1 row)" if count == 1 else f"({count} rows)")


def write_text(text: str) -> None:
    """Text for another program to read, as it is; in a terminal without control characters."""
    sys.stdout.write(plain(text) if sys.stdout.isatty() else text)


def write_parquet(answer: pl.DataFrame) -> None:
    """The answer of a query as Parquet, for another program to read.

    Raises `PllError` where standard output is a terminal.
    """
    if sys.stdout.isatty():
        raise PllError(
            "Parquet is not for a terminal", do="write it to a file, as > answer.parquet"
        )
    sys.stdout.flush()
    answer.write_parquet(sys.stdout.buffer)


def show_explanation(steps: Iterable[Step]) -> None:
    """The steps from a figure back to its bytes."""
    for number, step in enumerate(steps):
        branch = "└─ " if number else ""
        heading = f"{branch}[bold]{escape(step.what)}[/]\n   {escape(step.where)}"
        OUT.print(heading, soft_wrap=True, highlight=False)
        _show_values(step.says)


def _show_values(values: Mapping[str, Any]) -> None:
    for column, value in values.items():
        if value not in (None, ""):
            line = f"     [dim]{escape(column)}[/]  {escape(str(value))}"
            OUT.print(line, soft_wrap=True, highlight=False)


def show_check(check: Check) -> None:
    """What a night would decide of one source, its figures, and what was not read or refused."""
    verdict = "[green]accepted[/]" if check.is_accepted else "[red]refused[/]"
    OUT.print(f"{escape(check.source.name)}: {verdict}", highlight=False)
    if check.mapped is not None:
        _show_mapped(check.mapped)
    for entry in check.not_read:
        example = f", as {entry.example!r}" if entry.example else ""
        show(f"not read: {entry.count} {entry.what} ({entry.where}){example}")


def _show_mapped(mapped: MappedTables) -> None:
    """The number of rows by where they ended, the first figures, and the first refused rows."""
    counts = {
        "figures": mapped.observations.height,
        "targets": mapped.targets.height,
        "milestones": mapped.milestones.height,
        "refused": mapped.quarantine.height,
    }
    show(f"{mapped.row_count} rows: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
    bounds = ("lower_bound", "upper_bound")
    is_exact = all(mapped.observations["value"].equals(mapped.observations[b]) for b in bounds)
    shown = [name for name in FIGURE if not (is_exact and name in bounds)]
    show_first("figures", mapped.observations, shown)
    show_first("targets", mapped.targets, _TARGET)
    show_first("milestones", mapped.milestones, _MILESTONE)
    show_first("refused rows", mapped.quarantine, _REFUSED_ROW)


def show_first(what: str, rows: pl.DataFrame, columns: Sequence[str]) -> None:
    """The first rows; a column with one value in all of them is written once, above."""
    if rows.is_empty():
        return
    is_common = {name: rows.height > 1 and rows[name].n_unique() == 1 for name in columns}
    first = rows.select(name for name in columns if not is_common[name]).head(_CHECKED_ROWS)
    if not _text_table(first).is_table_in(OUT.width):
        first = first.head(_CHECKED_RECORDS)
    show("")
    show(f"The first {first.height} of {rows.height} {what}:" if first.width else f"All {what}:")
    for name in filter(is_common.__getitem__, columns):
        if rows[name].null_count() == 0:
            show(f"  {name} = {cell_text(rows[name].item(0))}  (in all of them)")
    if first.width:
        show_lines(_text_table(first).fitting(OUT.width))


def show_inspection(name: str, inspection: Inspection) -> None:
    """What a publication contains, table by table, and what one should know before using it."""
    show(f"{without_keys(name)} is {inspection.what}.")
    for line in inspection.notes:
        show(line)
    for warning in inspection.warnings:
        show_warning(warning)
    for number, table in enumerate(inspection.tables, 1):
        _show_inspected_table(number, table)


def _show_inspected_table(number: int, inspected: TableSeen) -> None:
    title = f"{number}. {escape(inspected.title)}: {inspected.rows} rows"
    table = Table(title=title)
    for heading in ("column", "looks like", "different texts", "for example"):
        table.add_column(heading, overflow="fold")
    for column in inspected.columns:
        table.add_row(*_inspected_row(column))
    OUT.print(table)
    for line in inspected.notes:
        show(line)


def _inspected_row(column: ColumnSeen) -> tuple[str, ...]:
    looks_like = f"{column.looks_like} {escape(column.detail)}".strip()
    examples = escape(" · ".join(column.examples))
    return escape(column.name), looks_like, str(column.distinct), examples


def show_survey(survey: Survey) -> None:
    """Every publication found from a page, what each contains, and what was looked at."""
    from pll_pipeline.inspection.discovery import EXPORT_ROUTE
    from pll_pipeline.raw.links import Form

    discovery = survey.discovery
    for number, found in enumerate(survey.found, 1):
        _show_found(number, found)
    for link in discovery.elsewhere:
        show(f"elsewhere, not opened: {without_keys(link.address)} {link.text}".rstrip())
    show(f"{len(survey.found)} publications found from {discovery.address}. Looked at:")
    for looked in discovery.looked_at:
        show(f"  {looked.address}: {looked.outcome}")
    if discovery.not_opened:
        show(f"  {len(discovery.not_opened)} more pages were left out")
    if discovery.left_out_count:
        show(f"  {discovery.left_out_count} more links to publications were left out")
    reports = [each for each in survey.found if each.publication.form is Form.report]
    if not survey.found or any(each.problem for each in survey.found) or not reports:
        show(EXPORT_ROUTE)


def show_discovery(discovery: Discovery) -> None:
    """The publications found from a page, a line each."""
    for publication in discovery.publications:
        address = without_keys(publication.address)
        if publication.address != discovery.address:
            show(f"  found from {discovery.address}: {publication.form}, {address}")


def _show_found(number: int, found: Found) -> None:
    publication = found.publication
    text = f", «{publication.text}»" if publication.text else ""
    show(f"{number}. {publication.form}{text}: {without_keys(publication.address)}")
    if publication.page != publication.address:
        show(f"   on {without_keys(publication.page)}")
    if found.known_as:
        show(f"   asked by the source {found.known_as} already")
    if found.problem:
        show_warning(f"   {found.problem}")
    if found.inspection:
        show_inspection(publication.address, found.inspection)


def show_starters(written: Iterable[tuple[Found, Path]], own: Path) -> None:
    """The starter source files that were written, and what to do with one."""
    names = [found.name for found, _ in written]
    for name in names:
        show(f"A starter is written to {own / name}.yaml")
    if names:
        show(
            "Confirm one (each CONFIRM, then is_enabled: true), then:"
            f" .venv/bin/pll check {names[0]} --ask, and .venv/bin/pll run --source {names[0]}"
        )


def show_variables(text: str) -> None:
    """The keys that a source file needs from the environment, where it needs any."""
    for variable in variables_in(text):
        show(f"The key in its address is not kept: set {variable} to it where the night runs.")


def show_starter(path: Path, name: str, *, by_hand: bool) -> None:
    """Where a starter source file was written, and what to do with it."""
    archive = f".venv/bin/pll archive {name} FILE, and " if by_hand else ""
    run = f".venv/bin/pll run --source {name}"
    show(f"A starter is written to {path}. Confirm it, then: {archive}{run}")
