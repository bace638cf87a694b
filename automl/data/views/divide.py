"""Which rows train, validate and test: what was asked, what was given, and repeats together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.shell import option
from automl.data.dataset import Dataset
from automl.data.kinds.hashing import count_repeats
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.task import Task
from automl.data.views.gap import Gap
from automl.data.views.repeats import (
    joined_groups,
    keep_together,
    shared_rows,
)
from automl.data.views.splits import (
    VALIDATION_SHARE,
    IntArray,
    Split,
    SplitRule,
    default_test_share,
    split_by_group,
    split_by_time,
    split_shuffled,
    split_stratified,
)
from automl.data.views.strata import Strata
from automl.data.weights import check_weights
from automl.errors import DataError, RequestError

LEAST_ROWS = 10
# Own choice: groups that share rows are joined where at least so many are left.
LEAST_GROUPS = 10


def divide(dataset: Dataset, request: DataRequest, strata: Strata, say: Say) -> Split:
    """Divides rows into training, validation and test rows.

    Args:
        dataset: All rows.
        request: How they should be divided.
        strata: By what they are divided alike.
        say: Called with what a person should be told.

    Returns:
        Positions among all rows. Where there are to be folds, all that is learnt from are training
        rows, in the order of their positions; the test rows are the same as without folds.

    Raises:
        DataError: There are too few rows, of a class or at all.
    """
    main = np.flatnonzero(dataset.part == 0)
    if len(main) < LEAST_ROWS:
        raise DataError(
            f"There are {len(main)} rows with a target, too few to learn from: give at least "
            f"{LEAST_ROWS}."
        )
    has_validation, has_test = ((dataset.part == part).any() for part in (1, 2))
    share = request.test if isinstance(request.test, int | float) else default_test_share(len(main))
    wanted = request.validation
    validation_share = wanted if isinstance(wanted, int | float) else VALIDATION_SHARE
    rule = SplitRule(
        test_share=0.0 if has_test else float(share),
        validation_share=0.0 if has_validation else float(validation_share),
        seed=request.seed,
    )
    repeats = dataset.rows.repeats
    same = repeats.same
    own = np.unique(same[main], return_inverse=True)[1].reshape(-1)  # counted from 0 among them
    if dataset.time is not None:
        if request.has_folds:
            rule = replace(rule, validation_share=0.0)
        rule = replace(rule, gap=asked_gap(dataset, request, say))
        split = split_by_time(dataset.time[main], rule)
    elif dataset.group is not None:
        split = _by_group(dataset.group[main], own, rule, say)
    else:
        split = _shuffled(strata.codes[main], own, strata.task, rule, repeats.least)
    split = Split(
        train=main[split.train],
        validation=np.flatnonzero(dataset.part == 1) if has_validation else main[split.validation],
        test=np.flatnonzero(dataset.part == 2) if has_test else main[split.test],
    )
    if request.has_folds:
        split = _learnt_together(split, bool(has_validation), say)
    given = {"validation": bool(has_validation), "test": bool(has_test)}
    _say_repeats(split, same, given, say)
    if repeats.apart and dataset.time is None and dataset.group is None:
        say(
            f"{repeats.apart_rows:,} of {len(same):,} rows equal another in all columns but "
            f"{repeats.apart!r}, and may stand on both sides of the split "
            f"({option('--ignore', repeats.apart)} keeps them together)"
        )
    return split


def _learnt_together(split: Split, has_validation: bool, say: Say) -> Split:
    """The split where folds are to be made of all rows that are learnt from."""
    if has_validation:
        say(
            f"the rows that came for validation ({len(split.validation):,}) are divided into "
            "folds with the others (--cv none: they validate)"
        )
    learnt = np.sort(np.concatenate([split.train, split.validation]))
    return Split(learnt, np.zeros(0, np.int64), split.test)


def asked_gap(dataset: Dataset, request: DataRequest, say: Say) -> Gap:
    """The gap between parts that are divided by time, and says so where there is one.

    Raises:
        RequestError: It is a time, and the rows' order is no date.
    """
    gap = Gap.of(request.gap)
    if gap.days and not dataset.dated:
        raise RequestError(
            f"--gap {request.gap} is a time, but the rows are not ordered by dates: give a number "
            "of rows, such as 24."
        )
    if gap:
        what = f"{gap.rows:,} rows" if gap.rows else f"rows of {request.gap}"
        say(f"{what} are left out before those that validate and those that test (--gap 0: none)")
    return gap


def _shuffled(
    strata: IntArray, same: IntArray, task: Task | None, rule: SplitRule, least: int | None
) -> Split:
    """Rows divided at random, stratified by class, equal ones together where that can be."""
    if task is not None:
        _check_classes(strata, task, 1 if rule.validation_share == 0 else 2)
        split = split_stratified(strata, rule)
    else:
        split = split_shuffled(len(strata), rule)
    kept = None if least is None else keep_together(split, same, strata, rule, least)
    return kept or split


def _by_group(groups: npt.NDArray[Any], same: IntArray, rule: SplitRule, say: Say) -> Split:
    """Rows divided by group; groups that share a row go together where enough are left."""
    joined = groups_to_keep(groups, same)
    left, given = int(joined.max()) + 1, len(np.unique(groups))
    if left < given:
        say(f"{given:,} groups are taken as {left:,}, for some share equal rows")
    return split_by_group(joined, rule)


def groups_to_keep(groups: npt.NDArray[Any], same: IntArray) -> IntArray:
    """Groups, counted from 0; those that share a row are one where enough are left.

    Args:
        groups: Group of each row, (n,).
        same: Numbers of the different rows, (n,).
    """
    own = np.unique(groups, return_inverse=True)[1].reshape(-1)
    joined = joined_groups(groups, same)
    half = max(int(np.bincount(own).max()), len(groups) // 2)
    is_enough = int(joined.max()) + 1 >= LEAST_GROUPS and np.bincount(joined).max() <= half
    return joined if is_enough else own


def _say_repeats(split: Split, same: IntArray, given: Mapping[str, bool], say: Say) -> None:
    """Says how many rows repeat, and whether equal rows stand on both sides of the split.

    Args:
        split: How rows were divided.
        same: Numbers of the different rows, (n,).
        given: Whether the rows of ``validation`` and ``test`` were given, each as they are.
        say: Called with it.
    """
    rows = np.concatenate([split.train, split.validation, split.test])
    parts = {"test": split.test, "validation": split.validation}
    others = {"test": np.concatenate([split.train, split.validation]), "validation": split.train}
    crossing = {name: shared_rows(same, part, others[name]) for name, part in parts.items()}
    for name, count in crossing.items():
        if count:
            known = "training or validation" if name == "test" else "training"
            way = "leave them out of one side" if given[name] else f"--{name} FILE gives others"
            say(
                f"{count:,} of {len(parts[name]):,} {name} rows equal a {known} row in all that is "
                f"learnt from, so their scores tell less about new rows ({way})"
            )
    repeated = count_repeats(same)
    if repeated and not any(crossing.values()):
        own = next((name for name in parts if not given[name]), None)
        way = "" if own is None else f" (--{own} FILE gives {own} rows of your own)"
        say(
            f"{repeated:,} of {len(rows):,} rows equal another in all that is learnt from: equal "
            f"rows stay in one part{way}"
        )


def _check_classes(strata: IntArray, task: Task, least: int) -> None:
    for number, label in enumerate(task.classes):
        count = int((strata == number).sum())
        if count < least:
            raise DataError(
                f"The class {str(label)!r} of {task.targets[0]!r} has {count} row, but training "
                "and validation need one each: add rows, remove the row, or merge the class with "
                f"another{_guess(task)}"
            )


def _guess(task: Task) -> str:
    """What the target was taken for, and the way out, at the end of a sentence."""
    if all(isinstance(label, int | float) for label in task.classes):
        return f". It was taken for {len(task.classes)} classes; --task regression learns numbers."
    return f". It was taken for {len(task.classes)} classes; --task overrules."


def check_split(
    split: Split, dataset: Dataset, task: Task, truth: npt.NDArray[Any], say: Say
) -> None:
    """Checks that a split can be learnt from.

    Args:
        split: The split.
        dataset: All rows.
        task: The task.
        truth: True values of all rows.
        say: Called where the weights leave a class out of the scores.

    Raises:
        DataError: A part has no rows or no weight, or a class weighs nothing in training.
    """
    if len(split.train) == 0 or len(split.validation) == 0:
        raise DataError("The split leaves no training or no validation rows: give more rows.")
    if dataset.weight is not None:
        for what, rows, tell in (
            ("training rows", split.train, None),
            ("validation rows", split.validation, say),
            ("test rows", split.test, say),
        ):
            check_weights(truth[rows], dataset.weight[rows], task, what, tell)
