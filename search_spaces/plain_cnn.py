"""A plain convolutional network: groups of convolutions, each of which halves the maps.

Its default is that of Géron, Hands-On Machine Learning, 2nd ed., chapter 14: a 7 x 7 convolution,
two groups of two 3 x 3 convolutions, and two dense layers with dropout, 1,413,834 weights on
Fashion-MNIST, where the book reports over 92 % of the test rows.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Configuration, Int
from automl.space.convolutional import (
    convolutional_space,
    dense_head_hyperparameters,
    downsampling_hyperparameter,
    image_training_hyperparameters,
    pooling_hyperparameter,
    style_hyperparameters,
)
from automl.vocabulary.sources import GERON, ZAFAR

_SOURCE = f"{GERON}, ch. 14"
_MOST_FILTERS = 512

groups = Int(
    "groups",
    0,
    4,
    default=2,
    help="groups of convolutions behind the first one, each with twice the channels",
    source=_SOURCE,
)
convolutions = Int(
    "convolutions",
    1,
    3,
    default=2,
    when=groups > 0,
    help="convolutions of a group",
    source=f"{_SOURCE}; {ZAFAR}",
)
first_filters = Choice(
    "first_filters",
    [16, 24, 32, 48, 64],
    default=64,
    help="channels of the first convolution",
    source=f"{_SOURCE}; {ZAFAR}: at least 32 on photographs",
)
first_kernel = Choice(
    "first_kernel", [3, 5, 7], default=7, help="side of the first kernel", source=_SOURCE
)
kernel = Choice(
    "kernel",
    [3, 5],
    when=groups > 0,
    help="side of the other kernels",
    source=f"{_SOURCE}; {ZAFAR}: 3 beats larger ones behind the first layer",
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
    from automl.models.conv_blocks import classifier, conv_group, head_widths, vector_of

    style = DenseStyle.from_config(config)
    filters = config.first_filters
    x = conv_group(inputs, filters, [config.first_kernel], style, config.downsampling)
    for _ in range(config.groups):
        filters = min(2 * filters, _MOST_FILTERS)
        kernels = [config.kernel] * config.convolutions
        x = conv_group(x, filters, kernels, style, config.downsampling)
    widths = head_widths(config.head_depth, config.get("head_width"))
    return classifier(vector_of(x, config.pooling), widths, style, task)


space = convolutional_space(
    "plain_cnn",
    [
        *(groups, convolutions, first_filters, first_kernel, kernel),
        downsampling_hyperparameter(),
        pooling_hyperparameter("flatten"),
        *dense_head_hyperparameters(depth=2, width=128),
    ],
    build,
    style=style_hyperparameters(dropout="dropout"),
    training=image_training_hyperparameters(),
    portfolio=[
        {
            **{"first_filters": 32, "first_kernel": 3, "normalization": "batch"},
            **{"pooling": "global_average", "head_depth": 0, "schedule": "one_cycle"},
        },
        {
            **{"first_filters": 32, "first_kernel": 3, "groups": 1, "head_depth": 1},
            **{"dropout_placement": "every_layer", "dropout_rate": 0.4},
        },
        {
            **{"first_filters": 48, "normalization": "batch", "schedule": "one_cycle"},
            **{"optimizer": "adamw", "label_smoothing": 0.1, "batch_size": 128},
        },
    ],
)
