"""A trial's predictions on the rows that it was validated on, of each view, beside its model.

What ensembles and comparisons of finalists read: over folds they are out-of-fold predictions of
every row that was learnt from.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.root import Root
from automl.data.memory import check_memory
from automl.data.plan import Rows
from automl.data.sources.npz import archive_arrays
from automl.data.task import Task, TaskKind
from automl.errors import DataError, RunError
from automl.trial import PREDICTIONS_FILE

#: What stands beside a view's predictions, each under the view's name and its own.
_BESIDE = ("rows", "truth", "weight")


@dataclass(frozen=True)
class ViewPredictions:
    """Predictions on one view's validation rows, at the best epoch.

    Attributes:
        values: float32 (n, outputs): probabilities, or targets in their own units.
        rows: int64 (n,): the position of each row among all that were read, those of the data
            first, then those of files that were given for validation; None in a run whose rows
            were prepared before these were kept.
        truth: What is true of the rows, as `Rows.truth` has it, so that a threshold can be chosen
            when the prepared rows are gone; None in an older run.
        weight: Weight of each row in scores, float32 (n,); None for equal ones.
    """

    values: npt.NDArray[np.float32]
    rows: npt.NDArray[np.int64] | None
    truth: npt.NDArray[Any] | None = None
    weight: npt.NDArray[np.float32] | None = None


def predictions_of(
    values: npt.NDArray[np.float32], rows: Rows, positions: npt.NDArray[np.int64] | None
) -> ViewPredictions:
    """Predictions with what is true of their rows, no part of which stays mapped from a file.

    Args:
        values: float32 (n, outputs).
        rows: The validation rows.
        positions: Which they are among all that were read, or None where that is not known.
    """
    own = (None if one is None else np.array(one) for one in (positions, rows.truth, rows.weight))
    return ViewPredictions(values, *own)


def add_predictions(root: Root, folder: Path, added: Mapping[str, ViewPredictions]) -> Path:
    """Writes predictions to a trial's ``predictions.npz``, beside those of other views there.

    Args:
        root: The tree that the folder is in.
        folder: The trial's directory; made if it is not there.
        added: Predictions by the name of the view.

    Returns:
        The file.
    """
    path = folder / PREDICTIONS_FILE
    views = {**(read_predictions(root, path) if root.is_file(path) else {}), **added}
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for view, predictions in views.items():
        arrays[view] = predictions.values
        for name in _BESIDE:
            beside = getattr(predictions, name)
            if beside is not None:
                arrays[f"{view}.{name}"] = beside
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    root.make_folder(folder)
    root.write(path, content.getvalue(), durable=False)
    return path


def read_predictions(
    root: Root, path: Path, task: Task | None = None
) -> dict[str, ViewPredictions]:
    """Reads what `add_predictions` wrote.

    Args:
        root: The tree that the file is in.
        path: The file.
        task: What the predictions are of, where they are computed with.

    Returns:
        Predictions by the name of the view.

    Raises:
        RunError: It is not there, damaged, none of these, or of another task.
    """
    try:
        with root.open(path) as file:
            check_memory(path, os.fstat(file.fileno()).st_size)
            arrays = archive_arrays(file, path)
        names = [name for name in arrays if name.rpartition(".")[2] not in _BESIDE]
        views = {view: _view_predictions(arrays, view) for view in names}
        if task is not None:
            for view, predictions in views.items():
                _check_task(predictions, view, task)
        return views
    except (OSError, ValueError, DataError) as error:
        raise RunError(f"The predictions {path} cannot be read ({error}).") from error


def _view_predictions(arrays: Mapping[str, npt.NDArray[Any]], view: str) -> ViewPredictions:
    """The predictions of one view.

    Raises:
        ValueError: They are none, or what stands beside them is of other rows.
    """
    values = arrays[view]
    if values.dtype != np.float32 or values.ndim != 2:
        raise ValueError(f"{view} has the type {values.dtype} and {values.ndim} axes")
    beside = {name: arrays.get(f"{view}.{name}") for name in _BESIDE}
    rows, truth, weight = beside["rows"], beside["truth"], beside["weight"]
    if rows is not None and (rows.dtype != np.int64 or rows.shape != values.shape[:1]):
        raise ValueError(f"{view} has {len(values)} predictions of other rows")
    # Of a multiclass task the numbers of the classes; else as many columns as are predicted.
    if truth is not None and (
        truth.shape not in (values.shape[:1], values.shape) or truth.dtype.kind not in "if"
    ):
        raise ValueError(f"{view} has {len(values)} predictions and the truth of other rows")
    if weight is not None and (weight.dtype != np.float32 or weight.shape != values.shape[:1]):
        raise ValueError(f"{view} has {len(values)} predictions and the weights of other rows")
    return ViewPredictions(values, rows, truth, weight)


def _check_task(predictions: ViewPredictions, view: str, task: Task) -> None:
    """Checks that predictions are of a task, as `automl.data.metrics.compute_metrics` takes them.

    Raises:
        ValueError: They are not.
    """
    values, truth, weight = predictions.values, predictions.truth, predictions.weight
    if not len(values) or values.shape[1] != task.outputs:
        raise ValueError(f"{view} has predictions of the shape {values.shape}, none of this task")
    if truth is not None:
        is_class = task.kind is TaskKind.MULTICLASS
        shape = values.shape[:1] if is_class else values.shape
        most = task.outputs - 1 if is_class else 1
        is_known = truth.shape == shape and (not is_class or truth.dtype.kind == "i")
        if task.is_classification:
            is_known = is_known and bool(((truth >= 0) & (truth <= most)).all())
        if not is_known:
            raise ValueError(f"{view} has true values that are none of this task")
    if weight is not None and not (np.isfinite(weight).all() and weight.min() >= 0 < weight.max()):
        raise ValueError(f"{view} has weights that are none")
