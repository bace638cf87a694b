"""The loss that a task trains with, as a Keras loss object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from automl.common.names import near_names
from automl.data.task import Task, TaskKind
from automl.errors import SpaceError
from automl.vocabulary.losses import REGRESSION_LOSSES, SMOOTHED_CROSSENTROPY


class SmoothedSparseCrossentropy(keras.losses.Loss):  # type: ignore[misc]
    """Categorical crossentropy of integer labels that are smoothed first.

    Keras smooths only one-hot labels; this makes them one-hot inside, so that the data stay
    integers whatever the smoothing is.

    Args:
        classes: Number of classes.
        label_smoothing: Share of the label's mass that is spread over all classes, in [0, 1).
        from_logits: Whether outputs come before the softmax.
    """

    def __init__(self, classes: int, label_smoothing: float, from_logits: bool = False) -> None:
        super().__init__(name=SMOOTHED_CROSSENTROPY)
        self._classes = classes
        self._label_smoothing = label_smoothing
        self._from_logits = from_logits

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses of shape (rows,) from integer labels (rows,) or (rows, 1) and (rows, classes)."""
        labels = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))
        return keras.losses.categorical_crossentropy(
            keras.ops.one_hot(labels, self._classes, dtype=y_pred.dtype),
            y_pred,
            from_logits=self._from_logits,
            label_smoothing=self._label_smoothing,
        )


def make_loss(task: Task, config: Mapping[str, Any], *, from_logits: bool = False) -> Any:
    """Makes the loss of a task.

    Binary and multilabel tasks train on binary crossentropy, multiclass on sparse categorical
    crossentropy and regression on the mean squared error of the standardized target. A space
    that lists ``loss`` may choose ``mae`` or ``huber`` for a regression with outliers (Géron,
    Hands-On Machine Learning, 2nd ed., chapter 10), with ``huber_delta`` (1) in standardized
    units.

    Args:
        task: The task; its kind decides.
        config: The trial's configuration; reads ``label_smoothing``, ``loss``, ``huber_delta``.
        from_logits: Whether the model's outputs are to become probabilities yet.

    Returns:
        A ``keras.losses.Loss`` over probabilities or standardized targets.

    Raises:
        SpaceError: If the configuration's regression loss is not known.
    """
    smoothing = float(config.get("label_smoothing") or 0.0)
    if task.kind in (TaskKind.BINARY, TaskKind.MULTILABEL):
        return keras.losses.BinaryCrossentropy(from_logits, label_smoothing=smoothing)
    if task.kind is TaskKind.MULTICLASS:
        if smoothing > 0.0:
            return SmoothedSparseCrossentropy(task.outputs, smoothing, from_logits)
        return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    name = str(config.get("loss") or next(iter(REGRESSION_LOSSES)))
    if name not in REGRESSION_LOSSES:
        near = near_names(name, REGRESSION_LOSSES) or REGRESSION_LOSSES
        raise SpaceError(f"There is no regression loss {name!r}; choose {', '.join(near)}.")
    entry = REGRESSION_LOSSES[name]
    arguments = {
        argument: float(config.get(hyperparameter) or default)
        for argument, (hyperparameter, default) in entry.arguments.items()
    }
    return getattr(keras.losses, entry.keras)(**arguments)


def make_metrics(task: Task, from_logits: bool = False) -> list[Any]:
    """The light metrics that are compiled into the model: accuracy, for classification only.

    Args:
        task: The task.
        from_logits: Whether the model's outputs are to become probabilities yet.

    Returns:
        New ``keras.metrics.Metric`` objects, at most one.
    """
    if task.kind is TaskKind.MULTICLASS:
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
    if task.is_classification:
        threshold = 0.0 if from_logits else 0.5
        return [keras.metrics.BinaryAccuracy(name="accuracy", threshold=threshold)]
    return []
