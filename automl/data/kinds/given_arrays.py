"""Arrays for a trained model, with or without targets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.sources import ArrayPair, checked_pair, is_bundled, load, open_source
from automl.errors import DataError


def given_arrays(source: Any, refusal: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    """Reads an array, and y if it is there.

    Args:
        source: An array, a pair of them, or a file.
        refusal: What to say where it holds no arrays.

    Raises:
        DataError: It cannot be read, or holds no arrays.
    """
    if isinstance(source, np.ndarray):
        return source, None
    if isinstance(source, str | Path) and not is_bundled(source):
        content, found = open_source(source)
        if found.arrays is None:
            raise DataError(refusal)
        return _array_of(found.arrays(content), content.path)
    loaded = load(source)
    if not isinstance(loaded.main, ArrayPair):
        raise DataError(refusal)
    return loaded.main.x, loaded.main.y


def _array_of(
    arrays: Mapping[str, npt.NDArray[Any]], path: Path
) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    for key in ("x", "x_test", "x_train"):
        if key in arrays:
            y = arrays.get("y" + key[1:])
            if y is None:
                return arrays[key], None
            pair = checked_pair(arrays[key], y)
            return pair.x, pair.y
    raise DataError(f"The file {str(path)!r} holds no array x: save the rows under that name.")
