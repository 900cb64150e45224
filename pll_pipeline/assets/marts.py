"""The dbt project as assets: codes, staging, star and marts, with its tests as checks.

Keys and lineage are dbt's own names; there is no translator. Not here: SQL (`dbt_project/`), publishing.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, dbt_assets
from packaging.version import Version

from pll_pipeline.assets import LOCK, LOG
from pll_pipeline.config import Config
from pll_pipeline.errors import PllError
from pll_pipeline.published.duckdb import query
from pll_pipeline.validated.fingerprints import hash_of_folder

DBT = Path(sys.executable).with_name("dbt")


def dbt_environment(config: Config) -> dict[str, str]:
    """What the dbt project needs to know: where to read, where to build; and that nothing is to be reported."""
    return {
        "PLL_BUILD_FILE": str(config.build_file),
        "PLL_VALIDATED_DIR": str(config.validated),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def manifest(config: Config) -> Path:
    """dbt's manifest of the project, parsed again only when the project has changed. Raises `PllError` when it does not parse."""
    target = config.data / "build" / "dbt"
    path, stamp = target / "manifest.json", target / "manifest.of"
    state = hash_of_folder(config.dbt_project)
    if path.is_file() and stamp.is_file() and stamp.read_text() == state:
        return path
    target.mkdir(parents=True, exist_ok=True)
    command = [
        str(DBT),
        "--quiet",
        "--log-format",
        "json",
        "--log-level-file",
        "none",
        "parse",
        *_folders(config, target),
    ]
    done = subprocess.run(
        command,
        env={**os.environ, **dbt_environment(config)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PllError(
            f"The dbt project does not parse: {_what_is_wrong(done.stdout)}",
            where=str(config.dbt_project),
            do="mend the file it names",
        )
    stamp.write_text(state)
    return path


def warehouse_assets(config: Config) -> dg.AssetsDefinition:
    """Every seed and model as an asset, every dbt test as a check, built by one `dbt build` into the build file."""

    parsed = manifest(config)

    @dbt_assets(manifest=parsed, name="dbt_build", required_resource_keys={LOCK})
    def dbt_build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        config.build_file.parent.mkdir(parents=True, exist_ok=True)
        config.build_file.unlink(missing_ok=True)
        LOG.info("building codes, star and marts and testing them")
        invocation = _start_dbt(context, config, parsed)
        tables = 0
        with _dbt_log(config).open("w", encoding="utf-8") as log, redirect_stdout(log):
            for event in invocation.stream():
                kept = _row_counts(config) / event.metadata["unique_id"].value.rsplit(".", 1)[-1]
                if isinstance(event, dg.Output) and kept.is_file():
                    tables += 1
                    yield event.with_metadata(
                        {**event.metadata, "dagster/row_count": int(kept.read_text())}
                    )
                else:
                    yield event
        if not invocation.is_successful():
            raise PllError(
                what_failed(
                    invocation.get_artifact("run_results.json")["results"], config.build_file
                ),
                where=str(config.build_file),
                do="see the failing model or test; the last release stands",
            )
        LOG.info("built %d tables, every test passed", tables)

    return dbt_build


def _start_dbt(context: dg.AssetExecutionContext, config: Config, parsed: Path) -> DbtCliInvocation:
    """`dbt build` in a folder of its own. Not through the library's resource: that starts dbt once more, to ask for its version."""
    target = _target(config)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    _row_counts(config).mkdir()
    shutil.copy(parsed.with_name("partial_parse.msgpack"), target)
    return DbtCliInvocation.run(
        args=[
            str(DBT),
            "--log-format",
            "json",
            "--log-level-file",
            "none",
            "build",
            *_folders(config, target),
        ],
        env={**os.environ, **dbt_environment(config), "PLL_ROW_COUNTS": str(_row_counts(config))},
        manifest=json.loads(parsed.read_bytes()),
        dagster_dbt_translator=DagsterDbtTranslator(),
        project_dir=config.dbt_project,
        target_path=target,
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(version("dbt-core")),
    )


def _target(config: Config) -> Path:
    return config.build_file.parent / "dbt-run"


def built_manifest(config: Config) -> Path | None:
    """What dbt wrote of the build that stands in the build file; None where there is none."""
    path = _target(config) / "manifest.json"
    return path if path.is_file() else None


def _row_counts(config: Config) -> Path:
    return _target(config) / "row_counts"


def _folders(config: Config, target: Path) -> list[str]:
    return [
        "--project-dir",
        str(config.dbt_project),
        "--profiles-dir",
        str(config.dbt_project),
        "--target-path",
        str(target),
    ]


def _dbt_log(config: Config) -> Path:
    config.logs.mkdir(parents=True, exist_ok=True)
    return config.logs / "dbt.log"


def _what_is_wrong(lines: str) -> str:
    """What dbt's log says of an error, without the traceback it may hold."""
    said = []
    for line in lines.splitlines():
        with suppress(ValueError):
            event = json.loads(line)["info"]
            if event["level"] == "error":
                said.append(
                    event["msg"].split("Traceback (most recent call last)")[0]
                    or event["msg"].strip().splitlines()[-1]
                )
    return " ".join(" ".join(said).split())[:2000] or "dbt said nothing"


def what_failed(results: list[dict[str, Any]], build_file: Path) -> str:
    """What dbt's results say of the models and tests that failed: of a test, the rules that are broken and a row of each."""
    bad = [
        f"{r['unique_id'].split('.')[2]}: {_broken_rules(r, build_file) or _message(r)}"
        for r in results
        if r["status"] in ("error", "fail", "runtime error")
    ]
    more = f" (and {len(bad) - 5} more)" if len(bad) > 5 else ""
    return (
        f"The warehouse could not be built: "
        f"{'; '.join(bad[:5]) or 'dbt stopped before any model'}{more}"
    )


def _message(result: dict[str, Any]) -> str:
    return " ".join((result["message"] or "no message").split())


def _broken_rules(result: dict[str, Any], build_file: Path) -> str:
    """The rules that a failed test of a table found broken; empty for anything else."""
    if result["status"] != "fail" or not result["unique_id"].startswith("test."):
        return ""
    broken = query(build_file, result["compiled_code"])
    return "; ".join(f"{rule}: {rows} rows, such as {example}" for rule, rows, example in broken)
