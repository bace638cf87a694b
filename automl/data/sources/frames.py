"""Rows in memory, tables and arrays, checked and fingerprinted."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ArrayPair:
    """Array data: x (n, ...) and y (n,) or (n, k)."""

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]


def checked_pair(x: Any, y: Any) -> ArrayPair:
    """A pair of arrays whose rows fit together.

    Raises:
        DataError: The arrays have no rows, or not equally many.
    """
    try:
        x, y = _unmasked(x), _unmasked(y)
    except ValueError as error:
        raise DataError(
            f"Arrays x and y cannot be made of what was given ({error}): give rows of one length."
        ) from error
    if x.ndim == 0 or y.ndim == 0 or len(x) == 0:
        raise DataError(
            "Arrays x and y must be arrays with a row for each example, but one has no rows."
        )
    if y.ndim > 1 and 0 in y.shape:
        raise DataError("Array y has no columns: give a target for each row of x.")
    if len(x) != len(y):
        raise DataError(
            f"Array x has {len(x)} rows and y has {len(y)}: give a target for each row of x."
        )
    if x.ndim == 1:
        x = x.reshape(-1, 1)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.reshape(-1)
    return ArrayPair(x, y)


def _unmasked(values: Any) -> npt.NDArray[Any]:
    """An array of what was given, in which masked values are missing."""
    array = np.asarray(values)
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    if mask is None or not mask.any():
        return array
    array = array.astype(np.float64 if array.dtype.kind in "biuf" else object)
    array[mask] = np.nan if array.dtype.kind == "f" else None
    return array


def checked_frame(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """A table with distinct column names of type `str` and rows counted from 0.

    Raises:
        DataError: Two columns have one name, a column holds lists, or there are no rows.
    """
    import pandas as pd

    frame = frame.reset_index(drop=True)
    names = [str(name) for name in frame.columns]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"Two columns of {what} are named {twice[0]!r}: give every column a name of its own "
            "(--names names the columns of a file without a header)."
        )
    odd = [name for name in names if name != name.encode("utf-8", "replace").decode()]
    if odd:
        raise DataError(
            f"The name {odd[0]!r} of a column of {what} is no valid text (half of a surrogate "
            "pair): rename the column."
        )
    if len(frame) == 0 or not names:
        raise DataError(f"There are no rows in {what}: give a table with rows.")
    frame.columns = pd.Index(names, dtype=object)
    for name in names:
        column = frame[name]
        if column.dtype == object:
            nested = [v for v in column.head(1000) if not pd.api.types.is_scalar(v)]
            if nested:
                raise DataError(
                    f"Column {name!r} of {what} holds a {type(nested[0]).__name__} in a row: give "
                    "one number or text in each."
                )
    return frame


def frame_digest(frame: pd.DataFrame) -> bytes:
    """SHA-256 of a table's names, types and values."""
    import pandas as pd

    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        if column.dtype == object:
            column = column.astype("string")
        digest.update(f"{name}\0{frame[name].dtype}\0".encode("utf-8", "replace"))
        hashes = pd.util.hash_pandas_object(column, index=False)
        digest.update(hashes.to_numpy().tobytes())
    return digest.digest()


def pair_digest(pair: ArrayPair) -> bytes:
    """SHA-256 of both arrays with their types and shapes."""
    digest = hashlib.sha256()
    for array in (pair.x, pair.y):
        digest.update(f"{array.dtype}{array.shape}".encode())
        if array.dtype == object:
            array = array.astype(str)
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.digest()
