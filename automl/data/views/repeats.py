"""Rows that repeat: found by what is learnt from, and kept on one side of a split.

A row that stands both among the training rows and among the test rows is answered from memory:
labels drawn at random then score far above chance. So rows that are equal in every column that is
learnt from go to one part together, and the parts are evened out with other rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.views.splits import IntArray, Split, SplitRule

# Own choice: what repeats in more rows than this share of the smallest part is for training.
LARGEST_SHARE = 0.5


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
