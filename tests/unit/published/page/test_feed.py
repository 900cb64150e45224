"""Feeds of releases: sound by RFC 4287, of bounded size, lasting, and without values."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pll_pipeline.published.page.areas.data import COUNTRY
from pll_pipeline.published.page.changes_by_area import Change
from pll_pipeline.published.page.feed import MOST_ENTRIES, Place, feed, kept
from pll_pipeline.published.release_info import ReleaseInfo
from tests.release_world import inputs
from tests.unit.published.page import world as page_world
from tests.unit.published.page.areas import world

ATOM = "{http://www.w3.org/2005/Atom}"
BODO = Place(world.KOMMUNE, "Bodø", "nb/kommune-1804.xml", "nb/kommune-1804.html")
COUNTRY_PLACE = Place(COUNTRY, "Norway", "feed.en.xml", "en.html")
CHANGE = Change("share", "alle", "new", 1, date(2026, 10, 1), date(2026, 10, 31), "month")


def _info(number: int = 0, **changes: object) -> ReleaseInfo:
    """The release of a later night."""
    built_at = page_world.BUILT_AT + timedelta(days=number)
    return ReleaseInfo(f"2026-11-{23 + number}", built_at, inputs(**changes))


def _feed(
    changes: dict[str, list[Change]] | None,
    earlier: list[str] | None = None,
    place: Place = BODO,
    info: ReleaseInfo | None = None,
) -> str:
    texts = world.english(world.data())
    return feed(place, changes, earlier or [], info or _info(), texts)


def _entries(text: str) -> list[str]:
    return re.findall(r"<entry>.*?</entry>\n", text, re.DOTALL)


def _parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - written by the code that is tried


def _titles(text: str) -> list[str]:
    return [entry.findtext(f"{ATOM}title", "") for entry in _parsed(text).iter(f"{ATOM}entry")]


def test_a_feed_has_what_atom_requires() -> None:
    document = _parsed(_feed({world.KOMMUNE: [CHANGE]}, _entries(_feed(None))))
    assert document.tag == f"{ATOM}feed"
    for element in (document, *document.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
    assert document.findtext(f"{ATOM}author/{ATOM}name")
    identities = [element.text for element in document.iter(f"{ATOM}id")]
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", text or "") for text in identities)
    moment = document.findtext(f"{ATOM}updated") or ""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment)


def test_the_first_feed_says_from_when_changes_are_followed() -> None:
    assert _titles(_feed(None)) == ["Bodø: changes are followed from this release on"]
    assert _titles(_feed({world.KOMMUNE: [CHANGE]})) == _titles(_feed(None))


def test_a_release_that_changes_nothing_of_an_area_has_no_entry() -> None:
    first = _feed(None)
    for changes in ({}, {world.OTHER: [CHANGE]}, {COUNTRY: [CHANGE]}):
        assert _feed(changes, _entries(first), info=_info(1)) == first


@pytest.mark.parametrize(
    ("kinds", "title"),
    [
        ([("new", 1)], "one new figure"),
        ([("new", 3), ("changed", 1)], "3 new figures and one changed figure"),
        ([("gone", 2)], "2 figures are gone"),
    ],
)
def test_an_entry_counts_what_is_new_changed_and_gone(
    kinds: list[tuple[str, int]], title: str
) -> None:
    changes = [replace(CHANGE, change=kind, figure_count=count) for kind, count in kinds]
    text = _feed({world.KOMMUNE: changes}, _entries(_feed(None)), info=_info(1))
    assert _titles(text)[0] == f"Bodø: {title}"
    assert len(_titles(text)) == 2


def test_many_changes_are_counted() -> None:
    text = _feed({world.KOMMUNE: [CHANGE] * 13}, _entries(_feed(None)), info=_info(1))
    assert text.count("&lt;li&gt;") == 11
    assert "and 3 measures more" in text


def test_the_feed_of_the_country_counts_the_areas() -> None:
    first = _entries(_feed(None, place=COUNTRY_PLACE))
    changes = {world.KOMMUNE: [CHANGE], world.OTHER: [CHANGE]}
    text = _feed(changes, first, COUNTRY_PLACE, _info(1))
    assert _titles(text)[0] == "Norway: new or changed figures in areas"
    assert "2 areas have new or changed figures" in text
    unchanged = _feed({}, first, COUNTRY_PLACE, _info(1))
    assert len(_titles(unchanged)) == 1


def test_a_feed_keeps_its_newest_entries_and_their_identities() -> None:
    text, first = "", _feed(None)
    entries = _entries(first)
    for number in range(1, 7):
        text = _feed({world.KOMMUNE: [CHANGE]}, entries, info=_info(number))
        assert _entries(text)[1:] == entries[: MOST_ENTRIES - 1]
        entries = _entries(text)
    identities = re.findall("<id>(.*?)</id>", text)
    assert len(set(identities)) == len(identities)
    assert identities[0] == re.findall("<id>(.*?)</id>", first)[0]
    longest = [entries[0]] * 40
    assert len(_titles(_feed({}, longest))) == MOST_ENTRIES


def test_identities_do_not_change_with_the_address_and_links_do() -> None:
    info = _info(base_url="https://tall.example.no/", publisher="Example")
    moved, here = _feed(None, info=info), _feed(None)
    assert re.findall("<id>.*</id>", moved) == re.findall("<id>.*</id>", here)
    assert 'href="https://tall.example.no/report/nb/kommune-1804.html"' in moved
    assert 'rel="self"' in moved
    assert "<name>Example</name>" in moved
    assert 'href="kommune-1804.html"' in here
    assert 'rel="self"' not in here


def test_simulated_figures_are_marked_and_have_identities_of_their_own() -> None:
    simulated = _feed(None, info=_info(is_simulated=True))
    assert "<title>SIMUL" in simulated
    assert re.findall("<id>.*</id>", simulated) != re.findall("<id>.*</id>", _feed(None))


def test_what_publishers_write_is_text() -> None:
    evil = "<b>\x01</entry>]]>&\ufffe"
    text = _feed(None, place=replace(BODO, name=evil))
    assert _titles(text)[0].startswith("<b></entry>]]>&:")
    assert len(_entries(text)) == 1


@pytest.mark.parametrize("damage", ["none", "no folder", "no file", "no text", "too large"])
def test_a_damaged_feed_of_the_release_before_stops_nothing(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "feed.xml"
    content = _feed(None).encode()
    if damage == "no text":
        content = b"\xff" + content
    if damage == "too large":
        content += b" " * 200_000
    if damage != "no file":
        path.write_bytes(content)
    entries = kept(None if damage == "no folder" else tmp_path, "feed.xml")
    assert len(entries) == (1 if damage == "none" else 0)
