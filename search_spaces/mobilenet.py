"""MobileNet: depthwise convolutions, each with a 1 x 1 convolution behind it.

Howard et al. 2017, arXiv 1704.04861: 4,253,864 weights for 1,000 classes at ``width_factor=1.0``.
Below 64 pixels the first two steps of 2 are left out.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Configuration, Int
from automl.space.convolutional import (
    convolutional_space,
    image_training_hyperparameters,
    style_hyperparameters,
    width_factor_hyperparameter,
)
from automl.vocabulary.sources import ZAFAR

_SOURCE = f"Howard et al. 2017, arXiv 1704.04861; {ZAFAR}"

middle_blocks = Int(
    "middle_blocks",
    0,
    5,
    default=5,
    help="blocks of 512 channels before the last halving",
    source=f"{_SOURCE}: 5",
)
depth_multiplier = Choice(
    "depth_multiplier",
    [1, 2],
    help="channels that each channel becomes in a depthwise convolution",
    source=_SOURCE,
)
resolution = Choice(
    "resolution",
    [1.0, 0.75, 0.5],
    help="what multiplies the sides of the images first",
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
    from automl.models.conv_blocks import classifier, resized, vector_of
    from automl.models.separable_blocks import mobile_network

    style = DenseStyle.from_config(config)
    x = mobile_network(
        *(resized(inputs, config.resolution), config.middle_blocks, config.width_factor, style),
        multiplier=config.depth_multiplier,
    )
    return classifier(vector_of(x, "global_average"), [], style, task)


space = convolutional_space(
    "mobilenet",
    [
        *(middle_blocks, depth_multiplier, resolution),
        width_factor_hyperparameter([0.25, 0.5, 0.75, 1.0], 0.5, _SOURCE),
    ],
    build,
    style=style_hyperparameters(normalization="batch", needs_normalization=True, placements=()),
    training=image_training_hyperparameters(schedule="one_cycle", batch_size=128),
    portfolio=[
        {"middle_blocks": 1, "width_factor": 0.25, "optimizer": "adamw"},
        {"middle_blocks": 1, "width_factor": 0.5, "dropout_kind": "dropout"},
        {"width_factor": 1.0, "optimizer": "nesterov"},
    ],
)
