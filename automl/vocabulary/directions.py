"""Which way a score is better, and scores of both ways as losses, of which the least is best."""

from __future__ import annotations

import math
from collections.abc import Mapping

MINIMIZE, MAXIMIZE = "minimize", "maximize"
#: What a person may write for each, as KerasTuner does.
DIRECTIONS: Mapping[str, str] = {
    word: direction for direction in (MINIMIZE, MAXIMIZE) for word in (direction[:3], direction)
}


def sign_of(direction: str) -> float:
    """What makes a loss of a score: 1 where lower is better, else -1."""
    return 1.0 if direction == MINIMIZE else -1.0


def as_loss(score: float | None, direction: str) -> float:
    """A score as a loss; infinite where there is none."""
    return math.inf if score is None or math.isnan(score) else sign_of(direction) * score


def better_word(direction: str) -> str:
    """What a better score is: ``lower`` or ``higher``."""
    return "lower" if direction == MINIMIZE else "higher"
