"""What every file of a release states about it: which release, when, from what, under what licence.

Not here: reading any of it from the register or the archive (the caller does), how a file format
carries it (each format's own module).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pll_pipeline.published.bilingual import Bilingual

# Of the names in the contract with users: a step means that some changed. See CHANGELOG.md.
CONTRACT_VERSION = "1.5"
TITLE = "Nøkkeltall om innføringen av e-resept, kjernejournal, SFM, PLL og e-multidose"
TITLE_EN = (
    "Key figures on the introduction of e-resept, kjernejournal, SFM, PLL and e-multidose in Norway"
)
DESCRIPTION = (
    "Publiserte tall om digitale legemiddeltjenester i Norge, satt sammen fra flere utgivere; "
    "hver rad sier hvor tallet er fra. En tom celle betyr at tallet ikke er publisert, aldri null. "
    "Andeler ligger mellom 0 og 1. Tidspunkter er i UTC."
)
DESCRIPTION_EN = (
    "Published figures on digital medicine services in Norway, put together from several "
    "publishers; each row says where its figure is from. An empty cell means that the figure is "
    "not published, never zero. Shares lie between 0 and 1. Times are in UTC."
)
SIMULATED = "SIMULERTE TALL: ingen har publisert dem, og de er aldri statistikk."
SIMULATED_EN = "SIMULATED FIGURES: not published by anyone, and never statistics."

# The name that publishers give a licence → its identifier and address. Any other text about terms
# of use is passed on as it is.
LICENCES = {
    "NLOD 1.0": ("NLOD-1.0", "https://data.norge.no/nlod/no/1.0", "NLOD_1_0"),
    "NLOD 2.0": ("NLOD-2.0", "https://data.norge.no/nlod/no/2.0", "NLOD_2_0"),
    "CC BY 4.0": ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/", "CC_BY_4_0"),
    "CC0 1.0": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/", "CC0"),
}


def listed_licence(text: str) -> str | None:
    """The code in EU's list of licences, by the name that publishers use; None for other texts."""
    return LICENCES[text][2] if text in LICENCES else None


@dataclass(frozen=True)
class Inputs:
    """What a release is made from. Times are datetimes or ISO texts.

    `fingerprint` is one hash over everything the figures depend on. `dbt_manifest` is the file that
    dbt wrote about the build, `built_on` the name and version of what computed the tables.
    `publisher` and `base_url`, ending in `/`, are who publishes the release and where; None where
    the operator has not stated it. The rows of the lists have at least these fields:

    - `snapshots`: source_name, snapshot_at, sha256
    - `stale_sources`: source_name, reason, snapshot_at (None when no snapshot is accepted)
    - `sources`: source_name, title, title_en, publisher, landing_page, licence, attribution
    - `drift`: source_name, snapshot_at, changes (texts: how it differs from the snapshot before)
    - `page_texts`: source_name, snapshot_at, and the fields of `validated/page_changes.PageText`:
      what the newest page of a source says of its own change, and its sentences new and gone
    """

    fingerprint: str
    is_simulated: bool
    snapshots: list[dict[str, Any]]
    stale_sources: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    code_version: str
    dbt_manifest: Path
    built_on: str = ""
    drift: list[dict[str, Any]] = field(default_factory=list)
    page_texts: list[dict[str, Any]] = field(default_factory=list)
    publisher: str | None = None
    base_url: str | None = None


@dataclass(frozen=True)
class ReleaseInfo:
    """What a release states about itself. `built_at` is UTC."""

    release_id: str
    built_at: datetime
    inputs: Inputs

    @property
    def facts(self) -> dict[str, Any]:
        """What identifies the release, in `release.json` and in `meta.release`."""
        return {
            "release_id": self.release_id,
            "built_at": iso(self.built_at),
            "contract_version": CONTRACT_VERSION,
            "code_version": self.inputs.code_version,
            "is_simulated": self.inputs.is_simulated,
            "fingerprint": self.inputs.fingerprint,
        }

    @property
    def title(self) -> Bilingual:
        """The title of the release; one of simulated figures says so first."""
        if self.inputs.is_simulated:
            return Bilingual(f"Simulert: {TITLE}", f"Simulated: {TITLE_EN}")
        return Bilingual(TITLE, TITLE_EN)

    @property
    def description(self) -> Bilingual:
        """What the release contains; one of simulated figures says so first."""
        if self.inputs.is_simulated:
            return Bilingual(f"{SIMULATED} {DESCRIPTION}", f"{SIMULATED_EN} {DESCRIPTION_EN}")
        return Bilingual(DESCRIPTION, DESCRIPTION_EN)

    @cached_property
    def licences(self) -> tuple[str, ...]:
        """Every licence among the sources once, in the order of the sources."""
        return tuple(dict.fromkeys(source["licence"] for source in self.inputs.sources))

    @cached_property
    def attributions(self) -> tuple[str, ...]:
        """Every text to print beside the figures once, in the order of the sources."""
        return tuple(dict.fromkeys(source["attribution"] for source in self.inputs.sources))


def iso(value: Any) -> Any:
    """A date or a time as ISO text, times in UTC ending in Z; anything else unchanged."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
