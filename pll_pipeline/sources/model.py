"""What a source file may say: one publication, how its bytes are read, what its columns mean.

Every key is checked; an unknown one is an error. `python -m pll_pipeline.sources` writes
`source.schema.json` from these classes, so that an editor completes a source file. Not here:
reading (`validated/readers/`), applying the mapping (`validated/mapping.py`), finding and opening
source files (`register.py`).
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from pll_pipeline.sources.addresses import values_of, variables_of
from pll_pipeline.vocabulary import patterns
from pll_pipeline.vocabulary.columns import LARGEST_FIGURE, REGION_LEVELS
from pll_pipeline.vocabulary.norwegian.periods import IntervalEnd, read_period
from pll_pipeline.vocabulary.norwegian.text import (
    UnreadableText,
    comparable,
    comparable_mark,
    plain_letters,
)

# What `pll inspect` writes where a person must decide.
CONFIRM = "CONFIRM"
RESERVED_NAMES = frozenset(
    {"enable", "source", "snapshot", "observation", "target", "milestone", "quarantine"}
)
# Columns that every figure of running text has beside the groups of its pattern.
PROSE_COLUMNS = frozenset({"name", "context", "row_reference"})
# The unit of a column → what a number in it is multiplied with
UNIT_FACTORS = {
    "count": 1.0,
    "percent": 0.01,
    "per_mille": 0.001,
    "thousand": 1e3,
    "million": 1e6,
}


def _text_pattern(text: str) -> str:
    patterns.require_known(text)
    return text


def _pattern(text: str) -> str:
    return _text_pattern(plain_letters(text))


def _period(text: str) -> str:
    try:
        read_period(text, "included")
    except UnreadableText as error:
        raise ValueError(error.what) from error
    return text


def _template(text: str) -> str:
    if "{}" not in text:
        raise ValueError(f"{text!r} has no {{}}, in whose place the text is put")
    return text


def _footnote_mark(text: str) -> str:
    is_bracket = text.endswith(")") and " " not in text
    if not text.strip() or text[-1].isdecimal() or (text[0].isdecimal() and not is_bracket):
        raise ValueError(
            f"{text!r} begins or ends like a number; write a raised figure as ¹, a bracket as 1)"
        )
    return text


Pattern = Annotated[
    str,
    AfterValidator(_pattern),
    Field(
        description="A regular expression, searched for anywhere in the text; without look-around"
        " and back-references"
    ),
]
TextPattern = Annotated[
    str,
    AfterValidator(_text_pattern),
    Field(
        description="A regular expression, searched for anywhere in the text; without look-around"
        " and back-references"
    ),
]
Name = Annotated[str, AfterValidator(comparable)]
RegionLevel = Literal[REGION_LEVELS]  # type: ignore[valid-type]  # levels of the vocabulary
Convention = Literal["point", "norwegian", "norwegian_dotted"]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, defer_build=True, allow_inf_nan=False
    )


class FromColumn(_Strict):
    """The text of a published column, or of the value column's heading, translated by `codes`."""

    column: Name | None = None
    heading: str | None = Field(
        None,
        description="Instead of a column: the named group of `values.columns`, taken from the"
        " heading of the value column",
    )
    pattern: Pattern | None = Field(
        None, description="Take the first group of this pattern instead of the whole text"
    )
    template: Annotated[str, AfterValidator(_template)] | None = Field(
        None, description="Put the text in place of {} here"
    )
    codes: dict[Name, str] | None = Field(
        None,
        description="Published text → what it means here; a text that is not listed is refused",
    )
    otherwise: str | None = Field(
        None,
        description="What to take when pattern or codes do not match, instead of refusing the row",
    )

    @model_validator(mode="after")
    def _names_one_text(self) -> FromColumn:
        if (self.column is None) == (self.heading is None):
            raise ValueError("give either column or heading")
        return self


