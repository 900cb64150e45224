"""Whoever is called at night is told in one paragraph; and a second run, a small disk and a slow webhook are met."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from pll_pipeline.assets.marts import _what_is_wrong, manifest
from pll_pipeline.automation import Night, require_room, tell, use_dagster_home
from pll_pipeline.config import CHECKOUT, Config
from pll_pipeline.errors import PllError

Usage = namedtuple("Usage", "total used free")


def _config(tmp_path: Path, webhook: str | None = None) -> Config:
    return Config(
        data=tmp_path / "data", dbt_project=CHECKOUT / "dbt_project", alert_webhook=webhook
    )


def test_failures_are_written_one_after_the_other(tmp_path: Path) -> None:
    config = _config(tmp_path)
    tell(config, "The first.")
    tell(config, "The second.")
    assert [
        line.split(" UTC  ")[1] for line in (config.logs / "failures.log").read_text().splitlines()
    ] == ["The first.", "The second."]


@pytest.mark.parametrize(
    "address",
    ["http://example.org/hook", "file:///etc/passwd", "ftp://example.org/x", "not an address"],
)
def test_a_webhook_is_told_over_https_or_not_at_all_and_the_log_says_so(
    tmp_path: Path, address: str
) -> None:
    config = _config(tmp_path, address)
    tell(config, "It failed.")
    first, second = (config.logs / "failures.log").read_text().splitlines()
    assert "It failed." in first
    assert "The webhook could not be told: only https addresses are posted to" in second


def test_a_webhook_that_does_not_answer_does_not_hide_the_failure(tmp_path: Path) -> None:
    config = _config(tmp_path, "http://127.0.0.1:9/")
    tell(config, "It failed.")
    assert "The webhook could not be told" in (config.logs / "failures.log").read_text()


def test_a_night_needs_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _config(tmp_path)
    require_room(config)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 99, 10 * 2**20))
    with pytest.raises(
        PllError,
        match=r"a night takes up to 64 MiB and 10\.0 MiB are free; there is no release yet",
    ):
        require_room(config)


def test_dagsters_home_reports_nothing_and_keeps_what_a_person_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    config = _config(tmp_path)
    use_dagster_home(config)
    settings = config.dagster_home / "dagster.yaml"
    assert "telemetry:\n  enabled: false" in settings.read_text()
    settings.write_text("telemetry:\n  enabled: false\n# ours\n")
    use_dagster_home(config)
    assert "# ours" in settings.read_text()


@pytest.mark.parametrize(
    ("night", "code"),
    [
        (Night(None, None, [], {}, None), 0),
        (Night(None, None, [], {"apotek": "did not answer"}, None), 3),
        (Night(None, None, [], {}, "It failed."), 1),
    ],
)
def test_the_exit_code_tells_how_the_night_ended(night: Night, code: int) -> None:
    assert night.exit_code == code


def test_a_project_that_does_not_parse_is_told_with_the_file_and_without_a_traceback(
    tmp_path: Path,
) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(
        CHECKOUT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs")
    )
    (project / "models" / "star" / "dim_service.sql").write_text(
        "select {{ ref('no_such_seed') }", encoding="utf-8"
    )
    with pytest.raises(PllError, match=r"does not parse: .*dim_service") as caught:
        manifest(Config(data=tmp_path / "data", dbt_project=project))
    assert "Traceback" not in caught.value.paragraph()
    assert "\n" not in caught.value.paragraph()


def test_what_dbt_says_is_taken_without_its_traceback() -> None:
    lines = '{"info": {"level": "info", "msg": "fine"}}\nno json\n{"info": {"level": "error", "msg": "Traceback (most recent call last):\\n  File x\\nOSError: [Errno 28] No space left on device"}}'
    assert _what_is_wrong(lines) == "OSError: [Errno 28] No space left on device"
    assert _what_is_wrong("") == "dbt said nothing"
