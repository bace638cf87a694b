"""Bootstrap intervals: of a metric on some rows, and of its difference between two predictions.

Rows are drawn with replacement, and the interval lies between percentiles of what the metric is on
each draw (Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13). Of two
predictions each draw takes the same rows, so that what is hard in a row cancels out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.metrics import compute_metric, rows_of_metric
from automl.data.task import Task
from automl.vocabulary.metric import Metric

RESAMPLES = 1000
LEVEL = 0.95
#: Rows that are drawn in all at most: 1,000 resamples of 20,000 rows, fewer of more rows.
MOST_DRAWN = 20_000_000
#: Resamples that are drawn of however many rows.
LEAST_RESAMPLES = 100

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Interval:
    """Where a number lies, as far as the rows say.

    Attributes:
        low: Its lower end, NaN where no resample has a value.
        high: Its upper end, likewise.
        undefined: Resamples that were left out, for the metric is not defined on them: of AUC
            those that hold one class only.
        resamples: Resamples that were drawn.
    """

    low: float
    high: float
    undefined: int = 0
    resamples: int = RESAMPLES


def bootstrap_interval(
    task: Task,
    metric: str | Metric,
    truth: Array,
    predictions: Array,
    weight: Array | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = LEVEL,
) -> Interval:
    """The interval of a metric on some rows.

    Args:
        task: The task.
        metric: A metric of it.
        truth: As in `automl.data.metrics.compute_metrics`, (n, ...).
        predictions: Likewise.
        weight: Weight of each row, (n,), or None for equal weights.
        resamples: How often the rows are drawn; fewer where there are more rows than
            `MOST_DRAWN` / ``resamples``, but `LEAST_RESAMPLES` at least.
        seed: Of the draws.
        level: The share of the draws that the interval holds.

    Returns:
        The interval.

    Raises:
        ValueError: There are no rows, their numbers differ, or the task has no such metric.
    """
    _check(truth, predictions, weight)
    values = _resampled(task, metric, truth, predictions, weight)
    return _interval(values, len(truth), resamples, seed, level)


def bootstrap_difference(
    task: Task,
    metric: str | Metric,
    truth: Array,
    several: Sequence[Array],
    second: Array,
    weight: Array | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = LEVEL,
) -> Interval:
    """The interval of the mean metric of several predictions less the metric of ``second``.

    Args:
        task, metric, truth, weight, seed, level: As in `bootstrap_interval`.
        several: Predictions for the rows, at least one.
        second: Other predictions for the same rows, in the same order.
        resamples: Likewise; fewer by as many as there are predictions, where each has to be scored
            anew on every draw.

    Returns:
        The interval of the difference, in the metric's units.

    Raises:
        ValueError: As `bootstrap_interval`.
    """
    for predictions in (*several, second):
        _check(truth, predictions, weight)
    of_second = _resampled(task, metric, truth, second, weight)
    per_row = [rows_of_metric(metric, task, truth, one) for one in several]
    known = [values for values in per_row if values is not None]
    if known:
        mean = [_mean_of_rows(np.mean(known, axis=0), weight)]
    else:
        mean = [_resampled(task, metric, truth, one, weight) for one in several]

    def difference(drawn: npt.NDArray[np.int64]) -> float:
        return sum(one(drawn) for one in mean) / len(mean) - of_second(drawn)

    return _interval(difference, len(truth), resamples, seed, level, len(mean))


def _check(truth: Array, predictions: Array, weight: Array | None) -> None:
    if not len(truth):
        raise ValueError("there are no rows to draw from")
    if len(truth) != len(predictions) or (weight is not None and len(weight) != len(truth)):
        raise ValueError(f"{len(truth)} true values do not fit {len(predictions)} predictions")


def _resampled(
    task: Task, metric: str | Metric, truth: Array, predictions: Array, weight: Array | None
) -> Callable[[npt.NDArray[np.int64]], float]:
    """The metric of drawn rows; of one that is a mean over rows, their values are computed once."""
    per_row = rows_of_metric(metric, task, truth, predictions)
    if per_row is None:
        return lambda drawn: compute_metric(
            metric,
            task,
            truth[drawn],
            predictions[drawn],
            None if weight is None else weight[drawn],
        )
    return _mean_of_rows(per_row, weight)


def _mean_of_rows(
    per_row: npt.NDArray[np.float64], weight: Array | None
) -> Callable[[npt.NDArray[np.int64]], float]:
    """The weighted mean of drawn rows' values."""
    if weight is None:
        return lambda drawn: float(per_row[drawn].mean())
    weights = np.asarray(weight, dtype=np.float64)
    weighted = per_row * weights

    def value(drawn: npt.NDArray[np.int64]) -> float:
        total = float(weights[drawn].sum())
        return float(weighted[drawn].sum()) / total if total > 0.0 else math.nan

    return value


def _interval(
    value: Callable[[npt.NDArray[np.int64]], float],
    rows: int,
    resamples: int,
    seed: int,
    level: float,
    scorings: int = 1,
) -> Interval:
    number = min(resamples, max(LEAST_RESAMPLES, MOST_DRAWN // (rows * scorings)))
    values = np.array([_or_nan(value, drawn) for drawn in _draws(rows, number, seed)])
    known = values[np.isfinite(values)]
    undefined = number - len(known)
    if not len(known):
        return Interval(math.nan, math.nan, undefined, number)
    low, high = np.quantile(known, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(float(low), float(high), undefined, number)


def _draws(rows: int, number: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    for _ in range(number):
        yield generator.integers(0, rows, rows)


def _or_nan(value: Callable[[npt.NDArray[np.int64]], float], drawn: npt.NDArray[np.int64]) -> float:
    try:
        return value(drawn)
    except ZeroDivisionError:  # NumPy's, of weights that sum to zero
        return math.nan
