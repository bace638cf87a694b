"""From the signature of images to the tensor that a builder starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from automl.data.kinds.signature import InputSignature
from automl.models.augmented_images import augmented
from automl.models.inputs.scaling import standardized
from automl.vocabulary.inputs import IMAGE

_USUAL = 3.0
"""Standard deviations around the mean within which a pixel of no known range lies."""


class ImageInputs:
    """A core model's one input: images as they lie on disk.

    Attributes:
        signature: The arrays' signature.
        tensors: ``image``, (None, height, width, channels) of uint8 or float32.
    """

    def __init__(self, signature: InputSignature) -> None:
        self.signature = signature
        self.tensors: dict[str, Any] = {
            name: keras.Input(spec.shape, dtype=spec.dtype, name=name)
            for name, spec in signature.inputs.items()
        }

    def scaled(self, config: Mapping[str, Any] | None = None) -> Any:
        """The tensor that the builder of an ``inputs="image"`` space gets.

        Scaling stands in the core's graph, so that rows are kept and moved as bytes.

        Args:
            config: The trial's configuration, which may say how training images are changed; see
                `automl.models.augmented_images`.

        Returns:
            float32 (None, height, width, channels), of each channel minus its mean and divided by
            its deviation over the training images.
        """
        return standardized(self.pixels(config), self.signature.mean, self.signature.std)

    def pixels(self, config: Mapping[str, Any] | None = None) -> Any:
        """The same without scaling, for layers that bring their own.

        Args:
            config: See `scaled`.

        Returns:
            float32 (None, height, width, channels), in the units that images lie on disk in.
        """
        numbers = keras.ops.cast(self.tensors[IMAGE], "float32")
        return augmented(numbers, config or {}, self._value_range())

    def _value_range(self) -> tuple[float, float]:
        """The numbers that a pixel may have: of a byte, or what is usual among the images'."""
        pixel = np.dtype(self.signature.pixel)
        if pixel.kind == "u":
            return 0.0, float(np.iinfo(pixel).max)
        pairs = list(zip(self.signature.mean, self.signature.std, strict=True))
        low = min(mean - _USUAL * std for mean, std in pairs)
        return low, max(mean + _USUAL * std for mean, std in pairs)
