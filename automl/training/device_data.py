"""A data set's rows as tensors on the device, placed once for all trials of a worker."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from automl.common.sizes import shown_size
from automl.data.kinds.signature import CATEGORICAL, NUMERIC, InputSignature
from automl.data.plan import PreprocessingPlan, Rows
from automl.data.task import Task
from automl.errors import RunError, TrialError
from automl.models.own_model import ONE_HOT, OWN_UNITS, PLAIN, ArrayForm
from automl.models.several_inputs import part_rows
from automl.trial import RESHUFFLE

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.data.prepare import PreparedData

ALIGNMENT = 64
"""Bytes to which TensorFlow's operations want their memory aligned."""
ARRAY = "array"
"""The one input of a model that takes rows as one array."""
_FULL = "Dst tensor is not initialized"
"""What TensorFlow says where a GPU has no room for an array (issue 7025)."""
PROBABILITY_SLACK = 1e-3
"""By which a probability may be beyond 0 or 1 through rounding."""


@dataclass(frozen=True)
class DeviceRows:
    """Rows as tensors.

    Attributes:
        inputs: Tensors by the name of the core's input, as `Rows.inputs`. For a model that takes
            rows as one array: ``array`` float32 (n, *shape), and no other. For one with several
            inputs, one of each name.
        target: Tensor that the model is trained on; see `Rows.target`.
        weight: What each row counts in the loss, float32 (n,) tensor, or None; what it counts in
            metrics stands in `rows`.
        rows: The same rows in main memory, whose ``truth`` the metrics compare with.
        by_name: Whether a model of several inputs gets them as a dictionary, and no tuple; None
            for other models.
    """

    inputs: Mapping[str, Any]
    target: Any
    weight: Any | None
    rows: Rows
    by_name: bool | None = None

    @classmethod
    def from_rows(cls, rows: Rows) -> DeviceRows:
        """Places rows on the device; on a CPU, arrays mapped from files are used where they are.

        Raises:
            RunError: The device has no room for them.
        """
        weight = rows.weight if rows.loss_weight is None else rows.loss_weight
        try:
            return cls(
                inputs={name: _placed(array) for name, array in rows.inputs.items()},
                target=_placed(rows.target),
                weight=None if weight is None else _placed(weight),
                rows=rows,
            )
        except (tf.errors.ResourceExhaustedError, tf.errors.InternalError) as error:
            if isinstance(error, tf.errors.InternalError) and _FULL not in str(error):
                raise
            size = shown_size(sum(array.nbytes for array in rows.arrays().values()))
            raise RunError(
                f"{len(rows):,} rows take {size}, for which the device that trials run on has no "
                "room left: give a smaller --image-size or fewer --workers, or --device cpu."
            ) from error

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def data(self) -> tuple[Any, ...]:
        """What Keras's steps take: ``(x, y)`` or ``(x, y, sample_weight)``."""
        x: Any = dict(self.inputs)
        if self.by_name is False:
            x = tuple(self.inputs.values())
        elif self.by_name is None and ARRAY in self.inputs:
            x = self.inputs[ARRAY]
        if self.weight is None:
            return x, self.target
        return x, self.target, self.weight

    def at(self, positions: npt.NDArray[np.int64]) -> DeviceRows:
        """Some of the rows.

        Args:
            positions: Their numbers, (m,).
        """
        return dataclasses.replace(
            self,
            inputs={name: tf.gather(tensor, positions) for name, tensor in self.inputs.items()},
            target=tf.gather(self.target, positions),
            weight=None if self.weight is None else tf.gather(self.weight, positions),
            rows=self.rows.at(positions),
        )

    def spread(self, count: int) -> dict[str, Any]:
        """The inputs of so many rows, evenly spaced over all; of all where there are no more."""
        positions = np.linspace(0, len(self) - 1, min(count, len(self))).astype(np.int64)
        return {name: tf.gather(tensor, positions) for name, tensor in self.inputs.items()}

    def in_form(self, form: ArrayForm, signature: InputSignature) -> DeviceRows:
        """The same rows as a model of a person's own takes them.

        Args:
            form: How it takes them.
            signature: The arrays' signature.
        """
        target = self.target
        if form.target == OWN_UNITS:
            target = tf.cast(self.rows.truth, tf.float32)
        elif form.target != PLAIN:
            target = tf.cast(tf.reshape(target, [-1]), tf.int32)
        if form.target == ONE_HOT:
            target = tf.one_hot(target, form.outputs)
        if form.target_shape:
            target = tf.reshape(target, [len(self), *form.target_shape])
        inputs = {
            part.name: part_rows(part, dict(self.inputs), signature.cardinalities)
            for part in form.parts
        } or {ARRAY: self._as_array(form, signature)}
        by_name = form.by_name if form.parts else None
        return dataclasses.replace(self, inputs=inputs, target=target, by_name=by_name)

    def _as_array(self, form: ArrayForm, signature: InputSignature) -> Any:
        """All columns of a row as one array, categories one-hot encoded."""
        parts = [self.inputs[NUMERIC]] if NUMERIC in self.inputs else []
        if CATEGORICAL in self.inputs:
            columns = tf.unstack(self.inputs[CATEGORICAL], axis=1)
            parts += [  # code 0, not seen in training, is all zeros
                tf.one_hot(codes - 1, count - 1)
                for codes, count in zip(columns, signature.cardinalities, strict=True)
            ]
        rows = parts[0] if len(parts) == 1 else tf.concat(parts, axis=1)
        return tf.cast(tf.reshape(rows, [len(self), *form.shape]), form.dtype)


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
        validation_positions: See `automl.data.arrays.Arrays`.
        test_rows: How many test rows there are; trials know no more of them.
        form: How a model of a person's own takes the rows; None for a core.
    """

    task: Task
    plan: PreprocessingPlan
    train: DeviceRows
    validation: DeviceRows
    check_positions: npt.NDArray[np.int64]
    validation_positions: npt.NDArray[np.int64] | None = None
    test_rows: int = 0
    form: ArrayForm | None = None
    _in_form: dict[ArrayForm, DeviceData] = field(default_factory=dict, repr=False, compare=False)

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
            validation_positions=arrays.validation_positions,
            test_rows=0 if arrays.test is None else len(arrays.test),
        )

    @property
    def signature(self) -> InputSignature:
        """What the core model takes."""
        return self.plan.signature

    def in_form(self, form: ArrayForm | None) -> DeviceData:
        """The same data as a model takes them, made once and kept.

        Args:
            form: How the model takes them; None for a core in the contract's form.
        """
        if form == self.form or form is None:
            return self
        if form not in self._in_form:
            self._in_form[form] = dataclasses.replace(
                self,
                train=self.train.in_form(form, self.signature),
                validation=self.validation.in_form(form, self.signature),
                form=form,
                _in_form={},
            )
        return self._in_form[form]

    def answers(self, outputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A model's outputs as probabilities, or as targets in their own units.

        Args:
            outputs: (n, outputs), as the model gives them.

        Raises:
            TrialError: They are to be probabilities and are not.
        """
        if self.form is not None:
            outputs = _activated(outputs.reshape(len(outputs), -1), self.form)
            if self.task.is_classification and not _are_probabilities(outputs):
                raise TrialError(
                    f"The model's outputs reach from {outputs.min():.4g} to {outputs.max():.4g} "
                    "and are no probabilities; end it with softmax or sigmoid, or compile it with "
                    "a loss that has from_logits=True."
                )
            if self.form.target == OWN_UNITS:
                return outputs.astype(np.float64)
        return self.plan.restore_target(outputs)


