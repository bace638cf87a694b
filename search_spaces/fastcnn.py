"""A network that learns small images in few epochs: whitened patches, early pools, GELU.

The shape of airbench (Jordan 2024, arXiv 2404.00498), which reaches 94 % on CIFAR-10 in 10 epochs
with 64, 256 and 256 channels: a 2 x 2 convolution whose kernels are the whitened patches of the
training images and are not trained, and three groups of two convolutions, whose first starts as
the identity and is pooled before it is normalized.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from automl.data.task import Task
from automl.space import Boolean, Choice, Configuration
from automl.space.convolutional import (
    FAST_RATE,
    convolutional_space,
    image_training_hyperparameters,
    style_hyperparameters,
)
from automl.space.hyperparameter import Hyperparameter

_SOURCE = "Jordan 2024, arXiv 2404.00498"

fast_widths = Choice(
    "fast_widths",
    [
        *((16, 32, 64), (24, 48, 96), (32, 64, 128), (32, 128, 128)),
        *((64, 128, 256), (64, 256, 256)),
    ],
    default=(32, 64, 128),
    help="channels of the three groups",
    source=f"{_SOURCE}: 64, 256, 256; own, below",
)
whitening = Boolean(
    "whitening",
    default=True,
    help="whether the first kernels whiten patches of the training images and are not trained",
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
    from automl.models.conv_blocks import classifier
    from automl.models.fast_blocks import fast_network

    style = DenseStyle.from_config(config)
    x = fast_network(inputs, config.fast_widths, style, whitening=config.whitening)
    return classifier(x, [], style, task)


def _style() -> list[Hyperparameter]:
    """The usual, with the momentum of few epochs."""
    usual = style_hyperparameters(
        activation="gelu", normalization="batch", needs_normalization=True, placements=()
    )
    return [
        replace(p, options=(0.6, 0.9, 0.99), default=0.6, source=_SOURCE)
        if isinstance(p, Choice) and p.name == "batch_norm_momentum"
        else p
        for p in usual
    ]


space = convolutional_space(
    "fastcnn",
    [fast_widths, whitening],
    build,
    style=_style(),
    training=image_training_hyperparameters(
        schedule="one_cycle", batch_size=128, learning_rate=FAST_RATE
    ),
    portfolio=[
        {"fast_widths": (24, 48, 96), "batch_size": 64},
        {
            **{"fast_widths": (32, 128, 128), "optimizer": "adamw", "label_smoothing": 0.1},
            **{"augmentation": "parts", "shift": 0.05},
        },
        {
            **{"fast_widths": (32, 128, 128), "optimizer": "adamw", "augmentation": "parts"},
            **{"shift": 0.05, "mixing": "cutmix"},
        },
        {
            **{"fast_widths": (64, 256, 256), "optimizer": "nesterov", "learning_rate": 0.05},
            **{"momentum": 0.85, "label_smoothing": 0.1, "batch_size": 512},
            **{"augmentation": "parts", "shift": 0.05, "flip": "horizontal"},
        },
    ],
)