class Case(_Strict):
    """Take something when a column's text matches a pattern."""

    column: Name
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
    levels: dict[Name, list[RegionLevel]] = Field(
        default_factory=dict,
        description="The publisher's word for a level → our levels, tried in this order",
    )
    names: dict[Name, str] = Field(
        default_factory=dict, description="Names only this publisher uses → region key"
    )
    valid_on: Annotated[date, Field(strict=False)] | None = Field(
        None,
        description="Day whose codes the publisher uses for all periods; else each row's period",
    )


class Period(_Strict):
    """Which period a row is about. An empty cell is refused unless `may_be_undated` is true."""

    text: Text = Field(description='The period as published; the constant "" is an undated figure')
    names: dict[Name, Annotated[str, AfterValidator(_period)]] = Field(
        default_factory=dict,
        description="Texts only this publisher uses → the period, as 2026-03 or as its first and"
        " last day, 2026-01-01/2026-03-31",
    )
    may_be_undated: bool = Field(
        False, description="True where an empty cell means that the figure is undated"
    )
    interval_end: IntervalEnd | None = Field(
        None,
        description="Whether the second date of an interval as 2025-01-01/2026-01-01 is its last"
        " day, or the day after it; needed where only one of the two is a whole period",
    )
    is_inferred: Text = Field(
        "false",
        description="`true` where the publisher's page is undated and the period was inferred",
    )


class Footnote(_Strict):
    """What a footnote mark at a figure means; at least one of these."""

    status: Literal["provisional"] | None = None
    qualifier: Literal["approx", "estimate"] | None = None
    note: str | None = Field(
        None, min_length=1, description="Text of the footnote, kept in the figure's context"
    )

    @model_validator(mode="after")
    def _means_something(self) -> Footnote:
        if not (self.status or self.qualifier or self.note):
            raise ValueError("give status, qualifier or note")
        return self


def _pair(value: Any) -> Any:
    """YAML has lists only."""
    return tuple(value) if isinstance(value, list) else value


Bounds = Annotated[tuple[float, float | None], BeforeValidator(_pair)]


class Value(_Strict):
    """One figure in a row. A long table has one of these, a wide table one per column."""

    column: Name | None = None
    columns: Pattern | None = Field(
        default=None,
        description="Instead of `column`: every column whose heading matches. Its named groups,"
        " as (?P<period>…), are texts that `heading` takes",
    )
    measure: Text
    unit: Text = Field(
        default="count",
        description="What a plain number in the column counts: `count`, `percent`, `per_mille`,"
        " `thousand` or `million`; a cell with another unit is refused",
    )
    numbers: Convention | None = Field(
        default=None,
        description="Number convention of this column where it differs from the source's",
    )
    period: Period | None = Field(
        default=None, description="Period of this column where it differs from the table's"
    )
    actor_type: Text | None = Field(
        default=None, description="Actor type of this column where it differs from the table's"
    )
    suppressed: dict[str, Bounds] = Field(
        default_factory=dict,
        description="Mark of a suppressed cell → least and greatest value it may stand for; null"
        ' where there is no greatest. `""` for a publisher that leaves such a cell empty',
    )
    zero: list[str] = Field(default_factory=list, description="Marks of a cell that is zero")
    missing: list[str] = Field(
        default_factory=list, description="Marks of a cell that was not published"
    )
    footnotes: dict[Annotated[str, AfterValidator(_footnote_mark)], Footnote] = Field(
        default_factory=dict,
        description="Mark at a figure, or in the mark column → what it means",
    )
    mark_column: Name | None = Field(
        default=None,
        description="Column of marks beside this one, as the status of a statistics bank;"
        " for JSON-stat `status` without being named",
    )

    @model_validator(mode="after")
    def _names_its_columns(self) -> Value:
        if (self.column is None) == (self.columns is None):
            raise ValueError("give either column or columns")
        return self

    @model_validator(mode="after")
    def _marks_have_one_meaning(self) -> Value:
        marks = [*self.suppressed, *self.zero, *self.missing, *self.footnotes]
        compared = Counter(comparable_mark(mark) for mark in marks)
        twice = next((mark for mark in marks if compared[comparable_mark(mark)] > 1), None)
        if twice is not None:
            raise ValueError(f"the mark {twice!r} is given twice")
        if any(not comparable_mark(mark) for mark in self.zero):
            raise ValueError("an empty cell is not published, never zero")
        for mark, (least, greatest) in self.suppressed.items():
            if greatest is not None and greatest < least:
                raise ValueError(f"the greatest value of {mark!r} is below the least")
            if max(abs(least), abs(greatest or 0)) > LARGEST_FIGURE:
                raise ValueError(f"a value of {mark!r} is larger than {LARGEST_FIGURE:,.0f}")
        return self


