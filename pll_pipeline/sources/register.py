"""The register: every source file, read and checked.

Packaged files are in this folder; an operator's own are in `data/sources/` and win over a packaged
one of the same name. `python -m pll_pipeline.sources` writes the JSON Schema that editors use. Not
here: what a file may say (`model.py`, `consistency.py`), its text (`yaml_text.py`).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from pll_pipeline.config import CHECKOUT
from pll_pipeline.errors import PllError
from pll_pipeline.sources.addresses import with_variables
from pll_pipeline.sources.consistency import faults
from pll_pipeline.sources.model import Source
from pll_pipeline.sources.yaml_text import Parsed, YamlFault, parse
from pll_pipeline.vocabulary.codes import load_codes

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PACKAGED = Path(__file__).resolve().parent
RESERVED_WORD = "enable"  # `pll sources enable NAME`
SCHEMA_FILE = PACKAGED / "source.schema.json"
# A folder beside the operator's own source files: each as it was when it could be used last.
LAST_READ = ".last-read"
_MOST_BYTES = 2**20
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
        if path.exists() and not path.is_file():
            raise BadSourceFile("It is not a file", where=str(path), do=_SEE)
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise BadSourceFile(
                f"The source file is larger than {_MOST_BYTES} bytes",
                where=str(path),
                do="write less; tables of codes belong in dbt_project/seeds/",
            )
        return content.decode("utf-8-sig")
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


@lru_cache(maxsize=256)
def _checked(path: Path, text: str, name: str) -> Source:
    """The source that a text says; a night reads the register several times."""
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


@dataclass(frozen=True)
class Register:
    """Every source there is a file of, and every file that cannot be used.

    `sources` by name; where the file of one cannot be used today, the source is what it last was,
    with its `fault`. `left_out` are the files that cannot be used and never could be: the name of
    the source → a paragraph.
    """

    sources: dict[str, Source]
    left_out: dict[str, str]


def read_register(own: Path | None = None) -> Register:
    """The register of packaged files and the operator's `own`; one faulty file is only its own.

    Simulated figures never meet published ones: where the operator's own sources are simulated,
    packaged ones are left out. Raises `BadSourceFile` when own sources are of both kinds.
    """
    mine = _read_folder(own) if own and own.is_dir() else Register({}, {})
    taken = mine.sources.keys() | mine.left_out.keys()
    worlds = {source.is_simulated for source in mine.sources.values()}
    if len(worlds) > 1:
        raise BadSourceFile(
            "Simulated and published sources are in one folder",
            where=str(own),
            do="keep simulated ones in a data folder of their own",
        )
    packaged = _read_folder(PACKAGED, taken) if worlds != {True} else Register({}, {})
    sources = packaged.sources | mine.sources
    return Register(
        {name: sources[name] for name in sorted(sources)}, packaged.left_out | mine.left_out
    )


def register(own: Path | None = None) -> dict[str, Source]:
    """Every source that takes part in a night, by name: packaged ones and the operator's `own`."""
    return {name: source for name, source in known(own).items() if source.is_enabled}


def known(own: Path | None = None) -> dict[str, Source]:
    """Every source there is a usable file of, also those that are not enabled."""
    return read_register(own).sources


def left_out(own: Path | None = None) -> dict[str, str]:
    """The source files that cannot be used and never could be: name → a paragraph."""
    return read_register(own).left_out


def remember(own: Path) -> None:
    """Keep a copy of each own file that can be used, for the nights in which it no longer can.

    Copies of files that are gone are removed. Where the folder cannot be written, there are none.
    Only for the owner of the night's lock.
    """
    with suppress(OSError):
        _copy_usable(own)


def _copy_usable(own: Path) -> None:
    memory = own / LAST_READ
    files = {path.name: path for path in _files(own)} if own.is_dir() else {}
    for copy in sorted(memory.glob("*.yaml")):
        if copy.name not in files:
            copy.unlink()
    for name, path in files.items():
        with suppress(BadSourceFile):
            _read_safely(path)
            text, copy = path.read_bytes(), memory / name
            if not copy.is_file() or copy.read_bytes() != text:
                memory.mkdir(exist_ok=True)
                trial = copy.with_suffix(".writing")
                trial.write_bytes(text)
                trial.replace(copy)


def _files(folder: Path) -> list[Path]:
    """The source files of a folder; hidden ones are those of editors, or being written."""
    paths = [*folder.glob("*.yaml"), *folder.glob("*.yml")]
    return sorted(path for path in paths if not path.name.startswith("."))


def _read_folder(folder: Path, taken: Collection[str] = ()) -> Register:
    """The sources of a folder, without those whose names are `taken`."""
    found = Register({}, {})
    for path in _files(folder):
        name = path.stem if path.suffix == ".yaml" else path.name
        if name in taken:
            continue
        try:
            found.sources[name] = _read_safely(path)
        except BadSourceFile as error:
            shown = str(Path(folder.parent.name, folder.name, path.name))
            paragraph = error.paragraph().replace(str(path), shown)
            last = _as_last_read(folder / LAST_READ / path.name)
            if last is None:
                found.left_out[name] = paragraph
            else:
                found.sources[name] = last.with_fault(paragraph)
    return found


def _read_safely(path: Path) -> Source:
    """One source file, checked. Raises `BadSourceFile` whatever is wrong with it."""
    if path.suffix != ".yaml":
        raise BadSourceFile(
            "The name of a source file ends in .yaml",
            where=str(path),
            do=f"rename it to {path.stem}.yaml",
        )
    try:
        return read_source(path)
    except BadSourceFile:
        raise
    except Exception as error:
        raise BadSourceFile(
            f"The source file cannot be read: {type(error).__name__}: {error}",
            where=str(path),
            do=_SEE,
        ) from error


def _as_last_read(path: Path) -> Source | None:
    """The source as its file was when it could be used last, where it took part in nights."""
    try:
        source = _read_safely(path)
    except BadSourceFile:
        return None
    return source if source.is_enabled else None


def enable(name: str, own: Path, address: str | None) -> Path:
    """Write the operator's own file of a known source, enabled and asking at `address`.

    Without an address the file's own is kept; a key in the address is written as a variable.
    Returns the path of the file. Raises `BadSourceFile` when the result would not be a source file;
    then nothing is written.
    """
    path = source_path(name, own)
    if path is None:
        raise BadSourceFile(
            f"No source is named {name!r}", do=f"choose one of {', '.join(known(own))}"
        )
    settings = _parsed(path, _text(path)).value | {"is_enabled": True}
    if address is not None:
        address = with_variables(address, name)
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
    """The settings that make a source ask at an address, and look none up.

    Of a report it is a view address, or a page that embeds it.
    """
    if fetch.get("kind") == "powerbi":
        is_page = "/view?" not in address
        place = {"embedded_on": address} if is_page else {"address": address}
        return {"address": None, "embedded_on": None, "found_on": None, **place}
    if "address" in fetch:
        return {"address": address}
    files = fetch.get("files", {})
    if len(files) != 1:
        raise BadSourceFile(
            f"{path.stem} has no single address to set",
            where=str(path),
            do="write the addresses into the source file",
        )
    return {"files": dict.fromkeys(files, address), "found_on": None}


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
