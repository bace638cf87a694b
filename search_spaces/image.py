"""Images: a choice among all families of convolutional networks, the cheap ones by default.

Each family is a space of its own, with its own shapes and defaults; what they share is one
hyperparameter of all. A search tries the families that a few cores have the time for
(`automl.space.data_rules`); ``--set family=vgg,xception`` names others.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Configuration, SearchSpace
from automl.space.augmentation import augmentation_hyperparameters
from automl.space.convolutional import FAST_RATE, image_training_hyperparameters
from automl.space.families import families
from automl.vocabulary.sources import FERLITSCH_DESIGN, GERON

from . import (
    alexnet,
    densenet,
    fastcnn,
    inception,
    lenet5,
    mobilenet,
    plain_cnn,
    resnet,
    senet,
    vgg,
    xception,
)

FAMILIES = {
    module.space.name: module.space
    for module in (
        *(fastcnn, plain_cnn, resnet, senet, mobilenet, densenet),
        *(lenet5, alexnet, vgg, inception, xception),
    )
}

_FEW_STEPS = {"batch_norm_momentum": 0.9, "learning_rate": 2e-3}
"""What suits few epochs of few steps: with a momentum of 0.99 and rates of 0.01 the log loss of
`plain_cnn` and `resnet` was 11 after two epochs of 67 steps, for the moving averages that
validation takes are behind."""


def build(config: Configuration, inputs: Any, task: Task) -> Any:
    """Builds the network of the configuration's family up to its outputs.

    Args:
        config: A configuration of this space.
        inputs: Keras tensor of shape (None, height, width, channels), scaled.
        task: The task, for the head.

    Returns:
        Keras tensor of shape (None, task.outputs).
    """
    builder = FAMILIES[config.family].build
    assert builder is not None
    return builder(config, inputs, task)


space = SearchSpace(
    "image",
    families(
        {name: one.hyperparameters for name, one in FAMILIES.items()},
        [
            *augmentation_hyperparameters(),
            *image_training_hyperparameters(
                schedule="one_cycle", batch_size=128, learning_rate=FAST_RATE
            ),
        ],
        default="fastcnn",
        source=f"{GERON}, ch. 14; {FERLITSCH_DESIGN}",
    ),
    build,
    inputs="image",
    portfolio=[
        {
            **{"family": "plain_cnn", "first_filters": 32, "first_kernel": 3},
            **{"normalization": "batch", "pooling": "global_average", "head_depth": 0},
            **_FEW_STEPS,
        },
        {
            **{"family": "fastcnn", "fast_widths": (32, 128, 128), "optimizer": "adamw"},
            **{"augmentation": "parts", "shift": 0.05},
        },
        # 18 epochs of 8,500 images of Fashion-MNIST: test log loss 0.237 for 0.290 without cutmix,
        # 36 epochs 0.232, nine the same as without (0.255 and 0.250).
        {
            **{"family": "fastcnn", "fast_widths": (32, 128, 128), "optimizer": "adamw"},
            **{"augmentation": "parts", "shift": 0.05, "mixing": "cutmix"},
        },
        {"family": "resnet", "residual_groups": (1, 1, 1), "first_filters": 32, **_FEW_STEPS},
        {"family": "densenet", "dense_blocks": (4, 4, 4), "optimizer": "adamw", **_FEW_STEPS},
    ],
)
