"""Finding which columns hold dates or times of day, and how they are written."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from automl.common.shell import option
from automl.data.columns.column import DIGIT_DATES, ColumnSource, Reading, read_column
from automl.data.columns.date_doubts import CLOCKS, OPEN_DIGITS, PERIODS, VERSIONS, is_named
from automl.data.columns.date_format import FIRST_SHORT_YEAR, ISO, infer_date_format
from automl.data.columns.guess import Guess, count_strays, sample, with_strays, without_open_ends
from automl.data.columns.schema import Column, ColumnKind
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Whole numbers are dates such as 20240131 if all of them are, and so many.
LEAST_DIGIT_DATES = 5
MONTH_DIGITS = DIGIT_DATES["%Y%m"]
# Dates so written are versions too: 10.4.12.
VERSION_FORMAT = "%d.%m.%y"
# 14.01. is the 14th of January, and no time.
DAY_OF_MONTH = r"\d{1,2}\.\d{1,2}\."
# Jan-20 may be a day too, unless a number shows that it is none.
MONTH_FORMAT, NO_DAY = "%b %Y", r"\d{4}|00|3[2-9]|[4-9]\d"
# 01.2020 is a month where there are several, and all could be.
DOTTED_FORMAT, DOTTED_MONTH = "%m.%Y", r"(?:0?[1-9]|1[0-2])\.(?:19|20)\d\d"
DAY_FIRST, MONTH_FIRST = "day first", "month first"
ORDERS = {"%d": DAY_FIRST, "%m": MONTH_FIRST}


def digit_dates(texts: pd.Series, name: str) -> Guess | None:
    """Dates that are whole numbers: 20240131, with hours and minutes and seconds behind or not."""
    at = texts.notna().to_numpy().argmax()
    first = str(texts.iloc[at]) if len(texts) else ""
    if len(first) not in DIGIT_DATES.values():
        return None
    present = texts.dropna()
    dated = present[~present.isin(OPEN_DIGITS)]
    if len(dated) < LEAST_DIGIT_DATES or dated.nunique() < 2:
        return None
    for date_format, length in DIGIT_DATES.items():
        pattern = rf"(?:19|20)\d{{{length - 2}}}|2100\d{{{length - 4}}}"
        if re.fullmatch(pattern, str(dated.iloc[0])) and dated.str.fullmatch(pattern).all():
            read = read_column(dated, Reading(ColumnSource.DATE, date_format), is_clean=True)
            if read.unread.any() or (length == MONTH_DIGITS and not _are_months(read.values, name)):
                return None
            told = dates(name, date_format)
            way = f"; {option('--numeric', name)} takes them as numbers"
            return without_open_ends(replace(told, note=told.note + way), present)
    return None


def dotted_months(present: pd.Series, name: str) -> Guess | None:
    """Months such as 01.2020, which as numbers would be 1.202.

    Exchange rates, which may look so too, neither begin with a zero nor go through the months.

    Args:
        present: Texts, none of them missing.
        name: The column's name.
    """
    if not re.fullmatch(DOTTED_MONTH, str(present.iloc[0])) or present.nunique() < 2:
        return None
    if not present.str.fullmatch(DOTTED_MONTH).all():
        return None
    months = present.str.partition(".")[0]
    if not months.str.startswith("0").any() and months.nunique() < LEAST_DIGIT_DATES:
        return None
    told = dates(name, DOTTED_FORMAT)
    return replace(told, note=f"{told.note}; {option('--numeric', name)} takes them as numbers")


def _are_months(moments: pd.Series, name: str) -> bool:
    """Whether whole numbers such as 202001 are months, all of which they could be.

    Of numbers at random one in eight could, and of numbers in a row at most twelve.
    """
    several = moments.nunique() >= LEAST_DIGIT_DATES and moments.dt.year.nunique() > 1
    return several or is_named(name, PERIODS)


def format_of(name: str) -> str:
    """The option that says how a column's dates are written."""
    return option("--date-format", f"{name}=FORMAT")


