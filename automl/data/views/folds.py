"""Dividing rows into folds: as a column says, by time, by group, or stratified."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.dataset import Dataset
from automl.data.kinds.kind import Repeats
from automl.data.request import DataRequest
from automl.data.views.divide import groups_to_keep
from automl.data.views.fold_rule import (
    ENOUGH_ROWS,
    LEAST_FOLDS,
    MOST_FOLDS,
    MOST_NUMBERS,
    FoldRule,
)
from automl.data.views.gap import NO_GAP, Gap
from automl.data.views.splits import IntArray, Split, check_gap
from automl.data.views.strata import Strata
from automl.errors import DataError, RequestError

#: Training and validation rows of one fold, as positions among those that are learnt from.
Pair = tuple[IntArray, IntArray]


def may_have_folds(request: DataRequest, dataset: Dataset) -> bool:
    """Whether rows are few and not wide, and nothing else says whether there are folds of them.

    In the order of time they are not left to it, for the first of such folds would train on a sixth
    of the rows.

    Args:
        request: What was asked.
        dataset: All rows.
    """
    main = dataset.part == 0
    is_open = request.validation is None and request.fold_column is None
    is_open = is_open and not request.is_reshuffled and dataset.time is None
    is_small = main.sum() < ENOUGH_ROWS and main.sum() * dataset.rows.size <= MOST_NUMBERS
    return bool(is_open and is_small and not (dataset.part == 1).any())


def check_classes(folds: Sequence[Split], truth: npt.NDArray[Any], dataset: Dataset) -> None:
    """Checks that folds have the classes without which no model learns and no score is defined.

    Args:
        folds: The folds.
        truth: The number of each row's class, (n,) or (n, 1).
        dataset: All rows.

    Raises:
        DataError: A class is in no training row of a fold, or its validation rows are of one class;
            rows that weigh nothing do not count.
    """
    counts = np.ones(len(truth), bool) if dataset.weight is None else dataset.weight > 0
    codes = truth.reshape(-1)
    for fold in folds:
        trained, validated = (
            np.unique(codes[side[counts[side]]]) for side in (fold.train, fold.validation)
        )
        known = np.unique(codes[np.concatenate([fold.train, fold.validation])])
        if len(trained) < len(known) or len(validated) < 2:
            raise DataError("A class has too few rows for each fold: give more of them.")


def fold_splits(
    dataset: Dataset,
    learnt: IntArray,
    rule: FoldRule | None,
    strata: Strata,
    seed: int,
    gap: Gap = NO_GAP,
) -> list[Split]:
    """Divides the rows that are learnt from into folds.

    Where a column tells the folds, each of its values is one. By time, each fold validates on what
    follows its training rows (forward chaining); by group, rows of one group stay together; else
    classes have their share in each fold, and rows that are equal in all that is learnt from stay
    together, unless there are too few different ones.

    Args:
        dataset: All rows.
        learnt: Positions of the rows that train or validate.
        rule: How many folds; None for as many as the column has values.
        strata: By what rows are divided alike.
        seed: Seed of the shuffle.
        gap: By time, what is left out before the rows that validate.

    Returns:
        A split for each view of the rule, without test rows.

    Raises:
        DataError: There are fewer rows or groups than folds, or the column tells no folds.
        RequestError: Rows in the order of time cannot be divided twice, or the column has another
            number of values than folds are asked for.
    """
    pairs: Iterable[Pair]
    if dataset.fold is not None or rule is None:
        assert dataset.fold is not None
        pairs = _given(dataset.fold[learnt], rule)
    elif dataset.time is None:
        repeats = dataset.rows.repeats
        pairs = chain.from_iterable(
            _shuffled(dataset, learnt, rule, strata, repeats, seed + repeat)
            for repeat in range(rule.repeats)
        )
    elif rule.repeats == 1:
        pairs = _forward(dataset.time[learnt], rule, gap)
    else:
        raise RequestError(
            "Rows in the order of time are divided in one way only: give --cv without repeats."
        )
    none = np.zeros(0, np.int64)
    return [Split(learnt[train], learnt[validation], none) for train, validation in pairs]


def _given(fold: npt.NDArray[Any], rule: FoldRule | None) -> Iterator[Pair]:
    """Each value validates once."""
    names = sorted(set(fold.tolist()), key=_in_order)
    if not LEAST_FOLDS <= len(names) <= MOST_FOLDS:
        raise DataError(
            f"The column of --fold-column has {len(names):,} values, and each is a fold: give one "
            f"with {LEAST_FOLDS} to {MOST_FOLDS:,}."
        )
    if rule not in (None, FoldRule(len(names))):
        raise RequestError(
            f"The column of --fold-column has {len(names)} values, and each is a fold: leave --cv "
            "out."
        )
    for name in names:
        yield _sides(fold == name)


def _in_order(name: str) -> tuple[float, str]:
    """By what folds are sorted: numbers by their value, then texts."""
    try:
        return float(name), name
    except ValueError:
        return np.inf, name


def _forward(times: npt.NDArray[np.float64], rule: FoldRule, gap: Gap) -> Iterator[Pair]:
    """Equal parts in the order of time, each validated by what comes before it.

    The parts are those of scikit-learn's ``TimeSeriesSplit``.
    """
    order = np.argsort(times, kind="stable")
    size = len(order) // (rule.folds + 1)
    if not size:
        raise _too_many(len(order), rule, f"{rule.folds + 1} parts are needed")
    for start in range(len(order) - rule.folds * size, len(order), size):
        left = gap.before(times[order], start)
        check_gap(gap, left)
        yield order[:left], order[start : start + size]


def _shuffled(
    dataset: Dataset,
    learnt: IntArray,
    rule: FoldRule,
    strata: Strata,
    repeats: Repeats,
    seed: int,
) -> Iterator[Pair]:
    """One division by group, or of rows of which equal ones stay together."""
    from sklearn import model_selection as sk

    codes = strata.codes[learnt] if strata.task is not None else None
    same = np.unique(repeats.same[learnt], return_inverse=True)[1].reshape(-1)
    groups = None if dataset.group is None else groups_to_keep(dataset.group[learnt], same)
    named = {
        (False, False): sk.KFold,
        (True, False): sk.StratifiedKFold,
        (False, True): sk.GroupKFold,
        (True, True): sk.StratifiedGroupKFold,
    }
    divider = named[codes is not None, groups is not None](
        rule.folds, shuffle=True, random_state=seed
    )
    # Of equal rows one is divided, and the others go where it goes; by group they are together.
    is_apart = repeats.least is None or same.max() + 1 < repeats.least * rule.folds
    units = np.arange(len(learnt)) if is_apart or groups is not None else same
    one = np.unique(units, return_index=True)[1]
    stratum = None if codes is None else codes[one]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a class with fewer rows than folds
            for _, validation in divider.split(one, stratum, groups):
                validates = np.zeros(len(learnt), bool)
                validates[one[validation]] = True
                yield _sides(validates[one][units])
    except ValueError as error:
        kinds = "rows" if groups is None else "groups"
        count = len(one) if groups is None else len(set(groups.tolist()))
        raise _too_many(len(learnt), rule, f"there are {count:,} different {kinds}") from error


def _sides(validates: npt.NDArray[np.bool_]) -> Pair:
    return np.flatnonzero(~validates), np.flatnonzero(validates)


def _too_many(rows: int, rule: FoldRule, why: str) -> DataError:
    return DataError(
        f"The {rows:,} rows cannot be divided into {rule.folds} folds ({why}); give fewer folds or "
        "more rows."
    )
