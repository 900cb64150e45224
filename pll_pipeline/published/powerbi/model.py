"""The semantic model: which tables and columns of the release report makers get, how they hang together, and its measures.

A star: facts lean on members and on a calendar, labels stand with the members alone. No column is summed by itself; every figure
is a measure that knows what may be added. Norwegian names, English beside. Not here: how it is written (`tmdl.py`), pages (`pages.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from duckdb import DuckDBPyConnection

from pll_pipeline.published.duckdb import LOAD_TIME, Table
from pll_pipeline.vocabulary.columns import COLUMNS

FOLDER_PARAMETER = "Parquetmappe"
CALENDAR, MEASURES, CONTROL = "Kalender", "Nøkkeltall", "Kontroll"
USE = "mart_adoption_by_region_actor_month"
# table of the release → its name in the model, in Norwegian and English; in the order of the fields list
TABLES = {
    USE: ("Bruk", "Use"),
    "mart_target_status": ("Mål og frister", "Targets"),
    "mart_rollout_by_area_month": ("Innføring", "Roll-out"),
    "mart_adoption_forecast": ("Prognose", "Forecast"),
    "mart_coverage_by_source_month": ("Dekning", "Coverage"),
    "dim_region": ("Region", "Region"),
    "dim_actor_type": ("Aktørtype", "Actor type"),
    "dim_service": ("Tjeneste", "Service"),
    "dim_measure": ("Måltall", "Measure"),
    "dim_source": ("Kilde", "Source"),
}
# column of a fact → the members it points at
_POINTS_AT = {
    "region_key": "dim_region",
    "actor_type_code": "dim_actor_type",
    "service_code": "dim_service",
    "measure_code": "dim_measure",
    "source_name": "dim_source",
}
_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "int64",
    "BIGINT": "int64",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "DATE": "dateTime",
    LOAD_TIME: "dateTime",
}
_M_TYPES = {
    "VARCHAR": "type text",
    "INTEGER": "Int64.Type",
    "BIGINT": "Int64.Type",
    "DOUBLE": "type number",
    "BOOLEAN": "type logical",
    "DATE": "type date",
}
PERCENT, WHOLE, POINTS, MONTH, DAY = (
    "0.0 %",
    "#,0",
    "+0.0 %;-0.0 %;0.0 %",
    "mmmm yyyy",
    "yyyy-mm-dd",
)
_NATION = "land:NO"


@dataclass(frozen=True)
class ModelColumn:
    name: str
    caption_en: str
    source: str
    type: str
    description: str = ""
    description_en: str = ""
    format: str = ""
    is_hidden: bool = False
    is_key: bool = False
    sorted_by: str = ""


@dataclass(frozen=True)
class Measure:
    name: str
    name_en: str
    dax: str
    format: str
    folder: str
    folder_en: str
    description: str
    description_en: str


@dataclass(frozen=True)
class ModelTable:
    """A table with the M that fills it; `source` is the table of the release, empty for one of the model's own."""

    name: str
    caption_en: str
    source: str
    m: str
    columns: tuple[ModelColumn, ...]
    description: str = ""
    description_en: str = ""
    measures: tuple[Measure, ...] = ()
    is_hidden: bool = False
    is_calendar: bool = False


@dataclass(frozen=True)
class Relationship:
    from_table: str
    from_column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Model:
    tables: tuple[ModelTable, ...]
    relationships: tuple[Relationship, ...]
    folder: str = field(default="C:\\pll\\marts\\current\\parquet")

    def table(self, name: str) -> ModelTable:
        return next(table for table in self.tables if table.name == name)


def tag(*words: str) -> str:
    """The same identity every night for the same thing, so that reports people made on the model stay bound to it."""
    return str(uuid5(NAMESPACE_URL, "/".join(("pll", *words))))


