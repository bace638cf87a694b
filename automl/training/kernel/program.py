"""From a Keras model to the program that the compiled kernel runs.

A model qualifies if, after some operations on the rows that nothing trains (one-hot encoding,
scaling, flattening), it consists of dense layers, activations, normalization, dropout, sums and
concatenations. Anything else is left to TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from automl.models.keras_private import functional_of, nodes_of
from automl.training.kernel.codes import Flow, OperationKind, UnsupportedModel
from automl.vocabulary.activations import ACTIVATIONS

_SLOPES = {OperationKind.LEAKY_RELU: 0.2, OperationKind.ELU: 1.0}
"""Keras's own default of the slope or scale of an activation, where there is one."""
_ACTIVATIONS: dict[Any, tuple[OperationKind, float]] = {
    getattr(keras.activations, name): (kind, _SLOPES.get(kind, 0.0))
    for name in ACTIVATIONS
    if (kind := OperationKind.__members__.get(name.upper())) is not None
    and hasattr(keras.activations, name)
}

_UNTRAINED = (
    *(keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Reshape),
    *(keras.layers.Rescaling, keras.layers.Normalization, keras.layers.Concatenate),
    *(keras.layers.Identity, keras.layers.Activation, keras.layers.ReLU),
    keras.layers.DepthwiseConv1D,  # numeric columns in pieces
)
"""Layers that, on rows that nothing trains, give the same at every call."""


@dataclass
class _Operation:
    kind: OperationKind
    a: int
    out: int
    b: int = -1
    weights: Any = None
    bias: Any = None
    moving: tuple[Any, Any] | None = None
    floats: tuple[float, float] = (0.0, 0.0)
    seed: Any = None
    trained: bool = True


@dataclass(frozen=True)
class Program:
    """What the kernel runs, and where its numbers lie in the Keras model.

    Attributes:
        operations: int32 (operations, 12), the fields of ``operation`` in ``kernel.h``.
        floats: float32 (operations, 2), their numbers.
        widths: int32 (tensors,), columns of each tensor; tensor 0 is the input.
        output: The tensor with the outputs, before softmax or sigmoid where the loss wants that.
        variables: int32 (variables, 3): offset, size and columns of each trained variable.
        trained: The model's trained variables, in the order of ``variables``.
        state: The moving averages of batch normalization, in the order in which they lie.
        seeds: The variable with the two seeds of each random layer, int64 (2,).
        boundary: The Keras tensor that tensor 0 stands for.
    """

    operations: npt.NDArray[np.int32]
    floats: npt.NDArray[np.float32]
    widths: npt.NDArray[np.int32]
    output: int
    variables: npt.NDArray[np.int32]
    trained: tuple[Any, ...]
    state: tuple[Any, ...]
    seeds: tuple[Any, ...]
    boundary: Any


def read_program(model: Any, head: Any | None) -> Program:
    """Reads a model's layers.

    Args:
        model: A built functional or sequential ``keras.Model``.
        head: The activation that the loss takes back (``keras.activations.softmax`` or
            ``sigmoid``) and that the model has to end with; None where there is none.

    Returns:
        The program.

    Raises:
        UnsupportedModel: The kernel has no equivalent of a part of the model.
    """
    reader = _Reader(head)
    reader.read(model)
    return reader.program(model)


