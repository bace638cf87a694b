"""Fitting the plan of array data, from training rows only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.clipping import Clip
from automl.data.kinds.array.plan import ArrayFeature
from automl.data.numbers import LEAST_RELATIVE_STD, LEAST_STD, array_to_float32, chunks
from automl.data.say import Say
from automl.errors import DataError


def fit_array(
    x: npt.NDArray[Any], rows: npt.NDArray[np.int64], say: Say, clip: Clip | None = None
) -> ArrayFeature:
    """Fits the one feature of array data.

    Vectors are standardized column by column; blocks of a higher rank (images, sequences) by
    one mean and standard deviation, which keeps their inner proportions.

    Args:
        x: All rows, (n, *shape).
        rows: Which of them are the training rows, (m,).
        say: Called with what a person should be told.
        clip: How far standardized numbers of vectors may lie from their mean; None for no limit.

    Raises:
        DataError: The values are not numbers, are missing or infinite, or are all the same.
    """
    shape = tuple(int(size) for size in x.shape[1:])
    if 0 in shape:
        raise DataError(f"A row of x has the shape {shape}, which holds no numbers.")
    axis = 0 if len(shape) == 1 else None
    mean = _chunked_mean(x, rows, None, axis)
    std = np.sqrt(_chunked_mean(x, rows, mean, axis))
    constant = std <= np.maximum(LEAST_RELATIVE_STD * np.abs(mean), LEAST_STD)
    if constant.all():
        raise DataError("All rows of x are the same: there is nothing to learn from.")
    if constant.any():
        say(f"{int(constant.sum()):,} of {shape[0]:,} columns of x are constant")
    std = np.where(constant, 1.0, std)
    return ArrayFeature(
        shape,
        tuple(np.atleast_1d(mean).tolist()),
        tuple(np.atleast_1d(std).tolist()),
        # Blocks have one deviation for all their numbers: none can lie far out for being rare.
        clip if clip is not None and len(shape) == 1 else Clip(),
    )


def _chunked_mean(
    x: npt.NDArray[Any],
    rows: npt.NDArray[np.int64],
    center: npt.NDArray[np.float64] | None,
    axis: int | None,
) -> npt.NDArray[np.float64]:
    """Mean of rows, or of their squared distance from a center, in float64; no copy of all."""
    size = math.prod(x.shape[1:])
    total: npt.NDArray[np.float64] = np.zeros(size if axis == 0 else (), np.float64)
    for places in chunks(len(rows), size):
        part = x[rows[places]]
        chunk = array_to_float32(part.reshape(len(part), size)).astype(np.float64)
        if center is not None:
            chunk -= center
            chunk *= chunk
        total = total + chunk.sum(axis=axis)
    return total / (len(rows) if axis == 0 else len(rows) * size)
