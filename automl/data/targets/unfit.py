"""Targets that cannot be learnt as they are: texts among numbers, dates, identifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.data.columns.infer import infer_column
from automl.data.columns.infer_numbers import mixed_numbers
from automl.data.columns.schema import ColumnKind
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# A text target that has more different values than this, most of them rare, is no set of classes.
MOST_TEXT_CLASSES_SHARE = 0.5
DATES = "dates"


def refuse_text(
    column: pd.Series,
    unread: npt.NDArray[np.bool_],
    rows: npt.NDArray[np.int64] | None = None,
    several: bool = False,
) -> None:
    """Refuses a target of numbers for the texts in it; see `check_numbers`."""
    texts = sorted({str(text) for text in column[unread].head(1000)})
    shown = ", ".join(repr(text) for text in texts[:3])
    at = int(np.argmax(unread))
    row = at + 1 if rows is None else int(rows[at])
    moment = moments_of(column) if unread.all() else ""
    if moment:
        raise DataError(
            f"The target {column.name!r} holds {moment}, such as {shown}, where numbers were "
            "expected: write them as numbers, of hours or days."
        )
    way = "give one target for classes" if several else "ask for classes with --task classification"
    raise DataError(
        f"The target {column.name!r} holds text ({shown}) in {int(unread.sum()):,} of "
        f"{len(column):,} rows, first in row {row:,}, where numbers were expected: correct or "
        f"remove these rows, or {way}."
    )


def infinite_target(column: pd.Series) -> DataError:
    """The error of a target that holds infinite numbers."""
    return DataError(
        f"The target {column.name!r} has infinite values: correct or remove these rows."
    )


def check_numbers(
    column: pd.Series,
    values: npt.NDArray[np.float64],
    rows: npt.NDArray[np.int64] | None = None,
    several: bool = False,
) -> None:
    """Checks that all values of a target are numbers that can be learnt.

    Args:
        column: The target, cleaned, without missing values.
        values: Its values, float64 (n,), NaN where one is no number.
        rows: Number of each row in its source, int64 (n,), counted from 1; None where the column
            is the whole source.
        several: Whether there are other targets beside it.

    Raises:
        DataError: They are not.
    """
    unread = np.isnan(values)
    if unread.any():
        refuse_text(column, unread, rows, several)
    if np.isinf(values).any():
        raise infinite_target(column)
    # Squares of larger ones leave single precision.
    if np.abs(values).max() > 1e18:
        raise DataError(
            f"The target {column.name!r} has values beyond 1e18, too large for single precision: "
            "scale them down, or take their logarithm."
        )


def why_no_classes(column: pd.Series, classes: int) -> str:
    """Why many different texts are no classes, and what would help; "" if they may be classes."""
    moment = moments_of(column)
    if moment == DATES:
        return "so it holds dates, which cannot be learnt: choose another target"
    if moment:
        return f"so it holds {moment}, which are not learnt as they are: write them as numbers"
    if classes <= MOST_TEXT_CLASSES_SHARE * len(column):
        return ""
    mixed = mixed_numbers(column)
    if mixed:
        return f"and {mixed}"
    return "so it looks like an identifier, not like classes or numbers: choose another target"


def moments_of(column: pd.Series) -> str:
    """What moments a target holds, dates or times, or ""."""
    kind = infer_column(column, lambda _: None).kind
    return {ColumnKind.DATE: DATES, ColumnKind.TIME: "times of day or durations"}.get(kind, "")
