"""Reading raw rows for a trained model: new rows to predict, or rows to score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.plan import PreprocessingPlan
from automl.data.say import Say
from automl.data.separators import checked_separator
from automl.data.sources import ArrayPair, arrays_in, is_bundled, load, open_source
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


NO_ARRAYS = "The model was trained on arrays, but the rows are a table: give arrays."


def read_rows(
    source: Any,
    plan: PreprocessingPlan,
    names: Sequence[str] = (),
    say: Say | None = None,
    separator: str | None = None,
) -> tuple[pd.DataFrame | npt.NDArray[Any], npt.NDArray[Any] | None]:
    """Reads raw rows as the plan takes them.

    Args:
        source: A file, the name of a bundled set, a DataFrame, an array, or a pair of arrays. Of
            an NPZ or NPY file of array data, y may be missing.
        plan: The plan of the model that is to see them.
        names: Column names of a text file without a header.
        say: Called with what a person should be told.
        separator: What separates the values of a text file; None to find out.

    Returns:
        The rows, a frame of raw columns (targets included, if they are there) or an array
        (n, *shape); and y of array data, or None.

    Raises:
        DataError: The rows cannot be read, or are not of the plan's form.
    """
    if plan.array is None:
        loaded = load(source, names, say, checked_separator(separator))
        if isinstance(loaded.main, ArrayPair):
            raise DataError(
                "The model was trained on a table, but the rows are arrays: give a table."
            )
        plan.check_columns(loaded.main)
        return loaded.main, None
    x, y = _read_array(source)
    return plan.array.shaped(x), y


def _read_array(source: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    if isinstance(source, np.ndarray):
        return source, None
    if isinstance(source, str | Path) and not is_bundled(source):
        content, kind = open_source(source)
        if kind != "npz":
            raise DataError(NO_ARRAYS)
        return _array_of(arrays_in(content), content.path)
    loaded = load(source)
    if not isinstance(loaded.main, ArrayPair):
        raise DataError(NO_ARRAYS)
    return loaded.main.x, loaded.main.y


def _array_of(
    arrays: Mapping[str, npt.NDArray[Any]], path: Path
) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    for key in ("x", "x_test", "x_train"):
        if key in arrays:
            return arrays[key], arrays.get("y" + key[1:])
    raise DataError(f"The file {str(path)!r} holds no array x: save the rows under that name.")
