"""The output layer that a task asks for."""

from __future__ import annotations

from typing import Any

import keras

from automl.data.task import Task, TaskKind
from automl.models.keras_private import operation_of

HEAD_NAME = "head"


def add_head(features: Any, task: Task, *, kernel_regularizer: Any = None) -> Any:
    """Adds the task's output layer: sigmoid, softmax or linear units, never searched.

    The kernel keeps Glorot uniform whatever the hidden layers use, and the biases start at
    zero (Géron, Hands-On Machine Learning, 2nd ed., table 11-1). Regression answers in
    standardized units. A builder whose tensor comes from this function gets no second head.

    Args:
        features: Feature tensor of shape ``(None, k)``.
        task: The task; its kind decides the activation, its outputs the units.
        kernel_regularizer: Keras regularizer of the kernel, or None.

    Returns:
        Tensor of shape ``(None, task.outputs)``.
    """
    activation = {
        TaskKind.BINARY: "sigmoid",
        TaskKind.MULTILABEL: "sigmoid",
        TaskKind.MULTICLASS: "softmax",
        TaskKind.REGRESSION: "linear",
    }[task.kind]
    return keras.layers.Dense(
        task.outputs,
        activation=activation,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=kernel_regularizer,
        name=HEAD_NAME,
    )(features)


def is_head(tensor: Any) -> bool:
    """Whether a tensor was made by `add_head`.

    Args:
        tensor: A Keras tensor.
    """
    operation = operation_of(tensor)
    return isinstance(operation, keras.layers.Dense) and operation.name == HEAD_NAME
