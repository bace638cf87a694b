"""What a search is ranked by: found from what was asked, and tried on the rows before trial 1."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from automl.data.metrics import (
    Objective,
    compute_metric,
    default_objective,
    resolve_objective,
)
from automl.data.task import Task
from automl.errors import RequestError, TrialError
from automl.trial import FailureCause, TrialResult, TrialState
from automl.tuning.baselines import constant_prediction
from automl.vocabulary.losses import LOSS
from automl.vocabulary.metric import Metric
from automl.vocabulary.metrics import find_metric, keyed

#: What changes the loss of classes, and of numbers.
LOSS_HYPERPARAMETERS = {True: ("label_smoothing",), False: ("loss",)}

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.data.prepare import PreparedData
    from automl.space import SearchSpace
    from automl.tuning.search_request import SearchRequest


def asked_objective(
    request: SearchRequest, space: SearchSpace, task: Task, own: Sequence[Metric] = ()
) -> Objective:
    """The objective that a request names, or the task's default.

    Args:
        request: What is asked.
        space: The space.
        task: The task.
        own: Metrics whose names the request holds, and which are functions.

    Raises:
        RequestError: There is no such metric.
    """
    return resolve_objective(
        request.objective or default_objective(task).name,
        task,
        request.direction,
        request.metrics,
        own_model=space.inputs == "array",
        own=own,
    )


def is_of_probabilities(request: SearchRequest, task: Task) -> bool:
    """Whether trials are ranked by a metric of probabilities, such as log loss or an AUC.

    Args:
        request: What is asked.
        task: The task.

    Returns:
        Not of a metric that is no name of ours.
    """
    metric = find_metric(request.objective or default_objective(task).name, task.kind)
    return metric is not None and metric.of_probabilities


def check_own_metric(
    objective: Objective, space: SearchSpace, metrics: Collection[str] | None
) -> str:
    """Checks that the models have the metric of their own that they are to be ranked by.

    Args:
        objective: The objective.
        space: The space.
        metrics: What its default model is compiled with, or None where that is not known.

    Returns:
        What a person should be told where only the first trial will show it, or "".

    Raises:
        RequestError: They have not.
    """
    if objective.of_model and metrics is None:
        return (
            f"{objective.name!r} is no metric of the task: the models of space {space.name!r}, or "
            "their fit, have to tell it, and the search ends with the first trial if they do not"
        )
    if objective.of_model and metrics is not None and objective.name not in metrics:
        raise RequestError(
            f"The objective {objective.name!r} is neither a metric of the task nor one that the "
            f"models of space {space.name!r} are compiled with "
            f"({', '.join(metrics) or 'they have none'}); name one of these."
        )
    return ""


def one_loss(space: SearchSpace, request: SearchRequest, task: Task) -> tuple[SearchSpace, str]:
    """The space with one loss, where trials are to be ranked by it.

    What changes the loss itself, and so what it is worth, cannot be searched by it.

    Args:
        space: The space, narrowed as asked.
        request: What was asked.
        task: The task.

    Returns:
        The space, and what a person should be told of it, or "".
    """
    if request.objective is None or keyed(request.objective) != LOSS or space.inputs == "array":
        return space, ""
    fixed = {
        parameter.key: parameter.default
        for parameter in space.hyperparameters
        if parameter.name in LOSS_HYPERPARAMETERS[task.is_classification]
        and len(getattr(parameter, "options", ())) > 1
    }
    if not fixed:
        return space, ""
    listed = ", ".join(f"{name}={value}" for name, value in fixed.items())
    note = (
        f"{listed} in all trials, for losses that are computed otherwise cannot be ranked by their "
        "value; --objective with a metric of the task searches them"
    )
    return space.override(fixed), note


def with_one_loss(
    trial: int | str, result: TrialResult, leader: TrialResult | None, objective: Objective
) -> TrialResult:
    """Refuses a trial whose loss is not that of the trials it would be ranked with by it.

    Args:
        trial: The trial's number, or a baseline's name.
        result: How it ended.
        leader: The best trial's result so far, or None.
        objective: What trials are ranked by.

    Returns:
        The result; failed where its loss is another, without a score where it is a baseline that
        has none of a person's own metric.
    """
    if isinstance(trial, str):
        return replace(result, score=None) if objective.of_model else result
    if objective.name != LOSS:
        return result
    if result.state is not TrialState.COMPLETED or leader is None:
        return result
    if not leader.loss or result.loss == leader.loss:
        return result
    return replace(
        result,
        state=TrialState.FAILED,
        score=None,
        cause=FailureCause.OTHER_LOSS,
        reason=f"its loss, {result.loss}, cannot be ranked with {leader.loss} of other trials; "
        "name a metric of the task with --objective",
    )


def check_objective(objective: Objective, data: Arrays | PreparedData) -> list[str]:
    """Tries the objective on the validation rows, with the best constant prediction.

    Args:
        objective: The objective.
        data: The prepared rows.

    Returns:
        What a person should know of it, a sentence each.

    Raises:
        RequestError: It is not defined on these rows, whatever is predicted.
    """
    task, rows = data.task, data.validation
    prediction = constant_prediction(task, data.train)
    predictions = np.broadcast_to(prediction, (len(rows), len(prediction)))
    notes = []
    for metric in objective.named:
        try:
            value = compute_metric(metric, task, rows.truth, predictions, rows.weight)
        except TrialError as error:
            raise RequestError(
                f"{str(error).rstrip('.')} (tried on the validation rows with the same prediction "
                "for all)."
            ) from error
        name = metric.name if isinstance(metric, Metric) else metric
        if not math.isnan(value):
            continue
        why = f"{name} is not defined on the validation rows, for one class has no weight there"
        if name == objective.name:
            raise RequestError(
                f"The objective {why}: choose another objective, other rows or another split."
            )
        notes.append(why)
    zeros = int((np.asarray(rows.truth) == 0).sum()) if "mape" in objective.named else 0
    if zeros:
        notes.append(
            f"mape divides by the true value, which is 0 in {zeros:,} of the validation rows: it "
            "is astronomical there whatever is predicted; --objective mae has no such rows"
        )
    return notes