class LeaveOut(_Strict):
    """Rows without figures: counted, never read."""

    column: Name
    matches: Pattern
    because: str = Field(min_length=3, description="Why such a row has no figure, in a sentence")


class TotalRows(_Strict):
    """Rows that the publication gives as the sum of its other rows: checked, and no figures."""

    column: Name
    matches: Pattern = Field(description="Text of the column in a row that is a total")
    within: list[Name] = Field(
        default_factory=list,
        description="A total is of the rows with the same texts in these columns, as the month",
    )
    of: list[Name] = Field(
        default_factory=list, description="Value columns that add up; empty: every one"
    )
    is_figure: bool = Field(
        False,
        description="True where a total is a figure of its own too, as that of the whole country",
    )
    tolerance: Annotated[
        float, Field(ge=0, description="Greatest difference, in published units, from rounding")
    ] = 0.0


class TotalColumn(_Strict):
    """A value column that the publication gives as the sum of others of the same row."""

    column: Name
    parts: list[Name] = Field(min_length=2)
    tolerance: Annotated[
        float, Field(ge=0, description="Greatest difference, in published units, from rounding")
    ] = 0.0


class _Table(_Strict):
    file: str = Field(description="File of the snapshot")
    expected_columns: list[Name] = Field(
        description="The published columns, in any order, without those of `values.columns`;"
        " another set refuses the snapshot"
    )
    rows: Annotated[tuple[int, int], BeforeValidator(_pair)] = Field(
        description="Least and greatest number of rows one would believe"
    )
    row_limit: Annotated[
        int | None,
        Field(
            gt=0,
            description="Most rows the publisher exports, as 30000; a table with as many is"
            " refused as cut off",
        ),
    ] = None
    as_above: list[Name] = Field(
        default_factory=list,
        description="Label columns whose text is written once per group: an empty cell has the"
        " text above it. From outer to inner: a new text of one ends those after it",
    )
    definition_columns: list[Name] = Field(
        default_factory=list,
        description="Columns that define what is counted; when their texts change, the snapshot"
        " is refused until a person has looked",
    )
    leave_out: list[LeaveOut] = Field(
        default_factory=list,
        description="Rows without figures, as codes that were not in use that year",
    )
    address: Text = Field("", description="Page that states the figure")
    context: Text = Field("", description="What the page states around it")


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
        description="exact, approx, at_least, at_most or estimate; words in the cell itself win",
    )
    rounded_to: Text = Field(
        "", description="What an exact figure was rounded to, as a number; empty when not rounded"
    )
    status: Text = Field("observed", description="observed or provisional")
    total_rows: list[TotalRows] = Field(
        default_factory=list,
        description="Totals the publication gives in rows; the snapshot is refused where the"
        " other rows do not add up to them",
    )
    total_columns: list[TotalColumn] = Field(
        default_factory=list, description="The same for totals in columns"
    )


class MilestoneTable(_Table):
    """A published table whose rows give the start and end of something."""

    holds: Literal["milestones"]
    service: Text
    region: Region
    area: Text
    actor_type: Text
    phase: Text
    starts: Text
    ends: Text
    is_inferred: Text = "false"
    statement: Text = Field(
        "reported",
        description="reported, state (the phase at a date that is not its start), planned, target"
        " or superseded",
    )


