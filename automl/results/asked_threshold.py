"""The decision threshold that is asked for with an export, chosen on the validation rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.errors import RequestError
from automl.results.run_directory import RunDirectory
from automl.trial import PREDICTIONS_FILE, REFIT
from automl.vocabulary.task_kinds import TaskKind

if TYPE_CHECKING:
    from automl.data.decision_threshold import DecisionThreshold
    from automl.data.task import Task
    from automl.data.temperature import AnsweredRows

F1 = "f1"


@dataclass(frozen=True)
class AskedThreshold:
    """What was asked for.

    Attributes:
        value: A threshold above 0 and below 1; None for one that is chosen.
        costs: What a false positive and a false negative cost; None for the best F1.
    """

    value: float | None = None
    costs: tuple[float, float] | None = None


def asked_threshold(
    threshold: str | float | None, costs: str | Sequence[float] | None
) -> AskedThreshold | None:
    """Reads what a person has asked for.

    Args:
        threshold: ``f1`` or a number, perhaps as text.
        costs: Two numbers, perhaps as text with a comma between.

    Returns:
        It, or None where nothing was asked for.

    Raises:
        RequestError: It is neither, or both were asked for.
    """
    if threshold is not None and costs is not None:
        raise RequestError("--threshold and --costs both choose the threshold; give one of them.")
    if costs is not None:
        return AskedThreshold(costs=_costs(costs))
    if threshold is None or threshold == F1:
        return None if threshold is None else AskedThreshold()
    value = _number(threshold)
    if not 0.0 < value < 1.0:
        raise RequestError(
            f"--threshold is {threshold}; expected f1 or a number above 0 and below 1."
        )
    return AskedThreshold(value)


def check_threshold(task: Task, run: RunDirectory) -> None:
    """Checks that a task has a threshold.

    Raises:
        RequestError: It has none.
    """
    if task.kind is not TaskKind.BINARY:
        raise RequestError(
            f"A threshold is a binary classifier's, and the task of {run.path} is {task.kind}; "
            "leave --threshold and --costs out."
        )


def chosen_threshold(
    asked: AskedThreshold,
    run: RunDirectory,
    trial: int | str,
    task: Task,
    *,
    temperature: float = 1.0,
    class_weights: bool = False,
) -> DecisionThreshold:
    """The threshold of a trial of a binary task.

    Args:
        asked: What was asked for.
        run: The run.
        trial: The trial, which has a model.
        task: The task.
        temperature: What the exported model tempers its probabilities with, 1 for nothing.
        class_weights: Whether classes were weighed in training, so that the probabilities are not
            shares of rows.

    Raises:
        RequestError: It is to be chosen on validation rows that are not recorded.
        RunError: They cannot be read.
    """
    from dataclasses import replace

    from automl.data.decision_threshold import (
        COSTS,
        GIVEN,
        DecisionThreshold,
        cost_threshold,
        f1_threshold,
        least_cost_threshold,
        threshold_of_costs,
    )
    from automl.data.temperature import joined, tempered

    if asked.value is not None:
        return DecisionThreshold(asked.value, GIVEN)
    views = validation_rows(run, trial, task)
    if not views:
        if asked.costs is not None and not class_weights:
            return DecisionThreshold(threshold_of_costs(*asked.costs), COSTS, asked.costs)
        if trial == REFIT:
            raise RequestError(
                f"The refit of {run.path} has no validation rows to choose a threshold by; give "
                "--threshold a number, or export a trial."
            )
        raise RequestError(
            f"Trial {trial} of {run.path} was trained by a version that did not record what is "
            "true of its validation rows; give --threshold a number, or search again."
        )
    rows = joined(views)
    if temperature != 1.0:
        rows = replace(rows, probabilities=tempered(task, rows.probabilities, temperature))
    if asked.costs is None:
        return f1_threshold(rows)
    return (least_cost_threshold if class_weights else cost_threshold)(rows, *asked.costs)


def validation_rows(run: RunDirectory, trial: int | str, task: Task) -> list[AnsweredRows]:
    """The validation rows of each view with a trial's predictions, as they lie beside its model.

    Args:
        run: The run.
        trial: The trial.
        task: The task.

    Returns:
        Nothing where they are not recorded.

    Raises:
        RunError: They cannot be read.
    """
    from automl.data.temperature import AnsweredRows
    from automl.results.predictions import read_predictions

    path = run.trial_file(trial, PREDICTIONS_FILE)
    if not run.root.is_file(path):
        return []
    views = read_predictions(run.root, path, task).values()
    rows = [
        AnsweredRows(view.truth, view.values, view.weight)
        for view in views
        if view.truth is not None
    ]
    return rows if len(rows) == len(views) else []


def _costs(costs: str | Sequence[float]) -> tuple[float, float]:
    parts = costs.split(",") if isinstance(costs, str) else list(costs)
    values = [_number(part) for part in parts]
    if len(values) != 2 or not all(math.isfinite(value) and value > 0.0 for value in values):
        raise RequestError(
            f"--costs is {costs}; expected two numbers above 0, what a false positive and what a "
            "false negative costs, such as 1,5."
        )
    return values[0], values[1]


def _number(given: str | float) -> float:
    try:
        return float(given)
    except (TypeError, ValueError):
        return math.nan
