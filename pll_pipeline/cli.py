"""The command `pll`: each verb calls one function of the package and shows what it returns.

Nothing heavy is imported before a verb needs it, so that `pll --help` answers at once. Not here:
any work, and anything printed (`console.py`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pll_pipeline import console
from pll_pipeline.config import DUCKDB, SPARK, Config
from pll_pipeline.errors import PllError, paragraph_of

if TYPE_CHECKING:
    import polars as pl

    from pll_pipeline.automation import Night
    from pll_pipeline.inspection.publication import Inspection
    from pll_pipeline.night.record import Kind
    from pll_pipeline.simulation.demo import PublishedWorld
    from pll_pipeline.sources.model import Source
    from pll_pipeline.sources.register import Register

_LONGEST_STATEMENT = 2**20

app = typer.Typer(
    help=(
        "The warehouse of Norway's medicine-list figures: e-resept, kjernejournal, SFM, PLL and "
        "e-multidose.\n\nStart with `pll run`, look at `pll status`, ask with `pll query`."
    ),
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


class Form(StrEnum):
    """The forms of the answer of `pll query`."""

    table = "table"
    record = "record"
    csv = "csv"
    json = "json"
    parquet = "parquet"


class EngineName(StrEnum):
    """The engines that can compute the tables."""

    duckdb = DUCKDB
    spark = SPARK


class Language(StrEnum):
    """The languages of the page."""

    nb = "nb"
    en = "en"


def _time(text: str) -> datetime:
    """A time in ISO 8601; one without a zone is in UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a time such as 2026-11-24T02:00") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _sources_beginning(incomplete: str) -> list[str]:
    """Names of sources, for a shell that completes one; none where a file cannot be read."""
    from pll_pipeline.sources.register import read_register

    with suppress(PllError):
        names = read_register(Config.from_environment().own_sources).sources
        return [name for name in names if name.startswith(incomplete)]
    return []


def _tables_beginning(incomplete: str) -> list[str]:
    """Names of public tables, for a shell that completes one."""
    from pll_pipeline.inspection.public_tables import public_tables

    names = [name.partition(".")[2] for name in public_tables()]
    return [name for name in names if name.startswith(incomplete)]


SourceNames = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="NAME",
        autocompletion=_sources_beginning,
        help="Ask only this source; the others keep their snapshots. May be repeated.",
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


# --- the night ------------------------------------------------------------------------------------


@app.command()
def run(
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no publisher; work with the snapshots there are.")
    ] = False,
    source: SourceNames = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Publish although nothing is new, also what was rolled back from."
        ),
    ] = False,
    engine: Annotated[
        EngineName | None,
        typer.Option(
            "--engine", help="What computes the tables; `PLL_ENGINE` or DuckDB, if not given."
        ),
    ] = None,
) -> None:
    """One night: ask the sources, read what is new, build the marts, publish a release.

    The same job the schedule runs. Exit code 0: published, or nothing new. 3: published, but a
    source keeps an earlier snapshot. 1: nothing published, the last release is still current.
    """
    config = _settings_of_night("night")
    if engine:
        config = replace(config, engine=engine.value)
    _night(config, ask=() if offline else source, again=again)


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
    """The warehouse again from raw alone: every snapshot is read anew, a new release published.

    With `--as-of` only what was archived on that day counts, and today's release is not touched.
    """
    config = _settings_of_night("rebuild")
    _night(config.as_of(as_of.date()) if as_of else config, ask=(), rebuild=True)


