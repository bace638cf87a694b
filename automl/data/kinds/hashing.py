"""Hashes of rows, by which equal ones are found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
