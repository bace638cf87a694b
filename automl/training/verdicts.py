"""What a learning curve says: from the history of a trial to one verdict.

The signs are those of the search-space handbook (section 6); the numbers that it leaves open
("a little", "flat", "poor") are set here, each with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.plan import Rows
from automl.data.task import Task, TaskKind
from automl.trial import Verdict

ACCURACY = {
    TaskKind.BINARY: "accuracy",
    TaskKind.MULTICLASS: "accuracy",
    TaskKind.MULTILABEL: "binary_accuracy",
}
"""The metric by which the gap between training and validation is judged."""
SATURATED_LOSS = 16.118
"""-ln(1e-7): the loss of a wrong prediction at Keras's smallest probability (Ferlitsch)."""
NEAR = 0.02
"""Relative difference below which a loss is "near" a value."""
ACCURACY_GAP = 0.04
"""Training minus validation accuracy that raises the alarm (handbook, section 6)."""
LITTLE = 0.05
"""A loss that falls by less than this share over the whole training falls "only a little"."""
FLAT = 0.02
"""A loss that changes by less than this share over the last third of the epochs is flat."""
POOR_SKILL = 0.2
"""Share of the trivial prediction's loss that a fit has to remove before it stops being poor."""
NO_SKILL = 0.05
"""Share below which a model knows next to nothing beyond the trivial prediction."""
AT_LEVEL = 0.01
"""Share of the trivial prediction's loss within which a model is at its level. The trivial loss
is of the validation rows' own frequencies or mean, so that those of training are a little above."""
WORSENED = 0.05
"""Rise of the validation loss over its best, as a share, that counts as worsening."""
BOUNCE = 0.1
"""Mean rise of the validation loss, where it rises, as a share of its median, that is a bounce."""
FEWEST_TO_BOUNCE = 5
"""Epochs below which ups and downs mean nothing."""


@dataclass(frozen=True)
class TrainingCurves:
    """What a verdict is reached from.

    Attributes:
        loss: Training loss of each epoch.
        val_loss: Validation loss of each epoch.
        quality: Log loss or mean squared error of each epoch on the validation rows, or empty.
        trivial: The same of the best constant prediction, or NaN if unknown.
        majority: Accuracy of the best constant prediction, or NaN if unknown.
        val_mae: Mean absolute error of each epoch on the validation rows, or empty.
        trivial_mae: The same of the best constant prediction, or NaN if unknown.
        val_accuracy: Accuracy of each epoch on the validation rows, or empty.
        accuracy_gap: Training minus validation accuracy at the best epoch, or None.
        rows: Number of validation rows, by which the accuracy's own noise is judged.
        classes: Number of classes of a binary or multiclass task, else 0.
        diverged: Whether training stopped at a loss that was not finite.
        cut: Whether a limit or an interruption ended training before it was done.
        capped: Whether training ended at its last allowed epoch.
    """

    loss: Sequence[float]
    val_loss: Sequence[float]
    quality: Sequence[float] = ()
    trivial: float = math.nan
    majority: float = math.nan
    val_mae: Sequence[float] = ()
    trivial_mae: float = math.nan
    val_accuracy: Sequence[float] = ()
    accuracy_gap: float | None = None
    rows: int = 0
    classes: int = 0
    diverged: bool = False
    cut: bool = False
    capped: bool = False


def curves_of(
    history: Sequence[Mapping[str, float]],
    task: Task,
    rows: Rows,
    *,
    accuracy_gap: float | None = None,
    diverged: bool = False,
    cut: bool = False,
    capped: bool = False,
) -> TrainingCurves:
    """The learning curve of a training.

    Args:
        history: A row of numbers for each finished epoch.
        task: The task.
        rows: The validation rows, for what a constant would score on them.
        accuracy_gap: As `TrainingCurves` has it, with the others.
        diverged: Likewise.
        cut: Likewise.
        capped: Likewise.
    """

    def column(name: str) -> list[float]:
        return [row[name] for row in history if name in row]

    quality = "val_mse" if task.kind is TaskKind.REGRESSION else "val_log_loss"
    return TrainingCurves(
        loss=column("loss"),
        val_loss=column("val_loss"),
        quality=column(quality),
        trivial=trivial_loss(task, rows.truth, rows.weight),
        majority=trivial_accuracy(task, rows.truth, rows.weight),
        val_mae=column("val_mae"),
        trivial_mae=trivial_mae(task, rows.truth, rows.weight),
        val_accuracy=column(f"val_{ACCURACY.get(task.kind, '')}"),
        accuracy_gap=accuracy_gap,
        rows=len(rows),
        classes=len(task.classes),
        diverged=diverged,
        cut=cut,
        capped=capped,
    )


