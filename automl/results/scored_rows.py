"""Scores of a model on the test rows: the task's metrics, and the interval of the objective."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automl.vocabulary.metric import Metric

if TYPE_CHECKING:
    import numpy.typing as npt

    from automl.data.plan import Rows
    from automl.data.task import Task


@dataclass(frozen=True)
class ScoredRows:
    """What a model has on the test rows.

    Attributes:
        metrics: The task's metrics.
        interval: The 95 % interval of the objective, (low, high), by the bootstrap over the rows;
            None of an objective that predictions do not tell, or that some samples leave undefined.
    """

    metrics: Mapping[str, float]
    interval: tuple[float, float] | None = field(default=None)


def scored_on(
    rows: Rows,
    task: Task,
    predictions: npt.NDArray[Any],
    objective: str,
    named: Sequence[str | Metric] = (),
) -> ScoredRows:
    """Scores predictions on test rows.

    Args:
        rows: The rows.
        task: The task.
        predictions: Predictions for them; see `automl.data.metrics.compute_metrics`.
        objective: Name of what trials are ranked by.
        named: Metrics beside those that are always computed.
    """
    from automl.data.metrics import compute_metrics
    from automl.results.bootstrap import bootstrap_interval

    metrics = compute_metrics(task, rows.truth, predictions, rows.weight, named)
    if not math.isfinite(metrics.get(objective, math.nan)):
        return ScoredRows(metrics)
    own = {metric.name: metric for metric in named if isinstance(metric, Metric)}
    metric = own.get(objective, objective)
    found = bootstrap_interval(task, metric, rows.truth, predictions, rows.weight)
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return ScoredRows(metrics)
    return ScoredRows(metrics, (found.low, found.high))
