"""What each column of a table is: numbers, booleans, dates or categories."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from automl.data.columns import ColumnSource, booleans, clean, dates, is_text, numbers
from automl.data.text_file import Say

if TYPE_CHECKING:
    import pandas as pd

# Of a column that is mostly numbers, the texts among them (own choice): at most this share of
# the values and this many different ones count as missing; beyond, the column is text.
STRAY_SHARE = 0.05
STRAY_TEXTS = 5

# Tried in this order; the first by which all values can be read is taken.
DATE_FORMATS = ("ISO8601", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y %H:%M")
AMBIGUOUS = {"%m/%d/%Y": "%d/%m/%Y"}


class ColumnKind(StrEnum):
    """The kinds of column."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    CATEGORY = "category"


@dataclass(frozen=True)
class Column:
    """What a column is.

    Attributes:
        name: Its name.
        kind: Number, boolean, date or category.
        date_format: Of a date, the format as for ``strptime``, or ``"ISO8601"``.
        strays: Texts among the numbers that count as missing.
    """

    name: str
    kind: ColumnKind
    date_format: str = ""
    strays: tuple[str, ...] = ()

    @property
    def source(self) -> ColumnSource:
        """How its values become numbers; meaningless for categories."""
        return ColumnSource(self.kind.value)


def infer_column(cleaned: pd.Series, say: Say) -> Column:
    """Finds what a column is from its values in the training rows.

    Args:
        cleaned: The column, as `columns.clean` gives it.
        say: Called with what a person should be told.
    """
    name = str(cleaned.name)
    if cleaned.dtype.kind == "M":
        return _date(name, "ISO8601", say)
    if cleaned.dtype.kind == "b":
        return Column(name, ColumnKind.BOOLEAN)
    if not is_text(cleaned):
        return Column(name, ColumnKind.NUMBER)
    present = cleaned.dropna()
    values = numbers(present)
    unread = np.isnan(values)
    if not unread.any():
        return Column(name, ColumnKind.NUMBER)
    if not np.isnan(booleans(present)).any():
        return Column(name, ColumnKind.BOOLEAN)
    strays = present[unread].unique()
    if unread.mean() <= STRAY_SHARE and len(strays) <= STRAY_TEXTS:
        shown = ", ".join(repr(str(s)) for s in strays)
        say(
            f"column {name!r}: {shown} among the numbers ({int(unread.sum())} rows) counts as a "
            f"missing value (--categorical {name} takes all values as categories)"
        )
        return Column(name, ColumnKind.NUMBER, strays=tuple(sorted(str(s) for s in strays)))
    date_format = _date_format(present)
    if date_format is not None:
        return _date(name, date_format, say)
    return Column(name, ColumnKind.CATEGORY)


def _date_format(present: pd.Series) -> str | None:
    sample = present.head(100)
    for date_format in DATE_FORMATS:
        if np.isnan(dates(sample, date_format)).any():
            continue
        if not np.isnan(dates(present, date_format)).any():
            return date_format
    return None


def _date(name: str, date_format: str, say: Say) -> Column:
    how = f", read by the format {date_format}" if date_format != "ISO8601" else ""
    if date_format in AMBIGUOUS:
        how += " (month first)"
    say(f"column {name!r} holds dates{how}: used as days since 1970-01-01")
    return Column(name, ColumnKind.DATE, date_format=date_format)


def infer_schema(frame: pd.DataFrame, categorical: Collection[str], say: Say) -> tuple[Column, ...]:
    """Finds what the columns of a table are.

    Args:
        frame: The feature columns of the training rows.
        categorical: Names of columns that are categories whatever they look like.
        say: Called with what a person should be told.
    """
    return tuple(
        Column(name, ColumnKind.CATEGORY)
        if name in categorical
        else infer_column(clean(frame[name]), say)
        for name in frame.columns
    )