@app.command()
def demo(
    *,
    scale: Annotated[
        float, typer.Option(min=0.01, max=1, help="Share of the kommuner that are simulated.")
    ] = 0.01,
    months: Annotated[
        int, typer.Option(min=3, max=180, help="Number of months until October 2026.")
    ] = 13,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Only publish, until Ctrl-C, for `pll discover` to search."),
    ] = False,
) -> None:
    """Two whole live nights against a simulated publisher, published to data/demo/.

    Between them the publisher adds a month, corrects a figure, adds a late one and withdraws one.

    It starts from a page and finds the publications behind it. Simulated figures to try BI tools
    on. No publisher published them; they are marked in every file and are never beside published
    ones.
    """
    from pll_pipeline.simulation.demo import published_world
    from pll_pipeline.simulation.plan_page import PATH

    config = Config.from_environment()
    # No one waits for a demo: its failures are shown and written to its log only.
    config = replace(config, data=config.data / "demo", alert_webhook=None, ping_url=None)
    console.show_simulated()
    with published_world(config, scale=scale, months=months) as simulated:
        page = simulated.publisher.address + PATH
        if serve:
            simulated.publish_all()
            console.show(f"The page is {page}. Search it: pll discover {page} --allow-local")
            _wait_until_stopped()
            return
        exit_code = _night_of_each_edition(simulated, page)
    raise SystemExit(exit_code)


def _night_of_each_edition(simulated: PublishedWorld, page: str) -> int:
    """Search the page once, then run a night of each edition; the exit code of the last one."""
    from pll_pipeline.raw.discovery import discover as discover_from

    exit_code = 0
    for number, edition in enumerate(simulated.editions()):
        if number == 0:
            console.show_discovery(discover_from(page, allow_local=True))
        night = _run_night(simulated.config, before=f"the publisher has its {edition}")
        exit_code = night.exit_code
        if exit_code == 1:
            break
    return exit_code


def _wait_until_stopped() -> None:
    """Wait for Ctrl-C or a signal to end."""
    import signal
    import threading

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


def _settings_of_night(kind: Kind) -> Config:
    from pll_pipeline.night.hearing import settings_of_night

    return settings_of_night(kind)


def _night(
    config: Config,
    *,
    ask: Collection[str] | None = None,
    rebuild: bool = False,
    again: bool = False,
) -> None:
    """Run one night, show how it ended, and leave with its exit code."""
    night = _run_night(config, ask=ask, rebuild=rebuild, again=again)
    raise SystemExit(night.exit_code)


def _run_night(
    config: Config,
    *,
    ask: Collection[str] | None = None,
    rebuild: bool = False,
    again: bool = False,
    before: str = "",
) -> Night:
    """Run one night and show how it ended; `before` is a line to show first."""
    progress = console.Progress()
    if before:
        progress(before)
    progress("the night begins: loading Dagster, dbt and the readers")
    from pll_pipeline.night.hearing import heard, report_no_night

    with heard(config, "rebuild" if rebuild else "night"):
        from pll_pipeline.automation import night_sources, run_night
        from pll_pipeline.definitions import build_definitions

        sources = night_sources(config)
    try:
        _require_usable(config, ask or ())
        _require_known(sources, ask or ())
    except typer.BadParameter as error:
        report_no_night(config, error.message)
        raise
    asked = sources if ask is None else ask
    progress(f"{len(sources)} sources take part, {len(asked)} are asked; comparing the archive")
    night = run_night(
        build_definitions,
        config,
        sources,
        ask=ask,
        rebuild=rebuild,
        again=again,
        debug=_is_debugging(),
        show_line=progress,
    )
    console.show_night(night)
    return night


@app.command()
def status() -> None:
    """The last night, the last release, and each source: newest snapshot, age, last outcome.

    Only reads. Exit code 1: the last night failed, was interrupted, takes too long, or ended more
    than 26 hours ago.
    """
    from pll_pipeline.night.record import health
    from pll_pipeline.published.current_release import link_fault
    from pll_pipeline.published.releases import active_rollback, current
    from pll_pipeline.raw.archive import newest_snapshot
    from pll_pipeline.sources.register import read_register
    from pll_pipeline.validated.verdicts import read_state

    config = Config.from_environment()
    release = current(config.marts)
    built_at = datetime.fromisoformat(release.manifest["built_at"]) if release else None
    last_night = health(config, built_at, datetime.now(UTC))
    console.show_last_night(last_night)
    register = read_register(config.own_sources)
    statuses = [
        console.SourceStatus(source, newest_snapshot(config.raw, name), read_state(config, source))
        for name, source in register.sources.items()
        if source.is_enabled
    ]
    console.show_status(release, statuses)
    console.show_left_out(register.left_out)
    console.show_state_of_current(active_rollback(config.marts), link_fault(config.marts))
    raise SystemExit(1 if last_night.is_failed else 0)


