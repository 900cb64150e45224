"""The register: every source file, read and checked.

Packaged files are in this folder; an operator's own are in `data/sources/` and win over a packaged
one of the same name. `python -m pll_pipeline.sources` writes the JSON Schema that editors use. Not
here: what a file may say (`model.py`, `consistency.py`), its text (`yaml_text.py`).
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from pll_pipeline.config import CHECKOUT
from pll_pipeline.errors import PllError
from pll_pipeline.sources.consistency import faults
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.yaml_text import Parsed, YamlFault, parse
from pll_pipeline.vocabulary.codes import load_codes

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PACKAGED = Path(__file__).resolve().parent
RESERVED_WORD = "enable"  # `pll sources enable NAME`
SCHEMA_FILE = PACKAGED / "source.schema.json"
_SEEDS = CHECKOUT / "dbt_project" / "seeds"
Key = tuple[Any, ...]
_WORDS = {
    "extra_forbidden": "there is no such key",
    "missing": "this key is missing",
    "model_type": "keys and values are expected here",
}
_SEE = f"correct the file; {SCHEMA_FILE.name} lists what a source file may say"


class BadSourceFile(PllError):
    """A source file that says something it may not, or cannot be read."""


def read_source(path: Path, name: str | None = None) -> Source:
    """One source file, checked.

    The source must be called `name`, by default the name of the file; "" for any name. Raises
    `BadSourceFile` naming the file, the line and the key.
    """
    return _checked(path, _text(path), path.stem if name is None else name)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadSourceFile(
            f"The source file cannot be read: {error.strerror}",
            where=str(path),
            do="give the path of a source file",
        ) from error
    except UnicodeDecodeError as error:
        raise BadSourceFile(
            f"The source file is not UTF-8: {error}", where=str(path), do="save it as UTF-8"
        ) from error


def _parsed(path: Path, text: str) -> Parsed:
    try:
        return parse(text)
    except YamlFault as fault:
        raise BadSourceFile(fault.what, where=f"{path}, line {fault.line}", do=fault.do) from fault


def _checked(path: Path, text: str, name: str) -> Source:
    parsed = _parsed(path, text)
    try:
        source = Source.model_validate(parsed.value)
    except ValidationError as error:
        raise _refusal(error, parsed, path) from error
    if name and source.name != name:
        raise BadSourceFile(
            f"The source is named {source.name!r}, its file {name!r}",
            where=str(path),
            do="give both the same name",
        )
    if found := list(faults(source, load_codes(_SEEDS))):
        sentences = [f"line {parsed.line_of(key)}, {_named(key)}: {what}" for key, what in found]
        more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
        raise BadSourceFile(
            f"The source file is not right in {'; '.join(sentences[:3])}{more}",
            where=f"{path}, line {parsed.line_of(found[0][0])}",
            do=_SEE,
        )
    return source


def _refusal(error: ValidationError, parsed: Parsed, path: Path) -> BadSourceFile:
    """The complaint that helps most: a text without quotes, or else the deepest.

    A key that may have several forms fails once per form.
    """
    complaints = error.errors()
    for complaint in complaints:
        key = _place(complaint, parsed)
        is_key = complaint["loc"][-1:] == ("[key]",)
        if is_key and key not in parsed.keys_not_text:
            key = next((known for known in parsed.keys_not_text if known[:-1] == key), key)
        text = (parsed.keys_not_text if is_key else parsed.not_text).get(key)
        if text is not None and complaint["type"] in ("string_type", "literal_error"):
            return _unquoted(text, key, complaint["input"], parsed, path)
    deepest = max(complaints, key=lambda complaint: len(complaint["loc"]))
    key = _place(deepest, parsed)
    words = _WORDS.get(deepest["type"], deepest["msg"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return BadSourceFile(
        f"The source file is not right at {_named(key)}: {words}{more}",
        where=f"{path}, line {parsed.line_of(key) or 1}",
        do=_SEE,
    )


def _unquoted(text: str, key: Key, value: object, parsed: Parsed, path: Path) -> BadSourceFile:
    if not text:
        what, do = f"{_named(key)} has no value", "give it a value, or remove the line"
    else:
        what = f"{text} at {_named(key)} is not in quotes, so YAML reads it as {_as_yaml(value)}"
        do = f'put it in quotes: "{text}"'
    return BadSourceFile(what, where=f"{path}, line {parsed.line_of(key)}", do=do)


def _as_yaml(value: object) -> str:
    """What YAML takes a value for that was meant as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return {int: f"the number {value}", float: f"the number {value}", date: "a date"}.get(
        type(value), "no text"
    )


