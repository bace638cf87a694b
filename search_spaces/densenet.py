"""DenseNet: each layer sees the maps of all before it in its block; compression between blocks.

Huang et al. 2016, arXiv 1608.06993, in its form BC (bottlenecks and compression): DenseNet-121 is
``growth=32`` and ``dense_blocks=[6, 12, 24, 16]``, 8,062,504 weights for 1,000 classes. Below 64
pixels the stem is a 3 x 3 convolution, as the paper's for images of 32.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Configuration
from automl.space.convolutional import (
    convolutional_space,
    image_training_hyperparameters,
    style_hyperparameters,
)
from automl.vocabulary.sources import FERLITSCH_HANDBOOK

_SOURCE = f"Huang et al. 2016, arXiv 1608.06993; {FERLITSCH_HANDBOOK}"

dense_blocks = Choice(
    "dense_blocks",
    [
        *((2, 2, 2), (4, 4, 4), (6, 6, 6), (16, 16, 16)),
        *((6, 12, 24, 16), (6, 12, 32, 32), (6, 12, 48, 32)),
    ],
    default=(6, 6, 6),
    help="layers of each block; a layer is a 1 x 1 and a 3 x 3 convolution",
    source=_SOURCE,
)
growth = Choice(
    "growth", [8, 16, 24, 32], default=16, help="channels that a layer adds", source=_SOURCE
)
compression = Choice(
    "compression",
    [0.5, 1.0],
    help="share of the channels that is left between blocks",
    source=_SOURCE,
)


def build(config: Configuration, inputs: Any, task: Task) -> Any:
    """Builds the network up to its outputs.

    Args:
        config: A configuration of this space.
        inputs: Keras tensor of shape (None, height, width, channels), scaled.
        task: The task, for the head.

    Returns:
        Keras tensor of shape (None, task.outputs).
    """
    from automl.models.blocks import DenseStyle
    from automl.models.conv_blocks import classifier, vector_of
    from automl.models.dense_blocks import densely_connected

    style = DenseStyle.from_config(config)
    x = densely_connected(inputs, config.dense_blocks, config.growth, config.compression, style)
    return classifier(vector_of(x, "global_average"), [], style, task)


space = convolutional_space(
    "densenet",
    [dense_blocks, growth, compression],
    build,
    style=style_hyperparameters(normalization="batch", needs_normalization=True, placements=()),
    training=image_training_hyperparameters(optimizer="nesterov", schedule="one_cycle"),
    portfolio=[
        {"dense_blocks": (2, 2, 2), "optimizer": "adamw"},
        {"dense_blocks": (4, 4, 4), "growth": 24, "optimizer": "adamw"},
        {"dense_blocks": (16, 16, 16), "dropout_kind": "dropout", "dropout_rate": 0.2},
    ],
)
