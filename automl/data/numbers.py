"""Single-precision arithmetic of the preprocessing plan: the cast and the standardization."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.errors import DataError

FloatArray = npt.NDArray[np.float32]

# Beyond this the square of a value or the inverse of a spread leaves float32's range (3.4e38).
LARGEST_VALUE = 1e18
# A spread below this share of the mean is lost in single precision (its epsilon is 1.2e-7).
LEAST_RELATIVE_STD = 1e-6
# Below this the inverse of a spread is too large for single precision.
LEAST_STD = 1e-18
# Numbers of a chunk of rows: 1 MiB of them.
CHUNK = 2**18


def to_float32(values: npt.NDArray[Any], what: str) -> FloatArray:
    """Casts numbers to float32, missing values (NaN) allowed.

    Args:
        values: Numbers of any shape; returned as they are where they are float32 already.
        what: What they are, for the message.

    Raises:
        DataError: A value is infinite or too large for single precision.
    """
    if _are_usual(values):
        return values.astype(np.float32, copy=False)
    if values.dtype.kind == "f" and np.isinf(values).any():
        raise DataError(
            f"{what} has infinite values: replace them by numbers, or leave them empty to count "
            "as missing."
        )
    with np.errstate(invalid="ignore", over="ignore"):  # float16 has no such limit: infinity
        too_large = bool((np.abs(values) > LARGEST_VALUE).any())
    if too_large:
        raise DataError(
            f"{what} has values beyond {LARGEST_VALUE:g}, too large for single precision: scale "
            "them down, or take their logarithm."
        )
    return values.astype(np.float32, copy=False)


def _are_usual(values: npt.NDArray[Any]) -> bool:
    """Whether all are there and of a usual size: two passes over them, and no copy."""
    if not values.size:
        return True
    with np.errstate(invalid="ignore"):
        # As Python's floats: float16 would take the limit itself for infinite.
        return float(values.min()) >= -LARGEST_VALUE and float(values.max()) <= LARGEST_VALUE


def chunks(rows: int, numbers: int) -> Iterator[slice]:
    """Rows that are worked on together, so that they stay in the cache and nothing large is copied.

    Args:
        rows: How many rows there are.
        numbers: How many numbers a row has.
    """
    step = max(1, CHUNK // max(numbers, 1))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def array_to_float32(array: npt.NDArray[Any]) -> FloatArray:
    """Casts array data to float32, missing values refused.

    Raises:
        DataError: The array does not hold numbers, or holds missing or infinite ones.
    """
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"Array x holds values of type {array.dtype}, not numbers: give text as a table (CSV, "
            "Parquet or a DataFrame)."
        )
    if array.dtype.kind in "iu" and array.dtype.itemsize <= 4:
        return array.astype(np.float32)
    if _are_usual(array):
        return array.astype(np.float32, copy=False)
    to_float32(array, "Array x")  # refuses infinite and too large ones; what is left is missing
    raise DataError(
        "Array x has missing values, which array data cannot have: fill them, or give a table "
        "(CSV, Parquet or a DataFrame)."
    )


def standardize(
    values: FloatArray, mean: float | Sequence[float], std: float | Sequence[float]
) -> FloatArray:
    """Computes ``(values - mean) * (1 / std)`` in float32.

    Args:
        values: float32 (n,) or (n, p).
        mean: What to subtract: one number, or p.
        std: What to divide by: one number, or p; positive.

    Returns:
        float32 of the same shape.
    """
    scale = np.float32(1.0) / np.asarray(std, np.float32)
    result: FloatArray = values - np.asarray(mean, np.float32)
    result *= scale
    return result


def check_scales(means: Sequence[float], deviations: Sequence[float]) -> None:
    """Checks numbers that rows are standardized by.

    Raises:
        ValueError: A mean is not finite, or a deviation is not above 0.
    """
    if not all(map(math.isfinite, (*means, *deviations))) or any(d <= 0 for d in deviations):
        raise ValueError("a mean is not finite, or a deviation is not above 0")
