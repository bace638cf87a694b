"""By what rows are divided alike: the classes that the targets of all rows to divide seem to hold.

Which rows train is not known before they are divided, and to divide classes by their share their
labels must be looked at, as scikit-learn's ``stratify`` does. Nothing else comes of that look: the
task, its classes, their order and how its numbers are written are inferred anew from the rows that
train, and where the labels are no classes, rows are divided without a look at them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from automl.data.dataset import Dataset
from automl.data.request import DataRequest
from automl.data.targets.encode import encode_targets, target_columns
from automl.data.targets.infer_task import infer_task
from automl.data.task import Task, TaskKind
from automl.errors import DataError


@dataclass(frozen=True)
class Strata:
    """Stratum of each row.

    Attributes:
        codes: Of rows that are divided, which stratum each is of, counted from 0; 0 for all where
            they are divided without one; int64 (n,), 0 of rows that were given for a part.
        task: What the targets of all these rows together seem to ask for, where that has
            classes or labels; else None.
    """

    codes: npt.NDArray[np.int64]
    task: Task | None = None


def find_strata(dataset: Dataset, request: DataRequest) -> Strata:
    """Finds by what the rows to divide are to be divided alike.

    Args:
        dataset: All rows.
        request: What was asked.

    Raises:
        RequestError: There is no such task.
    """
    main = dataset.part == 0
    codes = np.zeros(len(main), np.int64)
    targets = dataset.targets[main]
    try:
        task = infer_task(
            target_columns(targets, tuple(targets.columns), "The rows", dataset.declared),
            request.task,
            lambda _: None,
            counted_classes=dataset.rows.counts_classes,
            declared=dataset.declared,
            decimal=request.decimal,
        )
    except DataError:  # what the rows that train are is asked, and said, after the division
        return Strata(codes)
    if not task.is_classification:
        return Strata(codes)
    truth, _ = encode_targets(targets, task)
    if task.kind is not TaskKind.MULTILABEL:
        codes[main] = truth.reshape(-1)
        return Strata(codes, task)
    # Of several labels, the rarest that a row has.
    rarest_first = np.argsort(truth.sum(axis=0), kind="stable")
    ordered = truth[:, rarest_first] > 0
    codes[main] = np.where(ordered.any(axis=1), ordered.argmax(axis=1), len(rarest_first))
    return Strata(codes, task)
