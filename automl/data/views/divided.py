"""All rows of a request and their division: once, into folds, or anew for each trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.combine import combine
from automl.data.dataset import Dataset
from automl.data.kinds.signature import InputSignature
from automl.data.options import FIXED
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.targets.encode import encode_targets, refuse_unknown, target_columns
from automl.data.targets.infer_task import infer_task
from automl.data.task import Task, TaskKind
from automl.data.views.divide import divide
from automl.data.views.fold_rule import BY_SIZE, USUAL_FOLDS, FoldRule
from automl.data.views.folds import check_classes, fold_splits, may_have_folds
from automl.data.views.gap import Gap
from automl.data.views.order import put_in_order
from automl.data.views.reshuffle import MOST_DRAWS, check_reshuffle, reshuffled
from automl.data.views.splits import Split
from automl.data.views.strata import Strata, find_strata
from automl.data.views.view import View
from automl.data.weights import check_weights
from automl.errors import DataError


@dataclass(frozen=True)
class Divided:
    """All rows and their division, with the task that the rows which are learnt from ask for.

    Attributes:
        dataset: All rows.
        strata: By what they are divided alike.
        split: Which of them train, validate and test; with folds, those train that are learnt from.
        folds: The folds, or none.
        task: The task.
        truth: True values of all rows.
        request: What was asked, with the number of folds settled.
        fitted: The views of the folds after the first, where they were fitted to see whether they
            can be learnt from; else none.
    """

    dataset: Dataset
    strata: Strata
    split: Split
    folds: list[Split]
    task: Task
    truth: npt.NDArray[Any]
    request: DataRequest
    fitted: tuple[View, ...] = ()

    @classmethod
    def of(cls, request: DataRequest, say: Say) -> Divided:
        """Reads and divides what a request asks for, and settles whether there are folds.

        Raises:
            DataError: The data cannot be learnt from as they stand.
            RequestError: An option does not fit the data.
        """
        dataset = combine(request, say)
        strata = find_strata(dataset, request)
        notes: list[str] = []
        ordered = put_in_order(dataset, request, strata, notes.append)
        if ordered.in_order and request.split_by_time is None:  # nobody has asked for it
            in_order = replace(request, holdout=FIXED)
            made = _tried(
                lambda tell: cls._settled(ordered, strata, in_order, tell),
                say,
                notes,
                "the rows are shuffled, though each repeats most of the one before it and the "
                "scores tell too much good of new ones",
            )
            if made is None:
                return cls._settled(dataset, strata, request, say)
            check_reshuffle(ordered, request)
            return made
        for note in notes:
            say(note)
        return cls._settled(ordered, strata, request, say)

    @classmethod
    def _settled(cls, dataset: Dataset, strata: Strata, request: DataRequest, say: Say) -> Divided:
        """Settles whether there are folds, and divides the rows."""
        check_reshuffle(dataset, request)
        if request.cv != BY_SIZE:
            return cls._of(dataset, strata, request, say)
        made = None
        if may_have_folds(request, dataset):
            made = _tried(
                lambda tell: cls._in_usual_folds(dataset, strata, request, tell),
                say,
                [],
                f"one division validates in place of the usual {USUAL_FOLDS} folds (--cv 3: folds)",
            )
        return made or cls._of(dataset, strata, replace(request, cv=None), say)

    @classmethod
    def _in_usual_folds(
        cls, dataset: Dataset, strata: Strata, request: DataRequest, say: Say
    ) -> Divided:
        made = cls._of(dataset, strata, replace(request, cv=USUAL_FOLDS), say)
        if made.task.is_classification and made.task.kind is not TaskKind.MULTILABEL:
            check_classes(made.folds, made.truth, dataset)
        return made

    @classmethod
    def _of(cls, dataset: Dataset, strata: Strata, request: DataRequest, say: Say) -> Divided:
        """Divides rows as a request says that has nothing left open."""
        split, folds = _views(dataset, request, strata, say)
        task = _infer_task(dataset, split, request, strata, say)
        truth, split = _encode(dataset, split, task, say)
        return cls(dataset, strata, split, folds, task, truth, request)

    def anew(self, trial: int) -> tuple[Split, View]:
        """Divides the rows that are learnt from for a trial, and fits its plan.

        Where few rows make divisions that cannot be learnt from, or where no validation row of a
        class has any weight, the next is drawn.

        Raises:
            DataError: The rows are too few, or none of many divisions can be learnt from.
        """
        dataset = self.dataset
        for draw in range(MOST_DRAWS):
            split = reshuffled(dataset, self.split, self.request, self.strata, trial, draw)
            rows = split.validation
            try:
                if dataset.weight is not None:
                    weight = dataset.weight[rows]
                    check_weights(self.truth[rows], weight, self.task, "validation rows")
                return split, self.view(split)
            except DataError:
                if draw == MOST_DRAWS - 1:
                    raise
        raise AssertionError

    def view(
        self,
        split: Split,
        wanted: Callable[[Task, InputSignature], str] | None = None,
        say: Say = lambda _: None,
    ) -> View:
        """Fits a view of the rows.

        Args:
            split: Which rows the view has.
            wanted: As `automl.data.prepare.prepare` has it.
            say: Called with what a person should be told; by default nobody is.

        Raises:
            DataError: The rows cannot be learnt from.
        """
        return View.of(self.dataset, split, self.task, self.truth, self.request, wanted, say)

    def checked(self) -> Divided:
        """The same, when each view can be learnt from.

        Raises:
            DataError: One cannot.
        """
        splits = self.folds or [self.split]
        views = [self.view(replace(split, test=self.split.test)) for split in splits]
        return replace(self, fitted=tuple(views[1:]))


def _tried(
    make: Callable[[Say], Divided], say: Say, notes: list[str], instead: str
) -> Divided | None:
    """A division that nobody has asked for, where it can be learnt from.

    Args:
        make: Makes it; called with what takes what a person should be told of it.
        say: Called with that, or with why there is none.
        notes: What else should be told of it, before that.
        instead: What is done without it, as the beginning of a sentence that ends in the reason.

    Returns:
        The division, or None.
    """
    try:
        made = make(notes.append).checked()
    except DataError as error:
        say(f"{instead}: {str(error)[:1].lower()}{str(error)[1:].rstrip('.')}")
        return None
    for note in notes:
        say(note)
    return made


def _views(
    dataset: Dataset, request: DataRequest, strata: Strata, say: Say
) -> tuple[Split, list[Split]]:
    """Which rows are learnt from and which test; and the folds, where there are to be some."""
    split = divide(dataset, request, strata, say)
    if not request.has_folds:
        return split, []
    rule = None if request.cv is None else FoldRule.of(request.cv)
    gap = Gap.of(request.gap)
    return split, fold_splits(dataset, split.train, rule, strata, request.seed, gap)


def _infer_task(
    dataset: Dataset, split: Split, request: DataRequest, strata: Strata, say: Say
) -> Task:
    """What is learnt: decided by the training rows alone."""
    learnt = dataset.targets.iloc[split.train]
    classes = strata.task.classes if strata.task is not None else ()
    shown = np.unique(strata.codes[split.train])
    if classes and len(shown) < 2:
        number = int(np.setdiff1d(np.arange(len(classes)), shown)[0])
        raise DataError(
            f"The class {str(classes[number])!r} of {learnt.columns[0]!r} is in no training row "
            "after the split, which leaves one class: give more rows, another --seed, or do not "
            f"split by time or group. It was taken for {len(classes)} classes; --task overrules."
        )
    return infer_task(
        target_columns(learnt, tuple(learnt.columns), "The rows", dataset.declared),
        request.task,
        say,
        counted_classes=dataset.rows.counts_classes,
        declared=dataset.declared,
        decimal=request.decimal,
        rows=dataset.row[split.train],
    )


def _encode(dataset: Dataset, split: Split, task: Task, say: Say) -> tuple[npt.NDArray[Any], Split]:
    """True values of all rows, and the split without rows whose targets training has not shown.

    Each part is read by itself, for the labels of a source may have quirks.
    """
    truth: npt.NDArray[Any] | None = None
    left: dict[str, npt.NDArray[np.int64]] = {}
    for number, part in enumerate(("train", "validation", "test")):
        positions = getattr(split, part)
        left[part] = positions
        if not len(positions):
            continue
        targets = dataset.targets.iloc[positions]
        what = f"{'training' if part == 'train' else part} rows"
        own, known = encode_targets(targets, task, say, what, dataset.row[positions])
        if truth is None:
            truth = np.zeros((len(dataset.part), *own.shape[1:]), own.dtype)
        truth[positions] = own
        left[part] = positions[known]
        given = (dataset.part == number).any() and number > 0
        if given and not known.any():
            raise refuse_unknown(targets, task, what)
    assert truth is not None
    return truth, Split(**left)
