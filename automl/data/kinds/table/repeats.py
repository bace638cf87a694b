"""Rows of a table that repeat: equal in every column that is learnt from."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.data.columns.column import clean, is_text
from automl.data.columns.infer import infer_column
from automl.data.columns.schema import Column, ColumnKind
from automl.data.kinds.hashing import STEP, UIntArray, count_repeats, mixed, numbered
from automl.data.kinds.kind import LEAST_DIFFERENT, Repeats
from automl.data.kinds.table.fit import SAMPLE, names_the_rows

if TYPE_CHECKING:
    import pandas as pd

# Own choice: so few combinations of categories in a part measure which of them it got.
LEAST_COMBINATIONS = 10
# Own choices: which columns may be that in which alone rows differ (more than this share of their
# values do), how many are tried, and what share of the other rows a column tells apart.
LEAST_APART = 0.5
MOST_LEFT_OUT = 20
TELLING = 0.9


def table_repeats(table: pd.DataFrame, categorical: Collection[str]) -> Repeats:
    """Finds the rows that are equal in every column that is learnt from.

    Columns that would be left out because they name or count the rows are not looked at. Of
    categories alone 10 different rows are the least of a part, for there a model is meant to
    remember what each combination leads to; of one column of categories equal rows are not kept
    together, for a category that no training row has tells nothing.

    Args:
        table: The feature columns, cleaned.
        categorical: Names of columns that were declared categorical.
    """
    kinds = _compared(table, categorical)
    columns = _columns_hashes(table, kinds)
    hashes = _summed(columns.values())
    least: int | None = LEAST_DIFFERENT
    if set(kinds.values()) == {ColumnKind.CATEGORY}:
        least = None if len(kinds) == 1 else LEAST_COMBINATIONS
    return Repeats(numbered(hashes), least, *_apart(columns, hashes))


def _compared(table: pd.DataFrame, categorical: Collection[str]) -> dict[str, ColumnKind]:
    """The columns by which rows are compared, and what each seems to be."""
    kept, all_kinds = {}, {}
    for name in table.columns:
        column = table[name]
        if name in categorical:
            kept[name] = ColumnKind.CATEGORY
            continue
        if _plain_numbers(column) is not None:
            found = Column(name, ColumnKind.NUMBER)
        else:
            found = infer_column(clean(column.dropna().head(SAMPLE)), lambda _: None)
        all_kinds[name] = found.kind
        if not names_the_rows(column, found):
            kept[name] = found.kind
    return kept or all_kinds


def _columns_hashes(table: pd.DataFrame, kinds: Mapping[str, ColumnKind]) -> dict[str, UIntArray]:
    """Hashes of the values of each column, in which equal values of two columns differ."""
    numbered: UIntArray = np.arange(1, len(kinds) + 1, dtype=np.uint64)
    return {
        name: mixed(np.add(_column_hashes(table[name], kind), step, dtype=np.uint64))
        for (name, kind), step in zip(kinds.items(), np.multiply(numbered, STEP), strict=True)
    }


def _summed(columns: Iterable[UIntArray]) -> UIntArray:
    """Hashes of whole rows."""
    return functools.reduce(lambda one, other: np.add(one, other, dtype=np.uint64), columns)


def _apart(columns: Mapping[str, UIntArray], hashes: UIntArray) -> tuple[str, int]:
    """The column in which alone rows differ, and how many rows do, or ``("", 0)``.

    Rows of a few categories are equal by chance. So two other columns must each tell nearly all
    of what is left apart, as two measurements do.
    """
    import pandas as pd

    if len(columns) < 3:
        return "", 0
    different = {name: len(pd.unique(values)) for name, values in columns.items()}
    likely = sorted(columns, key=lambda name: -different[name])[:MOST_LEFT_OUT]
    already = count_repeats(pd.factorize(hashes)[0])
    for name in likely:
        if different[name] <= LEAST_APART * len(hashes):
            break
        rest = pd.factorize(np.subtract(hashes, columns[name], dtype=np.uint64))[0]
        telling = TELLING * (int(rest.max(initial=0)) + 1)
        keys = sum(count >= telling for other, count in different.items() if other != name)
        count = count_repeats(rest)
        if keys >= 2 and count > already:
            return name, count
    return "", 0


def _plain_numbers(column: pd.Series) -> npt.NDArray[np.float64] | None:
    """A column's numbers, where all are plainly that: no codes such as 007, no commas.

    Inferring what a column is takes ten times as long, which tells with thousands of columns.
    """
    import pyarrow as pa
    import pyarrow.compute

    if column.dtype.kind in "iuf":
        return column.to_numpy(np.float64)
    if not is_text(column):
        return None
    texts = pa.array(column)
    try:
        read = pyarrow.compute.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        return None
    codes = pyarrow.compute.match_substring_regex(texts, r"^[+-]?0\d")
    if pyarrow.compute.any(codes).as_py():
        return None
    return np.asarray(read.to_numpy(zero_copy_only=False), np.float64)


def _column_hashes(column: pd.Series, kind: ColumnKind) -> UIntArray:
    """Hashes of the values of one column; numbers have one however they are written."""
    import pandas as pd
    import pyarrow as pa

    plain = _plain_numbers(column)
    if plain is not None:
        return _number_hashes(plain)
    if column.dtype == object and kind is ColumnKind.NUMBER:  # sources differ in their types
        read = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
        if not (np.isnan(read) & column.notna().to_numpy()).any():
            return _number_hashes(read)
    if not is_text(column):
        return np.asarray(pd.util.hash_pandas_object(column, index=False), np.uint64)
    codes = pa.array(column).dictionary_encode()
    codes = codes.combine_chunks() if isinstance(codes, pa.ChunkedArray) else codes
    indices = codes.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return mixed(indices.astype(np.int64).view(np.uint64))


def _number_hashes(numbers: npt.NDArray[np.float64]) -> UIntArray:
    """Hashes of numbers as a model sees them: in single precision."""
    with np.errstate(over="ignore"):
        seen = numbers.astype(np.float32).astype(np.float64)
    # Adding 0 makes one of both zeros.
    return mixed((seen + 0.0).view(np.uint64))
