"""Rows that repeat: found by what is learnt from, and kept on one side of a split.

A row that stands both among the training rows and among the test rows is answered from memory:
labels drawn at random then score far above chance. So rows that are equal in every column that is
learnt from go to one part together, and the parts are evened out with other rows.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.columns.column import clean, is_text
from automl.data.columns.infer import infer_column
from automl.data.columns.schema import Column, ColumnKind
from automl.data.combine import Combined
from automl.data.kinds.table.fit import SAMPLE, names_the_rows
from automl.data.numbers import rows_of_a_chunk
from automl.data.views.splits import IntArray, Split, SplitRule

if TYPE_CHECKING:
    import pandas as pd

UIntArray = npt.NDArray[np.uint64]

# Own choices: a part of fewer different rows, or combinations of categories, measures which of
# them it got and not the model.
LEAST_DIFFERENT = 3
LEAST_COMBINATIONS = 10
# Own choice: what repeats in more rows than this share of the smallest part is for training.
LARGEST_SHARE = 0.5
# Own choices: which columns may be that in which alone rows differ (more than this share of their
# values do), how many are tried, and what share of the other rows a column tells apart.
LEAST_APART = 0.5
MOST_LEFT_OUT = 20
TELLING = 0.9
# Odd constants of the mixing function of splitmix64 (Steele, Lea, Flood 2014).
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Repeats:
    """Which rows are equal.

    Attributes:
        same: Number of the different row that each row is, int64 (n,), counted from 0: two rows
            have one number if they are equal.
        least: How many different rows a part must hold for equal rows to be kept together, or
            None where they should not be. Of numbers that is 3. Of categories alone it is 10, for
            there a model is meant to remember what each combination leads to; of one column of
            categories None, for a category that no training row has tells nothing.
        apart: The column in which alone many rows differ, such as the time at which each was
            noted, or ``""``.
        apart_rows: How many rows equal another in all columns but that one.
    """

    same: IntArray
    least: int | None
    apart: str = ""
    apart_rows: int = 0


def find_repeats(combined: Combined) -> Repeats:
    """Finds the rows that are equal in every column that is learnt from.

    Columns that would be left out because they name or count the rows are not looked at. Rows are
    compared by a 64-bit hash: that two different ones among a million get one number has a chance
    of 3e-8, and would only keep them together.

    Args:
        combined: All rows.
    """
    import pandas as pd

    least: int | None = LEAST_DIFFERENT
    if combined.x is not None:
        hashes = _array_hashes(combined.x)
        apart = ("", 0)
    else:
        kinds = _compared(combined)
        columns = _columns_hashes(combined.frame, kinds)
        hashes = _summed(columns.values())
        apart = _apart(columns, hashes)
        if set(kinds.values()) == {ColumnKind.CATEGORY}:
            least = None if len(kinds) == 1 else LEAST_COMBINATIONS
    return Repeats(pd.factorize(hashes)[0].astype(np.int64, copy=False), least, *apart)


def _compared(combined: Combined) -> dict[str, ColumnKind]:
    """The columns by which rows are compared, and what each seems to be."""
    kept, all_kinds = {}, {}
    for name in combined.frame.columns:
        column = combined.frame[name]
        if name in combined.categorical:
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
        name: _mixed(np.add(_column_hashes(table[name], kind), step, dtype=np.uint64))
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
    return _mixed(indices.astype(np.int64).view(np.uint64))


def _number_hashes(numbers: npt.NDArray[np.float64]) -> UIntArray:
    """Hashes of numbers as a model sees them: in single precision."""
    with np.errstate(over="ignore"):
        seen = numbers.astype(np.float32).astype(np.float64)
    # Adding 0 makes one of both zeros.
    return _mixed((seen + 0.0).view(np.uint64))


def _array_hashes(x: npt.NDArray[Any]) -> UIntArray:
    if x.dtype.hasobject:  # refused when the plan is fitted
        return np.arange(len(x), dtype=np.uint64)
    dtype = np.dtype(np.float32) if x.dtype == np.float64 else x.dtype  # as a model sees them
    size = int(np.prod(x.shape[1:], dtype=np.int64)) * dtype.itemsize
    words = -(-size // 8)
    # A factor a word, so that the order of the words counts.
    numbered: UIntArray = np.arange(1, words + 1, dtype=np.uint64)
    factors = _mixed(np.multiply(numbered, STEP)) | np.uint64(1)
    hashes = np.empty(len(x), np.uint64)
    step = rows_of_a_chunk(words)
    for start in range(0, len(x), step):
        with np.errstate(over="ignore"):
            part = np.ascontiguousarray(x[start : start + step], dtype)
        if part.dtype.kind == "f":
            part = part + part.dtype.type(0)  # makes one of both zeros
        block = np.zeros((len(part), 8 * words), np.uint8)
        block[:, :size] = part.view(np.uint8).reshape(len(part), size)
        hashes[start : start + step] = (_mixed(block.view(np.uint64)) * factors).sum(axis=1)
    return hashes


def _mixed(values: UIntArray) -> UIntArray:
    """Spreads every bit of 64 over all of them."""
    values = (values ^ (values >> np.uint64(30))) * MIX[0]
    values = (values ^ (values >> np.uint64(27))) * MIX[1]
    return values ^ (values >> np.uint64(31))


def count_repeats(same: IntArray) -> int:
    """How many rows have an equal one."""
    counts = np.bincount(same)
    return int(counts[counts > 1].sum())


def shared_rows(same: IntArray, rows: IntArray, others: IntArray) -> int:
    """How many of some rows equal one of the others."""
    if not len(rows) or not len(others):
        return 0
    known = np.zeros(int(same.max()) + 1, bool)
    known[same[others]] = True
    return int(known[same[rows]].sum())


def joined_groups(groups: npt.NDArray[Any], same: IntArray) -> IntArray:
    """Groups of rows, those that share an equal row taken for one.

    Args:
        groups: Group of each row, (n,).
        same: Numbers of the different rows, (n,).

    Returns:
        int64 (n,).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
    count = int(codes.max()) + 1
    edges = (np.ones(len(codes), np.int8), (codes, count + same))
    size = count + int(same.max()) + 1
    _, component = connected_components(coo_array(edges, shape=(size, size)), directed=False)
    joined: IntArray = component[codes].astype(np.int64)
    return joined


