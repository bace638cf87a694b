"""A guess of what a column is, and what in it counts as missing: stray texts, open ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from automl.common.shell import option
from automl.data.columns.column import ColumnSource, Reading, read_column
from automl.data.columns.date_doubts import foreign_years, open_ends
from automl.data.columns.no_value import say_no_value
from automl.data.columns.schema import Column, ColumnKind

if TYPE_CHECKING:
    import pandas as pd

# Of a column that is mostly numbers or dates, the texts among them (own choice): at most this
# share of the values and this many different ones count as missing; beyond, the column is text.
STRAY_SHARE = 0.05
STRAY_TEXTS = 5
# So many values of a column are looked at.
LOOKED_AT = 200


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


def of_kind(name: str, source: ColumnSource) -> Guess:
    """A column of which nothing needs to be said."""
    return Guess(Column(name, ColumnKind(source.value), Reading(source)))


def sample(present: pd.Series) -> pd.Series:
    """A few values of a column, evenly spread."""
    return present.iloc[np.unique(np.linspace(0, len(present) - 1, LOOKED_AT).astype(int))]


def with_strays(guess: Guess, present: pd.Series) -> Guess | None:
    """A column read this way if all but a few of its values can be, else None."""
    column = guess.column
    if read_column(sample(present), column.reading, is_clean=True).unread.mean() > 0.5:
        return None
    unread = read_column(present, column.reading, is_clean=True).unread
    strays = sorted(str(text) for text in present[unread].unique())
    if len(strays) > STRAY_TEXTS:
        return None
    words = unread.copy()
    words[unread] = ~say_no_value(present[unread])
    if column.kind is ColumnKind.DATE:  # 0000-00-00
        words &= present.str.contains(r"[^\W0]").to_numpy(np.bool_)
    if words.mean() > STRAY_SHARE:
        return None
    if not strays:
        return without_open_ends(guess, present)
    shown = ", ".join(map(repr, strays))
    note = (
        f"column {column.name!r}: {shown} among the {column.kind}s ({int(unread.sum())} rows) "
        f"counts as a missing value ({option('--categorical', column.name)} takes all values "
        "as categories)"
    )
    reading = replace(column.reading, strays=tuple(strays))
    told = replace(
        guess,
        column=replace(column, reading=reading),
        note=f"{guess.note}; {note.partition(': ')[2]}" if guess.note else note,
    )
    return without_open_ends(told, present)


def without_open_ends(guess: Guess, present: pd.Series) -> Guess:
    """The same, where days such as 9999-12-31 far from all other dates count as missing."""
    column = guess.column
    if column.kind is not ColumnKind.DATE:
        return guess
    moments = read_column(present, column.reading, is_clean=True).values
    foreign = foreign_years(moments)
    if foreign:
        guess = replace(
            guess,
            note=f"{guess.note}; years such as {foreign} are of another calendar and are taken as "
            "they stand, so the order is right and seasons and weekdays may not be",
        )
    ends = open_ends(moments)
    if not ends:
        return guess
    days = moments.to_numpy().astype("datetime64[D]")
    none = np.isin(days, np.array(ends, "datetime64[D]"))
    written = {str(day): str(text) for day, text in zip(days[none], present[none], strict=True)}
    strays = (*column.reading.strays, *written.values())
    verb = "counts" if len(ends) == 1 else "count"
    keep = option("--date-format", f"{column.name}={column.reading.date_format}")
    return replace(
        guess,
        column=replace(column, reading=replace(column.reading, strays=strays)),
        note=f"{guess.note}; {' and '.join(ends)} ({int(none.sum()):,} rows) {verb} as a missing "
        f"value, as an open end far from all other dates ({keep} keeps it)",
    )


def count_strays(guess: Guess) -> int:
    """How many different texts of a column count as missing."""
    return len(guess.column.reading.strays)
