"""What is damaged is put away, named, and bounded; misplaced files and folders are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pll_pipeline.disposable import (
    misplaced,
    put_away,
    put_misplaced_away,
    read_json,
    write_whole,
)
from pll_pipeline.errors import PllError


def test_what_is_put_away_keeps_its_bytes_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "file.json"
    path.write_text("half")
    renamed = put_away(path, "cannot be read")
    assert renamed.read_text() == "half"
    assert not path.exists()
    assert f"{path} cannot be read; it is made anew, the old is kept as {renamed.name}" in (
        caplog.text
    )


def test_of_each_name_a_few_are_kept(tmp_path: Path) -> None:
    for number in range(6):
        path = tmp_path / "state"
        if number % 2:
            path.mkdir()
        else:
            path.write_text(str(number))
        last = put_away(path, "is damaged")
    assert sorted(tmp_path.iterdir())[-1] == last
    assert len(list(tmp_path.iterdir())) == 3


def test_what_cannot_be_renamed_is_named(tmp_path: Path) -> None:
    with pytest.raises(PllError, match=r"cannot be renamed: No such file.*write access"):
        put_away(tmp_path / "missing", "is damaged")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", None])
def test_json_that_cannot_be_read_is_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file.json"
    if content is not None:
        path.write_bytes(content)
    assert read_json(path) is None


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "file.json", "[1]")
    assert read_json(tmp_path / "new" / "file.json") == [1]
    assert os.listdir(tmp_path / "new") == ["file.json"]


FOLDERS = ("build", "build/dbt", "validated", "validated/apotek", "validated/apotek/2026", "marts")
FILES = ("build/build.duckdb", "logs/dbt.log", "validated/apotek/2026/verdict.json")
MORE_FILES = ("validated/observation.parquet", "validated/inputs.json")


@pytest.mark.parametrize("name", FOLDERS)
def test_a_file_in_place_of_a_folder_is_put_away(tmp_path: Path, name: str) -> None:
    _make(tmp_path)
    path = tmp_path / name
    os.rename(path, tmp_path / "away")
    path.write_text("a file")
    _expect_put_away(path, tmp_path, "is no folder")


@pytest.mark.parametrize("name", [*FILES, *MORE_FILES])
@pytest.mark.parametrize("is_link", [True, False])
def test_a_folder_or_a_link_to_nothing_in_place_of_a_file_is_put_away(
    tmp_path: Path, name: str, is_link: bool
) -> None:
    _make(tmp_path)
    path = tmp_path / name
    path.unlink()
    if is_link:
        path.symlink_to("nowhere")
    else:
        path.mkdir()
    _expect_put_away(path, tmp_path, "is no file")


def _make(data: Path) -> None:
    for name in (*FILES, *MORE_FILES, "build/dbt/manifest.json", "marts/releases/x/release.json"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("content")
    assert misplaced(data) == []


def _expect_put_away(path: Path, data: Path, fault: str) -> None:
    assert misplaced(data) == [(path, fault)]
    put_misplaced_away(data)
    assert not os.path.lexists(path)
    assert misplaced(data) == []