def keep_together(
    split: Split, same: IntArray, strata: npt.NDArray[Any], rule: SplitRule, least: int
) -> Split | None:
    """Mends a split that divides equal rows: each goes where the first of them went.

    Then whole sets of equal rows move to and fro until each part has about as many rows of each
    stratum as it had.

    Args:
        split: How rows were divided, each by itself.
        same: Numbers of the different rows, counted from 0, (n,).
        strata: Stratum of each row, (n,).
        rule: What the rows were divided by.
        least: How many different rows each part must hold, where it has so many rows.

    Returns:
        The split, the same where no equal rows are apart; or None where the rows are too few
        different ones to be kept together: a part would hold less than ``least``, or less than
        half of its rows, or a class would be missing.
    """
    order = np.concatenate([split.train, split.validation, split.test])
    part = np.repeat(np.arange(3), [len(split.train), len(split.validation), len(split.test)])
    part_of_row = np.empty(len(order), np.int64)
    part_of_row[order] = part
    first = np.unique(same, return_index=True)[1]
    if np.array_equal(part_of_row, part_of_row[first][same]):
        return split
    stratum_of_row = np.unique(strata, return_inverse=True)[1].reshape(-1)
    sizes = np.bincount(same)
    part_of_set = part_of_row[first]
    smallest = min(count for count in np.bincount(part_of_row) if count)
    part_of_set[sizes > max(1.0, LARGEST_SHARE * smallest)] = 0
    sets = _Sets(sizes, _usual_stratum(same, stratum_of_row), part_of_set)
    movable = sizes <= max(1.0, LARGEST_SHARE * smallest)
    _even_out(sets, movable, stratum_of_row, part_of_row, rule.seed)
    _serve_every_stratum(sets, sorted({0, *part_of_row.tolist()}))
    mended = sets.part[same]
    if not _is_fair(mended, part_of_row, sets, stratum_of_row, least):
        return None
    parts = [order[mended[order] == number] for number in range(3)]
    return Split(*parts)


