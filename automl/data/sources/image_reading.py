"""How files of images are read: which size and channels, settled by their headers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from automl.data.image_fit import ImageFit
from automl.data.image_options import PAD, RESIZE
from automl.data.say import Say
from automl.data.sources.image_file import Header

if TYPE_CHECKING:
    from automl.data.request import DataRequest

# Own choices: pixels of an image that a search on a few cores trains on in minutes, and bytes of
# disk that all images may take where nobody has asked for their size.
USUAL_PIXELS = 128 * 128
USUAL_BYTES = 2**32
# What a search of so many seconds has the time for (own choice): ten epochs over all images, at the
# pixels a second that `fastcnn`'s default trains on two cores (benchmarks/RESULTS.md, image steps);
# images are not made smaller than this for it.
PIXELS_A_SECOND, EPOCHS, LEAST_PIXELS = 450_000, 10, 32 * 32
# Sides from here on are multiples of 8, which halve evenly three times.
ROUNDED_FROM, STEP = 32, 8


@dataclass(frozen=True)
class ImageReading:
    """How files of images are to be read.

    Attributes:
        size: Height and width; None for the usual.
        channels: Numbers of a pixel, 1, 3 or 4; None for as few as the images need.
        fit: How images of other proportions get those of all; see `ImageFit.how`.
        every: Whether images without a class are rows too, as for predictions.
        seconds: What a search on them may take, which bounds the usual size; None for no limit.
    """

    size: tuple[int, int] | None = None
    channels: int | None = None
    fit: str = RESIZE
    every: bool = False
    seconds: float | None = None

    @classmethod
    def of(cls, request: DataRequest) -> ImageReading:
        """How a request has files of images read."""
        asked = (request.image_size, request.channels, request.image_fit)
        return cls(*asked, seconds=request.image_seconds)

    def settled(self, headers: Sequence[Header], say: Say) -> ImageReading:
        """The reading with size and channels.

        Args:
            headers: Of the images that it is settled by, at least one.
            say: Called with what a person should be told.

        """
        channels = self.channels or (1 if all(one.is_grey for one in headers) else 3)
        whole = self.size or _usual_size(headers, channels)
        size = self.size or _usual_size(headers, channels, self.seconds)
        found = replace(self, size=size, channels=channels)
        say(found._described(headers))
        if size != whole:
            say(
                f"images are not of {whole[0]} x {whole[1]} pixels, their usual size, of which "
                f"--time has no room for {EPOCHS} epochs (--image-size overrules)"
            )
        return found

    @property
    def image_fit(self) -> ImageFit:
        """The size, once it is settled, and how images come to it."""
        assert self.size is not None
        return ImageFit(*self.size, self.fit)

    def _described(self, headers: Sequence[Header]) -> str:
        """What is done, as a sentence."""
        assert self.size is not None
        sizes = sorted({(one.height, one.width) for one in headers}, key=math.prod)
        first, last = (f"{height} x {width}" for height, width in (sizes[0], sizes[-1]))
        span = f"of {first} to {last} pixels" if len(sizes) > 1 else f"of {first} pixels"
        to = f"{self.size[0]} x {self.size[1]}"
        how = "padded and resized" if self.fit == PAD else "resized"
        colour = {1: "grey", 3: "in colours", 4: "in colours with transparency"}[self.channels or 3]
        if sizes == [self.size]:
            return f"images: {len(headers):,} {span} (height x width), {colour}"
        # A trained model has its size, which nobody who asks it can change.
        ways = "" if self.every else " (--image-size, --image-fit and --channels)"
        return f"images: {len(headers):,} {span} (height x width), {how} to {to}, {colour}{ways}"


def _usual_size(
    headers: Sequence[Header], channels: int, seconds: float | None = None
) -> tuple[int, int]:
    """The median size, made smaller where models of it would cost much, or all take much room."""
    sizes = {(one.height, one.width) for one in headers}
    most = min(USUAL_PIXELS, max(1.0, USUAL_BYTES / (len(headers) * channels)))
    if seconds is not None:
        affordable = seconds * PIXELS_A_SECOND / (EPOCHS * len(headers))
        most = min(most, max(LEAST_PIXELS, affordable))
    if len(sizes) == 1 and math.prod(next(iter(sizes))) <= most:
        return next(iter(sizes))
    height, width = (
        float(np.median([getattr(one, side) for one in headers])) for side in ("height", "width")
    )
    shrink = min(1.0, math.sqrt(most / (height * width)))
    return _rounded(height * shrink), _rounded(width * shrink)


def _rounded(side: float) -> int:
    if side < ROUNDED_FROM:
        return max(1, round(side))
    return STEP * round(side / STEP)
