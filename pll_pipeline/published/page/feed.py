"""Atom feeds of releases: of the country in each language, and of each area in Norwegian.

An entry per release that changed something; it says which figures, and none of their values: what
a publisher withholds later would be in every feed. Earlier entries are those of the release before.
Not here: what has changed (`changes_by_area.py`), texts (`areas/languages/`).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from pll_pipeline.published.draft import Draft
from pll_pipeline.published.page.areas.area_texts import AreaTexts
from pll_pipeline.published.page.areas.data import COUNTRY, AreaData
from pll_pipeline.published.page.changes_by_area import Change, changes_by_area
from pll_pipeline.published.page.files import FEEDS
from pll_pipeline.published.release_info import ReleaseInfo, iso

MOST_ENTRIES = 14
_LANGUAGE_OF_AREAS = "nb"
_MOST_CHANGES = 10  # named in an entry
_MOST_BYTES = 200_000  # of a feed of the release before
_ENTRY = re.compile(r"<entry>.*?</entry>\n", re.DOTALL)
# What XML cannot have.
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Place:
    """The region of a feed: its key and name, and the file of the feed and that of its page.

    Both files are below the folder of the page.
    """

    region_key: str
    name: str
    file: str
    page: str


def write(draft: Draft, folder: Path, data: AreaData, pages: Mapping[str, str]) -> None:
    """Write all feeds below the folder of the page; `pages` are the pages of the country.

    The release before is read from `draft.previous`, if it can be.
    """
    changes = changes_by_area(draft.connection, draft.previous)
    earlier = draft.previous / folder.name if draft.previous else None
    for language, file in FEEDS.items():
        texts = AreaTexts(language, data.page)
        places = [Place(COUNTRY, texts.get("country"), file, pages[language])]
        if language == _LANGUAGE_OF_AREAS:
            places += [
                Place(key, data.label(key), f"{language}/{stem}.xml", f"{language}/{stem}.html")
                for key, stem in data.stems.items()
            ]
        for place in places:
            entries = kept(earlier, place.file)
            text = feed(place, changes, entries, draft.info, texts)
            (folder / place.file).write_text(text, encoding="utf-8")


def kept(earlier: Path | None, file: str) -> list[str]:
    """The entries of a feed of the release before, the newest first; none of one that is too large.

    A damaged file never stops the next release, so that nothing is raised.
    """
    if earlier is None:
        return []
    try:
        path = earlier / file
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= _MOST_BYTES else ""
    except (OSError, UnicodeDecodeError):
        return []
    return _ENTRY.findall(text)


def feed(
    place: Place,
    changes: Mapping[str, Sequence[Change]] | None,
    earlier: Sequence[str],
    info: ReleaseInfo,
    texts: AreaTexts,
) -> str:
    """A feed with an entry of this release where it changed something, and the earlier ones.

    Without a release to compare with, or without an earlier entry, it says from when on changes
    are followed.
    """
    entries = list(earlier)
    if changes is None or not earlier:
        entries.insert(0, _entry(place, texts.get("feed_first"), [], info, texts))
    elif changes.get(place.region_key) or (place.region_key == COUNTRY and changes):
        own = changes.get(place.region_key, ())
        lines = [*_lines(own, texts), *_areas(place, changes, texts)]
        entries.insert(0, _entry(place, _summary(own, texts), lines, info, texts))
    newest = re.search("<updated>(.*?)</updated>", entries[0])
    return _document(place, entries[:MOST_ENTRIES], newest[1] if newest else "", info, texts)


def _document(
    place: Place, entries: Sequence[str], updated: str, info: ReleaseInfo, texts: AreaTexts
) -> str:
    title = texts.get("feed_title", area=place.name)
    if info.inputs.is_simulated:
        title = f"{texts.get('banner_print')}: {title}"
    base = info.inputs.base_url
    author = info.inputs.publisher or texts.get("feed_author")
    own = _link("self", "application/atom+xml", f"{base}report/{place.file}") if base else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{texts.language}">\n'
        f"<id>{_identity('feed', place.region_key, texts.language, info)}</id>\n"
        f"<title>{_text(title)}</title>\n<updated>{updated}</updated>\n{own}"
        f"{_link('alternate', 'text/html', _address(place, info))}"
        f"<author><name>{_text(author)}</name></author>\n"
        f"{''.join(entries)}</feed>\n"
    )


def _entry(
    place: Place, summary: str, lines: Sequence[str], info: ReleaseInfo, texts: AreaTexts
) -> str:
    """An entry: what changed in this release, as a list."""
    built = iso(info.built_at)
    release = f"{info.release_id} {info.inputs.fingerprint}"
    listed = "".join(f"<li>{_text(line)}</li>" for line in lines)
    body = f"<p>{_text(texts.get('feed_release', release=info.release_id))}</p>"
    body += f"<ul>{listed}</ul>" if listed else ""
    return (
        f"<entry>\n<id>{_identity(release, place.region_key, texts.language, info)}</id>\n"
        f"<title>{_text(f'{place.name}: {summary}')}</title>\n<updated>{built}</updated>\n"
        f"{_link('alternate', 'text/html', _address(place, info))}"
        f'<content type="html">{escape(body)}</content>\n</entry>\n'
    )


def _summary(changes: Sequence[Change], texts: AreaTexts) -> str:
    """How many figures are new, changed and gone; of the country, also that only areas changed."""
    counts = []
    for kind in ("new", "changed", "gone"):
        count = sum(change.figure_count for change in changes if change.change == kind)
        if count:
            name = f"feed_{kind}_one" if count == 1 else f"feed_{kind}"
            counts.append(texts.get(name, count=texts.format.number(count)))
    return texts.format.listed(counts) or texts.get("feed_areas_only")


def _lines(changes: Sequence[Change], texts: AreaTexts) -> list[str]:
    """The first changes, each with its newest period, and how many there are more."""
    lines = [_line(change, texts) for change in changes[:_MOST_CHANGES]]
    more = len(changes) - len(lines)
    return [*lines, texts.get("feed_more", count=texts.format.number(more))] if more else lines


def _line(change: Change, texts: AreaTexts) -> str:
    period = texts.format.period(change.period_grain, change.period_start, change.period_end)
    name = "feed_line_one" if change.figure_count == 1 else "feed_line"
    return texts.get(
        name,
        change=texts.get(f"feed_is_{change.change}"),
        measure=texts.series(change.measure_code, change.actor_type_code),
        count=texts.format.number(change.figure_count),
        period=period,
    )


def _areas(place: Place, changes: Mapping[str, Sequence[Change]], texts: AreaTexts) -> list[str]:
    """In the feed of the country, how many areas have changes of their own."""
    count = len(changes.keys() - {COUNTRY})
    if place.region_key != COUNTRY or not count:
        return []
    name = "feed_areas_one" if count == 1 else "feed_areas"
    return [texts.get(name, count=texts.format.number(count))]


def _address(place: Place, info: ReleaseInfo) -> str:
    """Where the page is: below the address of the releases, or beside the feed."""
    base = info.inputs.base_url
    return f"{base}report/{place.page}" if base else place.page.rpartition("/")[2]


def _identity(what: str, region_key: str, language: str, info: ReleaseInfo) -> str:
    """A lasting identifier, the same wherever the release is served from."""
    name = "pll-simulated" if info.inputs.is_simulated else "pll"
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{name} {what} {region_key} {language}')}"


def _link(relation: str, media_type: str, address: str) -> str:
    return f'<link rel="{relation}" type="{media_type}" href={quoteattr(_clean(address))}/>\n'


def _text(text: str) -> str:
    """A text within an element."""
    return escape(_clean(text))


def _clean(text: str) -> str:
    """A text without the characters that XML cannot have."""
    return _NO_CHARACTER.sub("", text)
