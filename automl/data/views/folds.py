"""Dividing rows into folds for cross-validation: by time, by group, or stratified."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.combine import Combined
from automl.data.views.fold_rule import FoldRule
from automl.data.views.repeats import find_repeats
from automl.data.views.splits import IntArray, Split
from automl.data.views.strata import Strata
from automl.errors import DataError, RequestError


def fold_splits(
    combined: Combined, learnt: IntArray, rule: FoldRule, strata: Strata, seed: int
) -> list[Split]:
    """Divides the rows that are learnt from into folds.

    By time, each fold validates on what follows its training rows (forward chaining); by group,
    rows of one group stay together; else classes have their share in each fold, and rows that are
    equal in all that is learnt from stay together.

    Args:
        combined: All rows.
        learnt: Positions of the rows that train or validate.
        rule: How many folds.
        strata: By what rows are divided alike.
        seed: Seed of the shuffle.

    Returns:
        A split for each view of the rule, without test rows.

    Raises:
        DataError: There are fewer rows or groups than folds.
        RequestError: Rows in the order of time cannot be divided twice.
    """
    if combined.time is not None and rule.repeats > 1:
        raise RequestError(
            "Rows in the order of time are divided in one way only: give --cv without repeats."
        )
    splits: list[Split] = []
    none = np.zeros(0, np.int64)
    for repeat in range(rule.repeats):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # a class with fewer rows than folds
                for train, validation in _divided(combined, learnt, rule, strata, seed + repeat):
                    splits.append(Split(learnt[train], learnt[validation], none))
        except ValueError as error:
            raise DataError(
                f"The {len(learnt):,} rows cannot be divided into {rule.folds} folds ({error}); "
                "give fewer folds or more rows."
            ) from error
    return splits


def _divided(
    combined: Combined, learnt: IntArray, rule: FoldRule, strata: Strata, seed: int
) -> Iterator[tuple[IntArray, IntArray]]:
    """Positions among the learnt rows, a pair for each fold."""
    from sklearn import model_selection as sk

    count = rule.folds
    codes = strata.codes[learnt] if strata.task is not None else None
    if combined.time is not None:
        order = np.argsort(combined.time[learnt], kind="stable")
        for train, validation in sk.TimeSeriesSplit(count).split(order):
            yield order[train], order[validation]
        return
    if combined.group is not None:
        groups = np.unique(combined.group[learnt], return_inverse=True)[1].reshape(-1)
        if codes is not None:
            by_both = sk.StratifiedGroupKFold(count, shuffle=True, random_state=seed)
            yield from by_both.split(groups, codes, groups)
        else:
            by_group = sk.GroupKFold(count, shuffle=True, random_state=seed)
            yield from by_group.split(groups, groups=groups)
        return
    # One of each set of equal rows is divided, and the others go where it goes.
    _, first, same = np.unique(
        find_repeats(combined).same[learnt], return_index=True, return_inverse=True
    )
    different: Any = sk.KFold(count, shuffle=True, random_state=seed)
    if codes is not None:
        different = sk.StratifiedKFold(count, shuffle=True, random_state=seed)
    for _, validation in different.split(first, None if codes is None else codes[first]):
        validates = np.zeros(len(first), bool)
        validates[validation] = True
        yield _sides(validates[same.reshape(-1)])


def _sides(validates: npt.NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    return np.flatnonzero(~validates), np.flatnonzero(validates)
