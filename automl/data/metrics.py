"""The metrics that trials are ranked by: which a task has, their directions and values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.forms import left_out
from automl.common.names import did_you_mean
from automl.data.task import Task, TaskKind
from automl.errors import RequestError
from automl.vocabulary.decisions import THRESHOLD, holds
from automl.vocabulary.directions import DIRECTIONS, MAXIMIZE, MINIMIZE
from automl.vocabulary.losses import LOSS
from automl.vocabulary.metric import Metric
from automl.vocabulary.metric_functions.values import MeanOverRows
from automl.vocabulary.metrics import (
    METRICS,
    find_metric,
    keras_direction,
    keyed,
    metrics_of,
    shown_metrics,
)
from automl.vocabulary.renamed_metrics import renamed_hint


@dataclass(frozen=True)
class Objective:
    """What trials are ranked by, on the validation rows, and what is computed beside it.

    Attributes:
        name: A metric of the task (see `automl.vocabulary.metrics`), ``"loss"`` for Keras's
            validation loss, regularization included, or a metric that the trial's own model is
            compiled with.
        direction: ``"minimize"`` or ``"maximize"``.
        of_model: Whether the name is one of the compiled model's own metrics, which only the
            model can compute.
        further: Metrics that are computed beside those that always are.
        own: Those among these that a person has handed over as functions.
    """

    name: str
    direction: str
    of_model: bool = left_out(False)
    further: tuple[str, ...] = left_out(())
    own: tuple[Metric, ...] = left_out(())

    def __post_init__(self) -> None:
        """Checks the direction.

        Raises:
            ValueError: The direction is neither ``"minimize"`` nor ``"maximize"``.
        """
        if self.direction not in (MINIMIZE, MAXIMIZE):
            raise ValueError(f"a direction is minimize or maximize, not {self.direction!r}")
        object.__setattr__(self, "further", tuple(self.further))

    @property
    def of_predictions(self) -> bool:
        """Whether predictions and what is true tell it: not a loss, nor a model's own metric."""
        return not self.of_model and self.name != LOSS

    @property
    def metric(self) -> str | Metric:
        """What computes it of predictions: a metric's name, or a function that was handed over."""
        return self._given(self.name)

    @property
    def named(self) -> tuple[str | Metric, ...]:
        """Metrics that are named here and can be computed of predictions, the objective first."""
        first = (self.name,) if self.of_predictions else ()
        return tuple(self._given(name) for name in (*first, *self.further))

    def _given(self, name: str) -> str | Metric:
        return next((metric for metric in self.own if metric.name == name), name)


def metric_names(task: Task, named: Sequence[str | Metric] = ()) -> tuple[str, ...]:
    """The metrics that are computed for a task.

    Args:
        task: The task.
        named: Metrics that were asked for beside those that always are.

    Returns:
        Those that always are, the default objective first, then the others.
    """
    return tuple(_by_name(task, named))


def _by_name(task: Task, named: Sequence[str | Metric]) -> dict[str, str | Metric]:
    """The metrics that are computed for a task, under their names."""
    asked = {one.name if isinstance(one, Metric) else one: one for one in named}
    return {**{name: name for name in shown_metrics(task.kind)}, **asked}


def default_objective(task: Task) -> Objective:
    """The metric a task is ranked by unless asked otherwise: log loss, or mean squared error."""
    first = metrics_of(task.kind)[0]
    return Objective(first.name, str(first.direction))


def resolve_metric(name: str, task: Task) -> Metric:
    """Finds the metric of a task that a name means.

    Args:
        name: A name in scikit-learn's or Keras's spelling, with or without ``val_``; with a
            number where the metric has one (``fbeta:2``, ``pinball:0.9``).
        task: The task, which decides what metrics there are.

    Raises:
        RequestError: The task has no such metric, or the number is wrong.
    """
    found = find_metric(name, task.kind)
    if found is None:
        raise RequestError(_unknown(name, task))
    return found