def build(connection: DuckDBPyConnection, tables: tuple[Table, ...]) -> Model:
    """The model of the release attached as `release`, from its own tables and comments."""
    known = {table.name: table for table in tables if table.name in TABLES}
    names = {name: _names(known[name]) for name in TABLES if name in known}
    made = [_table(known[name], names, known) for name in TABLES if name in known]
    relationships = [
        Relationship(TABLES[fact][0], names[fact][column], TABLES[member][0], names[member][column])
        for fact in known
        if fact.startswith("mart_")
        for column, member in _POINTS_AT.items()
        if member in known and column in names[fact]
    ]
    dated = [
        name
        for name in TABLES
        if name in known and name.startswith("mart_") and "month" in names[name]
    ]
    if dated:
        made.append(_calendar(dated))
        relationships += [
            Relationship(TABLES[name][0], names[name]["month"], CALENDAR, "Dato") for name in dated
        ]
    if USE in known:
        made += [_control(connection, names), _measures(connection, names, known)]
    order = {
        name: place
        for place, name in enumerate(
            (MEASURES, *(nb for nb, _ in TABLES.values()), CALENDAR, CONTROL)
        )
    }
    return Model(tuple(sorted(made, key=lambda table: order[table.name])), tuple(relationships))


def _names(table: Table) -> dict[str, str]:
    """The Norwegian heading of each column; where two are alike the second keeps its own name beside it."""
    taken: dict[str, str] = {}
    for column in table.columns:
        label = COLUMNS[column.name].label if column.name in COLUMNS else column.name
        taken[column.name] = label if label not in taken.values() else f"{label} ({column.name})"
    return taken


def _table(table: Table, names: dict[str, dict[str, str]], known: dict[str, Table]) -> ModelTable:
    name, caption = TABLES[table.name]
    is_fact = table.name.startswith("mart_")
    # labels stand with the members a fact points at, and nowhere else
    members = [
        known[member]
        for column, member in _POINTS_AT.items()
        if is_fact and member in known and column in names[table.name]
    ]
    told = {column.name for member in members for column in member.columns} - {*_POINTS_AT, "month"}
    kept = [column for column in table.columns if column.name not in told and column.type in _TYPES]
    columns = []
    for column in kept:
        english, _, norwegian = column.comment.partition(" | ")
        is_pointer = column.name in _POINTS_AT or column.name == "month"
        columns.append(
            ModelColumn(
                names[table.name][column.name],
                column.name.replace("_", " ").capitalize(),
                column.name,
                _TYPES[column.type],
                norwegian,
                english,
                format=_format(column.name, column.type),
                is_hidden=(is_fact and is_pointer)
                or column.name.endswith(
                    ("_key", "row_reference", "is_tile_row_offset", "is_tile_inset")
                ),
                is_key=not is_fact and _POINTS_AT.get(column.name) == table.name,
            )
        )
    english, _, norwegian = table.comment.partition(" | ")
    return ModelTable(
        name,
        caption,
        table.name,
        _read_parquet(table.name, [(c.name, c.type) for c in kept]),
        tuple(columns),
        norwegian,
        english,
    )


def _format(name: str, kind: str) -> str:
    if kind == "DATE":
        return MONTH if name == "month" else DAY
    if kind == "DOUBLE":
        return PERCENT if "share" in name else "#,0.###"
    return WHOLE if kind in ("BIGINT", "INTEGER") else ""


def text_of(value: str) -> str:
    """A text as M writes it."""
    return '"' + value.replace('"', '""').replace("#(", "#(#)(") + '"'


