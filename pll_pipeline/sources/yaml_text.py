"""The text of a source file → plain values, and the line each of them is on.

YAML reads an unquoted 0301 as 193, `no` as false, and lets the last of two equal keys win. Here a
key that is given twice and a number that is not written as one are errors with their line. Not
here: which keys there are (`model.py`), opening files (`register.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from pll_pipeline.vocabulary.norwegian.text import composed

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE_TAG = "tag:yaml.org,2002:merge"
# Numbers to YAML 1.1 and codes, times or marks to a person: 0301, 12:30, 1_000
_CODE_LIKE = re.compile(r"[+-]?0[0-9_]+|.*[0-9][:_][0-9].*")
# Texts to YAML 1.1 and numbers to other programs: 0o17, 1e3
_NUMBER_ELSEWHERE = re.compile(r"[+-]?(?:0o[0-7]+|[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+)")
_DEEPEST = 40
_MOST_VALUES = 200_000

Path = tuple[Any, ...]


class YamlFault(Exception):
    """A text that is not readable YAML, or that YAML reads as something else than is written."""

    def __init__(self, line: int, what: str, do: str) -> None:
        self.line, self.what, self.do = line, what, do
        super().__init__(what)


@dataclass
class Parsed:
    """Plain values, and by their path the line (from 1) each is on.

    `not_text` and `keys_not_text` have the values and keys that YAML does not read as text, as
    they are written.
    """

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    not_text: dict[Path, str] = field(default_factory=dict)
    keys_not_text: dict[Path, str] = field(default_factory=dict)

    def line_of(self, path: Path) -> int | None:
        """The line of a value, or of the nearest one around it."""
        for length in range(len(path), -1, -1):
            if (line := self.lines.get(path[:length])) is not None:
                return line
        return None


def parse(text: str) -> Parsed:
    """The values of a YAML text with their lines; letters are composed (NFC).

    Raises `YamlFault` for text that is not YAML, a key given twice, and an unquoted code.
    """
    text = composed(text)
    loader = _LOADER(text)
    try:
        _refuse_deep(text)
        node = loader.get_single_node()
        parsed = Parsed()
        if node is not None:
            for part in _nodes(node):
                if isinstance(part, yaml.MappingNode):
                    _refuse_repeated_keys(loader, part)
            parsed.value = _value(loader, node, (), parsed)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlFault(
            mark.line + 1 if mark else 1,
            f"The source file is not readable YAML: {error.problem or error.context}",
            "correct the line, or the one above it",
        ) from error
    except yaml.YAMLError as error:
        what = f"The source file is not readable YAML: {' '.join(str(error).split())}"
        raise YamlFault(1, what, "save it as plain text in UTF-8") from error
    finally:
        loader.dispose()
    return parsed


def _refuse_deep(text: str) -> None:
    """Refuse what is nested so deep that the library, which recurses in C, would crash."""
    depth = 0
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            line = int(event.start_mark.line) + 1 if event.start_mark else 1
            raise YamlFault(line, f"The source file nests more than {_DEEPEST} deep", "write less")


def _value(loader: Any, node: yaml.Node, path: Path, parsed: Parsed) -> Any:
    parsed.lines.setdefault(path, node.start_mark.line + 1)
    if len(path) > _DEEPEST or len(parsed.lines) > _MOST_VALUES:
        raise YamlFault(_line(node), "The source file grows too large by its aliases", "write less")
    if isinstance(node, yaml.MappingNode):
        return dict(_items(loader, node, path, parsed))
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, part, (*path, n), parsed) for n, part in enumerate(node.value)]
    value = _scalar(loader, node)
    if not isinstance(value, str):
        parsed.not_text[path] = node.value
    return value


def _items(
    loader: Any, node: yaml.MappingNode, path: Path, parsed: Parsed
) -> Iterator[tuple[Any, Any]]:
    """The keys and values of a mapping, each key once. Its own keys win over merged ones (`<<`)."""
    loader.flatten_mapping(node)
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node)
        parsed.lines[(*path, key)] = _line(key_node)
        if not isinstance(key, str):
            parsed.keys_not_text[(*path, key)] = key_node.value
        yield key, _value(loader, value_node, (*path, key), parsed)


def _nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Every node once, in the order of the text, before merged keys are put into mappings."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            waiting += [part for pair in reversed(node.value) for part in reversed(pair)]
        elif isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)


def _refuse_repeated_keys(loader: Any, node: yaml.MappingNode) -> None:
    """Refuse a key that a mapping gives twice, and one that two mappings merged into it give."""
    first_lines: dict[Any, int] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise YamlFault(_line(key_node), "A key is not a text", "write the key as one word")
        is_merge = key_node.tag == _MERGE_TAG
        key = _MERGE_TAG if is_merge else _scalar(loader, key_node)
        if key in first_lines:
            raise YamlFault(
                _line(key_node),
                f"The key {key_node.value!r} is given twice, in line {first_lines[key]} and again",
                "keep one of the two lines",
            )
        first_lines[key] = _line(key_node)
        if is_merge and isinstance(value_node, yaml.SequenceNode):
            _refuse_repeated_merged_keys(loader, value_node)


def _refuse_repeated_merged_keys(loader: Any, merged: yaml.SequenceNode) -> None:
    keys: set[Any] = set()
    for part in merged.value:
        pairs = part.value if isinstance(part, yaml.MappingNode) else []
        own = {_scalar(loader, key) for key, _ in pairs if key.tag != _MERGE_TAG}
        if twice := keys & own:
            raise YamlFault(
                _line(merged),
                f"The key {min(map(str, twice))!r} is given twice, by two of the merged mappings",
                "merge one of them, or write the key itself",
            )
        keys |= own


def _scalar(loader: Any, node: yaml.Node) -> Any:
    """The value of a text, number, truth or date.

    Refuses what is a code to a person and a number to YAML or to other programs, and what is a
    date or a sign of YAML's own in form only.
    """
    try:
        value = loader.construct_object(node)
    except (ValueError, yaml.constructor.ConstructorError) as error:
        raise _unquoted(node, "has no value for it") from error
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and _CODE_LIKE.fullmatch(node.value):
        raise _unquoted(node, f"reads it as the number {value}")
    is_plain = isinstance(node, yaml.ScalarNode) and not node.style
    if isinstance(value, str) and is_plain and _NUMBER_ELSEWHERE.fullmatch(value):
        raise _unquoted(node, "may read it as a number")
    return value


def _unquoted(node: yaml.Node, reading: str) -> YamlFault:
    return YamlFault(
        _line(node),
        f"{node.value} is not in quotes, so YAML {reading}",
        f'put it in quotes: "{node.value}"',
    )


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