def _activated(outputs: npt.NDArray[Any], form: ArrayForm) -> npt.NDArray[Any]:
    if form.activation:
        activate = tf.nn.softmax if form.activation == "softmax" else tf.nn.sigmoid
        outputs = activate(outputs).numpy()
    return outputs[:, 1:2] if form.second else outputs


def _are_probabilities(outputs: npt.NDArray[Any]) -> bool:
    return bool(outputs.min() >= -PROBABILITY_SLACK and outputs.max() <= 1.0 + PROBABILITY_SLACK)


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


MOST_KEPT = 2**30
"""Bytes of rows of views beside the first that are kept between trials (own choice): preparing them
anew takes less than an epoch on them."""


class Views:
    """The rows of each view, placed on the device when a trial asks for them, and kept.

    The first view's are mapped from files that all workers share. The others' are this process's
    own, and only so many are kept as fit into `MOST_KEPT`.

    Args:
        opened: Gives a view's arrays by its name.
    """

    def __init__(self, opened: Callable[[str], Arrays]) -> None:
        self._opened = opened
        self._placed: dict[str, DeviceData] = {}
        self._sizes: dict[str, int] = {}

    def __call__(self, view: str) -> DeviceData:
        """The rows of a view."""
        if view in self._placed:
            self._placed[view] = self._placed.pop(view)  # the one used last stands last
            return self._placed[view]
        for other in [name for name in self._placed if name.startswith(RESHUFFLE)]:
            del self._placed[other]  # of another trial, which is over
            self._sizes.pop(other, None)
        arrays = self._opened(view)
        size = sum(
            array.nbytes
            for rows in (arrays.train, arrays.validation)
            for array in rows.arrays().values()
            if not isinstance(array, np.memmap)
        )
        while self._sizes and size + sum(self._sizes.values()) > MOST_KEPT:
            oldest = next(name for name in self._placed if name in self._sizes)
            del self._sizes[oldest], self._placed[oldest]
        if size:
            self._sizes[view] = size
        self._placed[view] = DeviceData.from_arrays(arrays)
        return self._placed[view]
