"""What the numbers of images mean: parts of a set, and new images, in the terms of training's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.kinds.image.pixels import (
    BRIGHTEST,
    BYTE,
    FLOAT,
    as_pixels,
    as_trained,
    range_of,
)
from automl.data.say import Say
from automl.errors import DataError

# Own choice: images all of whose numbers lie within this share of training's range are of another
# scale, or hardly show anything.
LEAST_SHARE = 0.01


@dataclass(frozen=True)
class Meaning:
    """What the numbers of training images were.

    Attributes:
        pixel: How they are kept, ``"uint8"`` or ``"float32"``.
        shares: Whether they came as numbers of 0 to 1, and are kept as bytes.
        low: The smallest number that is kept; None where an older model does not tell.
        high: The largest, likewise.
    """

    pixel: str
    shares: bool
    low: float | None
    high: float | None

    def check(self, x: npt.NDArray[Any], say: Say) -> None:
        """Checks that the numbers of other images mean the same.

        Args:
            x: The images, as a person has them.
            say: Called with what they hold, where that is far from what training's held.

        Raises:
            DataError: They are surely of another scale.
        """
        if self.low is None or self.high is None or x.size == 0 or x.dtype.kind not in "biuf":
            return
        low, high = range_of(x)
        if not math.isfinite(high - low):
            return  # which is refused where the numbers are taken
        if not self._fits(x.dtype, low, high):
            raise DataError(
                f"The images hold {_words(x.dtype, low, high)}, but those of training held "
                f"{self._words()}: give the same."
            )
        if self.shares and x.dtype != np.uint8:
            low, high = low * BRIGHTEST, high * BRIGHTEST
        if not self._reaches(low, high):
            say(
                f"images hold numbers from {low:g} to {high:g}, and those of training held "
                f"{self.low:g} to {self.high:g}: what is predicted means little if they are of "
                "another scale"
            )

    def unlike(self, other: Meaning) -> str:
        """Why a model of these numbers knows nothing of others, in words; "" where it may.

        Args:
            other: What the others are.
        """
        if self.pixel != other.pixel:
            return f"the model was trained on pixels of {self.pixel}, and theirs are {other.pixel}"
        if None in (self.low, self.high) or other.low is None or other.high is None:
            return ""
        if self._reaches(other.low, other.high):
            return ""
        return f"the model was trained on {self._words()}, and they hold {other._words()}"

    def _reaches(self, low: float, high: float) -> bool:
        """Whether a range may be one of the same scale: not far beyond, and no small part."""
        assert self.low is not None and self.high is not None
        span = self.high - self.low
        is_beyond = low < self.low - span or high > self.high + span
        return not (is_beyond or 0 < high - low < LEAST_SHARE * span)

    def _fits(self, dtype: np.dtype[Any], low: float, high: float) -> bool:
        """Whether numbers of a type and range may be of the same scale."""
        assert self.low is not None and self.high is not None
        of_two = self.low >= 0 and self.high <= 1 and not self.shares  # such as masks
        if dtype.kind == "b":
            return of_two or self.shares
        if self.pixel == FLOAT:
            return dtype != np.uint8 or (self.low >= 0 and 1 < self.high <= BRIGHTEST)
        if self.shares:
            return True
        if of_two:
            return high <= 1
        return dtype.kind != "f" or high > 1 or low == high == 0

    def _words(self) -> str:
        if self.shares:
            return "numbers of 0 to 1"
        return f"numbers from {self.low:g} to {self.high:g}"


#: The numbers of photographs.
OF_PHOTOGRAPHS = Meaning(BYTE, False, 0.0, float(BRIGHTEST))


def unified(
    parts: Sequence[npt.NDArray[Any] | None], say: Say
) -> tuple[list[npt.NDArray[Any] | None], bool]:
    """Images of all parts, in the terms of the first.

    Args:
        parts: Images of any type of number; the first are those to learn from.
        say: Called with what a person should be told.

    Returns:
        uint8 or float32 images of each part, all of one type; and whether the first came as
        numbers of 0 to 1.

    Raises:
        DataError: They are no numbers, or some parts are of another scale.
    """
    first = parts[0]
    assert first is not None
    pixels, shares = as_pixels(first, say)
    meaning = Meaning(BYTE if pixels.dtype == np.uint8 else FLOAT, shares, *range_of(pixels))
    found: list[npt.NDArray[Any] | None] = [pixels]
    for part in parts[1:]:
        if part is not None:
            meaning.check(part, say)
            part = as_trained(part, meaning.pixel, shares)
        found.append(part)
    return found, shares


def _words(dtype: np.dtype[Any], low: float, high: float) -> str:
    if dtype.kind == "b":
        return "true and false"
    return f"numbers from {low:g} to {high:g} of type {dtype}"