def judge(curve: TrainingCurves) -> Verdict | None:
    """Reaches a verdict.

    Args:
        curve: The learning curve.

    Returns:
        The verdict, or None where no epoch was finished and nothing diverged.
    """
    if curve.diverged or not all(map(math.isfinite, (*curve.loss, *curve.val_loss))):
        return Verdict.DIVERGED
    if not curve.loss:
        return None
    signs = (
        (Verdict.DIVERGED, _is_saturated),
        (Verdict.CHANCE, _is_chance),
        (Verdict.CHANCE if curve.val_accuracy else Verdict.NOT_LEARNING, _is_at_trivial_level),
        (Verdict.NOT_LEARNING, _is_not_learning),
        (Verdict.UNFINISHED, lambda curve: curve.cut),
        (Verdict.UNSTABLE, _is_unstable),
        (Verdict.OVERFITTING, _is_overfitting),
        (Verdict.UNFINISHED, _is_unfinished),
        (Verdict.UNDERFITTING, _is_underfitting),
    )
    return next((verdict for verdict, sign in signs if sign(curve)), Verdict.HEALTHY)


def trivial_loss(
    task: Task, truth: npt.NDArray[Any], weight: npt.NDArray[Any] | None = None
) -> float:
    """The log loss or mean squared error of the best constant prediction.

    Args:
        task: The task.
        truth: As in `Rows.truth`.
        weight: Weight of each row, (n,), or None.

    Returns:
        Entropy of the classes, mean entropy of the labels, or mean variance of the targets.
    """
    values = np.asarray(truth, np.float64)
    if task.kind is TaskKind.REGRESSION:
        center = np.average(values, axis=0, weights=weight)
        return float(np.average(np.square(values - center), axis=0, weights=weight).mean())
    if task.kind is TaskKind.MULTICLASS:
        counts = np.bincount(np.asarray(truth, np.int64), weights=weight, minlength=task.outputs)
        return _entropy(counts / counts.sum())
    shares = np.average(values, axis=0, weights=weight)
    return float(np.mean([_entropy(np.array([p, 1.0 - p])) for p in shares]))


def trivial_accuracy(
    task: Task, truth: npt.NDArray[Any], weight: npt.NDArray[Any] | None = None
) -> float:
    """The accuracy of the best constant prediction, of labels their mean; NaN for numbers."""
    if not task.is_classification:
        return math.nan
    values = np.asarray(truth, np.float64)
    if task.kind is TaskKind.MULTICLASS:
        counts = np.bincount(np.asarray(truth, np.int64), weights=weight)
        return float(counts.max() / counts.sum())
    shares = np.average(values, axis=0, weights=weight)
    return float(np.maximum(shares, 1.0 - shares).mean())


def trivial_mae(
    task: Task, truth: npt.NDArray[Any], weight: npt.NDArray[Any] | None = None
) -> float:
    """The mean absolute error of the weighted medians; NaN for classes."""
    if task.is_classification:
        return math.nan
    values = np.asarray(truth, np.float64)
    weights = np.ones(len(values)) if weight is None else np.asarray(weight, np.float64)
    errors = []
    for column in values.T:
        order = np.argsort(column)
        half = np.searchsorted(np.cumsum(weights[order]), 0.5 * weights.sum())
        median = column[order[min(int(half), len(order) - 1)]]
        errors.append(np.average(np.abs(column - median), weights=weights))
    return float(np.mean(errors))


def _entropy(shares: npt.NDArray[np.float64]) -> float:
    positive = shares[shares > 0.0]
    return float(-(positive * np.log(positive)).sum())


def _is_saturated(curve: TrainingCurves) -> bool:
    """Whether a classifier gives one class with certainty, whatever the row."""
    if not (curve.classes and curve.quality and curve.val_accuracy):
        return False
    expected = SATURATED_LOSS * (1.0 - curve.val_accuracy[-1])
    # A good classifier has a loss near zero and few errors; it is not saturated.
    return expected > math.log(curve.classes) and _near(curve.quality[-1], expected)