class DoctorForm(StrEnum):
    """The forms of the answer of `pll doctor`."""

    table = "table"
    json = "json"


@app.command()
def doctor(
    *,
    form: Annotated[
        DoctorForm, typer.Option("--format", help="The form of the answer.")
    ] = DoctorForm.table,
) -> None:
    """Examine raw, ledgers, verdicts, Dagster's store, the build and all releases; change nothing.

    Names what is damaged and the one command that repairs it. Exit code 0: healthy. 1: damaged.
    """
    from pll_pipeline.inspection.doctor import examine
    from pll_pipeline.sources.register import register

    config = Config.from_environment()
    examination = examine(config, register(config.own_sources))
    if form is DoctorForm.json:
        console.write_text(examination.as_json() + "\n")
    else:
        console.show_examination(examination)
    raise typer.Exit(0 if examination.is_healthy else 1)


@app.command()
def rollback(
    release: Annotated[
        str | None, typer.Argument(help="Release to make current; the one before when left out.")
    ] = None,
) -> None:
    """Make an earlier release current again, until the inputs change or `pll run --again`.

    Without a name it is the newest one before with other figures. Says which snapshots the release
    used that this one did not, and how each is taken out of use.
    """
    from pll_pipeline.lock import one_writer
    from pll_pipeline.published.releases import active_rollback, require_current
    from pll_pipeline.published.releases import rollback as make_current

    config = Config.from_environment()
    with one_writer(config.lock_file, "a rollback"):
        before = require_current(config.marts)
        now = make_current(config.marts, release)
    console.show_rolled_back(before, now, active_rollback(config.marts))


@app.command()
def serve(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3000,
    allow_changes: Annotated[
        bool,
        typer.Option("--allow-changes", help="Let the page start runs and turn the schedule off."),
    ] = False,
) -> None:
    """Dagster's page and daemon on 127.0.0.1, with the nightly schedule on. Stop with Ctrl-C.

    The page is read-only, and answers no other web page.
    """
    from pll_pipeline.automation import make_store
    from pll_pipeline.server.services import serve as run_services

    config = _settings_of_night("schedule")
    console.show(f"Dagster's home is {config.dagster_home}; the page and the daemon start ...")
    make_store(config)
    raise SystemExit(run_services(config, port, allow_changes=allow_changes))


# --- sources --------------------------------------------------------------------------------------


SourceOrEnable = Annotated[
    str | None,
    typer.Argument(
        help="Show this source whole; or the word `enable`.", autocompletion=_sources_beginning
    ),
]


