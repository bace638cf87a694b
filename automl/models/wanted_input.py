"""How a model of a person's own wants the numbers of a row: as they are, or standardized.

A model says it by what its input leads to. Where that is an embedding or an encoding of whole
numbers, or something that scales (`Rescaling`, `Normalization`, `BatchNormalization`, arithmetic
such as `preprocess_input`), the numbers are to come as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from automl.models.keras_private import nodes_of

RAW, STANDARDIZE = "raw", "standardize"

_CODES = frozenset(
    {
        *("Embedding", "CategoryEncoding", "IntegerLookup", "StringLookup", "Hashing"),
        *("Discretization", "HashedCrossing", "OneHot", "MultiHot", "ReversibleEmbedding"),
    }
)
"""Layers and operations that take whole numbers."""
_SCALING = frozenset({"Rescaling", "Normalization", "BatchNormalization"})
_ARITHMETIC = frozenset(
    {"Add", "Subtract", "Multiply", "Divide", "TrueDivide", "DivideNoNan", "Clip"}
)
"""Operations that scale where their other side is a constant, as in ``x / 255``."""
_PASSING = frozenset(
    {
        *("InputLayer", "Reshape", "Flatten", "Permute", "RepeatVector", "Identity", "Masking"),
        *("GetItem", "ExpandDims", "Squeeze", "Transpose", "Moveaxis", "Cast", "Stack", "Split"),
        *("Unstack", "Concatenate", "Activation", "ZeroPadding1D", "ZeroPadding2D", "Resizing"),
        *("Cropping1D", "Cropping2D", "CenterCrop", "UpSampling2D", "Dropout", "GaussianNoise"),
        *("SpatialDropout1D", "SpatialDropout2D", "Take", "Pad", "Flip", "Roll"),
    }
)
"""Layers and operations that hand numbers on as they are, as far as their scale goes."""


@dataclass(frozen=True)
class WantedInput:
    """What a model wants.

    Attributes:
        mode: ``"raw"`` or ``"standardize"``.
        why: The reason, as the end of a sentence.
        codes: Whether the numbers are whole.
        below: Number that whole ones have to be below, or None where nothing tells.
    """

    mode: str
    why: str
    codes: bool = False
    below: int | None = None


def is_whole(dtype: str) -> bool:
    """Whether a data type is one of whole numbers.

    Args:
        dtype: Its name, such as ``"int32"``.
    """
    return "int" in dtype


def codes_of(model: Any, tensor: Any) -> tuple[bool, int | None]:
    """Whether one input of a model leads to layers that take whole numbers.

    Args:
        model: A built ``keras.Model`` with inputs.
        tensor: The input.

    Returns:
        Whether it does, and the number that they have to be below, or None where nothing tells.
    """
    firsts = list(_after(_graph_of(model), {id(tensor)}))
    below = [one.input_dim for one in firsts if _kind(one) == "Embedding"]
    return any(_kind(one) in _CODES for one in firsts), min(below, default=None)


def wanted_input(model: Any, among: Collection[str] | None = None) -> WantedInput:
    """Finds out how a model wants its numbers.

    Args:
        model: A built ``keras.Model`` of a person's own.
        among: Of several inputs the names of those that get numbers; None for all.
    """
    inputs = [
        tensor
        for tensor in getattr(model, "inputs", None) or ()
        if among is None or tensor.name in among
    ]
    firsts = list(_firsts(model, inputs))
    below = [one.input_dim for one in firsts if _kind(one) == "Embedding"]
    dtypes = [str(tensor.dtype) for tensor in inputs]
    for dtype in filter(is_whole, dtypes):
        return WantedInput(RAW, f"the model's input is {dtype}", True, min(below, default=None))
    for one in firsts:
        if _kind(one) in _CODES:
            named = _kind(one)
            return WantedInput(
                RAW, f"the model begins with {named}", True, min(below, default=None)
            )
    for one in firsts:
        if _kind(one) == "Normalization" and not _is_adapted(one):
            why = "the model's Normalization knows no mean and variance (adapt it, or give them)"
            return WantedInput(STANDARDIZE, why)
        if _kind(one) in _SCALING:
            return WantedInput(RAW, f"the model begins with {_kind(one)}")
        if _kind(one) in _ARITHMETIC:
            return WantedInput(RAW, "the model begins with arithmetic that scales its input")
        if isinstance(one, keras.layers.Lambda):
            return WantedInput(RAW, "the model begins with a Lambda of its own")
        if _kind(one).startswith("Random"):
            return WantedInput(RAW, f"the model begins with {_kind(one)}, which is for images")
    return WantedInput(STANDARDIZE, "no first layer of theirs scales them")


def _is_adapted(layer: Any) -> bool:
    """Whether a `Normalization` has a mean and a variance; else it hands numbers on."""
    if getattr(layer, "input_mean", None) is not None:
        return True
    mean, variance = (getattr(layer, name, None) for name in ("adapt_mean", "adapt_variance"))
    if mean is None or variance is None:
        return False
    values = [keras.ops.convert_to_numpy(one) for one in (mean, variance)]
    return bool(np.any(values[0] != 0.0) or np.any(values[1] != 1.0))


def _kind(operation: Any) -> str:
    """The class's name among Keras's own that it is or is derived from."""
    for base in type(operation).__mro__:
        if base.__module__.partition(".")[0] == "keras":
            return base.__name__
    return type(operation).__name__


def _graph_of(model: Any) -> Any:
    """The graph of a model's layers."""
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs, model.outputs)
    return model


def _firsts(model: Any, inputs: Sequence[Any]) -> Iterator[Any]:
    """The layers and operations that are the first to do something with a model's inputs."""
    if not getattr(model, "inputs", None):
        # A call of its own, which tells nothing: its layers in the order they were made.
        yield from list(model.layers)[:1]
        return
    yield from _after(_graph_of(model), {id(tensor) for tensor in inputs})


def _after(graph: Any, tensors: set[int]) -> Iterator[Any]:
    """Operations of a graph that take one of some tensors, those that only hand on left out."""
    for node in nodes_of(graph):
        taken = [id(tensor) in tensors for tensor in node.input_tensors]
        if not any(taken):
            continue
        operation = node.operation
        hands_on = _kind(operation) in _PASSING and not (
            isinstance(operation, keras.layers.Activation)
            and getattr(operation.activation, "__name__", "") != "linear"
        )
        if hands_on:
            tensors |= {id(tensor) for tensor in node.output_tensors}
        elif isinstance(operation, keras.Model) and getattr(operation, "inputs", None):
            yield from _firsts(operation, operation.inputs)
        elif _kind(operation) in _ARITHMETIC and len(taken) > 1:
            continue  # a sum of branches, no scale
        else:
            yield operation