def _read_parquet(name: str, columns: list[tuple[str, str]]) -> str:
    chosen = ", ".join(text_of(column) for column, _ in columns)
    times = [column for column, kind in columns if kind == LOAD_TIME]
    types = ", ".join(
        f"{{{text_of(column)}, {_M_TYPES[kind]}}}" for column, kind in columns if kind in _M_TYPES
    )
    # Power BI's date and time has no zone: what it gets is the time in UTC
    utc = ", ".join(
        f"{{{text_of(column)}, each if _ = null then null else DateTime.From(DateTimeZone.RemoveZone(DateTimeZone.ToUtc(DateTimeZone.From(_)))), type datetime}}"
        for column in times
    )
    last = f"Table.TransformColumns(Typer, {{{utc}}})" if times else "Typer"
    return (
        f'let\n    Kilde = Parquet.Document(File.Contents({FOLDER_PARAMETER} & "\\" & {text_of(f"{name}.parquet")})),\n    Valgt = Table.SelectColumns(Kilde, {{{chosen}}}),\n'
        f'    Typer = Table.TransformColumnTypes(Valgt, {{{types}}}, "en-US"),\n    Ferdig = {last}\nin\n    Ferdig'
    )


def _calendar(dated: list[str]) -> ModelTable:
    files = ", ".join(text_of(f"{name}.parquet") for name in dated)
    m = (
        "let\n"
        f"    Filer = {{{files}}},\n"
        f'    Maaneder = List.RemoveNulls(List.Combine(List.Transform(Filer, each Table.Column(Parquet.Document(File.Contents({FOLDER_PARAMETER} & "\\" & _)), "month")))),\n'
        "    Datoer = List.Transform(Maaneder, Date.From),\n"
        "    Start = Date.StartOfYear(List.Min(Datoer)),\n"
        "    Slutt = Date.EndOfYear(List.Max(Datoer)),\n"
        '    Dager = Table.FromList(List.Dates(Start, Duration.Days(Slutt - Start) + 1, #duration(1, 0, 0, 0)), Splitter.SplitByNothing(), {"Dato"}),\n'
        '    Typer = Table.TransformColumnTypes(Dager, {{"Dato", type date}}),\n'
        '    Aar = Table.AddColumn(Typer, "År", each Date.Year([Dato]), Int64.Type),\n'
        '    Kvartal = Table.AddColumn(Aar, "Kvartal", each "K" & Text.From(Date.QuarterOfYear([Dato])), type text),\n'
        '    Nummer = Table.AddColumn(Kvartal, "Månedsnummer", each Date.Month([Dato]), Int64.Type),\n'
        '    Navn = Table.AddColumn(Nummer, "Måned", each Date.MonthName([Dato], "nb-NO"), type text),\n'
        '    Lopenummer = Table.AddColumn(Navn, "Måned og år-nummer", each Date.Year([Dato]) * 100 + Date.Month([Dato]), Int64.Type),\n'
        '    Ferdig = Table.AddColumn(Lopenummer, "Måned og år", each Date.ToText([Dato], [Format = "MMM yyyy", Culture = "nb-NO"]), type text)\n'
        "in\n    Ferdig"
    )
    columns = (
        ModelColumn("Dato", "Date", "Dato", "dateTime", "Dagen.", "The day.", DAY, is_key=True),
        ModelColumn("År", "Year", "År", "int64", "Året.", "The year.", "0"),
        ModelColumn("Kvartal", "Quarter", "Kvartal", "string", "Kvartalet.", "The quarter."),
        ModelColumn(
            "Måned",
            "Month",
            "Måned",
            "string",
            "Månedens navn.",
            "The month's name.",
            sorted_by="Månedsnummer",
        ),
        ModelColumn(
            "Månedsnummer",
            "Month number",
            "Månedsnummer",
            "int64",
            "Månedens nummer, 1 til 12.",
            "The month's number, 1 to 12.",
            "0",
            is_hidden=True,
        ),
        ModelColumn(
            "Måned og år",
            "Month and year",
            "Måned og år",
            "string",
            "Måneden med år.",
            "The month with its year.",
            sorted_by="Måned og år-nummer",
        ),
        ModelColumn(
            "Måned og år-nummer",
            "Month and year number",
            "Måned og år-nummer",
            "int64",
            "Rekkefølgen på månedene.",
            "The order of months.",
            "0",
            is_hidden=True,
        ),
    )
    return ModelTable(
        CALENDAR,
        "Calendar",
        "",
        m,
        columns,
        "Én rad per dag; fakta gjelder den første dagen i måneden sin.",
        "One row per day; facts are about the first day of their month.",
        is_calendar=True,
    )


