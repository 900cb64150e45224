"""What a source file may say: one publication, how its bytes are read, and what its columns mean.

Every key is checked; an unknown one is an error. `python -m pll_pipeline.sources.register` writes `source.schema.json` from
these classes, so that an editor completes a source file. Not here: reading (`readers/`), applying the mapping
(`observations.py`), finding source files (`sources/__init__.py`).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pll_pipeline.vocabulary.columns import REGION_LEVELS

RESERVED_NAMES = frozenset(
    {"enable", "source", "snapshot", "observation", "target", "milestone", "quarantine"}
)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


Pattern = Annotated[
    str,
    AfterValidator(_pattern),
    Field(description="A regular expression, searched for anywhere in the text"),
]
RegionLevel = Literal[REGION_LEVELS]  # type: ignore[valid-type]
Convention = Literal["point", "norwegian", "norwegian_dotted"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FromColumn(_Strict):
    """The text of a published column, translated if a code list is given."""

    column: str
    pattern: Pattern | None = Field(
        None, description="Take the first group of this pattern instead of the whole text"
    )
    template: str | None = Field(None, description="Put the text in place of {} here")
    codes: dict[str, str] | None = Field(
        None,
        description="Published text → what it means here; a text that is not listed is refused",
    )
    otherwise: str | None = Field(
        None,
        description="What to take when pattern or codes do not match, instead of refusing the row",
    )


class Case(_Strict):
    """Take something when a column's text matches a pattern."""

    column: str
    matches: Pattern
    take: Text


class FirstCase(_Strict):
    """The first case that matches decides."""

    cases: list[Case] = Field(min_length=1)
    otherwise: Text


Text = Annotated[
    str | FromColumn | FirstCase,
    Field(description="A constant, a column, or the first matching case"),
]


class Region(_Strict):
    """Which region a row is about: matched by name or code, level and validity."""

    name: Text = Field(description="The region as published: a name or an official code")
    level: Text = Field(
        "", description="The publisher's word for the level; translated by `levels`"
    )
    levels: dict[str, list[RegionLevel]] = Field(
        default_factory=dict,
        description="The publisher's word for a level → our levels, tried in this order",
    )
    names: dict[str, str] = Field(
        default_factory=dict, description="What only this publisher says → region key"
    )
    valid_on: date | None = Field(
        None,
        description="Day whose codes the publisher uses for all periods; else each row's own period",
    )


class Period(_Strict):
    """Which period a row is about. An empty text is an undated figure."""

    text: Text
    is_inferred: Text = Field(
        "false",
        description="`true` where the publisher's page is undated and the period was inferred",
    )


class Value(_Strict):
    """One figure in a row. A long table has one of these, a wide table one per column."""

    column: str
    measure: Text
    unit: Text = Field(
        "count", description="`count`, `percent` (divided by 100) or `million` (multiplied)"
    )
    numbers: Convention | None = Field(
        None, description="Number convention of this column where it differs from the source's"
    )
    suppressed: dict[str, tuple[float, float | None]] = Field(
        default_factory=dict,
        description="Mark of a suppressed cell → least and greatest value it may stand for; null where there is no greatest",
    )
    mark_column: str | None = Field(
        None,
        description="Column that holds the mark where the cell itself is empty, as the status of a statistics bank",
    )


class LeaveOut(_Strict):
    """Rows that are no figures: counted, never read."""

    column: str
    matches: Pattern
    because: str = Field(min_length=3, description="Why such a row says nothing, in a sentence")


class _Table(_Strict):
    file: str = Field(description="File of the snapshot")
    expected_columns: list[str] = Field(
        description="The published columns, in any order; another set refuses the snapshot"
    )
    rows: tuple[int, int] = Field(description="Least and greatest number of rows one would believe")
    definition_columns: list[str] = Field(
        default_factory=list,
        description="Columns that say what is counted; when their texts change, the snapshot is refused until somebody has looked",
    )
    leave_out: list[LeaveOut] = Field(
        default_factory=list,
        description="Rows that are no figures, as codes that were not in use that year",
    )
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
    qualifier: Text = Field(
        "exact",
        description="exact, approx, at_least, at_most or estimate; hedges in the value's own text win",
    )
    rounded_to: Text = Field(
        "", description="What an exact figure was rounded to, as a number; empty when not rounded"
    )
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


Encoding = Literal["utf-8", "windows-1252", "iso-8859-1", "utf-16"]
Separator = Literal[",", ";", "\t", "|"]
ColumnNames = Annotated[
    list[str],
    Field(
        description="Names of all columns from left to right, in place of the published headings;"
        " for a table whose label columns have no heading. Empty: the published headings"
    ),
]


