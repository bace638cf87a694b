"""The rows that the kernel reads: a data set up to the first layer that is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from automl.training.device_data import DeviceRows
from automl.training.kernel.codes import LossKind, UnsupportedModel

MAX_PREPARED_BYTES = 256 * 2**20
"""Rows that have to be prepared for a trial may take this much memory in its worker."""
PREPARED_AT_ONCE = 8192


@dataclass(frozen=True)
class DenseRows:
    """Rows in main memory, as the kernel takes them.

    Attributes:
        x: float32 (n, columns).
        y: The target: int32 (n,) for integer labels, else float32 (n, outputs).
        weight: float32 (n,), or None.
    """

    x: npt.NDArray[np.float32]
    y: npt.NDArray[Any]
    weight: npt.NDArray[np.float32] | None

    def __len__(self) -> int:
        return len(self.x)


def dense_rows(rows: DeviceRows, model: Any, boundary: Any, loss: LossKind) -> DenseRows:
    """Prepares rows for a model.

    Args:
        rows: The rows.
        model: The model that they go into.
        boundary: The tensor of the model that the kernel starts from.
        loss: The loss, which decides the form of the target.

    Raises:
        UnsupportedModel: Prepared, the rows would take too much memory, or the target has
            another form than the loss needs.
    """
    inputs, target, *weight = rows.data
    y = np.asarray(target)
    y = (
        y.reshape(-1)
        if loss is LossKind.SPARSE_CE and y.shape in ((len(rows),), (len(rows), 1))
        else y
    )
    kind = np.int32 if loss is LossKind.SPARSE_CE else np.float32
    shape = (len(rows),) if loss is LossKind.SPARSE_CE else (len(rows), model.output_shape[-1])
    if y.dtype != kind or y.shape != shape:
        raise UnsupportedModel(f"a target of {y.dtype} {y.shape}")
    return DenseRows(
        x=np.ascontiguousarray(_inputs(inputs, len(rows), model, boundary), np.float32),
        y=np.ascontiguousarray(y),
        weight=np.ascontiguousarray(weight[0], np.float32) if weight else None,
    )


def _inputs(inputs: Any, count: int, model: Any, boundary: Any) -> npt.NDArray[Any]:
    """The rows at the boundary: an input itself, or what the model makes of its inputs."""
    if isinstance(inputs, tuple):
        inputs = {tensor.name: one for tensor, one in zip(model.inputs, inputs, strict=True)}
    if isinstance(inputs, Mapping):
        for tensor in model.inputs:
            if tensor is boundary:
                return np.asarray(inputs[tensor.name])
    elif len(model.inputs) == 1 and model.inputs[0] is boundary:
        return np.asarray(inputs)
    if count * boundary.shape[-1] * 4 > MAX_PREPARED_BYTES:
        raise UnsupportedModel("rows that would take too much memory")
    named = {tensor.name: tensor for tensor in model.inputs}
    front = keras.Model(named if isinstance(inputs, Mapping) else model.inputs, boundary)
    prepared = np.empty((count, boundary.shape[-1]), np.float32)
    for start in range(0, count, PREPARED_AT_ONCE):
        end = start + PREPARED_AT_ONCE
        part = (
            {name: tensor[start:end] for name, tensor in inputs.items()}
            if isinstance(inputs, Mapping)
            else inputs[start:end]
        )
        prepared[start:end] = np.asarray(front(part, training=False))
    return prepared
