"""Weights of training rows by their class."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.names import did_you_mean
from automl.data.task import Task
from automl.data.weights import LARGEST, SMALLEST
from automl.errors import RequestError


def class_weights(
    truth: npt.NDArray[Any], task: Task, asked: Any
) -> npt.NDArray[np.float32] | None:
    """Weight of each training row by its class.

    Args:
        truth: The training rows' classes, binary (n, 1) or multiclass (n,).
        task: The task.
        asked: ``"balanced"`` (rows / (classes x rows of the class), as scikit-learn has it), a
            weight for each class (1 for those not named), or None.

    Returns:
        float32 (n,), or None where nothing was asked.

    Raises:
        RequestError: The task has no classes, or there is no such class, or a weight is not a
            positive number.
    """
    if asked is None:
        return None
    if not task.classes:
        raise RequestError(f"Class weights need a target with classes, but this is {task.kind}.")
    codes = truth.reshape(-1).astype(np.int64)
    if asked == "balanced":
        counts = np.bincount(codes, minlength=len(task.classes))
        table = len(codes) / (len(counts) * np.maximum(counts, 1))
    else:
        names = [str(c) for c in task.classes]
        table = np.ones(len(names))
        for label, weight in asked.items():
            if str(label) not in names:
                raise RequestError(
                    f"There is no class {str(label)!r} to weight{did_you_mean(str(label), names)}"
                )
            if not SMALLEST <= float(weight) <= LARGEST:
                raise RequestError(
                    f"The weight {weight} of class {str(label)!r} is not a positive number"
                    + (f" from {SMALLEST:g} to {LARGEST:g}." if 0 < float(weight) < np.inf else ".")
                )
            table[names.index(str(label))] = float(weight)
    weights: npt.NDArray[np.float32] = table[codes].astype(np.float32)
    return weights
