"""The fragment by which a space has layers frozen first, and fine-tuned then.

Training does it (`automl.training.stages`); a space declares these hyperparameters and names
the layer, or the model inside its model, ``backbone``.
"""

from __future__ import annotations

from automl.space.choice import Choice
from automl.space.condition import Ref
from automl.space.hyperparameter import Hyperparameter
from automl.vocabulary.sources import GERON
from automl.vocabulary.two_stages import (
    FINE_TUNED_SHARE,
    FROZEN_EPOCHS,
    PRETRAINED,
    WEIGHT_KINDS,
    WEIGHTS,
)


def fine_tuning_hyperparameters() -> list[Hyperparameter]:
    """Whether the backbone keeps its weights, and how much of it is trained how late.

    Returns:
        ``weights``: pretrained, or random ones, which are trained as any model's: from scratch.
        ``fine_tuned_share``: the share of the backbone's layers that have weights, counted from
        the top, that the second stage trains, with a learning rate 20 times lower; 0.0 is one
        stage, all frozen. ``frozen_epochs``: the share of the cap of epochs that the first stage
        takes.
    """
    return [
        Choice(
            WEIGHTS,
            list(WEIGHT_KINDS),
            help="of the backbone: pretrained, or random ones that are trained from scratch",
            source=f"{GERON}, ch. 14; own comparison",
        ),
        Choice(
            FINE_TUNED_SHARE,
            [0.25, 0.0, 0.5, 1.0],
            when=Ref(WEIGHTS) == PRETRAINED,
            help="share of the backbone's layers, from the top, that a second stage trains",
            source=f"{GERON}, ch. 11 and 14; own shares",
        ),
        Choice(
            FROZEN_EPOCHS,
            [0.1, 0.25, 0.5],
            when=Ref(FINE_TUNED_SHARE) > 0.0,
            help="share of the epochs for which the whole backbone is frozen, the first stage",
            source=f"{GERON}, ch. 14: 5 of 20 epochs; own shares",
        ),
    ]
