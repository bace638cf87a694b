"""The default configuration of Géron's table 11-2: self-normalizing SELU layers under Nadam.

Géron, Hands-On Machine Learning, 2nd ed., table 11-2, which "works fine in most cases": LeCun
normal initialization, SELU, no normalization, early stopping as the only regularization, Nadam,
a performance schedule and standardized inputs. Only depth, width and learning rate are left to
search, around the usual ones.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Configuration, Float, Int, SearchSpace

_SOURCE = "Géron, Hands-On Machine Learning, 2nd ed., table 11-2"

depth = Int("depth", 1, 5, default=2, help="hidden layers", source=f"{_SOURCE}; ch. 10")
width = Int("width", 16, 512, step=16, log=True, default=128, help="units of each", source="own")
learning_rate = Float(
    "learning_rate", 1e-4, 1e-2, log=True, default=1e-3, help="step size", source=_SOURCE
)
optimizer = Choice("optimizer", ["nadam"], help="how gradients move weights", source=_SOURCE)
schedule = Choice(
    "schedule", ["performance"], help="halves the rate on a plateau of 5 epochs", source=_SOURCE
)
batch_size = Choice("batch_size", [32], help="rows a step", source=_SOURCE)


def build(config: Configuration, inputs: Any, task: Task) -> Any:
    """Builds a plain stack of SELU layers.

    Args:
        config: A configuration of this space.
        inputs: Keras tensor of shape (None, features), standardized.
        task: The task; the head is added to what is returned.

    Returns:
        Keras tensor of shape (None, width).
    """
    from automl.models.blocks import DenseStyle, dense_stack

    return dense_stack(inputs, [config.width] * config.depth, DenseStyle(activation="selu"))


space = SearchSpace(
    "default-dnn",
    [depth, width, learning_rate, optimizer, schedule, batch_size],
    build,
    inputs="vector",
)
