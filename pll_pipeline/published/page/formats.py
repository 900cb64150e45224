"""How the page writes a number, a share, a month or a period, in Norwegian and in English.

With the data of Babel. Charts write their axes with this too. Not here: texts (`languages/`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal

LANGUAGES = ("nb", "en")
_LOCALES = {"nb": "nb_NO", "en": "en_GB"}
NBSP = "\u00a0"  # between a number and its unit, so that no line ends between them
MINUS = "\u2212"
_QUALIFIERS = {
    "nb": {"approx": "om lag", "at_least": "minst", "at_most": "høyst", "estimate": "anslagsvis"},
    "en": {
        "approx": "about",
        "at_least": "at least",
        "at_most": "at most",
        "estimate": "an estimated",
    },
}
# the abbreviations of Språkrådet, as in dbt's period_label_nb: Babel shortens other months
_SHORT_NB = (
    "jan.",
    "feb.",
    "mars",
    "apr.",
    "mai",
    "juni",
    "juli",
    "aug.",
    "sep.",
    "okt.",
    "nov.",
    "des.",
)
_POINTS = {"nb": ("prosentpoeng", "prosentpoeng"), "en": ("percentage point", "percentage points")}
_TERTIAL = {"nb": "{0}. tertial {1}", "en": "third {0} of {1}"}
_QUARTER = {"nb": "{0}. kvartal {1}", "en": "Q{0} {1}"}
_HALF_YEAR = {"nb": "{0}. halvår {1}", "en": "H{0} {1}"}
_SEASONS = {
    "nb": {3: "våren", 6: "sommeren", 9: "høsten", 12: "vinteren"},
    "en": {3: "spring", 6: "summer", 9: "autumn", 12: "winter"},
}
_UNDATED = {"nb": "udatert", "en": "undated"}
_OSLO = ZoneInfo("Europe/Oslo")
# one month, several months, one year, several years, and less than a month
_AGES = {
    "nb": ("måned", "måneder", "år", "år", "under én måned"),
    "en": ("month", "months", "year", "years", "less than a month"),
}


def months_since(end: date, today: date) -> int:
    """Whole months from the last day of a period to another day; 0 where it is not over."""
    months = (today.year - end.year) * 12 + today.month - end.month
    is_whole = today.day >= end.day or (today + timedelta(days=1)).day == 1
    return max(months if is_whole else months - 1, 0)


class Formatter:
    """Writes in one language. Shares are between 0 and 1, as in every table."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = _LOCALES[language]

    def number(self, value: float, decimals: int = 0) -> str:
        """12 345 or 12,345, with a real minus sign."""
        pattern = f"#,##0.{'#' * decimals}" if decimals else "#,##0"
        return self._tidy(format_decimal(value, pattern, locale=self.locale))

    def share(self, share: float, *, decimals: int = 1) -> str:
        """60 % or 60.4%. A share below 1 is never written as 100 %, one above 0 never as 0 %."""
        percent = round(share * 100, 9)
        least = 10**-decimals
        sign = f"{NBSP}%" if self.language == "nb" else "%"
        if 100 - least / 2 <= percent < 100:
            return f">{NBSP}{self.number(100 - least, decimals)}{sign}"
        if 0 < percent <= least / 2:
            return f"<{NBSP}{self.number(least, decimals)}{sign}"
        return self.number(percent, decimals) + sign

    def points(self, change: float, *, signed: bool = True, unit: bool = True) -> str:
        """A difference of shares in percentage points: +3,4 prosentpoeng."""
        value = round(change * 100, 1) + 0.0
        shown = value if signed else abs(value)
        text = self._tidy(format_decimal(shown, "#,##0.0", locale=self.locale))
        text = f"+{text}" if signed and value > 0 else text
        singular, plural = _POINTS[self.language]
        return f"{text}{NBSP}{singular if abs(value) == 1 else plural}" if unit else text

    def value(self, value: float, unit: str) -> str:
        """A figure in its own unit: a share as percent, anything else as a number."""
        return self.share(value) if unit == "share" else self.number(value, 1)

    def month(self, month: date) -> str:
        """oktober 2026."""
        return format_date(month, "LLLL y", locale=self.locale).replace(" ", NBSP)

    def month_short(self, month: date) -> str:
        """okt. 2026."""
        if self.language == "nb":
            return f"{_SHORT_NB[month.month - 1]}{NBSP}{month.year}"
        return format_date(month, "LLL y", locale=self.locale).replace(" ", NBSP)

    def day(self, day: date) -> str:
        """3. oktober 2026, or 3 October 2026."""
        pattern = "d. MMMM y" if self.language == "nb" else "d MMMM y"
        return format_date(day, pattern, locale=self.locale).replace(" ", NBSP)

    def time(self, time: datetime) -> str:
        """A moment as clocks in Norway show it: 3. oktober 2026 kl. 05.00."""
        local = time.astimezone(_OSLO)
        day = self.day(local.date())
        return f"{day} kl.{NBSP}{local:%H.%M}" if self.language == "nb" else f"{day}, {local:%H:%M}"

    def age(self, end: date, today: date) -> str:
        """How long it is since a period ended, in whole months: 2 år og 10 måneder."""
        months = months_since(end, today)
        month, many_months, year, many_years, less = _AGES[self.language]
        if months < 1:
            return less
        years, rest = divmod(months, 12)
        parts = [f"{years}{NBSP}{year if years == 1 else many_years}"] if years else []
        parts += [f"{rest}{NBSP}{month if rest == 1 else many_months}"] if rest else []
        return self.listed(parts)

    def period(
        self, grain: str | None, start: date | None, end: date | None, *, short: bool = False
    ) -> str:
        """A period as a reader writes it: oktober 2026, 2. kvartal 2026, 2026, a day."""
        if end is None:
            return _UNDATED[self.language]
        if grain == "day":
            return self.day(end)
        if start is None or grain == "month":
            return self.month_short(end) if short else self.month(end)
        if grain is None or grain == "span":
            return f"{self.day(start)} – {self.day(end)}"
        return self._named_period(grain, start, end).replace(" ", NBSP)

    def _named_period(self, grain: str, start: date, end: date) -> str:
        if grain == "season":
            season = _SEASONS[self.language][start.month]
            years = f"{start.year}/{end.year}" if start.year < end.year else str(end.year)
            return f"{season} {years}"
        parts = {"quarter": (_QUARTER, 3), "tertial": (_TERTIAL, 4), "half_year": (_HALF_YEAR, 6)}
        if grain not in parts:
            return str(end.year)
        pattern, months = parts[grain]
        return pattern[self.language].format((end.month - 1) // months + 1, end.year)

    def qualified(self, text: str, qualifier: str | None) -> str:
        """A written figure with the publisher's qualifier before it: minst 50 %."""
        word = _QUALIFIERS[self.language].get(qualifier or "exact")
        return f"{word}{NBSP}{text}" if word else text

    def range(
        self,
        value: float | None,
        lower: float | None,
        upper: float | None,
        qualifier: str | None,
        unit: str,
    ) -> str:
        """A figure that is a value, a range or one bound; empty where it is none of them."""
        if value is not None:
            return self.qualified(self.value(value, unit), qualifier)
        if lower is not None and upper is not None:
            return f"{self.value(lower, unit)}{NBSP}–{NBSP}{self.value(upper, unit)}"
        if lower is not None:
            return self.qualified(self.value(lower, unit), "at_least")
        return self.qualified(self.value(upper, unit), "at_most") if upper is not None else ""

    def listed(self, parts: list[str]) -> str:
        """a, b og c."""
        if not parts:
            return ""
        joint = " og " if self.language == "nb" else " and "
        return joint.join(filter(None, (", ".join(parts[:-1]), parts[-1])))

    @staticmethod
    def _tidy(text: str) -> str:
        text = text.replace("\u202f", NBSP).replace(" ", NBSP)
        text = text.replace("-", MINUS)
        return text.removeprefix(MINUS) if text.strip(f"{MINUS}0.,") == "" else text
