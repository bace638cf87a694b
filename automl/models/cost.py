"""What training a model costs, read off the built model: nothing is computed with it.

A model may be built without weights (`keras.StatelessScope`), which takes a tenth of the time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from automl.vocabulary.optimizers import OPTIMIZERS

_BYTES = 4
"""Of a number: all is float32."""
_LEAST_KERNEL = 2
"""Axes from which a weight is multiplied with what comes in; biases and scales have one."""
#: Layers whose output is their input in another shape.
_VIEWS = (keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Reshape)


@dataclass(frozen=True)
class Cost:
    """What a model costs.

    Attributes:
        parameters: Weights, trainable and not.
        multiply_adds: Multiplications with an addition each that one row takes forward. Training
            on a row takes about three times as many.
        training_bytes: Memory of a step: weights, gradients and what the optimizer keeps of them,
            all layers' outputs for the whole batch, which the way back needs, and the gradients
            of the largest. An estimate: a library's working memory comes to it.
    """

    parameters: int
    multiply_adds: int
    training_bytes: int


def cost_of(model: Any, batch_size: int, optimizer: str) -> Cost:
    """The cost of a built model.

    Args:
        model: A functional ``keras.Model``.
        batch_size: Rows of a step.
        optimizer: One of `automl.vocabulary.optimizers`.
    """
    trainable = sum(_size(weight.shape) for weight in model.trainable_weights)
    parameters = int(model.count_params())
    layers = list(_layers(model))
    outputs = [_row_size(layer) for layer in layers if not isinstance(layer, _VIEWS)]
    kept = sum(outputs) + 2 * max(outputs, default=0)
    slots = OPTIMIZERS[optimizer].slots
    return Cost(
        parameters,
        sum(_multiply_adds(layer) for layer in layers),
        _BYTES * (parameters + (1 + slots) * trainable + batch_size * kept),
    )


def _layers(model: Any) -> Iterator[Any]:
    """The layers, those of models that are parts of it too."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def _multiply_adds(layer: Any) -> int:
    """Each number of a kernel is multiplied once at every place of the output."""
    if isinstance(layer, keras.layers.Embedding):
        return 0  # it is looked up
    kernels = (weight.shape for weight in layer.weights if len(weight.shape) >= _LEAST_KERNEL)
    places = max((math.prod(shape[1:-1]) for shape in _shapes(layer)), default=1)
    return sum(_size(shape) for shape in kernels) * places


def _row_size(layer: Any) -> int:
    """Numbers of a layer's outputs for one row."""
    return sum(math.prod(shape[1:]) for shape in _shapes(layer))


def _shapes(layer: Any) -> list[tuple[int, ...]]:
    """Shapes of a layer's outputs; a side that is not known before there are rows counts once."""
    tensors = keras.tree.flatten(layer.output)
    return [tuple(1 if side is None else int(side) for side in one.shape) for one in tensors]


def _size(shape: Any) -> int:
    return math.prod(int(side) for side in shape)
