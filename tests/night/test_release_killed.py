"""A publish killed at every step: the last release stays whole, and the next publish is clean."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pll_pipeline.published import releases as warehouse
from tests.release_world import inputs, left_behind, write_build

KEPT = 2

# Publishes, and is killed just before or just after the named function runs for the n-th time.
KILLED = """
import importlib, os, signal, sys
from pathlib import Path
from tests.release_world import inputs
from pll_pipeline.published import outputs as publishing, releases as warehouse

module, name, when, turn, build, marts, kept = sys.argv[1:]
module = importlib.import_module(module)
step, turns = getattr(module, name), []

def killed(*args, **kwargs):
    turns.append(1)
    if len(turns) == int(turn) and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    done = step(*args, **kwargs)
    if len(turns) == int(turn):
        os.kill(os.getpid(), signal.SIGKILL)
    return done

setattr(module, name, killed)
warehouse.publish(Path(build), Path(marts), inputs(), keep=int(kept))
"""

STEPS = [  # module, function, killed before or after it, in which turn, and whether the new release is current by then
    ("pll_pipeline.published.duckdb", "_copy", "after", 1, False),
    ("pll_pipeline.published.duckdb", "write", "after", 1, False),
    ("pll_pipeline.published.parquet", "write", "after", 1, False),
    ("pll_pipeline.published.csv", "write", "after", 1, False),
    ("pll_pipeline.published.workbook", "_write_columns", "after", 1, False),
    ("pll_pipeline.published.workbook", "write", "after", 1, False),
    ("pll_pipeline.published.difference", "write", "after", 1, False),
    ("pll_pipeline.published.descriptor", "write_data_package", "after", 1, False),
    ("pll_pipeline.published.descriptor", "write_manifest", "after", 1, False),
    ("os", "fsync", "after", 5, False),
    ("os", "rename", "before", 1, False),
    ("os", "rename", "after", 1, False),
    ("os", "symlink", "after", 1, False),
    ("os", "replace", "after", 1, True),
    ("shutil", "rmtree", "before", 3, True),
    ("os", "unlink", "after", 6, True),
]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_build(tmp_path_factory.mktemp("build") / "build.duckdb")


@pytest.mark.parametrize(
    ("module", "name", "when", "turn", "is_flipped"),
    STEPS,
    ids=lambda value: str(value).removeprefix("pll_pipeline.published.outputs."),
)
def test_a_killed_publish_leaves_the_last_release_whole_and_the_next_clean(
    tmp_path: Path, build: Path, module: str, name: str, when: str, turn: int, is_flipped: bool
) -> None:
    marts = tmp_path / "marts"
    before = [warehouse.publish(build, marts, inputs()) for _ in range(KEPT)]
    command = [
        sys.executable,
        "-c",
        KILLED,
        module,
        name,
        when,
        str(turn),
        str(build),
        str(marts),
        str(KEPT),
    ]
    killed = subprocess.run(
        command,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    stands = warehouse.require_current(marts)
    assert (stands not in before) == is_flipped
    for release in warehouse.releases(marts):
        warehouse.verify(release)
    assert warehouse.query(stands, "select release_id from meta.release").item() == stands.id

    after = warehouse.publish(build, marts, inputs(), keep=KEPT)
    assert warehouse.current(marts) == after
    warehouse.verify(after)
    assert f"Forrige utgave: `{stands.id}`" in (after.folder / "difference.md").read_text(
        encoding="utf-8"
    )
    assert len(warehouse.releases(marts)) == KEPT
    assert left_behind(marts) == []


def test_sweeping_clears_what_a_killed_publish_left_without_publishing(
    tmp_path: Path, build: Path
) -> None:
    marts = tmp_path / "marts"
    release = warehouse.publish(build, marts, inputs())
    for left in ("releases/.writing-2026-11-23T030004Z", "releases/.removing-2026-11-01T030004Z"):
        (marts / left / "csv").mkdir(parents=True)
        (marts / left / "csv" / "half.csv").write_text("half")
        (marts / left / "csv").chmod(0o555)
    (marts / ".current-new").symlink_to("releases/nowhere")
    warehouse.sweep(marts)
    assert left_behind(marts) == []
    warehouse.verify(release)
    assert warehouse.current(marts) == release
