"""Bytes → JSON, strictly, and the rows of a large answer a piece at a time, never all as a tree.

A key that is twice in one object, NaN, other encodings than UTF-8 and sizes beyond bounds are
refused. Numbers with a fraction come as `Decimal`, all digits kept.
Not here: what any key means, but for the way to the rows.
"""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import getitem
from typing import Any, TypeGuard

import msgspec

from pll_pipeline.validated.readers.powerbi.errors import MalformedAnswer

LARGEST_ANSWER = 256 * 2**20
CUT_FROM = 2**20
_PIECE = 2**19
_BETWEEN_OBJECTS = re.compile(rb"\}\s*,\s*\{")
_FAST = msgspec.json.Decoder(list[dict[str, Any]], float_hook=Decimal)


def parse(content: bytes, at: str) -> Any:
    """The JSON in `content`, packed or not. Raises `MalformedAnswer`.

    Instances of more than `CUT_FROM` bytes are `CutInstances` in place of a list.
    """
    if content[:2] == b"\x1f\x8b":
        content = _unpacked(content, at)
    if len(content) > LARGEST_ANSWER:
        raise MalformedAnswer(
            f"The answer is larger than {LARGEST_ANSWER // 2**20} MiB",
            where=at,
            do="ask for less at a time",
        )
    _refuse_other_encoding(content, at)
    content = content.removeprefix(codecs.BOM_UTF8)
    rest, cuts = _cut(content)
    tree = _strict(rest, at)
    for (*way, name), start, end in cuts:
        member = reduce(getitem, way, tree)
        if member[name] == []:
            member[name] = CutInstances(content, start, end, at)
    return tree


@dataclass(frozen=True)
class CutInstances:
    """The instances of a member as they are written, between two places of the content."""

    content: bytes
    start: int
    end: int
    at: str

    def pieces(self) -> Iterator[list[Any]]:
        """The instances in order, some thousand at a time."""
        start, size = self.start, _PIECE
        while start < self.end:
            # what is cut inside an instance or a text is no JSON: then the piece was too small
            between = _BETWEEN_OBJECTS.search(self.content, start + size, self.end)
            written = (
                b"[" + self.content[start : between.start() + 1 if between else self.end] + b"]"
            )
            try:
                instances = _FAST.decode(written)
            except (ValueError, RecursionError):
                if between:
                    size *= 2
                    continue
                instances = None
            if instances is None or not _has_single_keys(written, instances):
                instances = _strict(written, self.at)
            yield instances
            start = between.end() - 1 if between else self.end


def _has_single_keys(written: bytes, instances: list[dict[str, Any]]) -> bool:
    """True only where no object has a key twice: then every colon follows a key, or is in a text.

    False also where an object contains another one.
    """
    left = written.count(b":") - sum(map(len, instances))
    if left and b"\\u003" not in written:
        lists = (instance["C"] for instance in instances if type(instance.get("C")) is list)
        texts = (value for values in lists for value in values if type(value) is str)
        left -= "".join(texts).count(":")
    return not left


def pieces(instances: Any) -> Iterator[list[Any]]:
    """The instances of a member, parsed already or not."""
    if isinstance(instances, CutInstances):
        yield from instances.pieces()
    else:
        yield instances


def _strict(content: bytes, at: str) -> Any:
    try:
        return json.loads(
            content.decode(),
            object_pairs_hook=_without_repeats,
            parse_float=Decimal,
            parse_constant=_no_constant,
        )
    except RecursionError as error:
        raise MalformedAnswer("The answer is nested too deeply to be one", where=at) from error
    except (ValueError, ArithmeticError) as error:
        raise MalformedAnswer(f"The answer is not JSON: {error}", where=at) from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the key {twice!r} is there twice in one object")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _refuse_other_encoding(content: bytes, at: str) -> None:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        raise MalformedAnswer(
            f"The answer is not UTF-8: byte {error.start} cannot be read", where=at
        ) from error