def resolve_objective(
    name: str,
    task: Task,
    direction: str | None = None,
    further: Sequence[str] = (),
    *,
    own_model: bool = False,
    own: Sequence[Metric] = (),
) -> Objective:
    """Finds the objective that a name means.

    A name that is no metric of the task is one of the compiled model's, where the model is a
    person's own or a direction is given: then only the model itself can say whether it has it.

    Args:
        name: A name as for `resolve_metric`; ``loss`` is Keras's validation loss.
        task: The task.
        direction: ``min`` or ``max``, needed for a metric of a model whose direction Keras's
            names do not say; None for the one that is known.
        further: Names of metrics to compute beside.
        own_model: Whether trials train models that somebody has compiled.
        own: Metrics that a person has handed over, which are found by their names.

    Returns:
        The objective with its direction.

    Raises:
        RequestError: There is no such metric, or the direction is wrong or is not known.
    """
    if direction is not None and direction not in DIRECTIONS:
        raise RequestError(f"The direction {direction!r} is none: give min or max.")
    asked = None if direction is None else DIRECTIONS[direction]
    given = _own_by_name(own, task)
    beside = tuple(
        dict.fromkeys(one if one in given else resolve_metric(one, task).name for one in further)
    )
    if name in given:
        found_own = asked or given[name].direction
        if found_own is None:
            raise RequestError(
                f"Whether the metric {name!r} is to be small or large is not said; give "
                'direction="min" or direction="max".'
            )
        return Objective(name, found_own, further=beside, own=tuple(given.values()))
    objective = _of_name(name, task, asked, beside, own_model)
    return replace(objective, own=tuple(given.values()))


def _own_by_name(own: Sequence[Metric], task: Task) -> dict[str, Metric]:
    """A person's metrics by their names.

    Raises:
        RequestError: A name is that of another metric.
    """
    given: dict[str, Metric] = {}
    for metric in own:
        found = find_metric(metric.name, task.kind)
        known = LOSS if keyed(metric.name) == LOSS else "" if found is None else found.name
        if known:
            raise RequestError(
                f"automl has the metric {metric.name!r} itself; ask for it by its name, "
                f"{known!r}, or call yours otherwise: automl.Metric(name, function, direction)."
            )
        if given.setdefault(metric.name, metric).function is not metric.function:
            raise RequestError(
                f"Two metrics are called {metric.name!r}; call one otherwise: "
                "automl.Metric(name, function, direction)."
            )
    return given


def _of_name(
    name: str, task: Task, asked: str | None, beside: tuple[str, ...], own_model: bool
) -> Objective:
    """The objective that is not a function of a person's own; see `resolve_objective`."""
    if keyed(name) == LOSS:
        return _with_direction(Objective(LOSS, MINIMIZE, further=beside), asked)
    found = find_metric(name, task.kind)
    if found is not None:
        return _with_direction(Objective(found.name, str(found.direction), further=beside), asked)
    known = asked or (keras_direction(name) if own_model else None)
    if known is None:
        own = "; of a metric of your compiled model, give --direction min or max" * own_model
        raise RequestError(_unknown(name, task).rstrip(".") + own + ("." if own else ""))
    return Objective(name.strip().removeprefix("val_"), known, of_model=True, further=beside)


def _with_direction(objective: Objective, asked: str | None) -> Objective:
    if asked is not None and asked != objective.direction:
        raise RequestError(
            f"The objective {objective.name!r} is one to {objective.direction}, not to {asked}; "
            "leave --direction out."
        )
    return objective


def _unknown(name: str, task: Task) -> str:
    """A sentence on a name that no metric of the task has."""
    said = f"A {task.kind} task has no metric {name!r}"
    renamed = renamed_hint(name, task.kind)
    if renamed:
        return f"{said}; did you mean {renamed}?"
    available = (*(metric.name for metric in metrics_of(task.kind)), LOSS)
    hint = did_you_mean(keyed(name).partition(":")[0], available, ".", 1)
    return f"{said}: there is {', '.join(available)}{hint}"


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
    return a < b if direction == MINIMIZE else a > b