def _is_chance(curve: TrainingCurves) -> bool:
    """Whether a classifier gives every class the same probability."""
    if not (curve.classes and curve.quality and curve.val_accuracy):
        return False
    even = 1.0 / curve.classes
    return (
        _near(min(curve.quality), math.log(curve.classes))
        and abs(max(curve.val_accuracy) - even) < LITTLE
    )


def _is_at_trivial_level(curve: TrainingCurves) -> bool:
    """Whether a model is no better than a constant prediction, whatever its own loss does.

    A loss at that level alone is no sign: a classifier may be overconfident and still tell the
    classes apart, and a model of medians has no better squared error than the mean.
    """
    if curve.cut or not curve.quality or not curve.trivial > 0.0:
        return False
    if min(curve.quality) < (1.0 - AT_LEVEL) * curve.trivial:
        return False
    if curve.val_accuracy and not math.isnan(curve.majority):
        accuracy = max(curve.val_accuracy)
        error = math.sqrt(accuracy * (1.0 - accuracy) / curve.rows) if curve.rows else 0.0
        return accuracy <= curve.majority + max(AT_LEVEL, 2.0 * error)
    if curve.val_mae and curve.trivial_mae > 0.0:
        return min(curve.val_mae) >= (1.0 - AT_LEVEL) * curve.trivial_mae
    return True


def _is_not_learning(curve: TrainingCurves) -> bool:
    fall = curve.loss[0] - min(curve.loss)
    return len(curve.loss) > 1 and fall < LITTLE * abs(curve.loss[0]) and _skill(curve) < NO_SKILL


def _is_unstable(curve: TrainingCurves) -> bool:
    changes = np.diff(curve.val_loss)
    if len(curve.val_loss) < FEWEST_TO_BOUNCE or not (changes > 0).any():
        return False
    turns = sum(a * b < 0 for a, b in pairwise(np.sign(changes)))
    rise = float(changes[changes > 0].mean())
    return turns >= (len(changes) - 1) / 2 and rise > BOUNCE * float(np.median(curve.val_loss))


def _is_overfitting(curve: TrainingCurves) -> bool:
    if _has_gap(curve):
        return True
    best = int(np.argmin(curve.val_loss))
    after = curve.val_loss[best + 1 :]
    if not after:
        return False
    # The mean of the last epochs: one bad epoch is no trend.
    worsened = float(np.mean(after[-3:])) - curve.val_loss[best]
    improves = curve.loss[-1] < curve.loss[best]
    return improves and worsened > WORSENED * abs(curve.val_loss[best])


def _has_gap(curve: TrainingCurves) -> bool:
    """Whether training accuracy is clearly ahead, by more than few validation rows can blur."""
    if curve.accuracy_gap is None or not (curve.rows and curve.val_accuracy):
        return False
    accuracy = max(curve.val_accuracy)
    error = math.sqrt(accuracy * (1.0 - accuracy) / curve.rows)
    return curve.accuracy_gap > max(ACCURACY_GAP, 2.0 * error)


def _is_unfinished(curve: TrainingCurves) -> bool:
    best = int(np.argmin(curve.val_loss))
    return curve.capped and best == len(curve.val_loss) - 1 and not _is_flat(curve.val_loss)


def _is_underfitting(curve: TrainingCurves) -> bool:
    return _skill(curve) < POOR_SKILL and _is_flat(curve.loss) and _is_flat(curve.val_loss)


def _skill(curve: TrainingCurves) -> float:
    """Share of the trivial prediction's loss that the model removes; 1 where it is not known."""
    if not curve.quality or not curve.trivial > 0.0:
        return 1.0
    return 1.0 - min(curve.quality) / curve.trivial


def _is_flat(losses: Sequence[float]) -> bool:
    """Whether the loss hardly changes over the last third of the epochs."""
    start = len(losses) - 1 - max(1, len(losses) // 3)
    if start < 0:
        return False
    return abs(losses[start] - losses[-1]) < FLAT * max(abs(losses[start]), 1e-12)


def _near(value: float, expected: float) -> bool:
    return abs(value - expected) <= NEAR * expected