class Delimited(_Strict):
    """Delimited text. Lines above the header are title lines, and are not read."""

    kind: Literal["delimited"]
    encoding: Encoding = "utf-8"
    separator: Separator = ","
    header: list[str] = Field(
        default_factory=list,
        description="Texts of the header line: the first line that contains them all."
        " Empty: the first line after `skip_lines`",
    )
    skip_lines: Annotated[
        int, Field(ge=0, le=1000, description="Lines at the start of the file that are not read")
    ] = 0
    header_rows: Annotated[
        int,
        Field(
            ge=1,
            le=4,
            description="Lines the header spans, up to the line found; joined by ` / `",
        ),
    ] = 1
    columns: ColumnNames = []
    ends_at: Pattern | None = Field(
        None,
        description="First cell of the first line after the table, as `^Kilde:` or `^Brukte filtre`;"
        " that line and all below are not read",
    )


class Workbook(_Strict):
    """A sheet of an Excel workbook. Sheet and header are found by what they say, not by where they stand."""

    kind: Literal["workbook"]
    sheet: Pattern | None = Field(
        None, description="The sheet whose name matches; left out where the workbook has one sheet"
    )
    header: Annotated[
        list[str],
        Field(
            min_length=1, description="Texts of the header row: the first row that holds them all"
        ),
    ]
    header_rows: Annotated[
        int,
        Field(
            ge=1,
            le=4,
            description="Rows the header spans, from the row found and up; joined by ` / `",
        ),
    ] = 1
    columns: ColumnNames = []
    ends_at: Pattern | None = Field(
        None,
        description="First cell of the row after the table. Without it the table ends at an empty row"
        " that no row of the same kind follows",
    )
    scaled_numbers: Literal["refused", "as_shown"] = Field(
        "refused",
        description="Figures that a number format shows in thousands or millions: refused, or read as"
        " shown, so that the unit of the value says `thousand` or `million`",
    )


class Html(_Strict):
    """A table in a web page, found by its header."""

    kind: Literal["html"]
    encoding: Encoding = "utf-8"
    header: Annotated[
        list[str],
        Field(min_length=1, description="Texts of the header row of the table that is meant"),
    ]
    caption: Pattern | None = Field(
        None,
        description="The table's caption, or the heading before it, where several tables have such a header",
    )
    columns: ColumnNames = []


class ProseFigure(_Strict):
    """A figure in running text: the sentence that holds the anchor words, and the words of the figure in it."""

    name: str = Field(description="What the column `name` says of this figure")
    near: Pattern = Field(
        description="Words by which the sentence is known; exactly one sentence of the page must match"
    )
    pattern: Pattern = Field(
        description="The figure with its hedge; named groups become columns, and one of them is `value`"
    )


class Prose(_Strict):
    """Figures in the running text of a web page."""

    kind: Literal["prose"]
    encoding: Encoding = "utf-8"
    figures: Annotated[list[ProseFigure], Field(min_length=1)]


class JsonStat(_Strict):
    """A JSON-stat dataset, version 1 or 2."""

    kind: Literal["jsonstat"]


class PowerBi(_Strict):
    """Answers of a public Power BI report, as saved."""

    kind: Literal["powerbi"]
    result: Annotated[
        int | None,
        Field(ge=1, description="Which result of a saved answer with several, counted from 1"),
    ] = None
    additive: list[str] = Field(
        default_factory=list,
        description="Columns whose rows must sum to the total saved beside them; no shares, nothing that counts unique persons",
    )


Reading = Annotated[
    Delimited | Workbook | Html | Prose | JsonStat | PowerBi, Field(discriminator="kind")
]


class Bundled(_Strict):
    """The bytes come with the checkout, or by `pll archive`; nobody is asked."""

    kind: Literal["bundled"]


HttpAddress = Annotated[str, Field(pattern=r"^https?://[^\s/@]+(/\S*)?$", max_length=2000)]


class PoliteFetch(_Strict):
    """What every way of asking a publisher keeps to."""

    hosts: list[str] = Field(
        default_factory=list,
        description="Further hosts a redirect may lead to; the address's own always may",
    )
    allow_local: bool = Field(
        False,
        description="True for a publisher on a private or loopback network; then http is allowed too",
    )
    largest_bytes: Annotated[
        int,
        Field(
            gt=0,
            le=512 * 2**20,
            description="A longer answer is refused, also after it is unpacked",
        ),
    ] = 64 * 2**20
    total_seconds: Annotated[
        float,
        Field(gt=0, le=3600, description="An answer that is not whole after this is given up"),
    ] = 120.0


class Http(PoliteFetch):
    """Files at addresses, asked for with conditional requests."""

    kind: Literal["http"]
    files: Annotated[
        dict[str, HttpAddress | None],
        Field(min_length=1, description="Name of the file in the snapshot → its address"),
    ]
    content_types: list[str] = Field(
        default_factory=list,
        description="Media types the publisher answers with; empty: any but a web page where none is read",
    )


