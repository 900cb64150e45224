"""A publish killed at every step: the last release stays whole, and the next publish is clean."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pll_pipeline.published import outputs as registry
from pll_pipeline.published.publish import publish
from pll_pipeline.published.query import query
from pll_pipeline.published.releases import current, releases, require_current, verify
from tests.release_world import inputs, left_behind, outputs, write_build

KEPT = 2
FEW = ("parquet", "csv", "workbook", "difference", "data_package")

# Publishes, and is killed just before or just after the named function runs for the n-th time. The
# function of an output is named by the output.
KILLED = """
import importlib, os, signal, sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from pll_pipeline.published import outputs as registry
from pll_pipeline.published.publish import publish
from tests.release_world import inputs, outputs

module, name, when, turn, build, marts, kept, *few = sys.argv[1:]
registry.OUTPUTS = outputs(*few)
turns = count(1)  # files are stored by several threads

def killed(step):
    def run(*args, **kwargs):
        is_it = next(turns) == int(turn)
        if is_it and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = step(*args, **kwargs)
        if is_it:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    return run

if module == "output":
    registry.OUTPUTS = tuple(
        replace(o, write=killed(o.write)) if o.name == name else o for o in registry.OUTPUTS
    )
else:
    module = importlib.import_module(module)
    setattr(module, name, killed(getattr(module, name)))
publish(Path(build), Path(marts), inputs(), keep=int(kept))
"""

# module and function, or an output; killed before or after it; in which turn; and whether the new
# release is current by then
STEPS = [
    ("pll_pipeline.published.duckdb", "_copy", "after", 1, False),
    ("pll_pipeline.published.duckdb", "write", "after", 1, False),
    ("pll_pipeline.published.workbook.about", "write_columns", "after", 1, False),
    *(("output", name, "after", 1, False) for name in (*FEW, "manifest")),
    ("os", "fsync", "after", 5, False),
    ("os", "rename", "before", 1, False),
    ("os", "rename", "after", 1, False),
    ("os", "symlink", "after", 1, False),
    ("os", "replace", "after", 1, True),
    ("os", "rename", "after", 2, True),
    ("os", "rmdir", "after", 1, True),
]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_build(tmp_path_factory.mktemp("build") / "build.duckdb")


@pytest.fixture(scope="module", autouse=True)
def _few_outputs() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "OUTPUTS", outputs(*FEW))
        yield


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, build: Path) -> Path:
    """A marts folder with releases, to be copied."""
    marts = tmp_path_factory.mktemp("published") / "marts"
    for _ in range(KEPT):
        publish(build, marts, inputs())
    return marts


@pytest.mark.parametrize(
    ("module", "name", "when", "turn", "is_current"),
    STEPS,
    ids=lambda value: str(value).removeprefix("pll_pipeline.published."),
)
def test_a_killed_publish_leaves_the_last_release_whole_and_the_next_clean(
    tmp_path: Path,
    build: Path,
    published: Path,
    module: str,
    name: str,
    when: str,
    turn: int,
    is_current: bool,
) -> None:
    marts = tmp_path / "marts"
    shutil.copytree(published, marts, symlinks=True)
    before = releases(marts)
    assert len(before) == KEPT
    arguments = [module, name, when, str(turn), str(build), str(marts), str(KEPT), *FEW]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    now = require_current(marts)
    assert (now not in before) == is_current
    for release in releases(marts):
        verify(release)
    assert query(now, "select release_id from meta.release").item() == now.id

    after = publish(build, marts, inputs(), keep=KEPT)
    assert current(marts) == after
    verify(after)
    text = (after.folder / "difference.md").read_text(encoding="utf-8")
    assert f"Forrige utgave: `{now.id}`" in text
    assert len(releases(marts)) == KEPT
    assert left_behind(marts) == []


def test_a_publish_clears_what_killed_ones_left(
    tmp_path: Path, build: Path, published: Path
) -> None:
    marts = tmp_path / "marts"
    shutil.copytree(published, marts, symlinks=True)
    first = require_current(marts)
    for left in ("releases/.writing-2026-11-23T030004Z", "releases/.removing-2026-11-01T030004Z"):
        (marts / left / "csv").mkdir(parents=True)
        (marts / left / "csv" / "half.csv").write_text("half")
        (marts / left / "csv").chmod(0o555)
    (marts / ".current-new").symlink_to("releases/nowhere")
    second = publish(build, marts, inputs(), keep=KEPT)
    assert left_behind(marts) == []
    assert releases(marts) == [first, second]
    assert current(marts) == second
