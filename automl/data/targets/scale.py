"""Fitting the scale of regression targets, from training rows only."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.numbers import LEAST_RELATIVE_STD, LEAST_STD
from automl.data.plan import TargetScale
from automl.data.task import Task
from automl.errors import DataError


def fit_target(truth: npt.NDArray[Any], task: Task) -> TargetScale:
    """Fits the scale of regression targets; classification has none.

    Args:
        truth: The training rows' true values, (n, t).
        task: The task.

    Raises:
        DataError: No target varies over the training rows.
    """
    if task.is_classification:
        return TargetScale()
    mean, std = truth.mean(axis=0), truth.std(axis=0)
    constant = std <= np.maximum(LEAST_RELATIVE_STD * np.abs(mean), LEAST_STD)
    if constant.all():
        raise DataError(
            f"The target {task.targets[0]!r} is (nearly) constant over the training rows, about "
            f"{mean[0]:g}: give a target that varies, or subtract a constant from it."
        )
    std = np.where(constant, 1.0, std)  # some of several targets, as in y = x
    return TargetScale(tuple(mean.tolist()), tuple(std.tolist()))
