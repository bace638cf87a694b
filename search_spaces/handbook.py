"""Ferlitsch's grid of 90: learning rate, dropout, batch size and optimizer, nothing else.

Ferlitsch, Learning Keras Handbook 3: five learning rates, three dropout rates that are halved at
each later layer, two batch sizes and three optimizers, sampled without replacement (the grid
sampler, or a random one that skips what it had) with 5 to 10 epochs each. The book finds them
influential in the order learning rate, dropout, batch size, optimizer. The hidden layers are
fixed at two of 128 ReLU units, the default of the space `mlp` (own: the book tunes a network that
is given).
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Configuration, Protocol, SearchSpace

_SOURCE = "Ferlitsch, Learning Keras Handbook 3"

learning_rate = Choice(
    "learning_rate",
    [0.1, 0.01, 0.001, 0.0001, 0.00001],
    default=0.001,
    help="step size",
    source=_SOURCE,
)
dropout_rate = Choice(
    "dropout_rate",
    [0.10, 0.25, 0.50],
    default=0.25,
    help="dropout after the first layer, halved at each later one",
    source=_SOURCE,
)
batch_size = Choice("batch_size", [32, 128], help="rows a step", source=_SOURCE)
optimizer = Choice(
    "optimizer", ["adam", "adagrad", "rmsprop"], help="how gradients move weights", source=_SOURCE
)


def build(config: Configuration, inputs: Any, task: Task) -> Any:
    """Builds two hidden layers with halving dropout.

    Args:
        config: A configuration of this space.
        inputs: Keras tensor of shape (None, features).
        task: The task; the head is added to what is returned.

    Returns:
        Keras tensor of shape (None, 128).
    """
    from automl.models.blocks import DenseStyle, dense_stack

    style = DenseStyle(
        activation="relu",
        dropout_kind="dropout",
        dropout_rate=config.dropout_rate,
        dropout_placement="halving",
    )
    return dense_stack(inputs, [128, 128], style)


space = SearchSpace(
    "handbook",
    [learning_rate, dropout_rate, batch_size, optimizer],
    build,
    inputs="vector",
    protocol=Protocol(_SOURCE, sampler="random", pruner="none", epochs=10),
)
