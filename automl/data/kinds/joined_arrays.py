"""Arrays of all sources in one place: joined, targets as columns, bad rows out.

Several kinds of rows come as arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.common.option_values import flag_of
from automl.data.columns.column import clean_apart
from automl.data.dataset import Dataset, check_width, places, weights_in_memory
from automl.data.kinds.kind import RawRows
from automl.data.large_arrays import concatenated, taken
from automl.data.request import BY_ORDER, SHUFFLED, DataRequest
from automl.data.say import Say
from automl.data.sources import ArrayPair, checked_frame
from automl.data.sources.frames import valid_texts
from automl.data.targets.missing import PART_NAMES, with_target
from automl.data.targets.one_hot import is_one_hot
from automl.errors import DataError, RequestError
from automl.vocabulary.task_kinds import RECONSTRUCTION, TaskKind

if TYPE_CHECKING:
    import pandas as pd

# What a request says of columns by their names.
OF_COLUMNS = (
    "ignore", "names", "group", "fold_column", "weight", "categorical", "numeric", "date_format",
    "cycles",
)  # fmt: skip


def joined_arrays(
    request: DataRequest,
    parts: Sequence[ArrayPair | None],
    rows_of: Callable[[npt.NDArray[Any]], RawRows],
    say: Say,
    keep_words: bool = False,
) -> Dataset:
    """Joins all rows of a request; see `Kind.combine`.

    Args:
        request: The request.
        parts: The arrays, those for validation and those for test; None where there are none.
        rows_of: Makes rows of a kind of all of x.
        say: Called with what a person should be told.
        keep_words: Whether targets such as ``None`` are classes, and not missing values.

    Returns:
        The rows, without a fingerprint.
    """
    import pandas as pd

    _check_options(request)
    present = [(number, pair) for number, pair in enumerate(parts) if pair is not None]
    first = present[0][1]
    for number, pair in present[1:]:
        _check_shapes(first, pair, PART_NAMES[number])
    part, row = places([(number, len(pair.x)) for number, pair in present])
    x = concatenated([pair.x for _, pair in present])
    y = first.y if len(present) == 1 else np.concatenate([pair.y for _, pair in present])
    frame = _array_targets(y, request, say)
    targets = pd.DataFrame({name: clean_apart(frame[name], keep_words) for name in frame.columns})
    keep = with_target(targets, part, [[] for _ in present], say)
    if not keep.all():
        targets, part, row = targets[keep].reset_index(drop=True), part[keep], row[keep]
        x = taken(x, np.flatnonzero(keep))
    if len(x.shape) == 2:
        check_width(request, x.shape[1], int((part == 0).sum()))
    return Dataset(
        part=part,
        row=row,
        targets=targets,
        rows=rows_of(x),
        weight=weights_in_memory(request, present, keep),
    )


def _check_options(request: DataRequest) -> None:
    """Refuses what names columns.

    Raises:
        RequestError: An option does.
    """
    if request.split_by_time not in (None, BY_ORDER, SHUFFLED):
        raise RequestError(
            f"Option --split-by-time {request.split_by_time} names a column, but arrays have none: "
            "give order, for the order that the rows are in."
        )
    for option in OF_COLUMNS:
        given = getattr(request, option)
        if option == "weight" and not isinstance(given, str | int):
            continue
        if given is None or (isinstance(given, tuple | Mapping) and not given):
            continue
        raise RequestError(
            f"Option {flag_of(option)} names a column, but arrays have none: give a table."
        )


def _check_shapes(first: ArrayPair, pair: ArrayPair, name: str) -> None:
    """Checks that rows have the shapes of the first ones.

    Raises:
        DataError: They have others.
    """
    if (pair.x.shape[1:], pair.y.shape[1:]) != (first.x.shape[1:], first.y.shape[1:]):
        raise DataError(
            f"A row of the {name} has the shapes {pair.x.shape[1:]} and {pair.y.shape[1:]}, but "
            f"the first rows have {first.x.shape[1:]} and {first.y.shape[1:]}: give rows of one "
            "shape."
        )


def _array_targets(y: npt.NDArray[Any], request: DataRequest, say: Say) -> pd.DataFrame:
    """The targets as named columns; one-hot rows become class numbers."""
    import pandas as pd

    if y.dtype.kind not in "biufOUST":
        raise DataError(f"Array y holds values of type {y.dtype}: give numbers or class labels.")
    if y.dtype.kind in "OUT":
        y = valid_texts(y)
    is_block = y.ndim > 2
    if is_block and not request.reconstructs:
        say(
            f"a row of y has the shape {y.shape[1:]}: its numbers are learnt together, and a model "
            "of your own that answers in that shape is trained on it as it is"
        )
    if is_block:
        y = y.reshape(len(y), -1)
    width = 1 if y.ndim == 1 else y.shape[1]
    names = [str(t) for t in request.target]
    if names and len(names) != width:
        raise DataError(
            f"Got {len(names)} target names, but y has {width} columns: give one for each."
        )
    may_be_classes = not is_block and request.task not in (TaskKind.MULTILABEL, RECONSTRUCTION)
    if may_be_classes and not names and is_one_hot(y):
        say(f"y is one-hot: its {width} columns are taken as {width} classes, counted from 0")
        y, width = y.argmax(axis=1), 1
    called = "x" if request.reconstructs else "target"
    usual = [called] if width == 1 else [f"{called}_{i}" for i in range(width)]
    named = pd.Index(names or usual, dtype=object)
    return checked_frame(pd.DataFrame(y.reshape(len(y), width), columns=named), "y")
