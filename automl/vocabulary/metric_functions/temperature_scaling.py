"""One temperature for a classifier's probabilities, and their log loss with the best one.

Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, 2017 (arXiv 1706.04599):
the logits are divided by one number, so that the order of the classes stays and how sure the model
is changes. Here the logits are the logarithms of the probabilities that the model answers, which
are the same but for a constant; of a binary task and of labels, their log odds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.vocabulary.metric_functions.values import (
    PROBABILITY_EPSILON,
    FloatArray,
    MetricFunction,
    log_loss_binary,
    log_loss_multiclass,
)
from automl.vocabulary.task_kinds import TaskKind
from automl.vocabulary.temperature_range import LEAST, MOST

#: Halvings of the range, to the last digits of a temperature that is kept ...
_STEPS = 30
#: ... and to a thousandth of it, which is nothing to the log loss at its least.
_QUICK_STEPS = 12


def logits_of(kind: TaskKind, probabilities: npt.NDArray[Any]) -> FloatArray:
    """Logits of probabilities, (n, outputs), bounded as Keras bounds them.

    Args:
        kind: A kind of task with classes or labels.
        probabilities: (n, outputs).
    """
    # Bounded in float32, as in Keras: there the largest number below 1 is no closer.
    p, least = np.asarray(probabilities, np.float32), np.float32(PROBABILITY_EPSILON)
    if kind is TaskKind.MULTICLASS:
        classes: FloatArray = np.log(np.maximum(p, least).astype(np.float64))
        return classes
    bounded = np.clip(p, least, np.float32(1.0) - least).astype(np.float64)
    odds: FloatArray = np.log(bounded) - np.log1p(-bounded)
    return odds


def answers_of(kind: TaskKind, logits: FloatArray) -> FloatArray:
    """The probabilities of logits; of a multiclass task they add up to 1.

    Args:
        kind: A kind of task with classes or labels.
        logits: (n, outputs).
    """
    if kind is TaskKind.MULTICLASS:
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        classes: FloatArray = raised / raised.sum(axis=1, keepdims=True)
        return classes
    labels: FloatArray = 1.0 / (1.0 + np.exp(-logits))
    return labels


def shares_of(weight: npt.NDArray[Any] | None, rows: int) -> FloatArray:
    """What each row counts; all of them add up to 1.

    Args:
        weight: Weight of each row, (n,), or None for equal ones.
        rows: How many there are.
    """
    weights = np.ones(rows) if weight is None else np.asarray(weight, np.float64)
    shares: FloatArray = weights / weights.sum()
    return shares


def best_temperature(
    kind: TaskKind,
    truth: npt.NDArray[Any],
    logits: FloatArray,
    weight: npt.NDArray[Any] | None = None,
    steps: int = _STEPS,
) -> float:
    """The temperature with the least log loss, which is convex in its inverse.

    Args:
        kind: A kind of task with classes or labels.
        truth: As metrics have it: numbers of classes (n,), or 0 and 1 (n, labels).
        logits: (n, outputs).
        weight: Weight of each row, (n,), or None.
        steps: How often the range is halved.

    Returns:
        A number from `LEAST` to `MOST`.
    """
    shares = shares_of(weight, len(logits))
    if kind is TaskKind.MULTICLASS:
        told = logits[np.arange(len(logits)), np.asarray(truth)]
    else:
        told = (np.asarray(truth, np.float64) * logits).sum(axis=1)
    low, high = math.log(1.0 / MOST), math.log(1.0 / LEAST)
    # Bisection of the slope, in the logarithm of the inverse.
    for _ in range(steps):
        middle = (low + high) / 2.0
        answers = answers_of(kind, logits * math.exp(middle))
        expected = (answers * logits).sum(axis=1)
        if float(shares @ (expected - told)) > 0.0:
            high = middle
        else:
            low = middle
    return math.exp(-(low + high) / 2.0)


def tempered_log_loss(kind: TaskKind) -> MetricFunction:
    """The log loss with the temperature that is the best one of the rows, so no mean over rows.

    What is left of a log loss once how sure a model is has been set right: Berta, Holzmüller,
    Jordan and Bach, Rethinking Early Stopping: Refine, Then Calibrate, 2025 (arXiv 2501.19195).
    One number that is fitted to the rows themselves flatters it by about 1 / (2 n).

    Args:
        kind: A kind of task with classes or labels.
    """
    log_loss = log_loss_multiclass if kind is TaskKind.MULTICLASS else log_loss_binary

    def value(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
        logits = logits_of(kind, scores)
        found = best_temperature(kind, truth, logits, weight, _QUICK_STEPS)
        return log_loss(truth, answers_of(kind, logits / found), weight)

    return value
