"""The range of a hyperparameter that some of a choice's options have: what it is, and whose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """What a number is drawn from, and for which optimizers or schedules.

    Attributes:
        name: The hyperparameter's name.
        of: The options that have it; the first one names the variant, where there are several.
        low: Least value; a whole number where only whole numbers are drawn.
        high: Greatest value.
        default: The value that is tried first.
        help: What it is.
        source: Where the range comes from.
        log: Whether it is drawn evenly from the logarithms.
        otherwise: What reads as its value where it is not there, or None for none.
    """

    name: str
    of: tuple[str, ...]
    low: float
    high: float
    default: float
    help: str
    source: str
    log: bool = False
    otherwise: float | None = None
