"""How images become a core model's input: in one size, as bytes, which the model itself scales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from automl.data.columns.unread import Tell
from automl.data.image_fit import ImageFit
from automl.data.image_options import RESIZE
from automl.data.kinds.block import BlockPlan
from automl.data.kinds.image.meaning import OF_PHOTOGRAPHS, Meaning
from automl.data.kinds.image.pixels import BYTE, PIXELS, as_trained, channels_last, with_channels
from automl.data.kinds.kind import InputPlan, Inputs
from automl.data.kinds.signature import InputSignature
from automl.data.numbers import check_scales
from automl.data.sources.image_set import ImageSet
from automl.vocabulary.inputs import IMAGE


@dataclass(frozen=True)
class ImageFeature:
    """What images are.

    Attributes:
        height: In pixels.
        width: Likewise.
        channels: Numbers of a pixel.
        mean: Of each channel over the training images, what the model subtracts.
        std: Of each channel, what it divides by; positive.
        pixel: Type of the numbers, ``"uint8"`` or ``"float32"``.
        shares: Whether training images came as numbers of 0 to 1, kept as bytes.
        fit: How images of another size come to this one; see `ImageFit.how`.
        low: The smallest number of the training images; None in an older plan.
        high: The largest, likewise.
    """

    height: int
    width: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    pixel: str = BYTE
    shares: bool = False
    fit: str = RESIZE
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Checks what is computed with, for a plan may be read from anybody's file.

        Raises:
            ValueError: It cannot be computed with.
        """
        ImageFit(self.height, self.width, self.fit)
        if self.channels < 1 or self.pixel not in PIXELS:
            raise ValueError(f"images cannot have {self.channels} channels of {self.pixel}")
        if len(self.mean) != self.channels or len(self.std) != self.channels:
            raise ValueError("mean and std do not fit the channels")
        check_scales(self.mean, self.std)
        check_scales([one for one in (self.low, self.high) if one is not None], ())

    @property
    def size(self) -> ImageFit:
        """The one size, and how others come to it."""
        return ImageFit(self.height, self.width, self.fit)

    @property
    def meaning(self) -> Meaning:
        """What the numbers were."""
        return Meaning(self.pixel, self.shares, self.low, self.high)


@dataclass(frozen=True)
class ImagePlan(BlockPlan):
    """The plan of images.

    Attributes:
        block: What they are.
    """

    kind: ClassVar[str] = IMAGE
    block: ImageFeature

    @property
    def signature(self) -> InputSignature:
        """What the core model takes."""
        one = self.block
        shape = (one.height, one.width, one.channels)
        return InputSignature(0, mean=one.mean, std=one.std, shape=shape, pixel=one.pixel)

    def unscaled(self) -> ImagePlan:
        """The plan whose models get the numbers as they are."""
        channels = self.block.channels
        return ImagePlan(replace(self.block, mean=(0.0,) * channels, std=(1.0,) * channels))

    def given(self, rows: Any) -> npt.NDArray[Any]:
        """Raw images as an exported model could take them: of any size, channels last.

        Args:
            rows: An `ImageSet`, or an array of images.

        Raises:
            DataError: They are no images, or others than those of training.
        """
        x = rows.x if isinstance(rows, ImageSet) else np.asarray(rows)
        x = channels_last(x, lambda _: None)
        x = as_trained(x, self.block.pixel, self.block.shares)
        return with_channels(x, self.block.channels)

    def _fitted(self, rows: Any) -> npt.NDArray[Any]:
        return self.block.size.fitted_array(self.given(rows))

    def apply(self, data: Any, tell: Tell | None = None) -> Inputs:
        """Turns images into those of the one size, (n, height, width, channels)."""
        return {IMAGE: self._fitted(data)}

    def exported(
        self, rows: Any, inputs: Mapping[str, str], tell: Tell | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        """The images in the one size, which the model then takes as they are, under ``""``."""
        return {"": self._fitted(rows)}

    def unlike(self, known: InputPlan | None) -> str:
        """That the numbers are of another type or scale."""
        meaning = OF_PHOTOGRAPHS
        if known is None and self.block.low is None:
            return ""  # of a run that began before this was asked, and goes on
        if known is not None:
            assert isinstance(known, ImagePlan)
            meaning = known.block.meaning
        return meaning.unlike(self.block.meaning)

    def joined(self, other: InputPlan) -> InputPlan | None:
        """Itself, for images of the same size and type: only their scales and ranges differ."""
        assert isinstance(other, ImagePlan)
        their = other.block
        mine = replace(self.block, mean=their.mean, std=their.std, low=their.low, high=their.high)
        return self if mine == their else None
