"""What must stop a build on Spark: an empty cell where none may be, a session of another zone.

Each builds a changed copy of the project. Not here: builds that end well.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pll_pipeline.assets.marts import DBT, dbt_environment, folder_options
from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.engine.interface import Build
from pll_pipeline.engine.spark import Spark
from tests.engine.cluster import ZONE, Cluster
from tests.engine.conftest import Compared

BuildOnSpark = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project that a test may change."""
    return shutil.copytree(
        CHECKOUT / "dbt_project", tmp_path / "project", ignore=shutil.ignore_patterns("target")
    )


@pytest.fixture
def build_on_spark(
    cluster: Cluster, bundled: Compared, project: Path, tmp_path: Path
) -> BuildOnSpark:
    """Lands the bundled figures and lets dbt build what is selected of the changed project."""
    config = Config(data=bundled.world.data, dbt_project=project)
    manifest = json.loads((config.build_file.parent / "dbt" / "manifest.json").read_bytes())
    engine = Spark("127.0.0.1", "changed_", cluster.folder / "shared" / "build-changed")

    command = [DBT, "--no-use-colors", "--log-level-file", "none", "build"]
    command += ["--exclude-resource-type", "unit_test", "--target", engine.target]
    command += folder_options(config, tmp_path / "target")

    def build(*selection: str) -> subprocess.CompletedProcess[str]:
        with engine.prepared():
            next(engine.builds(Build(tmp_path, project, manifest)))
            return subprocess.run(
                [*command, *selection],
                env={
                    **os.environ,
                    **dbt_environment(config),
                    **cluster.environment(),
                    **engine.environment(),
                },
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )

    return build


def test_a_null_where_none_may_be_stops_the_build(
    build_on_spark: BuildOnSpark, project: Path
) -> None:
    model = project / "models" / "star" / "dim_service.sql"
    sql = model.read_text(encoding="utf-8")
    model.write_text(
        sql.replace("service_name,", "nullif(service_name, 'E-resept') as service_name,", 1),
        encoding="utf-8",
    )
    done = build_on_spark("--select", "service", "dim_service")
    assert done.returncode == 1, done.stdout[-3000:]
    assert "dim_service: service_name is empty in 1 rows" in done.stdout


def test_a_session_of_another_time_zone_is_refused(
    build_on_spark: BuildOnSpark, project: Path
) -> None:
    profiles = project / "profiles.yml"
    asked = profiles.read_text(encoding="utf-8")
    assert "set:hiveconf:spark.sql.session.timeZone: UTC" in asked
    profiles.write_text(
        asked.replace("set:hiveconf:spark.sql.session.timeZone", "spark.sql.session.timeZone"),
        encoding="utf-8",
    )
    done = build_on_spark("--select", "service")
    assert done.returncode == 2, done.stdout[-3000:]
    assert f"spark.sql.session.timeZone = {ZONE}, and the figures need UTC" in done.stdout
    assert "OK" not in done.stdout
