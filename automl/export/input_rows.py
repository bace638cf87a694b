"""Raw rows as the inputs of an exported model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.columns.unread import Tell
from automl.data.kinds.table.model_inputs import columns_of
from automl.data.plan import PreprocessingPlan
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

RawRows = Any  # a pandas.DataFrame or an array; pandas is imported late


def model_inputs_of(
    plan: PreprocessingPlan,
    inputs: Mapping[str, str],
    rows: RawRows,
    tell: Tell | None = None,
) -> dict[str, npt.NDArray[Any]]:
    """Turns raw rows into what an exported model takes.

    Args:
        plan: The preprocessing plan; it reads dates, booleans and odd spellings.
        inputs: Column name to input name; columns with the same one lie side by side.
        rows: A frame or an array, as `automl.data.rows.read_rows` gives it.
        tell: Called for each column with values that training has not shown.

    Returns:
        Input name to an array of shape (n, columns), float32 or, of texts, of Python's objects;
        of array data the one key is ``""`` and the array is float32 (n, *shape).

    Raises:
        DataError: A column is not there, or a value is infinite.
    """
    if plan.array is not None:
        return {"": plan.array.raw(np.asarray(rows))}
    raw = plan.raw_columns(rows, tell)
    return {
        name: np.stack([raw[column] for column in columns], axis=1)
        for name, columns in columns_of(inputs).items()
    }


def keras_inputs(arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Gives arrays the form that ``keras.Model.predict`` takes.

    Args:
        arrays: As `model_inputs_of` gives them.

    Returns:
        A dictionary of arrays and, because Keras refuses NumPy arrays of text, of TensorFlow
        constants; or the one array of array data.
    """
    if list(arrays) == [""]:
        return arrays[""]
    import tensorflow as tf

    return {
        name: tf.constant(values) if values.dtype == object else values
        for name, values in arrays.items()
    }


def frame_of(rows: RawRows) -> pd.DataFrame:
    """The rows as a frame, for reading target columns.

    Raises:
        DataError: They are an array.
    """
    import pandas as pd

    if isinstance(rows, pd.DataFrame):
        return rows
    raise DataError("the rows have no columns to take the target from: give x and y")
