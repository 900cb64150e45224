"""The register: every source file, read and checked.

Packaged files lie here; an operator's own lie in `data/sources/` and win over a packaged one of the same name.
`python -m pll_pipeline.sources` writes the JSON Schema that editors use. Not here: what a file may say (`model.py`).
"""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from pydantic import ValidationError

from pll_pipeline.config import PllError
from pll_pipeline.sources.model import Source

PACKAGED = Path(__file__).resolve().parent
SCHEMA_FILE = PACKAGED / "source.schema.json"


class BadSourceFile(PllError):
    """A source file that says something it may not, or cannot be read."""


def read_source(path: Path) -> Source:
    """One source file, checked. Raises `BadSourceFile` naming the file and the key."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        source = Source.model_validate(said)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadSourceFile(f"The source file is not readable YAML: {' '.join(str(error).split())}", where=str(path), do="mend the YAML") from error
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
    if source.name != path.stem:
        raise BadSourceFile(f"The source is named {source.name!r}, its file {path.stem!r}", where=str(path), do="give both the same name")
    return source


def register(own: Path | None = None) -> dict[str, Source]:
    """Every source by name, packaged and the operator's `own`, in alphabetical order."""
    paths = {path.stem: path for folder in (PACKAGED, own) if folder and folder.is_dir() for path in folder.glob("*.yaml")}
    return {name: read_source(paths[name]) for name in sorted(paths)}


def source_path(name: str, own: Path | None = None) -> Path | None:
    """Where the file of a source lies; the operator's own wins."""
    candidates = [folder / f"{name}.yaml" for folder in (own, PACKAGED) if folder]
    return next((path for path in candidates if path.is_file()), None)


def json_schema() -> str:
    """The JSON Schema of a source file, as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Source.model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
