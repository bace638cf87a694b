"""The layers of an exported model of images, with a new head: frozen first, fine-tuned then.

`automl search photos/ --from MODEL`. What is searched is how much of it is fine-tuned how late, the
head and the training; a configuration with random weights in the same layers tells whether taking
them over has helped.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Configuration, Hyperparameter, SearchSpace
from automl.space.augmentation import augmentation_hyperparameters
from automl.space.convolutional import dense_head_hyperparameters, image_training_hyperparameters
from automl.space.fine_tuning import fine_tuning_hyperparameters
from automl.space.origin import BUNDLE, Origin, ReusingBuilder
from automl.space.regularization import (
    dropout_kind_hyperparameter,
    dropout_rate_hyperparameter,
)
from automl.vocabulary.two_stages import PRETRAINED, RANDOM, WEIGHTS


def build(config: Configuration, inputs: Any, task: Task, origin: Origin) -> Any:
    """Builds the network up to its outputs.

    Args:
        config: A configuration of this space.
        inputs: The core's inputs, not scaled.
        task: The task, for the head.
        origin: The bundle.

    Returns:
        Keras tensor of shape (None, task.outputs).
    """
    from automl.export.reused import load_reused
    from automl.models.backbone import bundle_backbone, bundle_inputs, placed
    from automl.models.blocks import DenseStyle
    from automl.models.conv_blocks import classifier, head_widths

    one = origin.file()
    whole, bundle = load_reused(one)
    given = bundle_inputs(inputs, bundle.plan.inputs.signature, config)
    x = placed(bundle_backbone(whole, one.path), given, config.weights)
    widths = head_widths(config.head_depth, config.get("head_width"))
    return classifier(x, widths, DenseStyle.from_config(config), task)


def head_hyperparameters() -> list[Hyperparameter]:
    """The new layers above those that are taken over."""
    return [
        *dense_head_hyperparameters(0, 128),
        dropout_kind_hyperparameter(),
        dropout_rate_hyperparameter(),
    ]


#: Tried behind the default: the same layers from scratch, and all of them fine-tuned.
PORTFOLIO = (
    {WEIGHTS: RANDOM},
    {WEIGHTS: PRETRAINED, "fine_tuned_share": 1.0, "frozen_epochs": 0.1},
)

space = SearchSpace(
    "transfer",
    [
        *fine_tuning_hyperparameters(),
        *head_hyperparameters(),
        *augmentation_hyperparameters(),
        *image_training_hyperparameters(optimizer="adam", schedule="constant", batch_size=32),
    ],
    ReusingBuilder(build, BUNDLE),
    inputs="image",
    description="The layers of an exported model of images (--from), with a new head.",
    portfolio=PORTFOLIO,
)
