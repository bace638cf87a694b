"""From probabilities to answers: which class is told, and which labels hold.

The one rule of the package: a label holds where its probability is *above* one half; of a binary
classifier that was exported with a threshold (`automl.data.decision_threshold`), above that. One
half is so in Keras's accuracies, in the kernel, and in scikit-learn's classifiers, which tell the
likelier of two classes and of equal ones the first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from automl.vocabulary.task_kinds import TaskKind

#: Probability above which a label holds.
THRESHOLD = 0.5


def holds(probabilities: npt.NDArray[Any], threshold: float = THRESHOLD) -> npt.NDArray[np.bool_]:
    """Whether labels hold.

    Args:
        probabilities: Of any shape; NaN never holds.
        threshold: Above which they do. It is compared in float64: halfway between two
            probabilities of float32 there may be no number of float32.

    Returns:
        Booleans of the same shape.
    """
    told: npt.NDArray[np.bool_] = np.asarray(probabilities) > np.float64(threshold)
    return told


def chosen_classes(
    kind: TaskKind, probabilities: npt.NDArray[Any], threshold: float = THRESHOLD
) -> npt.NDArray[np.int64]:
    """The class that is told of each row; of equally likely ones the first.

    Args:
        kind: Binary or multiclass.
        probabilities: (n, 1) of the second class, or (n, classes).
        threshold: Of a binary task, above which the second class is told.

    Returns:
        Numbers of classes, int64 (n,).
    """
    if kind is TaskKind.BINARY:
        return holds(probabilities[:, 0], threshold).astype(np.int64)
    numbers: npt.NDArray[np.int64] = np.asarray(probabilities).argmax(axis=1).astype(np.int64)
    return numbers
