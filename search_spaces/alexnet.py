"""AlexNet: an 11 x 11 convolution in steps of 4, overlapping pools, and two wide dense layers.

Krizhevsky et al. 2012, in the form of Géron, Hands-On Machine Learning, 2nd ed., chapter 14:
62,378,344 weights for 1,000 classes of images of 227 pixels. Images below 64 pixels have a 5 x 5
convolution in steps of 1 first.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Boolean, Configuration, Ref
from automl.space.convolutional import (
    convolutional_space,
    dense_head_hyperparameters,
    image_training_hyperparameters,
    pooling_hyperparameter,
    style_hyperparameters,
    width_factor_hyperparameter,
)
from automl.vocabulary.sources import GERON

_SOURCE = f"Krizhevsky et al. 2012; {GERON}, ch. 14"

local_response = Boolean(
    "local_response",
    default=True,
    when=Ref("normalization") == "none",
    otherwise=False,
    help="local response normalization behind the first two convolutions",
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
    from automl.models.conv_blocks import (
        classifier,
        conv_block,
        convolutions_dropped,
        is_small,
        locally_normalized,
        pooled,
        rounded,
        vector_of,
    )

    style = DenseStyle.from_config(config)
    width = {filters: rounded(filters * config.width_factor) for filters in (96, 256, 384)}
    kernel, stride, padding = (5, 1, "same") if is_small(inputs) else (11, 4, "valid")
    x = conv_block(inputs, width[96], kernel, style, stride=stride, padding=padding)
    x = locally_normalized(x) if config.local_response else x
    x = pooled(x, "max_pool", size=3, padding="valid")
    x = conv_block(x, width[256], 5, style)
    x = locally_normalized(x) if config.local_response else x
    x = pooled(x, "max_pool", size=3, padding="valid")
    for filters in (384, 384, 256):
        x = conv_block(x, width[filters], 3, style)
    x = convolutions_dropped(pooled(x, "max_pool", size=3, padding="valid"), style)
    widths = [config.head_width] * config.head_depth if config.head_depth else []
    return classifier(vector_of(x, config.pooling), widths, style, task)


space = convolutional_space(
    "alexnet",
    [
        width_factor_hyperparameter([0.25, 0.5, 1.0], 0.5, f"own, below {_SOURCE}"),
        pooling_hyperparameter("flatten"),
        *dense_head_hyperparameters(depth=2, width=512, most=4096, halving=False),
    ],
    build,
    style=[*style_hyperparameters(dropout="dropout"), local_response],
    training=image_training_hyperparameters(batch_size=128),
    portfolio=[
        {"normalization": "batch", "width_factor": 0.25, "schedule": "one_cycle"},
        {"normalization": "batch", "pooling": "global_average", "head_depth": 1},
        {"width_factor": 1.0, "head_width": 4096, "optimizer": "momentum"},
    ],
)