def _control(connection: DuckDBPyConnection, names: dict[str, dict[str, str]]) -> ModelTable:
    """What the measures must come to, counted in SQL: of each measure and actor type all rows and sums, and the country's newest share."""
    rows = connection.execute(
        f"""
        with counted as (
            select measure_code, actor_type_code, count(*) as row_count, sum(adoption_count)::double as counts, sum(eligible_count)::double as eligible
            from release.marts.{USE} group by all
        ),
        newest as (
            select measure_code, max(month) as month from release.marts.{USE} where adoption_share is not null group by measure_code
        )
        select counted.measure_code, counted.actor_type_code, counted.row_count, counted.counts, counted.eligible, nation.adoption_share
        from counted
        left join newest on counted.measure_code = newest.measure_code
        left join release.marts.{USE} as nation
            on nation.region_key = '{_NATION}' and nation.measure_code = counted.measure_code and nation.actor_type_code = counted.actor_type_code and nation.month = newest.month
        order by 1, 2
        """
    ).fetchall()
    held = ",\n        ".join(
        "{"
        + ", ".join(
            "null" if cell is None else text_of(cell) if isinstance(cell, str) else json.dumps(cell)
            for cell in row
        )
        + "}"
        for row in rows
    )
    kinds = {
        "measure_code": "text",
        "actor_type_code": "text",
        "Rader i SQL": "number",
        "Sum i bruk i SQL": "number",
        "Sum som kan i SQL": "number",
        "Landets nyeste andel i SQL": "number",
    }
    typed = ", ".join(
        f'#"{name}" = nullable {kind}' if " " in name else f"{name} = nullable {kind}"
        for name, kind in kinds.items()
    )
    m = (
        f"let\n    Ferdig = #table(type table [{typed}], {{\n        {held}\n    }})\nin\n    Ferdig"
        if rows
        else f"let\n    Ferdig = #table(type table [{typed}], {{}})\nin\n    Ferdig"
    )
    columns = (
        ModelColumn(
            "Måltallkode",
            "Measure code",
            "measure_code",
            "string",
            "Målet kontrollen gjelder.",
            "The measure that is checked.",
        ),
        ModelColumn(
            "Aktørtypekode",
            "Actor type code",
            "actor_type_code",
            "string",
            "Aktørtypen kontrollen gjelder.",
            "The actor type that is checked.",
        ),
        *(
            ModelColumn(
                name,
                english,
                name,
                "double",
                "Regnet i SQL da utgaven ble laget.",
                "Counted in SQL when the release was made.",
                form,
            )
            for name, english, form in (
                ("Rader i SQL", "Rows in SQL", WHOLE),
                ("Sum i bruk i SQL", "Sum in use in SQL", WHOLE),
                ("Sum som kan i SQL", "Sum eligible in SQL", WHOLE),
                ("Landets nyeste andel i SQL", "Newest share of the country in SQL", PERCENT),
            )
        ),
    )
    return ModelTable(
        CONTROL,
        "Control",
        "",
        m,
        columns,
        "Summer regnet i SQL, å holde målene i modellen opp mot.",
        "Sums counted in SQL, to hold the model's measures against.",
    )


