"""From a request to prepared rows: read, infer, split, fit on training rows, apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.arrays import Arrays, spread
from automl.data.clipping import Clip
from automl.data.columns.unread import Tell, teller
from automl.data.combine import combine
from automl.data.data_summary import say_parts, summarize
from automl.data.dataset import Combined
from automl.data.kinds import kind_named
from automl.data.kinds.kind import Fitting, InputPlan, RawRows
from automl.data.options import AUTO, RAW
from automl.data.plan import InputSignature, PreprocessingPlan, Rows
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.stored import RawData, StoredView
from automl.data.targets.class_weights import class_weights
from automl.data.targets.encode import encode_targets, refuse_unknown, target_columns
from automl.data.targets.infer_task import infer_task
from automl.data.targets.scale import fit_target
from automl.data.task import Task, TaskKind
from automl.data.views.divide import check_split, divide
from automl.data.views.fold_rule import BY_SIZE, USUAL_FOLDS, FoldRule
from automl.data.views.folds import check_classes, fold_splits, may_have_folds
from automl.data.views.gap import Gap
from automl.data.views.order import put_in_order
from automl.data.views.reshuffle import MOST_DRAWS, check_reshuffle, reshuffled
from automl.data.views.splits import Split
from automl.data.views.strata import Strata, find_strata
from automl.errors import DataError


@dataclass(frozen=True)
class PreparedData(Arrays):
    """Rows ready for a search: those of its first view, and what is known of all.

    Attributes:
        check: Up to 200 raw validation rows by which an exported model is checked: a frame of
            the plan's columns, or an array.
        notes: Everything that a person should be told, one sentence each.
        fingerprint: SHA-256 of the content of all sources, in hexadecimal.
        summary: Rows of each part, and what each column is, as JSON.
        folds: The views after the first, where the rows are divided into folds.
        cv: How they were, as `DataRequest.cv` has it; None for one division.
    """

    check: Any
    notes: tuple[str, ...]
    fingerprint: str
    summary: Mapping[str, Any]
    folds: tuple[StoredView, ...] = ()
    cv: str | int | None = None


def prepare(
    request: DataRequest, wanted: Callable[[Task, InputSignature], str] | None = None
) -> PreparedData:
    """Reads, splits and preprocesses what a request asks for.

    Args:
        request: The request.
        wanted: Where the request leaves it open, tells how the models want their numbers:
            ``"raw"`` or ``"standardize"``. None standardizes them.

    Returns:
        The prepared data; the same request on the same content gives the same.

    Raises:
        DataError: The data cannot be learnt from as they stand.
        RequestError: An option does not fit the data.
    """
    notes: list[str] = []
    left_to_size = request.cv == BY_SIZE
    divided = _Divided.of(request, notes.append)
    combined, strata, split, request = (
        divided.combined,
        divided.strata,
        divided.split,
        divided.request,
    )
    task, truth, folds = divided.task, divided.truth, divided.folds
    if folds:
        split = replace(folds[0], test=split.test)
    made = _View.of(combined, split, task, truth, request, wanted, notes.append)
    arrays = made.arrays(split, task, truth)
    say_parts(split, combined, request, strata.task is not None, notes.append)
    others = _stored(combined, folds[1:], task, truth, request, made.how) if folds[1:] else ()
    if folds:
        why = ", for the rows are few (--cv none: on one division)" if left_to_size else ""
        notes.append(
            f"each configuration is trained on {len(folds)} folds{why}: its score is the mean, and "
            f"the model that is kept is that of the first fold, of {len(split.train):,} rows"
        )
    if request.is_reshuffled:
        divided.anew(0)  # told now, and not by the first trial, where it cannot be
        notes.append(
            "each trial has a division of its own into training and validation rows: scores of "
            "two trials come from different rows, and a small difference tells little "
            "(--holdout fixed)"
        )
    checked = split.validation[arrays.check_positions]
    return PreparedData(
        **vars(arrays),
        check=made.combined.rows.at(checked, made.plan.inputs),
        notes=tuple(notes),
        fingerprint=combined.fingerprint,
        summary=summarize(split, made.combined, made.plan, task),
        folds=others,
        cv=len(folds) if folds and request.cv is None else request.cv,
    )


class ReshuffledRows:
    """The rows of trials of which each has a division of its own.

    Args:
        request: The request, with everything settled that it had left open.

    Raises:
        DataError: The data cannot be read.
    """

    def __init__(self, request: DataRequest) -> None:
        self._divided = _Divided.of(request, lambda _: None)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the content of all sources, in hexadecimal."""
        return self._divided.combined.fingerprint

    def of(self, trial: int) -> tuple[Arrays, Any]:
        """The rows of a trial, the same whenever it is asked for; and its raw check rows.

        Args:
            trial: The trial's number.
        """
        split, view = self._divided.anew(trial)
        arrays = view.arrays(split, self._divided.task, self._divided.truth)
        checked = split.validation[arrays.check_positions]
        return arrays, view.combined.rows.at(checked, view.plan.inputs)


