"""A data set's rows as tensors on the device, placed once for all trials of a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from automl.data.plan import InputSignature, PreprocessingPlan, Rows
from automl.data.task import Task

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.data.prepare import PreparedData

ALIGNMENT = 64
"""Bytes to which TensorFlow's operations want their memory aligned."""


@dataclass(frozen=True)
class DeviceRows:
    """Rows as tensors.

    Attributes:
        inputs: Tensors by the name of the core's input: ``numeric`` float32 (n, p) and
            ``categorical`` int32 (n, c), each only where there are such columns.
        target: Tensor that the model is trained on; see `Rows.target`.
        weight: float32 (n,) tensor, or None.
        rows: The same rows in main memory, whose ``truth`` the metrics compare with.
    """

    inputs: Mapping[str, Any]
    target: Any
    weight: Any | None
    rows: Rows

    @classmethod
    def from_rows(cls, rows: Rows) -> DeviceRows:
        """Places rows on the device; on a CPU, arrays mapped from files are used where they are."""
        named = {"numeric": rows.numeric, "categorical": rows.categorical}
        return cls(
            inputs={name: _placed(array) for name, array in named.items() if array.size},
            target=_placed(rows.target),
            weight=None if rows.weight is None else _placed(rows.weight),
            rows=rows,
        )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def data(self) -> tuple[Any, ...]:
        """What Keras's steps take: ``(x, y)`` or ``(x, y, sample_weight)``."""
        if self.weight is None:
            return dict(self.inputs), self.target
        return dict(self.inputs), self.target, self.weight


@dataclass(frozen=True)
class DeviceData:
    """All that trials train and are scored on.

    Attributes:
        task: What is learnt.
        plan: How the rows were made; it restores the targets' own units.
        train: Training rows.
        validation: Validation rows.
        check_positions: int64 (m,), positions among the validation rows of the rows by which an
            exported model is checked.
    """

    task: Task
    plan: PreprocessingPlan
    train: DeviceRows
    validation: DeviceRows
    check_positions: npt.NDArray[np.int64]

    @classmethod
    def from_arrays(cls, arrays: Arrays | PreparedData) -> DeviceData:
        """Places the training and validation rows on the device.

        Args:
            arrays: What `automl.data.arrays.open_arrays` or `automl.data.prepare` gave.

        Returns:
            The rows as tensors, to be handed to any number of trials.
        """
        return cls(
            task=arrays.task,
            plan=arrays.plan,
            train=DeviceRows.from_rows(arrays.train),
            validation=DeviceRows.from_rows(arrays.validation),
            check_positions=arrays.check_positions,
        )

    @property
    def signature(self) -> InputSignature:
        """What the core model takes."""
        return self.plan.signature


def _placed(array: npt.NDArray[Any]) -> Any:
    """The array as a tensor, without a copy where it is mapped from a file and there is no GPU.

    TensorFlow copies NumPy's arrays, which would give each worker its own copy of data that all
    of them can share. DLPack hands the memory over as it is, but only if it may be written; the
    private mapping makes sure that nothing written would reach the file.
    """
    if (
        isinstance(array, np.memmap)
        and array.filename is not None
        and array.flags.c_contiguous
        and array.ctypes.data % ALIGNMENT == 0
        and not tf.config.list_physical_devices("GPU")
    ):
        private: Any = np.memmap(array.filename, array.dtype, "c", array.offset, array.shape)
        return tf.experimental.dlpack.from_dlpack(private.__dlpack__())
    return tf.convert_to_tensor(array)