Table = Annotated[ObservationTable | MilestoneTable, Field(discriminator="holds")]
Encoding = Literal["utf-8", "windows-1252", "iso-8859-1", "utf-16"]
Separator = Literal[",", ";", "\t", "|"]
ColumnNames = Annotated[
    list[Name],
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
    header: list[Name] = Field(
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
        description="First cell of the first line after the table, as `^Kilde:` or"
        " `^Brukte filtre`; that line and all below are not read",
    )


class Workbook(_Strict):
    """A sheet of an Excel workbook. Sheet and header are found by their texts, not by position."""

    kind: Literal["workbook"]
    sheet: Pattern | None = Field(
        None, description="The sheet whose name matches; left out where the workbook has one sheet"
    )
    header: Annotated[
        list[Name],
        Field(
            min_length=1,
            description="Texts of the header row: the first row that contains them all",
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
        description="First cell of the row after the table. Without it the table ends at an empty"
        " row"
        " that no row of the same kind follows",
    )
    scaled_numbers: Literal["refused", "as_shown"] = Field(
        "refused",
        description="Figures that a number format shows in thousands or millions: refused, or read"
        " as"
        " shown, so that the unit of the value says `thousand` or `million`",
    )


class Html(_Strict):
    """A table in a web page, found by its header."""

    kind: Literal["html"]
    encoding: Encoding = "utf-8"
    header: Annotated[
        list[Name],
        Field(min_length=1, description="Texts of the header row of the table that is meant"),
    ]
    caption: Pattern | None = Field(
        None,
        description="The table's caption, or the heading before it, where several tables have"
        " such a header",
    )
    columns: ColumnNames = []


class ProseFigure(_Strict):
    """A figure in running text: its sentence, by words in it, and the words of the figure."""

    name: str = Field(description="Text of the column `name` for this figure")
    near: TextPattern = Field(
        description="Words by which the sentence is known; exactly one sentence must match"
    )
    pattern: TextPattern = Field(
        description="The figure with its qualifier; named groups become columns, and one of them is"
        " `value`"
    )


class Prose(_Strict):
    """Figures in the running text of a web page."""

    kind: Literal["prose"]
    encoding: Encoding = "utf-8"
    figures: Annotated[list[ProseFigure], Field(min_length=1)]

    @model_validator(mode="after")
    def _patterns_have_the_same_groups(self) -> Prose:
        first = self.figures[0]
        shared = patterns.group_names(first.pattern)
        for figure in self.figures:
            groups = patterns.group_names(figure.pattern)
            pattern = f'the pattern of the figure "{figure.name}"'
            if "value" not in groups:
                raise ValueError(f"{pattern} has no group named value")
            if taken := PROSE_COLUMNS.intersection(groups):
                raise ValueError(f"{pattern} has a group {min(taken)}, a column of every figure")
            if set(groups) != set(shared):
                other = f'that of "{first.name}" {", ".join(shared)}'
                raise ValueError(f"{pattern} has the groups {', '.join(groups)}, {other}")
        return self


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
        description="Columns whose rows must sum to the total saved beside them; no shares, nothing"
        " that counts unique persons",
    )
    filters: list[str] = Field(
        default_factory=list,
        description="Filters that are saved with the answer, as `pll inspect` shows them; other"
        " filters refuse the snapshot. Empty: not compared",
    )


ReaderSettings = Annotated[
    Delimited | Workbook | Html | Prose | JsonStat | PowerBi, Field(discriminator="kind")
]


class Bundled(_Strict):
    """The bytes come with the checkout, or by `pll archive`; no publisher is asked."""

    kind: Literal["bundled"]


def _variables_allowed(address: str) -> str:
    variables_of(address)
    return address


HttpAddress = Annotated[
    str,
    Field(pattern=r"^https?://[^\s/@]+(/\S*)?$", max_length=2000),
    AfterValidator(_variables_allowed),
]


class PoliteFetch(_Strict):
    """What every way of asking a publisher keeps to."""

    hosts: list[str] = Field(
        default_factory=list,
        description="Further hosts a redirect may lead to; the address's own always may. With a"
        " dot before it, as .nhn.no, every host below it too",
    )
    allow_local: bool = Field(
        False,
        description="True for a publisher on a private or loopback network; http is allowed then",
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
        Field(
            gt=0,
            le=3600,
            description="One try to get an answer, with its redirects, ends after this",
        ),
    ] = 120.0
    source_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=6 * 3600,
            description="All requests of one night to the publisher, with every try and wait, end"
            " after this",
        ),
    ] = 1800.0
    secret_parameters: list[str] = Field(
        default_factory=list,
        description="Parameters of the address whose values are keys, beside those that are taken"
        " for keys by their name, as sig, code, token. The value is written ${PLL_NAME} and comes"
        " from the environment; it is in no record, log or message",
    )


