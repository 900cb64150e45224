"""What went wrong, to the log and to the operator: once per cause, and again when it changes.

`data/logs/failures.log` has a line per cause, `PLL_ALERT_WEBHOOK` gets them as `{"text": …}`, and
`PLL_PING_URL` is asked for after each night that ended well, so that silence is noticed elsewhere.
Nothing here raises or waits for long. Not here: how a night ended (`record.py`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from pll_pipeline.config import Config
from pll_pipeline.errors import PllError, plain_line
from pll_pipeline.raw.http import webhook

LOG = "failures.log"
# The causes that are reported and not repaired yet; losing it costs a second report.
OPEN_CAUSES = "reported.json"
NIGHT = "the night"
EARLIER_NIGHT = "an earlier night"
_LONGEST_LINE = 4000
# What differs from night to night though the cause is the same.
_PASSING = re.compile(
    r"\d{4}-\d\d-\d\d[T ]?(?:[\d:.]*\d)?(?:Z| UTC)?|0x[0-9a-f]+|process \d+|port=\d+"
    r"|\d+(?:\.\d+)? (?:MiB|bytes|seconds|minutes|hours|days|tries|try)|request [0-9a-f-]{36}",
    re.IGNORECASE,
)


class OpenCause(BaseModel):
    """A cause that was reported: its reason without what passes, and whether it was posted."""

    model_config = ConfigDict(frozen=True)

    reason: str
    is_posted: bool


_CAUSES = TypeAdapter(dict[str, OpenCause])


def report(config: Config, causes: Mapping[str, str], *, repaired: Collection[str] | None) -> None:
    """Write and post each cause (what is affected → paragraph) that is new or has changed.

    `repaired` are earlier causes that are no more, and will be reported when they come back; None
    for all that are not among `causes`. A message that could not be posted is posted again with
    the next report.
    """
    before = _read(config)
    reasons = {name: _PASSING.sub("…", paragraph) for name, paragraph in causes.items()}
    new = [name for name in causes if name not in before or before[name].reason != reasons[name]]
    _write_lines(config, [causes[name] for name in new])
    unposted = [name for name in causes if name in new or not before[name].is_posted]
    is_posted = _post(config, [causes[name] for name in unposted])
    after = {
        name: OpenCause(reason=reason, is_posted=is_posted or name not in unposted)
        for name, reason in reasons.items()
    }
    kept = {name: cause for name, cause in before.items() if name not in (repaired or ())}
    _remember(config, after if repaired is None else kept | after)


def ping(config: Config) -> None:
    """Ask for `PLL_PING_URL`, where it is set; a failure is written to the log only."""
    address = config.ping_url
    if address:
        _delivered(config, "PLL_PING_URL", lambda: webhook.ping(address))


def _post(config: Config, paragraphs: list[str]) -> bool:
    """Post paragraphs as one message; False where they should be posted again."""
    address = config.alert_webhook
    if not address or not paragraphs:
        return True
    text = "\n".join(plain_line(paragraph)[:_LONGEST_LINE] for paragraph in paragraphs)
    return _delivered(
        config, "PLL_ALERT_WEBHOOK", lambda: webhook.post_json(address, {"text": text})
    )


def _delivered(config: Config, setting: str, deliver: Callable[[], None]) -> bool:
    try:
        deliver()
    except PllError as error:
        _write_lines(config, [f"{setting}: {error.paragraph()}"])
        return False
    except Exception as error:
        # Its text may contain the address.
        _write_lines(config, [f"{setting}: not foreseen: {type(error).__name__}"])
        return False
    return True


def _write_lines(config: Config, paragraphs: list[str]) -> None:
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    lines = [f"{now}  {plain_line(text)[:_LONGEST_LINE]}\n" for text in paragraphs]
    if lines:
        with suppress(OSError):
            config.logs.mkdir(parents=True, exist_ok=True)
            with (config.logs / LOG).open("a", encoding="utf-8") as log:
                log.writelines(lines)


def _read(config: Config) -> dict[str, OpenCause]:
    try:
        return _CAUSES.validate_json((config.logs / OPEN_CAUSES).read_bytes())
    except (OSError, ValidationError):
        return {}


def _remember(config: Config, causes: Mapping[str, OpenCause]) -> None:
    path: Path = config.logs / OPEN_CAUSES
    if not causes:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return
    text = json.dumps({name: cause.model_dump() for name, cause in causes.items()}, indent=2)
    trial = path.with_name(f".writing-{path.name}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        trial.write_text(text + "\n", encoding="utf-8")
        os.replace(trial, path)
