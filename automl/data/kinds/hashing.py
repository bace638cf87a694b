"""Hashes of rows, by which equal ones are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.numbers import chunks

UIntArray = npt.NDArray[np.uint64]

# Odd constants of the mixing function of splitmix64 (Steele, Lea, Flood 2014).
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
STEP = np.uint64(0x9E3779B97F4A7C15)


def mixed(values: UIntArray) -> UIntArray:
    """Spreads every bit of 64 over all of them."""
    values = (values ^ (values >> np.uint64(30))) * MIX[0]
    values = (values ^ (values >> np.uint64(27))) * MIX[1]
    return values ^ (values >> np.uint64(31))


def count_repeats(same: npt.NDArray[np.int64]) -> int:
    """How many rows have an equal one."""
    counts = np.bincount(same)
    return int(counts[counts > 1].sum())


def numbered(hashes: UIntArray) -> npt.NDArray[np.int64]:
    """Numbers of the different rows, counted from 0, int64 (n,)."""
    import pandas as pd

    return pd.factorize(hashes)[0].astype(np.int64, copy=False)


def block_hashes(x: npt.NDArray[Any]) -> UIntArray:
    """Hashes of rows of an array, the same where all numbers are equal in single precision.

    Args:
        x: The rows, (n, ...).
    """
    if x.dtype.hasobject:  # refused when the plan is fitted
        return np.arange(len(x), dtype=np.uint64)
    dtype = np.dtype(np.float32) if x.dtype == np.float64 else x.dtype  # as a model sees them
    size = int(np.prod(x.shape[1:], dtype=np.int64)) * dtype.itemsize
    words = -(-size // 8)
    # A factor a word, so that the order of the words counts.
    places: UIntArray = np.arange(1, words + 1, dtype=np.uint64)
    factors = mixed(np.multiply(places, STEP)) | np.uint64(1)
    hashes = np.empty(len(x), np.uint64)
    for rows in chunks(len(x), words):
        with np.errstate(over="ignore"):
            part = np.ascontiguousarray(x[rows], dtype)
        if part.dtype.kind == "f":
            part = part + part.dtype.type(0)  # makes one of both zeros
        block = np.zeros((len(part), 8 * words), np.uint8)
        block[:, :size] = part.view(np.uint8).reshape(len(part), size)
        hashes[rows] = (mixed(block.view(np.uint64)) * factors).sum(axis=1)
    return hashes
