"""Columns whose numbers are known in nearly all of the rows that are compared."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Own choice: of a column that lacks more, too few pairs of rows can be compared.
KNOWN_SHARE = 0.9


def mostly_known(
    first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Two matrices without the columns in which either of them lacks many numbers.

    Args:
        first: Rows, (n, p), NaN for what is no number.
        second: The rows beside them, (n, p).
    """
    known = np.ones(first.shape[1], np.bool_)
    for matrix in (first, second):
        known &= np.isfinite(matrix).mean(axis=0) > KNOWN_SHARE
    return (first, second) if known.all() else (first[:, known], second[:, known])
