"""Finding what columns are, from their values in the training rows."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from automl.common.shell import option
from automl.data.columns.characters import DIGITS
from automl.data.columns.column import (
    ColumnSource,
    Reading,
    booleans,
    clean,
    digits,
    is_text,
    numbers,
    read_column,
)
from automl.data.columns.date_doubts import (
    CLOCKS,
    counts_since_1970,
    is_named,
)
from automl.data.columns.date_format import ISO, infer_date_format
from automl.data.columns.guess import (
    STRAY_SHARE,
    Guess,
    count_strays,
    of_kind,
    sample,
    with_strays,
    without_open_ends,
)
from automl.data.columns.infer_dates import (
    are_clock_times,
    asked_dates,
    dates,
    digit_dates,
    dotted_months,
    format_of,
    guess_dates,
    guess_times,
)
from automl.data.columns.infer_numbers import infer_number_format, mixed_numbers
from automl.data.columns.number_format import NumberFormat
from automl.data.columns.schema import Column, ColumnKind, Conventions
from automl.data.say import Say
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# A column of text in which more of the values than this share hold a digit could be meant as
# numbers or dates, so that it is said what it is taken for.
DIGITS_SHARE = 0.5
# As ITU's E.164 has them.
PHONE_NUMBER = r"\+[1-9]\d{7,14}"
ZEROS = "0" + "".join(chr(code) for code, digit in DIGITS.items() if digit == "0")


def infer_column(cleaned: pd.Series, say: Say, conventions: Conventions | None = None) -> Column:
    """Finds what a column is.

    Args:
        cleaned: Its values in the training rows, as `column.clean` gives them.
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
        return asked_dates(cleaned, asked.date_formats[name])
    if name in asked.numeric:
        return _asked_numbers(cleaned, asked.decimal)
    if cleaned.dtype.kind == "M":
        return without_open_ends(dates(name, ISO), cleaned.dropna())
    if cleaned.dtype.kind == "b":
        return of_kind(name, ColumnSource.BOOLEAN)
    if not is_text(cleaned):
        found = digit_dates(digits(cleaned), name) if cleaned.dtype.kind in "if" else None
        return found or _since_1970(of_kind(name, ColumnSource.NUMBER), cleaned.dropna())
    present = cleaned.dropna()
    if not len(present):
        return of_kind(name, ColumnSource.NUMBER)
    if present.str.fullmatch(PHONE_NUMBER).all():
        way = option("--numeric", name)
        looks = f"values such as {str(present.iloc[0])!r} are phone numbers ({way} reads numbers)"
        return Guess(Column(name, ColumnKind.CATEGORY, looks=looks))
    if are_codes(present):
        example = present[present.str.match(rf"[{ZEROS}]\d")].iloc[0]
        looks = f"values such as {example!r} begin with 0, as codes do"
        if present.str.len().isin((6, 8)).all():
            looks += f" (--date-format {name}=FORMAT reads dates)"
        return Guess(Column(name, ColumnKind.CATEGORY, looks=looks))
    return _guess_text(name, present, asked)


def _since_1970(guess: Guess, present: pd.Series) -> Guess:
    """Says of numbers that could be seconds since 1970 that they stay numbers."""
    unit = counts_since_1970(NumberFormat().read(present) if is_text(present) else numbers(present))
    if not unit:
        return guess
    name = guess.column.name
    note = (
        f"column {name!r} could count {unit} since 1970-01-01 and is used as a number: write dates "
        "for their place in the year, the week and the day"
    )
    return replace(guess, note=note)


def _asked_numbers(cleaned: pd.Series, decimal: str | None) -> Guess:
    """Numbers by the person's word, in the format that reads most of them.

    Raises:
        DataError: No value is one.
    """
    name, found = str(cleaned.name), None
    present = cleaned.dropna()
    if is_text(cleaned) and np.isnan(NumberFormat().read(present)).any():
        found = infer_number_format(present, decimal)
    column = Column(name, ColumnKind.NUMBER)
    if found is not None:
        column = replace(column, reading=Reading(number_format=found.format))
    unread = read_column(present, column.reading).unread
    if (len(present) and unread.all()) or cleaned.dtype.kind == "M":
        raise DataError(
            f"Column {name!r} holds {str(present.iloc[0])!r} and no number, which --numeric asks "
            "for: leave the option out, or correct the column."
        )
    told = f"column {name!r} is taken as numbers"
    if found is not None:
        value, how = found.format.read_one(found.example), found.format.describe()
        told += f": {found.example!r} is read as {value:.10g}" + (f" ({how})" if how else "")
    if unread.any():
        told += (
            f"; {int(unread.sum()):,} of {len(present):,} values, such as "
            f"{str(present[unread].iloc[0])!r}, are none and count as missing"
        )
    return Guess(column, told)


def _guess_text(name: str, present: pd.Series, asked: Conventions) -> Guess:
    if not np.isnan(NumberFormat().read(present)).any():
        found = digit_dates(present, name) or dotted_months(present, name)
        if found is not None:
            return found
        if is_named(name, CLOCKS) and are_clock_times(present):
            return guess_times(name, present) or _plain_numbers(name, present)
        if asked.decimal != "," and not _could_be_grouped(present):
            return _since_1970(_plain_numbers(name, present), present)
    look = sample(present)
    if _are_booleans(look) and _are_booleans(present):
        return of_kind(name, ColumnSource.BOOLEAN)
    if look.str.contains(r"\d").mean() < DIGITS_SHARE:
        return Guess(Column(name, ColumnKind.CATEGORY))
    read = [
        guess_dates(name, present, asked.day_first),
        guess_times(name, present),
        _guess_numbers(name, present, asked.decimal),
    ]
    # The reading with the fewest strays; dates before numbers where they have equally many.
    found = min(
        (guess for guess in read if guess is not None),
        key=count_strays,
        default=None,
    )
    if found is not None:
        return found
    return Guess(Column(name, ColumnKind.CATEGORY, looks=_looks(name, present)))


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
    if not any(len(t) > 1 and t[0] in ZEROS and t.isdigit() for t in present.tolist()):
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
        return with_strays(Guess(column, note, number_format.decimal), present)

    guess = read_as(found.format)
    if found.other is None:
        return guess
    other = read_as(found.other)
    if guess is None or other is None or count_strays(other) < count_strays(guess):
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
            f"({format_of(name)} reads one)"
        )
    return (
        f"values such as {examples} hold digits but are read neither as numbers nor as dates "
        f"({format_of(name)} reads dates)"
    )