class PxWeb(PoliteFetch):
    """A table of a PxWeb statistics bank, API version 2, as JSON-stat 2."""

    kind: Literal["pxweb"]
    address: HttpAddress = Field(
        description="The API's address, as https://data.ssb.no/api/pxwebapi/v2"
    )
    table: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    file: str = Field(
        "table.json",
        description="Name of the file in the snapshot, also where the bank answers in several parts",
    )
    values: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Variable → codes or expressions such as *, TOP(10), FROM(2017)",
    )


class PowerBiField(_Strict):
    """A field of the report's model, as the report's own visuals use it."""

    entity: str = Field(description="Table of the model")
    property: str = Field(description="Column or measure of the table")
    aggregation: Literal["sum", "average", "count_distinct", "min", "max", "count"] | None = Field(
        None, description="For a column that is summed up; measures have their own"
    )
    type: (
        Literal["text", "decimal", "double", "whole number", "boolean", "date", "datetime"] | None
    ) = Field(
        None, description="The type it must have; left out, the one it had in the last snapshot"
    )


class PowerBiTable(_Strict):
    """A flat table asked of a report: every combination of the group columns with the values."""

    groups: list[PowerBiField] = Field(
        default_factory=list, description="Columns that make up a row, as region and month"
    )
    values: list[PowerBiField] = Field(
        default_factory=list, description="Measures, or columns summed up"
    )
    visual: str | None = Field(
        None,
        description="Name of a visual to fall back on, with the filters saved in it, where the report refuses our own query",
    )
    check_totals: bool = Field(
        True,
        description="Ask for the values without groups too, and hold sums against them where a value adds up",
    )

    @model_validator(mode="after")
    def _asks_something(self) -> PowerBiTable:
        if not self.groups and not self.values:
            raise ValueError("name at least one column or value")
        return self


class PowerBiReport(PoliteFetch):
    """A report published to the web. Only fields that its visuals use are asked for; hidden ones are refused."""

    kind: Literal["powerbi"]
    address: (
        Annotated[
            str,
            Field(
                pattern=r"^(https://[^\s/@]+/view\?\S+|http://127\.0\.0\.1:\d+/view\?\S+)$",
                max_length=2000,
            ),
        ]
        | None
    ) = Field(None, description="The report's view address")
    host_suffixes: list[str] = Field(
        default=[".analysis.windows.net", ".analysis.usgovcloudapi.net"],
        description="The key is sent to hosts that end so, and to no other; with allow_local also to the loopback host the address or the cluster names",
    )
    cluster: HttpAddress | None = Field(
        None, description="The report's cluster, where the view page no longer tells it"
    )
    allow_unseen_fields: bool = Field(
        False,
        description="True to ask for fields no visual uses; hidden ones are refused all the same",
    )
    rows_per_page: Annotated[int, Field(ge=1, le=30_000)] = 30_000
    most_pages: Annotated[int, Field(ge=1, le=10_000)] = 200
    pause_seconds: Annotated[float, Field(ge=0, le=10)] = 0.5
    tables: Annotated[
        dict[str, PowerBiTable],
        Field(
            min_length=1,
            description="Name of the file in the snapshot → what is asked; `metadata.json` and `schema.json` are taken",
        ),
    ]

    @model_validator(mode="after")
    def _names_of_files_are_free(self) -> PowerBiReport:
        if taken := self.tables.keys() & {"metadata.json", "schema.json"}:
            raise ValueError(
                f"{min(taken)} holds what the report says of itself; give the table another name"
            )
        return self


Fetching = Annotated[Bundled | Http | PxWeb | PowerBiReport, Field(discriminator="kind")]


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
    max_age_days: Annotated[
        int, Field(gt=0, description="Older than this, the newest snapshot is stale")
    ]
    restates_history: bool = Field(
        True,
        description="True when each publication holds the whole history, so that only the newest counts",
    )
    is_simulated: bool = False
    is_enabled: bool = Field(
        True,
        description="False: known and documented, but no part of a night until `pll sources enable`",
    )
    fetch: Fetching
    read: Reading
    numbers: Convention = Field(description="How the publisher writes numbers; never guessed")
    tolerance: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of rows that may be in quarantine before the snapshot is refused",
        ),
    ] = 0.0
    may_withdraw: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of the figures published before that may be gone from a new snapshot",
        ),
    ] = 0.0
    tables: list[Annotated[ObservationTable | MilestoneTable, Field(discriminator="holds")]] = (
        Field(min_length=1)
    )

    @model_validator(mode="after")
    def _names_are_free(self) -> Source:
        if self.name in RESERVED_NAMES:
            raise ValueError(
                f"{self.name!r} is a word of the warehouse or the command; choose another"
            )
        return self

    @model_validator(mode="after")
    def _somebody_can_be_asked(self) -> Source:
        addresses = (
            self.fetch.files.values()
            if isinstance(self.fetch, Http)
            else [getattr(self.fetch, "address", "nobody is asked")]
        )
        if self.is_enabled and not all(addresses):
            raise ValueError(
                "a source that takes part in a night says where it is published; give the address"
            )
        return self
