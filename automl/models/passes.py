"""How many rows a model takes in one forward pass."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from automl.models.keras_private import calls_of, layers_of

ROWS_AT_ONCE = 4096
"""Most rows of one forward pass. Inference keeps no activations for gradients, so it may be many
more than in a training batch."""
LEAST_AT_ONCE = 64
ACTIVATIONS_AT_ONCE = 4 * 2**20
"""Numbers of a layer's output that one forward pass is to make at most, which is 16 MiB: a small
convolutional net over 4096 images takes half as long in passes of 256 as in one, for what a layer
has written is then still in the processor's cache when the next one reads it."""


MANY_INPUTS = 32
"""Inputs from which a model is called and not told to predict: `keras.Model.predict` traces a
graph over all of them, and takes 33 s for 3,000 columns where a call takes 1."""


def predict_rows(model: Any, inputs: Any, rows: int, at_once: int) -> npt.NDArray[np.float32]:
    """Predicts rows in passes of so many.

    Args:
        model: A built ``keras.Model`` of one output.
        inputs: What it takes: an array, or arrays and tensors by name.
        rows: How many rows there are.
        at_once: Rows of one pass.

    Returns:
        Its outputs, (n, outputs).
    """
    if not isinstance(inputs, dict) or len(inputs) < MANY_INPUTS:
        outputs: npt.NDArray[np.float32] = model.predict(inputs, batch_size=at_once, verbose=0)
        return outputs
    # A call takes either tensors or arrays, and there are no arrays of text for it.
    tensors = {name: keras.ops.convert_to_tensor(values) for name, values in inputs.items()}
    passes = [
        model({name: values[i : i + at_once] for name, values in tensors.items()}, training=False)
        for i in range(0, rows, at_once)
    ]
    return np.concatenate([np.asarray(outputs) for outputs in passes])


def rows_at_once(model: Any) -> int:
    """Rows of one forward pass of a model, so that no layer's output is very large.

    Args:
        model: A built ``keras.Model``; where it does not tell its layers' shapes, `ROWS_AT_ONCE`.
    """
    widest = 1
    for layer in layers_of(model):
        for node in calls_of(layer):
            for tensor in node.output_tensors:
                widest = max(widest, math.prod(size or 1 for size in tensor.shape[1:]))
    return max(LEAST_AT_ONCE, min(ROWS_AT_ONCE, ACTIVATIONS_AT_ONCE // widest))
