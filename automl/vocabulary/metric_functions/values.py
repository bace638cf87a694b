"""The values of the metrics, each a function of true values, predictions and weights.

Truth and predictions are as `automl.data.metrics.compute_metrics` takes them; weights are float64
(n,), or None for equal ones. All follow scikit-learn's definitions; property tests hold them equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.vocabulary.decisions import holds
from automl.vocabulary.metric_functions import confusion
from automl.vocabulary.metric_functions.confusion import Counts, count_classes, count_labels
from automl.vocabulary.metric_functions.ranked import average_precision, roc_auc

FloatArray = npt.NDArray[np.float64]
MetricFunction = Callable[[npt.NDArray[Any], FloatArray, FloatArray | None], float]

# Keras clips probabilities at its epsilon before it takes logarithms; the same bound makes
# `log_loss` equal Keras's crossentropy without regularization.
PROBABILITY_EPSILON = 1e-7
#: What scikit-learn divides by in `mape` where the true value is 0.
LEAST_DIVISOR = float(np.finfo(np.float64).eps)


def mean(per_row: npt.NDArray[Any], weight: FloatArray | None) -> float:
    """The weighted mean of one number a row."""
    return float(np.average(per_row, weights=weight))


class MeanOverRows:
    """A metric that is the weighted mean of one number a row.

    Attributes:
        per_row: Gives that number for truth and predictions, (n,); a bootstrap computes it once.
    """

    def __init__(self, per_row: Callable[[npt.NDArray[Any], FloatArray], Any]) -> None:
        self.per_row = per_row
        self.__doc__ = per_row.__doc__

    def __call__(
        self, truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
    ) -> float:
        """The mean of some rows; arguments as of every metric."""
        return mean(self.per_row(truth, scores), weight)


# ---- classes and labels


@MeanOverRows
def log_loss_binary(truth: npt.NDArray[Any], scores: FloatArray) -> Any:
    """Binary crossentropy, of several labels their mean."""
    p = np.clip(scores, PROBABILITY_EPSILON, 1 - PROBABILITY_EPSILON)
    losses = -np.where(holds(truth), np.log(p), np.log1p(-p))
    return losses.mean(axis=1)


@MeanOverRows
def log_loss_multiclass(truth: npt.NDArray[Any], scores: FloatArray) -> Any:
    """Categorical crossentropy."""
    p = np.clip(scores, PROBABILITY_EPSILON, 1 - PROBABILITY_EPSILON)
    return -np.log(p[np.arange(len(truth)), truth])


@MeanOverRows
def label_accuracy(truth: npt.NDArray[Any], scores: FloatArray) -> Any:
    """Share of labels that are right, each counted by itself; Keras's ``BinaryAccuracy``."""
    return (holds(scores) == holds(truth)).mean(axis=1)


@MeanOverRows
def hamming_loss(truth: npt.NDArray[Any], scores: FloatArray) -> Any:
    """Share of labels that are wrong, each counted by itself."""
    return (holds(scores) != holds(truth)).mean(axis=1)


@MeanOverRows
def subset_accuracy(truth: npt.NDArray[Any], scores: FloatArray) -> Any:
    """Share of rows with all labels right; scikit-learn's ``accuracy_score`` of several labels."""
    return (holds(scores) == holds(truth)).all(axis=1)


@MeanOverRows
def accuracy_multiclass(truth: npt.NDArray[Any], scores: FloatArray) -> Any:
    """Share of rows whose likeliest class is the true one."""
    return scores.argmax(axis=1) == truth


