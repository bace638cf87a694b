"""A data set: all rows of a request, of one kind, with what else is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.kinds.kind import RawRows
from automl.data.request import DataRequest
from automl.data.weights import are_weights, given_weights
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """A data set: the rows of all sources that a request names.

    Attributes:
        part: Of each row, 0 if it is to be split, 1 if it was given for validation, 2 for test.
        row: Of each row, its number in its source, counted from 1 without the header; int64 (n,).
        targets: The target columns, cleaned, without missing values; ``object`` where parts, or
            rows, hold values of different kinds.
        rows: What is learnt from.
        declared: Names of targets that are classes by the person's word.
        weight: Weight of each row, float64 (n,), or None.
        weight_name: The column that the weights come from, or None.
        group: Group of each row, (n,), or None.
        fold: Fold of each row as a column has it, texts (n,), "" of rows given for a part; or None.
        time: Time of each row, float64 (n,), or None.
        dated: Whether that is a date, in days since 1970.
        in_order: Whether that is only the order that the rows are in.
        fingerprint: SHA-256 of the sources' content, in hexadecimal.
    """

    part: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    targets: pd.DataFrame
    rows: RawRows
    declared: tuple[str, ...] = ()
    weight: npt.NDArray[np.float64] | None = None
    weight_name: str | None = None
    group: npt.NDArray[Any] | None = None
    time: npt.NDArray[np.float64] | None = None
    fingerprint: str = ""
    in_order: bool = False
    fold: npt.NDArray[Any] | None = None
    dated: bool = False


def places(present: Sequence[tuple[int, int]]) -> tuple[npt.NDArray[np.int64], ...]:
    """The part and the number of each row; see `Dataset`.

    Args:
        present: The parts that there are, and how many rows each has.
    """
    part = np.concatenate([np.full(rows, number) for number, rows in present])
    return part, np.concatenate([np.arange(1, rows + 1) for _, rows in present])


def check_width(request: DataRequest, columns: int, rows: int, mend: str = "") -> None:
    """Checks that a table of rows to learn from is higher than wide.

    Args:
        request: The request.
        columns: How many columns there are.
        rows: How many rows.
        mend: What else can be done than to give more rows.

    Raises:
        DataError: It is not, and nobody insists.
    """
    if columns > rows and not request.allow_wide:
        raise DataError(
            f"There are more columns ({columns:,}) than rows ({rows:,}), which hardly ever learns "
            f"anything: give more rows, {mend}or insist with --allow-wide."
        )


def weights_in_memory(
    request: DataRequest, present: list[tuple[int, Any]], keep: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64] | None:
    """Weights that were given in memory, of the rows that are kept; None without any."""
    given = request.weight
    if not are_weights(given) and not isinstance(given, Mapping):
        return None
    rows = len(keep) if len(present) == 1 else 0
    return given_weights(given, rows, len(present) > 1)[keep]
