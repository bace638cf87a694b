"""The baselines of every leaderboard: a constant prediction, a linear model, boosted trees."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.results.trial_means import over_views
from automl.trial import TrialResult, TrialState

if TYPE_CHECKING:
    import numpy.typing as npt

    from automl.data.arrays import Arrays
    from automl.data.metrics import Objective
    from automl.data.plan import Rows
    from automl.data.task import Task
    from automl.vocabulary.metric import Metric

#: Name of the baseline that is a trial of the ``linear`` space's default configuration.
LINEAR = "linear"


def constant_name(task: Task) -> str:
    """What the constant baseline is called: ``majority`` for classes, ``mean`` for numbers."""
    return "majority" if task.is_classification else "mean"


def constant_prediction(task: Task, train: Rows) -> npt.NDArray[np.float64]:
    """The best prediction that looks at no feature, from the training rows.

    For classes it is their frequencies, so that its most probable class is the majority class
    and its log loss is the entropy of the classes; for numbers it is their mean.

    Args:
        task: The task.
        train: Training rows.

    Returns:
        One prediction, (outputs,).
    """
    from automl.data.task import TaskKind

    truth = np.asarray(train.truth)
    if task.kind is TaskKind.MULTICLASS:
        counts = np.bincount(truth.astype(np.int64), weights=train.weight, minlength=task.outputs)
        return np.asarray(counts / counts.sum(), dtype=np.float64)
    return np.asarray(
        np.average(truth.astype(np.float64), axis=0, weights=train.weight), dtype=np.float64
    )


def constant_metrics(
    task: Task, prediction: npt.NDArray[Any], rows: Rows, named: Sequence[str | Metric] = ()
) -> dict[str, float]:
    """The task's metrics of a constant prediction on some rows; see `compute_metrics`."""
    from automl.data.metrics import compute_metrics

    predictions = np.broadcast_to(prediction, (len(rows.truth), len(prediction)))
    return compute_metrics(task, rows.truth, predictions, rows.weight, named)


def constant_baseline(task: Task, objective: Objective, train: Rows, val: Rows) -> TrialResult:
    """Scores the constant prediction.

    Args:
        task: The task.
        objective: What trials are ranked by. Keras's ``loss`` is that of the task, in the unit
            in which models are trained on it; a metric of a person's own model has no score here.
        train: Training rows.
        val: Validation rows.

    Returns:
        A completed result without epochs.
    """
    from automl.vocabulary.losses import LOSS

    started = time.monotonic()
    prediction = constant_prediction(task, train)
    metrics = constant_metrics(task, prediction, val, objective.named)
    score, loss = metrics.get(objective.name), ""
    if objective.name == LOSS:
        score, loss = _loss(task, prediction, train, val)
        metrics = {**metrics, LOSS: score}
    return TrialResult(
        TrialState.COMPLETED,
        score=score,
        loss=loss,
        metrics=metrics,
        train_metrics=constant_metrics(task, prediction, train, objective.named),
        parameters=len(prediction),
        seconds=time.monotonic() - started,
    )


def constant_over(views: Sequence[Arrays], objective: Objective) -> TrialResult:
    """Scores the constant prediction on each view; see `constant_baseline`.

    Args:
        views: The rows of each view.
        objective: What trials are ranked by.

    Returns:
        A completed result with the means, and the score of each view where there are several.
    """
    return over_views([constant_baseline(v.task, objective, v.train, v.validation) for v in views])


def _loss(task: Task, prediction: npt.NDArray[Any], train: Rows, val: Rows) -> tuple[float, str]:
    """The loss of the task's models; the best constant in their units is the targets' mean."""
    from automl.data.task_loss import task_loss

    if not task.is_classification:
        target = np.asarray(train.target, dtype=np.float64)
        prediction = np.average(target, axis=0, weights=train.weight)
    return task_loss(task, val, np.broadcast_to(prediction, (len(val), len(prediction))))
