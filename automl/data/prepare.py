"""From a request to prepared rows: read, infer, split, fit on training rows, apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.arrays import Arrays
from automl.data.data_summary import say_parts, say_readings, summarize
from automl.data.kinds import kind_named
from automl.data.kinds.kind import InputPlan, RawRows
from automl.data.kinds.signature import InputSignature
from automl.data.plan import PreprocessingPlan, joined_inputs
from automl.data.request import DataRequest
from automl.data.stored import RawData, StoredView
from automl.data.task import Task
from automl.data.views.divided import Divided
from automl.data.views.fold_rule import BY_SIZE
from automl.data.views.splits import Split
from automl.data.views.view import View


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
    divided = Divided.of(request, notes.append)
    dataset, request, task = divided.dataset, divided.request, divided.task
    split, truth, folds = divided.split, divided.truth, divided.folds
    if folds:
        split = replace(folds[0], test=split.test)
    made = divided.view(split, wanted, notes.append)
    arrays = made.arrays(split, task, truth)
    say_parts(split, dataset, request, divided.strata.task is not None, notes.append)
    others = _stored(divided, made.how) if folds[1:] else ()
    say_readings([made.plan.inputs, *(view.plan.inputs for view in others)], notes.append)
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
    # One model may come of all folds' plans, and is checked by the same rows.
    whole = joined_inputs([made.plan.inputs, *(view.plan.inputs for view in others)])
    return PreparedData(
        **vars(arrays),
        check=made.dataset.rows.at(checked, whole or made.plan.inputs),
        notes=tuple(notes),
        fingerprint=dataset.fingerprint,
        summary=summarize(split, made.dataset, made.plan, task),
        folds=others,
        cv=len(folds) if folds and request.cv is None else request.cv,
    )


class RowsAgain:
    """All rows of a request read once more, to be divided otherwise than for its search.

    Args:
        request: The request, with everything settled that it had left open.

    Raises:
        DataError: The data cannot be read.
    """

    def __init__(self, request: DataRequest) -> None:
        self._divided = Divided.of(request, lambda _: None)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the content of all sources, in hexadecimal."""
        return self._divided.dataset.fingerprint

    def of(self, trial: int) -> tuple[Arrays, Any]:
        """The rows of a trial that has a division of its own; and its raw check rows.

        They are the same whenever they are asked for.

        Args:
            trial: The trial's number.
        """
        return self._prepared(*self._divided.anew(trial))

    def undivided(self) -> tuple[Arrays, Any]:
        """All rows that are learnt from as training rows; and raw check rows.

        Those that validated the first view are validation rows too, and tell nothing of new ones:
        an export is checked by them.
        """
        divided = self._divided
        first = divided.folds[0] if divided.folds else divided.split
        sides = [part for one in (divided.folds or [first]) for part in (one.train, one.validation)]
        every = np.unique(np.concatenate(sides))
        split = replace(divided.split, train=every, validation=first.validation)
        return self._prepared(split, divided.view(split))

    def _prepared(self, split: Split, view: View) -> tuple[Arrays, Any]:
        arrays = view.arrays(split, self._divided.task, self._divided.truth)
        checked = split.validation[arrays.check_positions]
        return arrays, view.dataset.rows.at(checked, view.plan.inputs)


def _stored(divided: Divided, how: str) -> tuple[StoredView, ...]:
    """The views after the first, of rows that are stored once for all of them."""
    dataset, folds, task, truth = divided.dataset, divided.folds[1:], divided.task, divided.truth
    plans: list[tuple[PreprocessingPlan, npt.NDArray[np.float32] | None]] = []

    def read() -> Iterator[tuple[InputPlan, RawRows]]:
        for view in divided.fitted or map(divided.view, folds):
            view = view.taking(how)
            plans.append((view.plan, view.class_weight))
            yield view.plan.inputs, view.dataset.rows

    test = divided.split.test
    sides = [side for fold in folds for side in (fold.train, fold.validation)]
    kept = np.unique(np.concatenate([*sides, test]))
    weight = None if dataset.weight is None else dataset.weight[kept].astype(np.float32)
    inputs = kind_named(dataset.rows.kind).store(read(), kept)
    raw = RawData(inputs, truth[kept], weight, kept.astype(np.int64))
    return tuple(
        StoredView(
            task,
            plan,
            raw,
            np.searchsorted(kept, fold.train),
            np.searchsorted(kept, fold.validation),
            class_weight,
            np.searchsorted(kept, test) if len(test) else None,
        )
        for (plan, class_weight), fold in zip(plans, folds, strict=True)
    )
