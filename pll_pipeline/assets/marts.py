"""The dbt project as assets: codes, staging, star and marts, with its tests as checks.

Keys and lineage are dbt's own names; there is no translator. Not here: SQL (`dbt_project/`), publishing.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from pll_pipeline.archive import hash_of_files
from pll_pipeline.assets import LOCK, LOG
from pll_pipeline.config import Config, PllError
from pll_pipeline.landing import dbt_files
from pll_pipeline.warehouse import count_rows

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
    state = hash_of_files(dbt_files(config), config.dbt_project)
    if path.is_file() and stamp.is_file() and stamp.read_text() == state:
        return path
    target.mkdir(parents=True, exist_ok=True)
    folders = ["--project-dir", str(config.dbt_project), "--profiles-dir", str(config.dbt_project), "--target-path", str(target)]
    done = subprocess.run(
        [str(DBT), "--quiet", "parse", *folders], env={**os.environ, **dbt_environment(config)}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PllError(f"The dbt project does not parse: {' '.join((done.stdout + done.stderr).split())[:2000]}", where=str(config.dbt_project), do="mend the model it names")
    stamp.write_text(state)
    return path


def warehouse_assets(config: Config) -> dg.AssetsDefinition:
    """Every seed and model as an asset, every dbt test as a check, built by one `dbt build` into the build file."""

    @dbt_assets(manifest=manifest(config), name="dbt_build", required_resource_keys={LOCK})
    def dbt_build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        os.environ.update(dbt_environment(config))
        config.build_file.parent.mkdir(parents=True, exist_ok=True)
        config.build_file.unlink(missing_ok=True)
        target = config.build_file.parent / "dbt-run"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(config.build_file.parent / "dbt", target, ignore=shutil.ignore_patterns("manifest.of"))
        dbt = DbtCliResource(project_dir=str(config.dbt_project), profiles_dir=str(config.dbt_project), dbt_executable=str(DBT))
        invocation = dbt.cli(["build"], context=context, target_path=target, raise_on_error=False)
        LOG.info("building codes, star and marts and testing them")
        with _dbt_log(config).open("w", encoding="utf-8") as log, redirect_stdout(log):
            events = list(invocation.stream())
        if not invocation.is_successful():
            yield from (event for event in events if isinstance(event, dg.AssetCheckResult | dg.AssetCheckEvaluation))
            raise PllError(_what_failed(invocation), where=str(config.build_file), do="see the failing model or test; the last release stands")
        rows = count_rows(config.build_file)
        LOG.info("built %d tables, every test passed", len(rows))
        for event in events:
            name = tuple(event.metadata["unique_id"].value.split(".")[-1:]) if isinstance(event, dg.Output) and "unique_id" in event.metadata else ()
            if name and name[0] in rows:
                yield event.with_metadata({**event.metadata, "dagster/row_count": rows[name[0]]})
            else:
                yield event

    return dbt_build


def _dbt_log(config: Config) -> Path:
    config.logs.mkdir(parents=True, exist_ok=True)
    return config.logs / "dbt.log"


def _what_failed(invocation: Any) -> str:
    results = invocation.get_artifact("run_results.json")["results"]
    bad = [f"{r['unique_id'].split('.', 2)[-1]}: {' '.join((r['message'] or 'no message').split())}" for r in results if r["status"] in ("error", "fail", "runtime error")]
    more = f" (and {len(bad) - 5} more)" if len(bad) > 5 else ""
    return f"The warehouse could not be built: {'; '.join(bad[:5]) or 'dbt stopped before any model'}{more}"
