"""Finding what columns are, from their values in the training rows."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from automl.common.shell import option
from automl.data.columns import (
    DIGIT_DATES,
    ColumnSource,
    Reading,
    booleans,
    clean,
    digits,
    is_text,
    read_column,
)
from automl.data.date_format import FIRST_SHORT_YEAR, ISO, infer_date_format
from automl.data.infer_numbers import infer_number_format, mixed_numbers
from automl.data.number_format import NumberFormat
from automl.data.say import Say
from automl.data.schema import Column, ColumnKind, Conventions
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Of a column that is mostly numbers or dates, the texts among them (own choice): at most this
# share of the values and this many different ones count as missing; beyond, the column is text.
STRAY_SHARE = 0.05
STRAY_TEXTS = 5
# A column of text in which more of the values than this share hold a digit could be meant as
# numbers or dates, so that it is said what it is taken for. So many values are looked at.
DIGITS_SHARE = 0.5
LOOKED_AT = 200
# Whole numbers are dates such as 20240131 if all of them are, and so many.
LEAST_DIGIT_DATES = 5

DAY_FIRST, MONTH_FIRST = "day first", "month first"
ORDERS = {"%d": DAY_FIRST, "%m": MONTH_FIRST}


@dataclass(frozen=True)
class Guess:
    """What a column seems to be, and what another column of the file could tell about it.

    Attributes:
        column: What the column is.
        note: What to say of it, or "".
        means: Its decimal mark, or whether its dates have the day first; "" for neither.
        other: The column with the other decimal mark or order of day and month, where nothing in
            it speaks against that.
        left_open: What to say of that choice.
    """

    column: Column
    note: str = ""
    means: str = ""
    other: Guess | None = None
    left_open: str = ""


def infer_column(cleaned: pd.Series, say: Say, conventions: Conventions | None = None) -> Column:
    """Finds what a column is.

    Args:
        cleaned: Its values in the training rows, as `columns.clean` gives them.
        say: Called with what a person should be told.
        conventions: How the person says that values are written.
    """
    return _settled(_guess(cleaned, conventions or Conventions()), set(), say)


def infer_schema(
    frame: pd.DataFrame,
    categorical: Collection[str],
    say: Say,
    conventions: Conventions | None = None,
) -> tuple[Column, ...]:
    """Finds what the columns of a table are.

    What a column leaves open, such as whether 1,234 is a thousand or about one, the others
    decide where they show it and agree.

    Args:
        frame: The feature columns of the training rows, as `combine` gives them.
        categorical: Names of columns that are categories whatever they look like.
        say: Called with what a person should be told.
        conventions: How the person says that values are written.
    """
    asked = conventions or Conventions()
    guesses = [
        Guess(Column(name, ColumnKind.CATEGORY))
        if name in categorical
        else _guess_raw(frame[name], asked)
        for name in frame.columns
    ]
    shown = {guess.means for guess in guesses if guess.other is None}
    return tuple(_settled(guess, shown, say) for guess in guesses)


def _settled(guess: Guess, shown: set[str], say: Say) -> Column:
    """The column, said, after other columns have shown how they are written."""
    other, note = guess.other, guess.note
    if other is not None:
        seen = shown & {guess.means, other.means}
        if not seen:
            note += guess.left_open
        elif seen == {other.means}:
            guess, note = other, other.note
    if note:
        say(note)
    return guess.column


def _guess_raw(column: pd.Series, asked: Conventions) -> Guess:
    """The same before it is cleaned: texts among numbers show how they are read."""
    if column.dtype == object:
        texts = np.array([isinstance(value, str) for value in column], np.bool_)
        if texts.any() and column[~texts].notna().any():
            guess = _guess(clean(column[texts]), asked)
            if guess.column.kind is ColumnKind.NUMBER:
                return guess
    return _guess(column if is_text(column) else clean(column), asked)


def _guess(cleaned: pd.Series, asked: Conventions) -> Guess:
    name = str(cleaned.name)
    if name in asked.date_formats:
        return _asked_dates(cleaned, asked.date_formats[name])
    if cleaned.dtype.kind == "M":
        return _dates(name, ISO)
    if cleaned.dtype.kind == "b":
        return _of_kind(name, ColumnSource.BOOLEAN)
    if not is_text(cleaned):
        found = _digit_dates(digits(cleaned), name) if cleaned.dtype.kind in "if" else None
        return found or _of_kind(name, ColumnSource.NUMBER)
    present = cleaned.dropna()
    if not len(present):
        return _of_kind(name, ColumnSource.NUMBER)
    if are_codes(present):
        example = present[present.str.match(r"0\d")].iloc[0]
        looks = f"values such as {example!r} begin with 0, as codes do"
        if present.str.len().isin((6, 8)).all():
            looks += f" (--date-format {name}=FORMAT reads dates)"
        return Guess(Column(name, ColumnKind.CATEGORY, looks=looks))
    return _guess_text(name, present, asked)


def _of_kind(name: str, source: ColumnSource) -> Guess:
    return Guess(Column(name, ColumnKind(source.value), Reading(source)))


def _guess_text(name: str, present: pd.Series, asked: Conventions) -> Guess:
    if not np.isnan(NumberFormat().read(present)).any():
        found = _digit_dates(present, name)
        if found is not None:
            return found
        if asked.decimal != "," and not _could_be_grouped(present):
            return _plain_numbers(name, present)
    sample = _sample(present)
    if _are_booleans(sample) and _are_booleans(present):
        return _of_kind(name, ColumnSource.BOOLEAN)
    if sample.str.contains(r"\d").mean() < DIGITS_SHARE:
        return Guess(Column(name, ColumnKind.CATEGORY))
    read = [
        _guess_dates(name, present, asked.day_first),
        _guess_times(name, present),
        _guess_numbers(name, present, asked.decimal),
    ]
    # The reading with the fewest strays; dates before numbers where they have equally many.
    found = min(
        (guess for guess in read if guess is not None),
        key=_strays,
        default=None,
    )
    if found is not None:
        return found
    return Guess(Column(name, ColumnKind.CATEGORY, looks=_looks(name, present)))


def _sample(present: pd.Series) -> pd.Series:
    """A few values, evenly spread."""
    return present.iloc[np.unique(np.linspace(0, len(present) - 1, LOOKED_AT).astype(int))]


def _are_booleans(present: pd.Series) -> bool:
    """Whether texts are true and false, beside which 1 and 0 may stand."""
    return bool(np.isin(booleans(present), (0.0, 1.0)).all())


def _plain_numbers(name: str, present: pd.Series) -> Guess:
    """Numbers as programs write them; whole ones leave the decimal mark of later rows open."""
    column = Column(name, ColumnKind.NUMBER)
    if any("." in text for text in present.tolist()):
        return Guess(column, means=".")
    comma = Column(name, ColumnKind.NUMBER, Reading(number_format=NumberFormat(",")))
    return Guess(column, means=".", other=Guess(comma, means=","))


def are_codes(present: pd.Series) -> bool:
    """Whether texts are codes made of digits, such as 00501: some begin with a zero.

    Args:
        present: Texts, none of them missing.
    """
    # In Python, for pandas takes a hundred times as long for a short column.
    if not any(len(t) > 1 and t[0] == "0" and t.isdigit() for t in present.tolist()):
        return False
    pure = present.str.fullmatch(r"\d+").to_numpy(np.bool_)
    if (~pure).mean() > STRAY_SHARE:
        return False
    # Beside 5.5 or -5, 05 is a number.
    return bool(np.isnan(NumberFormat().read(present[~pure])).all())


def _could_be_grouped(present: pd.Series) -> bool:
    """Whether there are dots, each of which could stand between thousands, as in 1.234."""
    pattern = r"[-+]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d{1,3})"
    if not all(re.fullmatch(pattern, str(text)) for text in present.head(20)):
        return False
    dotted = any("." in text for text in present.tolist())
    return dotted and bool(present.str.fullmatch(pattern).all())


def _digit_dates(texts: pd.Series, name: str) -> Guess | None:
    """Dates that are whole numbers: 20240131, with hours and minutes and seconds behind or not."""
    at = texts.notna().to_numpy().argmax()
    first = str(texts.iloc[at]) if len(texts) else ""
    if len(first) not in DIGIT_DATES.values():
        return None
    present = texts.dropna()
    if len(present) < LEAST_DIGIT_DATES or present.nunique() < 2:
        return None
    for date_format, length in DIGIT_DATES.items():
        pattern = rf"(?:19|20)\d{{{length - 2}}}|2100\d{{{length - 4}}}"
        if re.fullmatch(pattern, str(present.iloc[0])) and present.str.fullmatch(pattern).all():
            reading = Reading(ColumnSource.DATE, date_format)
            return (
                None
                if read_column(present, reading, is_clean=True).unread.any()
                else _dates(name, date_format)
            )
    return None


def _format_of(name: str) -> str:
    """The option that says how a column's dates are written."""
    return option("--date-format", f"{name}=FORMAT")


