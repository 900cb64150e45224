"""The dbt project as assets: codes, staging, star, marts and page, with its data tests as checks.

Keys and lineage are dbt's own names. Not here: SQL (`dbt_project/`), publishing (`published.py`),
dbt's unit tests (they test code, and run in `make test`).
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtProject, dbt_assets
from packaging.version import Version

from pll_pipeline.assets import LOCK, LOG, described_failures
from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.published.duckdb import query
from pll_pipeline.validated.fingerprints import hash_of_folder

DBT = Path(sys.executable).with_name("dbt")
# Structured lines on standard output, and no log file of dbt's own.
LOG_OPTIONS = ("--log-format", "json", "--log-level-file", "none")
_MOST_NAMED = 5
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

    Raises `PllError` when the project does not parse.
    """
    target = config.data / "build" / "dbt"
    path, fingerprint_file = target / "manifest.json", target / "manifest.of"
    fingerprint = hash_of_folder(config.dbt_project)
    parsed = fingerprint_file.read_text(encoding="utf-8") if fingerprint_file.is_file() else ""
    if parsed == fingerprint and path.is_file():
        return path
    target.mkdir(parents=True, exist_ok=True)
    # dbt's memory of the last parse keeps unit tests that were renamed
    (target / "partial_parse.msgpack").unlink(missing_ok=True)
    done = subprocess.run(  # noqa: S603 - our own command; its arguments are folders
        [str(DBT), "--quiet", *LOG_OPTIONS, "parse", *folder_options(config, target)],
        env={**os.environ, **dbt_environment(config)},
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
    fingerprint_file.write_text(fingerprint, encoding="utf-8")
    return path


def warehouse_assets(config: Config) -> dg.AssetsDefinition:
    """Every seed and model as an asset, every data test as a check, built by one `dbt build`."""
    parsed = manifest(config)

    @dbt_assets(
        manifest=parsed,
        name="dbt_build",
        dagster_dbt_translator=Translator(),
        required_resource_keys={LOCK},
    )
    def dbt_build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        with described_failures():
            yield from _build(context, config, parsed)

    return dbt_build


def built_manifest(config: Config) -> Path:
    """What dbt wrote about the tables in the build file; missing before the first build."""
    return _target(config) / "manifest.json"


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


def build_failure(config: Config) -> str:
    """Why the last build failed: the models and tests that did, or dbt's last lines."""
    results = _target(config) / "run_results.json"
    if results.is_file():
        return what_failed(json.loads(results.read_bytes())["results"], config.build_file)
    lines = " ".join(_log(config).read_text(encoding="utf-8").split())
    return (
        f"The warehouse could not be built, dbt stopped before any model: {lines[-_LONGEST_ERROR:]}"
    )


def _build(context: dg.AssetExecutionContext, config: Config, parsed: Path) -> Iterator[Any]:
    """Run `dbt build` and yield its events, those of tables with their number of rows."""
    config.build_file.parent.mkdir(parents=True, exist_ok=True)
    config.build_file.unlink(missing_ok=True)
    config.logs.mkdir(parents=True, exist_ok=True)
    LOG.info("building codes, star and marts and testing them")
    invocation = _start_dbt(context, config, parsed)
    table_count = 0
    with _log(config).open("w", encoding="utf-8") as log, redirect_stdout(log):
        for event in invocation.stream():
            row_count = _row_count(config, event)
            if row_count is None:
                yield event
            else:
                table_count += 1
                yield event.with_metadata({**event.metadata, "dagster/row_count": row_count})
    if not invocation.is_successful():
        raise PllError(
            build_failure(config),
            where=str(config.build_file),
            do="see the model or test it names; the last release is still current",
        )
    LOG.info("built %d tables, every test passed", table_count)


def _start_dbt(context: dg.AssetExecutionContext, config: Config, parsed: Path) -> DbtCliInvocation:
    """`dbt build` without unit tests, in a folder of its own.

    Not through the library's resource: that starts dbt once more, to ask for its version.
    """
    target = _target(config)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    _row_counts(config).mkdir()
    shutil.copy(parsed.with_name("partial_parse.msgpack"), target)
    build = ["build", "--exclude-resource-type", "unit_test", *folder_options(config, target)]
    return DbtCliInvocation.run(
        args=[str(DBT), *LOG_OPTIONS, *build],
        env={**os.environ, **dbt_environment(config), "PLL_ROW_COUNTS": str(_row_counts(config))},
        manifest=json.loads(parsed.read_bytes()),
        dagster_dbt_translator=Translator(),
        project_dir=config.dbt_project,
        target_path=target,
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(version("dbt-core")),
    )


def _log(config: Config) -> Path:
    return config.logs / "dbt.log"


def _target(config: Config) -> Path:
    return config.build_file.parent / "dbt-run"


def _row_counts(config: Config) -> Path:
    """The folder in which a hook of the project leaves the number of rows of each table."""
    return _target(config) / "row_counts"


def _row_count(config: Config, event: Any) -> int | None:
    """The number of rows of the table that an event is about; None for other events."""
    if not isinstance(event, dg.Output):
        return None
    table = str(event.metadata["unique_id"].value).rsplit(".", 1)[-1]
    file = _row_counts(config) / table
    return int(file.read_text(encoding="utf-8")) if file.is_file() else None


def _message(result: dict[str, Any]) -> str:
    return " ".join((result["message"] or "no message").split())


def _broken_rules(result: dict[str, Any], build_file: Path) -> str:
    """The rules that a failed test of a table found broken; empty for anything else."""
    if result["status"] != "fail" or not result["unique_id"].startswith("test."):
        return ""
    broken = query(build_file, result["compiled_code"])
    return "; ".join(f"{rule}: {rows} rows, such as {example}" for rule, rows, example in broken)
