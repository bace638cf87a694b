"""How blocks of numbers become a core model's inputs: flattened, standardized, clipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from automl.data.clipping import Clip
from automl.data.columns.unread import Tell
from automl.data.kinds.block import BlockPlan
from automl.data.kinds.kind import FloatArray, InputPlan, Inputs
from automl.data.kinds.signature import NUMERIC, InputSignature
from automl.data.numbers import array_to_float32, check_scales, chunks, standardize
from automl.errors import DataError


@dataclass(frozen=True)
class ArrayFeature:
    """Array data: one block of numbers a row, flattened for the core model.

    Attributes:
        shape: Shape of one row.
        mean: What is subtracted: one number for all, or one for each of the flattened numbers.
        std: What is divided by, likewise; positive.
        clip: How far a standardized value may lie from the mean.
    """

    shape: tuple[int, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    clip: Clip = field(default_factory=Clip)

    def __post_init__(self) -> None:
        """Checks what is computed with, for a plan may be read from anybody's file.

        Raises:
            ValueError: It cannot be computed with.
        """
        if not self.shape or any(size < 1 for size in self.shape):
            raise ValueError(f"shape is {self.shape}, no shape of a row")
        if len(self.mean) != len(self.std) or len(self.mean) not in (1, self.size):
            raise ValueError("mean and std do not fit the shape")
        check_scales(self.mean, self.std)

    @property
    def size(self) -> int:
        """How many numbers one row has."""
        return int(np.prod(self.shape, dtype=np.int64))

    def shaped(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The rows as (n, *shape), in their own dtype.

        Raises:
            DataError: The shape is another.
        """
        array = np.asarray(array)
        if array.ndim == 1 and self.shape == (1,):
            array = array.reshape(-1, 1)
        if array.ndim == 0 or array.shape[1:] != self.shape:
            raise DataError(
                f"A row of x has the shape {tuple(array.shape[1:])}, but the training rows have "
                f"{self.shape}: give rows of that shape."
            )
        return array

    def raw(self, array: npt.NDArray[Any]) -> FloatArray:
        """The rows as float32 (n, *shape).

        Raises:
            DataError: The shape is another, or a value is missing, infinite or not a number.
        """
        return array_to_float32(self.shaped(array))

    def apply(self, raw: FloatArray) -> FloatArray:
        """Flattens, standardizes and clips rows: float32 (n, size)."""
        flat = raw.reshape(len(raw), self.size)
        return self.clip.apply(standardize(flat, self.mean, self.std))

    def apply_at(self, array: npt.NDArray[Any], positions: npt.NDArray[np.int64]) -> FloatArray:
        """The same of some rows of an array, of which nothing else is copied.

        Args:
            array: The rows, (n, *shape).
            positions: Which of them, (m,).

        Returns:
            float32 (m, size).

        Raises:
            DataError: As `raw` does.
        """
        result = np.empty((len(positions), self.size), np.float32)
        for part in chunks(len(positions), self.size):
            result[part] = self.apply(self.raw(array[positions[part]]))
        return result


@dataclass(frozen=True)
class ArrayPlan(BlockPlan):
    """The plan of array data.

    Attributes:
        block: What a row is.
    """

    kind: ClassVar[str] = "array"
    block: ArrayFeature

    @property
    def signature(self) -> InputSignature:
        """What the core model takes."""
        block = self.block
        return InputSignature(block.size, mean=block.mean, std=block.std, shape=block.shape)

    def unscaled(self) -> ArrayPlan:
        """The plan that leaves numbers as they are."""
        return ArrayPlan(replace(self.block, mean=(0.0,), std=(1.0,), clip=Clip()))

    def apply(self, data: Any, tell: Tell | None = None) -> Inputs:
        """Turns an array (n, *shape) into float32 (n, p)."""
        rows = self.block.shaped(np.asarray(data))
        return self.apply_at(rows, np.arange(len(rows)))

    def apply_at(self, array: npt.NDArray[Any], positions: npt.NDArray[np.int64]) -> Inputs:
        """The same for some rows, of which nothing else is copied."""
        return {NUMERIC: self.block.apply_at(array, positions)}

    def joined(self, other: InputPlan) -> InputPlan | None:
        """Itself, for rows of the same shape."""
        assert isinstance(other, ArrayPlan)
        return self if other.block.shape == self.block.shape else None

    def exported(
        self, rows: Any, inputs: Mapping[str, str], tell: Tell | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        """The rows as float32 (n, *shape), under ``""``."""
        return {"": self.block.raw(np.asarray(rows))}