@dataclass(frozen=True)
class _Divided:
    """All rows and their division, with the task that the rows which are learnt from ask for."""

    combined: Combined
    strata: Strata
    split: Split
    folds: list[Split]
    task: Task
    truth: npt.NDArray[Any]
    request: DataRequest

    @classmethod
    def of(cls, request: DataRequest, say: Say) -> _Divided:
        combined = combine(request, say)
        strata = find_strata(combined, request)
        combined = put_in_order(combined, request, strata, say)
        check_reshuffle(combined, request)
        if request.cv != BY_SIZE:
            return cls._of(combined, strata, request, say)
        if may_have_folds(request, combined):
            notes: list[str] = []
            try:
                usual = cls._of(combined, strata, replace(request, cv=USUAL_FOLDS), notes.append)
                usual._check_folds()
            except DataError as error:
                why = f"{str(error)[:1].lower()}{str(error)[1:].rstrip('.')}"
                say(f"one division validates in place of the usual {USUAL_FOLDS} folds: {why}")
            else:
                for note in notes:
                    say(note)
                return usual
        return cls._of(combined, strata, replace(request, cv=None), say)

    @classmethod
    def _of(cls, combined: Combined, strata: Strata, request: DataRequest, say: Say) -> _Divided:
        """Divides rows as a request says that has nothing left open."""
        split, folds = _views(combined, request, strata, say)
        task = _infer_task(combined, split, request, strata, say)
        truth, split = _encode(combined, split, task, say)
        return cls(combined, strata, split, folds, task, truth, request)

    def anew(self, trial: int) -> tuple[Split, _View]:
        """Divides the rows that are learnt from for a trial, and fits its plan.

        Where few rows make divisions that cannot be learnt from, as without a row of weight among
        those that validate, the next is drawn.

        Raises:
            DataError: The rows are too few, or none of many divisions can be learnt from.
        """
        for draw in range(MOST_DRAWS):
            split = reshuffled(self.combined, self.split, self.request, self.strata, trial, draw)
            try:
                return split, self._view(split)
            except DataError:
                if draw == MOST_DRAWS - 1:
                    raise
        raise AssertionError

    def _view(self, split: Split) -> _View:
        return _View.of(
            self.combined, split, self.task, self.truth, self.request, None, lambda _: None
        )

    def _check_folds(self) -> None:
        """Checks that each fold can be learnt from.

        Raises:
            DataError: One cannot.
        """
        if self.task.is_classification and self.task.kind is not TaskKind.MULTILABEL:
            check_classes(self.folds, self.truth, self.combined)
        for fold in self.folds:
            self._view(fold)


def _views(
    combined: Combined, request: DataRequest, strata: Strata, say: Say
) -> tuple[Split, list[Split]]:
    """Which rows are learnt from and which test; and the folds, where there are to be some."""
    split = divide(combined, request, strata, say)
    if not request.has_folds:
        return split, []
    rule = None if request.cv is None else FoldRule.of(request.cv)
    gap = Gap.of(request.gap)
    return split, fold_splits(combined, split.train, rule, strata, request.seed, gap)


@dataclass(frozen=True)
class _View:
    """Rows as one view has them, and the plan that its training rows have given."""

    plan: PreprocessingPlan
    combined: Combined
    how: str
    class_weight: npt.NDArray[np.float32] | None
    tellers: tuple[Tell, Tell]

    @classmethod
    def of(
        cls,
        combined: Combined,
        split: Split,
        task: Task,
        truth: npt.NDArray[Any],
        request: DataRequest,
        wanted: Callable[[Task, InputSignature], str] | None,
        say: Say,
    ) -> _View:
        check_split(split, combined, task, truth, say)
        asked = Fitting(Clip.of(request.clip), request.keep_constant)
        tell = _tellers(combined, split, say)
        plan, combined = _fit(combined, split, task, truth, say, tell, asked)
        how = request.input
        if how == AUTO and wanted is not None:
            how = wanted(task, plan.signature)
        if how == RAW:
            plan = plan.unscaled()
        weights = class_weights(truth[split.train], task, request.class_weight)
        return cls(plan, combined, how, weights, tell)

    def arrays(self, split: Split, task: Task, truth: npt.NDArray[Any]) -> Arrays:
        """The rows, prepared."""
        tell, plan = self.tellers, self.plan
        validation = _rows(self.combined, split.validation, plan, truth, tell=tell[0])
        test = split.test
        return Arrays(
            task=task,
            plan=plan,
            train=_rows(self.combined, split.train, plan, truth, self.class_weight),
            validation=validation,
            test=_rows(self.combined, test, plan, truth, tell=tell[1]) if len(test) else None,
            check_positions=spread(len(validation)),
            validation_positions=split.validation.astype(np.int64),
        )


