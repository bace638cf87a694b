"""From the signature of images to the tensor that a builder starts from."""

from __future__ import annotations

from typing import Any

import keras

from automl.data.kinds.signature import InputSignature
from automl.models.inputs.scaling import standardized
from automl.vocabulary.inputs import IMAGE


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

    def scaled(self) -> Any:
        """The tensor that the builder of an ``inputs="image"`` space gets.

        Scaling stands in the core's graph, so that rows are kept and moved as bytes.

        Returns:
            float32 (None, height, width, channels), of each channel minus its mean and divided by
            its deviation over the training images.
        """
        numbers = keras.ops.cast(self.tensors[IMAGE], "float32")
        return standardized(numbers, self.signature.mean, self.signature.std)