class FoundOn(_Strict):
    """Where the address of a publication is looked up each night: a page, and one of its links."""

    page: HttpAddress = Field(description="The page that links to the publication")
    link: TextPattern = Field(
        "",
        description="A pattern of the link's text, of its address or of the text around it, in any"
        " case; exactly one address must match. Empty: the only publication of the form",
    )


class Http(PoliteFetch):
    """Files at addresses, asked for with conditional requests."""

    kind: Literal["http"]
    files: Annotated[
        dict[str, HttpAddress | None],
        Field(min_length=1, description="Name of the file in the snapshot → its address"),
    ]
    found_on: FoundOn | None = Field(
        None, description="In place of the address of one file: where it is looked up"
    )
    questions: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Name of the file → what is posted as JSON to get it, for an interface that is"
        " asked so; files that are not named are asked for as they are",
    )
    content_types: list[str] = Field(
        default_factory=list,
        description="Media types the publisher answers with; empty: any but a web page where none"
        " is read",
    )

    @model_validator(mode="after")
    def _questions_are_for_files(self) -> Http:
        if unknown := self.questions.keys() - self.files.keys():
            raise ValueError(f"questions names {min(unknown)!r}, which is not among files")
        return self


class PxWeb(PoliteFetch):
    """A table of a PxWeb statistics bank, API version 2, as JSON-stat 2."""

    kind: Literal["pxweb"]
    address: HttpAddress = Field(
        description="The API's address, as https://data.ssb.no/api/pxwebapi/v2"
    )
    table: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    file: str = Field(
        "table.json",
        description="Name of the file in the snapshot, also for an answer in several parts",
    )
    values: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Variable → codes or expressions: * and ? for any text; of a variable that"
        " the"
        " bank declares as time also TOP(10), BOTTOM(10), FROM(2017), TO(2020), RANGE(2017,2020),"
        " by period",
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


class PowerBiFilter(_Strict):
    """A condition of a question, as a report has it saved for a visual, a page or itself."""

    tables: dict[str, str] = Field(
        min_length=1, description="Short name in the condition → table of the model"
    )
    condition: dict[str, Any] = Field(description="The condition, as the report has it saved")


class PowerBiTable(_Strict):
    """A flat table asked of a report: every combination of the group columns with the values."""

    groups: list[PowerBiField] = Field(
        default_factory=list, description="Columns that make up a row, as region and month"
    )
    values: list[PowerBiField] = Field(
        default_factory=list, description="Measures, or columns summed up"
    )
    filters: list[PowerBiFilter] = Field(
        default_factory=list,
        description="Conditions of the question, as the report has them saved; all must be met",
    )
    visual: str | None = Field(
        None,
        description="Name of a visual to fall back on, with the filters saved in it, where the"
        " report refuses our own query",
    )
    check_totals: bool = Field(
        True,
        description="Ask for the values without groups too, and compare sums with them where a"
        " value adds up",
    )

    @model_validator(mode="after")
    def _asks_something(self) -> PowerBiTable:
        if not self.groups and not self.values:
            raise ValueError("name at least one column or value")
        return self


