"""Programs that some tests need beside Python: a browser, R, npm.

Not here: what the tests do with them.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def missing(what: str, install: str) -> NoReturn:
    """Skip the test because a program is missing; in CI, where `.ci/run` installs it, fail instead.

    `what` names the program, `install` is the command that installs it.
    """
    message = f"{what} is not installed: {install}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def program(names: tuple[str, ...], install: str) -> str:
    """The path of the first of the programs that is installed."""
    paths = (shutil.which(name) for name in names)
    return next(filter(None, paths), None) or missing(names[0], install)
