"""How images become one size: resized as a whole, or padded to the proportions first.

Pillow does it where images are read, and Keras where an exported model takes others
(`automl.models.inputs.image`). Both filter bilinearly and as widely as they shrink, so they agree
to one of 255 steps; images that have the size already stay as they are, to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.image_options import IMAGE_FITS, LONGEST_SIDE, PAD, RESIZE

if TYPE_CHECKING:
    from PIL.Image import Image

#: Pixels of the largest size.
MOST_PIXELS = LONGEST_SIDE**2
#: Names of Pillow's, by how many numbers a pixel has.
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class ImageFit:
    """The one size of images, and how they come to it.

    Attributes:
        height: In pixels.
        width: Likewise.
        how: ``"resize"``, which may stretch them, or ``"pad"``, which adds black at two sides.
    """

    height: int
    width: int
    how: str = RESIZE

    def __post_init__(self) -> None:
        """Checks the values.

        Raises:
            ValueError: There are no such images.
        """
        if self.height < 1 or self.width < 1 or self.height * self.width > MOST_PIXELS:
            raise ValueError(f"images cannot be of {self.height} x {self.width} pixels")
        if self.how not in IMAGE_FITS:
            raise ValueError(f"images come to one size by {' or '.join(IMAGE_FITS)}")

    def fitted(self, image: Image) -> Image:
        """An image of Pillow's in this size."""
        from PIL import Image as pillow

        if image.size == (self.width, self.height):
            return image
        if self.how == PAD:
            top, left = self._margins(image.height, image.width)
            if top or left:
                size = (image.width + 2 * left, image.height + 2 * top)
                whole = pillow.new(image.mode, size)
                whole.paste(image, (left, top))
                image = whole
        size = (self.width, self.height)
        if image.mode != "RGBA":
            return image.resize(size, pillow.Resampling.BILINEAR)
        # Pillow would weigh colours by their transparency, which is no matter of Keras's.
        bands = [band.resize(size, pillow.Resampling.BILINEAR) for band in image.split()]
        return pillow.merge(image.mode, bands)

    def fitted_array(self, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Images (n, h, w, c), of whatever size, in this size.

        Args:
            images: uint8 or float32.
        """
        from PIL import Image as pillow

        if images.shape[1:3] == (self.height, self.width):
            return images
        channels = images.shape[3]
        result = np.empty((len(images), self.height, self.width, channels), images.dtype)
        for number, image in enumerate(images):
            if images.dtype == np.uint8 and channels in MODES:
                flat = image[..., 0] if channels == 1 else image
                fitted = np.asarray(self.fitted(pillow.fromarray(np.ascontiguousarray(flat))))
                result[number] = fitted.reshape(self.height, self.width, channels)
                continue
            for channel in range(channels):
                plane = pillow.fromarray(np.ascontiguousarray(image[..., channel]))
                result[number, ..., channel] = np.asarray(self.fitted(plane))
        return result

    def _margins(self, height: int, width: int) -> tuple[int, int]:
        """Rows above and columns left of an image, as ``keras.ops.image.resize`` counts them."""
        wanted_height = int(np.float32(width * self.height) / np.float32(self.width))
        wanted_width = int(np.float32(height * self.width) / np.float32(self.height))
        return max(0, wanted_height - height) // 2, max(0, wanted_width - width) // 2