@app.command()
def sources(
    name: SourceOrEnable = None,
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

    `pll sources enable NAME --address …` makes a source part of every night, by a file of your own
    in `data/sources/`.
    """
    from pll_pipeline.sources.register import RESERVED_WORD, read_register

    own = Config.from_environment().own_sources
    read = read_register(own)
    register = read.sources
    if name == RESERVED_WORD:
        if to_enable is None:
            raise typer.BadParameter(f"which source? There are {', '.join(register)}")
        _require_known(register, [to_enable])
        _enable(to_enable, own, address)
    elif to_enable or address:
        raise typer.BadParameter("write `pll sources enable NAME [--address …]`")
    elif name:
        _require_known([*register, *read.left_out], [name])
        _show_source(name, own, read)
    else:
        console.show_register(register.values())
        console.show_left_out(read.left_out)


def _show_source(name: str, own: Path, register: Register) -> None:
    """A source file whole, also one that cannot be used, and why."""
    from pll_pipeline.sources.register import source_path

    path = source_path(name, own) or own / name
    if path.is_file():
        console.show_source_file(path.read_text(encoding="utf-8", errors="replace"))
    source = register.sources.get(name)
    if fault := register.left_out.get(name) or (source and source.fault):
        console.show_warning(fault)


def _enable(name: str, own: Path, address: str | None) -> None:
    from pll_pipeline.sources.register import enable

    path = enable(name, own, address)
    console.show(
        f"{name} takes part from the next night; its file is {path}. Try it now: "
        f".venv/bin/pll run --source {name}"
    )
    console.show_variables(path.read_text(encoding="utf-8"))


Publications = Annotated[
    list[str],
    typer.Argument(
        help="An address or a file: a page, workbook, CSV, JSON-stat, or Power BI report or "
        "saved answer; several answers are the pages of one, in order."
    ),
]
WithRows = Annotated[
    bool,
    typer.Option("--rows", help="Print the rows of a saved Power BI answer as CSV, null as \\N."),
]
WithTotals = Annotated[bool, typer.Option("--totals", help="Print its totals instead.")]
TableNumber = Annotated[
    int | None,
    typer.Option(
        "--table",
        min=1,
        help="Which of the tables shown, with --write, by default 1; "
        "which result of a saved answer, with --rows or --totals.",
    ),
]
StarterName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Write a starter source file of this name to data/sources/."),
]
AllowLocal = Annotated[
    bool,
    typer.Option("--allow-local", help="The address is on this machine or a private network."),
]


@app.command()
def inspect(
    what: Publications,
    *,
    rows: WithRows = False,
    totals: WithTotals = False,
    table: TableNumber = None,
    write: StarterName = None,
    allow_local: AllowLocal = False,
) -> None:
    """What a publication contains, and a starter source file to edit.

    The starter proposes region, period, actor type and figures; it has no effect until you have
    confirmed it.
    """
    from pll_pipeline.inspection.apart import go_on_apart
    from pll_pipeline.validated.limits import limited

    go_on_apart(what[0])
    if rows or totals:
        with limited(what[0]):
            _write_saved_answer(what, table, totals=not rows)
        return
    for address_or_file in what:
        with limited(address_or_file):
            inspection = _inspection(address_or_file, allow_local=allow_local)
        console.show_inspection(address_or_file, inspection)
        if write:
            _write_starter(write, inspection, table or 1)


@app.command()
def discover(
    address: Annotated[
        str | None,
        typer.Argument(
            help="A publisher's page; by default Helsedirektoratet's plan page for PLL."
        ),
    ] = None,
    *,
    write: Annotated[
        bool,
        typer.Option("--write/--no-write", help="Write a starter source file per publication."),
    ] = True,
    allow_local: AllowLocal = False,
) -> None:
    """The publications that a page links to or embeds, each inspected, with a starter source file.

    Follows links one step, within the hosts a reader expects. Starters are written to
    `data/sources/`; they have no effect until you have confirmed them, and no file is overwritten.
    """
    from pll_pipeline.inspection.apart import go_on_apart

    go_on_apart(address or "the plan page of PLL")
    from pll_pipeline.inspection.discovery import survey, write_starters
    from pll_pipeline.raw.discovery import PLAN_PAGE
    from pll_pipeline.sources.register import known
    from pll_pipeline.vocabulary.codes import load_codes

    config = Config.from_environment()
    codes, today = load_codes(config.seeds), datetime.now(UTC).date()
    sources = known(config.own_sources)
    seen = survey(address or PLAN_PAGE, codes, today, sources, allow_local=allow_local)
    console.show_survey(seen)
    if write:
        is_simulated = seen.discovery.is_simulated
        _refuse_other_world(sources.values(), is_simulated=is_simulated)
        written = write_starters(seen.found, config.own_sources, codes, is_simulated=is_simulated)
        console.show_starters(written, config.own_sources)


def _refuse_other_world(sources: Iterable[Source], *, is_simulated: bool) -> None:
    """Refuse to write simulated source files beside published ones of one's own, or the reverse."""
    own = Config.from_environment().own_sources
    names = [s.name for s in sources if (own / f"{s.name}.yaml").is_file()]
    if any(s.is_simulated != is_simulated for s in sources if s.name in names):
        raise PllError(
            "The page is of the simulated publisher and your sources are not, or the reverse",
            where=str(own),
            do="set PLL_DATA to a folder of its own, or add --no-write to look only",
        )


class CheckForm(StrEnum):
    """The forms of the answer of `pll check`."""

    table = "table"
    json = "json"


SourceOrFile = Annotated[
    str,
    typer.Argument(
        help="A registered name, or the path of a source file.", autocompletion=_sources_beginning
    ),
]
FilesToRead = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]...", help="The files to read; nothing is archived."),
]
AskPublisher = Annotated[
    bool, typer.Option("--ask", help="Ask the publisher; nothing is archived.")
]
TakenAt = Annotated[
    datetime | None,
    typer.Option(
        metavar="TIME",
        parser=_time,
        help="When the files were taken, as 2026-11-24T02:00:00+00:00; by default now.",
    ),
]
CheckFormat = Annotated[CheckForm, typer.Option("--format", help="The form of the answer.")]


