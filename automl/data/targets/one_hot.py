"""Targets of arrays that are one-hot, a column a class: taken as the number of the class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from automl.data.task import Task


def is_one_hot(y: npt.NDArray[Any]) -> bool:
    """Whether each row of y, (n, k), has a one in one column and zeros in the others."""
    if y.ndim != 2 or y.dtype.kind not in "biuf":
        return False
    return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())


def frame_of_targets(y: npt.NDArray[Any], task: Task) -> pd.DataFrame:
    """True values as they came with an array, as a frame of a known task's targets.

    Args:
        y: (n,) or (n, ...), as many numbers a row as the task has targets, or one-hot.
        task: The task.

    Raises:
        DataError: There are more or fewer numbers a row.
    """
    import pandas as pd

    columns = y.reshape(len(y), -1)
    are_numbers = task.classes and not any(isinstance(one, str) for one in task.classes)
    if are_numbers and len(task.targets) == 1 and columns.shape[1] > 1 and is_one_hot(y):
        columns = y.argmax(axis=1).reshape(-1, 1)
    if columns.shape[1] != len(task.targets):
        raise DataError(
            f"A row of y has {columns.shape[1]} values, but the model's targets are "
            f"{len(task.targets)}: give one for each."
        )
    return pd.DataFrame(columns, columns=pd.Index(task.targets, dtype=object))
