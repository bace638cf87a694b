"""The changes of training images, one entry each, with the strengths that a search tries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AUGMENTATION, FLIP, RAND_STRENGTH = "augmentation", "flip", "rand_strength"
PARTS, RAND_AUGMENT = "parts", "rand_augment"
#: How two images of a batch are mixed, and how strongly.
MIXING, MIXUP, CUTMIX = "mixing", "mixup", "cutmix"
MIXUP_ALPHA, CUTMIX_SHARE = "mixup_alpha", "cutmix_share"
#: The mirroring that all images have by turns (`automl.models.mixed_batches`).
ALTERNATING = "alternating"
#: Epochs from which a search tries what a net needs long to learn from: RandAugment, mixing and
#: cutout. In few epochs it hurts small nets; airbench94 has none of it in 10 epochs, and airbench96
#: cutout in 37 (Jordan 2024, arXiv 2404.00498); where between the two is an own choice.
HEAVY_EPOCHS = 30
HEAVY_PARTS = (MIXING, "cutout")
#: Mirrorings, with Keras's word; none first.
FLIPS: Mapping[str, str] = {
    "none": "",
    "horizontal": "horizontal",
    "vertical": "vertical",
    "both": "horizontal_and_vertical",
    ALTERNATING: "",
}


@dataclass(frozen=True)
class Augmentation:
    """A change of images with a strength.

    Attributes:
        keras: Keras's layer.
        strengths: What a search tries; 0 is off.
        default: The strength of the default where images are changed at all.
        help: What the strength is.
        whole: What a strength of 1 is in Keras's unit, such as a full turn for degrees.
        sides: Whether the layer takes a strength for the height and one for the width.
        has_range: Whether the layer has to know the range of the pixels.
    """

    keras: str
    strengths: tuple[float, ...]
    help: str
    default: float = 0.0
    whole: float = 1.0
    sides: bool = False
    has_range: bool = False


STRENGTHS: Mapping[str, Augmentation] = {
    "shift": Augmentation(
        "RandomTranslation", (0.0, 0.05, 0.1, 0.2), "share of a side, reflected", 0.05, sides=True
    ),
    "rotation": Augmentation(
        "RandomRotation", (0.0, 5.0, 15.0, 30.0), "degrees to either side", whole=1 / 360
    ),
    "zoom": Augmentation("RandomZoom", (0.0, 0.1, 0.2, 0.5), "share, nearer or further"),
    "brightness": Augmentation(
        "RandomBrightness", (0.0, 0.1, 0.2, 0.4), "share of the range", has_range=True
    ),
    "contrast": Augmentation(
        "RandomContrast", (0.0, 0.1, 0.2, 0.4), "share of the contrast", has_range=True
    ),
    "cutout": Augmentation(
        "RandomErasing", (0.0, 0.1, 0.2, 0.33), "greatest share of the area erased", has_range=True
    ),
}
