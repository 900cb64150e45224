"""Any source file that looks right is refused when read, or its reading ends in rows or reasons.

Values of every field, by its type, are put into source files that are right, with the bytes they
are for. Not here: single faults (`tests/unit/sources/test_faulty_files.py`).
"""

from __future__ import annotations

import os
import types
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.register import BadSourceFile, read_source
from pll_pipeline.validated.judging import judge_contents
from tests.unit.validated.test_cases import CODES, case_of, cases

EXAMPLES = int(os.environ.get("SOURCE_FILE_EXAMPLES", "150"))
LATEST = datetime.fromisoformat("2026-11-24T02:00:00+00:00")
# Texts that are names, patterns, templates, numbers, periods, marks or codes to one key or another.
TEXTS = (
    *(
        "",
        " ",
        "\n",
        "\u00a0",
        "\u00ad",
        "\u200b",
        "x",
        "X",
        "Ａ",
        "å",
        "a\u030a",
        "\x00",
        "½",
        "🙂",
    ),
    *("{}", "{", "}", "{0}", "{a}", "{!r}", "{:d}", "%s", "\\", "\\1", '"', "'", "~", "null"),
    *("(", ")", "(a)|(b)", "(?P<value>[0-9]+)", "(?P<period>.*)", "(?P<a>x)(?P<b>y)", ".", ".*"),
    *("^", "$", "[", "a{1000}", "(?i)a", "\\d+", "\\p{L}", "^$", "x*", "(x*)*", "()", "true"),
    *("0", "-0", "1", "-1", "5", "<5", "< 5", ":", "..", "*", "1)", "¹", "1E+300", "1e-300"),
    *("NaN", "inf", "-", "−", "2024", "2024-13", "2024-02-30", "2024K1", "2024M12", "0001-01-01"),
    *("9999-12-31", "2026-01-01/2026-03-31", "alle", "land", "kommune", "Norge", "land:NO", "Oslo"),
    *("count", "percent", "million", "observation", "target", "rule", "exact", "provisional"),
    *("sfm_organisation_in_use_count", "eresept_package_share", "population", "pll", "innforing"),
    *("https://example.no/", "http://127.0.0.1/", "https://[::1]/", "https://a b/", "../x", "/x"),
    *("tall.csv", "metadata.json", "CONFIRM", "status", "unit", "row_reference", "name", "value"),
    *("æøå" * 400, "a" * 5000, "e-resept", "Æ", "ß", "İ", "ǅ", "𝟙", "١"),
)
WHOLE_NUMBERS = (0, 1, -1, 2, 4, 5, 12, 1000, 10**6, 10**12, 2**31, 2**53 + 1, 2**63, 10**30)
NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, 1e300, -1e300, 3600.0, float("inf"), float("nan"))


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Values that look right for a field of this type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return values_of(arguments[0])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of(*(values_of(argument) for argument in arguments))
    if origin is list:
        return st.lists(values_of(arguments[0]), max_size=3)
    if origin is tuple:
        return st.tuples(*(values_of(argument) for argument in arguments)).map(list)
    if origin is dict:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=3)
    return _plain_values_of(annotation)


@cache
def _plain_values_of(annotation: Any) -> st.SearchStrategy[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return st.deferred(lambda: _parts_of(annotation))
    plain = {
        str: st.sampled_from(TEXTS),
        int: st.sampled_from(WHOLE_NUMBERS),
        float: st.sampled_from((*NUMBERS, *WHOLE_NUMBERS)),
        bool: st.booleans(),
        type(None): st.none(),
        date: st.sampled_from((date(2024, 1, 1), date.min, date.max)),
    }
    return plain[annotation] if annotation in plain else st.sampled_from(TEXTS)


def _parts_of(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    fields = model.model_fields.items()
    required = {name: values_of(field.annotation) for name, field in fields if field.is_required()}
    others = {name: values_of(field.annotation) for name, field in fields}
    optional = {name: value for name, value in others.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


Spot = tuple[tuple[str | int, ...], Any]


def spots_of(part: Any, path: tuple[str | int, ...] = ()) -> Iterator[Spot]:
    """Every field there is or could be in a source file, with its type."""
    if isinstance(part, BaseModel):
        for name, field in type(part).model_fields.items():
            yield (*path, name), field.annotation
            yield from spots_of(getattr(part, name), (*path, name))
    elif isinstance(part, list | tuple):
        for number, inner in enumerate(part):
            yield from spots_of(inner, (*path, number))


@cache
def right_files() -> tuple[tuple[dict[str, Any], bytes, str, tuple[Spot, ...]], ...]:
    """A few source files of each reader that are right, with their bytes and every field."""
    found: dict[str, list[Path]] = {}
    for folder in cases("read"):
        text = (folder / "source.yaml").read_text(encoding="utf-8")
        found.setdefault(yaml.safe_load(text)["read"]["kind"], []).append(folder)
    chosen = [folder for folders in found.values() for folder in folders[:: len(folders) // 3 or 1]]
    return tuple(_right_file(folder) for folder in chosen)


def _right_file(folder: Path) -> tuple[dict[str, Any], bytes, str, tuple[Spot, ...]]:
    settings_of = yaml.safe_load((folder / "source.yaml").read_text(encoding="utf-8"))
    file = case_of(folder)["file"]
    spots = spots_of(read_source(folder / "source.yaml", name=""))
    return settings_of, (folder / file).read_bytes(), file, tuple(dict(spots).items())


def with_value(settings_of: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of the settings with this value at that path."""
    if not path:
        return value
    first, *rest = path
    inner = settings_of[first] if isinstance(first, int) else (settings_of or {}).get(first)
    changed = with_value(inner, tuple(rest), value)
    if isinstance(first, int):
        return [*settings_of[:first], changed, *settings_of[first + 1 :]]
    return (settings_of or {}) | {first: changed}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_a_source_file_is_refused_when_read_or_its_reading_ends_in_rows_or_reasons(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings_of, content, file, spots = data.draw(st.sampled_from(right_files()))
    for _ in range(data.draw(st.integers(1, 2))):
        path, annotation = data.draw(st.sampled_from(spots))
        try:
            settings_of = with_value(settings_of, path, data.draw(values_of(annotation)))
        except (TypeError, KeyError, IndexError, AttributeError):
            continue  # the first value left no room for the second
    source_file = tmp_path_factory.getbasetemp() / "any.yaml"
    source_file.write_text(
        yaml.safe_dump(settings_of, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    source, refusal = _source_or_refusal(source_file)
    if source is None:
        assert ", line " in refusal
    else:
        contents = {table.file: content for table in source.tables} | {file: content}
        assert _rows_or_refusal(source, contents)


def _source_or_refusal(path: Path) -> tuple[Source | None, str]:
    try:
        return read_source(path, name=""), ""
    except BadSourceFile as refusal:
        return None, refusal.where or ""


def _rows_or_refusal(source: Source, contents: dict[str, bytes]) -> bool:
    """Whether every row has become something, or there is a reason why not."""
    try:
        judged = judge_contents(source, contents, [], CODES, LATEST, source.name)
    except PllError as refusal:
        return bool(refusal.what)
    mapped = judged.judgement.mapped
    rows = (mapped.observations, mapped.targets, mapped.milestones, mapped.quarantine)
    return bool(sum(frame.height for frame in rows) or not mapped.row_count or mapped.not_read)
