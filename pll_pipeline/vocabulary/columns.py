"""The column vocabulary: one name, one type, one meaning, in every table that has it.

dbt's YAML, the comments in DuckDB, the fields of the data package and the headings of the workbook
all come from here (`star/model_files.py` writes the YAML). Not here: which table has which columns
(`dbt_project/tables/`), checks of published rows (`validated/rules.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from pll_pipeline.vocabulary.norwegian.periods import Grain

ColumnType = Literal[
    "varchar", "integer", "bigint", "double", "boolean", "date", "timestamp with time zone"
]

QUALIFIERS = ("exact", "approx", "at_least", "at_most", "estimate")
STATUSES = ("observed", "suppressed", "provisional", "missing")
PERIOD_GRAINS: tuple[str, ...] = get_args(Grain)
DATE_PRECISIONS = ("day", "month", "year")
PHASES = ("forberedelse", "utproving", "innforing", "i_drift")
STATEMENTS = ("reported", "state", "planned", "target", "superseded")
TARGET_KINDS = ("target", "rule")
DIRECTIONS = ("at_least", "at_most")
CADENCES = ("irregular", "daily", "monthly", "quarterly", "yearly")
UNITS = (
    "count",
    "share",
    "count_change",
    "count_per_week",
    "mean_count",
    "ratio",
    "relative_change",
)
# No figure and no bound is larger, so that sums of 900 000 of them are exact in 64 bits; a count of
# this size is also exact as a double (up to 2^53). The largest figure there is has 8 digits.
LARGEST_FIGURE = 1e13
MEASURE_ROLES = ("adoption", "denominator", "background")
TIME_KINDS = ("stock", "flow", "cumulative", "rolling")
REGION_LEVELS = (
    "land",
    "rhf",
    "hf",
    "helsefellesskap",
    "fylke",
    "kommune",
    "bydel",
    "sykehus",
    "svalbard",
    "jan_mayen",
    "uoppgitt",
    "gruppe",
)
ACTOR_TYPE_KINDS = ("all", "actor", "profession", "combination", "chain", "vendor")
ENDINGS = ("revised", "withdrawn")
CHANGE_KINDS = ("correction", "late_arrival", "withdrawal", "reinstatement")
RELATIONS = ("level", "recode", "reform")
PART_QUALITIES = ("exact", "approx", "estimate")
RECONCILIATION_STATUSES = ("agrees", "within_tolerance", "differs", "incomplete", "not_comparable")
REFUSALS = (
    *("only_bounds", "few_reported", "too_small", "too_old", "too_few_months"),
    *("newest_suppressed", "reached", "not_begun"),
)
BASES = ("published", "derived", "aggregated")
PLANNED_BASES = ("stated", "inherited", "inferred")
OBSERVED_BASES = ("figure", "report")
TARGET_STATUSES = ("reached", "reached_late", "open", "missed", "unknown", "not_measured", "rule")


@dataclass(frozen=True)
class Column:
    """A column as every table uses it.

    `type` is DuckDB's and dbt's name; `allowed` lists the only values there are; `refers_to` is the
    key of the dimension that has all its values ("dim_region.region_key"); `range` is the least
    and the greatest value, both included.
    """

    name: str
    type: ColumnType
    label: str
    en: str
    nb: str
    allowed: tuple[str, ...] = ()
    refers_to: str = ""
    range: tuple[float | None, float | None] | None = None

    @property
    def description(self) -> str:
        """English and Norwegian in one text, as persisted in comments."""
        values = f" ({', '.join(self.allowed)})" if self.allowed else ""
        return f"{self.en}{values}. | {self.nb}{values}."


_ALL = [
    # keys and names of the dimensions
    Column(
        "service_code",
        "varchar",
        "Tjenestekode",
        "Code of the service; empty where a measure serves every service, as population does",
        "Kode for tjenesten; tom der målet gjelder alle tjenester, som folketall",
        refers_to="dim_service.service_code",
    ),
    Column("service_name", "varchar", "Tjeneste", "Name of the service", "Navnet på tjenesten"),
    Column(
        "service_name_en",
        "varchar",
        "Tjeneste (engelsk)",
        "English name of the service",
        "Engelsk navn på tjenesten",
    ),
    Column(
        "service_description",
        "varchar",
        "Hva tjenesten er",
        "What the service is, in Norwegian",
        "Hva tjenesten er",
    ),
    Column(
        "service_description_en",
        "varchar",
        "Hva tjenesten er (engelsk)",
        "What the service is, in English",
        "Hva tjenesten er, på engelsk",
    ),
    Column(
        "since_date",
        "date",
        "I bruk siden",
        "First day of the period in which the service was first in use",
        "Første dag i perioden tjenesten først var i bruk",
    ),
    Column(
        "measure_code",
        "varchar",
        "Målkode",
        "Code of the measure",
        "Kode for målet",
        refers_to="dim_measure.measure_code",
    ),
    Column(
        "measure_name", "varchar", "Mål", "Norwegian name of the measure", "Norsk navn på målet"
    ),
    Column(
        "measure_name_en",
        "varchar",
        "Mål (engelsk)",
        "English name of the measure",
        "Engelsk navn på målet",
    ),
    Column(
        "unit",
        "varchar",
        "Enhet",
        "What a value counts; a share lies between 0 and 1",
        "Hva en verdi teller; en andel ligger mellom 0 og 1",
        UNITS,
    ),
    Column(
        "measure_role",
        "varchar",
        "Målets rolle",
        "What the figures of the measure are for: how far a service is adopted, what that is a "
        "share of, or background",
        "Hva tallene for målet brukes til: hvor langt en tjeneste er tatt i bruk, hva det er en "
        "andel av, eller bakgrunn",
        MEASURE_ROLES,
    ),
    Column(
        "time_kind",
        "varchar",
        "Tidsbegrep",
        "How values relate to time",
        "Hvordan verdiene forholder seg til tid",
        TIME_KINDS,
    ),
    Column(
        "adds_over_regions",
        "boolean",
        "Summerbar over regioner",
        "True when values of separate regions may be added",
        "Sann når verdier for ulike regioner kan summeres",
    ),
    Column(
        "adds_over_actor_types",
        "boolean",
        "Summerbar over aktørtyper",
        "True when values of separate actor types may be added",
        "Sann når verdier for ulike aktørtyper kan summeres",
    ),
    Column(
        "adds_over_time",
        "boolean",
        "Summerbar over tid",
        "True when values of separate periods may be added",
        "Sann når verdier for ulike perioder kan summeres",
    ),
    Column(
        "additivity_code",
        "varchar",
        "Slags enhet",
        "What kind of unit a measure counts, which decides over what its figures may be added",
        "Hva slags enhet et mål teller, som avgjør hva tallene kan summeres over",
    ),
    Column(
        "adds_over_reason",
        "varchar",
        "Grunn for summering",
        "Why values may or may not be added over regions, actor types and time, in Norwegian",
        "Hvorfor verdier kan eller ikke kan summeres over regioner, aktørtyper og tid",
    ),
    Column(
        "adds_over_reason_en",
        "varchar",
        "Grunn for summering (engelsk)",
        "Why values may or may not be added over regions, actor types and time",
        "Hvorfor verdier kan eller ikke kan summeres over regioner, aktørtyper og tid, på engelsk",
    ),
    Column(
        "numerator_code",
        "varchar",
        "Teller",
        "Measure that is the numerator of this share",
        "Målet som er teller i denne andelen",
        refers_to="dim_measure.measure_code",
    ),
    Column(
        "denominator_code",
        "varchar",
        "Nevner",
        "Measure that is the denominator; empty where no publisher defines one, and then no share "
        "is made",
        "Målet som er nevner; tom der ingen utgiver har definert en, og da lages ingen andel",
        refers_to="dim_measure.measure_code",
    ),
    Column(
        "is_adoption",
        "boolean",
        "Er utbredelse",
        "True when the measure is how far a service is taken into use",
        "Sann når målet sier hvor langt en tjeneste er tatt i bruk",
    ),
    Column(
        "definition",
        "varchar",
        "Definisjon",
        "What exactly is counted, in Norwegian",
        "Hva som nøyaktig telles",
    ),
    Column(
        "definition_en",
        "varchar",
        "Definisjon (engelsk)",
        "What exactly is counted, in English",
        "Hva som nøyaktig telles, på engelsk",
    ),
    Column(
        "definition_url",
        "varchar",
        "Definisjonens adresse",
        "Address of the page the definition is read from",
        "Adressen til siden definisjonen er lest fra",
    ),
    Column(
        "owner",
        "varchar",
        "Eier",
        "Who publishes and answers for the measure",
        "Hvem som gir ut og svarer for målet",
    ),
    Column(
        "reviewed_on",
        "date",
        "Gjennomgått",
        "Day the definition was last compared with the publisher's page",
        "Dagen definisjonen sist ble holdt opp mot utgiverens side",
    ),
    Column(
        "region_key",
        "varchar",
        "Regionnøkkel",
        "Key of the region: level, colon, code",
        "Nøkkel for regionen: nivå, kolon, kode",
        refers_to="dim_region.region_key",
    ),
    Column(
        "region_level",
        "varchar",
        "Regionnivå",
        "Level of the region",
        "Regionens nivå",
        REGION_LEVELS,
    ),
    Column(
        "region_code",
        "varchar",
        "Regionkode",
        "The publisher's code of the region as text, leading zeros kept",
        "Utgiverens kode for regionen som tekst, med ledende nuller",
    ),
    Column(
        "region_name", "varchar", "Region", "Norwegian name of the region", "Norsk navn på regionen"
    ),
    Column(
        "region_name_parallel",
        "varchar",
        "Region (samisk, kvensk)",
        "Sami and Kven names of the region",
        "Samiske og kvenske navn på regionen",
    ),
    Column(
        "region_label",
        "varchar",
        "Region (entydig)",
        "Name of the region that no other region has: a name that several have is followed by "
        "level, fylke, or code and last year",
        "Navn på regionen som ingen annen region har: et navn flere har, følges av nivå, "
        "fylke, eller kode og siste år",
    ),
    Column(
        "fylke_name",
        "varchar",
        "I fylke",
        "Name of the fylke the region lies in",
        "Navn på fylket regionen ligger i",
    ),
    Column(
        "helsefellesskap_name",
        "varchar",
        "I helsefellesskap",
        "Name of the helsefellesskap the region lies in",
        "Navn på helsefellesskapet regionen ligger i",
    ),
    Column(
        "hf_name",
        "varchar",
        "I helseforetak",
        "Name of the health trust or private hospital the region's residents belong to",
        "Navn på helseforetaket eller det private sykehuset som innbyggerne i regionen hører til",
    ),
    Column(
        "rhf_name",
        "varchar",
        "I RHF",
        "Name of the regional health authority the region lies in",
        "Navn på det regionale helseforetaket regionen ligger i",
    ),
    Column(
        "region_as_published",
        "varchar",
        "Region som publisert",
        "The region in the publisher's own words",
        "Regionen med utgiverens egne ord",
    ),
    Column(
        "current_region_key",
        "varchar",
        "Dagens region",
        "Key of the region that holds the place today; empty where it was split or is a group",
        "Nøkkel for regionen som gjelder i dag; tom der den ble delt eller er en gruppe",
        refers_to="dim_region.region_key",
    ),
    Column(
        "valid_from",
        "date",
        "Gyldig fra",
        "First day the code is valid; empty when before all figures",
        "Første dag koden gjelder; tom når den er eldre enn alle tall",
    ),
    Column(
        "valid_to",
        "date",
        "Gyldig til",
        "First day the code is no longer valid; empty when it still is",
        "Første dag koden ikke lenger gjelder; tom når den fortsatt gjelder",
    ),
    Column(
        "is_current",
        "boolean",
        "Gjelder i dag",
        "True when the code is valid today",
        "Sann når koden gjelder i dag",
    ),
    Column(
        "fylke_key",
        "varchar",
        "Fylke",
        "Key of the fylke the region lies in",
        "Nøkkel for fylket regionen ligger i",
        refers_to="dim_region.region_key",
    ),
    Column(
        "helsefellesskap_key",
        "varchar",
        "Helsefellesskap",
        "Key of the helsefellesskap the region belongs to",
        "Nøkkel for helsefellesskapet regionen hører til",
        refers_to="dim_region.region_key",
    ),
    Column(
        "hf_key",
        "varchar",
        "Helseforetak",
        "Key of the health trust whose area the region lies in; the main one where it is split",
        "Nøkkel for helseforetaket regionen ligger i området til; hovedforetaket der den er delt",
        refers_to="dim_region.region_key",
    ),
    Column(
        "rhf_key",
        "varchar",
        "Regionalt helseforetak",
        "Key of the regional health authority",
        "Nøkkel for det regionale helseforetaket",
        refers_to="dim_region.region_key",
    ),
    Column(
        "successor_key",
        "varchar",
        "Etterfølger",
        "Key of the region that took over, when exactly one did",
        "Nøkkel for regionen som overtok, når det var nøyaktig én",
        refers_to="dim_region.region_key",
    ),
    Column(
        "tile_column",
        "integer",
        "Flis, kolonne",
        "Column of the region's tile in the tile map of its level, a layout of our own; empty "
        "without a tile",
        "Kolonnen til regionens flis i nivåets fliskart, et eget oppsett; tom uten flis",
    ),
    Column(
        "tile_row",
        "integer",
        "Flis, rad",
        "Row of the tile, counted from the north",
        "Raden til flisen, talt fra nord",
    ),
    Column(
        "is_tile_row_offset",
        "boolean",
        "Flis, forskjøvet rad",
        "True when the row is shifted by half a tile, as rows of hexagons are",
        "Sann når raden er forskjøvet en halv flis, som rader av sekskanter er",
    ),
    Column(
        "is_tile_inset",
        "boolean",
        "Flis i innfelling",
        "True when the tile is in the inset with Nordland, Troms and Finnmark",
        "Sann når flisen står i innfellingen med Nordland, Troms og Finnmark",
    ),
    Column(
        "actor_type_code",
        "varchar",
        "Aktørtypekode",
        "Code of the actor type; `alle` is a member of its own",
        "Kode for aktørtypen; `alle` er et eget medlem",
        refers_to="dim_actor_type.actor_type_code",
    ),
    Column(
        "actor_type_name",
        "varchar",
        "Aktørtype",
        "Norwegian name of the actor type",
        "Norsk navn på aktørtypen",
    ),
    Column(
        "actor_type_name_en",
        "varchar",
        "Aktørtype (engelsk)",
        "English name of the actor type",
        "Engelsk navn på aktørtypen",
    ),
    Column(
        "actor_type_kind",
        "varchar",
        "Slags aktør",
        "What kind of member it is; a combination is one the publisher did not split",
        "Hva slags medlem det er; en kombinasjon er en utgiveren ikke har delt",
        ACTOR_TYPE_KINDS,
    ),
    Column(
        "parent_code",
        "varchar",
        "Overordnet",
        "Actor type this one is part of",
        "Aktørtypen denne er en del av",
        refers_to="dim_actor_type.actor_type_code",
    ),
    Column(
        "care_level",
        "varchar",
        "Omsorgsnivå",
        "Level of care the actor type belongs to",
        "Nivået i helsetjenesten aktørtypen hører til",
    ),
    Column(
        "official_code",
        "varchar",
        "Offisiell kode",
        "Code in an official code list",
        "Kode i et offisielt kodeverk",
    ),
    Column(
        "official_code_system",
        "varchar",
        "Kodeverk",
        "Official code list the code is from",
        "Kodeverket koden er fra",
    ),
    Column(
        "mapping_status",
        "varchar",
        "Kodetreff",
        "How well the official code fits",
        "Hvor godt den offisielle koden passer",
        ("official", "closest", "none"),
    ),
    # time
    Column(
        "month",
        "date",
        "Måned",
        "First day of the month; months are calendar months in Europe/Oslo",
        "Første dag i måneden; måneder er kalendermåneder i Europe/Oslo",
        refers_to="dim_month.month",
    ),
    Column("year", "integer", "År", "Calendar year", "Kalenderår"),
    Column(
        "tertial",
        "integer",
        "Tertial",
        "Third of the year, 1 to 3",
        "Tredjedel av året, 1 til 3",
        range=(1, 3),
    ),
    Column(
        "quarter",
        "integer",
        "Kvartal",
        "Quarter of the year, 1 to 4",
        "Kvartal, 1 til 4",
        range=(1, 4),
    ),
    Column(
        "month_number",
        "integer",
        "Månedsnummer",
        "Number of the month, 1 to 12",
        "Månedens nummer, 1 til 12",
        range=(1, 12),
    ),
    Column(
        "month_name",
        "varchar",
        "Månedsnavn",
        "Norwegian name of the month",
        "Norsk navn på måneden",
    ),
    Column(
        "month_label",
        "varchar",
        "Månedsetikett",
        "Short Norwegian label of month and year",
        "Kort norsk etikett for måned og år",
    ),
    Column(
        "is_latest",
        "boolean",
        "Nyeste måned",
        "True for the newest month any figure is about; latest of one service or measure may be "
        "earlier",
        "Sann for den nyeste måneden noe tall gjelder; den nyeste for én tjeneste eller ett mål "
        "kan være tidligere",
    ),
    Column(
        "period_start",
        "date",
        "Periode fra",
        "First day of the period, included; empty when undated",
        "Første dag i perioden, medregnet; tom når tallet er udatert",
    ),
    Column(
        "period_end",
        "date",
        "Periode til",
        "Last day of the period, included; empty when undated",
        "Siste dag i perioden, medregnet; tom når tallet er udatert",
    ),
    Column(
        "period_grain",
        "varchar",
        "Periodetype",
        "Kind of the period: span is days that are no other kind, and half_year January to June or "
        "July to December; empty when undated",
        "Periodens type: span er dager som ikke er noen annen periodetype, og half_year januar til "
        "juni eller juli til desember; tom når tallet er udatert",
        PERIOD_GRAINS,
    ),
    Column("period_label", "varchar", "Periode", "The period in Norwegian", "Perioden på norsk"),
    Column(
        "is_period_inferred",
        "boolean",
        "Periode utledet",
        "True when the page is undated and the period was inferred from what it says",
        "Sann når siden er udatert og perioden er utledet av innholdet",
    ),
    # the figure
    Column(
        "is_withheld",
        "boolean",
        "Skjermet siden",
        "True for an earlier figure of a cell that its publisher withholds now: that it was "
        "another is shown, not what it was",
        "Sann for et tidligere tall i en celle som utgiveren nå skjermer: det vises at det var et "
        "annet, ikke hva det var",
    ),
    Column(
        "value",
        "double",
        "Verdi",
        "The figure; shares between 0 and 1; empty when not published, suppressed or given as a "
        "range",
        "Tallet; andeler mellom 0 og 1; tomt når det ikke er publisert, er skjermet eller er "
        "oppgitt som et spenn",
    ),
    Column(
        "lower_bound",
        "double",
        "Nedre grense",
        "Least value the statement allows; empty when it sets none",
        "Minste verdi utsagnet tillater; tom når det ikke setter noen",
    ),
    Column(
        "upper_bound",
        "double",
        "Øvre grense",
        "Greatest value the statement allows; empty when it sets none",
        "Største verdi utsagnet tillater; tom når det ikke setter noen",
    ),
    Column(
        "qualifier",
        "varchar",
        "Forbehold",
        "The publisher's qualifier of the figure",
        "Hvordan utgiveren tok forbehold om tallet",
        QUALIFIERS,
    ),
    Column(
        "qualifier_label",
        "varchar",
        "Forbehold på norsk",
        "The qualifier in Norwegian",
        "Forbeholdet på norsk",
    ),
    Column(
        "status",
        "varchar",
        "Status",
        "Whether the figure was observed, suppressed, provisional or missing",
        "Om tallet er observert, skjermet, foreløpig eller mangler",
        STATUSES,
    ),
    Column(
        "published_text",
        "varchar",
        "Publisert tekst",
        "The figure as the publisher, or the transcription of the page, wrote it",
        "Tallet slik utgiveren, eller avskriften av siden, skrev det",
    ),
    Column(
        "revision_number",
        "integer",
        "Revisjon",
        "1 for the first value known, one more for each changed value since",
        "1 for den første kjente verdien, én mer for hver endring siden",
        range=(1, None),
    ),
    Column(
        "row_reference",
        "varchar",
        "Rad i kilden",
        "File and line of the figure in the snapshot",
        "Fil og linje i øyeblikksbildet der tallet står",
    ),
    Column(
        "known_from",
        "timestamp with time zone",
        "Kjent fra",
        "When the snapshot that first had the value was taken, UTC",
        "Når øyeblikksbildet som først sa det ble tatt, UTC",
    ),
    Column(
        "known_to",
        "timestamp with time zone",
        "Kjent til",
        "When the snapshot with another value, or without the figure, was taken, UTC; empty while "
        "it is valid",
        "Når øyeblikksbildet som sa noe annet, eller ikke lenger sa det, ble tatt, UTC; tom så "
        "lenge tallet står",
    ),
    Column(
        "ended_by",
        "varchar",
        "Avløst av",
        "Whether another value replaced it or the source no longer publishes it; empty while it "
        "is valid",
        "Om en annen verdi tok plassen eller kilden ikke lenger oppgir tallet; tom så lenge "
        "tallet står",
        ENDINGS,
    ),
    Column(
        "change_kind",
        "varchar",
        "Endring",
        "A correction of a published value, a figure that came after its period had been "
        "published, one that is gone, or one that came back",
        "En retting av det som var sagt, et tall som kom etter at perioden var publisert, et som "
        "er borte, eller et som kom tilbake",
        CHANGE_KINDS,
    ),
    Column(
        "changed_at",
        "timestamp with time zone",
        "Endret",
        "When the snapshot that changed it was taken, UTC",
        "Når øyeblikksbildet som endret det ble tatt, UTC",
    ),
    Column(
        "value_before",
        "double",
        "Verdi før",
        "Value before the change; empty when there was none",
        "Verdien før endringen; tom når det ikke var noen",
    ),
    Column(
        "value_after",
        "double",
        "Verdi etter",
        "Value after the change; empty when there is none",
        "Verdien etter endringen; tom når det ikke er noen",
    ),
    Column(
        "value_change",
        "double",
        "Endring i verdi",
        "Value after less value before; empty unless both are known",
        "Verdien etter minus verdien før; tom uten at begge er kjent",
    ),
    Column(
        "status_before",
        "varchar",
        "Status før",
        "Status before the change",
        "Status før endringen",
        STATUSES,
    ),
    Column(
        "status_after",
        "varchar",
        "Status etter",
        "Status after the change",
        "Status etter endringen",
        STATUSES,
    ),
    Column(
        "published_text_before",
        "varchar",
        "Publisert tekst før",
        "The figure as it was published before, character by character",
        "Tallet slik det var publisert før, tegn for tegn",
    ),
    Column(
        "published_text_after",
        "varchar",
        "Publisert tekst etter",
        "The figure as it is published after, character by character",
        "Tallet slik det er publisert etter, tegn for tegn",
    ),
    Column(
        "snapshot_at",
        "timestamp with time zone",
        "Hentet",
        "When the snapshot was taken, UTC",
        "Når øyeblikksbildet ble tatt, UTC",
    ),
    Column(
        "context",
        "varchar",
        "Sammenheng",
        "What the page says around the figure, paraphrased",
        "Hva siden sier rundt tallet, gjengitt",
    ),
    Column(
        "statement_address",
        "varchar",
        "Sagt på",
        "Address of the page that states it",
        "Adressen til siden som sier det",
    ),
    Column(
        "also_stated_at",
        "varchar",
        "Også sagt på",
        "Addresses of other pages that state the same figure",
        "Adressene til andre sider som sier det samme tallet",
    ),
    # sources
    Column(
        "source_name",
        "varchar",
        "Kilde",
        "Name of the source in the register",
        "Kildens navn i registeret",
        refers_to="dim_source.source_name",
    ),
    Column(
        "source_title",
        "varchar",
        "Kildens tittel",
        "Norwegian title of the source",
        "Norsk tittel på kilden",
    ),
    Column("title", "varchar", "Tittel", "Norwegian title of the source", "Norsk tittel på kilden"),
    Column(
        "title_en",
        "varchar",
        "Tittel (engelsk)",
        "English title of the source",
        "Engelsk tittel på kilden",
    ),
    Column("publisher", "varchar", "Utgiver", "Who publishes the source", "Hvem som gir ut kilden"),
    Column(
        "landing_page",
        "varchar",
        "Nettside",
        "Page where the source is presented",
        "Siden der kilden presenteres",
    ),
    Column(
        "licence",
        "varchar",
        "Lisens",
        "Licence of the source's figures",
        "Lisensen for kildens tall",
    ),
    Column(
        "attribution",
        "varchar",
        "Kildehenvisning",
        "Words to print beside the figures",
        "Teksten som skal stå ved tallene",
    ),
    Column(
        "cadence",
        "varchar",
        "Hyppighet",
        "How often the publisher publishes",
        "Hvor ofte utgiveren publiserer",
        CADENCES,
    ),
    Column(
        "is_simulated",
        "boolean",
        "Simulert",
        "True when the figures were never published: never statistics",
        "Sann når ingen har publisert tallene: aldri statistikk",
    ),
    # targets
    Column(
        "target_kind",
        "varchar",
        "Slags mål",
        "A target to reach or a rule to keep",
        "Et mål som skal nås eller en regel som skal holdes",
        TARGET_KINDS,
    ),
    Column(
        "direction",
        "varchar",
        "Retning",
        "Whether the value is to be reached or not to be passed",
        "Om verdien skal nås eller ikke overskrides",
        DIRECTIONS,
    ),
    Column(
        "due_start",
        "date",
        "Frist fra",
        "First day of the period in which the target falls due",
        "Første dag i perioden målet forfaller",
    ),
    Column(
        "due_end",
        "date",
        "Frist til",
        "Last day of the period in which the target falls due",
        "Siste dag i perioden målet forfaller",
    ),
    Column(
        "due_grain",
        "varchar",
        "Fristens lengde",
        "Length of the period in which the target falls due",
        "Lengden på perioden målet forfaller i",
        PERIOD_GRAINS,
    ),
    Column(
        "target_value",
        "double",
        "Målverdi",
        "Value to be reached; shares between 0 and 1",
        "Verdien som skal nås; andeler mellom 0 og 1",
    ),
    Column(
        "newest_value",
        "double",
        "Nyeste verdi",
        "Newest figure of the same measure, region and actor type; empty when none was published",
        "Nyeste tall for samme mål, region og aktørtype; tom når ingen har publisert et",
    ),
    Column(
        "newest_period_end",
        "date",
        "Nyeste verdi gjelder til",
        "Last day of the newest figure's period",
        "Siste dag i perioden det nyeste tallet gjelder",
    ),
    Column(
        "newest_qualifier",
        "varchar",
        "Forbehold om nyeste verdi",
        "The qualifier of the newest figure",
        "Forbeholdet om det nyeste tallet",
        QUALIFIERS,
    ),
    Column(
        "distance",
        "double",
        "Avstand",
        "Target minus newest value; below zero when passed",
        "Mål minus nyeste verdi; under null når det er passert",
    ),
    Column(
        "months_left",
        "integer",
        "Måneder igjen",
        "Months from the newest figure to the due date; empty when it was due already when the "
        "plan was last read",
        "Måneder fra det nyeste tallet til fristen; tom når fristen var ute da planen sist ble "
        "lest",
    ),
    Column(
        "pace_needed_per_month",
        "double",
        "Nødvendig takt",
        "Change per month still needed to reach the target when due",
        "Endring per måned som trengs for å nå målet i tide",
    ),
    Column(
        "newest_basis",
        "varchar",
        "Grunnlaget for nyeste verdi",
        "Whether the newest figure is published, derived from two figures or a sum of parts",
        "Om det nyeste tallet er publisert, utledet av to tall eller en sum av deler",
        BASES,
    ),
    Column(
        "pace_per_month",
        "double",
        "Takt siste 12 måneder",
        "Mean change per month over the 12 months up to the newest figure",
        "Gjennomsnittlig endring per måned de siste 12 månedene frem til det nyeste tallet",
    ),
    Column(
        "is_pace_sufficient",
        "boolean",
        "Takten holder",
        "True when the pace of the last 12 months reaches the target when due; empty where either "
        "is not known",
        "Sann når takten de siste 12 månedene når målet i tide; tom der en av dem ikke er kjent",
    ),
    Column(
        "target_status",
        "varchar",
        "Målstatus",
        "The state of the target; reached_late when a figure of the due date or later had not "
        "reached it; unknown when it fell due and no figure shows whether it was reached; "
        "not_measured when no figure of the same definition is published",
        "Hvordan målet ligger an; reached_late når et tall fra fristen eller senere ikke hadde "
        "nådd det; unknown når fristen er ute og ingen tall viser om det ble nådd; "
        "not_measured når ingen tall med samme definisjon er publisert",
        TARGET_STATUSES,
    ),
    # milestones
    Column(
        "area_name",
        "varchar",
        "Område",
        "The area in the publisher's own words",
        "Området med utgiverens egne ord",
    ),
    Column("phase", "varchar", "Fase", "Phase of the introduction", "Fase i innføringen", PHASES),
    Column(
        "starts_on",
        "date",
        "Starter",
        "First day of the stated start",
        "Første dag i den oppgitte starten",
    ),
    Column(
        "starts_on_precision",
        "varchar",
        "Startens nøyaktighet",
        "How exactly the start is stated",
        "Hvor nøyaktig starten er oppgitt",
        DATE_PRECISIONS,
    ),
    Column(
        "ends_on",
        "date",
        "Slutter",
        "Last day of the stated end",
        "Siste dag i den oppgitte slutten",
    ),
    Column(
        "ends_on_precision",
        "varchar",
        "Sluttens nøyaktighet",
        "How exactly the end is stated",
        "Hvor nøyaktig slutten er oppgitt",
        DATE_PRECISIONS,
    ),
    Column(
        "is_date_inferred",
        "boolean",
        "Dato utledet",
        "True when the date was inferred from an undated page",
        "Sann når datoen er utledet av en udatert side",
    ),
    Column(
        "statement",
        "varchar",
        "Utsagn",
        "Whether it was reported as done, a state at a date, planned, a target, or a plan since"
        " replaced",
        "Om det er meldt som gjort, en tilstand på en dato, planlagt, et mål, eller en plan som er"
        " erstattet",
        STATEMENTS,
    ),
    Column(
        "planned_phase",
        "varchar",
        "Fase etter planen",
        "Phase the plan puts the area in",
        "Fasen planen setter området i",
        PHASES,
    ),
    Column(
        "observed_phase",
        "varchar",
        "Observert fase",
        "Phase the area is seen to have reached: by its figures (the thresholds are in "
        "dbt_project.yml), else as reported",
        "Fasen området ser ut til å ha nådd: etter tallene (tersklene står i dbt_project.yml), "
        "ellers slik det er meldt",
        PHASES,
    ),
    Column(
        "planned_basis",
        "varchar",
        "Planens grunnlag",
        "Whether the plan is stated for this area and actor type, inherited from a wider area or "
        "more actor types, or inferred to be about it",
        "Om planen er oppgitt for dette området og denne aktørtypen, arvet fra et større område "
        "eller flere aktørtyper, eller utledet til å gjelde det",
        PLANNED_BASES,
    ),
    Column(
        "observed_basis",
        "varchar",
        "Observasjonens grunnlag",
        "Whether figures or a report show the phase",
        "Om tall eller en melding viser fasen",
        OBSERVED_BASES,
    ),
    Column(
        "observed_share",
        "double",
        "Observert andel",
        "The month's share by which the phase is judged; the least it can be where it is "
        "suppressed",
        "Månedens andel som fasen bedømmes etter; det minste den kan være der den er skjermet",
        range=(0, 1),
    ),
    Column(
        "reported_phase",
        "varchar",
        "Meldt fase",
        "Phase the area was reported to be in",
        "Fasen noen har meldt at området er i",
        PHASES,
    ),
    Column(
        "lag_months",
        "integer",
        "Etterslep i måneder",
        "Months from the planned start of the planned phase to the month it was seen, or to this "
        "month while it is not; below zero when early; empty where either is not known to the "
        "month",
        "Måneder fra planlagt start av den planlagte fasen til måneden den ble sett, eller til "
        "denne måneden så lenge den ikke er det; under null når den kom tidlig; tom der en av dem "
        "ikke er kjent på måneden",
    ),
    Column(
        "lag_months_lower",
        "integer",
        "Etterslep, nedre grense",
        "The least that lag_months can be, where suppressed shares leave it open; equal to it "
        "where it is known, empty where there is no bound",
        "Det minste etterslepet kan være, der skjermede andeler gjør det uvisst; likt det der det "
        "er kjent, tom uten grense",
    ),
    Column(
        "lag_months_upper",
        "integer",
        "Etterslep, øvre grense",
        "The most that lag_months can be by this month, where suppressed shares leave it open; "
        "equal to it where it is known, empty where there is no bound",
        "Det meste etterslepet kan være til og med denne måneden, der skjermede andeler gjør det "
        "uvisst; likt det der det er kjent, tom uten grense",
    ),
    Column(
        "is_behind_plan",
        "boolean",
        "Etter planen i tid",
        "True while the planned phase is not yet seen; empty where nothing is seen or planned",
        "Sann så lenge den planlagte fasen ikke er sett; tom der ingenting er sett eller planlagt",
    ),
    # quarantine
    Column("rule", "varchar", "Regel", "Rule the row broke", "Regelen raden brøt"),
    Column(
        "column_name", "varchar", "Kolonne", "Column the rule is about", "Kolonnen regelen gjelder"
    ),
    Column(
        "refused_text",
        "varchar",
        "Avvist tekst",
        "What stood there, as published",
        "Det som sto der, slik det ble publisert",
    ),
    Column(
        "reason",
        "varchar",
        "Begrunnelse",
        "Why the row is in quarantine",
        "Hvorfor raden ble satt til side",
    ),
    # adoption
    Column(
        "adoption_count",
        "bigint",
        "Antall som bruker",
        "How many have taken the service into use",
        "Hvor mange som har tatt tjenesten i bruk",
        range=(0, None),
    ),
    Column(
        "adoption_count_lower",
        "bigint",
        "Antall som bruker, nedre grense",
        "Fewest that have taken the service into use, as far as the figures allow",
        "Færrest som har tatt tjenesten i bruk, så langt tallene tillater",
        range=(0, None),
    ),
    Column(
        "adoption_count_upper",
        "bigint",
        "Antall som bruker, øvre grense",
        "Most that have taken the service into use, as far as the figures allow",
        "Flest som har tatt tjenesten i bruk, så langt tallene tillater",
        range=(0, None),
    ),
    Column(
        "eligible_count",
        "bigint",
        "Antall mulige",
        "How many could, by the denominator named beside",
        "Hvor mange som kunne, etter nevneren som står ved siden av",
        range=(0, None),
    ),
    Column(
        "adoption_share",
        "double",
        "Andel som bruker",
        "Share that has taken the service into use, 0 to 1, six decimals",
        "Andelen som har tatt tjenesten i bruk, 0 til 1, seks desimaler",
        range=(0, 1),
    ),
    Column(
        "share_lower",
        "double",
        "Andel, nedre grense",
        "Least share the figures allow",
        "Minste andel tallene tillater",
        range=(0, 1),
    ),
    Column(
        "share_upper",
        "double",
        "Andel, øvre grense",
        "Greatest share the figures allow",
        "Største andel tallene tillater",
        range=(0, 1),
    ),
    Column(
        "basis",
        "varchar",
        "Grunnlag",
        "Whether the row is the publisher's own figure, derived from two, or a sum of parts",
        "Om raden er utgiverens eget tall, utledet av to, eller en sum av deler",
        BASES,
    ),
    Column(
        "reported_share",
        "double",
        "Rapportert andel",
        "For sums of parts: share of the region's eligible base that has reported; empty where "
        "the publisher stated the level itself, or where the base is not known",
        "For summer av deler: andelen av regionens grunnlag som har rapportert; tom der utgiveren "
        "selv oppga nivået, eller der grunnlaget ikke er kjent",
        range=(0, 1),
    ),
    Column(
        "is_representative",
        "boolean",
        "Representativ",
        "Whether the row may represent its region: what was published there, or a sum of "
        "parts that cover at least 80 per cent of the region's base; only such rows are "
        "newest figures, or have a rank, a target, a forecast or a phase",
        "Om raden kan stå for regionen: det som er publisert der, eller en sum av deler som "
        "dekker minst 80 prosent av regionens grunnlag; bare slike rader er nyeste tall, "
        "eller har rang, måltall, framskriving eller fase",
    ),
    Column(
        "is_value_implied",
        "boolean",
        "Verdien følger av grensene",
        "Whether the value is withheld, and yet follows from bounds that are equal",
        "Om verdien er holdt tilbake, men likevel følger av at grensene er like",
    ),
    Column(
        "eligible_as_of",
        "date",
        "Nevnerens dato",
        "Last day of the period the denominator is for: the nearest in time, at most twelve "
        "months away; more than six months away the share is approximate. For sums the oldest "
        "of the parts",
        "Siste dag i perioden nevneren gjelder: den nærmeste i tid, høyst tolv måneder unna; "
        "mer enn seks måneder unna er andelen omtrentlig. For summer den eldste av delene",
    ),
    Column(
        "months_away",
        "integer",
        "Måneder unna",
        "Months between the month and the one the denominator was published for",
        "Måneder mellom måneden og den nevneren er publisert for",
        range=(0, 12),
    ),
    Column(
        "eligible_months_away",
        "integer",
        "Nevnerens avstand",
        "Months between the month and the one the denominator was published for",
        "Måneder mellom måneden og den nevneren er publisert for",
        range=(0, 12),
    ),
    Column(
        "is_contradictory",
        "boolean",
        "Teller over nevner",
        "Whether more is counted than there is, so that there is no share",
        "Om det er talt flere enn det finnes, slik at det ikke er noen andel",
    ),
    Column(
        "part_checksum",
        "bigint",
        "Kontrollsum for deler",
        "A number that is the same for the same set of parts",
        "Et tall som er likt for samme sett av deler",
    ),
    Column(
        "change_1m",
        "double",
        "Endring siste måned",
        "Change in share since the month before; empty unless both are known and may be compared: "
        "of the same kind, among the same, reported by as many",
        "Endring i andel siden måneden før; tom med mindre begge er kjent og kan sammenlignes: av "
        "samme slag, blant de samme, oppgitt av like mange",
    ),
    Column(
        "change_12m",
        "double",
        "Endring siste tolv måneder",
        "Change in share since the same month a year before; empty unless both are published",
        "Endring i andel siden samme måned året før; tom med mindre begge er publisert",
    ),
    Column(
        "rank_in_level",
        "integer",
        "Rang på nivået",
        "Rank by share among regions of the level in the month, 1 is highest; empty where the "
        "bounds allow several",
        "Rang etter andel blant regionene på nivået den måneden, 1 er høyest; tom der grensene "
        "tillater flere",
        range=(1, None),
    ),
    Column(
        "rank_best",
        "integer",
        "Beste rang",
        "Best rank by share among the regions of the level in the month that the bounds of "
        "all of them allow, 1 is highest; a region without a figure may have any share; empty "
        "where fewer than half of the regions have a figure",
        "Beste rang etter andel blant regionene på nivået den måneden som grensene for alle "
        "tillater, 1 er høyest; en region uten tall kan ha enhver andel; tom der færre enn "
        "halvparten av regionene har tall",
        range=(1, None),
    ),
    Column(
        "rank_worst",
        "integer",
        "Dårligste rang",
        "Worst rank by share among the regions of the level in the month that the bounds of "
        "all of them allow",
        "Dårligste rang etter andel blant regionene på nivået den måneden som grensene for "
        "alle tillater",
        range=(1, None),
    ),
    Column(
        "months_since",
        "integer",
        "Måneder siden",
        "Months from this figure to the newest month any figure is about",
        "Måneder fra dette tallet til den nyeste måneden noe tall gjelder",
        range=(0, None),
    ),
    # coverage
    Column(
        "expected_count",
        "bigint",
        "Forventede tall",
        "Cells the source's cadence lets one expect",
        "Celler kildens hyppighet lar en vente",
        range=(0, None),
    ),
    Column(
        "published_count",
        "bigint",
        "Publiserte tall",
        "Cells published with a value or a range",
        "Celler publisert med verdi eller spenn",
        range=(0, None),
    ),
    Column(
        "suppressed_count",
        "bigint",
        "Skjermede tall",
        "Cells the publisher suppressed",
        "Celler utgiveren har skjermet",
        range=(0, None),
    ),
    Column(
        "missing_count",
        "bigint",
        "Manglende tall",
        "Cells expected but not published",
        "Celler som var ventet, men ikke publisert",
        range=(0, None),
    ),
    Column(
        "quarantined_count",
        "bigint",
        "Tall i karantene",
        "Rows in quarantine because they broke a rule",
        "Rader satt til side fordi de brøt en regel",
        range=(0, None),
    ),
    # parts and wholes, and what their figures add up to
    Column(
        "relation",
        "varchar",
        "Forhold",
        "How part and whole belong together: regions of the same time, one code that became "
        "another, or regions of an earlier time in one of today",
        "Hvordan del og helhet hører sammen: regioner fra samme tid, én kode som ble til en "
        "annen, eller tidligere regioner i en av dagens",
        RELATIONS,
    ),
    Column(
        "whole_key",
        "varchar",
        "Helhet",
        "Key of the region that is the whole",
        "Nøkkel for regionen som er helheten",
        refers_to="dim_region.region_key",
    ),
    Column(
        "whole_level",
        "varchar",
        "Helhetens nivå",
        "Level of the whole",
        "Helhetens nivå",
        REGION_LEVELS,
    ),
    Column(
        "part_key",
        "varchar",
        "Del",
        "Key of a region in the whole",
        "Nøkkel for en region i helheten",
        refers_to="dim_region.region_key",
    ),
    Column(
        "part_level",
        "varchar",
        "Delenes nivå",
        "Level of the parts; hf includes the private hospitals with residents of their own, "
        "kommune_today is the kommuner of today in months before the last reform, actor_type says "
        "that actor types were added",
        "Delenes nivå; hf omfatter de private sykehusene med egne innbyggere, kommune_today er "
        "dagens kommuner i måneder før siste reform, actor_type sier at aktørtyper er summert",
    ),
    Column(
        "part_code",
        "varchar",
        "Medlem",
        "Actor type that is a member of the combination",
        "Aktørtype som er medlem av kombinasjonen",
        refers_to="dim_actor_type.actor_type_code",
    ),
    Column(
        "is_whole",
        "boolean",
        "Hele regionen",
        "False when only some of the region is meant; which part is not known here",
        "Usann når bare noe av regionen er ment; hvilken del er ikke kjent her",
    ),
    Column(
        "is_inferred",
        "boolean",
        "Utledet",
        "True when the publisher does not say that the region is in the group, and it is inferred",
        "Sann når utgiveren ikke sier at regionen er med i gruppen, og det er utledet",
    ),
    Column(
        "part_share",
        "double",
        "Delens andel",
        "How much of the part lies in the whole, by population; 1 for all of it",
        "Hvor mye av delen som ligger i helheten, etter folketall; 1 for hele",
        range=(0, 1),
    ),
    Column(
        "part_quality",
        "varchar",
        "Hvor sikkert",
        "How sure the share is: exact, approx where a border moved a little, estimate where a "
        "part was split",
        "Hvor sikker andelen er: exact, approx der en grense ble flyttet litt, estimate der en "
        "del ble delt",
        PART_QUALITIES,
    ),
    Column(
        "region_count",
        "integer",
        "Antall regioner",
        "Regions of the level in the month",
        "Regioner på nivået den måneden",
        range=(0, None),
    ),
    Column(
        "known_count",
        "integer",
        "Med andel",
        "Regions with a share",
        "Regioner med andel",
        range=(0, None),
    ),
    Column(
        "percentile_10",
        "double",
        "Tiprosentil",
        "The 10th percentile of the shares of the regions; empty where the bounds allow several",
        "Tiprosentil av regionenes andeler; tom der grensene tillater flere",
        range=(0, 1),
    ),
    Column(
        "percentile_10_lower",
        "double",
        "Tiprosentil, nedre",
        "Lower bound of the 10th percentile: a region without a figure counts as 0",
        "Nedre grense for tiprosentil: en region uten tall regnes som 0",
        range=(0, 1),
    ),
    Column(
        "percentile_10_upper",
        "double",
        "Tiprosentil, øvre",
        "Upper bound of the 10th percentile: a region without a figure counts as 1",
        "Øvre grense for tiprosentil: en region uten tall regnes som 1",
        range=(0, 1),
    ),
    Column(
        "percentile_50",
        "double",
        "Median",
        "The median of the shares of the regions; empty where the bounds allow several",
        "Median av regionenes andeler; tom der grensene tillater flere",
        range=(0, 1),
    ),
    Column(
        "percentile_50_lower",
        "double",
        "Median, nedre",
        "Lower bound of the median: a region without a figure counts as 0",
        "Nedre grense for median: en region uten tall regnes som 0",
        range=(0, 1),
    ),
    Column(
        "percentile_50_upper",
        "double",
        "Median, øvre",
        "Upper bound of the median: a region without a figure counts as 1",
        "Øvre grense for median: en region uten tall regnes som 1",
        range=(0, 1),
    ),
    Column(
        "percentile_90",
        "double",
        "Nittiprosentil",
        "The 90th percentile of the shares of the regions; empty where the bounds allow several",
        "Nittiprosentil av regionenes andeler; tom der grensene tillater flere",
        range=(0, 1),
    ),
    Column(
        "percentile_90_lower",
        "double",
        "Nittiprosentil, nedre",
        "Lower bound of the 90th percentile: a region without a figure counts as 0",
        "Nedre grense for nittiprosentil: en region uten tall regnes som 0",
        range=(0, 1),
    ),
    Column(
        "percentile_90_upper",
        "double",
        "Nittiprosentil, øvre",
        "Upper bound of the 90th percentile: a region without a figure counts as 1",
        "Øvre grense for nittiprosentil: en region uten tall regnes som 1",
        range=(0, 1),
    ),
    Column(
        "part_count",
        "integer",
        "Antall deler",
        "Parts that were added up",
        "Deler som er summert",
        range=(1, None),
    ),
    Column(
        "expected_part_count",
        "integer",
        "Antall deler i alt",
        "Parts the whole had at the time",
        "Deler helheten hadde på den tiden",
        range=(1, None),
    ),
    Column(
        "stated_share",
        "double",
        "Oppgitt andel",
        "Share as the publisher stated it",
        "Andelen slik utgiveren oppga den",
        range=(0, 1),
    ),
    Column(
        "stated_share_lower",
        "double",
        "Oppgitt andel, nedre grense",
        "Least the stated share may be",
        "Minste den oppgitte andelen kan være",
        range=(0, 1),
    ),
    Column(
        "stated_share_upper",
        "double",
        "Oppgitt andel, øvre grense",
        "Most the stated share may be",
        "Største den oppgitte andelen kan være",
        range=(0, 1),
    ),
    Column(
        "count_value",
        "double",
        "Antall",
        "How many have taken the service into use, unrounded where parts were split",
        "Hvor mange som har tatt tjenesten i bruk, ikke avrundet der deler er delt",
        range=(0, None),
    ),
    Column(
        "count_lower",
        "double",
        "Antall, nedre grense",
        "Fewest the figures allow",
        "Færrest tallene tillater",
        range=(0, None),
    ),
    Column(
        "count_upper",
        "double",
        "Antall, øvre grense",
        "Most the figures allow",
        "Flest tallene tillater",
        range=(0, None),
    ),
    Column(
        "count_qualifier",
        "varchar",
        "Forbehold om antallet",
        "The publisher's qualifier of the count",
        "Hvordan utgiveren tok forbehold om antallet",
        QUALIFIERS,
    ),
    Column(
        "count_status",
        "varchar",
        "Antallets status",
        "Status of the count",
        "Status for antallet",
        STATUSES,
    ),
    Column(
        "eligible_value",
        "double",
        "Antall mulige, uavrundet",
        "How many could, by the denominator named beside, unrounded where parts were split",
        "Hvor mange som kunne, etter nevneren ved siden av, ikke avrundet der deler er delt",
        range=(0, None),
    ),
    Column(
        "eligible_lower",
        "double",
        "Antall mulige, nedre grense",
        "Fewest that could",
        "Færrest som kunne",
        range=(0, None),
    ),
    Column(
        "eligible_upper",
        "double",
        "Antall mulige, øvre grense",
        "Most that could",
        "Flest som kunne",
        range=(0, None),
    ),
    Column(
        "eligible_qualifier",
        "varchar",
        "Forbehold om nevneren",
        "The publisher's qualifier of the denominator",
        "Hvordan utgiveren tok forbehold om nevneren",
        QUALIFIERS,
    ),
    Column(
        "eligible_status",
        "varchar",
        "Nevnerens status",
        "Status of the denominator",
        "Status for nevneren",
        STATUSES,
    ),
    Column(
        "region_of_month_key",
        "varchar",
        "Regionen den gang",
        "Region the figure was published for in that month; empty where several were summed",
        "Regionen tallet ble oppgitt for i den måneden; tom der flere er summert",
        refers_to="dim_region.region_key",
    ),
    Column(
        "published_value",
        "double",
        "Publisert verdi",
        "The whole as published",
        "Helheten slik den er publisert",
    ),
    Column(
        "sum_value",
        "double",
        "Sum av delene",
        "What the published parts add up to; empty where some are suppressed",
        "Det de publiserte delene blir til sammen; tom der noen er skjermet",
    ),
    Column(
        "sum_lower",
        "double",
        "Sum, nedre grense",
        "Least the parts add up to",
        "Minste sum av delene",
    ),
    Column(
        "sum_upper",
        "double",
        "Sum, øvre grense",
        "Most the parts add up to",
        "Største sum av delene",
    ),
    Column(
        "difference",
        "double",
        "Avvik",
        "How far the published whole lies above (or, below zero, under) what its parts allow; 0 "
        "where they agree",
        "Hvor langt den publiserte helheten ligger over (under når tallet er negativt) det delene "
        "tillater; 0 når de stemmer",
    ),
    Column(
        "difference_share",
        "double",
        "Avvik, andel",
        "The difference as a share of the published whole",
        "Avviket som andel av den publiserte helheten",
    ),
    Column(
        "reconciliation_status",
        "varchar",
        "Avstemming",
        "Whether whole and parts agree; incomplete where not every part is published",
        "Om helhet og deler stemmer; incomplete der ikke alle deler er publisert",
        RECONCILIATION_STATUSES,
    ),
    # forecasts
    Column(
        "months_ahead",
        "integer",
        "Måneder fram",
        "Months from the newest month of any figure to the forecast month",
        "Måneder fra den nyeste måneden noe tall gjelder til måneden som framskrives",
        range=(1, None),
    ),
    Column(
        "expected_share",
        "double",
        "Forventet andel",
        "Share expected if the development follows the curve; a forecast, never a published figure",
        "Andelen som ventes hvis utviklingen følger kurven; en framskriving, aldri et publisert "
        "tall",
        range=(0, 1),
    ),
    Column(
        "share_low",
        "double",
        "Forventet, lav",
        "Lower end of the interval",
        "Nedre ende av intervallet",
        range=(0, 1),
    ),
    Column(
        "share_high",
        "double",
        "Forventet, høy",
        "Upper end of the interval",
        "Øvre ende av intervallet",
        range=(0, 1),
    ),
    Column(
        "interval_level",
        "double",
        "Intervallets dekning",
        "How often the share is expected to lie in the interval, by the misses of the past",
        "Hvor ofte andelen ventes å ligge i intervallet, etter tidligere bom",
        range=(0, 1),
    ),
    Column(
        "passes_25_month",
        "date",
        "Passerer 25 %",
        "First month at or above 25 per cent from the newest known share on, that month itself "
        "where it already is; empty when not within the forecast",
        "Første måned på eller over 25 prosent fra og med siste kjente andel, den måneden selv der "
        "den alt er nådd; tom når det ikke skjer innen framskrivingen",
    ),
    Column(
        "passes_50_month",
        "date",
        "Passerer 50 %",
        "First month at or above 50 per cent from the newest known share on, that month itself "
        "where it already is; empty when not within the forecast",
        "Første måned på eller over 50 prosent fra og med siste kjente andel, den måneden selv der "
        "den alt er nådd; tom når det ikke skjer innen framskrivingen",
    ),
    Column(
        "passes_80_month",
        "date",
        "Passerer 80 %",
        "First month at or above 80 per cent from the newest known share on, that month itself "
        "where it already is; empty when not within the forecast",
        "Første måned på eller over 80 prosent fra og med siste kjente andel, den måneden selv der "
        "den alt er nådd; tom når det ikke skjer innen framskrivingen",
    ),
    Column(
        "passes_95_month",
        "date",
        "Passerer 95 %",
        "First month at or above 95 per cent from the newest known share on, that month itself "
        "where it already is; empty when not within the forecast",
        "Første måned på eller over 95 prosent fra og med siste kjente andel, den måneden selv der "
        "den alt er nådd; tom når det ikke skjer innen framskrivingen",
    ),
    Column(
        "above_25_until_month",
        "date",
        "Var over 25 % til",
        "Last month at or above 25 per cent before the newest known share, where that is below it",
        "Siste måned på eller over 25 prosent før siste kjente andel, der den er lavere",
    ),
    Column(
        "above_50_until_month",
        "date",
        "Var over 50 % til",
        "Last month at or above 50 per cent before the newest known share, where that is below it",
        "Siste måned på eller over 50 prosent før siste kjente andel, der den er lavere",
    ),
    Column(
        "above_80_until_month",
        "date",
        "Var over 80 % til",
        "Last month at or above 80 per cent before the newest known share, where that is below it",
        "Siste måned på eller over 80 prosent før siste kjente andel, der den er lavere",
    ),
    Column(
        "above_95_until_month",
        "date",
        "Var over 95 % til",
        "Last month at or above 95 per cent before the newest known share, where that is below it",
        "Siste måned på eller over 95 prosent før siste kjente andel, der den er lavere",
    ),
    Column(
        "last_observed_month",
        "date",
        "Siste kjente måned",
        "Newest month whose share is known",
        "Nyeste måned der andelen er kjent",
    ),
    Column(
        "last_observed_share",
        "double",
        "Siste kjente andel",
        "The share of that month",
        "Andelen i den måneden",
        range=(0, 1),
    ),
    Column(
        "months_observed",
        "integer",
        "Kjente måneder",
        "Months whose share is known",
        "Måneder der andelen er kjent",
        range=(0, None),
    ),
    Column(
        "refusal_code",
        "varchar",
        "Grunn til at den mangler",
        "Why the series is not forecast; empty for one that is",
        "Hvorfor serien ikke framskrives; tom for en som er det",
        REFUSALS,
        refers_to="dim_forecast_refusal.refusal_code",
    ),
    Column(
        "refusal",
        "varchar",
        "Begrunnelse for at den mangler",
        "The reason in words, in Norwegian",
        "Grunnen i ord",
    ),
    Column(
        "refusal_en",
        "varchar",
        "Begrunnelse for at den mangler (engelsk)",
        "The reason in words, in English",
        "Grunnen i ord, på engelsk",
    ),
    Column(
        "refusal_short",
        "varchar",
        "Begrunnelse, kort",
        "The reason in few words without numbers, in Norwegian",
        "Grunnen i få ord, uten tall",
    ),
    Column(
        "refusal_short_en",
        "varchar",
        "Begrunnelse, kort (engelsk)",
        "The reason in few words without numbers, in English",
        "Grunnen i få ord, uten tall, på engelsk",
    ),
    Column(
        "threshold",
        "double",
        "Grenseverdi",
        "The number that decides: organisations, months, or a share from 0 to 1",
        "Tallet som avgjør: virksomheter, måneder eller en andel fra 0 til 1",
    ),
    Column(
        "within_months",
        "integer",
        "Innen måneder",
        "Months, up to the newest known share, in which the threshold is counted",
        "Måneder, fram til den siste kjente andelen, som grenseverdien telles i",
    ),
]

# what an area has, for readiness: the measure of each group of columns, by its prefix
READINESS_MEASURES = {
    "resident": "population",
    "gp_agreement": "fastlege_agreement_count",
    "gp_list_without_doctor": "fastlege_list_without_doctor_count",
    "gp_open_list": "fastlege_open_list_count",
    "gp_list_patient": "fastlege_list_patient_count",
    "gp_list_capacity": "fastlege_capacity_count",
}
# prefix, label, English, Norwegian
_READINESS = (
    ("resident", "Innbyggere", "Residents", "Innbyggere"),
    (
        "gp_agreement",
        "Fastlegeavtaler",
        "GP agreements with a doctor",
        "Fastlegeavtaler med lege",
    ),
    (
        "gp_list_without_doctor",
        "Lister uten lege",
        "GP lists without a doctor",
        "Fastlegelister uten lege",
    ),
    (
        "gp_open_list",
        "Åpne lister",
        "GP lists with room for more patients",
        "Fastlegelister med ledig plass",
    ),
    (
        "gp_list_patient",
        "Listepasienter",
        "Patients on GP lists with a doctor, counted where the doctor practises",
        "Pasienter på lister med lege, telt der legen har praksis",
    ),
    (
        "gp_list_capacity",
        "Listetak",
        "Patients the GPs together have set as their ceiling",
        "Pasienter fastlegene til sammen har satt som tak",
    ),
)
_SERVICES = (
    ("eresept", "e-resept"),
    ("kjernejournal", "kjernejournal"),
    ("sfm", "SFM"),
    ("pll", "PLL"),
    ("multidose", "e-multidose"),
)


def _readiness_columns() -> Iterator[Column]:
    """The columns of `mart_readiness_by_area` that repeat per quantity."""
    for prefix, label, en, nb in _READINESS:
        yield Column(
            f"{prefix}_count",
            "bigint",
            label,
            f"{en} ({READINESS_MEASURES[prefix]}); published, or the sum of all kommuner "
            "in the area; empty where one of them has no published figure",
            f"{nb}; publisert, eller summen av alle kommunene i området; tom der en av dem ikke "
            "har publisert tall",
        )
        yield Column(
            f"{prefix}_as_of",
            "date",
            f"{label}: dato",
            f"Last day of the period that {prefix}_count is about",
            f"Siste dag i perioden {prefix}_count gjelder",
        )
        yield Column(
            f"{prefix}_part_count",
            "integer",
            f"{label}: kommuner med tall",
            f"Kommuner with a figure that {prefix}_count is the sum of; empty where it is "
            "published for the area itself",
            f"Kommuner med tall som {prefix}_count er summen av; tom der tallet er publisert for "
            "området selv",
        )
        yield Column(
            f"{prefix}_expected_part_count",
            "integer",
            f"{label}: kommuner i alt",
            f"Kommuner in the area on the day of {prefix}_count; empty where it is published for "
            "the area itself",
            f"Kommuner i området den dagen {prefix}_count gjelder; tom der tallet er publisert "
            "for området selv",
        )


def _phase_columns() -> Iterator[Column]:
    """The columns of `mart_readiness_by_area` that repeat per service."""
    for prefix, service in _SERVICES:
        yield Column(
            f"{prefix}_planned_phase",
            "varchar",
            f"{service}: fase etter planen",
            f"Phase of {service} planned in rollout_month for the area, or else for the nearest "
            "area around it that has a plan; the furthest of its actor types",
            f"Fasen for {service} som er planlagt i rollout_month for området, ellers for det "
            "nærmeste området rundt som har en plan; lengst blant aktørtypene",
            PHASES,
        )
        yield Column(
            f"{prefix}_observed_phase",
            "varchar",
            f"{service}: observert fase",
            f"Phase of {service} that reports or figures of the area itself show in "
            "rollout_month; the furthest of its actor types. Empty where the newest report is "
            "older than twelve months",
            f"Fasen for {service} som meldinger eller tall for området selv viser i "
            "rollout_month; lengst blant aktørtypene. Tom der den nyeste meldingen er eldre enn "
            "tolv måneder",
            PHASES,
        )


_ALL += [
    *_readiness_columns(),
    *_phase_columns(),
    Column(
        "gp_list_free_capacity_count",
        "bigint",
        "Ledig plass på lister",
        "gp_list_capacity_count less gp_list_patient_count where both are of the same day; below "
        "zero where lists have more patients than their ceiling",
        "gp_list_capacity_count minus gp_list_patient_count der begge gjelder samme dag; under "
        "null der listene har flere pasienter enn taket",
    ),
    Column(
        "rollout_month",
        "date",
        "Fasenes måned",
        "The month that the phases are about, the newest of mart_rollout_by_area_month",
        "Måneden fasene gjelder, den nyeste i mart_rollout_by_area_month",
        refers_to="dim_month.month",
    ),
]

COLUMNS: dict[str, Column] = {column.name: column for column in _ALL}


def dbt_docs() -> str:
    """The text of `dbt_project/models/columns.md`: one doc block per column."""
    head = "<!-- Written by `make generated` from the column vocabulary; change that. -->\n"
    blocks = (f"{{% docs {c.name} %}}{c.description}{{% enddocs %}}\n" for c in COLUMNS.values())
    return head + "".join(blocks)
