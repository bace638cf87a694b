"""What each column of a table is: numbers, booleans, dates, times or categories."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from automl.data.columns.column import Reading
from automl.data.columns.cycles import Cycle


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
        numeric: Names of columns that are numbers whatever they look like.
        cycles: Column name to the cycles that its dates or times of day are told by beside how
            late they are.
    """

    decimal: str | None = None
    day_first: bool | None = None
    date_formats: Mapping[str, str] = field(default_factory=dict)
    numeric: Collection[str] = ()
    cycles: Mapping[str, tuple[Cycle, ...]] = field(default_factory=dict)