@dataclass
class _Reader:
    """Goes through a model's nodes, in the order in which they run."""

    head: Any | None
    operations: list[_Operation] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    tensors: dict[int, int] = field(default_factory=dict)
    untrained: dict[int, Any] = field(default_factory=dict)
    boundary: Any = None
    used: set[int] = field(default_factory=set)
    headed: bool = False

    def read(self, model: Any) -> None:
        graph = functional_of(model)
        for node in nodes_of(graph):
            self._read_node(node, graph.outputs)
        if len(graph.outputs) != 1 or id(graph.outputs[0]) not in self.tensors:
            raise UnsupportedModel("outputs that nothing trains")
        if self.head is not None and not self.headed:
            raise UnsupportedModel("a crossentropy without its activation")
        self.output = self.tensors[id(graph.outputs[0])]

    def _read_node(self, node: Any, outputs: list[Any]) -> None:
        layer, given = node.operation, node.input_tensors
        if len(node.output_tensors) != 1 or id(layer) in self.used:
            raise UnsupportedModel(f"{type(layer).__name__} with several outputs or calls")
        out = node.output_tensors[0]
        if self._is_untrained(layer, given):
            self.untrained[id(out)] = out
            return
        if not isinstance(layer, keras.layers.Layer):
            raise UnsupportedModel(f"the operation {type(layer).__name__}")
        self.used.add(id(layer))
        _check_plain(layer)
        if len(out.shape) != 2 or out.shape[-1] is None or out.dtype != "float32":
            raise UnsupportedModel(f"a tensor of shape {out.shape}")
        numbers = [self._number(tensor) for tensor in given]
        reader = _LAYERS.get(type(layer))
        if reader is None:
            raise UnsupportedModel(f"the layer {type(layer).__name__}")
        is_output = any(out is tensor for tensor in outputs)
        self.tensors[id(out)] = reader(self, layer, numbers, out.shape[-1], is_output)

    def _is_untrained(self, layer: Any, given: list[Any]) -> bool:
        if not all(id(tensor) in self.untrained for tensor in given):
            return False
        if isinstance(layer, keras.layers.Layer):
            return type(layer) in _UNTRAINED and not layer.trainable_variables
        return True

    def _number(self, tensor: Any) -> int:
        """The kernel's number of a tensor; the one that comes from the rows is number 0."""
        if id(tensor) in self.tensors:
            return self.tensors[id(tensor)]
        if self.boundary is not None and self.boundary is not tensor:
            raise UnsupportedModel("several inputs")
        if len(tensor.shape) != 2 or tensor.shape[-1] is None or tensor.dtype != "float32":
            raise UnsupportedModel(f"an input of shape {tensor.shape}, {tensor.dtype}")
        self.boundary = tensor
        self.tensors[id(tensor)] = 0
        self.widths.append(tensor.shape[-1])
        return 0

    def add(self, kind: OperationKind, a: int, width: int, **more: Any) -> int:
        """Adds an operation from tensor ``a``; the number of the tensor that it makes."""
        self.widths.append(width)
        out = len(self.widths) - 1
        self.operations.append(_Operation(kind, a, out, **more))
        return out

    def activate(self, function: Any, a: int, width: int, is_output: bool) -> int:
        """Adds an activation function; the last one may belong to the loss."""
        if is_output and self.head is not None and function is self.head:
            self.headed = True
            return a
        if function is keras.activations.linear:
            return a
        if function not in _ACTIVATIONS:
            raise UnsupportedModel(f"the activation {getattr(function, '__name__', function)}")
        kind, slope = _ACTIVATIONS[function]
        return self.add(kind, a, width, floats=(slope, 0.0))

    # ---- the program's arrays

    def program(self, model: Any) -> Program:
        trained = tuple(model.trainable_variables)
        offsets: dict[int, int] = {}
        variables = np.zeros((len(trained), 3), np.int32)
        position = 0
        for row, variable in enumerate(trained):
            size = int(np.prod(variable.shape))
            variables[row] = (position, size, variable.shape[-1])
            offsets[id(variable)] = position
            position += size
        state, places = self._state()
        seeds = tuple(op.seed for op in self.operations if op.seed is not None)
        operations = np.full((len(self.operations), 12), -1, np.int32)
        for row, op in enumerate(self.operations):
            mean, variance = (-1, -1) if op.moving is None else places[id(op.moving[0])]
            seed = -1 if op.seed is None else [id(one) for one in seeds].index(id(op.seed))
            operations[row, :8] = (
                *(op.kind, op.a, op.b, op.out),
                *(_offset(op.weights, offsets), _offset(op.bias, offsets), mean, variance),
            )
            operations[row, 10:] = (seed, op.trained)
        self._set_flows(operations)
        covered = {id(part) for op in self.operations for part in (op.weights, op.bias)}
        if not set(offsets) <= covered:
            raise UnsupportedModel("weights that no known layer has")
        return Program(
            operations=operations,
            floats=np.array([op.floats for op in self.operations], np.float32),
            widths=np.array(self.widths, np.int32),
            output=self.output,
            variables=variables,
            trained=trained,
            state=state,
            seeds=seeds,
            boundary=self.boundary,
        )

    def _state(self) -> tuple[tuple[Any, ...], dict[int, tuple[int, int]]]:
        """The moving averages, and the places of mean and variance by the mean's identity."""
        state: list[Any] = []
        places: dict[int, tuple[int, int]] = {}
        position = 0
        for op in self.operations:
            if op.moving is not None:
                width = int(op.moving[0].shape[0])
                places[id(op.moving[0])] = (position, position + width)
                state.extend(op.moving)
                position += 2 * width
        return tuple(state), places

    def _set_flows(self, operations: npt.NDArray[np.int32]) -> None:
        """Says which gradients flow further back, and which of them are the first to arrive."""
        needed = [False] * len(self.widths)
        for op in self.operations:
            inputs = [op.a] if op.b < 0 else [op.a, op.b]
            own = any(part is not None for part in (op.weights, op.bias))
            needed[op.out] = own or any(needed[number] for number in inputs)
        arrived = {self.output}
        for row in range(len(self.operations) - 1, -1, -1):
            op = self.operations[row]
            if op.out not in arrived:
                raise UnsupportedModel("a layer that the outputs do not depend on")
            for column, number in ((8, op.a), (9, op.b)):
                flow = Flow.NOT_NEEDED
                if number >= 0 and needed[number]:
                    flow = Flow.FURTHER if number in arrived else Flow.FIRST
                    arrived.add(number)
                operations[row, column] = flow


