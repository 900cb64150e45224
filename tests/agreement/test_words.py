"""Plain words: a list of banned words, at zero in names and in prose."""

from __future__ import annotations

import re

import pytest

from tests.agreement.files import tracked_texts

# Words of a private language. Each has a plain word in its stead, in docs/glossary.md.
BANNED = (
    "told",
    "tell",
    "tells",
    "telling",
    "said",
    "held",
    "stands",
    "lays",
    "laid",
    "mend",
    "mends",
    "mended",
    "aside",
    "whoever",
    "nobody",
    "somebody",
    "anybody",
)
BANNED_PHRASES = (
    "what it is made of",
    "lets stand",
    "let stand",
    "gives away",
    "give away",
)
# Text that is published data, written by a tool, a licence, Norwegian, or the list itself.
NOT_OURS = re.compile(
    r"^(data/raw/|dbt_project/seeds/.*\.csv$|tests/snapshots/|tests/cases/.*\.(csv|html|json)$"
    r"|pll_pipeline/published/page/languages/nb\.yaml$|uv\.lock$|LICENSE$"
    r"|.*package-lock\.json$|tests/agreement/test_words\.py$)"
)
# The command's option of that name is part of the contract with users. The numerator of a share is
# its "teller" in Norwegian.
ALLOWED = re.compile(r"--set-aside\b|\bteller (?:over|/) nevner\b", re.IGNORECASE)
WORD = re.compile(r"[A-Z]?[a-zæøå]+|[A-ZÆØÅ]+(?![a-zæøå])")


def banned_words(text: str) -> list[str]:
    """The banned words in a text, with the number of the line of each.

    Names are split at underscores and capitals, so that `is_told` and `wasTold` are found too.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = ALLOWED.sub(" ", line)
        words = {word.lower() for word in WORD.findall(plain)}
        found += [f"{number}: {word}" for word in sorted(words.intersection(BANNED))]
        low = plain.lower()
        found += [f"{number}: {phrase}" for phrase in BANNED_PHRASES if phrase in low]
    return found


@pytest.mark.parametrize("name", [n for n in tracked_texts() if not NOT_OURS.search(n)])
def test_a_file_uses_plain_words(name: str) -> None:
    found = banned_words(tracked_texts()[name])
    assert found == [], (
        f"{name} uses words that a newcomer would not understand here. "
        "Write what the thing is or does; docs/glossary.md has the terms."
    )


@pytest.mark.parametrize(
    "line",
    ["told = rows", "def is_told():", "wasTold", "-- what the publisher said", "Nobody knows."],
)
def test_the_list_finds_a_banned_word_in_names_and_in_prose(line: str) -> None:
    assert banned_words(line)


def test_the_list_leaves_plain_words_alone() -> None:
    assert banned_words("A household is not held_out; statement, understands, --set-aside") == [
        "1: held"
    ]