def _dates(name: str, date_format: str) -> Guess:
    how = ""
    if date_format != ISO:
        how = f", read by the format {date_format} ({_format_of(name)} overrules)"
    if "%y" in date_format:
        how += f", two-digit years from {FIRST_SHORT_YEAR} on as 19{FIRST_SHORT_YEAR}"
    note = f"column {name!r} holds dates{how}: used as days since 1970-01-01"
    first = re.match(r"%[dm]", date_format)
    means = "" if first is None or "%b" in date_format else ORDERS[first.group()]
    return Guess(
        Column(name, ColumnKind.DATE, Reading(ColumnSource.DATE, date_format)), note, means
    )


def _asked_dates(cleaned: pd.Series, date_format: str) -> Guess:
    """Dates of a format that the person named.

    Raises:
        DataError: No value is one.
    """
    guess = _dates(str(cleaned.name), date_format)
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


def _guess_dates(name: str, present: pd.Series, day_first: bool | None) -> Guess | None:
    found = infer_date_format(present, day_first)
    if found is None:
        return None
    guess = _with_strays(_dates(name, found.format), present)
    other = None if found.other is None else _with_strays(_dates(name, found.other), present)
    if guess is None or other is None or _strays(other) < _strays(guess):
        return guess if other is None else other  # a rare value may tell
    left_open = f"; nothing tells day from month, so {guess.means}"
    way = "--day-first" if guess.means == MONTH_FIRST else "--date-format"
    return replace(guess, other=other, left_open=f"{left_open} ({way} overrules)")


