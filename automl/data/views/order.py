"""Rows in the order of time: asked for, or seen because each row repeats most of the one before.

Windows that overlap, shuffled, put most of each test row among the training rows, and the scores
tell how well a model interpolates, not how well it foresees.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from automl.data.columns.column import numbers
from automl.data.combine import Combined
from automl.data.numbers import CHUNK
from automl.data.request import SHUFFLED, DataRequest
from automl.data.say import Say
from automl.data.views.divide import divide
from automl.data.views.splits import Split
from automl.data.views.strata import Strata

FloatMatrix = npt.NDArray[np.float64]

# Own choices: pairs of neighbouring rows that are looked at, and the fewest that tell something;
# the share of them that must overlap, and how much of a row at least.
PAIRS = 200
LEAST_PAIRS = 16
OVERLAPPING = 0.9
LEAST_OVERLAP = 0.25
# Numbers of a row that are compared with the next row, evenly spread over it, and how far the
# columns of a table that hold the same series may stand from each other.
COMPARED = 512
FARTHEST = 8
# Neighbours are nearly the same where so many numbers change by so little of what they change
# between rows far apart.
NEAR_SHARE = 0.8
NEAR_CHANGE = 0.05
LEAST_NUMBERS = 4


def put_in_order(combined: Combined, request: DataRequest, strata: Strata, say: Say) -> Combined:
    """Gives rows the time of their order, where that is asked for or overlapping rows need it.

    Args:
        combined: All rows.
        request: How they should be divided.
        strata: By what they are divided alike where they are not put in order.
        say: Called with what a person should be told.

    Returns:
        The rows, with their order as their time; or as they were.
    """
    if combined.time is not None or request.split_by_time == SHUFFLED:
        return combined
    ordered = replace(combined, time=np.arange(len(combined.part), dtype=np.float64), in_order=True)
    if request.split_by_time is not None:
        return ordered
    given = {int(part) for part in np.unique(combined.part)}
    if combined.group is not None or given == {0, 1, 2} or not _overlaps(combined, say):
        return combined
    split = divide(ordered, request, strata, lambda _: None)
    if _loses_a_class(split, strata):
        say(
            "each row repeats most of the one before it, as overlapping windows do, but in their "
            "order a class would be in no training row: the rows are shuffled, and the scores tell "
            "too much good of new ones (--group keeps rows together)"
        )
        return combined
    say(
        "each row repeats most of the one before it, as overlapping windows do: the last rows are "
        "test rows and those before them validation rows, not shuffled (--split-by-time none "
        "shuffles)"
    )
    return ordered


def _loses_a_class(split: Split, strata: Strata) -> bool:
    """Whether validation rows have a class that no training row has, or these have one alone.

    The test rows are not looked at: what they hold decides nothing.
    """
    if strata.task is None or not strata.task.classes:
        return False
    trained = np.unique(strata.codes[split.train])
    return len(trained) < 2 or not np.isin(strata.codes[split.validation], trained).all()


def _overlaps(combined: Combined, say: Say) -> bool:
    """Whether each row repeats most of the one before; says where it is only nearly equal."""
    main = np.flatnonzero(combined.part == 0)
    if len(main) <= LEAST_PAIRS:
        return False
    size = 1 if combined.x is None else max(1, math.prod(combined.x.shape[1:]))
    pairs = min(PAIRS, max(2 * LEAST_PAIRS, CHUNK // size))
    at = np.unique(np.linspace(0, len(main) - 2, pairs).astype(np.int64))
    first, second = _matrix(combined, main[at]), _matrix(combined, main[at + 1])
    if first is None or second is None or not first.shape[1]:
        return False
    shifted = _columns_shift if combined.x is None else _windows_shift
    if shifted(first, second, combined):
        return True
    if _nearly_same(first, second):
        say(
            "rows next to each other are nearly the same, as in a recording, and are shuffled: "
            "test rows stand close to training rows (--split-by-time order tests on the last rows)"
        )
    return False


def _matrix(combined: Combined, rows: npt.NDArray[np.int64]) -> FloatMatrix | None:
    """Numbers of some rows, float64 (m, p): all of an array, or a table's columns of numbers."""
    if combined.x is not None:
        part = combined.x[rows]
        if part.dtype.kind not in "biuf":
            return None
        flat = part.reshape(len(part), -1).astype(np.float64)
        return np.where(np.isfinite(flat), flat, np.nan)
    table = combined.frame.iloc[rows]
    columns = [numbers(table[name]) for name in table.columns]
    columns = [np.where(np.isfinite(column), column, np.nan) for column in columns]
    found = [column for column in columns if np.isfinite(column).mean() > OVERLAPPING]
    return np.stack(found, axis=1) if found else np.zeros((len(rows), 0))


def _windows_shift(first: FloatMatrix, second: FloatMatrix, combined: Combined) -> bool:
    """Whether each block goes on where the one before it began, some steps later."""
    assert combined.x is not None
    steps = combined.x.shape[1]
    a, b = (m.reshape(len(m), steps, -1) for m in (first, second))
    for newest_last in (True, False):
        earlier, later = (a, b) if newest_last else (b, a)
        for shift in range(1, int(steps * (1 - LEAST_OVERLAP)) + 1):
            # A few numbers of a few pairs tell which shifts need a closer look.
            if _share(earlier[:8, shift:, :8], later[:8, :-shift, :8]) < 0.5:
                continue
            if _share(earlier[:, shift:], later[:, :-shift]) >= OVERLAPPING:
                return True
    return False


def _share(a: FloatMatrix, b: FloatMatrix) -> float:
    """In which share of the pairs both are the same, of those whose numbers differ at all."""
    flat = a.reshape(len(a), -1)
    varied = flat.min(axis=1) < flat.max(axis=1) if flat.shape[1] > 1 else np.zeros(len(a), bool)
    if varied.sum() < min(LEAST_PAIRS, len(a)) / 2:
        return 0.0
    same = np.isclose(a[varied], b[varied], rtol=1e-5, atol=0.0).reshape(int(varied.sum()), -1)
    return float(same.all(axis=1).mean())


def _columns_shift(first: FloatMatrix, second: FloatMatrix, combined: Combined) -> bool:
    """Whether most columns hold what their neighbour, so many columns away, held a row before."""
    varied = first.std(axis=0) > 0
    for shift in range(1, min(FARTHEST, first.shape[1] - 1) + 1):
        for a, b, kept in (
            (first[:, :-shift], second[:, shift:], varied[:-shift]),
            (first[:, shift:], second[:, :-shift], varied[shift:]),
        ):
            same = np.isclose(a, b, rtol=1e-5, atol=0.0).mean(axis=0) >= OVERLAPPING
            if (same & kept).sum() >= max(2, varied.sum() / 2):
                return True
    return False


def _nearly_same(first: FloatMatrix, second: FloatMatrix) -> bool:
    """Whether most numbers hardly change from one row to the next."""
    if len(first) < LEAST_PAIRS:
        return False
    step = max(1, first.shape[1] // COMPARED)
    first, second = first[:, ::step], second[:, ::step]
    apart = np.abs(first - np.roll(first, len(first) // 2, axis=0))
    beside = np.abs(first - second)
    known = np.isfinite(apart).any(axis=0) & np.isfinite(beside).any(axis=0)
    far, near = np.nanmean(apart[:, known], axis=0), np.nanmean(beside[:, known], axis=0)
    changing = far > 0
    if changing.sum() < LEAST_NUMBERS:
        return False
    return bool((near[changing] < NEAR_CHANGE * far[changing]).mean() >= NEAR_SHARE)
