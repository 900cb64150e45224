"""What a source file may say: one publication, how its bytes are read, and what its columns mean.

Every key is checked; an unknown one is an error. `python -m pll_pipeline.sources` writes `source.schema.json` from
these classes, so that an editor completes a source file. Not here: reading (`readers/`), applying the mapping
(`observations.py`), finding source files (`sources/__init__.py`).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pll_pipeline.columns import REGION_LEVELS

RESERVED_NAMES = frozenset({"source", "snapshot", "observation", "target", "milestone", "quarantine"})


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


Pattern = Annotated[str, AfterValidator(_pattern), Field(description="A regular expression, searched for anywhere in the text")]
RegionLevel = Literal[REGION_LEVELS]  # type: ignore[valid-type]
Convention = Literal["point", "norwegian", "norwegian_dotted"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FromColumn(_Strict):
    """The text of a published column, translated if a code list is given."""

    column: str
    pattern: Pattern | None = Field(None, description="Take the first group of this pattern instead of the whole text")
    template: str | None = Field(None, description="Put the text in place of {} here")
    codes: dict[str, str] | None = Field(None, description="Published text → what it means here; a text that is not listed is refused")
    otherwise: str | None = Field(None, description="What to take when pattern or codes do not match, instead of refusing the row")


class Case(_Strict):
    """Take something when a column's text matches a pattern."""

    column: str
    matches: Pattern
    take: Text


class FirstCase(_Strict):
    """The first case that matches decides."""

    cases: list[Case] = Field(min_length=1)
    otherwise: Text


Text = Annotated[str | FromColumn | FirstCase, Field(description="A constant, a column, or the first matching case")]


class Region(_Strict):
    """Which region a row is about: matched by name or code, level and validity."""

    name: Text = Field(description="The region as published: a name or an official code")
    level: Text = Field("", description="The publisher's word for the level; translated by `levels`")
    levels: dict[str, list[RegionLevel]] = Field(default_factory=dict, description="The publisher's word for a level → our levels, tried in this order")
    names: dict[str, str] = Field(default_factory=dict, description="What only this publisher says → region key")
    valid_on: date | None = Field(None, description="Day whose codes the publisher uses for all periods; else each row's own period")


class Period(_Strict):
    """Which period a row is about. An empty text is an undated figure."""

    text: Text
    is_inferred: Text = Field("false", description="`true` where the publisher's page is undated and the period was inferred")


class Value(_Strict):
    """One figure in a row. A long table has one of these, a wide table one per column."""

    column: str
    measure: Text
    unit: Text = Field("count", description="`count`, `percent` (divided by 100) or `million` (multiplied)")
    numbers: Convention | None = Field(None, description="Number convention of this column where it differs from the source's")
    suppressed: dict[str, tuple[float, float]] = Field(default_factory=dict, description="Mark of a suppressed cell → least and greatest value it may stand for")


class _Table(_Strict):
    file: str = Field(description="File of the snapshot")
    expected_columns: list[str] = Field(description="The published columns, in any order; another set refuses the snapshot")
    rows: tuple[int, int] = Field(description="Least and greatest number of rows one would believe")
    address: Text = Field("", description="Page that states the figure")
    context: Text = Field("", description="What the page says around it")


class ObservationTable(_Table):
    """A published table whose rows are figures (or targets, or rules)."""

    holds: Literal["observations"]
    kind: Text = Field("observation", description="`observation`, `target` or `rule`")
    values: list[Value] = Field(min_length=1)
    region: Region
    actor_type: Text
    period: Period
    qualifier: Text = Field("exact", description="exact, approx, at_least, at_most or estimate; hedges in the value's own text win")
    rounded_to: Text = Field("", description="What an exact figure was rounded to, as a number; empty when not rounded")
    status: Text = Field("observed", description="observed or provisional")


class MilestoneTable(_Table):
    """A published table whose rows say when something starts and ends."""

    holds: Literal["milestones"]
    service: Text
    region: Region
    area: Text
    actor_type: Text
    phase: Text
    starts: Text
    ends: Text
    is_inferred: Text = "false"
    statement: Text = Field("reported", description="reported, planned, target or superseded")


class Delimited(_Strict):
    """Delimited text."""

    kind: Literal["delimited"]
    encoding: Literal["utf-8", "windows-1252", "iso-8859-1", "utf-16"] = "utf-8"
    separator: Literal[",", ";", "\t", "|"] = ","


class Bundled(_Strict):
    """The bytes come with the checkout, or by `pll archive`; nobody is asked."""

    kind: Literal["bundled"]


class Source(_Strict):
    """One publication by one publisher, as the register knows it."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,60}$")]
    title: str
    title_en: str
    publisher: str
    landing_page: Annotated[str, Field(pattern=r"^https?://")]
    licence: str
    attribution: str
    cadence: Literal["irregular", "daily", "monthly", "quarterly", "yearly"]
    max_age_days: Annotated[int, Field(gt=0, description="Older than this, the newest snapshot is stale")]
    restates_history: bool = Field(True, description="True when each publication holds the whole history, so that only the newest counts")
    is_simulated: bool = False
    fetch: Bundled
    read: Delimited
    numbers: Convention = Field(description="How the publisher writes numbers; never guessed")
    tolerance: Annotated[float, Field(ge=0, le=1, description="Share of rows that may be in quarantine before the snapshot is refused")] = 0.0
    tables: list[Annotated[ObservationTable | MilestoneTable, Field(discriminator="holds")]] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_free(self) -> Source:
        if self.name in RESERVED_NAMES:
            raise ValueError(f"{self.name!r} is the name of a table of the warehouse; choose another")
        return self
