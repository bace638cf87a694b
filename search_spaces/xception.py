"""Xception: separable convolutions with residuals between two plain and two wide ones.

Chollet 2016, arXiv 1610.02357: 22,910,480 weights for 1,000 classes at ``width_factor=1.0`` and 8
blocks in the middle. The first two layers are never separable (Géron, Hands-On Machine Learning,
2nd ed., chapter 14). Below 64 pixels the first convolution keeps the size of the maps.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Configuration, Int
from automl.space.convolutional import (
    convolutional_space,
    image_training_hyperparameters,
    style_hyperparameters,
    width_factor_hyperparameter,
)
from automl.vocabulary.sources import GERON

_SOURCE = f"Chollet 2016, arXiv 1610.02357; {GERON}, ch. 14"

middle_blocks = Int(
    "middle_blocks",
    0,
    8,
    default=2,
    help="blocks of three separable convolutions in the middle",
    source=f"{_SOURCE}: 8",
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
    from automl.models.separable_blocks import xception_network

    style = DenseStyle.from_config(config)
    x = xception_network(inputs, config.middle_blocks, config.width_factor, style)
    return classifier(vector_of(x, "global_average"), [], style, task)


space = convolutional_space(
    "xception",
    [
        middle_blocks,
        width_factor_hyperparameter([0.125, 0.25, 0.5, 1.0], 0.25, f"own, below {_SOURCE}"),
    ],
    build,
    style=style_hyperparameters(normalization="batch", needs_normalization=True, placements=()),
    training=image_training_hyperparameters(schedule="one_cycle", batch_size=128),
    portfolio=[
        {"middle_blocks": 0, "width_factor": 0.125, "optimizer": "adamw"},
        {"middle_blocks": 4, "dropout_kind": "dropout"},
        {"middle_blocks": 8, "width_factor": 1.0, "optimizer": "nesterov"},
    ],
)
