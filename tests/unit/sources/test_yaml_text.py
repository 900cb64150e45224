"""The text of a source file means what a person reads, or is refused with its line."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pll_pipeline.sources.yaml_text import YamlFault, parse
from pll_pipeline.vocabulary.norwegian.text import composed


def fault_of(text: str) -> YamlFault:
    with pytest.raises(YamlFault) as fault:
        parse(text)
    return fault.value


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a"),
        ("a:\n  b: 1\n  b: 2\n", 3, "b"),
        ("- {a: 1, a: 2}\n", 1, "a"),
        ("a: 1\n'a': 2\n", 2, "a"),
        ("å: 1\na\u030a: 2\n", 2, "å"),
        ("a: &x {b: 1, b: 2}\n", 1, "b"),
        ("a:\n  <<: {b: 1, b: 2}\n", 2, "b"),
        ("a: &x {b: 1}\nc: {<<: *x, <<: {d: 1}}\n", 2, "<<"),
        ("c:\n  <<: [{b: 1}, {b: 2}]\n", 2, "b"),
        ("yes: 1\ntrue: 2\n", 2, "true"),
    ],
)
def test_a_key_that_is_given_twice_is_refused_with_its_line(text: str, line: int, key: str) -> None:
    fault = fault_of(text)
    assert fault.line == line
    assert f"The key '{key}' is given twice" in fault.what


@pytest.mark.parametrize(
    "code", ["0301", "01", "0o17", "1e3", "15E3", "12:30", "1:02:03", "1_000", "+07"]
)
@pytest.mark.parametrize(
    "form",
    ["{}: a\n", "a: {}\n", "a: [b, {}]\n", "- a: &x {}\n  b: *x\n", "a: {{<<: {{{}: b}}}}\n"],
)
def test_a_code_without_quotes_is_refused_wherever_it_is(code: str, form: str) -> None:
    fault = fault_of(f"\n{form.format(code)}")
    assert fault.line == 2
    assert f"{code} is not in quotes" in fault.what
    assert fault.do == f'put it in quotes: "{code}"'
    assert parse(form.format(f'"{code}"'))


def test_a_code_that_is_text_to_every_program_is_itself() -> None:
    assert parse("a: 0899\nb: [07459, 2024M01]\n").value == {"a": "0899", "b": ["07459", "2024M01"]}


@pytest.mark.parametrize("text", ["2024-13-01", "2024-02-30", "="])
def test_what_yaml_has_no_value_for_is_refused_with_its_line(text: str) -> None:
    fault = fault_of(f"a: 1\nb: {text}\n")
    assert (fault.line, fault.do) == (2, f'put it in quotes: "{text}"')


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("-3", -3), ("0", 0), ("0.25", 0.25), ("30000", 30000)]
)
def test_a_plain_number_is_one(text: str, number: float) -> None:
    assert parse(f"a: {text}\n").value == {"a": number}


def test_values_that_are_no_text_are_known_as_they_are_written() -> None:
    parsed = parse("a: no\nb:\n  2024: x\nc: 2024-01-01\n")
    assert parsed.not_text == {("a",): "no", ("c",): "2024-01-01"}
    assert parsed.keys_not_text == {("b", 2024): "2024"}
    assert (parsed.line_of(("b", 2024)), parsed.line_of(("c", "unknown"))) == (3, 4)


def test_own_keys_win_over_merged_ones_each_time_the_mapping_is_used() -> None:
    parsed = parse("a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2}\nc: *b\nd: {<<: *b, x: 3}\n")
    assert parsed.value["c"] == {"x": 1, "y": 2}
    assert parsed.value["d"] == {"x": 3, "y": 2}


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {b: *a}\n"])
def test_a_value_that_contains_itself_is_refused(text: str) -> None:
    assert "by its aliases" in fault_of(text).what


def test_a_text_that_grows_by_its_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    assert "by its aliases" in fault_of("\n".join(lines)).what


# letters that are the same in every form, so that no two keys are one when they are composed
_TEXTS = st.text(st.sampled_from("aåÆø09:.-#&*!|>'\"%@`{}[], ~<="), max_size=8)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _TEXTS | st.integers(-999, 999) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=4), st.booleans())
def test_what_is_written_in_quotes_comes_back_as_it_is(
    written: dict[str, Any], is_flow: bool
) -> None:
    text = yaml.safe_dump(
        written, default_style='"', allow_unicode=True, default_flow_style=is_flow
    )
    assert composed(repr(parse(text).value)) == composed(repr(yaml.safe_load(text)))
