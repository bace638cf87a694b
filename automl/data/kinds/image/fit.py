"""Fitting the plan of images, from training images only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from automl.data.image_fit import MOST_PIXELS
from automl.data.kinds.image.pixels import BYTE, range_of
from automl.data.kinds.image.plan import ImageFeature
from automl.data.numbers import LEAST_RELATIVE_STD, LEAST_STD, chunks
from automl.data.say import Say
from automl.errors import DataError


def fit_images(
    x: npt.NDArray[np.uint8] | npt.NDArray[np.float32],
    rows: npt.NDArray[np.int64],
    shares: bool,
    fit: str,
    say: Say,
) -> ImageFeature:
    """Fits the mean and deviation of each channel, and the range of all.

    Args:
        x: All images, (n, height, width, channels).
        rows: Which of them are the training images, (m,).
        shares: See `ImageFeature`.
        fit: Likewise.
        say: Called with what a person should be told.

    Raises:
        DataError: The images are all of one colour, or larger than any that are taken.
    """
    _, height, width, channels = x.shape
    if height * width > MOST_PIXELS:
        raise DataError(
            f"The images have {height:,} x {width:,} pixels, and {MOST_PIXELS:,} in all are the "
            "most: give a smaller --image-size."
        )
    mean = _mean(x, rows, np.zeros(channels), 1)
    std = np.sqrt(_mean(x, rows, mean, 2))
    constant = std <= np.maximum(LEAST_RELATIVE_STD * np.abs(mean), LEAST_STD)
    if constant.all():
        raise DataError(
            "All training images are of the same one colour: there is nothing to learn."
        )
    if constant.any():
        say(f"{int(constant.sum())} of {channels} channels of the images are constant")
    return ImageFeature(
        height,
        width,
        channels,
        tuple(mean.tolist()),
        tuple(np.where(constant, 1.0, std).tolist()),
        BYTE if x.dtype == np.uint8 else str(x.dtype),
        shares,
        fit,
        *_range(x, rows),
    )


def _range(
    x: npt.NDArray[np.uint8] | npt.NDArray[np.float32], rows: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """The smallest and the largest number of some images; no copy of all."""
    found = [range_of(x[rows[places]]) for places in chunks(len(rows), int(np.prod(x.shape[1:])))]
    return min(low for low, _ in found), max(high for _, high in found)


def _mean(
    x: npt.NDArray[np.uint8] | npt.NDArray[np.float32],
    rows: npt.NDArray[np.int64],
    center: npt.NDArray[np.float64],
    power: int,
) -> npt.NDArray[np.float64]:
    """Mean over each channel of a power of the distance from a center; no copy of all."""
    channels = x.shape[3]
    total = np.zeros(channels)
    for places in chunks(len(rows), int(np.prod(x.shape[1:]))):
        part = x[rows[places]].reshape(-1, channels)
        if x.dtype == np.uint8:  # of 256 numbers, how often each is there tells all
            for channel in range(channels):
                counts = np.bincount(part[:, channel], minlength=256)
                total[channel] += counts @ (np.arange(256.0) - center[channel]) ** power
        else:
            total += ((part.astype(np.float64) - center) ** power).sum(axis=0)
    result: npt.NDArray[np.float64] = total / (len(rows) * x.shape[1] * x.shape[2])
    return result
