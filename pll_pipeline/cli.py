"""The command `pll`. Every verb calls one function of the package and prints what came back.

Nothing heavy is imported before a verb needs it, so that `pll --help` answers at once. Not here: any work.
"""

from __future__ import annotations

import os
import shlex
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.errors import PllError

if TYPE_CHECKING:
    from pll_pipeline.automation import Night
    from pll_pipeline.inspection.publication import Inspection
    from pll_pipeline.sources.model import Source
    from pll_pipeline.validated.verdicts import SnapshotVerdict

app = typer.Typer(
    help="The warehouse of Norway's medicine-list figures: e-resept, kjernejournal, SFM, PLL and e-multidose.\n\n"
    "Start with `pll run`, look at `pll status`, ask with `pll query`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
out, err = Console(), Console(stderr=True)


class Form(StrEnum):
    """How `pll query` writes its answer."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


class Language(StrEnum):
    """The languages of the report."""

    nb = "nb"
    en = "en"


SourceNames = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="NAME",
        help="Ask only this source; the others keep what is held. May be repeated.",
    ),
]


@app.callback()
def options(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options of every verb."""
    if debug:
        os.environ["PLL_DEBUG"] = "1"


@app.command()
def run(
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody; work with what is held.")
    ] = False,
    source: SourceNames = None,
) -> None:
    """One night: ask the sources, read what is new, build the marts, publish a release.

    The same job the schedule runs. Exit code 0: published, or nothing new. 3: published, but a source keeps an
    earlier snapshot. 1: nothing published, the last release stands.
    """
    _night(
        Config.from_environment(),
        ask="" if offline else ",".join(source) if source else "*",
        names=source or [],
    )


@app.command()
def rebuild(
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The figures as they were known at the end of this day, built into data/as-of/.",
        ),
    ] = None,
) -> None:
    """The warehouse again from raw alone: every snapshot is read anew and a new release published.

    With `--as-of` only what was held on that day counts, and the release of today stands untouched.
    """
    from pll_pipeline.automation import delete_derived, require_room
    from pll_pipeline.lock import one_writer

    config = Config.from_environment()
    if as_of:
        config = config.as_of(as_of.date())
    require_room(config)
    with one_writer(config.lock_file, "a rebuild"):
        delete_derived(config)
    _night(config, ask="", names=[], rebuild_all=True)


@app.command()
def demo(
    *,
    scale: Annotated[
        float, typer.Option(min=0.01, max=1, help="Share of the kommuner that are simulated.")
    ] = 1,
    months: Annotated[
        int, typer.Option(min=1, max=180, help="Number of months until October 2026.")
    ] = 94,
) -> None:
    """A whole live night against a simulated publisher, published to data/demo/: simulated figures to try BI tools on.

    Nobody published these figures; they say so in every file and never stand beside published ones.
    """
    from dataclasses import replace

    from pll_pipeline.simulation.demo import published_world

    config = Config.from_environment()
    config = replace(config, data=config.data / "demo")
    out.print(
        "[bold yellow]SIMULATED FIGURES[/]: nobody published them, and they are never statistics."
    )
    with published_world(config, scale=scale, months=months):
        _night(config, ask="*", names=[])


@app.command()
def status() -> None:
    """The last release and each source: newest snapshot, age against its cadence, last outcome, what is in quarantine."""
    from pll_pipeline.published.releases import current
    from pll_pipeline.validated.verdicts import read_state

    config = Config.from_environment()
    release = current(config.marts)
    if release is None:
        out.print("No release yet. `pll run` makes one.")
    else:
        out.print(
            f"Release [bold]{release.id}[/], built {release.manifest['built_at']}, in {escape(str(release.folder))}"
        )
        for stale in release.manifest["stale_sources"]:
            out.print(
                f"  [yellow]{stale['source_name']} keeps an earlier snapshot[/]: {escape(stale['reason'] or '')}"
            )
    table = Table("source", "newest snapshot", "age", "outcome", "rows in quarantine")
    for name, source in _register(config).items():
        state = read_state(config, source)
        newest = state.newest
        if newest is None:
            table.add_row(name, "none", "", "[yellow]nothing held[/]", "")
            continue
        days = (datetime.now(UTC) - newest.taken_at).days
        age = f"{days} of {source.max_age_days} days"
        outcome = (
            "accepted" if newest.is_accepted else f"[red]refused[/]: {escape(newest.reason or '')}"
        )
        table.add_row(
            name,
            newest.snapshot_name,
            age if days <= source.max_age_days else f"[yellow]{age}[/]",
            outcome,
            str(newest.quarantine_count),
        )
    out.print(table)


