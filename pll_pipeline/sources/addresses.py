"""Keys in addresses: given by the environment as `${PLL_NAME}`, and left out of every text.

An address is written down as its source file has it; its key is put in only where it is asked.
Not here: asking (`raw/http/`), which addresses may be asked (`raw/http/address_guard.py`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from pll_pipeline.errors import PllError

HIDDEN = "…"
LEAST_CHARACTERS = 6
# Settings of the pipeline itself, which no source file may send to a publisher.
_SETTINGS = frozenset(
    {"PLL_DATA", "PLL_DEBUG", "PLL_ALERT_WEBHOOK", "PLL_PING_URL", "PLL_LONGEST_NIGHT_HOURS"}
)
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"PLL_[A-Z0-9_]+")
_SECRET_NAMES = frozenset(
    {"auth", "authorization", "awsaccesskeyid", "code", "credential", "jwt", "key", "passphrase"}
    | {"passwd", "password", "pwd", "secret", "session", "sessionid", "sid", "sig", "signature"}
    | {"skoid", "sktid", "token"}
)
_SECRET_ENDS = ("accesskey", "apikey", "credential", "password", "secret", "signature", "token")
_KEY_ENDS = ("_key", "-key", ".key")
# Also where the address is itself a value of a query, with its punctuation encoded.
_PARAMETER = re.compile(
    r"(?P<before>[?&;]|%3f|%26)(?P<name>[\w.-]+)(?P<sign>=|%3d)"
    r"(?P<value>\$\{\w+\}|(?:(?!%26|%3f)[^&#;\s\"'<>\\])*)",
    re.IGNORECASE,
)
_USER = re.compile(r"(?<=//)[^/\s@?#\"'<>]{1,200}@")
_ENCODED_RECORD = re.compile(r"eyJ[\w-]{16}")


def is_secret_name(name: str) -> bool:
    """Whether a parameter of this name is taken for a key, as `sig`, `code` or `access_token`."""
    low = name.lower()
    joined = low.replace("_", "").replace("-", "").replace(".", "")
    return joined in _SECRET_NAMES or joined.endswith(_SECRET_ENDS) or low.endswith(_KEY_ENDS)


def without_keys(text: str, declared: Collection[str] = ()) -> str:
    """The text without user names, passwords and keys in the addresses in it.

    A key is the value of a parameter whose name `is_secret_name` or that is `declared` one, and a
    value that is an encoded record, as a view address of Power BI has it. Variables stay.
    """
    names = {name.lower() for name in declared}

    def hidden(match: re.Match[str]) -> str:
        value = match["value"]
        is_secret = is_secret_name(match["name"]) or match["name"].lower() in names
        if not value or value.startswith("${") or not (is_secret or _ENCODED_RECORD.match(value)):
            return match[0]
        return f"{match['before']}{match['name']}{match['sign']}{HIDDEN}"

    return _USER.sub(f"{HIDDEN}@", _PARAMETER.sub(hidden, text))


def variables_of(address: str) -> list[str]:
    """The names of the variables in an address. Raises `ValueError` for one that may not be."""
    host, _, rest = address.partition("://")[2].partition("/")
    names = _VARIABLE.findall(address)
    if "${" in host or "${" in _VARIABLE.sub("", rest):
        raise ValueError("a variable is written ${PLL_NAME}, after the host")
    for name in names:
        if not _NAME.fullmatch(name) or name in _SETTINGS:
            raise ValueError(
                f"{name!r} cannot be put into an address; name the variable PLL_ and then capital"
                " letters, digits or _"
            )
    return list(dict.fromkeys(names))


def variables_in(text: str) -> list[str]:
    """The names of the variables of keys in a source file."""
    return [name for name in dict.fromkeys(_VARIABLE.findall(text)) if _NAME.fullmatch(name)]


def with_variables(address: str, source_name: str) -> str:
    """The address with a variable, named after the source and the parameter, for each key in it."""

    def named(match: re.Match[str]) -> str:
        if match["value"].startswith("${") or not match["value"]:
            return match[0]
        if not is_secret_name(match["name"]):
            return match[0]
        variable = re.sub(r"[^A-Z0-9]", "_", f"PLL_{source_name}_{match['name']}".upper())
        return f"{match['before']}{match['name']}{match['sign']}${{{variable}}}"

    return _PARAMETER.sub(named, address)


def values_of(address: str) -> dict[str, str]:
    """The parameters in the query of an address, as they are written there."""
    query = address.partition("#")[0].partition("?")[2]
    pairs = (part.partition("=") for part in query.split("&"))
    return {name: value for name, _, value in pairs if value}


@dataclass(frozen=True)
class AddressKeys:
    """The keys of one address: `values` by the name of their variable, and `declared` names."""

    values: Mapping[str, str]
    declared: Collection[str] = ()

    @classmethod
    def of(cls, address: str, declared: Collection[str] = ()) -> AddressKeys:
        """Read the keys that an address names from the environment.

        Raises `PllError` for a variable that is not set or cannot be a key.
        """
        try:
            names = variables_of(address)
        except ValueError as error:
            raise PllError(
                f"The address is not right: {error}",
                where=without_keys(address, declared),
                do="correct the address in the source file",
            ) from None
        return cls({name: _value(name, address) for name in names}, declared)

    def put_into(self, address: str) -> str:
        """The address as it is asked, with its keys."""
        return _VARIABLE.sub(lambda match: self.values.get(match[1], match[0]), address)

    def without(self, text: str) -> str:
        """The text with each key replaced by its variable, and without other keys."""
        for name, value in self.values.items():
            for form in _forms(value):
                text = text.replace(form, f"${{{name}}}")
        return without_keys(text, self.declared)

    def are_in(self, content: bytes) -> bool:
        """Whether bytes contain one of the keys that the environment gave."""
        values = self.values.values()
        return any(form.encode() in content for value in values for form in _forms(value))


def _forms(value: str) -> list[str]:
    """A key as addresses may write it, the longest first; also the parts of several parameters."""
    parts = [part.partition("=")[2] for part in value.split("&")] if "&" in value else []
    whole = [part for part in (value, *parts) if len(part) >= LEAST_CHARACTERS]
    forms = {form for text in whole for form in (text, unquote(text), quote(text, safe=""))}
    forms |= {quote(text, safe="%/:=&?~#+!$,;'@()*[]") for text in whole}
    return sorted(forms, key=lambda form: (-len(form), form))


def _value(name: str, address: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        what = f"The address needs the key {name}, which is not set"
    elif len(value) < LEAST_CHARACTERS:
        what = f"{name} is shorter than {LEAST_CHARACTERS} characters, so it cannot be a key"
    elif not value.isascii() or not value.isprintable() or " " in value or "#" in value:
        what = f"{name} contains characters that an address cannot have"
    else:
        return value
    raise PllError(
        what,
        where=without_keys(address),
        do=f"set {name} in the environment of the night, as `Environment={name}=…` of the service",
    )