@app.command()
def check(
    source: SourceOrFile,
    files: FilesToRead = None,
    *,
    ask: AskPublisher = False,
    at: TakenAt = None,
    form: CheckFormat = CheckForm.table,
) -> None:
    """Read and judge one source as a night would, and build nothing.

    With files it reads those, with `--ask` what the publisher answers now, with neither the newest
    snapshot. Exit code 0: accepted. 1: refused. 2: the source file itself is wrong, or the files
    are not those of the source.
    """
    from pll_pipeline.inspection.apart import go_on_apart

    if ask and files:
        raise typer.BadParameter("give files or --ask, not both")
    go_on_apart(source)
    from pll_pipeline.inspection import checking
    from pll_pipeline.sources.register import BadSourceFile

    config = Config.from_environment()
    try:
        checked = checking.source_of(source, config)
        if ask:
            result = checking.check_answer(checked, config, at)
        else:
            contents = checking.contents_of(checked, files or [], config, at)
            result = checking.check(checked, contents, config)
    except (BadSourceFile, checking.WrongUsage) as error:
        console.show_failure(error.paragraph())
        raise typer.Exit(2) from error
    if form is CheckForm.json:
        console.write_text(result.as_json() + "\n")
    else:
        console.show_check(result)
    if result.reason is not None:
        console.show_failure(result.reason)
        raise typer.Exit(1)


def _write_saved_answer(files: list[str], result: int | None, *, totals: bool) -> None:
    from pll_pipeline.validated.readers.powerbi import as_csv, decode_saved

    contents = [_content(file)[1] for file in files]
    answer = decode_saved(contents, where=files[0], result=result)
    if totals:
        total_rows = [(total.level, *total.values) for total in answer.totals]
        console.write_text(as_csv(("level", *answer.columns), total_rows))
    else:
        console.write_text(as_csv(answer.columns, answer.rows))


def _content(file: str, most_bytes: int = -1) -> tuple[str, bytes]:
    """A file's name and bytes, or its first bytes."""
    path = Path(file)
    try:
        with path.open("rb") as opened:
            return path.name, opened.read(most_bytes)
    except OSError as error:
        raise PllError(
            f"{file} cannot be read: {error.strerror}", do="give the path of a file"
        ) from error


def _inspection(address_or_file: str, *, allow_local: bool) -> Inspection:
    from pll_pipeline.inspection.address import inspect_address, is_address
    from pll_pipeline.inspection.publication import inspect as inspect_content
    from pll_pipeline.vocabulary.codes import load_codes

    codes, today = load_codes(Config.from_environment().seeds), datetime.now(UTC).date()
    if is_address(address_or_file):
        return inspect_address(address_or_file, codes, today, allow_local=allow_local)
    name, content = _content(address_or_file)
    return inspect_content(content, name, codes, today)


