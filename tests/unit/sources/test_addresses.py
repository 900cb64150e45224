"""Keys of addresses come from the environment and leave no trace in a text."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from pll_pipeline.errors import PllError
from pll_pipeline.sources.addresses import (
    AddressKeys,
    is_secret_name,
    variables_in,
    with_variables,
    without_keys,
)
from pll_pipeline.sources.register import PACKAGED, BadSourceFile, enable, read_source

KEY = "aB3+/x9%2Bq=="


@pytest.mark.parametrize(
    "name",
    [
        "sig",
        "SIG",
        "code",
        "key",
        "apikey",
        "api_key",
        "X-Api-Key",
        "token",
        "access_token",
        "subscription-key",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "client_secret",
        "sessionId",
    ],
)
def test_a_parameter_is_taken_for_a_key_by_its_name(name: str) -> None:
    assert is_secret_name(name)
    assert without_keys(f"https://a.no/f?x=1&{name}=hemmelig&y=2#b") == (
        f"https://a.no/f?x=1&{name}=…&y=2#b"
    )


@pytest.mark.parametrize("name", ["region", "keyword", "monkey", "tokens_per_day", "format", "q"])
def test_other_parameters_are_kept(name: str) -> None:
    assert without_keys(f"https://a.no/f?{name}=1") == f"https://a.no/f?{name}=1"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://kari:hemmelig@a.no/f", "https://…@a.no/f"),
        ("(Caused by /f?sig=hemmelig): timed out", "(Caused by /f?sig=… timed out"),
        ("'/f?sig=hemmelig'", "'/f?sig=…'"),
        ("a?b=1&amp;sig=hemmelig", "a?b=1&amp;sig=…"),
        ("/f;jsessionid=1;token=hemmelig", "/f;jsessionid=1;token=…"),
        ("?next=https%3A%2F%2Fa.no%3Fsig%3Dhemmelig%26b", "?next=https%3A%2F%2Fa.no%3Fsig%3D…%26b"),
        ("/view?r=eyJrIjoiaGVtbWVsaWctbm9ra2VsIn0", "/view?r=…"),
        ("?sig=${PLL_SIG}&b=1", "?sig=${PLL_SIG}&b=1"),
        ("kari@a.no // sig", "kari@a.no // sig"),
    ],
)
def test_keys_are_left_out_of_any_text(text: str, shown: str) -> None:
    assert without_keys(text) == shown


@pytest.mark.parametrize("piece", ["?a=", "//", "%3f", "a", "x=y", "//a", "?sig=a", "@", "&;"])
def test_a_long_text_is_read_in_linear_time(piece: str) -> None:
    began = time.process_time()
    without_keys(piece * (100_000 // len(piece)))
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "key", [KEY, "sv=2024-11-04&sig=" + quote("a/b+c==hemmelig", safe=""), "plain_key_77"]
)
def test_a_key_of_the_environment_is_put_in_where_it_is_asked_and_nowhere_else(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLL_EXPORT", key)
    written = "https://a.no/f?x=1&${PLL_EXPORT}"
    keys = AddressKeys.of(written)
    assert keys.put_into(written) == f"https://a.no/f?x=1&{key}"
    for form in (key, quote(key, safe=""), quote(key, safe="%/:=&?~#+!$,;'@()*[]")):
        assert keys.without(f"at /f?x=1&{form} it failed") == "at /f?x=1&${PLL_EXPORT} it failed"
    assert keys.are_in(f"<a href='?{key}'>".encode())
    assert not keys.are_in(b"other")


def test_declared_parameters_are_keys_too() -> None:
    assert without_keys("https://a.no/?kode2=hemmelig", ["kode2"]) == "https://a.no/?kode2=…"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "needs the key PLL_EXPORT, which is not set"),
        ("  ", "not set"),
        ("kort", "shorter than 6"),
        ("to ord her", "characters that an address cannot have"),
        ("linje\nskift", "characters that an address cannot have"),
    ],
)
def test_a_key_that_is_missing_or_none_is_refused_by_name(
    value: str | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLL_EXPORT", raising=False)
    if value is not None:
        monkeypatch.setenv("PLL_EXPORT", value)
    with pytest.raises(PllError, match=reason) as failure:
        AddressKeys.of("https://a.no/f?sig=${PLL_EXPORT}")
    assert failure.value.where == "https://a.no/f?sig=${PLL_EXPORT}"


def _source_file(folder: Path, address: str, **settings: object) -> Path:
    source = yaml.safe_load((PACKAGED / "apotek.yaml").read_text(encoding="utf-8"))
    (file,) = {table["file"] for table in source["tables"]}
    source["fetch"] = {"kind": "http", "files": {file: address}, **settings}
    path = folder / "apotek.yaml"
    path.write_text(yaml.safe_dump(source), encoding="utf-8")
    return path


def test_a_source_file_names_the_variable_of_its_key(tmp_path: Path) -> None:
    path = _source_file(tmp_path, "https://a.no/f?kode=${PLL_EXPORT}", secret_parameters=["kode"])
    assert read_source(path).name == "apotek"


@pytest.mark.parametrize(
    "address",
    [
        "https://${PLL_HOST}/f",
        "https://a.no/f?k=${HOME}",
        "https://a.no/f?k=${PLL_ALERT_WEBHOOK}",
        "https://a.no/f?k=${PLL_DATA}",
        "https://a.no/f?k=${pll_export}",
        "https://a.no/f?k=${PLL_EXPORT",
        "https://a.no/f?k=${${PLL_A}}",
    ],
)
def test_a_source_file_can_name_no_other_variable(address: str, tmp_path: Path) -> None:
    with pytest.raises(BadSourceFile, match=r"variable|cannot be put into an address"):
        read_source(_source_file(tmp_path, address))


def test_a_key_in_an_address_given_by_hand_is_written_as_a_variable(tmp_path: Path) -> None:
    written = with_variables("https://a.no/f?x=1&sig=hemmelig&api-key=${PLL_A}", "my_source")
    assert written == "https://a.no/f?x=1&sig=${PLL_MY_SOURCE_SIG}&api-key=${PLL_A}"
    assert variables_in(written) == ["PLL_MY_SOURCE_SIG", "PLL_A"]
    _source_file(tmp_path, "https://a.no/f?x=1")
    path = enable("apotek", tmp_path, "https://a.no/f?sig=hemmelig")
    text = path.read_text(encoding="utf-8")
    assert "hemmelig" not in text
    assert "https://a.no/f?sig=${PLL_APOTEK_SIG}" in text


def test_a_declared_key_is_not_written_into_a_source_file(tmp_path: Path) -> None:
    path = _source_file(tmp_path, "https://a.no/f?kode=hemmelig", secret_parameters=["kode"])
    with pytest.raises(BadSourceFile, match="the value of kode is a key") as failure:
        read_source(path)
    assert "hemmelig" not in str(failure.value)