def _unpacked(content: bytes, at: str) -> bytes:
    packed = zlib.decompressobj(wbits=31)
    try:
        plain = packed.decompress(content, LARGEST_ANSWER + 1)
    except zlib.error as error:
        raise MalformedAnswer(f"The packed answer cannot be unpacked: {error}", where=at) from error
    if (not packed.eof and len(plain) <= LARGEST_ANSWER) or packed.unused_data:
        raise MalformedAnswer("The packed answer is cut off, or more follows it", where=at)
    return plain


# --- nodes ----------------------------------------------------------------------------------------


def as_object(node: Any, what: str, at: str) -> dict[str, Any]:
    """The node, or `MalformedAnswer` where it is no object."""
    if not isinstance(node, dict):
        raise MalformedAnswer(
            f"{what[0].upper()}{what[1:]} should be an object, but is missing or something else",
            where=at,
        )
    return node


def as_list(node: Any, what: str, at: str) -> list[Any]:
    """The node, or `MalformedAnswer` where it is no list."""
    if not isinstance(node, list):
        raise MalformedAnswer(
            f"{what[0].upper()}{what[1:]} should be a list, but is missing or something else",
            where=at,
        )
    return node


def entries(node: Any) -> list[Any]:
    """The entries of a list; none where it is missing, or something else."""
    return node if isinstance(node, list) else []


def is_whole(node: Any) -> TypeGuard[int]:
    """Whether the node is a number without a fraction."""
    return isinstance(node, int) and not isinstance(node, bool)


# --- the rows of a large answer -------------------------------------------------------------------


class _DataShape(msgspec.Struct):
    PH: list[dict[str, msgspec.Raw]] = []


class _Dsr(msgspec.Struct):
    DS: list[_DataShape] = []


class _Data(msgspec.Struct):
    dsr: _Dsr


class _Result(msgspec.Struct):
    data: _Data


class _JobResult(msgspec.Struct):
    result: _Result


class _Answer(msgspec.Struct):
    results: list[_JobResult] = []


class _Saved(_Answer):
    pages: list[_Answer] = []


_Way = tuple[str | int, ...]


def _cut(content: bytes) -> tuple[bytes, list[tuple[_Way, int, int]]]:
    """The content with `[]` in place of each large list of instances.

    Beside it the way to each of them, and where it begins and ends.
    """
    kept, cuts, position = [], [], 0
    for way, raw in _instances_of(content):
        written = bytes(raw)
        key = re.compile(re.escape(json.dumps(way[-1]).encode()) + rb"\s*:\s*(?=\[)")
        starts = (
            match.end()
            for match in key.finditer(content, position)
            if content.startswith(written, match.end())
        )
        start = next(starts, None) if len(written) >= CUT_FROM else None
        if start is not None:
            kept.append(content[position : start + 1])
            position = start + len(written) - 1
            cuts.append((way, start + 1, position))
    return b"".join([*kept, content[position:]]), cuts


def _instances_of(content: bytes) -> Iterator[tuple[_Way, msgspec.Raw]]:
    """Every member of the rows by the way to it, in the order they are written.

    None where the content is small, or no answer.
    """
    if len(content) < CUT_FROM:
        return
    try:
        saved = msgspec.json.decode(content, type=_Saved)
    except (ValueError, RecursionError):
        return
    answers: list[tuple[_Way, _Answer]] = [((), saved)]
    answers += ((("pages", number), page) for number, page in enumerate(saved.pages))
    for way, answer in answers:
        for job, entry in enumerate(answer.results):
            to_shapes = (*way, "results", job, "result", "data", "dsr", "DS")
            for number, shape in enumerate(entry.result.data.dsr.DS):
                yield from _members_of(shape, (*to_shapes, number, "PH"))


def _members_of(shape: _DataShape, way: _Way) -> Iterator[tuple[_Way, msgspec.Raw]]:
    for number, member in enumerate(shape.PH):
        for name, written in member.items():
            yield (*way, number, name), written