def _offset(variable: Any, offsets: dict[int, int]) -> int:
    if variable is None:
        return -1
    if id(variable) not in offsets:
        raise UnsupportedModel("a layer that is not trained")
    return offsets[id(variable)]


def _check_plain(layer: Any) -> None:
    """Refuses what a layer may do beside its forward pass."""
    if layer.dtype_policy.name != "float32":
        raise UnsupportedModel(f"the precision {layer.dtype_policy.name}")
    if getattr(layer, "activity_regularizer", None) is not None:
        raise UnsupportedModel("a penalty on activations")


LayerReader = Callable[[_Reader, Any, list[int], int, bool], int]


def _read_dense(reader: _Reader, layer: Any, given: list[int], width: int, last: bool) -> int:
    if getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None):
        raise UnsupportedModel("a dense layer with an adapter")
    out = reader.add(OperationKind.DENSE, given[0], width, weights=layer.kernel, bias=layer.bias)
    return reader.activate(layer.activation, out, width, last)


def _read_batch_norm(reader: _Reader, layer: Any, given: list[int], width: int, _: bool) -> int:
    if layer.axis not in (-1, 1) or layer.synchronized or getattr(layer, "renorm", False):
        raise UnsupportedModel("an unusual batch normalization")
    return reader.add(
        OperationKind.BATCH_NORM,
        given[0],
        width,
        weights=layer.gamma if layer.scale else None,
        bias=layer.beta if layer.center else None,
        moving=(layer.moving_mean, layer.moving_variance),
        floats=(layer.momentum, layer.epsilon),
        trained=bool(layer.trainable),
    )


def _read_layer_norm(reader: _Reader, layer: Any, given: list[int], width: int, _: bool) -> int:
    if layer.axis not in (-1, 1, [-1], [1]) or layer.rms_scaling:
        raise UnsupportedModel("an unusual layer normalization")
    return reader.add(
        OperationKind.LAYER_NORM,
        given[0],
        width,
        weights=layer.gamma if layer.scale else None,
        bias=layer.beta if layer.center else None,
        floats=(0.0, layer.epsilon),
    )