def _write_starter(name: str, inspection: Inspection, number: int) -> None:
    """Write a starter source file for one of the tables, numbered from 1."""
    from pll_pipeline.inspection.publication import BY_HAND
    from pll_pipeline.inspection.starter import starter
    from pll_pipeline.sources.register import source_path
    from pll_pipeline.vocabulary.codes import load_codes

    if number > len(inspection.tables):
        raise typer.BadParameter(f"there are {len(inspection.tables)} tables")
    config = Config.from_environment()
    own = config.own_sources
    if source_path(name, own):
        raise PllError(
            f"There is already a source named {name!r}",
            do="choose another name, or delete its file first",
        )
    table = inspection.tables[number - 1]
    own.mkdir(parents=True, exist_ok=True)
    path = own / f"{name}.yaml"
    path.write_text(starter(table, name, load_codes(config.seeds)), encoding="utf-8")
    console.show_starter(path, name, by_hand=table.fetching is BY_HAND)
    console.show_variables(path.read_text(encoding="utf-8"))


SourceName = Annotated[
    str,
    typer.Argument(help="Name of the source in the register.", autocompletion=_sources_beginning),
]
ReceivedFiles = Annotated[
    list[Path] | None,
    typer.Argument(exists=True, dir_okay=False, readable=True, help="The files as received."),
]
ReceivedFrom = Annotated[
    str, typer.Option("--from", help="Who sent them, or the address they came from.")
]
Note = Annotated[str, typer.Option(help="Anything the next person should know.")]
Excluded = Annotated[
    str, typer.Option("--set-aside", help="Exclude this snapshot from use; its bytes stay.")
]
Restored = Annotated[str, typer.Option("--restore", help="Use a snapshot again that was excluded.")]
Because = Annotated[
    str, typer.Option(help="Why a snapshot is excluded or restored, or a ledger begun again.")
]
IsRenewed = Annotated[
    bool,
    typer.Option("--renew-ledger", help="Begin a damaged ledger again from what is left of it."),
]
IsVerified = Annotated[
    bool, typer.Option("--verify", help="Compare every byte of the source with its ledger.")
]


@app.command()
def tables(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Show the columns of this table.",
            metavar="[NAME]",
            autocompletion=_tables_beginning,
        ),
    ] = None,
) -> None:
    """The public tables, or one with its key and its columns: type, unit, description."""
    from pll_pipeline.inspection.public_tables import NoSuchTable, find_table, public_tables

    if name is None:
        console.show_tables(public_tables())
        return
    try:
        full_name, table = find_table(name)
    except NoSuchTable as error:
        console.show_failure(error.paragraph())
        raise typer.Exit(2) from error
    console.show_one_table(full_name, table)


@app.command()
def measures(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words of a heading or a name; without them all.")
    ] = None,
) -> None:
    """The measures that a source file can name, or those that the words may be about."""
    from pll_pipeline.inspection.measures import find_measures
    from pll_pipeline.vocabulary.codes import load_codes

    every = load_codes(Config.from_environment().seeds).measures.values()
    if words:
        chosen = [found.measure for found in find_measures(" ".join(words), every)]
    else:
        chosen = sorted(every, key=lambda measure: measure.code)
    console.show_measures(chosen)


_ONE_OF_ARCHIVE = "give files, or one of --set-aside, --restore, --verify and --renew-ledger"


@app.command()
def archive(  # noqa: PLR0913 - each option is an argument
    source: SourceName,
    files: ReceivedFiles = None,
    *,
    received_from: ReceivedFrom = "",
    note: Note = "",
    excluded: Excluded = "",
    restored: Restored = "",
    because: Because = "",
    is_verified: IsVerified = False,
    is_renewed: IsRenewed = False,
) -> None:
    """Keep files received by hand as a snapshot of a source, with who and when.

    `pll run` then reads it. With `--set-aside` or `--restore` a snapshot is taken out of use or
    into use again; with `--verify` nothing is changed.
    """
    from pll_pipeline.lock import one_writer
    from pll_pipeline.raw.by_hand import keep_files, verify_sources
    from pll_pipeline.sources.register import known

    config = Config.from_environment()
    register = known(config.own_sources)
    _require_known(register, [source])
    if sum(map(bool, (files, excluded, restored, is_verified, is_renewed))) != 1:
        raise typer.BadParameter(_ONE_OF_ARCHIVE)
    if is_verified:
        console.show(f"{source}: {verify_sources(config.raw, [source])} snapshots are whole.")
        return
    with one_writer(config.lock_file, "another `pll archive`"):
        if files:
            snapshot, is_new = keep_files(
                config.raw, register[source], files, received_from=received_from, note=note
            )
            console.show_archived(snapshot, is_new=is_new)
        elif is_renewed:
            _renew_ledger(config, source, because)
        else:
            _change_use(config, source, excluded, restored, because)


