"""A multilayer perceptron: depth, width, activation, normalization, dropout, skips and more.

Everything that Géron, Hands-On Machine Learning, 2nd ed., chapters 10 and 11, varies in a dense
network, with the ranges of Ferlitsch (Learning Keras Handbook 3; Deep Learning Design), Zafar et
al. (Hands-On CNNs with TensorFlow), RealMLP (arXiv 2407.04491) and TabM (arXiv 2410.24210); each
hyperparameter names its own source. Invalid combinations are never sampled: the rules are in
`automl.space.dense`.

A search leaves out what the rows give no ground for (`automl.space.data_rules`), and leaky_relu,
prelu and sigmoid, which were among the best three trials of none of 21 searches of 90 seconds on
letter, bank, magic and housing; ``--set activation=...`` tries them.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Configuration, SearchSpace
from automl.space.dense import dense_hyperparameters, dense_training_hyperparameters


def build(config: Configuration, inputs: Any, task: Task) -> Any:
    """Builds the network up to its outputs.

    Args:
        config: A configuration of this space.
        inputs: Keras tensor of shape (None, features) with all columns.
        task: The task, for the head.

    Returns:
        Keras tensor of shape (None, task.outputs).
    """
    from automl.models.blocks import DenseStyle, dense_stack, layer_widths, make_regularizer
    from automl.models.heads import add_head

    style = DenseStyle.from_config(config)
    x = inputs
    if config.depth > 0:
        x = dense_stack(x, layer_widths(config.depth, config.width, config.width_shape), style)
        if config.topology == "wide_and_deep":
            import keras

            x = keras.layers.Concatenate()([inputs, x])
    penalty = make_regularizer(style.regularizer, style.regularization)
    return add_head(x, task, kernel_regularizer=penalty)


space = SearchSpace(
    "mlp",
    [*dense_hyperparameters(), *dense_training_hyperparameters()],
    build,
    inputs="vector",
)
