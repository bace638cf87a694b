"""Arrays as images: their channels last, and a byte for each number where that loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.numbers import array_to_float32, chunks
from automl.data.say import Say
from automl.errors import DataError

BYTE, FLOAT = PIXELS = ("uint8", "float32")
BRIGHTEST = 255
#: What red, green and blue add to the grey of a pixel (ITU-R BT.601), of floats, and of bytes as
#: Pillow has it: in 65,536ths, whose sum is rounded.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
BYTE_LUMA, HALF = np.array([19_595, 38_470, 7_471], np.int32), 1 << 15
#: Channels of usual images: grey, grey with transparency, colours, and these with transparency.
USUAL_CHANNELS = (1, 2, 3, 4)
# Half-precision numbers of 0 to 1 are off by up to 0.06 of a 255th; of numbers that are no 255ths,
# four of five are off by more than this.
SLACK = 0.1


def check_several(x: npt.NDArray[Any], width: int) -> None:
    """Checks that an array for a trained model holds rows of images, and is not one image.

    Args:
        x: The array.
        width: Pixels of a row of the training images.

    Raises:
        DataError: It does not.
    """
    is_coloured = x.ndim == 3 and x.shape[2] in USUAL_CHANNELS and width not in USUAL_CHANNELS
    if x.ndim < 3 or is_coloured:
        raise DataError(
            f"An array of the shape {x.shape} holds no rows of images: give (rows, height, width) "
            "or (rows, height, width, channels), of one image x[np.newaxis]."
        )


def channels_last(x: npt.NDArray[Any], say: Say) -> npt.NDArray[Any]:
    """Images as (n, height, width, channels).

    Args:
        x: Grey ones as (n, height, width), others with channels, last or first: they are first
            where they would be of a usual number, or the images squares, and not if they are last.
        say: Called with what a person should be told.

    Raises:
        DataError: They are no images.
    """
    if x.ndim not in (3, 4) or 0 in x.shape[1:]:
        raise DataError(
            f"A row of x has the shape {tuple(x.shape[1:])}, but models of images take (height, "
            "width) or (height, width, channels): give such rows, or choose a space for vectors "
            "(--space mlp)."
        )
    if x.ndim == 3:
        return x[..., np.newaxis]
    first, height, width = x.shape[1:]
    if width not in USUAL_CHANNELS and (first in USUAL_CHANNELS or first != height == width):
        say(f"images have their channels first, {tuple(x.shape[1:])}, and are read with them last")
        return np.moveaxis(x, 1, 3)
    return x


def with_channels(x: npt.NDArray[Any], channels: int) -> npt.NDArray[Any]:
    """Grey images as coloured ones, or the other way.

    Args:
        x: Images, (n, height, width, channels), uint8 or float32.
        channels: How many numbers a pixel is to have.

    Raises:
        DataError: It is another change than these.
    """
    if x.shape[3] == channels:
        return x
    if (x.shape[3], channels) == (1, 3):
        return np.repeat(x, 3, axis=3)
    if (x.shape[3], channels) == (3, 1):
        grey = np.empty((*x.shape[:3], 1), x.dtype)
        for rows in _chunks_of(x):
            if x.dtype == np.uint8:
                grey[rows, ..., 0] = (x[rows] @ BYTE_LUMA + HALF) >> 16
            else:
                grey[rows, ..., 0] = x[rows].astype(np.float32) @ LUMA
        return grey
    raise DataError(
        f"The images have {x.shape[3]} channels, and the models take {channels}: give images with "
        "as many (grey and coloured arrays become each other)."
    )


def as_pixels(x: npt.NDArray[Any], say: Say) -> tuple[npt.NDArray[Any], bool]:
    """Numbers of images as bytes, or as float32 where bytes would lose something.

    Args:
        x: Images of any type of number.
        say: Called with what a person should be told.

    Returns:
        uint8 or float32, and whether the numbers were shares of the brightest, of 0 to 1.

    Raises:
        DataError: They are no numbers, or some are missing or infinite.
    """
    if x.dtype.kind not in "biuf":
        raise DataError(
            f"The images hold values of type {x.dtype}, not numbers: give bytes of 0 to 255."
        )
    if x.dtype.kind == "b" or x.dtype == np.uint8:
        return x.astype(np.uint8, copy=False), False
    if _all(x, _are_bytes):
        return x.astype(np.uint8), False
    if x.dtype.kind == "f" and _all(x, _are_shares):
        say("images hold numbers of 0 to 1, which are kept as bytes of 0 to 255")
        return _from_shares(x), True
    say(
        "images hold other numbers than 256 steps of brightness, and are kept as float32: four "
        "times the memory of bytes"
    )
    floats = np.empty(x.shape, np.float32)
    for rows in _chunks_of(x):
        floats[rows] = array_to_float32(x[rows])
    return floats, False


def as_trained(x: npt.NDArray[Any], pixel: str, shares: bool) -> npt.NDArray[Any]:
    """Numbers of new images as those that a model was trained on.

    Args:
        x: Images of any type of number.
        pixel: Type of the training images, ``"uint8"`` or ``"float32"``.
        shares: Whether those came as numbers of 0 to 1.

    Raises:
        DataError: They mean something else.
    """
    if pixel == FLOAT:
        return array_to_float32(x)
    if shares and x.dtype.kind == "b":
        return _from_shares(x)
    if x.dtype.kind == "b" or x.dtype == np.uint8:
        return x.astype(np.uint8, copy=False)
    if x.dtype.kind not in "iuf":
        raise DataError(
            f"The images hold values of type {x.dtype}, not numbers: give bytes of 0 to 255."
        )
    if shares and x.dtype.kind == "f" and _all(x, _are_between_0_and_1):
        return _from_shares(x)
    if not shares and _all(x, _are_bytes):
        return x.astype(np.uint8)
    was = "numbers of 0 to 1" if shares else "bytes of 0 to 255"
    raise DataError(
        f"The images hold numbers from {np.nanmin(x):g} to {np.nanmax(x):g} of type {x.dtype}, "
        f"but those of training were {was}: give the same, or bytes (uint8) of 0 to 255."
    )


def range_of(x: npt.NDArray[Any]) -> tuple[float, float]:
    """The smallest and the largest number of images, of which there is one at least."""
    found = [(x[rows].min(), x[rows].max()) for rows in _chunks_of(x)]
    return float(min(low for low, _ in found)), float(max(high for _, high in found))


def _from_shares(x: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    pixels = np.empty(x.shape, np.uint8)
    for rows in _chunks_of(x):
        pixels[rows] = np.rint(x[rows].astype(np.float32) * BRIGHTEST).astype(np.uint8)
    return pixels


def _all(x: npt.NDArray[Any], holds: Any) -> bool:
    """Whether something holds of every part of an array."""
    return all(bool(holds(x[rows])) for rows in _chunks_of(x))


def _chunks_of(x: npt.NDArray[Any]) -> Iterator[slice]:
    return chunks(len(x), int(np.prod(x.shape[1:])))


def _are_bytes(part: npt.NDArray[Any]) -> bool:
    inside = (part >= 0) & (part <= BRIGHTEST)
    return bool(inside.all() and (part.dtype.kind != "f" or (part == np.rint(part)).all()))


def _are_between_0_and_1(part: npt.NDArray[Any]) -> bool:
    return bool(((part >= 0) & (part <= 1)).all())


def _are_shares(part: npt.NDArray[Any]) -> bool:
    if not _are_between_0_and_1(part):
        return False
    steps = part.astype(np.float32) * BRIGHTEST
    return bool((np.abs(steps - np.rint(steps)) <= SLACK).all())
