"""Rows as one view has them: fitted on its training rows, and prepared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.arrays import Arrays, spread
from automl.data.clipping import Clip
from automl.data.columns.unread import Tell, teller
from automl.data.dataset import Dataset
from automl.data.kinds.kind import Fitting
from automl.data.kinds.signature import InputSignature
from automl.data.options import AUTO, RAW
from automl.data.plan import PreprocessingPlan, Rows
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.targets.class_weights import class_weights
from automl.data.targets.scale import fit_target
from automl.data.task import Task
from automl.data.views.divide import check_split
from automl.data.views.splits import Split


@dataclass(frozen=True)
class View:
    """Rows as one view has them, and the plan that its training rows have given.

    Attributes:
        plan: The plan.
        dataset: All rows, with their columns read as the plan has them.
        how: How numbers come to the models: ``"raw"`` or ``"standardize"``, or ``"auto"`` where
            nobody was asked.
        class_weight: Weight of each class in training, or None.
        tellers: What tells of values of validation and test rows that training has not shown.
    """

    plan: PreprocessingPlan
    dataset: Dataset
    how: str
    class_weight: npt.NDArray[np.float32] | None
    tellers: tuple[Tell, Tell]

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        split: Split,
        task: Task,
        truth: npt.NDArray[Any],
        request: DataRequest,
        wanted: Callable[[Task, InputSignature], str] | None,
        say: Say,
    ) -> View:
        """Fits the plan of a view.

        Args:
            dataset: All rows.
            split: Which of them the view has.
            task: The task.
            truth: True values of all rows.
            request: What was asked.
            wanted: As `automl.data.prepare.prepare` has it.
            say: Called with what a person should be told.

        Raises:
            DataError: The rows cannot be learnt from.
        """
        check_split(split, dataset, task, truth, say)
        asked = Fitting(Clip.of(request.clip), request.keep_constant)
        tell = (
            teller(say, "validation rows", dataset.row[split.validation]),
            teller(say, "test rows", dataset.row[split.test]),
        )
        scale = fit_target(truth[split.train], task)
        inputs, read = dataset.rows.fit(split.train, asked, say)
        for one, rows in zip(tell, (split.validation, split.test), strict=True):
            read.tell_unread(rows, inputs, one)
        plan = PreprocessingPlan(inputs, scale)
        how = request.input
        if how == AUTO and wanted is not None:
            how = wanted(task, plan.signature)
        weights = class_weights(truth[split.train], task, request.class_weight)
        return cls(plan, replace(dataset, rows=read), AUTO, weights, tell).taking(how)

    def taking(self, how: str) -> View:
        """The view as models take it that want their numbers so; see `how`."""
        is_changed = how == RAW and self.how != RAW
        return replace(self, plan=self.plan.unscaled() if is_changed else self.plan, how=how)

    def arrays(self, split: Split, task: Task, truth: npt.NDArray[Any]) -> Arrays:
        """The rows, prepared."""
        tell, plan = self.tellers, self.plan
        validation = _rows(self.dataset, split.validation, plan, truth, tell=tell[0])
        test = split.test
        return Arrays(
            task=task,
            plan=plan,
            train=_rows(self.dataset, split.train, plan, truth, self.class_weight),
            validation=validation,
            test=_rows(self.dataset, test, plan, truth, tell=tell[1]) if len(test) else None,
            check_positions=spread(len(validation)),
            validation_positions=split.validation.astype(np.int64),
        )


def _rows(
    dataset: Dataset,
    positions: npt.NDArray[np.int64],
    plan: PreprocessingPlan,
    truth: npt.NDArray[Any],
    class_weight: npt.NDArray[np.float32] | None = None,
    tell: Tell | None = None,
) -> Rows:
    weight = None if dataset.weight is None else dataset.weight[positions].astype(np.float32)
    inputs = dataset.rows.prepared(positions, plan.inputs, tell)
    return plan.rows(inputs, truth[positions], weight, class_weight)
