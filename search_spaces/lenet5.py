"""LeNet-5: two 5 x 5 convolutions with mean pools, a third that sees all, and a dense layer.

LeCun et al. 1998, in the form of Géron, Hands-On Machine Learning, 2nd ed., chapter 14: 61,706
weights for 10 classes of images of 32 x 32 pixels; images of 28 pixels get a border of 2. Its 6
channels are the one exception to multiples of 8, and its tanh stands without normalization: it
would not be LeNet-5 otherwise.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Configuration
from automl.space.convolutional import (
    convolutional_space,
    image_training_hyperparameters,
    pooling_hyperparameter,
    style_hyperparameters,
)
from automl.vocabulary.sources import GERON

_SOURCE = f"LeCun et al. 1998; {GERON}, ch. 14"
_FILTERS = {6: (6, 16, 120), 8: (8, 16, 120), 16: (16, 32, 128), 32: (32, 64, 128)}

first_filters = Choice(
    "first_filters",
    tuple(_FILTERS),
    help="channels of the first convolution, which the later ones follow",
    source=f"{_SOURCE}: 6; own",
)
head_width = Choice(
    "head_width", [84, 128, 256], help="units of the dense layer", source=f"{_SOURCE}: 84; own"
)
lenet_pooling = Choice(
    "downsampling",
    ["average_pool", "max_pool"],
    help="what halves the maps",
    source=f"{_SOURCE}: the mean",
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
    import keras

    from automl.models.blocks import DenseStyle
    from automl.models.conv_blocks import (
        classifier,
        conv_block,
        convolutions_dropped,
        halved,
        sides,
        vector_of,
    )

    style = DenseStyle.from_config(config)
    first, second, third = _FILTERS[config.first_filters]
    x = keras.layers.ZeroPadding2D(2)(inputs) if sides(inputs) == (28, 28) else inputs
    for filters in (first, second):
        x = halved(conv_block(x, filters, 5, style, padding="valid"), config.downsampling)
    x = convolutions_dropped(conv_block(x, third, 5, style, padding="valid"), style)
    return classifier(vector_of(x, config.pooling), [config.head_width], style, task)


space = convolutional_space(
    "lenet5",
    [*(first_filters, head_width, lenet_pooling), pooling_hyperparameter("flatten")],
    build,
    style=style_hyperparameters(activation="tanh", saturating=True),
    training=image_training_hyperparameters(),
    portfolio=[
        {"activation": "relu", "downsampling": "max_pool", "first_filters": 16},
        {
            **{"activation": "relu", "downsampling": "max_pool", "first_filters": 32},
            **{"normalization": "batch", "dropout_kind": "dropout", "schedule": "one_cycle"},
        },
        {"optimizer": "momentum", "learning_rate": 0.02},
    ],
)
