"""Arrays too large to be held in memory several times: they lie in temporary files, mapped.

What is mapped from a file takes no memory that the system could not have back, so that reading,
dividing and writing images holds as little as training on them does.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.machine import total_memory
from automl.data.numbers import chunks
from automl.errors import DataError

# Own choices: what is below the first is faster in memory; above it, or this share of the memory,
# a file takes it.
LEAST_BYTES = 2**28
SHARE = 0.05


def is_large(size: float) -> bool:
    """Whether so many bytes are better mapped from a file."""
    return size > max(LEAST_BYTES, SHARE * (total_memory() or math.inf))


def roomy(shape: Sequence[int], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array to be filled, in memory or, where it is large, in a file that nobody else sees.

    Args:
        shape: Its shape.
        dtype: Type of its numbers.

    Raises:
        DataError: The disk has no room for it.
    """
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    if not is_large(size):
        return np.empty(tuple(shape), kind)
    with tempfile.TemporaryFile(prefix="automl-rows-") as file:  # mapped, it lives on
        try:
            if hasattr(
                os, "posix_fallocate"
            ):  # else a full disk ends the process when it is filled
                os.posix_fallocate(file.fileno(), 0, size)
            return np.memmap(file, kind, "w+", shape=tuple(shape))
        except OSError as error:
            raise DataError(
                f"The rows take {size / 2**30:.3g} GiB once more, for which "
                f"{tempfile.gettempdir()} has no room ({error.strerror}): give a smaller "
                "--image-size, or another folder for temporary files (TMPDIR)."
            ) from error


def taken(x: npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Some rows of an array; itself where they are all of them in order.

    Args:
        x: The array, (n, ...).
        rows: Their positions, int64 (m,).
    """
    size = math.prod(x.shape[1:])
    if not is_large(len(rows) * size * x.dtype.itemsize):
        return x[rows]
    if len(rows) == len(x) and bool((np.diff(rows) == 1).all()):
        return x
    found = roomy((len(rows), *x.shape[1:]), x.dtype)
    for part in chunks(len(rows), size):
        found[part] = x[rows[part]]
    return found


def concatenated(arrays: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """The rows of several arrays, one after another; itself where it is one.

    Args:
        arrays: Arrays whose rows have one shape.
    """
    if len(arrays) == 1:
        return arrays[0]
    rows, dtype = sum(map(len, arrays)), np.result_type(*arrays)
    if not is_large(rows * math.prod(arrays[0].shape[1:]) * dtype.itemsize):
        return np.concatenate(arrays)
    found = roomy((rows, *arrays[0].shape[1:]), dtype)
    start = 0
    for array in arrays:
        found[start : start + len(array)] = array
        start += len(array)
    return found
