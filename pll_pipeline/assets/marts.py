"""The dbt project as assets: codes, staging, star, marts and page, with its data tests as checks.

Keys and lineage are dbt's own names. Not here: SQL (`dbt_project/`), publishing (`published.py`),
dbt's unit tests (they test code, and run in `make test`).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtProject, dbt_assets
from packaging.version import Version

from pll_pipeline.assets import LOCK, LOG, described_failures
from pll_pipeline.config import Config
from pll_pipeline.disposable import put_away, read_json, require_file, require_folder, write_whole
from pll_pipeline.engine import engine_of
from pll_pipeline.engine.interface import BUILD_FILE, Build, DbtRun, Engine
from pll_pipeline.engine.tables import python_models
from pll_pipeline.errors import PllError
from pll_pipeline.published.duckdb import file_fault, query
from pll_pipeline.published.release_folder import hash_of
from pll_pipeline.validated.fingerprints import hash_of_folder

# What a parse of the project gives, and the names within the folder of one run.
PARSED = ("manifest.json", "partial_parse.msgpack")
RUNNING, PARSING = "run-", "parse-"
TARGET, ROW_COUNTS, BUILT_ON = "target", "row_counts", "built_on.txt"
DBT = Path(sys.executable).with_name("dbt")
# Structured lines on standard output, and no log file of dbt's own.
LOG_OPTIONS = ("--log-format", "json", "--log-level-file", "none")
_MOST_NAMED = 5
_TABLES_PER_LINE = 20
_VIEWS = "stg_"
_LONGEST_ERROR = 2000


class Translator(DagsterDbtTranslator):
    """Checks that do not gate the steps after the build: the build itself fails where one fails.

    A gating check without a result, as in a night that builds nothing, would be warned of.
    """

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """The check of one dbt test."""
        check = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return check._replace(blocking=False) if check else None


def dbt_environment(config: Config) -> dict[str, str]:
    """Variables of the dbt project: where it reads and builds, and that it reports to no one."""
    return {
        "PLL_BUILD_FILE": str(config.build_file),
        "PLL_VALIDATED_DIR": str(config.validated),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def manifest(config: Config) -> Path:
    """dbt's manifest of the project, parsed again only when the project has changed.

    Files of an earlier parse that are not as dbt wrote them are put away. Raises `PllError` when
    the project does not parse.
    """
    parsed, stamp = config.build_file.parent / "dbt", "manifest.of"
    fingerprint = hash_of_folder(config.dbt_project)
    for folder in (parsed.parent, parsed):
        require_folder(folder)
    parsed.mkdir(parents=True, exist_ok=True)
    before = read_json(parsed / stamp)
    if before == _stamp_of(parsed, fingerprint):
        return parsed / PARSED[0]
    for name in PARSED:
        if parse_fault(parsed / name, before):
            put_away(parsed / name, "is not as dbt wrote it")
    with _own_folder(config, PARSING) as folder:
        _parse(config, folder)
        for name in PARSED:
            os.replace(folder / name, parsed / name)
    write_whole(parsed / stamp, json.dumps(_stamp_of(parsed, fingerprint)))
    return parsed / PARSED[0]


def _parse(config: Config, folder: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own command; its arguments are folders
        _command(folder, "--quiet", *LOG_OPTIONS, "parse", *folder_options(config, folder)),
        env={**os.environ, **_run_environment(config)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PllError(
            f"The dbt project does not parse: {errors_in_log(done.stdout)}",
            where=str(config.dbt_project),
            do="correct the file it names",
        )


def _stamp_of(folder: Path, fingerprint: str) -> dict[str, str]:
    """What was parsed, and the hash of each file that it gave."""
    files = {name: _hash_or_nothing(folder / name) for name in PARSED}
    return {"project": fingerprint, **files}


def parse_fault(path: Path, stamp: Any) -> bool:
    """Whether a file of a parse is there and is not as dbt wrote it, by the stamp of the parse."""
    if not os.path.lexists(path):
        return False
    return not isinstance(stamp, dict) or stamp.get(path.name) != _hash_or_nothing(path)


def _hash_or_nothing(path: Path) -> str:
    try:
        return hash_of(path)
    except OSError:
        return ""


def remove_left_overs(config: Config) -> None:
    """Remove the folders of runs that died, and put a damaged build file away.

    The caller has the lock: no run is under way.
    """
    fault = file_fault(config.build_file)
    if fault:
        put_away(config.build_file, fault)
        config.build_file.with_name(f"{BUILD_FILE}.wal").unlink(missing_ok=True)
    for pattern in (f"{RUNNING}*", f"{PARSING}*"):
        for folder in config.build_file.parent.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _own_folder(config: Config, prefix: str) -> Iterator[Path]:
    """A folder for one run of dbt, removed afterwards."""
    parent = config.build_file.parent
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _command(folder: Path, *arguments: str) -> list[str]:
    """dbt with these arguments, in this folder, as a process that ends with this one."""
    script = str(Path(__file__).with_name("dbt_process.py"))
    # -P: the script's own folder has modules that are none of dbt's
    return [sys.executable, "-P", script, str(os.getpid()), str(folder), *arguments]


def _run_environment(config: Config) -> dict[str, str]:
    """The same paths in each run, within its own folder: dbt parses again where they differ."""
    return {**dbt_environment(config), "PLL_BUILD_FILE": BUILD_FILE}


def warehouse_assets(config: Config) -> dg.AssetsDefinition:
    """Every seed and model as an asset, every data test as a check, built by one `dbt build`."""
    engine = engine_of(config)
    parsed = manifest(config)

    @dbt_assets(
        manifest=parsed,
        name="dbt_build",
        dagster_dbt_translator=Translator(),
        required_resource_keys={LOCK},
    )
    def dbt_build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        with described_failures():
            yield from _build(context, config, engine, parsed)

    return dbt_build


def built_manifest(config: Config) -> Path:
    """What dbt wrote about the tables in the build file; missing before the first build."""
    return config.build_file.parent / "dbt-run" / "manifest.json"


def built_on(config: Config) -> str:
    """The name and version of what computed the tables in the build file."""
    return built_manifest(config).with_name(BUILT_ON).read_text(encoding="utf-8")


def folder_options(config: Config, target: Path) -> list[str]:
    """Options that name the project's folder, and the one that dbt writes to."""
    project = str(config.dbt_project)
    return ["--project-dir", project, "--profiles-dir", project, "--target-path", str(target)]


