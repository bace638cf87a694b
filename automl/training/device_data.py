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
        """Places rows on the device; on a CPU, aligned arrays are used where they are."""
        named = {"numeric": rows.numeric, "categorical": rows.categorical}
        return cls(
            inputs={
                name: tf.convert_to_tensor(array) for name, array in named.items() if array.size
            },
            target=tf.convert_to_tensor(rows.target),
            weight=None if rows.weight is None else tf.convert_to_tensor(rows.weight),
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