def _read_dropout(reader: _Reader, layer: Any, given: list[int], width: int, _: bool) -> int:
    if layer.rate == 0.0:
        return given[0]
    if getattr(layer, "noise_shape", None) is not None or layer.rate >= 1.0:
        raise UnsupportedModel("an unusual dropout")
    kinds = {
        keras.layers.Dropout: OperationKind.DROPOUT,
        keras.layers.AlphaDropout: OperationKind.ALPHA_DROPOUT,
        keras.layers.GaussianDropout: OperationKind.GAUSSIAN_DROPOUT,
    }
    seed = layer.seed_generator.state
    return reader.add(kinds[type(layer)], given[0], width, floats=(layer.rate, 0.0), seed=seed)


def _read_activation(reader: _Reader, layer: Any, given: list[int], width: int, last: bool) -> int:
    return reader.activate(layer.activation, given[0], width, last)


def _read_relu(reader: _Reader, layer: Any, given: list[int], width: int, _: bool) -> int:
    if layer.max_value is not None or layer.threshold:
        raise UnsupportedModel("a ReLU with a bound")
    kind = OperationKind.LEAKY_RELU if layer.negative_slope else OperationKind.RELU
    return reader.add(kind, given[0], width, floats=(float(layer.negative_slope), 0.0))


def _read_leaky(reader: _Reader, layer: Any, given: list[int], width: int, _: bool) -> int:
    floats = (float(layer.negative_slope), 0.0)
    return reader.add(OperationKind.LEAKY_RELU, given[0], width, floats=floats)


def _read_elu(reader: _Reader, layer: Any, given: list[int], width: int, _: bool) -> int:
    return reader.add(OperationKind.ELU, given[0], width, floats=(float(layer.alpha), 0.0))


def _read_prelu(reader: _Reader, layer: Any, given: list[int], width: int, _: bool) -> int:
    if tuple(layer.alpha.shape) != (width,):
        raise UnsupportedModel("a PReLU with shared slopes")
    return reader.add(OperationKind.PRELU, given[0], width, weights=layer.alpha)


def _read_softmax(reader: _Reader, layer: Any, given: list[int], width: int, last: bool) -> int:
    if layer.axis not in (-1, 1):
        raise UnsupportedModel("an unusual softmax")
    return reader.activate(keras.activations.softmax, given[0], width, last)


def _read_add(reader: _Reader, layer: Any, given: list[int], width: int, _: bool) -> int:
    total = given[0]
    for number in given[1:]:
        if reader.widths[number] != reader.widths[total]:
            raise UnsupportedModel("a sum of tensors of different widths")
        total = reader.add(OperationKind.ADD, total, width, b=number)
    return total


def _read_concatenate(reader: _Reader, layer: Any, given: list[int], width: int, _: bool) -> int:
    if layer.axis not in (-1, 1):
        raise UnsupportedModel("an unusual concatenation")
    joined = given[0]
    for number in given[1:]:
        together = reader.widths[joined] + reader.widths[number]
        joined = reader.add(OperationKind.CONCATENATE, joined, together, b=number)
    return joined


def _read_identity(reader: _Reader, layer: Any, given: list[int], width: int, _: bool) -> int:
    if width != reader.widths[given[0]]:
        raise UnsupportedModel(f"a {type(layer).__name__} that changes the width")
    return given[0]


_LAYERS: dict[type, LayerReader] = {
    keras.layers.Dense: _read_dense,
    keras.layers.BatchNormalization: _read_batch_norm,
    keras.layers.LayerNormalization: _read_layer_norm,
    keras.layers.Dropout: _read_dropout,
    keras.layers.AlphaDropout: _read_dropout,
    keras.layers.GaussianDropout: _read_dropout,
    keras.layers.Activation: _read_activation,
    keras.layers.ReLU: _read_relu,
    keras.layers.LeakyReLU: _read_leaky,
    keras.layers.ELU: _read_elu,
    keras.layers.PReLU: _read_prelu,
    keras.layers.Softmax: _read_softmax,
    keras.layers.Add: _read_add,
    keras.layers.Concatenate: _read_concatenate,
    keras.layers.Flatten: _read_identity,
    keras.layers.Identity: _read_identity,
}