@app.command()
def sources(
    name: Annotated[
        str | None, typer.Argument(help="Show this source whole; or the word `enable`.")
    ] = None,
    to_enable: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="After `enable`: the source that shall take part in every night."
        ),
    ] = None,
    *,
    address: Annotated[
        str | None, typer.Option(help="With `enable`: where it is published.")
    ] = None,
) -> None:
    """The register of sources, or one of them whole.

    `pll sources enable NAME --address …` makes a known source part of every night, by a file of your own in `data/sources/`.
    """
    from pll_pipeline.sources.register import RESERVED_WORD, enable, known, source_path

    config = Config.from_environment()
    own = config.own_sources
    register = known(own)
    if name == RESERVED_WORD:
        if to_enable is None:
            raise typer.BadParameter(f"which source? There are {', '.join(register)}")
        _known(register, [to_enable])
        path = enable(to_enable, own, address)
        out.print(
            f"{to_enable} takes part from the next night; its file is {escape(str(path))}. Try it now: .venv/bin/pll run --source {to_enable}",
            soft_wrap=True,
        )
        return
    if to_enable or address:
        raise typer.BadParameter("write `pll sources enable NAME [--address …]`")
    if name:
        from rich.syntax import Syntax

        _known(register, [name])
        path = source_path(name, own)
        out.print(
            Syntax(
                path.read_text(encoding="utf-8") if path else "", "yaml", background_color="default"
            )
        )
        return
    table = Table("name", "title", "publisher", "cadence", "licence", "takes part")
    for source in register.values():
        table.add_row(
            source.name,
            source.title,
            source.publisher,
            source.cadence,
            source.licence,
            "yes" if source.is_enabled else "[yellow]no[/]",
        )
    out.print(table)


@app.command()
def inspect(
    what: Annotated[
        list[str],
        typer.Argument(
            help="An address or a file: a page, workbook, CSV, JSON-stat, or Power BI report or saved answer; several answers are the pages of one, in order."
        ),
    ],
    *,
    rows: Annotated[
        bool,
        typer.Option(
            "--rows", help="Print the rows of a saved Power BI answer as CSV, null as \\N."
        ),
    ] = False,
    totals: Annotated[bool, typer.Option("--totals", help="Print its totals instead.")] = False,
    table: Annotated[
        int, typer.Option("--table", min=1, help="With --write: which of the tables shown.")
    ] = 1,
    write: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Write a starter source file of this name to data/sources/."
        ),
    ] = None,
    allow_local: Annotated[
        bool,
        typer.Option("--allow-local", help="The address is on this machine or a private network."),
    ] = False,
) -> None:
    """What a publication holds, and a starter source file to edit.

    The starter proposes region, period, actor type and figures; nothing of it is believed until you have confirmed it.
    """
    if rows or totals:
        from pll_pipeline.validated.readers.powerbi import as_csv, decode

        decoded = decode([_content(one)[1] for one in what], where=what[0])
        if rows:
            sys.stdout.write(as_csv(decoded.columns, decoded.rows))
        else:
            sys.stdout.write(
                as_csv(
                    ("level", *decoded.columns),
                    [(total.level, *total.values) for total in decoded.totals],
                )
            )
        return
    for one in what:
        seen = _inspection(one, allow_local=allow_local)
        _print_inspection(one, seen)
        if write:
            _write_starter(Config.from_environment(), write, seen, table)


