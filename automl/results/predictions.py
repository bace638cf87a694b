"""A trial's predictions on the rows that it was validated on, of each view, beside its model.

What ensembles and comparisons of finalists read: over folds they are out-of-fold predictions of
every row that was learnt from.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from automl.common.bounded import MOST_CHECKPOINT, read_bounded
from automl.common.root import Root
from automl.data.sources.npz import archive_arrays
from automl.errors import DataError, RunError
from automl.trial import PREDICTIONS_FILE

_ROWS = ".rows"


@dataclass(frozen=True)
class ViewPredictions:
    """Predictions on one view's validation rows, at the best epoch.

    Attributes:
        values: float32 (n, outputs): probabilities, or targets in their own units.
        rows: int64 (n,): the position of each row among all that were read, those of the data
            first, then those of files that were given for validation; None in a run whose rows
            were prepared before these were kept.
    """

    values: npt.NDArray[np.float32]
    rows: npt.NDArray[np.int64] | None


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
        if predictions.rows is not None:
            arrays[f"{view}{_ROWS}"] = predictions.rows
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    root.make_folder(folder)
    root.write(path, content.getvalue(), durable=False)
    return path


def read_predictions(root: Root, path: Path) -> dict[str, ViewPredictions]:
    """Reads what `add_predictions` wrote.

    Args:
        root: The tree that the file is in.
        path: The file.

    Returns:
        Predictions by the name of the view.

    Raises:
        RunError: It is not there, damaged or none of these.
    """
    try:
        arrays = archive_arrays(io.BytesIO(read_bounded(root, path, MOST_CHECKPOINT)), path)
        found = {}
        for view in [name for name in arrays if not name.endswith(_ROWS)]:
            values, rows = arrays[view], arrays.get(f"{view}{_ROWS}")
            if values.dtype != np.float32 or values.ndim != 2:
                raise ValueError(f"{view} has the type {values.dtype} and {values.ndim} axes")
            if rows is not None and (rows.dtype != np.int64 or rows.shape != values.shape[:1]):
                raise ValueError(f"{view} has {len(values)} predictions of other rows")
            found[view] = ViewPredictions(values, rows)
        return found
    except (OSError, ValueError, DataError) as error:
        raise RunError(f"The predictions {path} cannot be read ({error}).") from error
