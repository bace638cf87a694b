"""Images whose pixels are columns of a table, such as ``pixel0`` to ``pixel783``."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.dataset import Dataset
from automl.data.kinds.image.meaning import unified
from automl.data.kinds.image.rows import ImageRows
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.sources import Loaded
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Squares of fewer pixels are no images.
LEAST_SIDE = 4


def pixel_columns(table: pd.DataFrame) -> list[str]:
    """The columns that hold pixels, row by row of a square.

    They are called alike but for numbers, and are as many as a square has pixels.

    Args:
        table: The table.

    Returns:
        Their names in the order of the table; none where it holds no such square.
    """
    alike: dict[str, list[str]] = {}
    for name in table.columns:
        alike.setdefault(re.sub(r"\d+", "#", str(name)), []).append(str(name))
    most = max(alike.values(), key=len, default=[])
    side = math.isqrt(len(most))
    if side < LEAST_SIDE or side * side != len(most):
        return []
    return most if all(table[name].dtype.kind in "biuf" for name in most) else []


def combine_pixels(request: DataRequest, parts: Sequence[Any], source: Loaded, say: Say) -> Dataset:
    """Joins all images whose pixels stand in tables; see `Kind.combine`."""
    from automl.data.kinds import kind_named

    names = pixel_columns(parts[0])
    # Images may have more pixels than there are of them.
    table = kind_named("table").combine(replace(request, allow_wide=True), parts, source, say)
    side = math.isqrt(len(names))
    say(f"columns {names[0]!r} to {names[-1]!r} are the pixels of images of {side} x {side}")
    numbers = [None if rows is None else squares(rows, names) for rows in parts]
    pixels, shares = unified(numbers, say)
    x = np.concatenate(
        [
            one[table.row[table.part == number] - 1]
            for number, one in enumerate(pixels)
            if one is not None
        ]
    )
    return replace(table, rows=ImageRows(x, None, shares, request.image_fit, is_listed=True))


def squares(table: pd.DataFrame, names: Sequence[str]) -> npt.NDArray[Any]:
    """The pixels of a table's columns as images, (n, side, side, 1).

    Raises:
        DataError: The table lacks one of them.
    """
    lacking = [name for name in names if name not in table.columns]
    if lacking:
        raise DataError(f"The table has no column {lacking[0]!r} of pixels.")
    side = math.isqrt(len(names))
    return table[list(names)].to_numpy().reshape(len(table), side, side, 1)