def _renew_ledger(config: Config, source: str, because: str) -> None:
    from pll_pipeline.raw import ledger

    ledger.renew(config.raw / source, because)
    console.show(f"{source}: the ledger is begun again; the old one is kept beside it.")


def _change_use(config: Config, source: str, excluded: str, restored: str, because: str) -> None:
    """Take one snapshot out of use, or another into use again; one of the two names is empty."""
    from pll_pipeline.published.current_release import published_snapshots
    from pll_pipeline.raw.archive import exclude, restore

    if excluded:
        published = published_snapshots(config.marts, source)
        exclude(config.raw, source, excluded, because, published)
        console.show(f"{source}: {excluded} is excluded from use. The next night follows.")
    else:
        restore(config.raw, source, restored, because)
        console.show(f"{source}: {restored} is in use again. The next night follows.")


# --- the release ----------------------------------------------------------------------------------


# A statement may begin with a comment, which is no option.
@app.command(context_settings={"ignore_unknown_options": True})
def query(
    sql: Annotated[
        str | None,
        typer.Argument(
            metavar="[SQL|@FILE|-]",
            help="One SQL statement on the schemas star and marts, @FILE to read it from a file, "
            "- or nothing to read it from standard input.",
        ),
    ] = None,
    *,
    form: Annotated[
        Form | None,
        typer.Option("--format", help="By default a table, or records where it is too wide."),
    ] = None,
) -> None:
    """Ask the current release, read-only. Only the answer is written to standard output.

    Example: `pll query "select region_name, adoption_share from marts.mart_adoption_latest where
    service_code = 'e-resept'"`
    """
    from pll_pipeline.published.query import NoStatement
    from pll_pipeline.published.query import query as query_release
    from pll_pipeline.published.releases import require_current

    text = _statement(sql)
    release = require_current(Config.from_environment().marts)
    try:
        answer = query_release(release, text, is_flat=form not in (Form.json, Form.parquet))
    except NoStatement as error:
        console.show_failure(error.paragraph())
        raise typer.Exit(2) from error
    _write_answer(answer, form)


def _statement(sql: str | None) -> str:
    """The statement as given, of a file, or of standard input. Refuses one that is too long."""
    if sql is None and sys.stdin.isatty():
        raise typer.BadParameter("give a statement, @FILE, or - to read standard input")
    if sql is None or sql == "-":
        return _decoded(_standard_input(), "standard input")
    if not sql.startswith("@"):
        return sql
    name, content = _content(sql[1:], most_bytes=_LONGEST_STATEMENT + 1)
    return _decoded(content, name)


def _standard_input() -> bytes:
    """What is piped in; nothing where it cannot be read."""
    try:
        return sys.stdin.buffer.read(_LONGEST_STATEMENT + 1)
    except (OSError, AttributeError):
        return b""