def errors_in_log(lines: str) -> str:
    """The errors in dbt's log, as one line without tracebacks."""
    errors = []
    for line in lines.splitlines():
        with suppress(ValueError):
            event = json.loads(line)["info"]
            if event["level"] == "error":
                message = event["msg"]
                before, _, _ = message.partition("Traceback (most recent call last)")
                errors.append(before or message.strip().splitlines()[-1])
    return " ".join(" ".join(errors).split())[:_LONGEST_ERROR] or "dbt gave no reason"


def what_failed(results: list[dict[str, Any]], build_file: Path) -> str:
    """One sentence about the models and tests that failed, from dbt's results.

    A test of a table is named with the rules that are broken and a row of each.
    """
    failed = [
        f"{result['unique_id'].split('.')[2]}: "
        f"{_broken_rules(result, build_file) or _message(result)}"
        for result in results
        if result["status"] in ("error", "fail", "runtime error")
    ]
    more = len(failed) - _MOST_NAMED
    named = "; ".join(failed[:_MOST_NAMED]) or "dbt stopped before any model"
    return f"The warehouse could not be built: {named}{f' (and {more} more)' if more > 0 else ''}"


def build_failure(folder: Path, log: Path) -> str:
    """Why a build in this folder failed: the models and tests that did, or dbt's last lines."""
    results = read_json(folder / TARGET / "run_results.json")
    if results:
        return what_failed(results["results"], folder / BUILD_FILE)
    lines = " ".join(log.read_text(encoding="utf-8").split())
    return (
        f"The warehouse could not be built, dbt stopped before any model: {lines[-_LONGEST_ERROR:]}"
    )


