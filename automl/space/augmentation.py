"""Changes of training images that leave their meaning, as hyperparameters.

They stand in the training graph, in front of any network (`automl.models.augmented_images`), and do
nothing to images that are predicted. A strength of 0 turns one off.
"""

from __future__ import annotations

from automl.space.choice import Choice
from automl.space.condition import Ref
from automl.space.hyperparameter import Hyperparameter
from automl.vocabulary.augmentations import (
    AUGMENTATION,
    FLIP,
    FLIPS,
    PARTS,
    RAND_AUGMENT,
    RAND_STRENGTH,
    STRENGTHS,
)
from automl.vocabulary.layers import NONE
from automl.vocabulary.sources import FERLITSCH_HANDBOOK, ZAFAR

_SOURCE = f"{ZAFAR}; {FERLITSCH_HANDBOOK}; own steps"


def augmentation_hyperparameters() -> list[Hyperparameter]:
    """Whether and how training images are changed: each kind with its strength, or RandAugment.

    Returns:
        ``augmentation``, and under it ``flip``, ``shift``, ``rotation``, ``zoom``,
        ``brightness``, ``contrast`` and ``cutout``, or ``rand_augment``.
    """
    kinds = Choice(
        AUGMENTATION,
        [NONE, PARTS, RAND_AUGMENT],
        help="changes of training images: none, each kind with its strength, or RandAugment",
        source=_SOURCE,
    )
    in_parts = Ref(AUGMENTATION) == PARTS
    flip = Choice(
        FLIP,
        tuple(FLIPS),
        when=in_parts,
        help="mirroring; of digits, letters and texts leave it at none",
        source=_SOURCE,
    )
    parts = [
        Choice(
            name, one.strengths, default=one.default, when=in_parts, help=one.help, source=_SOURCE
        )
        for name, one in STRENGTHS.items()
    ]
    strength = Choice(
        RAND_STRENGTH,
        [0.2, 0.5, 0.8],
        when=Ref(AUGMENTATION) == RAND_AUGMENT,
        help="strength of two changes that are drawn for each batch",
        source="Cubuk et al. 2019, arXiv 1909.13719",
    )
    return [kinds, flip, *parts, strength]
