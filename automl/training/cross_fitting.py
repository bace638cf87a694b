"""A training scored by epochs that were chosen without the rows that they are scored on.

The best of many epochs on few rows is partly luck, which the score at it counts as merit. Here the
rows are divided into parts, and each part is predicted by the epoch at which the *other* parts
score best: as in cross-fitting, of which the choice of an epoch is one more use.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.metrics import Objective, better, compute_metric
from automl.data.plan import Rows
from automl.data.random_parts import random_parts
from automl.data.task import Task

#: Parts of the validation rows. With five an epoch is chosen by four fifths of them.
PARTS = 5
#: Own choice: of more rows the epoch is hardly luck, and scoring them five times takes its time.
MOST_ROWS = 20_000


def can_be_cross_fitted(objective: Objective, rows: int) -> bool:
    """Whether epochs can be chosen so: by a metric that some of few rows are enough for.

    Keras's loss and a metric of the model are no function of predictions, and a function of a
    person's own may not be defined on a part.
    """
    is_known = objective.of_predictions and isinstance(objective.metric, str)
    return is_known and 2 * PARTS <= rows <= MOST_ROWS


class CrossFittedEpochs:
    """Keeps each part's predictions of the epoch that the other parts choose.

    Where the objective is not defined on the other parts, all rows choose, as in any trial.

    Args:
        rows: The validation rows.
        task: The task.
        objective: What epochs are chosen by.

    Attributes:
        predictions: (n, outputs), each row's at the epoch that is chosen for it so far; None
            before the first epoch.
    """

    def __init__(self, rows: Rows, task: Task, objective: Objective) -> None:
        self.predictions: npt.NDArray[Any] | None = None
        self._rows = rows
        self._task = task
        self._objective = objective
        self._parts = random_parts(len(rows), PARTS, seed=0)
        every = np.arange(len(rows))
        self._others = [np.setdiff1d(every, part) for part in self._parts]
        self._best: list[float | None] = [None] * PARTS

    def update(self, predictions: npt.NDArray[Any]) -> None:
        """Takes an epoch.

        Args:
            predictions: On the validation rows, (n, outputs), in the targets' own units.
        """
        if self.predictions is None:
            self.predictions = np.array(predictions)
        every = np.arange(len(self._rows))
        for number, (part, others) in enumerate(zip(self._parts, self._others, strict=True)):
            score = self._score(predictions, others)
            if math.isnan(score):  # not defined on these: the AUC of rows of one class
                score = self._score(predictions, every)
            if better(score, self._best[number], self._objective.direction):
                self._best[number] = score
                self.predictions[part] = predictions[part]

    def _score(self, predictions: npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> float:
        weight = self._rows.weight
        return compute_metric(
            self._objective.name,
            self._task,
            self._rows.truth[rows],
            predictions[rows],
            None if weight is None else weight[rows],
        )

    def state(self) -> list[float | None]:
        """What the epochs so far have come to, beside `predictions`, as JSON scalars."""
        return list(self._best)

    def restore_state(
        self, best: Sequence[float | None], predictions: npt.NDArray[Any] | None
    ) -> None:
        """Takes back what `state` gave, and the predictions."""
        self._best, self.predictions = list(best), predictions
