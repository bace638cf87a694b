"""Dividing rows into training, validation and test: shuffled, stratified, by time or group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.views.gap import NO_GAP, Gap
from automl.errors import DataError

IntArray = npt.NDArray[np.int64]

# Own choice within the 10 to 20 % of the search-space handbook, section 7.
VALIDATION_SHARE = 0.15


@dataclass(frozen=True)
class Split:
    """Which row goes where: positions of rows, each int64, disjoint, together all rows."""

    train: IntArray
    validation: IntArray
    test: IntArray


@dataclass(frozen=True)
class SplitRule:
    """How to divide rows.

    Attributes:
        test_share: Share of all rows that become test rows; 0 for none.
        validation_share: Share of the remaining rows that become validation rows; 0 for none.
        seed: Seed of the shuffle.
        gap: What lies between parts that are divided by time.
    """

    test_share: float
    validation_share: float
    seed: int
    gap: Gap = NO_GAP

    def sizes(self, n: int) -> tuple[int, int]:
        """How many of n rows become test and validation rows; one training row is left."""
        test = min(max(1, round(n * self.test_share)), n - 2) if self.test_share > 0 else 0
        rest = n - test
        wanted = max(1, round(rest * self.validation_share))
        validation = min(wanted, rest - 1) if self.validation_share > 0 else 0
        return test, validation


def default_test_share(rows: int) -> float:
    """Share of test rows: 20 % below 1,000 rows, 10 % below 10,000, else 5 %.

    Source: Ferlitsch, Learning Keras Handbook 3 (search-space handbook, section 7).
    """
    if rows < 1_000:
        return 0.20
    return 0.10 if rows < 10_000 else 0.05


def split_shuffled(n: int, rule: SplitRule) -> Split:
    """Shuffles n rows and divides them."""
    test, validation = rule.sizes(n)
    order = np.random.default_rng(rule.seed).permutation(n)
    return Split(order[test + validation :], order[test : test + validation], order[:test])


def split_stratified(strata: npt.NDArray[Any], rule: SplitRule) -> Split:
    """Divides rows so that every stratum has its share everywhere.

    A stratum with few rows serves training first, then validation, then test: with one row it is
    in the training rows only, with two in training and validation rows.

    Args:
        strata: Stratum of each row, (n,).
        rule: Shares and seed.
    """
    codes = np.unique(strata, return_inverse=True)[1].reshape(-1)
    counts = np.bincount(codes)
    test_rows, validation_rows = rule.sizes(len(codes))
    reserve = 2 if rule.validation_share > 0 else 1
    test = _allocate(counts, test_rows, np.maximum(counts - reserve, 0))
    rest = counts - test
    least = np.minimum(rest - 1, 1) if rule.validation_share > 0 else np.zeros_like(rest)
    validation = np.maximum(_allocate(rest, validation_rows, rest - 1), least)
    # Shuffled, then grouped by stratum: the first of each stratum are test rows, and so on.
    shuffled = np.random.default_rng(rule.seed).permutation(len(codes))
    place = np.empty(len(codes), np.int64)
    grouped = shuffled[np.argsort(codes[shuffled], kind="stable")]
    place[grouped] = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = place[shuffled]
    stratum = codes[shuffled]
    is_test = place < test[stratum]
    is_validation = ~is_test & (place < (test + validation)[stratum])
    return Split(shuffled[~is_test & ~is_validation], shuffled[is_validation], shuffled[is_test])


def _allocate(counts: IntArray, total: int, caps: IntArray) -> IntArray:
    """Shares ``total`` among strata by their counts (largest remainder), none above its cap."""
    ideal = counts * (total / max(1, counts.sum()))
    given: IntArray = np.minimum(np.floor(ideal).astype(np.int64), caps)
    for stratum in np.argsort(np.floor(ideal) - ideal, kind="stable"):
        if given.sum() >= total:
            break
        given[stratum] = min(given[stratum] + 1, caps[stratum])
    return given


def split_by_time(times: npt.NDArray[np.float64], rule: SplitRule) -> Split:
    """Divides rows by time: the latest are test rows, those before them validation rows.

    Args:
        times: Time of each row, (n,), finite; equal times keep the order of the rows.
        rule: Shares, and the gap, which training rows are left out for; nothing is shuffled.

    Raises:
        DataError: The gap leaves no rows to learn from.
    """
    test, validation = rule.sizes(len(times))
    order = np.argsort(times, kind="stable")
    times, n = times[order], len(order)
    end = rule.gap.before(times, n - test) if test else n
    start = max(0, end - validation)
    trained = rule.gap.before(times, start) if validation else end
    check_gap(rule.gap, trained)
    return Split(order[:trained], order[start:end], order[n - test :])


def check_gap(gap: Gap, left: int) -> None:
    """Checks that a gap leaves rows to learn from.

    Raises:
        DataError: It leaves none.
    """
    if gap and left <= 0:
        raise DataError(
            "The rows before --gap are too few to learn from: give a shorter gap, fewer folds or "
            "more rows."
        )


def split_by_group(groups: npt.NDArray[Any], rule: SplitRule) -> Split:
    """Divides rows so that rows of one group stay together.

    Groups are shuffled and given to the test rows until these have their share, then to the
    validation rows; every part has a group at least.

    Args:
        groups: Group of each row, (n,).
        rule: Shares and seed.

    Raises:
        DataError: There are fewer groups than parts.
    """
    codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
    counts = np.bincount(codes)
    wanted = [size for size in rule.sizes(len(codes)) if size > 0]
    if len(counts) < len(wanted) + 1:
        fewer = " no test rows (--test 0)," if rule.test_share > 0 else ""
        raise DataError(
            f"The rows form {len(counts)} groups, too few for {len(wanted) + 1} parts: give more "
            f"groups,{fewer} or rows for validation and test in files of their own."
        )
    order = np.random.default_rng(rule.seed).permutation(len(counts))
    part_of_group = np.zeros(len(counts), np.int64)
    at = 0
    for part, size in enumerate(wanted, start=1):
        rows = 0
        # Enough groups must be left for the parts after this one and for training.
        while rows < size and at < len(counts) - (len(wanted) - part) - 1:
            part_of_group[order[at]] = part
            rows += int(counts[order[at]])
            at += 1
    shuffled = np.random.default_rng(rule.seed).permutation(len(codes))
    parts = part_of_group[codes[shuffled]]
    has_test = rule.test_share > 0
    validation, test = (2, 1) if has_test else (1, -1)
    return Split(shuffled[parts == 0], shuffled[parts == validation], shuffled[parts == test])
