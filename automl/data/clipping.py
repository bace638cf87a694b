"""Clipping standardized numbers, so that a rare value cannot outweigh all others.

A column that hardly ever differs from one value has a tiny standard deviation, and its rare values
lie 30 deviations out: one pixel in a corner then decides what a net answers. Images and other
blocks have one mean and deviation for all their numbers, so no place of theirs can lie so far out,
and they are not clipped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from automl.errors import RequestError

if TYPE_CHECKING:
    from automl.data.numbers import FloatArray

# Beyond it the square below would leave float32's range; x / sqrt(1 + (x / c)^2) is c there.
LARGEST = 1e15


class ClipKind(StrEnum):
    """How standardized numbers are clipped."""

    HARD = "hard"
    SMOOTH = "smooth"
    NONE = "none"


# Of hard clipping an own choice, from a measurement (docs/data.md); of smooth clipping that of
# RealMLP (Holzmueller et al., arXiv 2407.04491).
LIMITS = {ClipKind.HARD: 5.0, ClipKind.SMOOTH: 3.0, ClipKind.NONE: 0.0}


@dataclass(frozen=True)
class Clip:
    """How far standardized numbers may lie from their mean.

    Attributes:
        kind: ``hard``: cut off at the limit; ``smooth``: ``x / sqrt(1 + (x / limit)^2)``, which
            nears the limit; ``none``.
        limit: In standard deviations; positive but for ``none``.
    """

    kind: ClipKind = ClipKind.NONE
    limit: float = 0.0

    def __post_init__(self) -> None:
        """Checks the limit, for a clipping may be read from anybody's file.

        Raises:
            ValueError: It is not above 0.
        """
        if self.kind is not ClipKind.NONE and not 0 < self.limit < math.inf:
            raise ValueError(f"clip has the limit {self.limit}, which is not above 0")

    def apply(self, values: FloatArray) -> FloatArray:
        """Clips standardized numbers, float32 of any shape, where they are."""
        import numpy as np  # a help text needs only the names of the kinds

        if self.kind is ClipKind.NONE:
            return values
        if self.kind is ClipKind.HARD:
            return np.clip(values, -self.limit, self.limit, out=values)
        np.clip(values, -LARGEST, LARGEST, out=values)
        share = values / np.float32(self.limit)
        share *= share
        share += np.float32(1.0)
        values /= np.sqrt(share, out=share)
        return values

    @classmethod
    def of(cls, kind: str) -> Clip:
        """The clipping that a person asked for.

        Raises:
            RequestError: There is none of that name.
        """
        if kind not in LIMITS:
            raise RequestError(
                f"There is no clipping {str(kind)!r}: give {', '.join(LIMITS)} (hard cuts "
                f"standardized numbers off at {LIMITS[ClipKind.HARD]:g} deviations)."
            )
        return cls(ClipKind(kind), LIMITS[ClipKind(kind)])