def _measures(
    connection: DuckDBPyConnection, names: dict[str, dict[str, str]], known: dict[str, Table]
) -> ModelTable:
    def column(table: str, name: str) -> str:
        return f"'{TABLES[table][0]}'[{names[table][name].replace(']', ']]')}]"

    use, region = "'Bruk'", "'Region'"
    count, eligible, share, month = (
        column(USE, name)
        for name in ("adoption_count", "eligible_count", "adoption_share", "month")
    )
    level, code, actor = (
        column("dim_region", "region_level"),
        column(USE, "measure_code"),
        column(USE, "actor_type_code"),
    )
    folder = ("Bruk", "Use")
    rows = (
        f"VAR Maaned = [Nyeste måned]\nVAR Nivaa = [Nivå som vises]\n"
        f"VAR Rader = CALCULATETABLE({use}, {month} = Maaned, KEEPFILTERS({level} = Nivaa))\n"
        f"VAR ErEntydig = HASONEVALUE({code}) && HASONEVALUE({actor}) && NOT ISBLANK(Nivaa)\nRETURN "
    )

    def summed(what: str) -> str:
        return f"{rows}IF(ErEntydig && COUNTROWS(FILTER(Rader, ISBLANK({what}))) = 0, SUMX(Rader, {what}))"

    def of_one(what: str) -> str:
        return f"{rows}IF(ErEntydig && COUNTROWS(Rader) = 1, MAXX(Rader, {what}))"

    made = [
        Measure(
            "Nyeste måned",
            "Newest month",
            f"CALCULATE(MAX({month}), REMOVEFILTERS({region}), REMOVEFILTERS('Aktørtype'), NOT ISBLANK({share}))",
            MONTH,
            *folder,
            "Nyeste måned med en andel, for hver tjeneste for seg, innenfor perioden som er valgt.",
            "The newest month with a share, of each service by itself, within the chosen period.",
        ),
        Measure(
            "Nivå som vises",
            "Level shown",
            f'IF(ISFILTERED({region}), SELECTEDVALUE({level}), "land")',
            "",
            *folder,
            "Hele landet når ingen region er valgt; ellers nivået som er valgt. Nivåer legges aldri sammen.",
            "The country when no region is chosen; else the level that is. Levels are never added to each other.",
        ),
        Measure(
            "Antall i bruk",
            "In use",
            summed(count),
            WHOLE,
            *folder,
            "Hvor mange som bruker tjenesten i nyeste måned. Tom når en av dem er skjermet, og når mer enn ett mål eller én aktørtype er valgt.",
            "How many use the service in the newest month. Empty where one of them is suppressed, and where more than one measure or actor type is chosen.",
        ),
        Measure(
            "Antall som kan ta i bruk",
            "Eligible",
            summed(eligible),
            WHOLE,
            *folder,
            "Hvor mange som kan bruke tjenesten i nyeste måned.",
            "How many can use the service in the newest month.",
        ),
        Measure(
            "Andel i bruk",
            "Share in use",
            f"{rows}IF(ErEntydig && COUNTROWS(Rader) = 1, MAXX(Rader, {share}), DIVIDE([Antall i bruk], [Antall som kan ta i bruk]))",
            PERCENT,
            *folder,
            "Teller over nevner i nyeste måned; aldri et snitt av andeler.",
            "Numerator over denominator in the newest month; never a mean of shares.",
        ),
        Measure(
            "Andel, minst",
            "Share, least",
            of_one(column(USE, "share_lower")),
            PERCENT,
            *folder,
            "Det minste andelen kan være.",
            "The least the share can be.",
        ),
        Measure(
            "Andel, mest",
            "Share, most",
            of_one(column(USE, "share_upper")),
            PERCENT,
            *folder,
            "Det meste andelen kan være.",
            "The most the share can be.",
        ),
        Measure(
            "Endring 12 måneder",
            "Change over 12 months",
            of_one(column(USE, "change_12m")),
            POINTS,
            *folder,
            "Endring i andelen på tolv måneder, der månedene kan sammenlignes.",
            "Change of the share over twelve months, where the months may be compared.",
        ),
        Measure(
            "Skjermede celler",
            "Suppressed cells",
            f'CALCULATE(COUNTROWS({use}), {column(USE, "status")} = "suppressed")',
            WHOLE,
            "Datakvalitet",
            "Data quality",
            "Hvor mange celler utgiveren har skjermet.",
            "How many cells the publisher suppressed.",
        ),
    ]
    if "mart_adoption_forecast" in known:
        for name, english, source in (
            ("Ventet andel", "Expected share", "expected_share"),
            ("Ventet andel, lav", "Expected share, low", "share_low"),
            ("Ventet andel, høy", "Expected share, high", "share_high"),
        ):
            what = column("mart_adoption_forecast", source)
            one = f"HASONEVALUE({column('mart_adoption_forecast', 'measure_code')}) && HASONEVALUE({column('mart_adoption_forecast', 'actor_type_code')})"
            chosen = f'VAR Valgt = IF(ISFILTERED({region}), SELECTEDVALUE({column("dim_region", "region_key")}), "{_NATION}")'
            dax = f"{chosen}\nRETURN IF({one}, CALCULATE(MAX({what}), KEEPFILTERS({column('mart_adoption_forecast', 'region_key')} = Valgt)))"
            made.append(
                Measure(
                    name,
                    english,
                    dax,
                    PERCENT,
                    "Prognose",
                    "Forecast",
                    "Prognosen forlenger kurven slik den går nå, med 80 %-intervall.",
                    "The forecast prolongs the curve as it runs now, with an 80% interval.",
                )
            )
    if "mart_target_status" in known:
        target = "mart_target_status"
        made += [
            Measure(
                "Målverdi",
                "Target value",
                f"IF(COUNTROWS('{TABLES[target][0]}') = 1, MAX({column(target, 'target_value')}))",
                "#,0.###",
                "Plan",
                "Plan",
                "Verdien som skal nås.",
                "The value to be reached.",
            ),
            Measure(
                "Avstand til mål",
                "Distance to target",
                f"IF(COUNTROWS('{TABLES[target][0]}') = 1, MAX({column(target, 'distance')}))",
                "#,0.###",
                "Plan",
                "Plan",
                "Mål minus nyeste tall.",
                "Target minus newest figure.",
            ),
            Measure(
                "Mål som er nådd",
                "Targets reached",
                f"CALCULATE(COUNTROWS('{TABLES[target][0]}'), {column(target, 'target_status')} = \"reached\") + 0",
                WHOLE,
                "Plan",
                "Plan",
                "Antall mål som er nådd.",
                "How many targets are reached.",
            ),
        ]
    if "mart_rollout_by_area_month" in known:
        rollout = "mart_rollout_by_area_month"
        behind = f"CALCULATE(COUNTROWS('{TABLES[rollout][0]}'), {column(rollout, 'is_behind_plan')} = TRUE(), {column(rollout, 'month')} = Nyeste) + 0"
        newest = f"VAR Nyeste = MAX({column(rollout, 'month')})\nRETURN {behind}"
        made.append(
            Measure(
                "Områder etter planen",
                "Areas behind plan",
                newest,
                WHOLE,
                "Plan",
                "Plan",
                "Områder der den planlagte fasen ikke er sett i nyeste måned.",
                "Areas whose planned phase is not seen in the newest month.",
            )
        )
    if "mart_coverage_by_source_month" in known:
        for name, english, source in (
            ("Publiserte tall", "Published figures", "published_count"),
            ("Manglende tall", "Missing figures", "missing_count"),
            ("Tall i karantene", "Figures in quarantine", "quarantined_count"),
        ):
            made.append(
                Measure(
                    name,
                    english,
                    f"SUM({column('mart_coverage_by_source_month', source)})",
                    WHOLE,
                    "Datakvalitet",
                    "Data quality",
                    f"{name}, av alle kilder og måneder som er valgt.",
                    f"{english}, of all chosen sources and months.",
                )
            )
    made += _one_per_measure(connection, code)
    made += _checks(
        column("dim_measure", "measure_code"),
        column("dim_actor_type", "actor_type_code"),
        count,
        eligible,
    )
    note = (
        "Målene i modellen. Kolonner summeres aldri av seg selv.",
        "The model's measures. No column is summed by itself.",
    )
    return ModelTable(
        MEASURES,
        "Key figures",
        "",
        "let\n    Ferdig = #table(type table [Tom = text], {})\nin\n    Ferdig",
        (ModelColumn("Tom", "Empty", "Tom", "string", is_hidden=True),),
        *note,
        measures=tuple(made),
    )


