"""Residual networks: basic or bottleneck blocks, v1, v1.5 and v2, a small stem for small images.

He et al. 2015, arXiv 1512.03385, and 2016, arXiv 1603.05027. The default is the 20 layers of the
former's section 4.2, for images of 32 pixels: three groups of three basic blocks from 16 channels.
Keras's ResNet50 v1 has 25,636,712 weights; 26,560 of them are biases in front of batch
normalizations, which take them off again, and which are left out here.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Condition, Configuration, Hyperparameter
from automl.space.convolutional import (
    convolutional_space,
    image_training_hyperparameters,
    style_hyperparameters,
)
from automl.vocabulary.sources import FERLITSCH_DESIGN, GERON

_SOURCE = "He et al. 2015, arXiv 1512.03385"
#: Blocks of each group: of networks for small images, and of those with 18 to 152 layers.
GROUPS = (
    *((1, 1, 1), (2, 2, 2), (3, 3, 3), (5, 5, 5), (9, 9, 9)),
    *((1, 1, 1, 1), (2, 2, 2, 2), (3, 4, 6, 3), (3, 4, 23, 3), (3, 8, 36, 3)),
)


def residual_hyperparameters(when: Condition | None = None) -> list[Hyperparameter]:
    """What the blocks of a residual network are, how many, and how wide.

    Args:
        when: The condition under which there are any; None for always.
    """
    return [
        Choice(
            "residual_block",
            ["basic", "bottleneck"],
            when=when,
            help="basic: two 3 x 3 convolutions; bottleneck: 1 x 1, 3 x 3, 1 x 1",
            source=f"{_SOURCE}; {FERLITSCH_DESIGN}; {GERON}, ch. 14",
        ),
        Choice(
            "residual_version",
            ["v1", "v1.5", "v2"],
            when=when,
            help="v1.5: a bottleneck steps in its 3 x 3; v2: normalization and activation first",
            source=f"{_SOURCE}; v2: arXiv 1603.05027; {FERLITSCH_DESIGN}",
        ),
        Choice(
            "residual_groups",
            GROUPS,
            default=(3, 3, 3),
            when=when,
            help="blocks of each group",
            source=f"{_SOURCE}, table 1 and section 4.2",
        ),
        Choice(
            "first_filters",
            [16, 32, 64],
            default=16,
            when=when,
            help="channels of the stem, doubled in each later group",
            source=f"{_SOURCE}: 64, section 4.2: 16",
        ),
    ]


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
    from automl.models.residual_blocks import ResidualKind, residual_network

    style = DenseStyle.from_config(config)
    kind = ResidualKind(config.residual_block, config.residual_version)
    x = residual_network(inputs, config.residual_groups, config.first_filters, kind, style)
    return classifier(vector_of(x, "global_average"), [], style, task)


space = convolutional_space(
    "resnet",
    residual_hyperparameters(),
    build,
    style=style_hyperparameters(normalization="batch", needs_normalization=True, placements=()),
    training=image_training_hyperparameters(
        optimizer="nesterov", schedule="one_cycle", batch_size=128
    ),
    portfolio=[
        {"residual_groups": (1, 1, 1), "first_filters": 32, "optimizer": "adamw"},
        {"residual_version": "v2", "residual_groups": (2, 2, 2), "optimizer": "adamw"},
        {"residual_groups": (2, 2, 2, 2), "first_filters": 64, "dropout_kind": "dropout"},
        {
            **{"residual_block": "bottleneck", "residual_version": "v1.5"},
            **{"residual_groups": (3, 4, 6, 3), "first_filters": 64},
        },
    ],
)