def _decoded(content: bytes, where: str) -> str:
    if len(content) > _LONGEST_STATEMENT:
        raise PllError(
            f"The statement is longer than {_LONGEST_STATEMENT} bytes",
            where=where,
            do="give one SQL statement, no data",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PllError(
            "The statement is not UTF-8", where=where, do="save the file as UTF-8"
        ) from error


def _write_answer(answer: pl.DataFrame, form: Form | None) -> None:
    match form:
        case Form.csv:
            console.write_text(answer.write_csv())
        case Form.json:
            console.write_text(answer.write_json() + "\n")
        case Form.parquet:
            console.write_parquet(answer)
        case Form.table:
            console.show_table(answer)
        case Form.record:
            console.show_records(answer)
        case None:
            console.show_answer(answer)


@app.command()
def report(
    *,
    language: Annotated[Language, typer.Option("--language", help="Which page.")] = Language.nb,
    opened: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Print where the page of the current release is, and open it."""
    import webbrowser

    from pll_pipeline.published.releases import require_current

    folder = require_current(Config.from_environment().marts).folder / "report"
    page = folder / ("index.html" if language is Language.nb else "en.html")
    if not page.is_file():
        raise PllError(
            "The current release has no report",
            where=str(page),
            do="run `pll rebuild` to publish a release of this version",
        )
    console.show(str(page))
    if opened and not webbrowser.open(page.as_uri()):
        raise PllError("No browser could be opened", where=str(page), do="open the file yourself")


@app.command()
def explore(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3001,
    opened: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """A page on 127.0.0.1 to ask SQL of the current release, read-only. Stop with Ctrl-C.

    Tables, columns and examples are at hand; a statement ends after 30 seconds, an answer after
    1 000 rows.
    """
    from threading import Timer
    from webbrowser import open as open_page

    from pll_pipeline.published.releases import require_current
    from pll_pipeline.server.explore import run as run_page
    from pll_pipeline.server.services import require_free

    marts = Config.from_environment().marts
    require_current(marts)
    require_free(port)
    address = f"http://127.0.0.1:{port}"
    console.show(f"The page is at {address}, read-only. Stop with Ctrl-C.")
    if opened:
        Timer(1, open_page, [address]).start()
    run_page(marts, port)


@app.command()
def explain(
    table: Annotated[
        str,
        typer.Argument(
            help="A table of the release, as mart_key_figures.", autocompletion=_tables_beginning
        ),
    ],
    key: Annotated[
        list[str], typer.Argument(metavar="COLUMN=TEXT …", help="What points at one row.")
    ],
) -> None:
    """Walk one figure back to the bytes: table, facts, snapshot, the row as published.

    Example: `pll explain mart_adoption_latest measure_code=eresept_package_share
    region_key=land:NO actor_type_code=apotek`
    """
    from pll_pipeline.inspection.explanation import explain as steps_of
    from pll_pipeline.published.releases import require_current
    from pll_pipeline.sources.register import known

    config = Config.from_environment()
    release, register = require_current(config.marts), known(config.own_sources)
    console.show_explanation(steps_of(config, release, register, table, _key(key)))


def _key(parts: list[str]) -> dict[str, str]:
    """The parts of a key as column → text."""
    key = {}
    for part in parts:
        column, sign, text = part.partition("=")
        if not sign:
            raise typer.BadParameter("write each part of the key as COLUMN=TEXT")
        key[column] = text
    return key


# --- all verbs ------------------------------------------------------------------------------------


def main() -> None:
    """Entry point: one paragraph for any error, a traceback only with `--debug`."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    # pydantic looks for plugins in every installed package, and none is used here
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        app()
    except Exception as error:
        if _is_debugging():
            console.show_traceback(error)
        console.show_failure(paragraph_of(error))
        raise SystemExit(1) from error


def _is_debugging() -> bool:
    return bool(os.environ.get("PLL_DEBUG"))


def _require_usable(config: Config, names: Iterable[str]) -> None:
    """Refuse the command when the file of a source that it names cannot be used."""
    from pll_pipeline.sources.register import read_register

    register = read_register(config.own_sources)
    for name in names:
        source = register.sources.get(name)
        if fault := register.left_out.get(name) or (source and source.fault):
            raise typer.BadParameter(fault)


def _require_known(register: Collection[str], names: Iterable[str]) -> None:
    """Refuse the command when a source is not in the register."""
    for name in names:
        if name not in register:
            raise typer.BadParameter(
                f"no source of that name takes part: {name!r}; there are {', '.join(register)} "
                "(`pll sources` shows all)"
            )


if __name__ == "__main__":
    main()