def _one_per_measure(connection: DuckDBPyConnection, code: str) -> list[Measure]:
    """A share by its own name for every share that has rows, in the folder of its service."""
    rows = connection.execute(
        f"""
        select measure.measure_code, measure.measure_name, measure.measure_name_en, service.service_name, service.service_name_en, measure.definition, measure.definition_en
        from release.star.dim_measure as measure inner join release.star.dim_service as service on measure.service_code = service.service_code
        where measure.is_adoption and measure.unit = 'share' and measure.measure_code in (select measure_code from release.marts.{USE})
        order by service.service_name, measure.measure_name, measure.measure_code
        """
    ).fetchall()
    taken: set[str] = set()
    made = []
    for measure_code, name, name_en, service, service_en, definition, definition_en in rows:
        unique = name if name not in taken else f"{name} ({measure_code})"
        taken.add(unique)
        dax = f'CALCULATE([Andel i bruk], {code} = "{measure_code}")'
        made.append(
            Measure(
                unique,
                name_en or unique,
                dax,
                PERCENT,
                f"Per tjeneste\\{service}",
                f"By service\\{service_en or service}",
                definition or "",
                definition_en or "",
            )
        )
    return made


def _checks(code: str, actor: str, count: str, eligible: str) -> list[Measure]:
    """What the model itself comes to for each row of the control table, and whether that is what SQL counted."""

    def over(inner: str) -> str:
        return f"SUMX('{CONTROL}', VAR Kode = '{CONTROL}'[Måltallkode] VAR Aktor = '{CONTROL}'[Aktørtypekode] RETURN CALCULATE({inner}, {code} = Kode, {actor} = Aktor, REMOVEFILTERS('Region'), REMOVEFILTERS('{CALENDAR}')))"

    folder = ("Kontroll", "Control")
    words = (
        "Det modellen selv kommer til; skal være lik tallet regnet i SQL.",
        "What the model itself comes to; must equal the number counted in SQL.",
    )
    pairs = (
        ("Rader i modellen", "[Rader i SQL]"),
        ("Sum i bruk i modellen", "[Sum i bruk i SQL]"),
        ("Sum som kan i modellen", "[Sum som kan i SQL]"),
        ("Landets nyeste andel i modellen", "[Landets nyeste andel i SQL]"),
    )
    differences = " && ".join(
        f"ABS([{name}] - SUM('{CONTROL}'{column})) < 0.000001" for name, column in pairs
    )
    return [
        Measure(
            "Rader i modellen",
            "Rows in the model",
            over("COUNTROWS('Bruk')"),
            WHOLE,
            *folder,
            *words,
        ),
        Measure(
            "Sum i bruk i modellen",
            "Sum in use in the model",
            over(f"SUM({count})"),
            WHOLE,
            *folder,
            *words,
        ),
        Measure(
            "Sum som kan i modellen",
            "Sum eligible in the model",
            over(f"SUM({eligible})"),
            WHOLE,
            *folder,
            *words,
        ),
        Measure(
            "Landets nyeste andel i modellen",
            "Newest share of the country in the model",
            over("[Andel i bruk]"),
            PERCENT,
            *folder,
            *words,
        ),
        Measure(
            "Kontrollen stemmer",
            "Control agrees",
            f'IF({differences}, "stemmer", "AVVIK")',
            "",
            *folder,
            "Om alt modellen kommer til er det SQL kom til.",
            "Whether all the model comes to is what SQL came to.",
        ),
    ]