def compute_metrics(
    task: Task,
    truth: npt.NDArray[Any],
    predictions: npt.NDArray[Any],
    weight: npt.NDArray[Any] | None = None,
    named: Sequence[str | Metric] = (),
    threshold: float = THRESHOLD,
) -> dict[str, float]:
    """Computes the metrics of a task.

    Args:
        task: The task.
        truth: As in `Rows.truth`: binary (n, 1) of 0 and 1; multiclass (n,) of class numbers;
            multilabel (n, k) of 0 and 1; regression (n, t) in the targets' own units.
        predictions: Binary (n, 1), multiclass (n, k) and multilabel (n, k): probabilities;
            regression (n, t) in the targets' own units.
        weight: Weight of each row, (n,), or None for equal weights.
        named: Metrics beside those that are always computed; see `metric_names`.
        threshold: Of a binary task, the probability above which the second class is told.

    Returns:
        Metric name to value. ``roc_auc`` and ``average_precision`` are NaN where the truth holds
        one class only, for they are undefined there.
    """
    return {
        name: compute_metric(metric, task, truth, predictions, weight, threshold)
        for name, metric in _by_name(task, named).items()
    }


def compute_metric(
    metric: str | Metric,
    task: Task,
    truth: npt.NDArray[Any],
    predictions: npt.NDArray[Any],
    weight: npt.NDArray[Any] | None = None,
    threshold: float = THRESHOLD,
) -> float:
    """Computes one metric of a task; arguments as in `compute_metrics`.

    Raises:
        ValueError: The task has no such metric (Keras's ``loss`` is not computed here), or the
            number of rows differs between the arguments.
        TrialError: A person's own function raised, or returned no number.
    """
    metric = _found(metric, task)
    if len(truth) != len(predictions) or (weight is not None and len(weight) != len(truth)):
        raise ValueError(f"{len(truth)} true values do not fit {len(predictions)} predictions")
    scores = np.asarray(predictions, dtype=np.float64)
    weights = None if weight is None else np.asarray(weight, dtype=np.float64)
    if not np.isfinite(scores).all():
        return math.nan
    if task.kind is TaskKind.BINARY and threshold != THRESHOLD and metric.needs_decision:
        # All that such a metric sees of a probability is on which side of one half it is.
        scores = holds(scores, threshold).astype(np.float64)
    return metric.value(task.kind, np.asarray(truth), scores, weights)


def rows_of_metric(
    metric: str | Metric,
    task: Task,
    truth: npt.NDArray[Any],
    predictions: npt.NDArray[Any],
) -> npt.NDArray[np.float64] | None:
    """What each row adds to a metric that is a weighted mean over rows; None of any other.

    Args:
        metric: A metric of the task.
        task, truth, predictions: As in `compute_metrics`.

    Returns:
        float64 (n,), or None.

    Raises:
        ValueError: The task has no such metric.
    """
    found = _found(metric, task)
    functions = found.function
    function = None if callable(functions) else functions.get(task.kind)
    if not isinstance(function, MeanOverRows):
        return None
    scores = np.asarray(predictions, dtype=np.float64)
    if not np.isfinite(scores).all():  # no number, as of `compute_metric`
        return np.full(len(scores), math.nan)
    return np.asarray(function.per_row(np.asarray(truth), scores), dtype=np.float64)


def _found(metric: str | Metric, task: Task) -> Metric:
    """The metric of a name in its one spelling, with its number where it has one."""
    if not isinstance(metric, str):
        return metric
    base, _, number = metric.partition(":")
    if base not in METRICS:
        raise ValueError(f"{metric!r} cannot be computed for a {task.kind} task")
    found = METRICS[base]
    return found if found.parameter is None else found.with_number(float(number))