def _stored(
    combined: Combined,
    folds: Sequence[Split],
    task: Task,
    truth: npt.NDArray[Any],
    request: DataRequest,
    how: str,
) -> tuple[StoredView, ...]:
    """Views of rows that are stored once for all of them."""
    plans: list[tuple[PreprocessingPlan, npt.NDArray[np.float32] | None]] = []

    def read() -> Iterator[tuple[InputPlan, RawRows]]:
        for fold in folds:
            view = _View.of(combined, fold, task, truth, request, lambda *_: how, lambda _: None)
            plans.append((view.plan, view.class_weight))
            yield view.plan.inputs, view.combined.rows

    learnt = np.unique(np.concatenate([side for f in folds for side in (f.train, f.validation)]))
    weight = None if combined.weight is None else combined.weight[learnt].astype(np.float32)
    inputs = kind_named(combined.rows.kind).store(read(), learnt)
    raw = RawData(inputs, truth[learnt], weight, learnt.astype(np.int64))
    return tuple(
        StoredView(
            task,
            plan,
            raw,
            np.searchsorted(learnt, fold.train),
            np.searchsorted(learnt, fold.validation),
            class_weight,
        )
        for (plan, class_weight), fold in zip(plans, folds, strict=True)
    )


def _infer_task(
    combined: Combined, split: Split, request: DataRequest, strata: Strata, say: Say
) -> Task:
    """What is learnt: decided by the training rows alone."""
    learnt = combined.targets.iloc[split.train]
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
        target_columns(learnt, tuple(learnt.columns), "The rows", combined.declared),
        request.task,
        say,
        counted_classes=combined.rows.counts_classes,
        declared=combined.declared,
        decimal=request.decimal,
        rows=combined.row[split.train],
    )


def _encode(
    combined: Combined, split: Split, task: Task, say: Say
) -> tuple[npt.NDArray[Any], Split]:
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
        targets = combined.targets.iloc[positions]
        what = f"{'training' if part == 'train' else part} rows"
        own, known = encode_targets(targets, task, say, what, combined.row[positions])
        if truth is None:
            truth = np.zeros((len(combined.part), *own.shape[1:]), own.dtype)
        truth[positions] = own
        left[part] = positions[known]
        given = (combined.part == number).any() and number > 0
        if given and not known.any():
            raise refuse_unknown(targets.iloc[:, 0], task, what)
    assert truth is not None
    return truth, Split(**left)


def _fit(
    combined: Combined,
    split: Split,
    task: Task,
    truth: npt.NDArray[Any],
    say: Say,
    tellers: tuple[Tell, Tell],
    asked: Fitting,
) -> tuple[PreprocessingPlan, Combined]:
    """Finds what the columns are and fits the plan, from training rows alone.

    Returns:
        The plan, and all rows with their columns read.
    """
    scale = fit_target(truth[split.train], task)
    inputs, read = combined.rows.fit(split.train, asked, say)
    for tell, rows in zip(tellers, (split.validation, split.test), strict=True):
        read.tell_unread(rows, inputs, tell)
    return PreprocessingPlan(inputs, scale), replace(combined, rows=read)


def _tellers(combined: Combined, split: Split, say: Say) -> tuple[Tell, Tell]:
    """What tells of values in validation and test rows that training has not shown."""
    return (
        teller(say, "validation rows", combined.row[split.validation]),
        teller(say, "test rows", combined.row[split.test]),
    )


def _rows(
    combined: Combined,
    positions: npt.NDArray[np.int64],
    plan: PreprocessingPlan,
    truth: npt.NDArray[Any],
    class_weight: npt.NDArray[np.float32] | None = None,
    tell: Tell | None = None,
) -> Rows:
    weight = None if combined.weight is None else combined.weight[positions].astype(np.float32)
    inputs = combined.rows.prepared(positions, plan.inputs, tell)
    return plan.rows(inputs, truth[positions], weight, class_weight)