def dates(name: str, date_format: str) -> Guess:
    """A column of dates of a format, and what to say of it."""
    how = ""
    if date_format != ISO:
        how = f", read by the format {date_format} ({format_of(name)} overrules)"
    if "%y" in date_format:
        how += f", two-digit years from {FIRST_SHORT_YEAR} on as 19{FIRST_SHORT_YEAR}"
    note = f"column {name!r} holds dates{how}: used as days since 1970-01-01"
    first = re.match(r"%[dm]", date_format)
    means = "" if first is None or "%b" in date_format else ORDERS[first.group()]
    return Guess(
        Column(name, ColumnKind.DATE, Reading(ColumnSource.DATE, date_format)), note, means
    )


def asked_dates(cleaned: pd.Series, date_format: str) -> Guess:
    """Dates of a format that the person named.

    Raises:
        DataError: No value is one.
    """
    guess = dates(str(cleaned.name), date_format)
    read = read_column(cleaned, guess.column.reading, is_clean=True)
    if not read.unread.any():
        return guess
    example = str(cleaned[read.unread].iloc[0])
    if not read.values.notna().any():
        raise DataError(
            f"Column {cleaned.name!r} holds {example!r} and no date of the format {date_format} "
            "that --date-format names: correct the format."
        )
    count = f"{int(read.unread.sum()):,} of {int(cleaned.notna().sum()):,} values, such as"
    return replace(
        guess, note=f"{guess.note}; {count} {example!r}, are not of it and count as missing"
    )


def guess_dates(name: str, present: pd.Series, day_first: bool | None) -> Guess | None:
    """Dates of the format that reads most texts of a column, or None where most are none.

    Args:
        name: The column's name.
        present: Its texts, none of them missing.
        day_first: As for `infer_date_format`.
    """
    found = infer_date_format(present, day_first)
    if found is None:
        return None
    told = dates(name, found.format)
    if found.format == VERSION_FORMAT and not present.str.match(r"0\d|\d+\.0").any():
        if is_named(name, VERSIONS):
            return None
        told = replace(
            told, note=f"{told.note} ({option('--categorical', name)} takes versions or numbers)"
        )
    if found.format == MONTH_FORMAT and not present.str.contains(NO_DAY).any():
        told = replace(
            told,
            note=f"{told.note}; {str(present.iloc[0])!r} is taken for a month of a year, not for a "
            "day",
        )
    if found.rival is not None:
        way = option("--date-format", f"{name}={found.rival}")
        told = replace(
            told,
            note=f"{told.note}; nothing but how its parts vary tells it from {found.rival} ({way} "
            "reads that)",
        )
    guess = with_strays(told, present)
    other = None if found.other is None else with_strays(dates(name, found.other), present)
    if guess is None or other is None or count_strays(other) < count_strays(guess):
        return guess if other is None else other  # a rare value may tell
    left_open = f"; nothing tells day from month, so {guess.means}"
    way = "--day-first" if guess.means == MONTH_FIRST else "--date-format"
    return replace(guess, other=other, left_open=f"{left_open} ({way} overrules)")


def guess_times(name: str, present: pd.Series) -> Guess | None:
    """Times of day or durations, or None where most texts are none."""
    if sample(present).str.fullmatch(DAY_OF_MONTH).mean() > 0.5:
        return None
    dotted = sample(present).str.fullmatch(r"-?\d+(?:\.\d+)*")
    if dotted.mean() > 0.5 and not is_named(name, CLOCKS):  # 14.30 may be any number
        return None
    note = f"column {name!r} holds times of day: used as hours"
    if dotted.mean() > 0.5:
        note += f" ({option('--numeric', name)} takes numbers such as {str(present.iloc[0])!r})"
    column = Column(name, ColumnKind.TIME, Reading(ColumnSource.TIME))
    return with_strays(Guess(column, note), present)


def are_clock_times(present: pd.Series) -> bool:
    """Whether all numbers could be times of day, such as 14.30, with minutes in two digits."""
    clock = r"(?:[01]?\d|2[0-3])\.[0-5]\d"
    return bool(present.str.fullmatch(clock).all()) and present.nunique() >= LEAST_DIGIT_DATES