class PowerBiReport(PoliteFetch):
    """A report published to the web, or embedded in a page with an access token.

    Only fields its visuals use are asked for, no hidden ones.
    """

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
    embedded_on: HttpAddress | None = Field(
        None,
        description="In place of the address: a page that embeds the report with an access token"
        " for its readers; the token is read from it each night, and kept nowhere",
    )
    report_id: (
        Annotated[
            str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
        ]
        | None
    ) = Field(None, description="Which report, where the page embeds several")
    found_on: FoundOn | None = Field(
        None, description="In place of both: a page that links to the report or embeds it"
    )
    host_suffixes: list[str] = Field(
        default=[".analysis.windows.net", ".analysis.usgovcloudapi.net"],
        description="The key is sent to hosts that end so, and to no other; with allow_local also"
        " to the loopback host of the address or the cluster",
    )
    cluster: HttpAddress | None = Field(
        None, description="The report's cluster, where the view page no longer states it"
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
            description="Name of the file in the snapshot → what is asked; `metadata.json` and"
            " `schema.json` are taken",
        ),
    ]

    @model_validator(mode="after")
    def _is_in_one_place(self) -> PowerBiReport:
        if self.address and self.embedded_on:
            raise ValueError("give address or embedded_on, not both")
        return self

    @model_validator(mode="after")
    def _names_of_files_are_free(self) -> PowerBiReport:
        if taken := self.tables.keys() & {"metadata.json", "schema.json"}:
            raise ValueError(
                f"{min(taken)} is the report's description of itself; give the table another name"
            )
        return self


Fetching = Annotated[Bundled | Http | PxWeb | PowerBiReport, Field(discriminator="kind")]


def _addresses_of(fetch: Http | PxWeb | PowerBiReport) -> list[str | None]:
    """The addresses a publisher is asked at; None for one that is not known."""
    if isinstance(fetch, Http):
        return list(fetch.files.values())
    if isinstance(fetch, PowerBiReport):
        return [fetch.address or fetch.embedded_on]
    return [fetch.address]


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
        int, Field(gt=0, le=100_000, description="Older than this, the newest snapshot is stale")
    ]
    restates_history: bool = Field(
        True,
        description="True when each publication has the whole history, so that only the newest"
        " counts",
    )
    is_simulated: bool = False
    is_enabled: bool = Field(
        True,
        description="False: known and documented, but not in a night until `pll sources enable`",
    )
    fetch: Fetching
    read: ReaderSettings
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
            description="Share of the figures published before that a new snapshot may lack",
        ),
    ] = 0.0
    tables: list[Table] = Field(min_length=1)
    _fault: str | None = PrivateAttr(default=None)

    @property
    def fault(self) -> str | None:
        """Why its file cannot be used today, so that this is what it last was; else None."""
        return self._fault

    def with_fault(self, paragraph: str) -> Source:
        """The same source as one whose file cannot be used today."""
        faulty = self.model_copy()
        faulty._fault = paragraph
        return faulty

    @model_validator(mode="after")
    def _names_are_free(self) -> Source:
        if self.name in RESERVED_NAMES:
            raise ValueError(
                f"{self.name!r} is a word of the warehouse or the command; choose another"
            )
        return self

    @model_validator(mode="after")
    def _has_an_address(self) -> Source:
        if isinstance(self.fetch, Bundled):
            return self
        addresses = _addresses_of(self.fetch)
        unknown = [address for address in addresses if not address]
        looked_up = 0 if isinstance(self.fetch, PxWeb) or self.fetch.found_on is None else 1
        if self.is_enabled and len(unknown) > looked_up:
            raise ValueError(
                "a source that takes part in a night states where it is published; give the address"
            )
        if looked_up and not unknown:
            raise ValueError("give the address, or found_on to look it up, not both")
        for address in filter(None, addresses):
            for name, value in values_of(address).items():
                if name in self.fetch.secret_parameters and not value.startswith("${"):
                    raise ValueError(
                        f"the value of {name} is a key, and a source file contains none; write"
                        f" {name}=${{PLL_NAME}} and set PLL_NAME where the night runs"
                    )
        return self
