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
    """One kind of attack: the files of its tests, the names of the tests, what passing means.

    `at_first` is what such attacks did on 2026-11-24, where they were tried then.
    """

    title: str
    outcome: str
    files: tuple[str, ...]
    names: str = ""
    at_first: str = ""


# By verb that is killed: what happened to it, and to the next run, on 2026-11-24.
KILLS = {
    "nights with nothing new": ("whole 45 of 45", "1 of 15 failed"),
    "small demos": ("whole 18 of 18", "clean 6 of 6"),
}


KINDS = (
    Kind(
        "redirects to files, other hosts, private networks, without end",
        "refused, or followed where the source names the host",
        (f"{RAW}/test_http.py",),
        r"test_(\w*redirect)",
        at_first="12, all refused",
    ),
    Kind(
        "private and odd addresses",
        "refused, however they are written",
        (f"{RAW}/test_http.py",),
        "address|host|http_is_for_local|certificate|proxies",
        at_first="1 of 29 let through",
    ),
    Kind(
        "publishers that trickle without end",
        "given up in time",
        (f"{RAW}/test_slow_publishers.py",),
        at_first="4 ways to hang for ever",
    ),
    Kind(
        "other misbehaviours of publishers over HTTP",
        "waited for, asked again, or refused in words",
        (f"{RAW}/test_http.py", "tests/night/test_bad_publishers.py"),
        at_first="1 unclear of 36; 280 bytes hang a night",
    ),
    Kind(
        "keys in addresses",
        "in no record, log or message",
        (f"{RAW}/test_keys_in_addresses.py",),
        at_first="kept in raw, log and terminal",
    ),
    Kind(
        "receivers of the webhook",
        "delivered once, or an error without the secret, in time",
        (f"{RAW}/test_webhook.py",),
        at_first="4 of 13: 2 raise, 1 hangs, 1 loses the message",
    ),
    Kind(
        "nights that fail, hang, are killed or never begin",
        "recorded, and reported once per cause",
        (
            "tests/unit/night/test_hearing.py",
            "tests/unit/night/test_record.py",
            "tests/unit/night/test_report.py",
            "tests/unit/night/test_watch.py",
        ),
        at_first="1 kind of 8 reported",
    ),
    Kind(
        "hostile bytes into readers, and readings that die",
        "refused in bounded time and memory; no wrong row",
        (
            "tests/unit/inspection/test_apart.py",
            "tests/unit/validated/test_absurd_numbers.py",
            "tests/unit/validated/test_child.py",
            "tests/unit/validated/readers/test_hostile.py",
        ),
        at_first="82: 5 hang, 1 aborts, 1 takes 5.4 GB",
    ),
    Kind(
        "patterns on repeated pieces",
        "linear or bounded",
        ("tests/agreement/test_patterns.py",),
        at_first="2 hang",
    ),
    Kind(
        "source files that are faulty or mean something else",
        "refused with file, line and what to do; the others are read",
        (
            "tests/unit/sources/test_faulty_files.py",
            "tests/unit/validated/test_any_source_file.py",
            "tests/unit/sources/test_register.py",
            "tests/unit/validated/test_cases.py",
        ),
        "^test_(?!a_published_form)",
        at_first="31: double keys accepted, 1 file stops all",
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
        at_first="left running in 9 nights and 1 of 2 services",
    ),
    Kind(
        "snapshots lost, added, edited; ledgers damaged",
        "the night stops and names them",
        (f"{RAW}/test_ledger.py", "tests/night/test_archive_damage.py"),
        at_first="3 ways to publish wrong figures",
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
        at_first="18: 5 wrong figures, 7 stop every night",
    ),
    Kind(
        "releases changed, links damaged, rollbacks",
        "noticed; published anew or refused",
        (
            "tests/unit/published/test_current_release.py",
            "tests/unit/published/test_rolled_back.py",
            "tests/unit/published/test_releases.py",
        ),
        at_first="changes unnoticed; a rollback lasts one day",
    ),
    Kind(
        "disks that are full or read-only",
        "the last release stays; the message says how much is missing",
        ("tests/night/test_release_disks.py",),
        at_first="nothing lost; 4 of 6 messages unclear, 5 unreported",
    ),
    Kind(
        "folder names, and nights beside nights",
        "refused in one sentence",
        ("tests/unit/test_config.py", "tests/unit/test_lock.py"),
        at_first="4 of 10 names stop the night",
    ),
    Kind(
        "statements against `pll query`",
        "refused, or harmless",
        ("tests/unit/published/test_query.py",),
        at_first="17, all refused or harmless",
    ),
    Kind(
        "requests of other web pages to Dagster's page",
        "403",
        ("tests/unit/server/test_guard.py", "tests/night/test_server.py"),
        at_first="all answered",
    ),
    Kind(
        "texts of publishers to a terminal or a log",
        "no control character comes through",
        ("tests/unit/test_hostile_text.py",),
        at_first="escapes passed in 4 places",
    ),
    Kind(
        "cells that Excel would run",
        "text",
        ("tests/unit/published/test_csv_excel.py", "tests/unit/published/test_workbook.py"),
        at_first="3 as they came",
    ),
)