def _guess_times(name: str, present: pd.Series) -> Guess | None:
    note = f"column {name!r} holds times of day: used as hours"
    column = Column(name, ColumnKind.TIME, Reading(ColumnSource.TIME))
    return _with_strays(Guess(column, note), present)


def _with_strays(guess: Guess, present: pd.Series) -> Guess | None:
    """A column read this way if all but a few of its values can be, else None."""
    column = guess.column
    if read_column(_sample(present), column.reading, is_clean=True).unread.mean() > 0.5:
        return None
    unread = read_column(present, column.reading, is_clean=True).unread
    strays = sorted(str(text) for text in present[unread].unique())
    words = unread & present.str.contains(r"\w").to_numpy(np.bool_)  # not a dash for "no value"
    if words.mean() > STRAY_SHARE or len(strays) > STRAY_TEXTS:
        return None
    if not strays:
        return guess
    shown = ", ".join(map(repr, strays))
    note = (
        f"column {column.name!r}: {shown} among the {column.kind}s ({int(unread.sum())} rows) "
        f"counts as a missing value ({option('--categorical', column.name)} takes all values "
        "as categories)"
    )
    reading = replace(column.reading, strays=tuple(strays))
    return replace(
        guess,
        column=replace(column, reading=reading),
        note=f"{guess.note}; {note.partition(': ')[2]}" if guess.note else note,
    )


def _strays(guess: Guess) -> int:
    return len(guess.column.reading.strays)


def _guess_numbers(name: str, present: pd.Series, decimal: str | None) -> Guess | None:
    found = infer_number_format(present, decimal)
    if found is None:
        return None

    def read_as(number_format: NumberFormat) -> Guess | None:
        value, described = number_format.read_one(found.example), number_format.describe()
        note = f"column {name!r}: {found.example!r} is read as {value:.10g} ({described})"
        if not described or (number_format == NumberFormat(",") and "," not in found.example):
            note = f"column {name!r}: {found.example!r} is read as {value:.10g}"
            note = note if found.is_ambiguous else ""
        column = Column(name, ColumnKind.NUMBER, Reading(number_format=number_format))
        return _with_strays(Guess(column, note, number_format.decimal), present)

    guess = read_as(found.format)
    if found.other is None:
        return guess
    other = read_as(found.other)
    if guess is None or other is None or _strays(other) < _strays(guess):
        return guess if other is None else other  # a rare value may tell
    left_open = ""
    if found.is_ambiguous:
        value = found.other.read_one(found.example)
        way = option("--decimal", found.other.decimal)
        left_open = f"; nothing tells it from {value:.10g} ({way} reads that)"
    return replace(guess, other=other, left_open=left_open)


def _looks(name: str, present: pd.Series) -> str:
    """What values look like that hold digits and are read neither as numbers nor as dates."""
    mixed = mixed_numbers(present)
    if mixed:
        return mixed
    examples = " and ".join(repr(str(text)) for text in present.unique()[:2])
    if infer_date_format(present) is not None:
        return (
            f"values such as {examples} look like dates that are not all of one format "
            f"({_format_of(name)} reads one)"
        )
    return (
        f"values such as {examples} hold digits but are read neither as numbers nor as dates "
        f"({_format_of(name)} reads dates)"
    )
