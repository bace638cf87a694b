"""VGG: groups of 3 x 3 convolutions of one width, each with a max pooling, and two dense layers.

Simonyan and Zisserman 2014, arXiv 1409.1556, as in Ferlitsch, Deep Learning Design, and Zafar et
al. The published VGG16 is ``width_factor=1.0`` and ``head_width=4096``: 138,357,544 weights for
1,000 classes of images of 224 pixels. The default is a quarter as wide, with batch normalization,
which images of 32 pixels on a few cores have the time for.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Configuration
from automl.space.convolutional import (
    convolutional_space,
    dense_head_hyperparameters,
    image_training_hyperparameters,
    pooling_hyperparameter,
    style_hyperparameters,
    width_factor_hyperparameter,
)
from automl.vocabulary.sources import FERLITSCH_DESIGN, ZAFAR

_SOURCE = f"Simonyan and Zisserman 2014, arXiv 1409.1556; {FERLITSCH_DESIGN}; {ZAFAR}"
_FILTERS = (64, 128, 256, 512, 512)
#: Convolutions of each group: of small networks, and of VGG11, VGG13, VGG16 and VGG19.
_GROUPS = (
    *((1, 1, 1), (2, 2, 2), (1, 1, 2, 2), (2, 2, 3, 3)),
    *((1, 1, 2, 2, 2), (2, 2, 2, 2, 2), (2, 2, 3, 3, 3), (2, 2, 4, 4, 4)),
)

vgg_groups = Choice(
    "vgg_groups",
    _GROUPS,
    default=(2, 2, 3, 3, 3),
    help="convolutions of each group",
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
    from automl.models.conv_blocks import classifier, conv_group, rounded, vector_of

    style = DenseStyle.from_config(config)
    x = inputs
    for count, filters in zip(config.vgg_groups, _FILTERS, strict=False):
        width = rounded(filters * config.width_factor)
        x = conv_group(x, width, [3] * count, style, "max_pool")
    widths = [config.head_width] * config.head_depth if config.head_depth else []
    return classifier(vector_of(x, config.pooling), widths, style, task)


space = convolutional_space(
    "vgg",
    [
        vgg_groups,
        width_factor_hyperparameter([0.125, 0.25, 0.5, 1.0], 0.25, f"own, below {_SOURCE}"),
        pooling_hyperparameter("flatten"),
        *dense_head_hyperparameters(depth=2, width=512, most=4096, halving=False),
    ],
    build,
    style=style_hyperparameters(normalization="batch", dropout="dropout"),
    training=image_training_hyperparameters(schedule="one_cycle", batch_size=128),
    portfolio=[
        {"vgg_groups": (1, 1, 1), "width_factor": 0.5, "head_depth": 1, "head_width": 128},
        {"vgg_groups": (2, 2, 2), "width_factor": 0.5, "pooling": "global_average"},
        {"width_factor": 1.0, "head_width": 4096, "normalization": "none", "optimizer": "momentum"},
    ],
)
