"""Learning curves as pruners see them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LearningCurve:
    """A trial's best loss so far, epoch by epoch.

    The best so far, not the last, because that is what a trial is scored by.

    Attributes:
        number: The trial's number.
        best: Of epochs 1, 2, ...: the least loss up to then; infinite while there was no number.
        completed: Whether training ended by itself, so that the last value stands for later
            epochs too (early stopping restored it).
    """

    number: int
    best: Sequence[float]
    completed: bool

    @property
    def epoch(self) -> int:
        """The last epoch, counted from 1; 0 before the first."""
        return len(self.best)

    def at(self, epoch: int) -> float | None:
        """The best loss up to an epoch, or None where the trial never got there."""
        return best_at(self.best, self.completed, epoch)


def best_at(best: Sequence[float], completed: bool, epoch: int) -> float | None:
    """The best loss up to an epoch, or None where the trial never got there."""
    if epoch <= len(best):
        return best[epoch - 1]
    return best[-1] if completed and best else None


def learning_curve(
    number: int, values: Mapping[int, float], *, minimize: bool, completed: bool
) -> LearningCurve:
    """The curve of recorded values.

    Args:
        number: The trial's number.
        values: The objective by epoch, counted from 1; NaN and infinite ones are worst.
        minimize: Whether less is better.
        completed: Whether training ended by itself.
    """
    best: list[float] = []
    least = math.inf
    for epoch in range(1, max(values, default=0) + 1):
        value = values.get(epoch, math.nan)
        if math.isfinite(value):
            least = min(least, value if minimize else -value)
        best.append(least)
    return LearningCurve(number, best, completed)
