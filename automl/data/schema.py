"""What each column of a table is: numbers, booleans, dates, times or categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from automl.data.columns import Reading


class ColumnKind(StrEnum):
    """The kinds of column."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    CATEGORY = "category"


@dataclass(frozen=True)
class Column:
    """What a column is.

    Attributes:
        name: Its name.
        kind: Number, boolean, date, time or category.
        reading: How its values become numbers; meaningless for categories.
        looks: Of categories that hold digits, what they look like and how they would be read
            otherwise, for a sentence.
    """

    name: str
    kind: ColumnKind
    reading: Reading = field(default_factory=Reading)
    looks: str = ""


@dataclass(frozen=True)
class Conventions:
    """How the person says that values are written, where columns leave that open.

    Attributes:
        decimal: The decimal mark of numbers in texts, or None.
        day_first: Whether in dates the day comes before the month, or None.
        date_formats: Column name to the format of its dates, as for ``strptime``.
    """

    decimal: str | None = None
    day_first: bool | None = None
    date_formats: Mapping[str, str] = field(default_factory=dict)
