"""Rows in the order of time: asked for, or seen because each row repeats most of the one before.

Windows that overlap, shuffled, put most of each test row among the training rows, and the scores
tell how well a model interpolates, not how well it foresees.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from automl.data.dataset import Dataset
from automl.data.kinds.kind import LEAST_PAIRS, FloatMatrix
from automl.data.kinds.known_columns import mostly_known
from automl.data.numbers import CHUNK
from automl.data.request import SHUFFLED, DataRequest
from automl.data.say import Say
from automl.data.views.divide import divide
from automl.data.views.splits import Split
from automl.data.views.strata import Strata

# Own choice: pairs of neighbouring rows that are looked at.
PAIRS = 200
# Numbers of a row that are compared with the next row, evenly spread over it.
COMPARED = 512
# Neighbours are nearly the same where so many numbers change by so little of what they change
# between rows far apart.
NEAR_SHARE = 0.8
NEAR_CHANGE = 0.05
LEAST_NUMBERS = 4


def put_in_order(dataset: Dataset, request: DataRequest, strata: Strata, say: Say) -> Dataset:
    """Gives rows the time of their order, where that is asked for or overlapping rows need it.

    Args:
        dataset: All rows.
        request: How they should be divided.
        strata: By what they are divided alike where they are not put in order.
        say: Called with what a person should be told.

    Returns:
        The rows, with their order as their time; or as they were.
    """
    if dataset.time is not None or request.split_by_time == SHUFFLED:
        return dataset
    ordered = replace(dataset, time=np.arange(len(dataset.part), dtype=np.float64), in_order=True)
    if request.split_by_time is not None:
        return ordered
    given = {int(part) for part in np.unique(dataset.part)}
    if dataset.group is not None or given == {0, 1, 2} or not _overlaps(dataset, say):
        return dataset
    split = divide(ordered, request, strata, lambda _: None)
    if _loses_a_class(split, strata):
        say(
            "each row repeats most of the one before it, as overlapping windows do, but in their "
            "order a class would be in no training row: the rows are shuffled, and the scores tell "
            "too much good of new ones (--group keeps rows together)"
        )
        return dataset
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


def _overlaps(dataset: Dataset, say: Say) -> bool:
    """Whether each row repeats most of the one before; says where it is only nearly equal."""
    main = np.flatnonzero(dataset.part == 0)
    if len(main) <= LEAST_PAIRS:
        return False
    pairs = min(PAIRS, max(2 * LEAST_PAIRS, CHUNK // dataset.rows.size))
    at = np.unique(np.linspace(0, len(main) - 2, pairs).astype(np.int64))
    first, second = dataset.rows.numbers(main[at]), dataset.rows.numbers(main[at + 1])
    if first is None or second is None or not first.shape[1]:
        return False
    if dataset.rows.shifts(first, second):
        return True
    if _nearly_same(first, second):
        say(
            "rows next to each other are nearly the same, as in a recording, and are shuffled: "
            "test rows stand close to training rows (--split-by-time order tests on the last rows)"
        )
    return False


def _nearly_same(first: FloatMatrix, second: FloatMatrix) -> bool:
    """Whether most numbers hardly change from one row to the next."""
    if len(first) < LEAST_PAIRS:
        return False
    first, second = mostly_known(first, second)
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
