"""Rows divided at random into parts of equal size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def random_parts(rows: int, parts: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """Positions of the rows of each part, in their order; fewer parts where there are fewer rows.

    Args:
        rows: How many there are.
        parts: Into how many they are divided.
        seed: Of the division.
    """
    order = np.random.default_rng(seed).permutation(rows)
    return [np.sort(part) for part in np.array_split(order, parts) if len(part)]
