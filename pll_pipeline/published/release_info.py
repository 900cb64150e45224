"""What every file of a release says about itself: which release, when, from what, under whose licence.

Not here: reading any of it from the register or the archive (the caller does), how a file format carries it (each
format's own module).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pll_pipeline.config import CONTRACT_VERSION

TITLE = "Nøkkeltall om innføringen av e-resept, kjernejournal, SFM, PLL og e-multidose"
TITLE_EN = (
    "Key figures on the introduction of e-resept, kjernejournal, SFM, PLL and e-multidose in Norway"
)
DESCRIPTION = (
    "Publiserte tall om digitale legemiddeltjenester i Norge, satt sammen fra flere utgivere; hver rad sier hvor tallet er fra. "
    "En tom celle betyr at tallet ikke er publisert, aldri null. Andeler ligger mellom 0 og 1. Tidspunkter er i UTC."
)
DESCRIPTION_EN = (
    "Published figures on digital medicine services in Norway, put together from several publishers; each row says where its figure is from. "
    "An empty cell means that the figure is not published, never zero. Shares lie between 0 and 1. Times are in UTC."
)
SIMULATED = "SIMULERTE TALL: ingen har publisert dem, og de er aldri statistikk."
SIMULATED_EN = "SIMULATED FIGURES: nobody published them, and they are never statistics."

# What publishers call a licence → its identifier and address. A licence told in other words is passed on in those words.
LICENCES = {
    "NLOD 1.0": ("NLOD-1.0", "https://data.norge.no/nlod/no/1.0"),
    "NLOD 2.0": ("NLOD-2.0", "https://data.norge.no/nlod/no/2.0"),
    "CC BY 4.0": ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "CC0 1.0": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
}


def address_of_licence(text: str) -> str | None:
    """The address of a licence that is known by its name; None for one told in other words."""
    return LICENCES[text][1] if text in LICENCES else None


@dataclass(frozen=True)
class Inputs:
    """What a release is made from, as the night knows it.

    `fingerprint` is one hash over everything the figures depend on. `snapshots` have source_name, snapshot_at, sha256;
    `stale_sources` have source_name, reason, snapshot_at (None when nothing is held); `sources` have at least title,
    title_en, publisher, landing_page, licence and attribution; `drift` has source_name, snapshot_at and what is told of
    that snapshot against the one before it; `dbt_manifest` is what dbt wrote of the build. Times are datetimes or ISO texts.
    """

    fingerprint: str
    is_simulated: bool
    snapshots: list[dict[str, Any]]
    stale_sources: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    code_version: str
    drift: list[dict[str, Any]] = field(default_factory=list)
    dbt_manifest: Path | None = None


@dataclass(frozen=True)
class ReleaseInfo:
    """One release's imprint. `built_at` is UTC."""

    release_id: str
    built_at: datetime
    inputs: Inputs

    @property
    def facts(self) -> dict[str, Any]:
        """What identifies the release, as `release.json` and `meta.release` say it."""
        return {
            "release_id": self.release_id,
            "built_at": iso(self.built_at),
            "contract_version": CONTRACT_VERSION,
            "code_version": self.inputs.code_version,
            "is_simulated": self.inputs.is_simulated,
            "fingerprint": self.inputs.fingerprint,
        }

    @cached_property
    def licences(self) -> tuple[str, ...]:
        """Every licence among the sources once, in the order of the sources."""
        return tuple(dict.fromkeys(source["licence"] for source in self.inputs.sources))

    @cached_property
    def attributions(self) -> tuple[str, ...]:
        """Every text to print beside the figures once, in the order of the sources."""
        return tuple(dict.fromkeys(source["attribution"] for source in self.inputs.sources))


def iso(value: Any) -> Any:
    """A date or a time as ISO text, times in UTC ending in Z; anything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
