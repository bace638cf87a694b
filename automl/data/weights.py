"""Weights of rows: read from a column or from what a person has in memory, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.columns.column import clean, numeric_values
from automl.data.columns.infer import infer_column
from automl.data.columns.schema import Conventions
from automl.data.say import Say
from automl.data.task import Task, TaskKind
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Own choice: sums and products of some more remain in the range of single precision.
SMALLEST, LARGEST = 1e-18, 1e18


def are_weights(given: Any) -> bool:
    """Whether a request's weight is the weights themselves, not a column's name or position."""
    return given is not None and not isinstance(given, str | int | Mapping)


def column_weights(
    column: pd.Series, conventions: Conventions | None = None
) -> npt.NDArray[np.float64]:
    """The weights that a column holds.

    Args:
        column: The column as it was read.
        conventions: How a person says that values are written, or None.

    Raises:
        DataError: One is no number of 0 or more.
    """
    found = infer_column(clean(column), lambda _: None, conventions or Conventions())
    weights = numeric_values(column, replace(found.reading, strays=()))
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        example = column.iloc[int(np.argmax(bad))]
        raise DataError(
            f"The weight column {column.name!r} holds {str(example)!r}: every weight must be a "
            "number of 0 or more."
        )
    _check_size(weights)
    return weights


def given_weights(given: Any, rows: int, has_other_sources: bool) -> npt.NDArray[np.float64]:
    """Weights that were given in memory, one a row in the order of the rows.

    Args:
        given: An array, a Series (its index does not count) or a list; or what a run's record
            has in their place.
        rows: How many rows the source has.
        has_other_sources: Whether validation or test rows come from sources of their own, which
            these weights say nothing of.

    Raises:
        DataError: They are not one number of 0 or more for each row.
    """
    if isinstance(given, Mapping):
        raise DataError(
            "The weights were given in memory and are no longer there: start a new search."
        )
    if has_other_sources:
        raise DataError(
            "Weights were given as an array, but validation or test rows come from a source of "
            "their own: give the weights as a column of all of them."
        )
    try:
        weights = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"The weights are no numbers ({error}): give one number a row.") from error
    if weights.shape not in ((rows,), (rows, 1)):
        raise DataError(
            f"The weights have the shape {weights.shape}, but there are {rows:,} rows: give one "
            "weight a row."
        )
    weights = weights.reshape(-1)
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"The weight of row {row + 1} is {weights[row]:g}: every weight must be a number of 0 "
            "or more."
        )
    _check_size(weights)
    return weights


def _check_size(weights: npt.NDArray[np.float64]) -> None:
    """Checks that weights are what single precision can add up.

    Raises:
        DataError: The largest is out of its range.
    """
    largest = float(np.max(weights, initial=0.0))
    if largest and not SMALLEST <= largest <= LARGEST:
        raise DataError(
            f"The largest weight is {largest:.3g}, and single precision takes it from "
            f"{SMALLEST:g} to {LARGEST:g}: multiply all weights by one number, for only their "
            "ratios count in scores."
        )


def check_weights(
    truth: npt.NDArray[Any],
    weight: npt.NDArray[Any] | None,
    task: Task,
    what: str,
    say: Say | None = None,
) -> None:
    """Checks that some rows count, and of each class and label some.

    Args:
        truth: As in `Rows.truth`.
        weight: Weight of each row, (n,), or None.
        task: The task.
        what: What the rows are, for the message: ``training rows``.
        say: Called where the rows of a class weigh nothing; None to refuse them.

    Raises:
        DataError: All rows weigh 0, or without ``say`` all of a class or label.
    """
    if weight is None or not len(weight):
        return
    if not np.sum(weight) > 0:
        raise DataError(f"All weights of the {what} are 0: give some of them a weight.")
    named = next((name for name, rows in _groups(truth, task) if _weighs_nothing(weight, rows)), "")
    if not named:
        return
    if say is None:
        raise DataError(
            f"All {what} {named} have the weight 0, so that nothing is known of them: give some of "
            "them a weight, or leave these rows out."
        )
    say(f"all {what} {named} have the weight 0, so that no score counts them; --weight overrules")


def _weighs_nothing(weight: npt.NDArray[Any], rows: npt.NDArray[np.bool_]) -> bool:
    return bool(rows.any()) and not weight[rows].sum() > 0


def _groups(truth: npt.NDArray[Any], task: Task) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """The rows of each class, and with and without each label, in words."""
    if task.kind is TaskKind.MULTILABEL:
        return [
            (f"{word} the label {name!r}", (truth[:, k] > 0.5) == holds)
            for k, name in enumerate(task.targets)
            for word, holds in (("with", True), ("without", False))
        ]
    return [
        (f"of the class {str(label)!r}", truth.reshape(-1) == number)
        for number, label in enumerate(task.classes)
    ]