@app.command()
def archive(
    source: Annotated[str, typer.Argument(help="Name of the source in the register.")],
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, readable=True, help="The files as received."),
    ],
    *,
    received_from: Annotated[
        str, typer.Option("--from", help="Who sent them, or the address they came from.")
    ] = "",
    note: Annotated[str, typer.Option(help="Anything the next person should know.")] = "",
) -> None:
    """Keep files received by hand as a snapshot of a source, with who and when. `pll run` then reads it."""
    import getpass

    from pll_pipeline.lock import one_writer
    from pll_pipeline.raw.archive import keep
    from pll_pipeline.sources.register import known

    config = Config.from_environment()
    register = known(config.own_sources)
    _known(register, [source])
    wanted = sorted({table.file for table in register[source].tables})
    if sorted(f.name for f in files) != wanted:
        raise PllError(
            f"{source} is published as {', '.join(wanted)}, not {', '.join(sorted(f.name for f in files))}",
            do="give every file of the publication, under its own name",
        )
    origin = {
        "method": "archived by hand",
        "archived_by": getpass.getuser(),
        "received_from": received_from,
        "note": note,
    }
    with one_writer(config.lock_file, "an archiving"):
        snapshot, is_new = keep(config.raw, source, {f.name: f.read_bytes() for f in files}, origin)
    out.print(
        f"{'Kept as' if is_new else 'Unchanged since'} snapshot [bold]{snapshot.name}[/] of {source}, {len(snapshot.files)} files."
    )


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SQL statement; schemas star and marts.")],
    *,
    form: Annotated[Form, typer.Option("--format", help="How to write the answer.")] = Form.table,
) -> None:
    """Ask the current release, read-only.

    Example: `pll query "select region_name, adoption_share from marts.mart_adoption_latest where service_code = 'e-resept'"`
    """
    from pll_pipeline.published.releases import query as ask
    from pll_pipeline.published.releases import require_current

    answer = ask(require_current(Config.from_environment().marts), sql)
    if form is Form.csv:
        sys.stdout.write(answer.write_csv())
    elif form is Form.json:
        sys.stdout.write(answer.write_json() + "\n")
    elif form is Form.parquet:
        sys.stdout.flush()
        answer.write_parquet(sys.stdout.buffer)
    else:
        table = Table(*answer.columns)
        for row in answer.iter_rows():
            table.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
        out.print(table)
        out.print(f"{answer.height} rows")