class _Sets:
    """Sets of equal rows: how many rows each has, its usual stratum, and its part for now."""

    def __init__(self, sizes: IntArray, stratum: IntArray, part: IntArray) -> None:
        self.sizes = sizes
        self.stratum = stratum
        self.part = part


def _usual_stratum(same: IntArray, strata: IntArray) -> IntArray:
    """The stratum that most rows of each set have; of equally frequent ones the first."""
    width = int(strata.max()) + 1
    pairs, counts = np.unique(same * width + strata, return_counts=True)
    rarest_first = np.lexsort((-pairs, counts))
    usual = np.empty(int(same.max()) + 1, np.int64)
    usual[pairs[rarest_first] // width] = pairs[rarest_first] % width
    return usual


def _even_out(
    sets: _Sets,
    movable: npt.NDArray[np.bool_],
    stratum_of_row: IntArray,
    part_of_row: IntArray,
    seed: int,
) -> None:
    """Moves sets between training and the other parts until these have their rows again."""
    width = int(stratum_of_row.max()) + 1
    wanted = np.bincount(stratum_of_row * 3 + part_of_row, minlength=3 * width).reshape(-1, 3)
    had = np.bincount(
        sets.stratum * 3 + sets.part, weights=sets.sizes, minlength=3 * width
    ).reshape(-1, 3)
    shuffled = np.random.default_rng(seed).permutation(len(sets.sizes))
    shuffled = shuffled[movable[shuffled]]
    by_stratum = shuffled[np.argsort(sets.stratum[shuffled], kind="stable")]
    ends = np.searchsorted(sets.stratum[by_stratum], np.arange(width + 1))
    for stratum in range(width):
        members = by_stratum[ends[stratum] : ends[stratum + 1]]
        for part in (1, 2):
            lacking = wanted[stratum, part] - had[stratum, part]
            source, goal = (0, part) if lacking > 0 else (part, 0)
            there = members[sets.part[members] == source]
            moved = there[np.cumsum(sets.sizes[there]) - sets.sizes[there] / 2 < abs(lacking)]
            # What takes from training leaves it a half of its sets at least.
            sets.part[moved if source else moved[: len(there) // 2]] = goal


def _serve_every_stratum(sets: _Sets, parts: list[int]) -> None:
    """Gives training, then validation, a set of each stratum, where another part has one more."""
    width = int(sets.stratum.max()) + 1
    for part in parts[:2]:
        held = np.bincount(sets.stratum * 3 + sets.part, minlength=3 * width).reshape(-1, 3)
        for stratum in np.flatnonzero((held[:, part] == 0) & (held.sum(axis=1) > part)):
            source = int(np.argmax(held[stratum]))
            there = np.flatnonzero((sets.stratum == stratum) & (sets.part == source))
            sets.part[there[np.argmin(sets.sizes[there])]] = part


def _is_fair(
    mended: IntArray, part_of_row: IntArray, sets: _Sets, stratum_of_row: IntArray, least: int
) -> bool:
    """Whether the parts are large enough, and hold the strata that they should."""
    different = np.bincount(sets.part, minlength=3)
    rows, wanted = (np.bincount(parts, minlength=3) for parts in (mended, part_of_row))
    width = int(stratum_of_row.max()) + 1
    held = np.bincount(stratum_of_row * 3 + mended, minlength=3 * width).reshape(-1, 3) > 0
    enough = bool((different >= np.minimum(least, wanted)).all() and (rows >= wanted / 2).all())
    served = held[:, 0].all() and (wanted[1] == 0 or held[:, 1].sum() >= min(2, width))
    return bool(enough and served)
