"""Values of later rows that do not fit what training has shown: counted, and said once a column."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.data.say import Say

if TYPE_CHECKING:
    import pandas as pd

# Beyond this share of a column's values the column itself is probably another one.
MOST_OF_A_COLUMN = 0.5

# What a value is not that only training rows had.
LACKING = "without a value"

# Called with a column as `column.clean` gives it, a mask (n,) of the values that do not fit, and
# what they are not, such as "no number and count as missing".
Tell = Callable[["pd.Series", npt.NDArray[np.bool_], str], None]


def tell_lacking(column: pd.Series, lacking: npt.NDArray[np.bool_], tell: Tell | None) -> None:
    """Tells of a column that mostly lacks a value, where training rows never did.

    Args:
        column: The column.
        lacking: Which of its values are missing, bool (n,).
        tell: As `teller` gives it, or None to tell nobody.
    """
    if tell is not None and lacking.sum() > MOST_OF_A_COLUMN * len(lacking):
        tell(column, lacking, LACKING)


def teller(say: Say, rows: str, numbers: npt.NDArray[np.int64] | None = None) -> Tell:
    """What says how many values of a column do not fit, with an example and its row.

    Args:
        say: Called with the sentence.
        rows: What the rows are, such as ``"test rows"``.
        numbers: Number of each row in its source, int64 (n,), counted from 1 without the header;
            None where the rows are the whole source.
    """

    told: set[object] = set()

    def tell(column: pd.Series, misfits: npt.NDArray[np.bool_], what: str) -> None:
        count = int(misfits.sum())
        # Values that were not read, and so told of, are missing afterwards.
        if not count or (what == LACKING and column.name in told):
            return
        told.add(column.name)
        if what == LACKING:
            say(
                f"column {column.name!r}: {count:,} of the {len(column):,} {rows} are without a "
                "value, which every training row had"
            )
            return
        present = int(column.notna().sum())
        at = int(np.argmax(misfits))
        row = at + 1 if numbers is None else int(numbers[at])
        verb = "is" if count == 1 else "are"
        most = (
            f"; is it the column {column.name!r} of the training rows?"
            if count > MOST_OF_A_COLUMN * present
            else ""
        )
        say(
            f"column {column.name!r}: {count:,} of the {present:,} values in the {rows}, such as "
            f"{str(column.iloc[at])!r} in row {row:,}, {verb} {what}{most}"
        )

    return tell