def of_positive(score: Callable[[Counts], FloatArray]) -> MetricFunction:
    """A score of a binary task's second class."""

    def value(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
        return float(score(count_labels(holds(truth), holds(scores), weight))[0])

    return value


def of_classes(score: Callable[[Counts], FloatArray], average: str) -> MetricFunction:
    """The average of a score over the classes of a multiclass task."""

    def value(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
        return confusion.averaged(
            score, count_classes(truth, scores.argmax(axis=1), weight), average
        )

    return value


def of_labels(score: Callable[[Counts], FloatArray], average: str) -> MetricFunction:
    """The average of a score over the labels of a multilabel task."""

    def value(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
        return confusion.averaged(score, count_labels(holds(truth), holds(scores), weight), average)

    return value


def balanced_accuracy_binary(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> float:
    """Mean recall of both classes."""
    classes = holds(truth[:, 0]).astype(np.int64)
    told = holds(scores[:, 0]).astype(np.int64)
    return confusion.balanced_accuracy(count_classes(classes, told, weight))


def balanced_accuracy_multiclass(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> float:
    """Mean recall of the classes that are there."""
    return confusion.balanced_accuracy(count_classes(truth, scores.argmax(axis=1), weight))


def count(which: str) -> MetricFunction:
    """The weight of the rows of one cell of the confusion matrix, summed over labels.

    Args:
        which: ``"true_positives"``, ``"false_positives"``, ``"true_negatives"`` or
            ``"false_negatives"``.
    """

    def value(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
        counts = count_labels(holds(truth), holds(scores), weight)
        cells = {
            "true_positives": counts.hits,
            "false_positives": counts.told - counts.hits,
            "false_negatives": counts.there - counts.hits,
            "true_negatives": counts.rows - counts.told - counts.there + counts.hits,
        }
        return float(cells[which].sum())

    return value


def roc_auc_binary(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    """Area under the receiver operating characteristic; NaN where one class has no weight."""
    return _ranked(roc_auc, truth, scores, weight)


def average_precision_binary(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> float:
    """Average precision; NaN where one class has no weight."""
    return _ranked(average_precision, truth, scores, weight)


def _ranked(
    function: Callable[[npt.NDArray[Any], FloatArray, FloatArray | None], float],
    truth: npt.NDArray[Any],
    scores: FloatArray,
    weight: FloatArray | None,
) -> float:
    positive = holds(truth[:, 0])
    weights = np.ones(len(positive)) if weight is None else weight
    if not (weights[positive].sum() > 0.0 and weights[~positive].sum() > 0.0):
        return math.nan
    return function(positive, scores[:, 0], weight)


# ---- numbers


@MeanOverRows
def mse(truth: npt.NDArray[Any], scores: FloatArray) -> Any:
    """Mean squared error, of several targets their mean."""
    return np.square(scores - truth).mean(axis=1)


def rmse(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    """Root mean squared error; as in scikit-learn, the mean of the targets' own."""
    per_target = np.average(np.square(scores - truth), axis=0, weights=weight)
    return float(np.sqrt(per_target).mean())


@MeanOverRows
def mae(truth: npt.NDArray[Any], scores: FloatArray) -> Any:
    """Mean absolute error."""
    return np.abs(scores - truth).mean(axis=1)


@MeanOverRows
def mape(truth: npt.NDArray[Any], scores: FloatArray) -> Any:
    """Mean absolute error as a share of the true value; astronomical where that is 0."""
    errors = np.abs(scores - truth) / np.maximum(np.abs(truth), LEAST_DIVISOR)
    return errors.mean(axis=1)


def pinball(quantile: float) -> MetricFunction:
    """The loss whose best constant is a quantile, such as 0.9."""

    def per_row(truth: npt.NDArray[Any], scores: FloatArray) -> Any:
        error = truth - scores
        losses = np.maximum(quantile * error, (quantile - 1.0) * error)
        return losses.mean(axis=1)

    return MeanOverRows(per_row)


def r2(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    """Share of the variance that is explained."""
    center = np.average(truth, axis=0, weights=weight)
    residual = np.average(np.square(scores - truth), axis=0, weights=weight)
    total = np.average(np.square(truth - center), axis=0, weights=weight)
    # A constant truth has no variance to explain; scikit-learn's convention: 1 for a perfect
    # prediction, 0 otherwise.
    constant = np.where(residual == 0.0, 1.0, 0.0)
    ratio = np.divide(residual, total, out=np.zeros_like(residual), where=total > 0)
    return float(np.where(total > 0, 1.0 - ratio, constant).mean())
