"""Raw rows as the inputs of an exported model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt


def keras_inputs(arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Gives arrays the form that ``keras.Model.predict`` takes.

    Args:
        arrays: As `InputPlan.exported` gives them.

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