def _build(
    context: dg.AssetExecutionContext, config: Config, engine: Engine, parsed: Path
) -> Iterator[Any]:
    """Let the engine build every table, and yield dbt's events."""
    config.logs.mkdir(parents=True, exist_ok=True)
    log_file = config.logs / "dbt.log"
    require_file(log_file)
    LOG.info("building codes, star and marts and testing them")
    with (
        _own_folder(config, RUNNING) as folder,
        log_file.open("w", encoding="utf-8") as log,
        engine.prepared(),
    ):
        (folder / TARGET).mkdir()
        (folder / ROW_COUNTS).mkdir()
        shutil.copy(parsed.with_name(PARSED[1]), folder / TARGET)
        build = Build(folder, config.dbt_project, json.loads(parsed.read_bytes()))
        progress = _Progress()
        built: set[dg.AssetKey] = set()
        for run in engine.builds(build):
            invocation = _start_dbt(context, config, engine, run, build)
            with redirect_stdout(log):
                for event in invocation.stream():
                    if isinstance(event, dg.Output):
                        built.add(context.asset_key_for_output(event.output_name))
                    yield progress.noted(event, folder)
            if not invocation.is_successful():
                raise PllError(
                    build_failure(folder, log_file),
                    where=str(config.build_file),
                    do="see the model or test it names; the last release is still current",
                )
        (folder / TARGET / BUILT_ON).write_text(engine.fetch(build), encoding="utf-8")
        _keep_build(config, folder)
    for key in sorted(_run_here(context.selected_asset_keys - built, build)):
        yield dg.Output(None, output_name=context.output_for_asset_key(key))
    LOG.info("built %d tables, every test passed", progress.table_count)


def _run_here(without_output: AbstractSet[dg.AssetKey], build: Build) -> list[dg.AssetKey]:
    """The models in Python among the tables that no run of dbt gave an output for.

    Dagster skips each step after a table without an output, and the night would end well without a
    release. Raises `PllError` for any other table.
    """
    names = {node["name"] for node in python_models(build)}
    missing = sorted(key.path[-1] for key in without_output if key.path[-1] not in names)
    if missing:
        raise PllError(
            f"The engine built no {', '.join(missing[:_MOST_NAMED])}",
            where=str(build.file),
            do="run again; if it stays so, look for the model in logs/dbt.log",
        )
    return list(without_output)


@dataclass
class _Progress:
    """How many tables are built."""

    table_count: int = 0

    def noted(self, event: Any, folder: Path) -> Any:
        """The event, that of a table counted and with its number of rows where it is at hand."""
        if not isinstance(event, dg.Output):
            return event
        table = str(event.metadata["unique_id"].value).rsplit(".", 1)[-1]
        if not table.startswith(_VIEWS):
            self.table_count += 1
            if self.table_count % _TABLES_PER_LINE == 0:
                LOG.info("built %d tables so far", self.table_count)
        file = folder / ROW_COUNTS / table
        if not file.is_file():
            return event
        row_count = int(file.read_text(encoding="utf-8"))
        return event.with_metadata({**event.metadata, "dagster/row_count": row_count})


def _start_dbt(
    context: dg.AssetExecutionContext, config: Config, engine: Engine, run: DbtRun, build: Build
) -> DbtCliInvocation:
    """One `dbt build` without unit tests, in the folder of the build.

    Not through the library's resource: that starts dbt once more, to ask for its version.
    """
    target = build.folder / TARGET
    options = ["--target", engine.target, *folder_options(config, target)]
    command = ["build", "--exclude-resource-type", "unit_test", *options, *run.selection]
    return DbtCliInvocation.run(
        args=_command(build.folder, *LOG_OPTIONS, *command),
        env={
            **os.environ,
            **_run_environment(config),
            "PLL_ROW_COUNTS": ROW_COUNTS,
            **engine.environment(),
            **run.environment,
        },
        manifest=build.manifest,
        dagster_dbt_translator=Translator(),
        project_dir=config.dbt_project,
        target_path=target,
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(version("dbt-core")),
    )


def _keep_build(config: Config, folder: Path) -> None:
    """Put the build file, and what dbt wrote about it, in the place of those of the last run."""
    log = config.build_file.with_name(f"{BUILD_FILE}.wal")
    for path in (config.build_file, log):
        require_file(path)
    log.unlink(missing_ok=True)
    os.replace(folder / BUILD_FILE, config.build_file)
    kept = built_manifest(config).parent
    require_folder(kept)
    shutil.rmtree(kept, ignore_errors=True)
    os.rename(folder / TARGET, kept)


def _message(result: dict[str, Any]) -> str:
    return " ".join((result["message"] or "no message").split())


def _broken_rules(result: dict[str, Any], build_file: Path) -> str:
    """The rules that a failed test of a table found broken; empty for anything else."""
    is_test = result["status"] == "fail" and result["unique_id"].startswith("test.")
    if not is_test or not build_file.is_file():
        return ""
    broken = query(build_file, result["compiled_code"])
    return "; ".join(f"{rule}: {rows} rows, such as {example}" for rule, rows, example in broken)
