"""Targets that training has not shown: counted, named, and their rows left out of every score.

Training rows alone decide the task, its classes and how its numbers are written. A model cannot
answer with a class that it has never seen, and its probability of one is no number, so rows of
such a class are neither right nor wrong: they are left out, and what that hides is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.common.names import did_you_mean
from automl.data.columns.unread import MOST_OF_A_COLUMN
from automl.data.numbers import LARGEST_VALUE
from automl.data.say import Say
from automl.data.task import Task, TaskKind

if TYPE_CHECKING:
    import pandas as pd

# Values that a sentence names.
SHOWN = 3


def learnable(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which numbers can be targets: they are there, finite, and their squares are too."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(values) & (np.abs(values) <= LARGEST_VALUE)


def say_unknown(
    column: pd.Series,
    unknown: npt.NDArray[np.bool_],
    task: Task,
    say: Say,
    what: str,
    rows: npt.NDArray[np.int64] | None,
) -> None:
    """Says which values of a target are unknown, in how many rows, and what becomes of these.

    Args:
        column: The target, cleaned, without missing values.
        unknown: Which values training has not shown, bool (n,).
        task: What is learnt.
        say: Called with the sentence.
        what: What the rows are, such as ``"test rows"``.
        rows: Number of each row in its source, int64 (n,), counted from 1; None where the column
            is the whole source.
    """
    count, total = int(unknown.sum()), len(column)
    if not count:
        return
    at = int(np.argmax(unknown))
    row = at + 1 if rows is None else int(rows[at])
    counts = column[unknown].astype(str).value_counts()
    named = ", ".join(f"{text!r} ({number:,})" for text, number in counts.head(SHOWN).items())
    if len(counts) > SHOWN:
        named += f" and {len(counts) - SHOWN:,} more"
    meant = did_you_mean(str(counts.index[0]), task.classes, "")
    hint = f" ({meant.removeprefix('; ')})" if meant else ""
    most = count > MOST_OF_A_COLUMN * total
    asked = f"; is it the target {column.name!r} of the training rows?" if most else ""
    say(
        f"target {column.name!r}: {count:,} of {total:,} {what} hold {_which(task)}: "
        f"{named}, first in row {row:,}{hint}; they are left out of all scores"
        f"{_hidden(task, count, total)}{asked}"
    )


def _which(task: Task) -> str:
    if task.classes:
        return "a class that no training row has"
    if task.kind is TaskKind.MULTILABEL:
        return "something other than 0 and 1"
    return "no number as training has them"


def _hidden(task: Task, count: int, total: int) -> str:
    if not task.classes:
        return ""
    return f" (counted as wrong, accuracy could be {1 - count / total:.3g} at most)"
