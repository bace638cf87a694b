"""A temperature as Keras operations; `automl.data.temperature.tempered` is the same in NumPy."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from automl.data.task import Task, TaskKind
from automl.vocabulary.metric_functions.values import PROBABILITY_EPSILON


def tempered_outputs(outputs: Any, task: Task, temperature: float) -> Any:
    """Divides the logits of a model's probabilities by a temperature.

    Args:
        outputs: Keras tensor (None, outputs) of probabilities.
        task: A task of classes or labels.
        temperature: 1 leaves the probabilities as they are.

    Returns:
        Keras tensor of the same shape, float32.
    """
    if temperature == 1.0:
        return outputs
    ops = keras.ops
    least = np.float32(PROBABILITY_EPSILON)
    p = ops.cast(outputs, "float32")
    if task.kind is TaskKind.MULTICLASS:
        logits = ops.log(ops.maximum(p, least))
        return ops.softmax(ops.multiply(logits, np.float32(1.0 / temperature)), axis=-1)
    # Python's numbers: an operation is saved with what it is given, and NumPy's cannot be.
    p = ops.clip(p, float(least), float(np.float32(1.0) - least))
    logits = ops.subtract(ops.log(p), ops.log1p(ops.negative(p)))
    return ops.sigmoid(ops.multiply(logits, np.float32(1.0 / temperature)))
