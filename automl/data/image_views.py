"""Test-time views: an image mirrored or shifted, over which a model's answers are averaged.

Jordan 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (arXiv 2404.00498), answers by six:
the image and its mirror, both also shifted by one pixel up left and down right, with reflection at
the edges; those that are not shifted count half in all, each of the shifts a quarter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: How many views an image may have: itself and its mirror; and both shifted.
VIEW_COUNTS = (2, 6)
#: Pixels down and right by which images are shifted, and what that counts in all.
_SHIFTS = {0: 0.5, -1: 0.25, 1: 0.25}


@dataclass(frozen=True)
class ImageView:
    """One view of an image.

    Attributes:
        weight: What the model's answer to it counts; those of all views add up to 1.
        mirrored: Whether left is right.
        shift: By how many pixels it is moved down and right before it is mirrored: 0, 1, or -1 for
            up and left.
    """

    weight: float
    mirrored: bool = False
    shift: int = 0

    def __post_init__(self) -> None:
        """Checks the values, for a run may be anybody's.

        Raises:
            ValueError: There is no such view.
        """
        if self.shift not in _SHIFTS or not 0 < self.weight <= 1:
            raise ValueError(f"no view is shifted by {self.shift} and counts {self.weight}")

    def rows(self, height: int) -> list[int]:
        """Which row of an image stands in each row of the view, from the top.

        Args:
            height: Rows of the image, two at least where it is shifted.
        """
        return _shifted(height, self.shift)

    def columns(self, width: int) -> list[int]:
        """Which column of an image stands in each column of the view, from the left.

        Args:
            width: Columns of the image, likewise.
        """
        columns = _shifted(width, self.shift)
        return columns[::-1] if self.mirrored else columns


def image_views(count: int, mirrored: bool) -> tuple[ImageView, ...]:
    """The views of an image.

    Args:
        count: One of `VIEW_COUNTS`; 0 for none.
        mirrored: Whether images mean the same mirrored; else the views are those of `count` that
            are not, which of two leaves none.
    """
    if not count or (count == VIEW_COUNTS[0] and not mirrored):
        return ()
    shifts = {0: 1.0} if count == VIEW_COUNTS[0] else _SHIFTS
    sides = (False, True) if mirrored else (False,)
    return tuple(
        ImageView(weight / len(sides), side, shift)
        for shift, weight in shifts.items()
        for side in sides
    )


def views_text(views: Sequence[ImageView]) -> str:
    """What the views of an image are, in words: ``the image, its mirror and ...``."""
    shifted = any(view.shift for view in views)
    if not any(view.mirrored for view in views):
        return "the image and itself shifted by a pixel up left and down right"
    if not shifted:
        return "the image and its mirror"
    return "the image and its mirror, and both shifted by a pixel up left and down right"


def _shifted(length: int, shift: int) -> list[int]:
    """Places along an axis, moved by a pixel, the edge reflected without being repeated."""
    places = list(range(length))
    if shift > 0:
        return [1, *places[:-1]]
    return [*places[1:], length - 2] if shift < 0 else places
