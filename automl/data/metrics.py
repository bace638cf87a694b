"""The metrics that trials are ranked by: their names, directions and values."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.ranking import average_precision, f1, f1_macro, roc_auc
from automl.data.task import Task, TaskKind
from automl.errors import RequestError

FloatArray = npt.NDArray[np.float64]
MetricFunction = Callable[[npt.NDArray[Any], FloatArray, FloatArray | None], float]

# Keras clips probabilities at its epsilon before it takes logarithms; the same bound makes
# `log_loss` equal Keras's crossentropy without regularization.
PROBABILITY_EPSILON = 1e-7

MAXIMIZED = frozenset({"accuracy", "f1", "f1_macro", "roc_auc", "pr_auc", "r2"})

METRICS: Mapping[TaskKind, tuple[str, ...]] = {
    TaskKind.BINARY: ("log_loss", "accuracy", "f1", "roc_auc", "pr_auc"),
    TaskKind.MULTICLASS: ("log_loss", "accuracy", "f1_macro"),
    TaskKind.MULTILABEL: ("log_loss", "accuracy", "f1_macro"),
    TaskKind.REGRESSION: ("mse", "rmse", "mae", "r2"),
}

# Other spellings, scikit-learn's scorers and functions and Keras's metrics and losses. Where a
# spelling means different metrics for different tasks, the first that the task has is taken.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "acc": ("accuracy",),
    "accuracy_score": ("accuracy",),
    "binary_accuracy": ("accuracy",),
    "categorical_accuracy": ("accuracy",),
    "sparse_categorical_accuracy": ("accuracy",),
    "logloss": ("log_loss",),
    "neg_log_loss": ("log_loss",),
    "crossentropy": ("log_loss",),
    "binary_crossentropy": ("log_loss",),
    "categorical_crossentropy": ("log_loss",),
    "sparse_categorical_crossentropy": ("log_loss",),
    "f1_score": ("f1", "f1_macro"),
    "f1": ("f1", "f1_macro"),
    "macro_f1": ("f1_macro",),
    "auc": ("roc_auc",),
    "roc_auc_score": ("roc_auc",),
    "average_precision": ("pr_auc",),
    "average_precision_score": ("pr_auc",),
    "mean_squared_error": ("mse",),
    "neg_mean_squared_error": ("mse",),
    "root_mean_squared_error": ("rmse",),
    "neg_root_mean_squared_error": ("rmse",),
    "mean_absolute_error": ("mae",),
    "neg_mean_absolute_error": ("mae",),
    "r2_score": ("r2",),
}


@dataclass(frozen=True)
class Objective:
    """What trials are ranked by, on the validation rows.

    Attributes:
        name: A metric of the task (see `metric_names`), or ``"loss"`` for Keras's validation
            loss, regularization included.
        direction: ``"minimize"`` or ``"maximize"``.
    """

    name: str
    direction: str

    def __post_init__(self) -> None:
        """Checks the direction.

        Raises:
            ValueError: The direction is neither ``"minimize"`` nor ``"maximize"``.
        """
        if self.direction not in ("minimize", "maximize"):
            raise ValueError(f"a direction is minimize or maximize, not {self.direction!r}")

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Objective:
        """Rebuilds an objective from its JSON form."""
        return cls(**form)


def metric_names(task: Task) -> tuple[str, ...]:
    """The metrics of a task, the default objective first."""
    return METRICS[task.kind]


def default_objective(task: Task) -> Objective:
    """The metric a task is ranked by unless asked otherwise: log loss, or mean squared error."""
    return Objective(METRICS[task.kind][0], "minimize")


def resolve_objective(name: str, task: Task) -> Objective:
    """Finds the objective that a name means.

    Args:
        name: A name in scikit-learn's or Keras's spelling, with or without ``val_``; ``loss``
            is Keras's validation loss.
        task: The task, which decides what metrics there are.

    Returns:
        The objective with its direction.

    Raises:
        RequestError: The task has no such metric.
    """
    key = name.strip().lower().replace("-", "_").replace(" ", "_").removeprefix("val_")
    if key == "loss":
        return Objective("loss", "minimize")
    available = metric_names(task)
    for candidate in (key, *ALIASES.get(key, ())):
        if candidate in available:
            return Objective(candidate, "maximize" if candidate in MAXIMIZED else "minimize")
    near = difflib.get_close_matches(key, [*available, "loss"], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise RequestError(
        f"A {task.kind} task has no metric {name!r}: the objective may be "
        f"{', '.join((*available, 'loss'))}{hint}"
    )


def better(a: float | None, b: float | None, direction: str) -> bool:
    """Whether score ``a`` beats score ``b``; no score (None or NaN) beats nothing.

    Args:
        a: A score in its own direction.
        b: The score to beat.
        direction: ``"minimize"`` or ``"maximize"``.
    """
    if a is None or math.isnan(a):
        return False
    if b is None or math.isnan(b):
        return True
    return a < b if direction == "minimize" else a > b


def compute_metrics(
    task: Task,
    truth: npt.NDArray[Any],
    predictions: npt.NDArray[Any],
    weight: npt.NDArray[Any] | None = None,
) -> dict[str, float]:
    """Computes all metrics of a task.

    Args:
        task: The task.
        truth: As in `Rows.truth`: binary (n, 1) of 0 and 1; multiclass (n,) of class numbers;
            multilabel (n, k) of 0 and 1; regression (n, t) in the targets' own units.
        predictions: Binary (n, 1), multiclass (n, k) and multilabel (n, k): probabilities;
            regression (n, t) in the targets' own units.
        weight: Weight of each row, (n,), or None for equal weights.

    Returns:
        Metric name to value. ``roc_auc`` and ``pr_auc`` are NaN where the truth holds one
        class only, for they are undefined there.
    """
    return {
        name: compute_metric(name, task, truth, predictions, weight) for name in metric_names(task)
    }


def compute_metric(
    name: str,
    task: Task,
    truth: npt.NDArray[Any],
    predictions: npt.NDArray[Any],
    weight: npt.NDArray[Any] | None = None,
) -> float:
    """Computes one metric of a task; arguments as in `compute_metrics`.

    Raises:
        ValueError: The task has no such metric (Keras's ``loss`` is not computed here), or the
            number of rows differs between the arguments.
    """
    if name not in metric_names(task):
        raise ValueError(f"{name!r} cannot be computed for a {task.kind} task")
    if len(truth) != len(predictions) or (weight is not None and len(weight) != len(truth)):
        raise ValueError(f"{len(truth)} true values do not fit {len(predictions)} predictions")
    scores = np.asarray(predictions, dtype=np.float64)
    weights = None if weight is None else np.asarray(weight, dtype=np.float64)
    if not np.isfinite(scores).all():
        return math.nan
    return float(_function(name, task.kind)(np.asarray(truth), scores, weights))


def _function(name: str, kind: TaskKind) -> MetricFunction:
    multiclass = kind is TaskKind.MULTICLASS
    functions: dict[str, MetricFunction] = {
        "log_loss": _log_loss_multiclass if multiclass else _log_loss_binary,
        "accuracy": _accuracy_multiclass if multiclass else _accuracy_binary,
        "f1": _f1,
        "f1_macro": _f1_macro_multiclass if multiclass else _f1_macro_multilabel,
        "roc_auc": _roc_auc,
        "pr_auc": _pr_auc,
        "mse": _mse,
        "rmse": _rmse,
        "mae": _mae,
        "r2": _r2,
    }
    return functions[name]


def _mean(per_row: npt.NDArray[Any], weight: FloatArray | None) -> float:
    return float(np.average(per_row, weights=weight))


def _log_loss_binary(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> float:
    p = np.clip(scores, PROBABILITY_EPSILON, 1 - PROBABILITY_EPSILON)
    losses = -np.where(truth > 0.5, np.log(p), np.log1p(-p))
    return _mean(losses.mean(axis=1), weight)


def _log_loss_multiclass(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> float:
    p = np.clip(scores, PROBABILITY_EPSILON, 1 - PROBABILITY_EPSILON)
    return _mean(-np.log(p[np.arange(len(truth)), truth]), weight)


def _accuracy_binary(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> float:
    return _mean(((scores > 0.5) == (truth > 0.5)).mean(axis=1), weight)


def _accuracy_multiclass(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> float:
    return _mean(scores.argmax(axis=1) == truth, weight)


def _f1(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    return f1(truth[:, 0] > 0.5, scores[:, 0] > 0.5, weight)


def _f1_macro_multiclass(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> float:
    return f1_macro(truth, scores.argmax(axis=1), weight)


def _f1_macro_multilabel(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> float:
    labels = range(truth.shape[1])
    return float(np.mean([f1(truth[:, k] > 0.5, scores[:, k] > 0.5, weight) for k in labels]))


def _roc_auc(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    if len(np.unique(truth)) < 2:
        return math.nan
    return roc_auc(truth[:, 0] > 0.5, scores[:, 0], weight)


def _pr_auc(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    if len(np.unique(truth)) < 2:
        return math.nan
    return average_precision(truth[:, 0] > 0.5, scores[:, 0], weight)


def _mse(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    return _mean(np.square(scores - truth).mean(axis=1), weight)


def _rmse(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    # As in scikit-learn, the mean of the targets' own RMSE.
    per_target = np.average(np.square(scores - truth), axis=0, weights=weight)
    return float(np.sqrt(per_target).mean())


def _mae(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    return _mean(np.abs(scores - truth).mean(axis=1), weight)


def _r2(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    center = np.average(truth, axis=0, weights=weight)
    residual = np.average(np.square(scores - truth), axis=0, weights=weight)
    total = np.average(np.square(truth - center), axis=0, weights=weight)
    # A constant truth has no variance to explain; scikit-learn's convention: 1 for a perfect
    # prediction, 0 otherwise.
    constant = np.where(residual == 0.0, 1.0, 0.0)
    ratio = np.divide(residual, total, out=np.zeros_like(residual), where=total > 0)
    return float(np.where(total > 0, 1.0 - ratio, constant).mean())
