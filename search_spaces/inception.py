"""GoogLeNet: modules of four branches side by side, under batch normalization.

Szegedy et al. 2014, arXiv 1409.4842; normalized, and with two 3 x 3 convolutions for one of 5 x 5,
as in Szegedy et al. 2015, arXiv 1512.00567. The published network is ``width_factor=1.0``,
``normalization=none`` and ``local_response=True``: 6,998,552 weights for 1,000 classes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from automl.data.task import Task
from automl.space import (
    Boolean,
    Choice,
    Condition,
    Configuration,
    Hyperparameter,
    Ref,
)
from automl.space.convolutional import (
    convolutional_space,
    image_training_hyperparameters,
    style_hyperparameters,
    width_factor_hyperparameter,
)
from automl.vocabulary.sources import GERON, ZAFAR

_SOURCE = "Szegedy et al. 2014, arXiv 1409.4842"


def module_hyperparameters(when: Condition | None = None) -> list[Hyperparameter]:
    """How many modules there are, how wide, and of what.

    Args:
        when: The condition under which there are any; None for always.
    """
    factor = width_factor_hyperparameter(
        [0.25, 0.5, 1.0], 0.5, f"own, below {_SOURCE}, table 1; {ZAFAR}"
    )
    return [
        Choice(
            "inception_groups",
            [(1, 1, 1), (1, 2, 1), (2, 3, 2), (2, 5, 2)],
            default=(2, 5, 2),
            when=when,
            help="modules of each group",
            source=f"{_SOURCE}, table 1: 9 modules; {GERON}, ch. 14",
        ),
        Choice(
            "large_branch",
            ["5x5", "double_3x3"],
            when=when,
            help="the branch of the largest kernel: one convolution, or two smaller ones",
            source=f"{_SOURCE}; double: arXiv 1512.00567; {ZAFAR}",
        ),
        replace(factor, when=when),
    ]


local_response = Boolean(
    "local_response",
    default=False,
    when=Ref("normalization") == "none",
    otherwise=False,
    help="local response normalization in the stem",
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
    from automl.models.conv_blocks import classifier, vector_of
    from automl.models.inception_blocks import inception_network

    style = DenseStyle.from_config(config)
    x = inception_network(
        *(inputs, config.inception_groups, style),
        factor=config.width_factor,
        double=config.large_branch == "double_3x3",
        local=config.local_response,
    )
    return classifier(vector_of(x, "global_average"), [], style, task)


space = convolutional_space(
    "inception",
    module_hyperparameters(),
    build,
    style=[
        *style_hyperparameters(normalization="batch", dropout="dropout", dropout_rate=0.4),
        local_response,
    ],
    training=image_training_hyperparameters(schedule="one_cycle", batch_size=128),
    portfolio=[
        {"inception_groups": (1, 1, 1), "width_factor": 0.25},
        {"inception_groups": (1, 2, 1), "large_branch": "double_3x3", "optimizer": "adamw"},
        {"width_factor": 1.0, "optimizer": "nesterov"},
    ],
)
