"""Where a date may be none, or another one: open ends, years of two digits, periods, versions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

# Days that programs and people write where there is no date or no end to it: the ends of what
# databases hold, the first days of Excel, SQL Server and Unix.
OPEN_ENDS = (
    "0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01",
    "2099-12-31", "2999-12-31", "3000-01-01", "9999-01-01", "9999-12-31",
)  # fmt: skip
OPEN_DIGITS = ("99991231", "29991231")
# Own choice: such a day counts as none only where no other date lies within so many days of it,
# nor within as many as the others span; somebody may be born on 1900-01-01.
FAR_DAYS = 10 * 365
# Years of the Gregorian calendar that data hold (own choice); seconds from 1970 to 2000 and 2040.
FIRST_YEAR, LAST_YEAR = 1500, 2300
SINCE_2000, SINCE_2040 = 946_684_800, 2_208_988_800
# Of days without a year, as of years of two digits that are none (own choice): different ones, and
# the least of the greatest.
LEAST_DAYS, LATE_DAY = 16, 28
MONTH_LENGTHS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LEAST_MOMENTS, SAMPLE, DAY = 5, 1_000, 86_400
# Names of columns, word by word, that hold months such as 202001, versions such as 10.4.12 and
# times of day such as 14.30.
PERIODS = frozenset((
    "period", "month", "months", "yyyymm", "ym", "yearmonth", "yrmonth", "date", "dt", "cohort",
    "vintage", "periode", "monat", "mois", "mes", "mese", "jahrmonat", "zeitraum", "fecha",
    "datum", "data",
))  # fmt: skip
VERSIONS = frozenset((
    "version", "versions", "ver", "vers", "release", "build", "firmware", "fw", "os", "sw",
    "software", "driver", "revision", "rev", "section", "chapter", "clause",
))  # fmt: skip
CLOCKS = frozenset((
    "time", "clock", "hour", "hours", "start", "end", "begin", "departure", "arrival", "opens",
    "closes", "opening", "closing", "uhrzeit", "zeit", "uhr", "heure", "hora", "ora", "tid",
    "kello", "klokke", "orario",
))  # fmt: skip


def is_named(name: str, words: frozenset[str]) -> bool:
    """Whether one of the words of a column's name is one of these."""
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return not words.isdisjoint(re.findall(r"[^\W\d_]+", parts.lower()))


def open_ends(moments: pd.Series) -> tuple[str, ...]:
    """Days among dates that stand for no date, in ISO 8601.

    Args:
        moments: The dates, datetime64, some of them missing.
    """
    present = moments.dropna()
    found = present.to_numpy().astype("datetime64[D]")
    ends = np.array(OPEN_ENDS, "datetime64[D]")
    others = np.unique(found[~np.isin(found, ends)])
    if len(others) < 2:
        return ()
    far = max(FAR_DAYS, int((others[-1] - others[0]).astype(np.int64)))
    return tuple(
        str(end)
        for end in np.unique(found[np.isin(found, ends)])
        if int(np.abs(others - end).min().astype(np.int64)) > far
    )


def foreign_years(moments: pd.Series) -> str:
    """A year of dates all of which are of another calendar, for a sentence; "" where they are not.

    Buddhist years are 543 more than those of the Gregorian calendar, Persian 621 and Islamic ones
    about 579 less.
    """
    present = moments.dropna()
    years = present.dt.year
    if not len(years) or not (years.min() > LAST_YEAR or years.max() < FIRST_YEAR):
        return ""
    return str(int(years.iloc[0]))


def counts_since_1970(values: npt.NDArray[np.float64]) -> str:
    """The unit in which whole numbers could count the time since 1970, or "".

    They are of the years 2000 to 2039 and span a day.

    Args:
        values: All numbers of a column, float64 (n,), none missing.
    """
    if len(values) < LEAST_MOMENTS or len(np.unique(values[:SAMPLE])) < LEAST_MOMENTS:
        return ""
    for unit, scale in (("seconds", 1.0), ("milliseconds", 1e3), ("microseconds", 1e6)):
        low, high = SINCE_2000 * scale, SINCE_2040 * scale
        if low <= values[0] < high and values.min() >= low and values.max() < high:
            spans_a_day = np.ptp(values) >= DAY * scale
            return unit if spans_a_day and bool((values == np.round(values)).all()) else ""
    return ""


def varies_more(moments: pd.Series, than: pd.Series) -> bool:
    """Whether one reading of the same texts has more different days of the month than another.

    What is taken for the day has up to 31 values, and a year of two digits seldom so many.
    """
    return int(moments.dt.day.nunique()) > int(than.dt.day.nunique())


def are_days_of_months(months: Sequence[tuple[int, str]]) -> bool:
    """Whether all numbers beside names of months are days, as in Jan 14, and not years.

    Days go from 1 to 31 and fit their month; years of two digits seldom end just there.

    Args:
        months: The month and the digits of each.
    """
    days = {int(digits) for _, digits in months}
    if len(days) < LEAST_DAYS or not LATE_DAY <= max(days) <= max(MONTH_LENGTHS) or 0 in days:
        return False
    return all(len(d) <= 2 and int(d) <= MONTH_LENGTHS[month] for month, d in months)
