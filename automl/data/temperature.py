"""One temperature for a classifier, kept only where rows that it has not seen agree.

`automl.models.tempering` reads the same in Keras, in float32; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.kept_temperature import Temperature
from automl.data.metrics import rows_of_metric
from automl.data.task import Task
from automl.vocabulary.metric_functions.temperature_scaling import (
    answers_of,
    best_temperature,
    logits_of,
    shares_of,
)
from automl.vocabulary.temperature_range import LEAST, MOST

#: By how many of its standard errors the gain has to be above 0 (``benchmarks/RESULTS.md``,
#: "Temperatures and thresholds").
ERRORS = 1.0
#: Most rows that it is chosen on, so that it takes a second: of more the error is nothing anyhow.
MOST_ROWS = 20_000
#: Parts of the rows of one division, for the cross-fitted gain.
PARTS = 5
_EDGE = 1e-6

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AnsweredRows:
    """Validation rows with what a model has answered for them.

    Attributes:
        truth: As in `Rows.truth`.
        probabilities: (n, outputs).
        weight: Weight of each row, (n,), or None.
    """

    truth: npt.NDArray[Any]
    probabilities: npt.NDArray[Any]
    weight: npt.NDArray[Any] | None = None

    def at(self, positions: npt.NDArray[np.int64]) -> AnsweredRows:
        """Some of the rows."""
        weight = None if self.weight is None else self.weight[positions]
        return AnsweredRows(self.truth[positions], self.probabilities[positions], weight)


def tempered(task: Task, probabilities: npt.NDArray[Any], temperature: float) -> FloatArray:
    """Probabilities whose logits are divided by a temperature.

    Args:
        task: The task; probabilities of numbers there are none.
        probabilities: (n, outputs), as a model answers them.
        temperature: Above 1 makes them less sure, below 1 surer.

    Returns:
        float64 (n, outputs); of a multiclass task they add up to 1.
    """
    return answers_of(task.kind, logits_of(task.kind, probabilities) / temperature)


def fit_temperature(
    task: Task,
    truth: npt.NDArray[Any],
    probabilities: npt.NDArray[Any],
    weight: npt.NDArray[Any] | None = None,
) -> float:
    """The temperature with the least log loss, which is convex in its inverse.

    Args:
        task: A task of classes or labels.
        truth: As in `Rows.truth`.
        probabilities: (n, outputs).
        weight: Weight of each row, (n,), or None.

    Returns:
        A number from `LEAST` to `MOST`.
    """
    return best_temperature(task.kind, truth, logits_of(task.kind, probabilities), weight)


def choose_temperature(
    task: Task, views: Sequence[AnsweredRows], *, is_ranked_with_one: bool = False
) -> Temperature | None:
    """A temperature, where it lowers the log loss of rows that it was not fitted on.

    The rule is strict, for with few rows a temperature is as lucky as any other choice: each fold,
    or each of five parts of the one division, is scored with the temperature of the others, and the
    gain over all rows has to be above `ERRORS` of its standard errors. What was ranked by the log
    loss with its best temperature has that one whatever the gain: else another model would be
    exported than the one that was chosen (``benchmarks/RESULTS.md``, "Epochs chosen by the log loss
    that a temperature leaves").

    Args:
        task: A task.
        views: The validation rows of each view that the configuration was trained on.
        is_ranked_with_one: Whether it was ranked by ``tempered_log_loss``.

    Returns:
        The temperature of all rows, or None.
    """
    if not task.is_classification:
        return None
    views = [_thinned(view, MOST_ROWS // len(views)) for view in views]
    whole = joined(views)
    parts = _parts([len(view.truth) for view in views])
    if len(parts) < 2 or not np.isfinite(whole.probabilities).all():
        return None
    fitted = np.zeros(np.shape(whole.probabilities))
    for number, part in enumerate(parts):
        others = whole.at(np.concatenate([*parts[:number], *parts[number + 1 :]]))
        own = fit_temperature(task, others.truth, others.probabilities, others.weight)
        fitted[part] = tempered(task, whole.probabilities[part], own)
    plain = _losses(task, whole.truth, whole.probabilities)
    losses = _losses(task, whole.truth, fitted)
    shares = shares_of(whole.weight, len(plain))
    gain = float(shares @ (plain - losses))
    error = float(np.sqrt(np.square(shares * (plain - losses - gain)).sum()))
    value = fit_temperature(task, whole.truth, whole.probabilities, whole.weight)
    is_inside = LEAST * (1.0 + _EDGE) < value < MOST * (1.0 - _EDGE)
    if not is_ranked_with_one and not (gain > ERRORS * error and is_inside):
        return None
    value = min(max(value, LEAST), MOST)
    with_it, without = float(shares @ losses), float(shares @ plain)
    return Temperature(value, with_it, without, error, len(plain))


def _losses(task: Task, truth: npt.NDArray[Any], probabilities: npt.NDArray[Any]) -> FloatArray:
    """The log loss of each row."""
    losses = rows_of_metric("log_loss", task, truth, probabilities)
    assert losses is not None
    return losses


def joined(views: Sequence[AnsweredRows]) -> AnsweredRows:
    """The rows of all views, one after another.

    Args:
        views: At least one; all with weights, or none.
    """
    weight = None
    if all(view.weight is not None for view in views):
        weight = np.concatenate([np.asarray(view.weight) for view in views])
    return AnsweredRows(
        np.concatenate([view.truth for view in views]),
        np.concatenate([view.probabilities for view in views]),
        weight,
    )


def _thinned(rows: AnsweredRows, most: int) -> AnsweredRows:
    """Some of the rows, always the same, where there are too many."""
    count = len(rows.truth)
    if count <= most:
        return rows
    return rows.at(np.sort(np.random.default_rng(0).permutation(count)[:most]))


def _parts(counts: Sequence[int]) -> list[npt.NDArray[np.int64]]:
    """The folds, or of one division five random parts, always the same."""
    rows = np.arange(sum(counts))
    if len(counts) > 1:
        return list(np.split(rows, np.cumsum(counts)[:-1]))
    mixed = np.random.default_rng(0).permutation(rows)
    return [part for part in np.array_split(mixed, PARTS) if len(part)]
