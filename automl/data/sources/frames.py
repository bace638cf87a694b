"""Rows in memory, tables and arrays, checked and fingerprinted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.common.texts import valid_text
from automl.data.sources.image_formats import STARTS
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
        DataError: The arrays have no rows, or not equally many, or there are several of one kind.
    """
    _check_one_each(x, y)
    x, y = _unmasked(x, "x"), _unmasked(y, "y")
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


def _check_one_each(x: Any, y: Any) -> None:
    """Checks that x and y are an array each, and not several, as Keras's own `fit` takes them.

    Raises:
        DataError: One of them holds several arrays.
    """
    if _are_several(x, y):
        raise DataError(
            f"x holds {len(x)} arrays: give those of a model with several inputs as a dictionary, "
            "an array under the name of each input."
        )
    if isinstance(y, Mapping) or _are_several(y, x):
        raise DataError(
            f"y holds {len(y)} arrays: give one, (n,) or (n, k), whose columns are the targets, of "
            "several outputs too, or a data frame with their names."
        )


def _are_several(values: Any, others: Any) -> bool:
    """Whether a list is one of arrays with a row for each of the others, and not one of rows."""
    if not isinstance(values, list | tuple) or not hasattr(others, "__len__"):
        return False
    shape = getattr(others, "shape", None)  # there may be no other length of an array
    rows = len(others) if shape is None else (*shape, 0)[0]
    return len(values) != rows and all(
        getattr(value, "ndim", 0) and value.shape[0] == rows for value in values
    )


def table_of_pair(x: Any, y: Any) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """A table of the features, by name, and a target, as scikit-learn and Keras take them.

    Args:
        x: A `pandas.DataFrame`, or arrays by name: (n,) is a column of that name, (n, k) the
            columns ``name_0``, ``name_1``, ..., which an input of that name gets.
        y: (n,) or (n, k); a series or a frame keeps its names, others are called ``target``.

    Returns:
        The table, and the names of its target columns.

    Raises:
        DataError: They have not equally many rows, a name is there twice, or an array by name is
            no table of numbers.
    """
    import pandas as pd

    frame = _columns(x) if isinstance(x, Mapping) else x.reset_index(drop=True)
    if not isinstance(y, pd.DataFrame):
        _check_one_each(frame, y)
    targets = _targets(y)
    if len(frame) != len(targets):
        raise DataError(
            f"x has {len(frame)} rows and y has {len(targets)}: give a target for each row of x."
        )
    table = checked_frame(pd.concat([frame, targets], axis=1), "x and y")
    return table, tuple(str(name) for name in targets.columns)


