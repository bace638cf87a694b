"""Squeeze-and-excite networks: residual or inception blocks whose channels are weighted.

Hu et al. 2017, arXiv 1709.01507: behind each block a dense layer of c / ratio units and one of c,
from the means of c channels, say by how much each channel counts.
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
from automl.vocabulary.sources import GERON

from . import inception, resnet

_SOURCE = "Hu et al. 2017, arXiv 1709.01507"

excited = Choice(
    "excited",
    ["residual", "inception"],
    help="the blocks that stand in front of each weighting of channels",
    source=f"{_SOURCE}; {GERON}, ch. 14",
)
excitation_ratio = Choice(
    "excitation_ratio",
    [16, 8],
    help="channels for each unit of the weighting's hidden layer",
    source=f"{_SOURCE}, table 10",
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
    from automl.models.inception_blocks import inception_network
    from automl.models.residual_blocks import ResidualKind, residual_network

    style, ratio = DenseStyle.from_config(config), config.excitation_ratio
    if config.excited == "residual":
        kind = ResidualKind(config.residual_block, config.residual_version, ratio)
        x = residual_network(inputs, config.residual_groups, config.first_filters, kind, style)
    else:
        x = inception_network(
            *(inputs, config.inception_groups, style),
            factor=config.width_factor,
            double=config.large_branch == "double_3x3",
            ratio=ratio,
        )
    return classifier(vector_of(x, "global_average"), [], style, task)


space = convolutional_space(
    "senet",
    [
        *(excited, excitation_ratio),
        *resnet.residual_hyperparameters(when=excited == "residual"),
        *inception.module_hyperparameters(when=excited == "inception"),
    ],
    build,
    style=style_hyperparameters(normalization="batch", needs_normalization=True, placements=()),
    training=image_training_hyperparameters(
        optimizer="nesterov", schedule="one_cycle", batch_size=128
    ),
    portfolio=[
        {"residual_groups": (1, 1, 1), "first_filters": 32, "optimizer": "adamw"},
        {"residual_groups": (2, 2, 2), "first_filters": 32, "excitation_ratio": 8},
        {"excited": "inception", "width_factor": 0.25, "inception_groups": (1, 1, 1)},
    ],
)
