"""What is attacked, and by which tests: each case of such a test is one attempt.

The tests themselves run in `make test` too. A file and a pattern of names select the tests of a
kind; the first kind that matches has the test. Not here: running them (`__main__.py`), processes
that are killed at random (`kills.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

RAW, READERS = "tests/unit/raw", "tests/unit/validated/readers"


@dataclass(frozen=True)
class Kind:
    """One kind of attack: the files of its tests, the names of the tests, what passing means."""

    title: str
    outcome: str
    files: tuple[str, ...]
    names: str = ""


KINDS = (
    Kind(
        "redirects to files, other hosts, private networks, without end",
        "refused, or followed where the source names the host",
        (f"{RAW}/test_http.py",),
        r"test_(\w*redirect)",
    ),
    Kind(
        "private and odd addresses",
        "refused, however they are written",
        (f"{RAW}/test_http.py",),
        "address|host|http_is_for_local|certificate|proxies",
    ),
    Kind(
        "publishers that trickle without end",
        "given up in time",
        (f"{RAW}/test_slow_publishers.py",),
    ),
    Kind(
        "other misbehaviours of publishers over HTTP",
        "waited for, asked again, or refused in words",
        (f"{RAW}/test_http.py", "tests/night/test_bad_publishers.py"),
    ),
    Kind(
        "keys in addresses",
        "in no record, log or message",
        (f"{RAW}/test_keys_in_addresses.py",),
    ),
    Kind(
        "receivers of the webhook",
        "delivered once, or an error without the secret, in time",
        (f"{RAW}/test_webhook.py",),
    ),
    Kind(
        "nights that fail, hang, are killed or never begin",
        "recorded, and reported once per cause",
        (
            "tests/unit/night/test_record.py",
            "tests/unit/night/test_report.py",
            "tests/unit/night/test_watch.py",
        ),
    ),
    Kind(
        "hostile bytes into readers, and readings that die",
        "refused in bounded time and memory; no wrong row",
        (
            "tests/unit/validated/test_child.py",
            "tests/unit/validated/readers/test_hostile.py",
        ),
    ),
    Kind(
        "patterns on repeated pieces",
        "linear or bounded",
        ("tests/agreement/test_patterns.py",),
    ),
    Kind(
        "source files that are faulty or mean something else",
        "refused with file, line and what to do; the others are read",
        (
            "tests/unit/sources/test_faulty_files.py",
            "tests/unit/sources/test_register.py",
            "tests/unit/validated/test_cases.py",
        ),
        "^test_(?!a_published_form)",
    ),
    Kind(
        "publishes killed before and after each step",
        "the last release is whole, the next publish clean",
        ("tests/night/test_release_killed.py",),
    ),
    Kind(
        "services of `pll serve` and dbt whose parent is killed or ended",
        "nothing is left running",
        ("tests/unit/server/test_services.py", "tests/unit/assets/test_dbt_process.py"),
    ),
    Kind(
        "snapshots lost, added, edited; ledgers damaged",
        "the night stops and names them",
        (f"{RAW}/test_ledger.py", "tests/night/test_archive_damage.py"),
    ),
    Kind(
        "derived and disposable files damaged",
        "made anew and named",
        (
            "tests/unit/validated/test_verdicts.py",
            "tests/unit/validated/test_gathering.py",
            "tests/unit/test_history.py",
            "tests/unit/test_disposable.py",
            "tests/unit/assets/test_marts.py",
        ),
    ),
    Kind(
        "releases changed, links damaged, rollbacks",
        "noticed; published anew or refused",
        (
            "tests/unit/published/test_current_release.py",
            "tests/unit/published/test_rolled_back.py",
            "tests/unit/published/test_releases.py",
        ),
    ),
    Kind(
        "disks that are full or read-only",
        "the last release stays; the message says how much is missing",
        ("tests/night/test_release_disks.py",),
    ),
    Kind(
        "folder names, and nights beside nights",
        "refused in one sentence",
        ("tests/unit/test_config.py", "tests/unit/test_lock.py"),
    ),
    Kind(
        "statements against `pll query`",
        "refused, or harmless",
        ("tests/unit/published/test_query.py",),
    ),
    Kind(
        "requests of other web pages to Dagster's page",
        "403",
        ("tests/unit/server/test_guard.py", "tests/night/test_server.py"),
    ),
    Kind(
        "texts of publishers to a terminal or a log",
        "no control character comes through",
        ("tests/unit/test_hostile_text.py",),
    ),
    Kind(
        "cells that Excel would run",
        "text",
        ("tests/unit/published/test_csv_excel.py", "tests/unit/published/test_workbook.py"),
    ),
)
