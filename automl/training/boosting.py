"""scikit-learn's histogram gradient boosting on a view's prepared rows: a baseline of tables.

Its own defaults are kept (100 iterations of 31 leaves, learning rate 0.1, early stopping above
10,000 rows). What it is given beside them are the row weights, which columns are categories, and a
seed; so that the same seed and rows give the same trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.arrays import Arrays
from automl.data.kinds.signature import CATEGORICAL, NUMERIC
from automl.data.plan import Rows
from automl.data.task import TaskKind
from automl.vocabulary.sklearn_private import tree_nodes

ITERATIONS = 100
"""scikit-learn's default of ``max_iter``."""
FEWEST_ITERATIONS = 10
"""What is trained at least, however large the rows."""
EARLY_STOPPING_ROWS = 10_000
"""Rows above which scikit-learn stops early by a tenth of them (its ``early_stopping="auto"``)."""
MOST_ROWS = 1_000_000
"""Training rows at most; of more a random sample is taken."""
MOST_CATEGORIES = 255
"""Codes that a column of categories may have; one of more counts as numbers."""
WORK_A_SECOND = 8e7
"""Rows x columns x outputs x iterations that take a second on one core (measured: 7e7 on digits,
8e7 on housing, 9e7 on adult)."""
MOST_SECONDS = 60.0
"""Seconds of one core for which iterations are cut down (own choice)."""


@dataclass(frozen=True)
class Extent:
    """How much of gradient boosting is trained, where all of it would take too long.

    Attributes:
        iterations: Iterations at most.
        rows: Training rows of a view at most.
    """

    iterations: int = ITERATIONS
    rows: int = MOST_ROWS


def extent_of(arrays: Arrays, views: int, seconds: float | None) -> Extent:
    """How much is trained so that it takes no longer than it should, by the size of the rows.

    Args:
        arrays: A view of the rows.
        views: How many views are trained on.
        seconds: Seconds that it may take, about; None for `MOST_SECONDS` alone.
    """
    rows = min(len(arrays.train), MOST_ROWS)
    columns = sum(spec.shape[0] for spec in arrays.signature.inputs.values())
    outputs = 1 if arrays.task.kind is TaskKind.BINARY else arrays.task.outputs
    most = WORK_A_SECOND * min(MOST_SECONDS, MOST_SECONDS if seconds is None else seconds)
    possible = int(most / max(1, rows * columns * outputs * views))
    return Extent(min(ITERATIONS, max(FEWEST_ITERATIONS, possible)))


class BoostedTrees:
    """Gradient boosting, fitted to the training rows of one view.

    Args:
        arrays: The view.
        seed: Seed of everything random.
        extent: How much is trained.

    Attributes:
        nodes: Nodes of all trees.
    """

    def __init__(self, arrays: Arrays, seed: int, extent: Extent) -> None:
        self._task, self._plan = arrays.task, arrays.plan
        self._seed, self._iterations = seed, extent.iterations
        self._categorical = _are_categories(arrays)
        rows = _sample(arrays.train, extent.rows, seed)
        weight = rows.weight if rows.loss_weight is None else rows.loss_weight
        inputs = _matrix(rows)
        if self._task.kind is TaskKind.MULTICLASS:
            self._models = [self._fitted(inputs, rows.target, weight)]
        else:
            self._models = [
                self._fitted(inputs, target, weight) for target in np.asarray(rows.target).T
            ]
        self.nodes = sum(map(tree_nodes, self._models))

    def outputs(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Probabilities, or standardized numbers, (n, outputs)."""
        inputs = _matrix(rows)
        if self._task.kind is TaskKind.MULTICLASS:
            (model,) = self._models
            found = np.zeros((len(rows), self._task.outputs))
            found[:, model.classes_.astype(np.int64)] = model.predict_proba(inputs)
            return found
        return np.stack([_answer(model, inputs) for model in self._models], axis=1)

    def in_own_units(self, outputs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Outputs as metrics take them: numbers in the targets' own units."""
        return self._plan.restore_target(outputs)

    def _fitted(
        self, inputs: npt.NDArray[np.float32], target: npt.NDArray[Any], weight: Any
    ) -> Any:
        from sklearn.dummy import DummyClassifier
        from sklearn.ensemble import (
            HistGradientBoostingClassifier,
            HistGradientBoostingRegressor,
        )

        options: Mapping[str, Any] = {
            "max_iter": self._iterations,
            "random_state": self._seed,
            "categorical_features": self._categorical if self._categorical.any() else None,
        }
        if not self._task.is_classification:
            return HistGradientBoostingRegressor(**options).fit(inputs, target, weight)
        known, counts = np.unique(target, return_counts=True)
        if len(known) == 1:  # a label that all rows of this view have, or none
            return DummyClassifier(strategy="prior").fit(inputs, target)
        # Its validation rows hold each class, or it raises; so it must have two rows of each.
        stops = len(target) > EARLY_STOPPING_ROWS and counts.min() > 1
        model = HistGradientBoostingClassifier(early_stopping=stops, **options)
        return model.fit(inputs, target, weight)


def _answer(model: Any, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """A number, or the probability of 1, of each row."""
    if not hasattr(model, "predict_proba"):
        return np.asarray(model.predict(inputs), dtype=np.float64)
    probabilities = model.predict_proba(inputs)
    if len(model.classes_) == 1:
        return np.full(len(inputs), float(model.classes_[0]))
    return np.asarray(probabilities[:, 1], dtype=np.float64)


def _matrix(rows: Rows) -> npt.NDArray[np.float32]:
    """Numbers, then codes, side by side."""
    held = [rows.inputs[name] for name in (NUMERIC, CATEGORICAL) if name in rows.inputs]
    return np.concatenate([np.asarray(part, np.float32) for part in held], axis=1)


def _are_categories(arrays: Arrays) -> npt.NDArray[np.bool_]:
    """Of each column of `_matrix`, whether it holds codes that can be split as categories."""
    signature = arrays.signature
    few = [count <= MOST_CATEGORIES for count in signature.cardinalities]
    return np.array([*(False for _ in range(signature.numeric)), *few])


def _sample(rows: Rows, most: int, seed: int) -> Rows:
    if len(rows) <= most:
        return rows
    drawn = np.random.default_rng(seed).choice(len(rows), most, replace=False)
    return rows.at(np.sort(drawn))
