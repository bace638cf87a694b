"""What training a model costs, read off the built model: nothing is computed with it.

A model may be built without weights (`keras.StatelessScope`), which takes a tenth of the time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from automl.common.model_cost import Cost
from automl.models.keras_private import functional_class, functional_of, layers_of, nodes_of
from automl.vocabulary.optimizers import OPTIMIZERS

_BYTES = 4
"""Of a number: all is float32."""
_LEAST_KERNEL = 2
"""Axes from which a weight is multiplied with what comes in; biases and scales have one."""
_USUAL_SLOTS = 2
"""Numbers that an optimizer keeps for each weight where it is none of ours: as Adam does."""
#: Layers whose output is their input in another shape.
_VIEWS = (keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Reshape)
#: Layers each of whose kernel's numbers is multiplied at every place of what comes in.
_SPREADING = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
#: Layers that take one step after another of what comes in.
_RECURRENT = (keras.layers.RNN, keras.layers.Bidirectional)


@dataclass(frozen=True)
class _Call:
    """A layer where it is called, with the shapes of its weights and what goes in and comes out.

    Of a model whose graph is not known each layer counts once, with no shapes.
    """

    layer: Any
    weights: Sequence[tuple[int, ...]]
    inputs: Sequence[tuple[int, ...]] = ()
    outputs: Sequence[tuple[int, ...]] = ()

    @property
    def numbers(self) -> int:
        """Numbers that come out for one row."""
        return 0 if isinstance(self.layer, _VIEWS) else sum(map(_row_size, self.outputs))

    @property
    def multiply_adds(self) -> int:
        """Each number of a kernel is multiplied once at every place of the output."""
        if isinstance(self.layer, keras.layers.Embedding):
            return 0  # it is looked up
        kernels = [shape for shape in self.weights if len(shape) >= _LEAST_KERNEL]
        if not kernels:
            return 0
        shapes = self.inputs if isinstance(self.layer, _SPREADING) else self.outputs
        places = max((math.prod(shape[1:-1]) for shape in shapes), default=1)
        if isinstance(self.layer, _RECURRENT) and not self.layer.return_sequences:
            places *= max((shape[1] for shape in self.inputs[:1]), default=1)
        return sum(map(math.prod, kernels)) * places


def cost_of(model: Any, batch_size: int, optimizer: Any) -> Cost:
    """The cost of a built model.

    Args:
        model: A ``keras.Model``. Of one that is no graph of layers, as a subclass with a ``call``
            is, each layer counts as if it were called once at one place: that is the least.
        batch_size: Rows of a step.
        optimizer: One of `automl.vocabulary.optimizers`, or an optimizer of Keras's.
    """
    shapes = {id(weight): _known(weight.shape) for weight in model.weights}
    trainable = sum(math.prod(shapes[id(weight)]) for weight in model.trainable_weights)
    parameters = sum(map(math.prod, shapes.values()))
    calls = list(_calls(model, shapes))
    outputs = [call.numbers for call in calls]
    kept = sum(outputs) + 2 * max(outputs, default=0)
    return Cost(
        parameters,
        sum(call.multiply_adds for call in calls),
        _BYTES * (parameters + (1 + _slots(optimizer)) * trainable + batch_size * kept),
    )


def _calls(model: Any, shapes: Mapping[int, tuple[int, ...]]) -> Iterator[_Call]:
    """The calls of the layers, those of models that are parts of it too."""
    graph = functional_of(model)
    if not isinstance(graph, functional_class()):
        parts = [layer for layer in layers_of(model) if not isinstance(layer, keras.Model)]
        yield from (_Call(layer, _weights(layer, shapes)) for layer in parts)
        return
    for node in nodes_of(graph):
        if isinstance(node.operation, keras.Model):
            yield from _calls(node.operation, shapes)
        else:
            tensors = (node.input_tensors, node.output_tensors)
            inputs, outputs = ([_known(one.shape) for one in part] for part in tensors)
            yield _Call(node.operation, _weights(node.operation, shapes), inputs, outputs)


def _weights(layer: Any, shapes: Mapping[int, tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Shapes of a layer's weights; an operation that is no layer has none."""
    return [shapes[id(one)] for one in getattr(layer, "weights", ()) if id(one) in shapes]


def _slots(optimizer: Any) -> int:
    """Numbers that an optimizer keeps for each weight."""
    if isinstance(optimizer, str):
        return OPTIMIZERS[optimizer].slots
    known = [
        one.slots
        for one in OPTIMIZERS.values()
        if one.keras == type(optimizer).__name__
        and all(getattr(optimizer, key, None) == value for key, value in one.fixed.items())
    ]
    return max(known, default=_USUAL_SLOTS)


def _known(shape: Any) -> tuple[int, ...]:
    """A shape as numbers; a side that is not known before there are rows counts once."""
    sides = shape.as_list() if hasattr(shape, "as_list") else shape  # TensorFlow's iterate slowly
    return tuple(1 if side is None else int(side) for side in sides)


def _row_size(shape: tuple[int, ...]) -> int:
    return math.prod(shape[1:])