@app.command()
def report(
    *,
    language: Annotated[Language, typer.Option("--language", help="Which page.")] = Language.nb,
    opened: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Say where the current release's report lies, and open it."""
    import webbrowser

    from pll_pipeline.published.releases import require_current

    page = (
        require_current(Config.from_environment().marts).folder
        / "report"
        / ("index.html" if language is Language.nb else "en.html")
    )
    if not page.is_file():
        raise PllError(
            "The current release has no report",
            where=str(page),
            do="run `pll rebuild` to publish a release of this version",
        )
    out.print(str(page), soft_wrap=True, highlight=False)
    if opened and not webbrowser.open(page.as_uri()):
        raise PllError("No browser could be opened", where=str(page), do="open the file yourself")


@app.command()
def explain(
    table: Annotated[str, typer.Argument(help="A table of the release, as mart_key_figures.")],
    key: Annotated[
        list[str], typer.Argument(metavar="COLUMN=TEXT …", help="What points at one row.")
    ],
) -> None:
    """Walk one figure back to the bytes: table, facts, snapshot, the row as published.

    Example: `pll explain mart_adoption_latest measure_code=eresept_package_share region_key=land:NO actor_type_code=apotek`
    """
    from pll_pipeline.inspection.explanation import explain as walk
    from pll_pipeline.published.releases import require_current
    from pll_pipeline.sources.register import known

    config = Config.from_environment()
    pairs = [said.partition("=") for said in key]
    if any(not sign for _, sign, _ in pairs):
        raise typer.BadParameter("write each part of the key as COLUMN=TEXT")
    steps = walk(
        config,
        require_current(config.marts),
        known(config.own_sources),
        table,
        {column: text for column, _, text in pairs},
    )
    for number, step in enumerate(steps):
        out.print(
            f"{'└─ ' if number else ''}[bold]{escape(step.what)}[/]\n   {escape(step.where)}",
            soft_wrap=True,
            highlight=False,
        )
        for column, text in step.says.items():
            if text not in (None, ""):
                out.print(
                    f"     [dim]{escape(column)}[/]  {escape(str(text))}",
                    soft_wrap=True,
                    highlight=False,
                )


@app.command()
def rollback(
    release: Annotated[
        str | None, typer.Argument(help="Release to make current; the one before when left out.")
    ] = None,
) -> None:
    """Make an earlier release current again."""
    from pll_pipeline.lock import one_writer
    from pll_pipeline.published.releases import rollback as make_current

    config = Config.from_environment()
    with one_writer(config.lock_file, "a rollback"):
        now = make_current(config.marts, release)
    out.print(
        f"Release [bold]{now.id}[/] is current again. The next night that finds anything new publishes over it."
    )


@app.command()
def serve(
    *, port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3000
) -> None:
    """Dagster's page and daemon on 127.0.0.1, with the nightly schedule on. Stop with Ctrl-C."""
    from pll_pipeline.automation import use_dagster_home

    config = Config.from_environment()
    use_dagster_home(config)
    os.environ["PLL_DATA"] = str(config.data)
    out.print(f"Dagster on http://127.0.0.1:{port}, home {escape(str(config.dagster_home))}")
    dagster = str(Path(sys.executable).with_name("dagster"))
    os.chdir(CHECKOUT)
    os.execv(
        dagster,
        [
            dagster,
            "dev",
            "-w",
            str(CHECKOUT / "workspace.yaml"),
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
        ],
    )


def main() -> None:
    """Entry point: one clear paragraph for what a person can act on, a traceback only with `--debug`."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    try:
        app()
    except PllError as error:
        if os.environ.get("PLL_DEBUG"):
            raise
        err.print(f"[red]{escape(error.paragraph())}[/]", highlight=False)
        raise SystemExit(1) from error
    except Exception as error:
        if os.environ.get("PLL_DEBUG"):
            raise
        said = " ".join(str(error).split())[:500]
        err.print(
            f"[red]Not foreseen: {type(error).__name__}: {escape(said)}. What to do: run again with `pll --debug`, and report what it shows.[/]",
            highlight=False,
        )
        raise SystemExit(1) from error


def _night(config: Config, *, ask: str, names: list[str], rebuild_all: bool = False) -> None:
    register = _register(config)
    _known(register, names)
    started = datetime.now(UTC)

    def tell_line(line: str) -> None:
        out.print(
            f"[dim]{(datetime.now(UTC) - started).total_seconds():6.1f} s[/]  {escape(line)}",
            highlight=False,
        )

    tell_line("the night begins")
    from pll_pipeline.automation import require_room, run_night
    from pll_pipeline.definitions import build_definitions

    require_room(config)
    night = run_night(
        build_definitions(config, register),
        config,
        register,
        ask=ask,
        rebuild=rebuild_all,
        tell_line=tell_line,
    )
    _print_night(night)
    raise SystemExit(night.exit_code)


def _print_night(night: Night) -> None:
    if night.failure:
        err.print(f"[red]{escape(night.failure)}[/]", highlight=False)
        stands = (
            f"Release {night.standing.id} stands." if night.standing else "There is no release yet."
        )
        err.print(f"Nothing was published. {stands}")
        return
    if night.states and night.published:
        table = Table("source", "snapshot used", "read as", "in quarantine")
        for state in night.states:
            used = state.in_use
            table.add_row(
                state.source.name,
                used.snapshot_name if used else "none",
                _read_as(used) if used else "",
                str(used.quarantine_count) if used else "",
            )
        out.print(table)
    stale = {s.source.name: s.newest.reason or "" for s in night.states if s.is_stale and s.newest}
    for name, reason in (stale | night.unanswered).items():
        err.print(f"[yellow]{name} keeps an earlier snapshot.[/] {escape(reason)}", highlight=False)
    if night.published:
        _print_release(night.published)
    elif night.standing:
        out.print(
            f"Nothing new: release [bold]{night.standing.id}[/] already holds what the sources say."
        )


def _content(what: str) -> tuple[str, bytes]:
    """A file's name and bytes."""
    path = Path(what)
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise PllError(
            f"{what} cannot be read: {error.strerror}", do="give the path of a file"
        ) from error


def _inspection(what: str, *, allow_local: bool) -> Inspection:
    from pll_pipeline.inspection.address import inspect_address, is_address
    from pll_pipeline.inspection.publication import inspect as look
    from pll_pipeline.vocabulary.codes import load_codes

    codes, today = load_codes(Config.from_environment().seeds), datetime.now(UTC).date()
    if is_address(what):
        return inspect_address(what, codes, today, allow_local=allow_local)
    file, content = _content(what)
    return look(content, file, codes, today)


def _print_inspection(what: str, seen: Inspection) -> None:
    out.print(f"{escape(what)} is {seen.what}.", soft_wrap=True)
    for line in seen.told:
        out.print(escape(line), highlight=False, soft_wrap=True)
    for warning in seen.warnings:
        err.print(f"[yellow]{escape(warning)}[/]", highlight=False)
    for number, one in enumerate(seen.tables, 1):
        table = Table(
            "column",
            "looks like",
            "different texts",
            "for example",
            title=f"{number}. {escape(one.title)}: {one.rows} rows",
        )
        for column in one.columns:
            table.add_row(
                escape(column.name),
                f"{column.looks_like} {escape(column.detail)}".strip(),
                str(column.distinct),
                escape(" · ".join(column.examples)),
            )
        out.print(table)


def _write_starter(config: Config, name: str, seen: Inspection, number: int) -> None:
    from pll_pipeline.inspection.publication import BY_HAND, starter
    from pll_pipeline.sources.register import source_path

    if number > len(seen.tables):
        raise typer.BadParameter(f"there are {len(seen.tables)} tables")
    own = config.own_sources
    if source_path(name, own):
        raise PllError(
            f"There is already a source named {name!r}",
            do="choose another name, or delete its file first",
        )
    own.mkdir(parents=True, exist_ok=True)
    path = own / f"{name}.yaml"
    path.write_text(starter(seen.tables[number - 1], name), encoding="utf-8")
    by_hand = (
        f".venv/bin/pll archive {name} FILE, and "
        if seen.tables[number - 1].fetching is BY_HAND
        else ""
    )
    out.print(
        f"A starter is written to {escape(str(path))}. Confirm it, then: {by_hand}.venv/bin/pll run --source {name}",
        soft_wrap=True,
    )


def _read_as(verdict: SnapshotVerdict) -> str:
    counts = {
        "figures": verdict.observation_count,
        "targets": verdict.target_count,
        "milestones": verdict.milestone_count,
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _print_release(release: Any) -> None:
    rows = {
        f["path"]: f["rows"] for f in release.manifest["files"] if f["path"].startswith("parquet/")
    }
    out.print(
        f"Published release [bold]{release.id}[/]: {len(rows)} tables, {sum(rows.values())} rows."
    )
    current = release.folder.parent.parent / "current"
    # unfolded, so that a line can be copied whole
    out.print(
        f"  DuckDB    duckdb -readonly {escape(repr(str(current / 'pll.duckdb')))}", soft_wrap=True
    )
    out.print(f"  Parquet   {escape(str(current / 'parquet'))}", soft_wrap=True)
    out.print(f"  Workbook  {escape(str(current / 'pll.xlsx'))}", soft_wrap=True)
    data = current.parent.parent
    elsewhere = "" if data == CHECKOUT / "data" else f"PLL_DATA={shlex.quote(str(data))} "
    out.print(
        f'  Ask       {escape(elsewhere)}.venv/bin/pll query "select * from marts.mart_key_figures limit 5"',
        highlight=False,
        soft_wrap=True,
    )


def _register(config: Config) -> dict[str, Source]:
    from pll_pipeline.raw.archive import snapshots
    from pll_pipeline.sources.register import register

    sources = register(config.own_sources)
    if config.known_until is None:
        return sources
    held = {
        name: source
        for name, source in sources.items()
        if snapshots(config.raw, name, config.known_until)
    }
    if not held:
        raise PllError(
            "Nothing had been kept on that day",
            where=str(config.raw),
            do="choose a later day; `pll status` and the folders under raw tell when snapshots were taken",
        )
    return held


def _known(register: dict[str, Source], names: list[str]) -> None:
    for name in names:
        if name not in register:
            raise typer.BadParameter(
                f"no source of that name takes part: {name!r}; there are {', '.join(register)} (`pll sources` shows all that are known)"
            )


if __name__ == "__main__":
    main()
