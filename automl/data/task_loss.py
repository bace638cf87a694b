"""The loss that a task's own models are trained with, of predictions that no Keras model made."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.metrics import compute_metric
from automl.data.plan import Rows
from automl.data.task import Task
from automl.vocabulary.losses import CROSSENTROPY
from automl.vocabulary.metric_functions.values import mse


def task_loss(task: Task, rows: Rows, outputs: npt.NDArray[Any]) -> tuple[float, str]:
    """The loss that the task's models are trained with, and what it is.

    Of numbers it is taken in standardized units, as the models' is: what
    `automl.models.loss_names.loss_text` says of them is said here too.

    Args:
        task: The task.
        rows: The rows.
        outputs: What was predicted for them, (n, outputs): probabilities, or standardized numbers.

    Returns:
        The loss, and its name with its unit.
    """
    if task.is_classification:
        loss = compute_metric("log_loss", task, rows.truth, outputs, rows.weight)
        return loss, CROSSENTROPY
    truth = np.asarray(rows.target, dtype=np.float64)
    weight = None if rows.weight is None else np.asarray(rows.weight, dtype=np.float64)
    return mse(truth, outputs, weight), "mean_squared_error of standardized targets"
