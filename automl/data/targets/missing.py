"""Rows without a target: which they are, and what stands there instead of a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.common.shell import option
from automl.data.columns.column import MISSING_TEXTS, numbers
from automl.data.say import Say
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PART_NAMES = ("rows", "validation rows", "test rows")


def with_target(
    targets: pd.DataFrame,
    part: npt.NDArray[np.int64],
    raw: Sequence[Sequence[pd.Series]],
    say: Say,
) -> npt.NDArray[np.bool_]:
    """Which rows have a value of every target.

    Args:
        targets: The target columns of all rows, cleaned.
        part: Of each row, which part it is of; see `Dataset.part`.
        raw: Of each part that is there, in their order, the target columns as they were read.
        say: Called with how many rows have none, and with the texts that mean no value.

    Returns:
        bool (n,).

    Raises:
        DataError: All rows of a part lack one.
    """
    keep: npt.NDArray[np.bool_] = targets.notna().all(axis=1).to_numpy()
    named = ", ".join(repr(str(c)) for c in targets.columns)
    present = [number for number in range(len(PART_NAMES)) if (part == number).any()]
    for number, columns in zip(present, raw, strict=True):
        rows, what = part == number, PART_NAMES[number]
        instead = "".join(_instead(column, targets[column.name]) for column in columns)
        if not keep[rows].any():
            raise DataError(
                f"All {int(rows.sum()):,} {what} lack a value of the target {named}{instead}: give "
                "rows with a target."
            )
        lacking = int((rows & ~keep).sum())
        if lacking:
            of, are = (what.removesuffix("s"), "is") if lacking == 1 else (what, "are")
            say(f"{lacking:,} {of} without a value of the target {named} {are} left out{instead}")
    return keep


def _instead(raw: pd.Series, cleaned: pd.Series) -> str:
    """The texts that a column holds in place of values, with their counts, for a sentence."""
    import pandas as pd

    if not cleaned.isna().any():
        return ""
    words = {text for text in MISSING_TEXTS if text}
    texts = [value.strip() for value in raw.tolist() if isinstance(value, str)]
    counts = pd.Series([text for text in texts if text in words], dtype="str").value_counts()
    if not len(counts):
        return ""
    shown = ", ".join(f"{text!r} ({number:,})" for text, number in counts.items())
    way = ""
    known = cleaned.dropna()
    if not np.isfinite(numbers(known) if known.dtype != object else np.zeros(1)).any():
        way = f"; {option('--categorical', str(raw.name))} takes such texts for classes"
    return f" ({shown} there means no value{way})"
