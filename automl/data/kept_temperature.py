"""A temperature as it is kept of a classifier: `automl.data.temperature` chooses it."""

from __future__ import annotations

from dataclasses import dataclass

from automl.common.forms import left_out
from automl.vocabulary.temperature_range import LEAST, MOST


@dataclass(frozen=True)
class Temperature:
    """A temperature, and what it was kept for.

    Attributes:
        value: What the logits are divided by.
        log_loss: The validation rows' log loss with it, cross-fitted: each part of the rows with
            the temperature of the others.
        without: Their log loss without it.
        gain_error: Standard error of the difference of the two.
        rows: How many rows there were.
    """

    value: float
    log_loss: float
    without: float
    gain_error: float
    rows: int = left_out(0)

    def __post_init__(self) -> None:
        """Checks that it is one.

        Raises:
            ValueError: It is beyond the least or the largest.
        """
        if not LEAST <= self.value <= MOST:
            raise ValueError(f"a temperature is from {LEAST:g} to {MOST:g}, not {self.value}")
