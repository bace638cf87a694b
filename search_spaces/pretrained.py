"""A network of `keras.applications` with weights from a file: frozen first, then fine-tuned.

Nothing is downloaded: weights lie in Keras's cache (`~/.keras/models`), or in a file that `--from`
names. What is searched is which network of those that are there, how much of it is fine-tuned how
late, the head and the training; a configuration with random weights tells whether pretrained ones
help. Géron, Hands-On Machine Learning, 2nd ed., chapter 14; Ferlitsch.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Configuration, SearchSpace
from automl.space.augmentation import augmentation_hyperparameters
from automl.space.convolutional import image_training_hyperparameters
from automl.space.fine_tuning import fine_tuning_hyperparameters
from automl.space.origin import APPLICATION, Origin, ReusingBuilder
from automl.vocabulary.applications import APPLICATIONS, BACKBONE_NAME
from automl.vocabulary.sources import FERLITSCH_HANDBOOK, GERON
from automl.vocabulary.two_stages import RANDOM

from .transfer import PORTFOLIO, head_hyperparameters


def build(config: Configuration, inputs: Any, task: Task, origin: Origin) -> Any:
    """Builds the network up to its outputs.

    Args:
        config: A configuration of this space.
        inputs: The core's inputs, images that are not scaled.
        task: The task, for the head.
        origin: The files of weights.

    Returns:
        Keras tensor of shape (None, task.outputs).

    Raises:
        SpaceError: Pixels are no bytes.
    """
    from automl.errors import SpaceError
    from automl.export.reused import checked_file
    from automl.models.application import application_backbone, application_pixels
    from automl.models.backbone import placed
    from automl.models.blocks import DenseStyle
    from automl.models.conv_blocks import classifier, head_widths, vector_of

    if inputs.signature.pixel != "uint8":
        raise SpaceError(
            "Networks of keras.applications know pixels of 0 to 255, and these are "
            f"{inputs.signature.pixel}: give images as bytes."
        )
    name = config[BACKBONE_NAME]
    x = application_pixels(inputs.pixels(config), name)
    path = checked_file(origin.file(name))
    backbone = application_backbone(name, x, "" if config.weights == RANDOM else path)
    x = vector_of(placed(backbone, x, config.weights), config.pooling)
    widths = head_widths(config.head_depth, config.get("head_width"))
    return classifier(x, widths, DenseStyle.from_config(config), task)


space = SearchSpace(
    "pretrained",
    [
        Choice(
            BACKBONE_NAME,
            list(APPLICATIONS),
            help="network of keras.applications; of those whose weights are there",
            source=f"{GERON}, ch. 14; {FERLITSCH_HANDBOOK}",
        ),
        Choice(
            "pooling",
            ["global_average", "global_max"],
            help="how the maps become a vector",
            source=f"{GERON}, ch. 14",
        ),
        *fine_tuning_hyperparameters(),
        *head_hyperparameters(),
        *augmentation_hyperparameters(),
        *image_training_hyperparameters(optimizer="adam", schedule="constant", batch_size=32),
    ],
    ReusingBuilder(build, APPLICATION),
    inputs="image",
    description="A network of keras.applications with weights from a file, and a new head.",
    portfolio=PORTFOLIO,
)
