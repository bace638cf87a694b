"""Dates and times as people write them: in numbers or names, with times, offsets, quarters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from automl.data.columns.date_doubts import are_days_of_months, varies_more
from automl.data.columns.date_spellings import plain_spelling

if TYPE_CHECKING:
    import pandas as pd

ISO = "ISO8601"
UNIT: Final = "us"
# Two-digit years from here on are of the 20th century, as POSIX and Python's strptime have it.
FIRST_SHORT_YEAR = 69
# No date is written longer; of longer texts the patterns would be slow.
LONGEST = 60
# Texts by which formats are compared; the one that is chosen reads all.
MOST_COMPARED = 5_000

# January to December in English, German, French, Spanish, Italian, Portuguese, Dutch and the
# Scandinavian languages, Russian, Polish, Czech and Turkish, shortened to what still tells them
# apart.
MONTHS = (
    "january jan januar januari janvier janv enero ene gennaio gen janeiro "
    "января январь янв stycznia styczen sty ledna leden ocak oca",
    "february feb februar februari fevrier fevr fev febrero febbraio fevereiro "
    "февраля февраль фев lutego luty lut unora unor subat sub",
    "march mar marz maerz mrz mars marzo marco maart mrt марта март мар marca brezna brezen mart",
    "april apr avril avr abril abr aprile "
    "апреля апрель апр kwietnia kwiecien kwi dubna duben nisan nis",
    "may mai mayo maggio mag maio mei maj мая май maja kvetna kveten may\u0131s mayis",
    "june jun juni juin junio giugno giu junho "
    "июня июнь июн czerwca czerwiec cze cervna cerven haziran haz",
    "july jul juli juillet juil julio luglio lug julho "
    "июля июль июл lipca lipiec lip cervence cervenec temmuz tem",
    "august aug aout agosto ago augustus augusti "
    "августа август авг sierpnia sierpien sie srpna srpen agustos ağustos",
    "september sep sept septembre septiembre set setiembre settembre setembro "
    "сентября сентябрь сен сент wrzesnia wrzesien wrz zari eylul eyl",
    "october oct oktober okt octobre octubre ottobre ott outubro out "
    "октября октябрь окт pazdziernika pazdziernik paz rijna rijen ekim eki",
    "november nov novembre noviembre novembro "
    "ноября ноябрь ноя listopada listopad lis kas\u0131m kasim kas",
    "december dec dezember dez decembre diciembre dic dicembre dezembro desember des "
    "декабря декабрь дек grudnia grudzien gru prosince prosinec aral\u0131k aralik ara",
)

DAYS = (
    "mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday "
    "sunday mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonntag lun "
    "mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes "
    "miercoles jueves viernes sabado domingo lunedi martedi mercoledi giovedi venerdi"
)
WEEKDAYS = frozenset(DAYS.split())

_NAME = r"[^\W\d_]{3,12}"
_DATES = (
    r"(?P<a>\d{4}|\d{1,2})(?P<mark>[-/. ]|\. )(?P<b>\d{1,2})(?P=mark)(?P<c>\d{4}|\d{1,2})",
    rf"(?P<d1>\d{{1,2}})(?:st|nd|rd|th|er|\.)?[ \-/]?(?:de )?(?P<n1>{_NAME})\.?,?[ \-/]?(?:de )?"
    r"'?(?P<y1>\d{4}|\d{2})",
    rf"(?P<n2>{_NAME})\.?[ \-/]?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?[ \-/](?P<y2>\d{{4}}|\d{{2}})",
    rf"(?P<y3>\d{{4}})[ \-/]?(?P<n3>{_NAME})\.?[ \-/]?(?P<d3>\d{{1,2}})",
    rf"(?P<n4>{_NAME})\.?,?[ \-/]?(?:de )?'?(?P<y4>\d{{4}}|\d{{2}})",
    r"(?P<y5>\d{4})(?P<m5>\d{2})(?P<d5>\d{2})",
    r"(?P<m6>\d{1,2})[-/.](?P<y6>\d{4})",
    r"(?P<y7>\d{4})[-/.](?P<m7>\d{1,2})",
    r"(?P<y8>\d{4})[-/ ]?Q(?P<q8>[1-4])",
    r"Q(?P<q9>[1-4])[-/ ]?(?P<y9>\d{4})",
    r"(?P<y10>\d{4})[-/ ]?W(?P<w10>\d{1,2})(?:-(?P<u10>[1-7]))?",
)
_CLOCK = (
    r"(?P<h>\d{1,2})[:h](?P<min>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?"
    r" ?(?P<half>[AaPp]\.? ?[Mm]\b\.?)?"
)
_MOMENT = re.compile(
    rf"(?:(?P<weekday>[^\W\d_]{{2,10}})\.?,? )?(?:{'|'.join(_DATES)})"
    rf"(?:(?:T|,? | at | um )(?:{_CLOCK}) ?(?P<zone>Z|UTC|GMT|[-+]\d{{2}}:?(?:\d{{2}})?)?)?"
)
_TIME = re.compile(
    r"(?P<minus>-)?(?:(?P<days>\d{1,6}) days?,? \+?)?(?:(?P<h>\d{1,3})[:.h](?P<min>\d{2})"
    r"(?:[:.](?P<s>\d{2}(?:[.,]\d{1,9})?))?"
    r" ?(?P<half>[AaPp]\.? ?[Mm]\b\.?)?|(?P<hour>\d{1,2}) ?(?P<part>[AaPp]\.? ?[Mm]\b\.?))"
)
# ISO 8601: years and months have no fixed length.
_DURATION = re.compile(
    r"(?P<minus>-)?P(?!$)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<h>\d+)H)?(?:(?P<min>\d+)M)?(?:(?P<s>\d+(?:[.,]\d+)?)S)?)?"
)


def check_date_format(date_format: str) -> None:
    """Checks that a format can say which day is meant.

    Raises:
        ValueError: It cannot; with what is wrong with it.
    """
    if date_format == ISO:
        return
    directives = re.findall(r"%(.?)", date_format)
    unknown = [letter for letter in directives if letter not in tuple("YymdbBHIMSfpzjGVuaA%")]
    if unknown:
        raise ValueError(f"has the part %{unknown[0]}, which is not known")
    if not {"Y", "y", "G"} & set(directives):
        raise ValueError("has no year (%Y or %y)")


@dataclass(frozen=True)
class DateGuess:
    """How a column's dates seem to be written.

    Attributes:
        format: As for ``strptime``, or ``"ISO8601"``.
        other: A format with day and month the other way round that reads as many values, or None.
        rival: A format that reads as many values and has a year of two digits first where the
            format has it last, or the other way round; or None.
    """

    format: str
    other: str | None = None
    rival: str | None = None


def read_dates(texts: pd.Series, date_format: str) -> pd.Series:
    """Reads texts as dates.

    What the format says in numbers may also stand in names, with or without a time of day, an
    offset or leading zeros; only the order of day, month and year is fixed.

    Args:
        texts: Texts, some of them missing.
        date_format: As for ``strptime``, or ``"ISO8601"``.

    Returns:
        datetime64 (naive UTC), missing where a text is missing or no date of this format.
    """
    import pandas as pd

    # A time without an offset counts as UTC.
    parsed = pd.to_datetime(texts, format=date_format, errors="coerce", utc=True)
    left = np.flatnonzero(parsed.isna().to_numpy() & texts.notna().to_numpy())
    if len(left):
        order = _order(date_format)
        codes, different = pd.factorize(texts.iloc[left].to_numpy(dtype=object))
        written = pd.Series([_iso_text(text, order) for text in different], dtype="str")
        read = pd.to_datetime(written, format=ISO, errors="coerce", utc=True)
        # Seconds and fractions of them have different units in pandas.
        parsed = parsed.dt.as_unit(UNIT)
        parsed.iloc[left] = pd.Series(read.dt.as_unit(UNIT).iloc[codes].array, parsed.index[left])
    moments: pd.Series = parsed.dt.tz_localize(None)
    return moments


def read_times(texts: pd.Series) -> npt.NDArray[np.float64]:
    """Reads times of day, or durations, as hours: float64 (n,), NaN where a text is none."""
    import pandas as pd

    codes, different = pd.factorize(texts.to_numpy(dtype=object))
    hours = np.array([*map(_hours, different), np.nan])
    return hours[codes]


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    if len(text) > LONGEST:
        return None
    return pattern.fullmatch(plain_spelling(" ".join(text.split())))


def _hours(text: str) -> float:
    found = _match(_TIME, text)
    if found is None:
        return _hours_of_duration(text)
    hour, minute = int(found["h"] or found["hour"]), int(found["min"] or 0)
    second = float((found["s"] or "0").replace(",", "."))
    half = found["half"] or found["part"]
    if minute > 59 or second >= 60 or (half and not 1 <= hour <= 12):
        return float("nan")
    if half:
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    hours = hour + minute / 60 + second / 3600
    if found["days"]:  # pandas writes minus an hour as -1 days +23:00:00
        return 24.0 * int(f"{found['minus'] or ''}{found['days']}") + hours
    return -hours if found["minus"] else hours


def _hours_of_duration(text: str) -> float:
    found = _match(_DURATION, text)
    if found is None:
        return float("nan")
    in_hours = {"weeks": 168.0, "days": 24.0, "h": 1.0, "min": 1 / 60, "s": 1 / 3600}
    hours = sum(
        float((found[name] or "0").replace(",", ".")) * scale for name, scale in in_hours.items()
    )
    return -hours if found["minus"] else hours


def _order(date_format: str) -> str:
    """The order of day, month and year in a format, such as ``"dmy"``."""
    if date_format == ISO:
        return "ymd"
    letters = {"d": "d", "j": "d", "m": "m", "b": "m", "B": "m", "y": "y", "Y": "y"}
    found = [letters[x] for x in re.findall(r"%[-#]?([a-zA-Z])", date_format) if x in letters]
    return "".join(dict.fromkeys(found))


def _iso_text(text: str, order: str) -> str | None:
    """A date in ISO 8601, or None where it is none in this order of day, month and year."""
    found = _match(_MOMENT, text)
    if found is None:
        return None
    part = found.groupdict()
    if part["weekday"] and _plain(part["weekday"]) not in WEEKDAYS:
        return None
    date = _date_of(part, order)
    if date is None:
        return None
    if part["h"] is None:
        return date
    hour, half = int(part["h"]), part["half"]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    if hour == 24:  # midnight at the end of the day
        date, hour = _next_day(date), 0 if part["min"] == "00" and not int(part["s"] or 0) else 24
    zone = part["zone"] or ""
    zone = "Z" if zone in ("", "Z", "UTC", "GMT") else zone
    return f"{date}T{hour:02}:{part['min']}:{part['s'] or '00'}.{part['f'] or '0'}{zone}"


def _next_day(date: str) -> str:
    import datetime

    try:
        return (datetime.date.fromisoformat(date) + datetime.timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return date


def _date_of(part: dict[str, Any], order: str) -> str | None:
    if part["a"] is not None:
        return _in_order(part["a"], part["b"], part["c"], order)
    if part["w10"] is not None:
        return _week(int(part["y10"]), int(part["w10"]), int(part["u10"] or 1))
    for year, month, day in (
        ("y1", "n1", "d1"), ("y2", "n2", "d2"), ("y3", "n3", "d3"), ("y4", "n4", ""),
        ("y5", "m5", "d5"), ("y6", "m6", ""), ("y7", "m7", ""), ("y8", "q8", ""), ("y9", "q9", ""),
    ):  # fmt: skip
        if part[year] is None:
            continue
        number = part[month]
        if month[0] == "n":
            number = MONTH_OF.get(_plain(number))
        elif month[0] == "q":
            number = 3 * int(number) - 2
        return None if number is None else _iso_date(part[year], number, part[day] if day else 1)
    return None


def _in_order(a: str, b: str, c: str, order: str) -> str | None:
    if len(a) == 4:
        return _iso_date(a, b, c) if order == "ymd" and len(c) <= 2 else None
    if len(order) < 3:
        return None
    named = dict(zip(order, (a, b, c), strict=True))
    if len(named["y"]) not in (2, 4) or max(len(named["d"]), len(named["m"])) > 2:
        return None
    return _iso_date(named["y"], named["m"], named["d"])


def _iso_date(year: Any, month: Any, day: Any) -> str:
    full = int(year)
    if len(str(year)) <= 2:
        full += 1900 if full >= FIRST_SHORT_YEAR else 2000
    return f"{full:04}-{int(month):02}-{int(day):02}"


def _week(year: int, week: int, day: int) -> str | None:
    import datetime

    try:
        return datetime.date.fromisocalendar(year, week, day).isoformat()
    except ValueError:
        return None


def _plain(name: str) -> str:
    """A name in small letters without accents."""
    parts = unicodedata.normalize("NFKD", name.lower())
    return "".join(c for c in parts if not unicodedata.combining(c))


MONTH_OF = {_plain(n): number for number, names in enumerate(MONTHS, 1) for n in names.split()}


def infer_date_format(texts: pd.Series, day_first: bool | None = None) -> DateGuess | None:
    """Finds the format by which most texts are dates.

    Args:
        texts: Texts, none of them missing.
        day_first: Whether the day comes before the month where a column leaves that open; None
            takes the month first, but where dots stand between.

    Returns:
        None where most of them are no dates that can be read.
    """
    import pandas as pd

    texts = texts.iloc[np.unique(np.linspace(0, len(texts) - 1, MOST_COMPARED).astype(int))]
    different = pd.Series(texts.unique(), dtype="str")
    look = [str(text) for text in different.head(50)]
    parts = [_match(_MOMENT, text) for text in look]
    shaped = [found for found in parts if found is not None]
    if len(shaped) < 0.5 * len(look):
        basic = pd.to_datetime(pd.Series(look), format=ISO, errors="coerce", utc=True)
        return DateGuess(ISO) if basic.notna().all() else None
    named = [(MONTH_OF.get(_plain(f["n4"]), 0), f["y4"]) for f in shaped if f["n4"]]
    if len(named) == len(shaped) and are_days_of_months(named):
        return None
    first = shaped[0]
    numbers_first = ["dmy", "mdy", "ymd"] if (first["mark"] or "").startswith(".") else []
    orders = numbers_first or ["mdy", "dmy", "ymd"]
    if first["a"] is None or len(first["a"]) == 4:
        orders = ["ymd"]
    elif day_first:
        orders = ["dmy", "mdy", "ymd"]
    counts = texts.value_counts(sort=False).reindex(different).to_numpy()
    scored = []
    for order in orders:
        shown = _shown_format(first, order)
        read = read_dates(different, shown)
        scored.append((int(counts[read.isna().to_numpy()].sum()), shown, read))
    least = min(score for score, _, _ in scored)
    best = [(shown, read) for score, shown, read in scored if score == least]
    # Where dots stand between, or where it is said, the day comes first.
    is_open = not numbers_first and day_first is None
    (chosen, read), others = best[0], best[1:]
    short = next(((f, r) for f, r in others if f.startswith("%y") and is_open), None)
    if short is not None and varies_more(short[1], read):
        return DateGuess(short[0], None, chosen)
    other = next(
        (f for f, r in others if is_open and not f.startswith("%y") and not r.equals(read)), None
    )
    return DateGuess(chosen, other, None if short is None else short[0])


def _shown_format(found: re.Match[str], order: str) -> str:
    """The format of a date as for ``strptime``, as near as there is one."""
    mark = found["mark"] or "-"
    if found["a"] is not None:
        years = "%y" if len(found["a"]) < 4 and len(found["c"]) < 4 else "%Y"
        date = mark.join({"y": years, "m": "%m", "d": "%d"}[letter] for letter in order)
    elif found["n1"] or found["n3"]:
        date = "%d %b %Y" if found["n1"] else "%Y %b %d"
    elif found["n2"] or found["n4"]:
        date = "%b %d %Y" if found["n2"] else "%b %Y"
    elif found["y5"]:
        date = "%Y%m%d"
    elif found["m6"]:
        date = "%m/%Y"
    else:
        return ISO
    if found["h"] is None:
        return ISO if date in ("%Y-%m-%d", "%Y/%m/%d") else date
    clock = "%I:%M" if found["half"] else "%H:%M"
    clock += (":%S" if found["s"] else "") + (".%f" if found["f"] else "")
    clock += (" %p" if found["half"] else "") + ("%z" if found["zone"] else "")
    plain = date in ("%Y-%m-%d", "%Y/%m/%d") and not found["half"]
    return ISO if plain else f"{date} {clock}"