def _targets(y: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(y, pd.DataFrame):
        return y.reset_index(drop=True)
    if isinstance(y, pd.Series):
        return y.reset_index(drop=True).to_frame("target" if y.name is None else y.name)
    array = _unmasked(y, "y")
    array = array.reshape(-1, 1) if array.ndim == 1 else array
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(f"y has the shape {array.shape}: give (n,) or (n, k), a row for each.")
    many = array.shape[1] > 1
    names = [f"target_{i}" if many else "target" for i in range(array.shape[1])]
    return pd.DataFrame(array, columns=pd.Index(names))


def _columns(arrays: Mapping[Any, Any]) -> pd.DataFrame:
    import pandas as pd

    columns: list[tuple[str, npt.NDArray[Any]]] = []
    for name, values in arrays.items():
        array = _unmasked(values, f"the array {str(name)!r} of x")
        if array.ndim not in (1, 2):
            raise DataError(
                f"The array {str(name)!r} of x has the shape {array.shape}: give each array by "
                "name as (n,) or (n, k)."
            )
        if array.ndim == 1 or array.shape[1] == 1:
            columns.append((str(name), array.reshape(-1)))
        else:
            columns += [(f"{name}_{i}", array[:, i]) for i in range(array.shape[1])]
    named = dict(columns)
    if len(named) < len(columns):
        name = Counter(name for name, _ in columns).most_common(1)[0][0]
        raise DataError(
            f"Two columns of x are named {name!r}, for the columns of an array 'a' are named a_0, "
            "a_1, ...: give the arrays other names."
        )
    sizes = {len(column) for column in named.values()}
    if len(sizes) > 1:
        raise DataError(
            f"The arrays of x have {' and '.join(map(str, sorted(sizes)))} rows: give each a row "
            "for each example."
        )
    return pd.DataFrame(named)


def _unmasked(values: Any, what: str) -> npt.NDArray[Any]:
    """An array of what was given, in which masked values are missing and bytes are texts.

    Raises:
        DataError: No array of numbers or texts can be made of it, as of rows of several lengths.
    """
    if hasattr(values, "toarray"):
        raise DataError(f"A sparse matrix was given for {what}: give its toarray().")
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:  # the last is what tensors may raise
        raise DataError(
            f"No array can be made of what was given for {what} ({error}): give rows of one length."
        ) from error
    if array.dtype.kind in "cV":
        raise DataError(
            f"The values that were given for {what} are of the type {array.dtype}: give numbers or "
            "texts."
        )
    array = _decoded(array)
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    if mask is None or not mask.any():
        return array
    array = array.astype(np.float64 if array.dtype.kind in "biuf" else object)
    array[mask] = np.nan if array.dtype.kind == "f" else None
    return array


def _decoded(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Texts in place of bytes, as labels are stored that HDF5 or TensorFlow has written.

    Whole files of images stay as they are.
    """
    if array.dtype.kind == "S" and any(map(_is_image, array.flat)):
        return array.astype(object)
    if array.dtype.kind == "S":
        flat = [value.decode("utf-8", "replace") for value in array.reshape(-1).tolist()]
        return np.array(flat).reshape(array.shape)
    if array.dtype == object and any(isinstance(value, bytes) for value in array.flat):
        if any(map(_is_image, array.flat)):
            return array
        decoded = array.copy()
        for place, value in enumerate(array.flat):
            if isinstance(value, bytes):
                decoded.flat[place] = value.decode("utf-8", "replace")
        return decoded
    return array


def _is_image(value: Any) -> bool:
    """Whether bytes are the file of an image, and not a text that begins as one does."""
    is_encoded = isinstance(value, bytes) and value.startswith(STARTS)
    return is_encoded and "\ufffd" in value.decode("utf-8", "replace")


def checked_frame(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """A table with distinct column names of type `str` and rows counted from 0.

    Raises:
        DataError: Two columns have one name, a column holds objects, or there are no rows.
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
    odd = [name for name in names if name != valid_text(name)]
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
            values = column.to_numpy()
            valid = valid_texts(_with_tuples(values, name, what))
            if valid is not values:
                frame[name] = pd.Series(valid, frame.index, dtype=object)
    return frame


def _with_tuples(values: npt.NDArray[Any], name: str, what: str) -> npt.NDArray[Any]:
    """The values of a column, lists as tuples; what they may be for is seen by who reads them.

    Raises:
        DataError: One is neither a list nor a single value.
    """
    import pandas as pd

    nested = [(at, v) for at, v in enumerate(values) if not pd.api.types.is_scalar(v)]
    if not nested:
        return values
    plain = values.copy()
    for at, value in nested:
        if isinstance(value, set | frozenset):
            plain[at] = tuple(sorted(value, key=str))
        elif isinstance(value, list | tuple) or getattr(value, "ndim", 0) == 1:
            plain[at] = tuple(value.tolist() if hasattr(value, "tolist") else value)
        else:
            raise DataError(
                f"Column {name!r} of {what} holds a {type(value).__name__} in row {at + 1:,}: give "
                "one number or text in each."
            )
    return plain


def valid_texts(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values whose texts can be written to a file: of half a surrogate pair a mark is left.

    Args:
        values: An array of texts or of objects, of any shape.

    Returns:
        The same array, or one of objects where a text was none.
    """
    flat = values.reshape(-1)
    odd = {
        place: valid_text(value)
        for place, value in enumerate(flat)
        if isinstance(value, str) and value != valid_text(value)
    }
    if not odd:
        return values
    valid = flat.astype(object)
    for place, text in odd.items():
        valid[place] = text
    return valid.reshape(values.shape)


def frame_digest(frame: pd.DataFrame) -> bytes:
    """SHA-256 of a table's names, types and values."""
    import pandas as pd

    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        if column.dtype == object:
            try:
                column = column.astype("string")
            except UnicodeDecodeError:  # files of images among the values
                column = column.map(lambda one: one.hex() if isinstance(one, bytes) else one)
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
