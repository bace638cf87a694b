"""Changes of training images that leave their meaning, as hyperparameters.

They stand in the training graph, in front of any network (`automl.models.augmented_images`), and do
nothing to images that are predicted. A strength of 0 turns one off.
"""

from __future__ import annotations

from automl.space.choice import Choice
from automl.space.condition import Condition, Ref
from automl.space.hyperparameter import Hyperparameter
from automl.vocabulary.augmentations import (
    AUGMENTATION,
    CUTMIX,
    CUTMIX_SHARE,
    FLIP,
    FLIPS,
    MIXING,
    MIXUP,
    MIXUP_ALPHA,
    PARTS,
    RAND_AUGMENT,
    RAND_STRENGTH,
    STRENGTHS,
)
from automl.vocabulary.layers import NONE
from automl.vocabulary.sources import FERLITSCH_HANDBOOK, ZAFAR

_JORDAN = "Jordan 2024, arXiv 2404.00498"
_SOURCE = f"{ZAFAR}; {FERLITSCH_HANDBOOK}; own steps"


def augmentation_hyperparameters() -> list[Hyperparameter]:
    """Whether and how training images are changed: each kind with its strength, or RandAugment.

    Returns:
        ``augmentation``, and under it ``flip``, ``shift``, ``rotation``, ``zoom``,
        ``brightness``, ``contrast``, ``cutout`` and ``mixing``, or ``rand_augment``.
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
        help="mirroring, at random or all by turns; not of digits, letters and texts",
        source=f"{_SOURCE}; alternating: {_JORDAN}",
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
    return [kinds, flip, *parts, *_mixing(in_parts), strength]


def _mixing(in_parts: Condition) -> list[Hyperparameter]:
    """How two images of a batch, and their classes, become one."""
    mixing = Choice(
        MIXING,
        (NONE, MIXUP, CUTMIX),
        when=in_parts,
        help="two images of a batch in one: none, their mean, or a box of one in the other",
        source="arXiv 1710.09412; arXiv 1905.04899",
    )
    alpha = Choice(
        MIXUP_ALPHA,
        (0.1, 0.2, 0.4),
        default=0.2,
        when=mixing == MIXUP,
        help="how far shares are from 0 and 1: alpha of their Beta distribution",
        source="Zhang et al. 2018, arXiv 1710.09412",
    )
    share = Choice(
        CUTMIX_SHARE,
        (0.25, 0.5, 1.0),
        default=0.5,
        when=mixing == CUTMIX,
        help="share of the images that get a box of another one",
        source="Yun et al. 2019, arXiv 1905.04899: 0.5 and 1",
    )
    return [mixing, alpha, share]
