"""The registry of outputs: everything in a release that people or programs open.

Assets, dbt's exposures, the tables of files in the documents and the tests of outputs follow from
it. A new output is one entry here and one module with a function that writes it.
Not here: where releases are kept, how one becomes current, what happens when it fails
(`publish.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pll_pipeline.published import (
    csv,
    csv_excel,
    dbt_docs,
    descriptor,
    difference,
    disclosure,
    duckdb,
    page,
    parquet,
    powerbi,
    workbook,
)
from pll_pipeline.published.bilingual import Bilingual
from pll_pipeline.published.draft import Draft
from pll_pipeline.published.open_data import catalogue, dictionary, jsonstat
from pll_pipeline.published.release_info import Inputs, ReleaseInfo
from pll_pipeline.star.model_files import DBT_PROJECT, tables


@dataclass(frozen=True)
class Output:
    """One output of a release.

    - `name`: of its asset, and of its exposure in dbt
    - `title`: what an error calls it
    - `files`: its files, the one to open first; `<table>` is the name of each public table,
      `<mart>` of each mart. All files of a folder belong to one output.
    - `description`: what it is, without a full stop
    - `write`: the function that writes it; None for `pll.duckdb`, which is written from the build
      file before all others
    - `reads`: the tables and page views that it is made of, for dbt's lineage; None where it is
      made of every public table
    - `exposure_type`: dbt's word for its use: dashboard, analysis or application
    - `is_opened_first`: it is one of those that people begin with, listed in the README
    """

    name: str
    title: str
    files: tuple[str, ...]
    description: Bilingual
    write: Callable[[Draft], None] | None
    reads: Callable[[], Iterable[str]] | None = None
    exposure_type: str = "application"
    is_opened_first: bool = False

    @property
    def path(self) -> str:
        """What to open: the first file, or the folder of one file per table."""
        return self.files[0].partition("/<")[0]

    def owns(self, path: str) -> bool:
        """Whether a file of a release belongs to this output."""
        folders = {file.partition("/")[0] for file in self.files if "/" in file}
        return path in self.files or path.partition("/")[0] in folders


DATABASE = Output(
    "duckdb",
    "the database",
    (duckdb.FILE_NAME,),
    Bilingual(
        "alle offentlige tabeller i én DuckDB-fil, også for klienter helt tilbake til DuckDB 1.4",
        "every public table in one DuckDB file, for clients back to DuckDB 1.4",
    ),
    None,
    is_opened_first=True,
)
# In the order in which they are written: each may read the files of those before it.
OUTPUTS = (
    DATABASE,
    Output(
        "parquet",
        "the Parquet files",
        (f"{parquet.FOLDER}/<table>.parquet",),
        Bilingual(
            "én Parquet-fil per tabell, for Power BI, Tableau, Spark, R og Python",
            "one Parquet file per table, for Power BI, Tableau, Spark, R and Python",
        ),
        parquet.write,
        is_opened_first=True,
    ),
    Output(
        "csv",
        "the CSV files",
        (f"{csv.FOLDER}/<table>.csv",),
        Bilingual(
            "én CSV-fil per tabell: UTF-8, komma, ISO-datoer, tom celle for «ikke publisert»; "
            "tekster er som publisert, også de som Excel ville kjøre som formler; over 50 MB "
            "pakket, som `.csv.gz`",
            "one CSV file per table: UTF-8, comma, ISO dates, an empty cell for “not published”; "
            "texts are as published, also those that Excel would run as formulas; above 50 MB "
            "compressed, as `.csv.gz`",
        ),
        csv.write,
        is_opened_first=True,
    ),
    Output(
        "csv_excel",
        "the CSV files for Excel",
        (f"{csv_excel.FOLDER}/<mart>.csv",),
        Bilingual(
            "martene som CSV for norsk Excel: semikolon, desimalkomma, formler gjort til tekst; "
            "ikke de som er større enn et ark",
            "the marts as CSV for Norwegian Excel: semicolon, decimal comma, formulas made text; "
            "none that is larger than a sheet",
        ),
        csv_excel.write,
        lambda: tables(DBT_PROJECT, "marts"),
        "analysis",
        is_opened_first=True,
    ),
    Output(
        "workbook",
        "the workbook",
        (workbook.FILE_NAME,),
        Bilingual(
            "martene som arbeidsbok, med norske overskrifter",
            "the marts as a workbook, with Norwegian headings",
        ),
        workbook.write,
        lambda: tables(DBT_PROJECT, "marts"),
        "analysis",
        is_opened_first=True,
    ),
    Output(
        "page",
        "the page",
        tuple(
            f"{page.FOLDER}/{name}"
            for name in (*page.FILES.values(), *page.LISTS.values(), *page.FEEDS.values())
        ),
        Bilingual(
            "siden å se på, på norsk og engelsk: hvor vi er, mot planen, region for region; og en "
            "side for hvert RHF, helsefellesskap, fylke og kommune; Atom-strømmer av endringer",
            "the page to look at, in Norwegian and English: where we are, against the plan, "
            "region by region; and a page for each RHF, helsefellesskap, fylke and kommune; "
            "Atom feeds of changes",
        ),
        page.write,
        lambda: page.READS,
        "dashboard",
        is_opened_first=True,
    ),
    Output(
        "dictionary",
        "the data dictionary",
        (dictionary.FILE_NAME,),
        Bilingual(
            "hver tabell, hver kolonne og hvert mål med definisjon",
            "every table, column and measure with its definition",
        ),
        dictionary.write,
    ),
    Output(
        "dbt_docs",
        "the documentation of the tables",
        (dbt_docs.FILE_NAME,),
        Bilingual(
            "dbts dokumentasjon: hver tabell, SQL, tester og opphav",
            "dbt's documentation: every table, its SQL, its tests and its lineage",
        ),
        dbt_docs.write,
    ),
    Output(
        "json_stat",
        "the JSON-stat cube",
        (jsonstat.FILE_NAME,),
        Bilingual(
            "andeler i bruk som JSON-stat 2.0",
            "shares in use as JSON-stat 2.0",
        ),
        jsonstat.write,
        lambda: jsonstat.TABLES,
    ),
    Output(
        "power_bi",
        "the Power BI project",
        (f"{powerbi.FOLDER}/{powerbi.PROJECT}.pbip",),
        Bilingual(
            "et Power BI-prosjekt på Parquet-mappen: sett parameteren `Parquetmappe` og oppdater; "
            "siden Kontroll sier om alt stemmer",
            "a Power BI project on the Parquet folder: set the parameter `Parquetmappe` and "
            "refresh; the page Kontroll says whether all agree",
        ),
        powerbi.write,
        lambda: powerbi.TABLES,
        "analysis",
        is_opened_first=True,
    ),
    Output(
        "difference",
        "the difference from the release before",
        (difference.FILE_NAME,),
        Bilingual(
            "hva som er endret siden forrige utgave",
            "what changed since the release before",
        ),
        difference.write,
    ),
    Output(
        "catalogue",
        "the catalogue",
        (catalogue.TURTLE, catalogue.JSON_LD),
        Bilingual(
            "DCAT-AP-NO 3, for kataloger som høster",
            "DCAT-AP-NO 3, for catalogues that harvest",
        ),
        catalogue.write,
    ),
    Output(
        "data_package",
        "the data package",
        (descriptor.DATA_PACKAGE,),
        Bilingual(
            "Data Package 2.0: hva hver kolonne i CSV-filene betyr",
            "Data Package 2.0: what every column of the CSV files means",
        ),
        descriptor.write_data_package,
    ),
    Output(
        "manifest",
        "the manifest",
        (descriptor.MANIFEST,),
        Bilingual(
            "id, tid, kontrakt og kodeversjon, hvert øyeblikksbilde som er brukt, hver fil med "
            "kontrollsum, kilder med eldre tall",
            "id, time, contract and code version, every snapshot used, every file with its hash, "
            "sources that keep an earlier snapshot",
        ),
        descriptor.write_manifest,
    ),
)


def write_release(
    folder: Path,
    build_file: Path,
    release_id: str,
    built_at: datetime,
    inputs: Inputs,
    previous: Path | None,
) -> None:
    """Fill the empty `folder` with a whole release made from the build file.

    `previous` is the release to compare with. All outputs but `pll.duckdb` are made from
    `pll.duckdb`, so that all files agree; the page is made from private tables of the same build.
    `release.json` is the last, as it lists the others.
    Raises `PllError` for a build file that cannot be published, or that would disclose what a
    publisher suppressed, and whatever writing raises, with a note that names the output.
    """
    info = ReleaseInfo(release_id, built_at, inputs)
    with _noted(f"making {DATABASE.title}"):
        duckdb.write(folder, build_file, info)
    with duckdb.opened(folder) as (connection, public):
        duckdb.attach(connection, build_file, "build")
        draft = Draft(folder, connection, public, info, previous)
        with _noted("checking that no suppressed cell can be computed"):
            disclosure.check(connection)
        for output in OUTPUTS:
            if output.write:
                with _noted(f"making {output.title}"):
                    output.write(draft)


@contextmanager
def _noted(what: str) -> Iterator[None]:
    """Add to an error what was being done."""
    try:
        yield
    except Exception as error:
        error.add_note(f"while {what}")
        raise
