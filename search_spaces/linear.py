"""A linear model: every column straight to the head, with an optional penalty on its weights.

Linear or logistic regression by gradient descent (Géron, Hands-On Machine Learning, 2nd ed.,
chapter 4); AdaGrad and FTRL are at home here (chapter 11). It is the baseline that every search
has to beat.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from automl.data.task import Task
from automl.space import Configuration, SearchSpace, training_hyperparameters
from automl.space.dense import categorical_hyperparameters
from automl.space.hyperparameter import Hyperparameter
from automl.space.regularization import regularizer_hyperparameters


def build(config: Configuration, inputs: Any, task: Task) -> Any:
    """Builds the model: nothing but the head.

    Args:
        config: A configuration of this space.
        inputs: Keras tensor of shape (None, features) with all columns.
        task: The task, for the head.

    Returns:
        Keras tensor of shape (None, task.outputs).
    """
    from automl.models.blocks import make_regularizer
    from automl.models.heads import add_head

    strength = config.get("regularization", 0.0)
    return add_head(inputs, task, kernel_regularizer=make_regularizer(config.regularizer, strength))


def _training() -> list[Hyperparameter]:
    """Training with a faster default: a convex problem takes ten times the usual rate.

    At 1e-3 a linear model on a small set is still far from its optimum after twenty epochs,
    which would make the baseline look worse than it is.
    """
    return [
        replace(parameter, default=1e-2)
        if parameter.name == "learning_rate" and parameter.default == 1e-3
        else parameter
        for parameter in training_hyperparameters(label_smoothing=True)
    ]


space = SearchSpace(
    "linear",
    [
        *regularizer_hyperparameters(selu=False),
        *categorical_hyperparameters(),
        *_training(),
    ],
    build,
    inputs="vector",
)
