"""The register: every source file, read and checked.

Packaged files lie here; an operator's own lie in `data/sources/` and win over a packaged one of the same name.
`python -m pll_pipeline.sources` writes the JSON Schema that editors use. Not here: what a file may say (`model.py`).
"""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from pydantic import ValidationError

from pll_pipeline.errors import PllError
from pll_pipeline.sources.model import Source

PACKAGED = Path(__file__).resolve().parent
RESERVED_WORD = "enable"  # `pll sources enable NAME`
SCHEMA_FILE = PACKAGED / "source.schema.json"


class BadSourceFile(PllError):
    """A source file that says something it may not, or cannot be read."""


def read_source(path: Path) -> Source:
    """One source file, checked. Raises `BadSourceFile` naming the file and the key."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadSourceFile(
            f"The source file is not UTF-8: {error}", where=str(path), do="save it as UTF-8"
        ) from error
    return _checked(path, text, path.stem)


def _checked(path: Path, text: str, name: str) -> Source:
    try:
        source = Source.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise BadSourceFile(
            f"The source file is not readable YAML: {' '.join(str(error).split())}",
            where=str(path),
            do="mend the YAML",
        ) from error
    except ValidationError as error:
        # a key that may hold several kinds of things fails once per kind: the deepest complaint is the one that helps
        first = max(error.errors(), key=lambda complaint: len(complaint["loc"]))
        key = ".".join(str(part) for part in first["loc"]) or "the file as a whole"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise BadSourceFile(
            f"The source file does not hold at {key}: {first['msg']}{more}",
            where=str(path),
            do=f"see {SCHEMA_FILE.name} for what a source file may say",
        ) from error
    if source.name != name:
        raise BadSourceFile(
            f"The source is named {source.name!r}, its file {name!r}",
            where=str(path),
            do="give both the same name",
        )
    return source


def register(own: Path | None = None) -> dict[str, Source]:
    """Every source that takes part in a night, by name in alphabetical order: packaged ones and the operator's `own`."""
    return {name: source for name, source in known(own).items() if source.is_enabled}


def known(own: Path | None = None) -> dict[str, Source]:
    """Every source there is a file of, also those that are not enabled.

    Simulated figures never meet published ones: where the operator's own sources are simulated, packaged ones are not
    known. Raises `BadSourceFile` when own sources are of both kinds.
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
            "Simulated and published sources lie in one folder",
            where=str(own),
            do="keep simulated ones in a data folder of their own",
        )
    register = mine if kinds == {True} else packaged | mine
    return {name: register[name] for name in sorted(register)}


def enable(name: str, own: Path, address: str | None) -> Path:
    """Write the operator's own file of a known source, enabled and asking at `address`, and return where it lies.

    Without an address the file's own is kept. Raises `BadSourceFile` when the result would not be a source file; then
    nothing is written.
    """
    path = source_path(name, own)
    if path is None:
        raise BadSourceFile(
            f"No source is named {name!r}", do=f"choose one of {', '.join(known(own))}"
        )
    said = yaml.safe_load(path.read_text(encoding="utf-8")) | {"is_enabled": True}
    if address is not None:
        if "address" not in said["fetch"] and len(said["fetch"].get("files", ())) != 1:
            raise BadSourceFile(
                f"{name} has no single address to set",
                where=str(path),
                do="write the addresses into the source file",
            )
        said["fetch"] |= (
            {"address": address}
            if "address" in said["fetch"]
            else {"files": dict.fromkeys(said["fetch"]["files"], address)}
        )
    text = f"# made by `pll sources enable` from {path.name}; yours to change\n" + yaml.safe_dump(
        said, sort_keys=False, allow_unicode=True, width=160
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


def source_path(name: str, own: Path | None = None) -> Path | None:
    """Where the file of a source lies; the operator's own wins."""
    candidates = [folder / f"{name}.yaml" for folder in (own, PACKAGED) if folder]
    return next((path for path in candidates if path.is_file()), None)


def json_schema() -> str:
    """The JSON Schema of a source file, as text."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Source.model_json_schema(),
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