def _place(complaint: ErrorDetails, parsed: Parsed) -> Key:
    """The path in the file of a complaint, whose own path has names of forms between the keys."""
    value: Any = parsed.value
    key: Key = ()
    for part in complaint["loc"]:
        if isinstance(value, dict):
            inside = next(
                (known for known in value if known == part or str(known) == str(part)), None
            )
            if inside is not None:
                key, value = (*key, inside), value[inside]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            key, value = (*key, part), value[part]
    return (*key, complaint["loc"][-1]) if complaint["type"] == "missing" else key


def _named(key: Key) -> str:
    return ".".join(str(part) for part in key) or "the file as a whole"


def register(own: Path | None = None) -> dict[str, Source]:
    """Every source that takes part in a night, by name: packaged ones and the operator's `own`."""
    return {name: source for name, source in known(own).items() if source.is_enabled}


def known(own: Path | None = None) -> dict[str, Source]:
    """Every source there is a file of, also those that are not enabled.

    Simulated figures never meet published ones: where the operator's own sources are simulated,
    packaged ones are left out. Raises `BadSourceFile` when own sources are of both kinds.
    """
    mine, packaged = (
        {path.stem: read_source(path) for path in sorted(folder.glob("*.yaml"))}
        if folder and folder.is_dir()
        else {}
        for folder in (own, PACKAGED)
    )
    kinds = {source.is_simulated for source in mine.values()}
    if len(kinds) > 1:
        raise BadSourceFile(
            "Simulated and published sources are in one folder",
            where=str(own),
            do="keep simulated ones in a data folder of their own",
        )
    register = mine if kinds == {True} else packaged | mine
    return {name: register[name] for name in sorted(register)}


def enable(name: str, own: Path, address: str | None) -> Path:
    """Write the operator's own file of a known source, enabled and asking at `address`.

    Without an address the file's own is kept. Returns the path of the file. Raises `BadSourceFile`
    when the result would not be a source file; then nothing is written.
    """
    path = source_path(name, own)
    if path is None:
        raise BadSourceFile(
            f"No source is named {name!r}", do=f"choose one of {', '.join(known(own))}"
        )
    settings = _parsed(path, _text(path)).value | {"is_enabled": True}
    if address is not None:
        settings["fetch"] |= _at_address(settings["fetch"], address, path)
    text = f"# made by `pll sources enable` from {path.name}; yours to change\n" + yaml.safe_dump(
        settings, sort_keys=False, allow_unicode=True, width=160
    )
    own.mkdir(parents=True, exist_ok=True)
    trial = own / f".writing-{name}.yaml"
    try:
        trial.write_text(text, encoding="utf-8")
        _checked(trial, text, name)
        trial.replace(own / f"{name}.yaml")
    finally:
        trial.unlink(missing_ok=True)
    return own / f"{name}.yaml"


def _at_address(fetch: dict[str, Any], address: str, path: Path) -> dict[str, Any]:
    """The settings that make a source ask at an address."""
    if "address" in fetch:
        return {"address": address}
    files = fetch.get("files", {})
    if len(files) != 1:
        raise BadSourceFile(
            f"{path.stem} has no single address to set",
            where=str(path),
            do="write the addresses into the source file",
        )
    return {"files": dict.fromkeys(files, address)}


def source_path(name: str, own: Path | None = None) -> Path | None:
    """The path of a source's file; the operator's own wins. None where there is none."""
    candidates = [folder / f"{name}.yaml" for folder in (own, PACKAGED) if folder]
    return next((path for path in candidates if path.is_file()), None)


def json_schema() -> str:
    """The JSON Schema of a source file, as text."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Source.model_json_schema(),
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
